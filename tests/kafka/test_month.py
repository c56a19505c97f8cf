#!/usr/bin/env python3
"""The sample month through Kafka, closed, must equal `proforma price` on the same file, to the last digit and row.

Each case has topics of its own on one broker: different numbers of workers and processes, processes that are killed at
random instants, processes that come and go, usage keyed at random, poisoned usage, usage that comes after the close.
"""
import datetime
import http.server
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import defaultdict
from decimal import Decimal, getcontext
from pathlib import Path

import fastavro
from kafka_tools import case_parser, free_ports, record, run_on_broker

getcontext().prec = 80
DATA = Path(__file__).resolve().parent.parent / "data"
USAGE = DATA / "cur_2026-06_hourly_normalized.csv.gz"
DOCUMENTS = ["--conductor", str(DATA / "conductor.json"), "--price-list", str(DATA / "pricelist/AmazonS3.json"),
             "--price-list", str(DATA / "pricelist/AmazonEC2.json")]
BILL_KEY = ("billing_group", "billing_period", "usage_account_id", "product_code", "line_item_type")
NOT_CONTENT = ("line_item_id", "revision", "cost_delta", "conductor_version")
CLOSE_SECONDS = 120


class Case:
    """One prefix of topics, one consumer group, and the processes that serve them."""

    def __init__(self, context, name, workers=1, **settings):
        self.context, self.name = context, name
        self.topics = context.topics
        values = {"kafka.bootstrap.servers": context.broker.bootstrap, "topic.prefix": f"{name}.", "group.id": name,
                  "format": "json", "replication.factor": 1, "partitions.usage": 3, "partitions.tier": 2,
                  "partitions.bill": 2, "workers": workers, "bills.interval": "200ms", "http.listen": "",
                  "state.dir": context.scratch / "state", **settings}
        self.sets = [part for key, value in values.items() for part in ("--set", f"{key}={value}")]
        self.processes = []
        self.log = context.scratch / f"{name}.log"

    def command(self, *words, check=True):
        return subprocess.run([self.context.proforma, *map(str, words), *self.sets], check=check, capture_output=True,
                              text=True)

    def prepare(self):
        self.command("topics", "create")
        self.command("apply", *DOCUMENTS)

    def start(self, instance=None, extra=()):
        sets = [*(["--set", f"instance.id={instance}"] if instance else []), *extra]
        with open(self.log, "ab") as log:
            process = subprocess.Popen([self.context.proforma, "run", *self.sets, *sets], stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def topic(self, name):
        return self.topics.consume(f"{self.name}.{name}")

    def await_end(self, process):
        code = process.wait(timeout=60)
        assert code in (0, -signal.SIGKILL), f"exit code {code}, see {self.log}:\n{self.log.read_text()[-6000:]}"

    def stop(self):
        """SIGTERM commits and leaves."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            self.await_end(process)
        self.processes = []

    def kill_all(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.processes = []

    def wait_for(self, what, holds, seconds=CLOSE_SECONDS):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if holds():
                return
            for process in self.processes:
                assert process.poll() is None, f"ended with {process.returncode}:\n{self.log.read_text()[-3000:]}"
            time.sleep(0.3)
        raise AssertionError(f"{what}: not within {seconds} s\n{self.log.read_text()[-3000:]}")

    def manifests(self):
        return {row["key"]: json.loads(row["value"]) for row in self.topic("cur-manifests")}

    def close(self):
        self.command("close", "--period", "2026-06")
        self.wait_for("manifests", lambda: len(self.manifests()) == len(self.context.expected.manifests))


def latest(records):
    """The last value of every key; a record without a value deletes it."""
    state = {}
    for row in records:
        if row["value"] is None:
            state.pop(row["key"], None)
        else:
            state[row["key"]] = json.loads(row["value"])
    return state


def content(item):
    return json.dumps({name: value for name, value in item.items() if name not in NOT_CONTENT}, sort_keys=True)


class Expected:
    """What `proforma price` makes of the month."""

    def __init__(self, proforma, out, usage=USAGE, documents=DOCUMENTS, month="2026-06"):
        subprocess.run([proforma, "price", *documents, "--resource-ids", "--close", month, "--out", str(out), str(usage)],
                       check=True, capture_output=True)
        self.line_items = sorted(content(json.loads(line)) for line in (out / "line-items.jsonl").open())
        self.bills = {tuple(row[name] for name in BILL_KEY): row
                      for row in map(json.loads, (out / "bills.jsonl").open())}
        self.manifests = {}
        for path in out.glob("cur/**/*-Manifest.json"):
            parts = path.relative_to(out / "cur").parts
            key = f"{parts[0]}/{month}/{parts[2] if parts[1] == 'accounts' else ''}"
            self.manifests[key] = json.loads(path.read_text())


def check_deltas(records):
    """For every line item the deltas add up to the cost, and no revision comes twice."""
    sums, revisions, costs = defaultdict(Decimal), defaultdict(set), {}
    for row in records:
        if row["value"] is None:
            assert costs.pop(row["key"]) == 0, row["key"]
            continue
        item = json.loads(row["value"])
        if item["status"] == "MARKER":
            continue
        assert item["revision"] not in revisions[row["key"]], row["key"]
        revisions[row["key"]].add(item["revision"])
        sums[row["key"]] += Decimal(item["cost_delta"])
        costs[row["key"]] = Decimal(item["cost"])
    for key, cost in costs.items():
        assert sums[key] == cost, key


def check_reports(case, expected):
    """The rows on the topic are those of the manifests, and both are the file's."""
    rows = [json.loads(row["value"]) for row in case.topic("cur")]
    groups = defaultdict(lambda: [0, Decimal(0)])
    for row in rows:
        assert not [name for name in row if "billable" in name]
        for key in (f"{row['billing_group']}/2026-06/", f"{row['billing_group']}/2026-06/{row['line_item_usage_account_id']}"):
            groups[key][0] += 1
            groups[key][1] += Decimal(row["line_item_unblended_cost"])
    for key, manifest in case.manifests().items():
        wanted = expected.manifests[key]
        assert Decimal(manifest["cost"]) == Decimal(wanted["cost"]) == groups[key][1], key
        assert manifest["rows"] == wanted["rows"] == groups[key][0], key
        assert manifest["checksum"] == wanted["checksum"], key


def check_bills(case, expected):
    bills = {tuple(row.get(name, "") for name in BILL_KEY): row for row in latest(case.topic("bills")).values()}
    for key, wanted in expected.bills.items():
        found = bills[key]
        for name, value in wanted.items():
            if name != "as_of":
                assert found.get(name) == value, (key, name, found.get(name), value)
    assert set(bills) == set(expected.bills)


def check_equals(case, expected=None):
    expected = expected or case.context.expected
    records = case.topic("line-items")
    check_deltas(records)
    items = sorted(content(item) for item in latest(records).values() if item["status"] != "MARKER")
    assert len(items) == len(expected.line_items), (len(items), len(expected.line_items))
    for found, wanted in zip(items, expected.line_items):
        assert found == wanted, f"\n{found}\n{wanted}"
    check_bills(case, expected)
    check_reports(case, expected)
    assert case.topic("dead-letters") == []


def import_month(case):
    case.command("import", USAGE)


def one_worker_equals_price(context):
    case = Case(context, "one")
    case.prepare()
    import_month(case)
    case.start()
    case.close()
    case.stop()
    check_equals(case)


def three_workers_equal_price(context):
    case = Case(context, "three", workers=3)
    case.prepare()
    case.start()
    import_month(case)
    case.close()
    case.stop()
    check_equals(case)


def three_processes_equal_price(context):
    case = Case(context, "processes")
    case.prepare()
    for number in range(3):
        case.start(f"p{number}")
    import_month(case)
    case.close()
    case.stop()
    check_equals(case)


def avro_equals_price(context):
    """The wire format itself: bills are read back with the schema by fastavro where it is there, else only counted."""
    case = Case(context, "avro", format="avro")
    case.prepare()
    case.start()
    import_month(case)
    case.command("close", "--period", "2026-06")
    case.wait_for("manifests", lambda: len(case.topic("cur-manifests")) == len(context.expected.manifests))
    case.stop()
    ids = {row["value"][:5] for row in case.topic("bills")}
    assert ids == {b"\0\0\0\0\3"}, ids
    assert len(latest_keys(case.topic("line-items"))) == len(context.expected.line_items) + 7


def latest_keys(records):
    state = {}
    for row in records:
        state[row["key"]] = row["value"]
    return {key for key, value in state.items() if value is not None}


def written(case):
    """Offsets of the line-items topic, aborted and committed records alike."""
    return sum(high for _, high in case.topics.watermarks(f"{case.name}.line-items").values())


def killed_at_random_moments_equals_price(context):
    """Local state is kept, or now and then lost; the store takes rows often, so that kills fall between its writes.

    Some events come twice, the second time to a later process.
    """
    chance = random.Random(context.seed)
    state = context.scratch / "killed-state"
    case = Case(context, "killed", **{"commit.interval": "20ms", "store.lag": 1000, "state.dir": state})
    case.prepare()
    usage = [record(event, partition=chance.randrange(3)) for event in usage_of(context)]
    slice_size = len(usage) // context.kills + 1
    moved = 0
    for kill in range(context.kills):
        part = usage[kill * slice_size:(kill + 1) * slice_size]
        again = [chance.choice(usage[:len(part) + kill * slice_size]) for _ in range(50)]
        case.topics.produce("killed.usage", part + again)
        before = written(case)
        case.start("k")
        time.sleep(chance.uniform(0.05, 1.5))
        if kill == context.kills - 3:
            # All usage must be there before the close tells its ends.
            rest = usage[(kill + 1) * slice_size:]
            case.topics.produce("killed.usage", rest)
            usage = usage[:(kill + 1) * slice_size]
            case.command("close", "--period", "2026-06")
        case.kill_all()
        moved += written(case) > before
        if chance.random() < 0.25:
            shutil.rmtree(state, ignore_errors=True)
    assert moved >= context.kills // 4, f"only {moved} of {context.kills} processes came to write before they were killed"
    case.start("k")
    case.wait_for("manifests", lambda: len(case.manifests()) == len(context.expected.manifests))
    case.stop()
    check_reports(case, context.expected)
    check_bills(case, context.expected)
    check_deltas(case.topic("line-items"))


def processes_that_come_and_go_equal_price(context):
    case = Case(context, "comes")
    case.prepare()
    first = case.start("a")
    importing = subprocess.Popen([context.proforma, "import", *case.sets, str(USAGE)], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
    time.sleep(1)
    case.start("b")
    time.sleep(3)
    first.send_signal(signal.SIGTERM)
    case.await_end(first)
    case.processes.remove(first)
    time.sleep(1)
    case.start("c")
    assert importing.wait(timeout=120) == 0
    case.close()
    case.stop()
    check_equals(case)


def usage_of(context):
    """The month as JSON events, in the file's order."""
    if not hasattr(context, "events"):
        case = Case(context, "events")
        case.command("topics", "create")
        import_month(case)
        context.events = [row["value"] for row in case.topic("usage")]
    return context.events


def randomly_keyed_usage_gives_the_same_reports(context):
    chance = random.Random(context.seed)
    case = Case(context, "random")
    case.prepare()
    events = list(usage_of(context))
    chance.shuffle(events)
    case.topics.produce("random.usage", [record(event, key=str(chance.random()), partition=chance.randrange(3))
                                         for event in events])
    case.start()
    case.close()
    case.stop()
    check_reports(case, context.expected)


def poisoned_usage_ends_in_dead_letters_that_say_why_and_where(context):
    chance = random.Random(context.seed)
    case = Case(context, "poison")
    case.prepare()
    events = list(usage_of(context))
    poison = [b"", b"{", b"[]", b"\xff\xfe", b'{"event_id":"x"}', b'{"event_id":1e999}', b"null", b"\0\0\0\0\1",
              b'{"event_id":"a","usage_account_id":"12","product_code":"p","usage_start":"2026-06-01"}',
              events[0][: len(events[0]) // 2], b"x" * 300000]
    bad = [chance.choice(poison) for _ in range(len(events) // 100)]
    mixed = events + bad
    chance.shuffle(mixed)
    case.topics.produce("poison.usage", [record(event, partition=chance.randrange(3)) for event in mixed])
    case.start()
    case.close()
    case.stop()
    letters = case.topic("dead-letters")
    assert len(letters) == len(bad), (len(letters), len(bad))
    usage = {(row["partition"], row["offset"]): row["value"] for row in case.topic("usage")}
    for letter in letters:
        headers = letter["headers"]
        assert headers["reason"] in ("MALFORMED", "MISSING_FIELD", "BAD_NUMBER", "NUMBER_TOO_LARGE", "BAD_ACCOUNT",
                                     "BAD_ENCODING", "TOO_LARGE", "NUL_BYTE", "BAD_FIELD", "BAD_TIME"), headers
        came = usage[(int(headers["partition"]), int(headers["offset"]))]
        assert came in bad and (letter["value"] or b"") == came[: 64 * 1024]
    check_reports(case, context.expected)


def state_is_nothing_that_the_topics_do_not_hold(context):
    """Stopped, and its state deleted: the ledger is rebuilt from its own line items."""
    state = context.scratch / "deleted-state"
    case = Case(context, "rebuilt", **{"state.dir": state})
    case.prepare()
    import_month(case)
    case.start()
    case.wait_for("bills", lambda: len(case.topic("bills")) >= len(context.expected.bills) - 5)
    case.stop()
    assert list(state.glob("process-0/*/task-*/CURRENT"))
    shutil.rmtree(state)
    case.start()
    case.close()
    case.stop()
    check_equals(case)


def peak_bytes(process):
    """Of the process, as the kernel counted it."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))) * 1024


def ten_times_as_many_rows_as_fit_into_memory_equal_price(context):
    """Rows and ids leave memory and come back, also those of hours long gone; what the process needs stays what it was."""
    limit = 32 * 1024 * 1024
    usage = context.scratch / "large.csv"
    with open(usage, "wb") as out:
        subprocess.run([context.generate_month, str(context.rows), "csv"], stdout=out, check=True)
    lines = usage.read_text().splitlines()
    chance = random.Random(context.seed)
    for _ in range(context.rows // 1000):
        one, other = chance.randrange(1, len(lines)), chance.randrange(1, len(lines))
        lines[one], lines[other] = lines[other], lines[one]
        lines.insert(chance.randrange(other + 1, len(lines) + 1), lines[other])  # and some come twice
    usage.write_text("\n".join(lines) + "\n")
    expected = Expected(context.proforma, context.scratch / "expected-large", usage)
    case = Case(context, "large", **{"memory.limit": limit, "dedup.memory": limit // 8, "store.lag": 20000})
    case.prepare()
    case.command("import", usage)
    process = case.start()
    case.wait_for("the start", lambda: "partitions_assigned" in case.log.read_text(), 60)
    idle = peak_bytes(process)
    case.command("close", "--period", "2026-06")
    case.wait_for("manifests", lambda: len(case.manifests()) == len(expected.manifests), 400)
    peak = peak_bytes(process) - idle
    case.stop()
    check_reports(case, expected)
    check_bills(case, expected)
    print(f"{context.rows} rows, memory.limit {limit // 2**20} MiB: {peak // 2**20} MiB at most over the {idle // 2**20} idle")
    # A row takes some 400 bytes and an id 60: all of them would be six times the limit. What is over it is the process
    # itself, and what the allocator and RocksDB's background work add for a moment.
    assert peak < 3 * limit, peak


def change_document(document, chance):
    """Rates, plans, memberships and charges, each by chance."""
    for rule in document["PricingRules"]:
        if "ModifierPercentage" in rule:
            rule["ModifierPercentage"] = chance.randrange(400) / 4
    groups = document["BillingGroups"]
    primary = {group["PrimaryAccountId"] for group in groups}
    for account in document["LinkedAccounts"]:
        if account["AccountId"] not in primary and account["AccountId"] != "200000000022":
            account["BillingGroupArn"] = chance.choice(groups)["Arn"]
    for group in groups:
        group["Size"] = sum(account.get("BillingGroupArn") == group["Arn"] for account in document["LinkedAccounts"])
    plans = [group["ComputationPreference"] for group in groups]
    for group, plan in zip(groups, chance.sample(plans, len(plans))):
        group["ComputationPreference"] = plan
    for item in document["CustomLineItems"]:
        details = item["ChargeDetails"]
        if "Flat" in details:
            details["Flat"]["ChargeValue"] = chance.randrange(500)
        else:
            details["Percentage"]["PercentageValue"] = chance.randrange(1, 10)


def documents_that_change_while_it_runs_equal_a_fresh_run_under_the_last(context):
    case = Case(context, "changing", workers=2)
    chance = random.Random(context.seed)
    case.prepare()
    case.start()
    importing = subprocess.Popen([context.proforma, "import", str(USAGE), *case.sets], stdout=subprocess.DEVNULL)
    path = context.scratch / "changing.json"
    for version in range(2, 8):
        document = json.loads((DATA / "conductor.json").read_text())
        change_document(document, chance)
        path.write_text(json.dumps(document))
        # Without a price list a meter has no tiers, with it they come: its usage goes to other tasks.
        lists = chance.choice([[], DOCUMENTS[2:4], DOCUMENTS[4:], DOCUMENTS[2:]])
        documents = ["--conductor", path, *lists]
        shown = case.command("apply", *documents, "--dry-run", check=False)
        assert shown.returncode == 4, shown.stderr
        case.command("apply", *documents, "--expect", version - 1)
        time.sleep(chance.random() * 1.5)
        if version % 3 == 0:
            case.kill_all()
            case.start()
    assert importing.wait() == 0
    expected = Expected(context.proforma, context.scratch / "changed", documents=list(map(str, documents)))
    case.command("close", "--period", "2026-06")
    case.wait_for("manifests", lambda: len(case.manifests()) == len(expected.manifests))
    case.stop()
    check_equals(case, expected)


def what_cannot_change_while_usage_is_priced_is_refused(context):
    case = Case(context, "unchanging")
    case.prepare()
    case.start()
    import_month(case)
    document = json.loads((DATA / "conductor.json").read_text())
    path = context.scratch / "unchanging.json"
    path.write_text(json.dumps({**document, "BillingPeriod": "2026-07"}))
    case.command("apply", "--conductor", path, *DOCUMENTS[2:])
    case.close()

    other = context.scratch / "unchanging-june.json"
    document["PricingRules"][0]["Name"] = "another"
    other.write_text(json.dumps(document))

    def refusal():
        return case.command("apply", "--conductor", other, *DOCUMENTS[2:], check=False).stderr

    case.wait_for("June's end", lambda: "2026-06, which is closed: one for 2026-07 or later can be applied" in refusal())
    case.stop()
    check_equals(case)


def late_usage_goes_to_the_next_month_with_its_own_dates(context):
    case = Case(context, "late")
    case.prepare()
    import_month(case)
    case.start()
    case.close()
    event = json.loads(usage_of(context)[1])
    event["event_id"] = "late"
    case.topics.produce("late.usage", [record(json.dumps(event).encode(), partition=0)])

    def has_july():
        return any(bill["billing_period"] == "2026-07" for bill in latest(case.topic("bills")).values())

    case.wait_for("a bill of July", has_july)
    case.stop()
    late = [item for item in latest(case.topic("line-items")).values() if item.get("billing_period") == "2026-07"
            and "custom_line_item" not in item]
    assert len(late) == 1 and late[0]["usage_start"].startswith("2026-06"), late
    check_reports(case, context.expected)


def a_close_cuts_exactly_at_its_offsets(context):
    """Usage keeps coming while the month is closed: what lies below the record's offsets is in it, all else in the next."""
    case = Case(context, "cut", workers=2)
    case.prepare()
    case.start()
    event = json.loads(usage_of(context)[1])
    stop, sent = threading.Event(), [0]

    def keep_producing():
        while not stop.is_set():
            batch = []
            for number in range(20):
                event.update(event_id=f"cut-{sent[0] + number}", usage_amount="1", resource_id=f"r{number}")
                batch.append(record(json.dumps(event).encode(), partition=number % 2))
            case.topics.produce("cut.usage", batch)
            sent[0] += len(batch)

    producer = threading.Thread(target=keep_producing)
    producer.start()
    try:
        case.wait_for("usage", lambda: sent[0] > 200)
        case.command("close", "--period", "2026-06", "--early")
        seen = sent[0]
        case.wait_for("more usage", lambda: sent[0] > seen + 100)
    finally:
        stop.set()
        producer.join()
    closes = [json.loads(row["value"]) for row in case.topic("conductor") if "/close/" in row["key"]]
    assert len(closes) == 1, closes
    ends = closes[0]["offsets"]
    on_time = sum(row["offset"] < ends[row["partition"]] for row in case.topics.consume("cut.usage"))
    assert 200 < on_time < sent[0], (on_time, sent[0])

    def amounts():
        sums = defaultdict(Decimal)
        for item in latest(case.topic("line-items")).values():
            if item["status"] != "MARKER" and "usage_amount" in item:
                sums[item["billing_period"]] += Decimal(item["usage_amount"])
        return dict(sums)

    case.wait_for("both months", lambda: sum(amounts().values()) == sent[0])
    assert amounts() == {"2026-06": on_time, "2026-07": sent[0] - on_time}, (amounts(), on_time, sent[0])
    case.wait_for("the reports", lambda: case.manifests())
    case.stop()
    reported = sum(Decimal(json.loads(row["value"]).get("line_item_usage_amount", "0")) for row in case.topic("cur"))
    assert reported == on_time, (reported, on_time)


def created_topics_are_there_for_the_next_command(context):
    """Creating ends when every broker tells of all of them; the next command follows at once."""
    for number in range(3):
        case = Case(context, f"created{number}", **{"partitions.usage": 12, "partitions.tier": 4, "partitions.bill": 4})
        case.prepare()
        assert case.command("topics", "create").stdout == "0 topics made\n"


def partitions_without_a_place_on_line_items_are_refused(context):
    """Somebody gave usage partitions and forgot line-items, which has one for each task."""
    case = Case(context, "outgrown")
    context.topics.create("outgrown.line-items", 6, cleanup_policy="compact,delete")
    case.command("topics", "create")
    described = case.command("topics", "describe", check=False)
    assert "topic outgrown.line-items: partitions: found 6, expected 7" in described.stderr, described.stderr
    assert case.command("run", check=False).returncode == 2
    refused = case.command("apply", *DOCUMENTS, check=False)
    assert refused.returncode == 2 and "topic outgrown.line-items: found 6 partitions, expected at least 7: one for each of " \
        "usage (3), tiered (2) and subtotals (2)" in refused.stderr, refused.stderr


def brokers_that_begin_after_it_are_waited_for(context):
    """Ready when they are there; one that is told to end while it waits ends; what waiting does not mend ends it as ever."""
    port, other = free_ports(2)
    case = Case(context, "early", **{"http.listen": f"127.0.0.1:{port}"})
    case.prepare()
    case.command("import", USAGE)

    context.broker.stop()
    try:
        case.start()
        ended = case.start(extra=["--set", f"http.listen=127.0.0.1:{other}"])
        case.wait_for("both say what they wait for", lambda: case.log.read_text().count("event=brokers_awaited") >= 2, 60)
        assert fetch(port, "/healthz")[0] == 200
        status, text = fetch(port, "/readyz")
        assert status == 503 and "no broker answers" in text, text
        assert all(process.poll() is None for process in case.processes)
        ended.send_signal(signal.SIGTERM)
        assert ended.wait(timeout=10) == 0 and "event=cut_short" not in case.log.read_text()
        case.processes.remove(ended)
    finally:
        context.broker.restart()
    case.wait_for("ready", lambda: fetch(port, "/readyz")[0] == 200, 60)
    case.wait_for("line items", lambda: case.topic("line-items"), 60)
    case.stop()
    missing = Case(context, "nowhere").command("run", check=False)
    assert missing.returncode == 2 and "proforma topics create makes it" in missing.stderr, missing.stderr


def dead_letters_of_a_reason_are_sent_again_once(context):
    """Events over event.max.bytes; a second replay finds nothing new."""
    case = Case(context, "replayed", **{"event.max.bytes": "1KiB"})
    case.prepare()
    large = []
    for number in range(5):
        event = json.loads(usage_of(context)[1])
        event.update(event_id=f"large-{number}", description="x" * 1500)
        large.append(record(json.dumps(event).encode(), partition=number % 3))
    case.topics.produce("replayed.usage", large + [record(b"{", partition=2)])
    case.start()
    case.wait_for("dead letters", lambda: len(case.topic("dead-letters")) == 6, 60)
    case.stop()
    refused = case.command("replay", "--reason", "TO_LARGE", check=False)
    assert refused.returncode == 2 and "TOO_LARGE" in refused.stderr, refused.stderr
    assert case.command("replay", "--reason", "TOO_LARGE").stdout.startswith("5 dead letters sent again, 0 left")
    assert case.command("replay", "--reason", "TOO_LARGE").stdout.startswith("0 dead letters sent again, 0 left")
    # Each to the partition that it came from, where its id was seen.
    assert sorted(row["partition"] for row in case.topic("usage")) == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2]
    assert case.command("replay", "--reason", "MALFORMED").stdout.startswith("1 dead letters sent again")


def letters_refused_under_older_rules_are_tried_anew(context):
    """Limits are raised and the state is lost: what was refused took no id then and takes none now, so that it is no duplicate of
    itself. What is refused again is a new letter."""
    state = context.scratch / "older-rules"
    case = Case(context, "olderrules", **{"state.dir": state})
    case.prepare()
    strict = case.start(extra=["--set", "event.max.bytes=1KiB", "--set", "future.max=2s"])
    event = json.loads(usage_of(context)[1])

    def produce(**changes):
        case.topics.produce("olderrules.usage", [record(json.dumps({**event, **changes}).encode(), partition=1)])

    def letters():
        return sorted(row["headers"]["reason"] for row in case.topic("dead-letters"))

    def events():
        return sum(item.get("usage_events", 0) for item in latest(case.topic("line-items")).values())

    ahead = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
    produce(event_id="large", description="x" * 1500)
    produce(event_id="early", usage_start=ahead, usage_end=None, billing_period=None)
    produce(event_id="used")
    produce(event_id="used", usage_amount="77")
    case.topics.produce("olderrules.usage", [record(b"{", partition=1)])
    refused = ["EVENT_ID_REUSED", "FUTURE", "MALFORMED", "TOO_LARGE"]
    case.wait_for("dead letters", lambda: letters() == refused, 60)
    case.stop()
    assert strict.returncode == 0 and events() == 1
    shutil.rmtree(state)
    case.start()
    for reason in refused:
        assert case.command("replay", "--reason", reason).stdout.startswith("1 dead letters sent again, 0 left"), reason
    again = sorted(refused + ["EVENT_ID_REUSED", "MALFORMED"])
    case.wait_for("what follows", lambda: events() == 3 and letters() == again, 60)
    for reason, sent in (("FUTURE", 0), ("TOO_LARGE", 0), ("MALFORMED", 1), ("EVENT_ID_REUSED", 1)):
        assert case.command("replay", "--reason", reason).stdout.startswith(f"{sent} dead letters sent again"), reason
    again = sorted(again + ["EVENT_ID_REUSED", "MALFORMED"])
    case.wait_for("the same once more", lambda: letters() == again, 60)
    case.stop()
    shutil.rmtree(state)
    case.start()
    produce(event_id="large", description="x" * 1500)
    produce(event_id="early", usage_start=ahead, usage_end=None, billing_period=None)
    case.topics.produce("olderrules.usage", [record(b"{", partition=1)])
    case.wait_for("a last letter", lambda: letters() == sorted(again + ["MALFORMED"]), 60)
    case.stop()
    assert events() == 3, "what was sent again has taken its id"


def an_id_that_keeps_coming_stays_used_whatever_is_lost(context):
    """Other content under one id for longer than the window, then the state is lost: its first content lies before the window, and
    what comes again is refused all the same."""
    state = context.scratch / "chain"
    case = Case(context, "chain", **{"state.dir": state, "dedup.window": "10s"})
    case.prepare()
    case.start()
    event = json.loads(usage_of(context)[1])

    def produce(**changes):
        case.topics.produce("chain.usage", [record(json.dumps({**event, **changes}).encode(), partition=1)])

    produce(event_id="used")
    for _ in range(2):
        time.sleep(7)
        produce(event_id="used", usage_amount="77")
    case.wait_for("two letters", lambda: len(case.topic("dead-letters")) == 2, 60)
    case.stop()
    produce(event_id="used", usage_amount="77")
    shutil.rmtree(state)
    case.start()
    case.wait_for("the third", lambda: len(case.topic("dead-letters")) == 3, 60)
    case.stop()
    assert all(row["headers"]["reason"] == "EVENT_ID_REUSED" for row in case.topic("dead-letters"))


def usage_of_the_future_is_priced_once_its_time_has_come(context):
    """A dead letter whose event did not take its id: sent again it is no duplicate of itself, and sent by its producer it is one."""
    case = Case(context, "future", **{"future.max": "2s"})
    case.prepare()
    case.start()
    event = json.loads(usage_of(context)[1])
    start = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=12)
    event.update(event_id="early", usage_start=start.strftime("%Y-%m-%dT%H:%M:%SZ"), usage_end=None, billing_period=None)
    early = [record(json.dumps(event).encode(), partition=1)]
    case.topics.produce("future.usage", early)
    case.wait_for("a dead letter", lambda: len(case.topic("dead-letters")) == 1, 60)
    assert case.topic("dead-letters")[0]["headers"]["reason"] == "FUTURE"
    while datetime.datetime.now(datetime.timezone.utc) < start:
        time.sleep(0.5)
    assert case.command("replay", "--reason", "FUTURE").stdout.startswith("1 dead letters sent again, 0 left")

    def events():
        return sum(item.get("usage_events", 0) for item in latest(case.topic("line-items")).values())

    case.wait_for("the event", lambda: events() == 1, 60)
    assert case.command("replay", "--reason", "FUTURE").stdout.startswith("0 dead letters sent again, 0 left")
    case.topics.produce("future.usage", early)
    case.topics.produce("future.usage", [record(b"{", partition=1)])
    case.wait_for("what follows it", lambda: len(case.topic("dead-letters")) == 2, 60)
    case.stop()
    assert events() == 1


def a_month_that_is_over_and_quiet_closes_by_itself(context):
    case = Case(context, "quiet", **{"period.close.after": "3s"})
    case.prepare()
    case.start()
    import_month(case)
    case.wait_for("manifests", lambda: len(case.manifests()) == len(context.expected.manifests))
    case.stop()
    check_equals(case)


def the_commands_tell_what_the_topics_hold(context):
    case = Case(context, "commands")
    case.prepare()
    assert case.command("apply", *DOCUMENTS, "--dry-run").returncode == 0
    assert case.command("apply", *DOCUMENTS, "--expect", "7", check=False).returncode == 1
    assert case.command("close", "--period", "2999-01", check=False).returncode == 1
    exported = json.loads(case.command("export").stdout)
    assert len(exported["BillingGroups"]) == 3 and exported["BillingPeriod"] == "2026-06"
    import_month(case)
    before = case.topics.watermarks("commands.usage")
    again = case.command("import", USAGE)  # the same delivery: nothing differs
    assert case.topics.watermarks("commands.usage") == before, again.stdout
    case.command("import", "--again", USAGE)
    case.start()
    case.close()
    assert "closed" in case.command("status").stdout
    case.stop()
    check_equals(case)
    key = next(row["key"] for row in case.topic("line-items") if row["value"] and json.loads(row["value"]).get("tier") == 2)
    explained = case.command("explain", key).stdout
    assert "(checked)" in explained and "DOES NOT ADD UP" not in explained, explained
    out = context.scratch / "cur-files"
    case.command("cur", "--group", "200000000011", "--period", "2026-06", "--out", out)
    manifest = json.loads((out / "200000000011/20260601-20260701/200000000011-Manifest.json").read_text())
    assert manifest["checksum"] == context.expected.manifests["200000000011/2026-06/"]["checksum"]


def fetch(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def pages_say_what_the_processor_does(context):
    port = free_ports(1)[0]
    case = Case(context, "pages", **{"http.listen": f"127.0.0.1:{port}"})
    case.prepare()
    case.start()

    def page(path):
        return fetch(port, path)

    case.wait_for("ready", lambda: page("/readyz")[0] == 200, 60)
    assert page("/healthz") == (200, "ok\n") and page("/nothing")[0] == 404
    import_month(case)
    case.wait_for("all events", lambda: "proforma_events_total 13209\n" in page("/metrics")[1], 60)
    case.wait_for("no lag", lambda: 'proforma_lag{topic="usage",partition="0"} 0\n' in page("/metrics")[1], 60)
    metrics = page("/metrics")[1]
    for family in ("line_items_total{status=\"CHARGED\"}", "dead_letters_total{reason=\"MALFORMED\"} 0", "commit_seconds_count",
                   "event_to_commit_seconds_bucket{le=\"+Inf\"}", "restore_records{state=\"all\"} 0", "closing_tasks 0"):
        assert f"proforma_{family}" in metrics, (family, metrics)
    case.close()
    case.wait_for("the sweep's end", lambda: "proforma_closing_tasks 0\n" in page("/metrics")[1], 60)
    rows = {line.split()[0]: int(line.split()[1]) for line in page("/metrics")[1].splitlines() if "_rows_total " in line and line[0] != "#"}
    assert rows["proforma_report_rows_total"] > 5000 and rows["proforma_swept_rows_total"] > 0, rows
    case.stop()


def what_has_no_price_is_told(context):
    """Counts on the page are those of the summary of `price`, and the log warns of what costs nothing for want of a price."""
    port = free_ports(1)[0]
    case = Case(context, "told", **{"http.listen": f"127.0.0.1:{port}"})
    common = {"usage_account_id": "200000000011", "usage_start": "2026-06-10T00:00:00Z", "usage_amount": "1",
              "product_code": "AmazonEC2", "usage_type": "Anything"}
    storage = {"product_code": "AmazonS3", "usage_type": "TimedStorage-ByteHrs", "operation": "X", "usage_amount": "1"}
    kinds = [(3, {"unblended_cost": "0", "public_on_demand_rate": "0.1"}), (2, {}), (1, {"currency": "CNY"}),
             (4, {"public_on_demand_rate": "0.12345678901"}), (1, {"usage_start": "2026-05-31T00:00:00Z"}), (2, storage)]
    events = [{**common, **members, "event_id": f"{kind}-{number}", "resource_id": f"i-{kind}-{number}"}
              for kind, (count, members) in enumerate(kinds) for number in range(count)]
    path, out = context.scratch / "told.jsonl", context.scratch / "told"
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    document = json.loads((DATA / "conductor.json").read_text())
    document["BillingPeriod"] = "2026-06"
    conductor = context.scratch / "told.json"
    conductor.write_text(json.dumps(document))
    documents = ["--conductor", conductor, *DOCUMENTS[2:]]
    case.command("topics", "create")
    case.command("apply", *documents)
    subprocess.run([context.proforma, "price", *map(str, documents), "--resource-ids", "--out", str(out), str(path)], check=True,
                   capture_output=True)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["free_tier"] == 3 and summary["unpriced"] == 3 and summary["before_document"] == 1, summary
    assert summary["excess_decimals"] == 4, summary
    case.start()
    case.topics.produce("told.usage", [record(json.dumps(event), key=event["usage_account_id"]) for event in events])
    wanted = [f"proforma_{name}_total {summary[name]}" for name in
              ("free_tier", "untiered", "ambiguous", "before_document", "excess_decimals")]
    wanted += [f'proforma_unpriced_line_items_total{{reason="{reason}"}} {count}'
               for reason, count in summary["unpriced_reasons"].items()]
    case.wait_for(f"{wanted}", lambda: set(wanted) <= set(fetch(port, "/metrics")[1].splitlines()), 60)
    case.wait_for("a warning", lambda: "line_items_without_price" in case.log.read_text(), 60)
    case.stop()
    assert "reason=NO_PRICE written=2" in case.log.read_text(), case.log.read_text()


def a_torn_transaction_stops_its_task_until_it_is_repaired(context):
    """The group's offset is moved behind the ledger's back: that task stops, the others go on, repair takes the marker."""
    case = Case(context, "torn")
    case.prepare()
    import_month(case)
    case.start()
    case.wait_for("bills", lambda: len(case.topic("bills")) >= len(context.expected.bills) - 5)
    time.sleep(2)
    case.stop()
    context.topics.commit("torn", "torn.usage", 0, 5)
    case.start()
    case.wait_for("the log", lambda: "task_stopped" in case.log.read_text(), 60)
    assert "torn transaction" in case.log.read_text()
    case.stop()
    number = 2 + 2  # bill and tier tasks come first
    with open(case.log, "ab") as log:
        case.processes.append(subprocess.Popen([context.proforma, "run", "--repair", str(number), *case.sets], stdout=log,
                                               stderr=log))
    case.close()
    case.stop()
    check_equals(case)


class Registry(http.server.ThreadingHTTPServer):
    """A Schema Registry as far as a processor sees one; `down` answers nothing but 500."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def answer(self, status, body):
            text = json.dumps(body).encode()
            self.send_response(503 if self.server.down else status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            subject = self.path.split("/")[2]
            self.server.subjects[subject] = body["schema"]
            self.answer(200, {"id": self.server.add(body["schema"])})

        def do_GET(self):
            number = int(self.path.split("/")[-1])
            known = self.server.schemas.get(number)
            self.answer(200 if known else 404, {"schema": known} if known else {"error_code": 40403})

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.schemas, self.subjects, self.down = {}, {}, False
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def add(self, schema):
        for number, known in self.schemas.items():
            if known == schema:
                return number
        self.schemas[100 + len(self.schemas)] = schema
        return 99 + len(self.schemas)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


def framed(number, schema, event):
    out = io.BytesIO()
    out.write(b"\0" + number.to_bytes(4, "big"))
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), event)
    return out.getvalue()


def writers_with_schemas_of_their_own_share_a_topic(context):
    registry = Registry()
    case = Case(context, "registry", format="avro", **{"schema.registry.url": registry.url})
    case.prepare()
    case.start()

    def decimal(scale):
        return {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": scale}

    def schema(*fields):
        return {"type": "record", "name": "Mine", "fields": [{"name": name, "type": kind} for name, kind in fields]}

    start = datetime.datetime(2026, 6, 3, tzinfo=datetime.timezone.utc)
    common = {"usage_account_id": "200000000011", "product_code": "AmazonRDS", "usage_type": "X", "usage_start": start}
    micros = schema(("usage_start", {"type": "long", "logicalType": "timestamp-micros"}), ("event_id", "string"),
                    ("product_code", "string"), ("unknown", {"type": "array", "items": "int"}), ("usage_account_id", "string"),
                    ("usage_type", "string"), ("usage_amount", decimal(2)), ("public_on_demand_rate", ["null", decimal(4)]))
    millis = schema(("event_id", "string"), ("usage_account_id", "string"), ("product_code", "string"),
                    ("usage_start", {"type": "long", "logicalType": "timestamp-millis"}), ("usage_type", ["string", "null"]),
                    ("usage_amount", "int"), ("public_on_demand_rate", decimal(10)))
    wrong = schema(("event_id", "int"))
    numbers = [registry.add(json.dumps(each)) for each in (micros, millis, wrong)]
    topic = "registry.usage"
    case.topics.produce(topic, [
        record(framed(numbers[0], micros, {**common, "event_id": "a", "unknown": [1, 2], "usage_amount": Decimal("1.25"),
                                           "public_on_demand_rate": Decimal("0.5")}), partition=0),
        record(framed(numbers[1], millis, {**common, "event_id": "b", "usage_amount": 2,
                                           "public_on_demand_rate": Decimal("0.5")}), partition=0),
        record(framed(numbers[2], wrong, {"event_id": 7}), partition=0),
        record(b"\0\0\0\1\1" + b"x", partition=0)])
    case.wait_for("two dead letters", lambda: len(case.topic("dead-letters")) == 2, 60)
    assert {letter["headers"]["reason"] for letter in case.topic("dead-letters")} == {"MALFORMED"}
    # While the registry is out, what is known goes on and what is new waits.
    registry.down = True
    later = schema(*[(field["name"], field["type"]) for field in millis["fields"]], ("more", "boolean"))
    number = registry.add(json.dumps(later))
    case.topics.produce(topic, [record(framed(number, later, {**common, "event_id": "c", "usage_amount": 4, "more": True,
                                                               "public_on_demand_rate": Decimal("0.5")}), partition=0)])
    time.sleep(3)
    registry.down = False

    def amount():
        rows = [row for row in case.topic("line-items") if row["value"] and not row["key"].startswith("#")]
        value = fastavro.parse_schema(json.loads(registry.subjects["registry.line-items-value"])) if rows else None
        items = {row["key"]: fastavro.schemaless_reader(io.BytesIO(row["value"][5:]), value) for row in rows}
        return sum(item["usage_amount"] for item in items.values() if item["product_code"] == "AmazonRDS")

    case.wait_for("all three events", lambda: amount() == Decimal("7.25"), 60)
    case.stop()
    assert "registry.bills-value" in registry.subjects
    registry.shutdown()


def expect_what_price_says(context):
    """Of the sample month."""
    context.expected = Expected(context.proforma, context.scratch / "expected")


CASES = [one_worker_equals_price, three_workers_equal_price, three_processes_equal_price, avro_equals_price,
         killed_at_random_moments_equals_price, processes_that_come_and_go_equal_price,
         randomly_keyed_usage_gives_the_same_reports, poisoned_usage_ends_in_dead_letters_that_say_why_and_where,
         state_is_nothing_that_the_topics_do_not_hold, ten_times_as_many_rows_as_fit_into_memory_equal_price,
         late_usage_goes_to_the_next_month_with_its_own_dates,
         a_close_cuts_exactly_at_its_offsets,
         documents_that_change_while_it_runs_equal_a_fresh_run_under_the_last,
         what_cannot_change_while_usage_is_priced_is_refused,
         created_topics_are_there_for_the_next_command, partitions_without_a_place_on_line_items_are_refused,
         dead_letters_of_a_reason_are_sent_again_once, brokers_that_begin_after_it_are_waited_for,
         usage_of_the_future_is_priced_once_its_time_has_come, letters_refused_under_older_rules_are_tried_anew,
         an_id_that_keeps_coming_stays_used_whatever_is_lost,
         a_month_that_is_over_and_quiet_closes_by_itself, the_commands_tell_what_the_topics_hold,
         pages_say_what_the_processor_does, what_has_no_price_is_told, a_torn_transaction_stops_its_task_until_it_is_repaired,
         writers_with_schemas_of_their_own_share_a_topic]


def main():
    parser = case_parser(__doc__)
    parser.add_argument("--generate-month", required=True, type=os.path.abspath)
    parser.add_argument("--rows", type=int, default=400000, help="of the month that does not fit into memory")
    parser.add_argument("--kills", type=int, default=20)
    return run_on_broker(CASES, parser.parse_args(), expect_what_price_says)


if __name__ == "__main__":
    sys.exit(main())
