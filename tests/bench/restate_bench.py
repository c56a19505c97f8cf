#!/usr/bin/env python3
"""The run of tests/bench/restate.sh: a markup of 5 % becomes 7.25 % while a backlog of usage is being priced."""
import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import figures
from kafka_bench import Bench, Instance

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kafka"))
from kafka_tools import SKIPPED, Broker, Unavailable  # noqa: E402

FEED = 500000  # events that the feeder makes at a time
EVERY_S = 0.05
BEFORE, AFTER = "5", "7.25"
COLUMNS = ["month", "rows", "restate s", "rows/s", "before/s", "during/s", "after/s", "during", "written", "MiB out", "cpu s", "commit ms",
           "MiB"]
SMALL_COLUMNS = ["month", "rows", "apply s", "first ms", "last ms", "readable ms"]
FIGURES = ("proforma_events_total", "proforma_sweeping_tasks", "proforma_sweep_rows", "proforma_sweep_version",
           "proforma_line_item_writes_total", "proforma_commit_seconds_count", "proforma_commit_seconds_sum")


def marked_up(bench, month, percent):
    """The month's document with one percentage for all rules that have one."""
    document = json.loads(bench.file(month, "document").read_text())
    for rule in document["PricingRules"]:
        if "ModifierPercentage" in rule:
            rule.update(ModifierPercentage=percent, Type="MARKUP")
    path = bench.scratch / f"{month}-{percent}.json"
    path.write_text(json.dumps(document))
    return path


class Restated(Instance):
    def __init__(self, bench, month, name, **settings):
        super().__init__(bench, month, name)
        self.sets += [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        self.apply(BEFORE)

    def apply(self, percent):
        begun = time.monotonic()
        self.command("apply", "--conductor", marked_up(self.bench, self.month, percent), "--price-list",
                     self.bench.file(self.month, "price-list"))
        return time.monotonic() - begun

    def look(self):
        """(when, figures by name)."""
        found = dict.fromkeys(FIGURES, 0.0)
        body = self.get("/metrics")[1]
        for line in body.splitlines():
            name = line.split(" ")[0]
            if name in found:
                found[name] += float(line.rsplit(" ", 1)[1])
        return time.monotonic(), found

    def look_until(self, holds, seconds=1800):
        """All looks until one holds."""
        looks, begun = [self.look()], time.monotonic()
        while not holds(looks[-1][1]):
            if time.monotonic() - begun > seconds:
                raise SystemExit(f"{self.prefix}: not within {seconds} s: {looks[-1]}")
            time.sleep(EVERY_S)
            looks.append(self.look())
        return looks

    def bytes_of_line_items(self):
        folders = self.bench.broker.folder.rglob(f"{self.prefix}.line-items-*")
        return sum(path.stat().st_size for folder in folders if folder.is_dir() for path in folder.glob("*.log"))


def rate(looks):
    """Events a second over these looks."""
    (first, a), (last, b) = looks[0], looks[-1]
    return (b["proforma_events_total"] - a["proforma_events_total"]) / (last - first) if last > first else 0


def grown(looks, name):
    return looks[-1][1][name] - looks[0][1][name]


def restate(bench, table):
    """Usage of the month, then another percentage in the middle of more of it."""
    arguments = bench.arguments
    instance = Restated(bench, arguments.month, "restated")
    fed, total = 0, arguments.rows + arguments.extra
    while fed < total:
        count = min(FEED, total - fed)
        instance.feed(fed, count)
        fed += count
    instance.start()
    instance.wait_until_ready()
    instance.look_until(lambda found: found["proforma_events_total"] >= arguments.rows)
    before = instance.look_until(lambda found: found["proforma_events_total"] >= arguments.rows + arguments.extra // 4)
    written = instance.bytes_of_line_items()
    instance.apply(AFTER)
    instance.look_until(lambda found: found["proforma_sweep_version"] > 0 or found["proforma_sweep_rows"] > 0)
    cpu = figures.cpu_of(instance.process.pid)
    during = instance.look_until(lambda found: found["proforma_sweeping_tasks"] == 0)
    cpu = figures.cpu_of(instance.process.pid) - cpu
    written = instance.bytes_of_line_items() - written
    after = instance.look_until(lambda found: found["proforma_events_total"] >= total)
    seconds, rows = during[-1][0] - during[0][0], during[-1][1]["proforma_sweep_rows"]
    out, commits, committing = (grown(during, name) for name in FIGURES[-3:])
    rates = {"before": rate(before), "during": rate(during), "after": rate(after)}
    share = rates["during"] / rates["before"] if rates["before"] else None
    memory = figures.memory_of(instance.process.pid)[1]
    table.line([arguments.month, f"{rows:,.0f}", figures.short(seconds), figures.short(rows / seconds if seconds else None),
                *(figures.short(rates[name]) for name in ("before", "during", "after")), figures.short(share), f"{out:,.0f}",
                figures.short(written / 2**20), figures.short(cpu), figures.short(committing / commits * 1000 if commits else None),
                figures.short(memory)],
               month=arguments.month, rows=rows, restate_seconds=seconds, events_per_second=rates, line_items_written=out,
               bytes_written=written, mib=memory, cpu_seconds=cpu, commits=commits, commit_seconds=committing, events_at_apply=before[-1][1]["proforma_events_total"])
    instance.end()


def versions(records):
    """When each line item of the second version was written, in milliseconds since 1970."""
    return [row["timestamp"] for row in records if row["value"] and not row["key"].startswith("#")
            and int(json.loads(row["value"]).get("conductor_version", 0)) == 3]


def restate_small(bench, table):
    """The month is in memory and nothing else is going on."""
    arguments = bench.arguments
    instance = Restated(bench, arguments.month, "small", format="json")
    instance.command("import", bench.usage_file(arguments.month, arguments.small))
    instance.start()
    instance.wait_until_ready()
    instance.look_until(lambda found: found["proforma_events_total"] >= arguments.small)
    time.sleep(1)
    topic = f"{instance.prefix}.line-items"
    rows = sum(row["value"] is not None and not row["key"].startswith("#") for row in bench.topics.consume(topic))
    seconds = instance.apply(AFTER)
    looked = []
    while not looked or looked[-1][1] < rows:
        restated = len(versions(bench.topics.consume(topic)))
        looked.append((time.time() * 1000, restated))
        if looked[-1][0] - looked[0][0] > 60000:
            break
    published = max(row["timestamp"] for row in bench.topics.consume(f"{instance.prefix}.conductor") if "/version/" in row["key"])
    times = versions(bench.topics.consume(topic))
    first, last, readable = min(times) - published, max(times) - published, looked[-1][0] - published
    table.line([arguments.month, f"{len(times):,}", figures.short(seconds), figures.short(first), figures.short(last),
                figures.short(readable)],
               month=arguments.month, rows=len(times), apply_seconds=seconds, first_ms=first, last_ms=last, readable_ms=readable)
    instance.end()


class RestateBench(Bench):
    def usage_file(self, month, events):
        path = self.scratch / f"{month}-{events}.jsonl"
        with path.open("wb") as file:
            figures.subprocess.run([self.program("generate_month"), str(events), "jsonl", month], check=True, stdout=file)
        return path


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1000000, help="events before the other percentage comes, about")
    parser.add_argument("--extra", type=int, help="events that keep coming; as many as --rows unless given")
    parser.add_argument("--month", default="new-rows")
    parser.add_argument("--small", type=int, default=2000, help="events of the small month")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", help="an object a line is appended to this file; - is standard output")
    arguments = parser.parse_args()
    arguments.build = arguments.build.resolve()
    arguments.extra = arguments.rows if arguments.extra is None else arguments.extra
    arguments.events = (arguments.rows + arguments.extra) // 3 + 1
    try:
        with tempfile.TemporaryDirectory() as scratch, Broker(properties={"log.segment.bytes": 1 << 28}) as broker:
            bench = RestateBench(arguments, broker, Path(scratch))
            restate(bench, figures.Table(COLUMNS, "restate", arguments.json))
            restate_small(bench, figures.Table(SMALL_COLUMNS, "restate_small", arguments.json))
    except Unavailable as error:
        figures.note(str(error))
        return SKIPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())
