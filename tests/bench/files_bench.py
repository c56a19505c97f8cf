#!/usr/bin/env python3
"""The run of tests/bench/files.sh: `proforma price` and DuckDB on the same files; their totals must be equal to the digit."""
import argparse
import gzip
import shutil
import subprocess
import tempfile
from pathlib import Path

import figures

HERE = Path(__file__).resolve().parent
COLUMNS = ["case", "events", "proforma s", "cpu s", "events/s", "MiB", "DuckDB s", "cpu s", "MiB", "faster", "memory"]


def make(arguments, events, month, form, folder):
    path = folder / f"{month}.{form}"
    with path.open("wb") as file:
        if form == "csv.gz":
            with gzip.open(file, "wb", compresslevel=1) as packed, (folder / f"{month}.csv").open("rb") as plain:
                shutil.copyfileobj(plain, packed, 1 << 20)
        else:
            subprocess.run([arguments.build / "tests/generate_month", str(events), form, month], check=True, stdout=file)
    return path


def total(arguments, line_items):
    return subprocess.run([arguments.python, HERE / "duckdb_month.py", "--total", line_items], check=True,
                          capture_output=True, text=True).stdout.strip()


def measure(arguments, table, events, month, form, folder):
    conductor, usage, out = folder / "conductor.json", make(arguments, events, month, form, folder), folder / "out"
    with conductor.open("wb") as file:
        subprocess.run([arguments.build / "tests/generate_month", "document", month], check=True, stdout=file)
    ours = figures.run([arguments.build / "processor/proforma", "price", "--conductor", conductor, "--resource-ids",
                        "--out", out, usage])
    our_total = total(arguments, out / "line-items.jsonl")
    shutil.rmtree(out)
    theirs = None
    if form != "avro":
        written = folder / "duckdb.jsonl"
        theirs = figures.run([arguments.python, HERE / "duckdb_month.py", usage, conductor, written])
        their_total = total(arguments, written)
        written.unlink()
        if their_total != our_total:
            raise SystemExit(f"{month} {form} {events}: proforma {our_total}, DuckDB {their_total}")
    table.line(
        [f"{month} {form}", f"{events:,}", figures.short(ours.wall), figures.short(ours.cpu),
         figures.short(events / ours.wall), figures.short(ours.mib)]
        + [figures.short(getattr(theirs, name, None)) for name in ("wall", "cpu", "mib")]
        + ([f"{theirs.wall / ours.wall:.2f}x", f"1/{theirs.mib / ours.mib:.1f}"] if theirs else ["-", "-"]),
        month=month, format=form, events=events, seconds=ours.wall, cpu_seconds=ours.cpu, mib=ours.mib,
        duckdb_seconds=theirs and theirs.wall, duckdb_cpu_seconds=theirs and theirs.cpu, duckdb_mib=theirs and theirs.mib)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--python", required=True, help="one that has duckdb")
    parser.add_argument("--events", default="1000000,5000000,20000000", help="sizes, by commas")
    parser.add_argument("--months", default="dense,sparse")
    parser.add_argument("--formats", default="csv,csv.gz,jsonl,avro")
    parser.add_argument("--times", type=int, default=1, help="each case so often")
    parser.add_argument("--json", help="an object a case is appended to this file; - is standard output")
    parser.add_argument("--scratch", help="where files go; 20 million events want 30 GB")
    arguments = parser.parse_args()
    arguments.build = arguments.build.resolve()
    table = figures.Table(COLUMNS, "files", arguments.json)
    for events in [int(size) for size in arguments.events.split(",")]:
        for month in arguments.months.split(","):
            with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
                forms = arguments.formats.split(",")
                if "csv.gz" in forms and "csv" not in forms:
                    make(arguments, events, month, "csv", Path(folder))
                for form in forms * arguments.times:
                    measure(arguments, table, events, month, form, Path(folder))


if __name__ == "__main__":
    main()
