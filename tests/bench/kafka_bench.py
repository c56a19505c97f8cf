#!/usr/bin/env python3
"""The run of tests/bench/kafka.sh: one broker; for each month a bare loop and proforma in turn on the same usage."""
import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import figures

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kafka"))
from kafka_tools import SKIPPED, Broker, Topics, Unavailable, free_ports  # noqa: E402

PARTITIONS, TIERS, BILLS = 4, 2, 2
COMMIT_MS = 100
KEY_BYTES = 26
COLUMNS = ["month", "events", "proforma/s", "bare/s", "ratio", "us CPU", "bare us", "times", "commit ms", "MiB", "kill -9 s",
           "rebuild/s"]
LATENCY_COLUMNS = ["month", "load", "events/s", "p50 ms", "p99 ms", "max ms", "cycle ms", "sender ms"]


class Instance:
    """A proforma on topics of its own, which it may leave and come back to."""

    def __init__(self, bench, month, number):
        self.bench, self.month, self.prefix = bench, month, f"{month}{number}"
        self.state, self.port = bench.scratch / self.prefix, free_ports(1)[0]
        self.usage = f"{self.prefix}.usage"
        self.process = None
        settings = {"kafka.bootstrap.servers": bench.broker.bootstrap, "topic.prefix": f"{self.prefix}.",
                    "group.id": self.prefix, "replication.factor": 1, "partitions.usage": PARTITIONS,
                    "partitions.tier": TIERS, "partitions.bill": BILLS, "workers": bench.arguments.workers,
                    "commit.interval": f"{COMMIT_MS}ms", "http.listen": f"127.0.0.1:{self.port}", "instance.id": "bench",
                    "state.dir": self.state}
        self.sets = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        self.command("topics", "create")
        self.command("apply", "--conductor", bench.file(month, "document"), "--price-list", bench.file(month, "price-list"))

    def command(self, *words):
        figures.run([self.bench.proforma, *words, *self.sets])

    def feed(self, first, count):
        self.bench.output("kafka_feed", self.bench.broker.bootstrap, self.usage, PARTITIONS, self.month, self.bench.shape,
                          first, count)

    def start(self):
        with (self.bench.scratch / "proforma.log").open("ab") as log:
            self.process = subprocess.Popen([self.bench.proforma, "run", *self.sets], stdout=subprocess.DEVNULL, stderr=log)

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait()

    def get(self, path):
        if self.process.poll() is not None:
            raise SystemExit((self.bench.scratch / "proforma.log").read_text()[-4000:])
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""
        except OSError:
            return 0, ""

    def metric(self, name):
        lines = [line for line in self.get("/metrics")[1].splitlines() if line.split("{")[0].split(" ")[0] == name]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    def wait_until_ready(self, seconds=900):
        begun = time.monotonic()
        while self.get("/readyz")[0] != 200:
            if time.monotonic() - begun > seconds:
                raise SystemExit("it did not become ready")
            time.sleep(0.02)

    def progress(self, events):
        """The lines of kafka_progress, each when it comes."""
        command = [self.bench.program("kafka_progress"), self.bench.broker.bootstrap, self.prefix, self.usage, PARTITIONS,
                   events, 1800]
        with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                yield line.split()
        if process.returncode != 0:
            raise SystemExit("proforma does not go on: " + (self.bench.scratch / "proforma.log").read_text()[-4000:])

    def price(self, events):
        """Prices all that was fed: from the first commit on."""
        self.start()
        for words in self.progress(events):
            cpu = figures.cpu_of(self.process.pid)
            if words[0] == "started":
                at_start, cpu_at_start = int(words[1]), cpu
            else:
                taken, seconds = int(words[1]) - at_start, float(words[2])
        commits = self.metric("proforma_commit_seconds_count")
        if taken < events / 10:
            figures.note(f"{self.prefix}: too few events to measure by: the first commit had {at_start} of {events}")
        return {"rate": taken / seconds if seconds else 0, "cpu": (cpu - cpu_at_start) / max(taken, 1) * 1e6,
                "commit_ms": self.metric("proforma_commit_seconds_sum") / max(commits, 1) * 1000,
                "mib": figures.memory_of(self.process.pid)[1]}

    def first_commit(self, fed):
        """Feeds some more and starts: seconds until they are committed, and until all tasks ran."""
        self.feed(fed, 1000)
        begun = time.monotonic()
        self.start()
        committed = None
        for words in self.progress(fed + 1000):
            committed = committed or time.monotonic() - begun
        self.wait_until_ready()
        return committed

    def line_items(self):
        return sum(high for low, high in self.bench.topics.watermarks(f"{self.prefix}.line-items").values())


class Bench:
    def __init__(self, arguments, broker, scratch):
        self.arguments, self.broker, self.scratch = arguments, broker, scratch
        self.proforma = str(arguments.build / "processor/proforma")
        self.topics = Topics(broker, str(self.program("kafka_cat")))
        self.shape = arguments.events * 3

    def workers(self):
        return self.arguments.workers or os.cpu_count()

    def program(self, name):
        return self.arguments.build / "tests" / name

    def output(self, name, *words):
        done = subprocess.run([str(part) for part in (self.program(name), *words)], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{name}: {done.stderr}")
        return done.stdout.split()

    def file(self, month, kind):
        path = self.scratch / f"{month}.{kind}.json"
        if not path.exists():
            with path.open("wb") as file:
                subprocess.run([self.program("generate_month"), kind, month], check=True, stdout=file)
        return path

    def bytes_out(self, month):
        """What proforma writes for an event, as the engine counts it."""
        done = subprocess.run([self.program("bench_engine"), "--month", month, "--events", str(min(self.arguments.events, 100000)),
                               "--json", "-", "--no-heading"], check=True, capture_output=True, text=True)
        return json.loads(done.stdout.splitlines()[-1])["bytes_out_per_event"]

    def bare(self, instance, number, events, size):
        out = f"bare-{instance.prefix}"
        self.topics.create(out, PARTITIONS)
        taken, seconds, cpu, commits, committing, mib = map(float, self.output(
            "bare_loop", self.broker.bootstrap, instance.usage, out, out, events, round(size) - KEY_BYTES, KEY_BYTES, COMMIT_MS))
        return {"rate": taken / seconds, "cpu": cpu / taken * 1e6, "commit_ms": committing / commits * 1000, "mib": mib}

    def month(self, month, table, latencies):
        events, size, ours, bare = self.arguments.events, self.bytes_out(month), [], []
        for number in range(self.arguments.times):
            instance = Instance(self, month, number)
            instance.feed(0, events)
            bare.append(self.bare(instance, number, events, size))
            ours.append(instance.price(events))
            if number + 1 < self.arguments.times:
                instance.end()
        mine, yardstick = ({key: statistics.median(run[key] for run in runs) for key in runs[0]} for runs in (ours, bare))
        back = self.comes_back(instance, events)
        table.line([month, f"{events:,}", figures.short(mine["rate"]), figures.short(yardstick["rate"]),
                    f"{mine['rate'] / yardstick['rate']:.2f}", figures.short(mine["cpu"]), figures.short(yardstick["cpu"]),
                    f"{mine['cpu'] / yardstick['cpu']:.2f}", figures.short(mine["commit_ms"]), figures.short(mine["mib"]),
                    figures.short(back["first_commit"]), figures.short(back["rebuild"])],
                   month=month, events=events, bytes_out=size, proforma=mine, bare=yardstick, runs=ours, bare_runs=bare,
                   **back)
        fed = events + 2000
        for load in self.arguments.loads:
            fed += self.latency(instance, load, mine["rate"], fed, latencies)
        instance.end()

    def comes_back(self, instance, events):
        """After kill -9; then with no state at all."""
        instance.end(signal.SIGKILL)
        first_commit = instance.first_commit(events)
        instance.end(signal.SIGKILL)
        shutil.rmtree(instance.state)
        rows = instance.line_items()
        begun = time.monotonic()
        instance.start()
        instance.wait_until_ready()
        seconds = time.monotonic() - begun
        return {"first_commit": first_commit, "rebuild": rows / seconds, "rebuild_seconds": seconds, "line_items": rows}

    def latency(self, instance, load, rate, fed, table):
        """Returns how many events it fed."""
        per_second = max(int(rate * load), 1000)
        count = int(per_second * self.arguments.seconds)
        before = (instance.metric("proforma_commit_seconds_count"), time.monotonic())
        events, p50, p99, most, late = map(float, self.output(
            "kafka_latency", self.broker.bootstrap, instance.usage, f"{instance.prefix}.line-items", PARTITIONS,
            BILLS + TIERS, instance.month, self.shape, fed, count, per_second))
        commits = instance.metric("proforma_commit_seconds_count") - before[0]
        cycle = (time.monotonic() - before[1]) / max(commits, 1) * self.workers() * 1000
        table.line([instance.month, load, figures.short(per_second), figures.short(p50), figures.short(p99),
                    figures.short(most), figures.short(cycle), figures.short(late)],
                   month=instance.month, load=load, events_per_second=per_second, probes=events, p50_ms=p50, p99_ms=p99,
                   max_ms=most, cycle_ms=cycle, sender_late_ms=late)
        return count


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--events", type=int, default=1000000, help="of a month")
    parser.add_argument("--months", default="dense,sparse,tiered")
    parser.add_argument("--times", type=int, default=3, help="each month so often; the median counts")
    parser.add_argument("--seconds", type=float, default=10, help="of each load that latency is measured at")
    parser.add_argument("--loads", default="0.1,0.5,1", help="parts of the full rate")
    parser.add_argument("--workers", type=int, default=0, help="of proforma; 0: as many as there are cores, as it comes")
    parser.add_argument("--json", help="an object a line is appended to this file; - is standard output")
    arguments = parser.parse_args()
    arguments.build = arguments.build.resolve()
    arguments.loads = [float(load) for load in arguments.loads.split(",") if load]
    try:
        with tempfile.TemporaryDirectory() as scratch, Broker(properties={"log.segment.bytes": 1 << 28}) as broker:
            bench = Bench(arguments, broker, Path(scratch))
            table = figures.Table(COLUMNS, "kafka", arguments.json)
            waiting = []
            for month in arguments.months.split(","):
                bench.month(month, table, Later(waiting))
            latencies = figures.Table(LATENCY_COLUMNS, "latency", arguments.json)
            for cells, values in waiting:
                latencies.line(cells, **values)
    except Unavailable as error:
        figures.note(str(error))
        return SKIPPED
    return 0


class Later:
    """Keeps lines for a table that is printed below another."""

    def __init__(self, lines):
        self.lines = lines

    def line(self, cells, **values):
        self.lines.append((cells, values))


if __name__ == "__main__":
    sys.exit(main())
