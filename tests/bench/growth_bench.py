#!/usr/bin/env python3
"""The run of tests/bench/growth.sh: the engine, one thing larger at a time."""
import argparse
import json
import subprocess
from pathlib import Path

import figures

COLUMNS = ["case", "events", "us CPU", "of first", "events/s", "MiB"]
SIZES = [("groups", [10, 100, 1000, 10000]), ("rules", [1, 100, 10000, 50000]), ("partitions", [1, 4, 16, 64]),
         ("workers", [1, 2])]


def price(arguments, month, events, words):
    command = [arguments.build / "tests/bench_engine", "--month", month, "--events", events, "--json", "-", "--no-heading",
               *words]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(str(part) for part in command)}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


class Series:
    """Cases whose cost is compared with the first one's."""

    def __init__(self, arguments, table):
        self.arguments, self.table, self.first = arguments, table, None

    def case(self, name, month, events, *words):
        found = price(self.arguments, month, events, words)
        self.first = self.first or found["us_per_event"]
        self.table.line([name, f"{events:,}", figures.short(found["us_per_event"]),
                         f"{found['us_per_event'] / self.first:.2f}",
                         figures.short(events / found["wall_seconds"]), figures.short(found["peak_mib"])],
                        case=name, **{key: value for key, value in found.items() if key != "bench"})


def numbers(text):
    return [int(part) for part in text.split(",") if part]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--rows", type=numbers, default=[1000000, 10000000], help="sizes of the open month, by commas")
    parser.add_argument("--events", type=int, default=1000000, help="of the month that has other things larger")
    parser.add_argument("--most", type=int, default=10 ** 9, help="leaves out larger numbers of groups, rules, …")
    parser.add_argument("--life", type=numbers, default=[10000000],
                        help="sizes of the month that is killed, rebuilt, restated and closed")
    parser.add_argument("--json", help="an object a line is appended to this file; - is standard output")
    arguments = parser.parse_args()
    arguments.build = arguments.build.resolve()
    table = figures.Table(COLUMNS, "growth", arguments.json)
    for month in ("new-rows", "sparse"):
        series = Series(arguments, table)
        for rows in arguments.rows:
            series.case(f"{month}, rows", month, rows)
    for what, sizes in SIZES:
        series = Series(arguments, table)
        for size in sizes:
            if size <= arguments.most:
                # Groups of ten thousand accounts, however many they are: only what is asked for grows.
                accounts = ["--accounts", max(sizes)] if what == "groups" else []
                series.case(f"{size:,} {what}", "sparse", arguments.events, f"--{what}", size, *accounts)
    for events in arguments.life:
        print(f"\na month of {events:,} rows: priced, killed, come back, rebuilt from the log, restated, closed", flush=True)
        command = [arguments.build / "tests/bench_engine_life", "--month", "new-rows", "--events", events]
        command += ["--json", arguments.json] if arguments.json else []
        subprocess.run([str(part) for part in command], check=True)


if __name__ == "__main__":
    main()
