#!/usr/bin/env python3
"""What `proforma price` writes does not depend on how many threads there are, on how much memory, on how the input is
packed: every file is the same, byte for byte.

    python3 tests/golden/threads.py --proforma build/processor/proforma --generate-month build/tests/generate_month
"""
import argparse
import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

THREADS = (1, 2, 3, 8)
SMALL, LARGE = "64MiB", "512MiB"
# Month, events, further options. In the small memory 170,000 rows do not fit, whatever the number of threads.
CASES = (
    ("dense", 20000, ("--close", "2026-06")),
    ("tiered", 20000, ("--format", "avro")),
    ("sparse", 170000, ()),
)


def generate(tool, path, *arguments):
    with path.open("wb") as file:
        subprocess.run([tool, *arguments], check=True, stdout=file)


def cut_in_two(usage):
    """The usage as two files, the second one gzipped."""
    lines = usage.read_bytes().splitlines(keepends=True)
    half = len(lines) // 2
    first, second = usage.with_name("first.csv"), usage.with_name("second.csv.gz")
    first.write_bytes(b"".join(lines[:half]))
    second.write_bytes(gzip.compress(lines[0] + b"".join(lines[half:]), compresslevel=1))
    return [first, second]


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def differences(expected, found):
    return sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))


def check(arguments, folder, month, events, options):
    """How many runs wrote something else than one thread in a large memory did."""
    usage, document, wrong, runs = folder / "usage.csv", folder / "conductor.json", 0, 0
    generate(arguments.generate_month, usage, str(events), "csv", month)
    generate(arguments.generate_month, document, "document", month)

    def price(threads, memory, inputs):
        nonlocal runs
        runs += 1
        out = folder / f"out-{runs}"
        subprocess.run([arguments.proforma, "price", "--conductor", document, "--resource-ids", "--threads", str(threads),
                        "--memory", memory, "--out", out, *options, *inputs], check=True, capture_output=True)
        return files_of(out)

    expected = price(1, LARGE, [usage])
    halves = cut_in_two(usage)
    for threads in THREADS:
        different = differences(expected, price(threads, SMALL, halves if threads % 2 else [usage]))
        if different:
            wrong += 1
            print(f"FAILED {month}, {threads} threads: other bytes in {', '.join(different[:5])}")
    print(f"{month}, {events} events: {len(expected)} files, {sum(map(len, expected.values()))} bytes")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--proforma", type=Path, required=True)
    parser.add_argument("--generate-month", type=Path, required=True)
    arguments = parser.parse_args()
    wrong = 0
    for month, events, options in CASES:
        with tempfile.TemporaryDirectory() as folder:
            wrong += check(arguments, Path(folder), month, events, options)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
