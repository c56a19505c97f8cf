#!/usr/bin/env python3
"""The run of tests/bench/kafka.sh: one broker, one topic, a bare loop and proforma in turn."""
import argparse
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kafka"))
from kafka_tools import Broker, Topics, free_ports  # noqa: E402

DATA = Path(__file__).resolve().parent.parent / "data"
PARTITIONS = 4
COMMIT_MS = 100


def run_proforma(proforma, sets, topics, prefix, usage):
    """Runs until every usage record is committed; returns seconds from the first commit on, their events, CPU seconds."""
    process = subprocess.Popen([proforma, "run", *sets], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    begun, started = time.monotonic(), None
    while True:
        offsets = topics.offsets(prefix, f"{prefix}.usage")
        done = sum(offset or 0 for offset in offsets.values())
        if started is None and done > 0:
            started, at_start = time.monotonic(), done
        if done >= usage:
            break
        if process.poll() is not None:
            raise SystemExit(process.stderr.read().decode())
        if time.monotonic() - begun > 900:
            raise SystemExit("not within 15 minutes")
        time.sleep(0.1)
    ended = time.monotonic()
    process.terminate()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return ended - started, usage - at_start, cpu


def page(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


def restart(proforma, sets, port, how):
    """Seconds from the start of a process until all its tasks run; how it then ends."""
    process = subprocess.Popen([proforma, "run", *sets, "--set", f"http.listen=127.0.0.1:{port}"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begun = time.monotonic()
    while page(port, "/readyz")[0] != 200:
        if process.poll() is not None or time.monotonic() - begun > 600:
            raise SystemExit("it did not become ready")
        time.sleep(0.02)
    seconds = time.monotonic() - begun
    time.sleep(3)
    process.send_signal(how)
    process.wait()
    return seconds


def restarts(proforma, sets, state, rows):
    port = free_ports(1)[0]
    print(f"restart after SIGTERM: {restart(proforma, sets, port, signal.SIGKILL):.2f} s")
    print(f"restart after SIGKILL: {restart(proforma, sets, port, signal.SIGKILL):.2f} s")
    shutil.rmtree(state)
    seconds = restart(proforma, sets, port, signal.SIGTERM)
    print(f"restart without state: {seconds:.2f} s, {rows / seconds:,.0f} line items/s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--events", type=int, default=1000000)
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    proforma, kafka_cat = str(build / "processor/proforma"), str(build / "tests/kafka_cat")
    with tempfile.TemporaryDirectory() as scratch, Broker(properties={"log.segment.bytes": 1 << 28}) as broker:
        topics = Topics(broker, kafka_cat)
        prefix, state = "bench", Path(scratch) / "state"
        sets = [part for key, value in {
            "kafka.bootstrap.servers": broker.bootstrap, "topic.prefix": f"{prefix}.", "group.id": prefix,
            "replication.factor": 1, "partitions.usage": PARTITIONS, "partitions.tier": 2, "partitions.bill": 2,
            "workers": 1, "commit.interval": f"{COMMIT_MS}ms", "http.listen": "", "instance.id": "bench",
            "state.dir": state}.items() for part in ("--set", f"{key}={value}")]
        subprocess.run([proforma, "topics", "create", *sets], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([proforma, "apply", "--conductor", DATA / "conductor.json", "--price-list",
                        DATA / "pricelist/AmazonS3.json", "--price-list", DATA / "pricelist/AmazonEC2.json", *sets],
                       check=True, stdout=subprocess.DEVNULL)
        usage_file = Path(scratch) / "month.avro"
        with usage_file.open("wb") as file:
            subprocess.run([build / "tests/generate_month", str(arguments.events), "avro"], check=True, stdout=file)
        begun = time.monotonic()
        subprocess.run([proforma, "import", *sets, usage_file], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        print(f"import: {arguments.events / (time.monotonic() - begun):,.0f} events/s")
        ends = sum(high for low, high in topics.watermarks(f"{prefix}.usage").values())
        seconds, events, cpu = run_proforma(proforma, sets, topics, prefix, arguments.events)
        print(f"proforma: {events / seconds:,.0f} events/s, {cpu / arguments.events * 1e6:.2f} us CPU an event (whole life)")
        rows = topics.watermarks(f"{prefix}.line-items")
        print(f"line items: {sum(high for low, high in rows.values()):,} records")
        sample = [row for row in topics.consume(f"{prefix}.dead-letters")]
        print(f"dead letters: {len(sample)}")
        topics.create("bare-out", PARTITIONS)
        out = subprocess.run([build / "tests/bare_loop", broker.bootstrap, f"{prefix}.usage", "bare-out",
                              str(arguments.events), "330", "26", str(COMMIT_MS)], check=True, capture_output=True, text=True)
        taken, bare_seconds, bare_cpu, commits = out.stdout.split()
        bare = float(taken) / float(bare_seconds)
        print(f"bare loop: {bare:,.0f} events/s, {float(bare_cpu) / float(taken) * 1e6:.2f} us CPU an event, {commits} commits")
        print(f"ratio: {events / seconds / bare:.2f} of the bare loop's events/s, "
              f"{cpu / arguments.events / (float(bare_cpu) / float(taken)):.2f} times its CPU an event")
        restarts(proforma, sets, state, sum(high for low, high in rows.values()))
        latency(build, broker, topics, proforma, scratch)


def latency(build, broker, topics, proforma, scratch):
    """Event in to line item readable, at a light and a heavier rate, JSON, on topics of their own."""
    for rate in (1000, 20000):
        prefix, port = f"latency{rate}", free_ports(1)[0]
        sets = [part for key, value in {
            "kafka.bootstrap.servers": broker.bootstrap, "topic.prefix": f"{prefix}.", "group.id": prefix, "format": "json",
            "replication.factor": 1, "partitions.usage": PARTITIONS, "partitions.tier": 2, "partitions.bill": 2,
            "workers": 1, "commit.interval": f"{COMMIT_MS}ms", "http.listen": f"127.0.0.1:{port}",
            "state.dir": f"{scratch}/{prefix}"}.items() for part in ("--set", f"{key}={value}")]
        subprocess.run([proforma, "topics", "create", *sets], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([proforma, "apply", "--conductor", DATA / "conductor.json", *sets], check=True,
                       stdout=subprocess.DEVNULL)
        process = subprocess.Popen([proforma, "run", *sets], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(5)
        out = subprocess.run([build / "tests/kafka_latency", broker.bootstrap, f"{prefix}.usage", f"{prefix}.line-items",
                              str(PARTITIONS), str(rate * 10), str(rate)], check=True, capture_output=True, text=True)
        count, p50, p99, most = out.stdout.split()
        metrics = dict(line.rsplit(" ", 1) for line in page(port, "/metrics")[1].splitlines() if not line.startswith("#"))
        commits = float(metrics["proforma_commit_seconds_count"])
        process.terminate()
        process.wait()
        print(f"commit at {rate}/s: {float(metrics['proforma_commit_seconds_sum']) / commits * 1000:.1f} ms on average ({commits:.0f})")
        print(f"event to line item at {rate}/s: p50 {p50} ms, p99 {p99} ms, max {most} ms ({count} events)")


if __name__ == "__main__":
    main()
