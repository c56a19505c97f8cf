#!/usr/bin/env python3
"""What changes while usage is priced, as people see it: status and metrics of a sweep, two who apply at once, what another
document would cost, custom line items of a month that is closed, late usage.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "api"))
from api_tools import Server, client, free_of_proxies
from kafka_tools import case_parser, free_ports, record, run_on_broker
from test_month import (BILL_KEY, DATA, DOCUMENTS, USAGE, Case, Expected, change_document, check_bills, check_deltas,
                        content, expect_what_price_says, latest, usage_of)


def document_with(context, name, change):
    """The sample's document, changed, as a file."""
    document = json.loads((DATA / "conductor.json").read_text())
    change(document)
    path = context.scratch / f"{name}.json"
    path.write_text(json.dumps(document))
    return path


def mark_up(percent):
    def change(document):
        for rule in document["PricingRules"]:
            if "ModifierPercentage" in rule:
                rule["ModifierPercentage"] = percent
    return change


def task_lines(case):
    """Of status: the columns of each task by its number."""
    rows = {}
    for line in case.command("status").stdout.splitlines():
        columns = re.match(r" +(\d+)  (\S+) +(\d+) +(\d+) +(\d+) +(-?\d+) +(\d+) +(\d+)  (-|v\d+ \d+%|final \d+%) +(\S+) +(\S+) *$",
                           line)
        if columns:
            rows[int(columns[1])] = columns
    return rows


def status_and_metrics_tell_how_far_a_sweep_is(context):
    port = free_ports(1)[0]
    usage = context.scratch / "swept.csv"
    with open(usage, "wb") as out:
        subprocess.run([context.generate_month, "70000", "csv"], stdout=out, check=True)
    case = Case(context, "swept", **{"partitions.usage": 1, "partitions.tier": 1, "partitions.bill": 1,
                                     "commit.interval": "700ms", "http.listen": f"127.0.0.1:{port}"})
    case.prepare()
    case.command("import", usage)
    case.start()

    def metrics():
        body = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
        return {line.split(" ")[0]: int(line.split(" ")[1]) for line in body.splitlines()
                if line.startswith("proforma_swe")}

    def is_priced():
        return 2 in task_lines(case) and int(task_lines(case)[2][6]) == 0

    case.wait_for("the usage", is_priced)
    assert {row[9] for row in task_lines(case).values()} == {"-"}, task_lines(case)
    assert metrics()["proforma_sweeping_tasks"] == 0 and metrics()["proforma_sweep_version"] == 0, metrics()
    path = document_with(context, "swept", mark_up(31))
    case.command("apply", "--conductor", path, *DOCUMENTS[2:])
    percents, shown = [], []

    def is_swept():
        figures = metrics()
        if figures["proforma_sweeping_tasks"]:
            assert figures["proforma_sweep_version"] == 2, figures
            shown.append(figures["proforma_sweep_rows"])
        row = task_lines(case)[2]
        if row[9] != "-":
            assert row[8] == "1", row[0]
            percents.append(int(re.fullmatch(r"v2 (\d+)%", row[9])[1]))
        return row[8] == "2" and row[9] == "-"

    case.wait_for("the sweep", is_swept)
    assert percents and percents == sorted(percents) and all(percent <= 100 for percent in percents), percents
    assert shown and shown == sorted(shown), shown
    assert metrics()["proforma_sweep_rows"] > 0 and metrics()["proforma_sweeping_tasks"] == 0, metrics()
    log = case.log.read_text()
    assert re.search(r"event=sweep_begins.* version=2 ", log) and re.search(r"event=sweep_ends.* version=2 rows=[1-9]", log), log
    case.command("apply", *DOCUMENTS)
    case.wait_for("another sweep", lambda: task_lines(case)[2][9].startswith("v3"))
    case.kill_all()
    assert task_lines(case)[2][9].startswith("v3"), task_lines(case)[2][0]
    case.start()
    case.wait_for("its end", lambda: task_lines(case)[2][8] == "3" and task_lines(case)[2][9] == "-")
    case.stop()


def conductor(case):
    return [(row["key"], row["value"]) for row in case.topic("conductor")]


def only_one_of_two_who_apply_at_once_is_heard(context):
    case = Case(context, "once")
    case.prepare()
    for percent in (31, 32, 33):
        before = json.loads(next(value for key, value in reversed(conductor(case)) if "/version/" in key))["number"]
        paths = [document_with(context, f"once-{percent}-{hundredths}", mark_up(percent + hundredths / 100))
                 for hundredths in (1, 2, 3)]
        running = [subprocess.Popen([context.proforma, "apply", "--conductor", str(path), *DOCUMENTS[2:], "--expect",
                                     str(before), *case.sets],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for path in paths]
        said = [process.communicate() for process in running]
        codes = [process.returncode for process in running]
        assert sorted(codes) == [0, 1, 1], (codes, said)
        for code, (_, reason) in zip(codes, said):
            assert code == 0 or "look again" in reason, reason
        winner = codes.index(0)
        versions = [json.loads(value) for key, value in conductor(case) if "/version/" in key]
        assert versions[-1]["number"] == before + 1 == len(versions), versions
        exported = json.loads(case.command("export").stdout)
        assert {float(rule["ModifierPercentage"]) for rule in exported["PricingRules"] if "ModifierPercentage" in rule} == \
            {round(percent + (winner + 1) / 100, 2)}, exported["PricingRules"]


def a_document_is_shown_before_it_is_applied_and_only_a_sound_one_is(context):
    case = Case(context, "shown")
    case.prepare()

    def change(document):
        mark_up(7.25)(document)
        document["LinkedAccounts"][1]["BillingGroupArn"] = document["BillingGroups"][1]["Arn"]
        document["BillingGroups"][0]["Size"], document["BillingGroups"][1]["Size"] = 2, 3

    path = document_with(context, "shown", change)
    before = conductor(case)
    shown = case.command("apply", "--conductor", path, *DOCUMENTS[2:], "--dry-run", check=False)
    assert shown.returncode == 4, shown.stderr
    for words in ('ModifierPercentage 7.25 instead of 5.0', 'account 200000000012 moves from billing group "Retail" '
                  '(200000000011) to "Platform" (200000000021)'):
        assert words in shown.stdout, shown.stdout
    assert case.command("apply", *DOCUMENTS, "--dry-run").stdout.startswith("0 added, 0 changed, 0 removed")
    late = case.command("apply", "--conductor", path, *DOCUMENTS[2:], "--expect", "7", check=False)
    assert late.returncode == 1 and "version 1 is in force, expected 7: look again" in late.stderr, late.stderr
    broken = document_with(context, "broken", lambda document: document["PricingRules"][0].pop("Scope"))
    refused = case.command("apply", "--conductor", broken, *DOCUMENTS[2:], check=False)
    assert refused.returncode == 2, refused.stderr
    assert conductor(case) == before
    assert "version 2 is in force" in case.command("apply", "--conductor", path, *DOCUMENTS[2:], "--expect", "1").stdout


def compared(text):
    """{(group, period): (under A, under B)} of what compare prints."""
    return {(columns[-5], columns[-4]): (columns[-3], columns[-2]) for columns in map(str.split, text.splitlines())
            if len(columns) >= 6 and re.fullmatch(r"\d{4}-\d\d", columns[-4])}


TOPICS = ("usage", "conductor", "tiered", "line-items", "subtotals", "bills", "cur", "cur-manifests", "dead-letters")


def another_document_is_compared_with_the_one_in_force_and_nothing_is_touched(context):
    case = Case(context, "compared", workers=2, format="avro")
    case.prepare()
    case.start()
    case.command("import", USAGE)
    path = document_with(context, "compared-a", mark_up(12.34))
    case.command("apply", "--conductor", path, *DOCUMENTS[2:])

    def change(document):
        change_document(document, random.Random(context.seed))

    other = document_with(context, "compared-b", change)
    wanted = subprocess.run([context.proforma, "compare", "--conductor", str(path), "--conductor", str(other), *DOCUMENTS[2:],
                             "--resource-ids", str(USAGE)], check=True, capture_output=True, text=True).stdout

    def topics_and_offsets():
        return ({name: case.topics.watermarks(f"compared.{name}") for name in TOPICS},
                {name: case.topics.offsets("compared", f"compared.{name}") for name in ("usage", "tiered", "subtotals")})

    def is_priced():
        lags = [int(row[6]) for number, row in task_lines(case).items()]
        return len(lags) == 7 and max(lags[2:]) <= 0 and all(row[8] == "2" for row in task_lines(case).values())

    case.wait_for("the usage", is_priced)
    case.command("compare", "--conductor", other, *DOCUMENTS[2:])  # while it runs, too
    case.stop()
    before = topics_and_offsets()
    found = case.command("compare", "--conductor", other, *DOCUMENTS[2:], "--period", "2026-06").stdout
    assert topics_and_offsets() == before
    assert len(compared(wanted)) == 3 and compared(found) == compared(wanted), f"{found}\n{wanted}"
    assert "version 2, in force" in found, found
    none = case.command("compare", "--conductor", other, *DOCUMENTS[2:], "--period", "2026-08", check=False)
    assert none.returncode == 1 and "no usage of 2026-08" in none.stderr, none.stderr


def other_items(document):
    """One changed, one ended, one more; an account that bears only one."""
    items = document["CustomLineItems"]
    items[0]["ChargeDetails"]["Flat"]["ChargeValue"] = 175.25
    gone = items.pop()
    for name in ("CustomLineItemVersions", "ResourcesAssociatedToCustomLineItem"):
        document[name] = [entry for entry in document[name] if entry["Arn"] != gone["Arn"]]
    arn = gone["Arn"].rsplit("/", 1)[0] + "/cliOneMore"
    items.append({"Name": "one-more", "Arn": arn, "Description": "What was forgotten", "CurrencyCode": "USD",
                  "BillingGroupArn": document["BillingGroups"][1]["Arn"], "ComputationRule": "ITEMIZED",
                  "ChargeDetails": {"Type": "CREDIT", "Percentage": {"PercentageValue": 12.5}}})
    document["CustomLineItemVersions"].append({"Arn": arn, "StartBillingPeriod": "2026-06"})
    document["ResourcesAssociatedToCustomLineItem"].append(
        {"Arn": arn, "AssociatedResources": [{"Arn": document["BillingGroups"][1]["Arn"], "Relationship": "CHILD"}]})


def all_items(case):
    return sorted(content(item) for item in latest(case.topic("line-items")).values() if item["status"] != "MARKER")


def check_revision(context, case, out, expected, folder):
    """What `price` would have written with these items from the beginning; the revision aside."""
    check_deltas(case.topic("line-items"))
    assert all_items(case) == expected.line_items
    check_bills(case, expected)
    manifests = {row["key"]: row["value"] and json.loads(row["value"]) for row in case.topic("cur-manifests")}
    manifests = {key: manifest for key, manifest in manifests.items() if manifest}
    assert set(manifests) == set(expected.manifests), set(manifests) ^ set(expected.manifests)
    for group in sorted({key.split("/")[0] for key in manifests}):
        target = context.scratch / f"{folder}-{group}"
        case.command("cur", "--group", group, "--period", "2026-06", "--out", target)
        revision = int(manifests[f"{group}/2026-06/"]["revision"])
        written = {path.relative_to(target): path.read_bytes() for path in target.glob("**/*") if path.is_file()}
        wanted = {path.relative_to(out / "cur"): path.read_bytes() for path in (out / "cur" / group).glob("**/*")
                  if path.is_file()}
        wanted = {name: data.replace(b'"revision":1,', b'"revision":%d,' % revision) for name, data in wanted.items()}
        if revision == 1:  # under the document with which it was closed
            ids = rb'"assemblyId":"[^"]*"|"documentHash":"[^"]*"'
            written, wanted = ({name: re.sub(ids, b"", data) for name, data in files.items()} for files in (written, wanted))
        assert written == wanted, (group, sorted(written), sorted(wanted),
                                   [name for name in wanted if written.get(name) != wanted[name]])
    verified = case.command("verify", "--period", "2026-06", check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    return manifests


def custom_line_items_of_the_month_that_was_closed_last_still_change(context):
    case = Case(context, "revised", workers=2)
    case.prepare()
    case.start()
    case.command("import", USAGE)
    path = document_with(context, "revised", other_items)
    documents = ["--conductor", path, *DOCUMENTS[2:]]
    open_month = case.command("apply", *documents, "--period", "2026-06", check=False)
    assert open_month.returncode == 1 and "2026-06 is not closed" in open_month.stderr, open_month.stderr
    case.close()
    expected = Expected(context.proforma, context.scratch / "expected-revised", documents=list(map(str, documents)))

    def closed():
        shown = case.command("apply", *documents, "--period", "2026-06", "--dry-run", check=False)
        return shown.returncode == 4 and "one-more" in shown.stdout

    case.wait_for("the close", closed)
    before = len(case.topic("cur-manifests"))
    case.command("apply", *documents, "--period", "2026-06")

    def costs():
        return {key: manifest["cost"] for key, manifest in manifests_of(case).items()}

    def manifests_of(case):
        rows = {row["key"]: row["value"] and json.loads(row["value"]) for row in case.topic("cur-manifests")}
        return {key: manifest for key, manifest in rows.items() if manifest}

    def is_revised(wanted):
        return costs() == {key: manifest["cost"] for key, manifest in wanted.manifests.items()}

    case.wait_for("another revision", lambda: is_revised(expected))
    manifests = check_revision(context, case, context.scratch / "expected-revised", expected, "cur-revised")
    whole = {key.split("/")[0]: manifest for key, manifest in manifests.items() if key.endswith("/")}
    assert {group: manifest["revision"] for group, manifest in whole.items()} == \
        {"200000000011": "2", "200000000021": "2", "200000000031": "1"} or \
        {group: int(manifest["revision"]) for group, manifest in whole.items()} == \
        {"200000000011": 2, "200000000021": 2, "200000000031": 1}, whole
    revised = whole["200000000011"]
    assert revised["supersedes"] == "2026-06.1" and revised["snapshot_id"] == "2026-06.2", revised
    assert revised["snapshots"] == ["2026-06.1", "2026-06.items.2"], revised
    assert "supersedes" not in whole["200000000031"], whole["200000000031"]
    assert len(case.topic("cur-manifests")) > before
    # Nothing is told twice: not the same again, and not by a restart without state.
    assert "0 custom" not in case.command("apply", *documents, "--period", "2026-06").stdout
    case.kill_all()
    shutil.rmtree(context.scratch / "state", ignore_errors=True)
    told = len(case.topic("cur-manifests"))
    case.start()
    back = ["--conductor", DATA / "conductor.json", *DOCUMENTS[2:]]
    case.command("apply", *back, "--period", "2026-06")
    case.wait_for("a third revision", lambda: is_revised(context.expected))
    third = manifests_of(case)["200000000011/2026-06/"]
    assert (int(third["revision"]), third["supersedes"]) == (3, "2026-06.2"), third
    assert int(manifests_of(case)["200000000031/2026-06/"]["revision"]) == 1
    assert len(case.topic("cur-manifests")) > told
    chance = random.Random(context.seed)
    for which in (documents, back, documents, back):
        case.command("apply", *which, "--period", "2026-06")
        time.sleep(chance.random() * 0.7)
        case.kill_all()
        case.start()
    case.command("apply", *documents, "--period", "2026-06")
    # An earlier one of these may have been told while line items are already of one that is not: manifests come later.
    case.wait_for("the last revision", lambda: is_revised(expected) and all_items(case) == expected.line_items)
    case.stop()
    check_revision(context, case, context.scratch / "expected-revised", expected, "cur-last")


JULY_RULES = 40


def july(document):
    mark_up(JULY_RULES)(document)
    document["BillingPeriod"] = "2026-07"
    document["LinkedAccounts"][1]["BillingGroupArn"] = document["BillingGroups"][1]["Arn"]
    document["BillingGroups"][0]["Size"], document["BillingGroups"][1]["Size"] = 2, 3
    for version in document["CustomLineItemVersions"]:
        version["EndBillingPeriod"] = "2026-07"


def late_events(context):
    """Of flat and of tiered meters, and of the account that moves."""
    events = [json.loads(line) for line in usage_of(context)]
    chosen = [event for event in events if event["usage_account_id"] == "200000000012"][:40]
    chosen += [event for event in events if event["product_code"] == "AmazonS3"][:40]
    return [{**event, "event_id": f"late-{number}"} for number, event in enumerate(chosen)]


def late_usage_is_billed_under_the_oldest_open_month(context):
    case = Case(context, "later")
    case.prepare()
    case.start()
    case.command("import", USAGE)
    case.close()
    path = document_with(context, "july", july)
    case.wait_for("July's document", lambda: case.command("apply", "--conductor", path, *DOCUMENTS[2:],
                                                          check=False).returncode == 0)
    events = late_events(context)
    case.topics.produce("later.usage", [record(json.dumps(event).encode(), partition=number % 3)
                                        for number, event in enumerate(events)])
    usage = context.scratch / "later.jsonl"
    usage.write_text("".join(json.dumps({**event, "billing_period": "2026-07"}) + "\n" for event in events))
    expected = Expected(context.proforma, context.scratch / "expected-july", usage,
                        ["--conductor", str(path), *DOCUMENTS[2:]], month="2026-07")

    def is_priced():
        return sum(item.get("usage_events", 0) and int(item["usage_events"])
                   for item in latest(case.topic("line-items")).values()
                   if item.get("billing_period") == "2026-07") == len(events)

    case.wait_for("late usage", is_priced)
    june = case.manifests()
    case.command("close", "--period", "2026-07", "--early")
    case.wait_for("July's reports", lambda: len(case.manifests()) == len(june) + len(expected.manifests))
    case.stop()
    items = sorted(content(item) for item in latest(case.topic("line-items")).values()
                   if item["status"] != "MARKER" and item["billing_period"] == "2026-07")
    assert items == expected.line_items, (len(items), len(expected.line_items))
    assert all('"usage_start": "2026-06' in item for item in items)
    assert {key: value for key, value in case.manifests().items() if "/2026-06/" in key} == june
    assert case.topic("dead-letters") == []


def in_month(event, to):
    """June's event, as one of another month."""
    moved = {name: value for name, value in event.items() if name not in ("usage_end", "billing_period")}
    return {**moved, "event_id": f"{to}-{event['event_id']}", "usage_start": event["usage_start"].replace("2026-06-", f"{to}-")}


def items_of(case, month):
    return sorted(content(item) for item in latest(case.topic("line-items")).values()
                  if item["status"] != "MARKER" and item["billing_period"] == month)


def bills_of(case, month):
    return {tuple(bill.get(name, "") for name in BILL_KEY): bill["cost"] for bill in latest(case.topic("bills")).values()
            if bill["billing_period"] == month}


def modifiers(document):
    return sorted((rule["Arn"], str(rule.get("ModifierPercentage"))) for rule in document["PricingRules"])


def each_open_month_has_a_document_of_its_own(context):
    """Versions of both while usage of both comes, with kills; June closes under its own while July's changes once more."""
    case = Case(context, "months", workers=2)
    chance = random.Random(context.seed)
    case.prepare()
    case.start()
    june = [json.loads(line) for line in usage_of(context)]
    july_events = [in_month(event, "2026-07") for event in june]
    events = june + july_events
    chance.shuffle(events)
    first = document_with(context, "months-june", lambda document: (other_items(document), mark_up(12)(document)))
    then = document_with(context, "months-july", july)
    last = document_with(context, "months-july-2", lambda document: (july(document), mark_up(55)(document)))
    versions = [then, DATA / "conductor.json", first, then, first]
    for number, path in enumerate(versions):
        part = len(events) // len(versions) + 1
        case.topics.produce("months.usage", [
            record(json.dumps(event).encode(), partition=int(event["usage_account_id"]) % 3)
            for event in events[number * part:(number + 1) * part]])
        # Without price lists meters have no tiers.
        case.command("apply", "--conductor", path, *(DOCUMENTS[2:] if number > 1 else DOCUMENTS[2:4]))
        time.sleep(chance.random())
        if number % 2:
            case.kill_all()
            case.start()
    shown = case.command("status").stdout
    assert "from 2026-06 on: version" in shown and "from 2026-07 on: version" in shown, shown
    for month, path in (("2026-06", first), ("2026-07", then)):
        found = json.loads(case.command("export", "--period", month).stdout)
        assert found["BillingPeriod"] == month
        assert modifiers(found) == modifiers(json.loads(path.read_text())), (month, found)

    usage = context.scratch / "months-july.jsonl"
    usage.write_text("".join(json.dumps(event) + "\n" for event in july_events))
    expected = [Expected(context.proforma, context.scratch / "expected-months-june",
                         documents=["--conductor", str(first), *DOCUMENTS[2:]]),
                Expected(context.proforma, context.scratch / "expected-months-july", usage,
                         ["--conductor", str(last), *DOCUMENTS[2:]], month="2026-07")]

    def is_read():
        return sum(int(item.get("usage_events") or 0) for item in latest(case.topic("line-items")).values()
                   if not item.get("custom_line_item")) == len(events)

    case.wait_for("all usage", is_read)
    case.command("close", "--period", "2026-06")
    applied = case.command("apply", "--conductor", last, *DOCUMENTS[2:], check=False)
    assert applied.returncode == 0, applied.stderr
    refused = case.command("apply", "--conductor", DATA / "conductor.json", *DOCUMENTS[2:], check=False)
    assert refused.returncode == 1 and "2026-06" in refused.stderr and "closed" in refused.stderr, refused.stderr
    case.wait_for("June's reports", lambda: len(case.manifests()) == len(expected[0].manifests))
    assert items_of(case, "2026-06") == expected[0].line_items
    case.command("close", "--period", "2026-07", "--early")
    case.wait_for("July's reports",
                  lambda: len(case.manifests()) == sum(len(one.manifests) for one in expected))
    for month, one in zip(("2026-06", "2026-07"), expected):
        assert items_of(case, month) == one.line_items, month
        for key, manifest in one.manifests.items():
            found = case.manifests()[key]
            assert Decimal(found["cost"]) == Decimal(manifest["cost"]) and found["checksum"] == manifest["checksum"], key
        bills = bills_of(case, month)
        assert {key: Decimal(cost) for key, cost in bills.items()} == \
            {key: Decimal(bill["cost"]) for key, bill in one.bills.items()}, month
        verified = case.command("verify", "--period", month, check=False)
        assert verified.returncode == 0, verified.stdout + verified.stderr
    case.stop()
    assert case.topic("dead-letters") == []


def late_usage_is_refused_where_it_is_to_be(context):
    case = Case(context, "refused", **{"late.usage": "reject"})
    case.prepare()
    case.start()
    case.command("import", USAGE)
    case.close()
    events = late_events(context)
    case.topics.produce("refused.usage", [record(json.dumps(event).encode(), partition=number % 3)
                                          for number, event in enumerate(events)])
    case.wait_for("dead letters", lambda: len(case.topic("dead-letters")) == len(events))
    for row in case.topic("dead-letters"):
        assert row["headers"]["reason"] == "LATE" and row["headers"]["topic"] == "usage", row["headers"]
    # A refused event has not taken its id: it may be sent again, for a month that is open.
    again = {**events[0], "billing_period": "2026-07"}
    case.topics.produce("refused.usage", [record(json.dumps(again).encode(), partition=0)])
    case.wait_for("one of July", lambda: any(
        item.get("billing_period") == "2026-07" and "custom_line_item" not in item
        for item in latest(case.topic("line-items")).values()))
    case.stop()
    assert len(case.topic("dead-letters")) == len(events)
    late = [item for item in latest(case.topic("line-items")).values()
            if item.get("billing_period") == "2026-07" and "custom_line_item" not in item]
    assert [int(item["usage_events"]) for item in late] == [1], late


def month(offset):
    now = time.gmtime()
    number = now.tm_year * 12 + now.tm_mon - 1 + offset
    return f"{number // 12}-{number % 12 + 1:02d}"


def the_api_changes_custom_line_items_of_the_month_before(context):
    last, this = month(-1), month(0)
    case = Case(context, "before", **{"api.listen": f"127.0.0.1:{free_ports(1)[0]}"})
    path = document_with(context, "before", lambda document: document.update(BillingPeriod=last))
    case.command("topics", "create")
    case.command("apply", "--conductor", path, *DOCUMENTS[2:])
    events = [in_month(event, last) for event in map(json.loads, usage_of(context))
              if event["usage_start"].startswith("2026-06-1")]
    assert len(events) > 100, len(events)
    case.topics.produce("before.usage", [record(json.dumps(event).encode(), partition=number % 3)
                                         for number, event in enumerate(events)])
    case.start()
    case.wait_for("the usage", lambda: latest(case.topic("bills")))
    case.command("close", "--period", last)
    group = "200000000011"
    key = f"{group}/{last}/"

    def manifest():
        rows = [row for row in case.topic("cur-manifests") if row["key"] == key]
        return json.loads(rows[-1]["value"]) if rows else {"revision": 0}

    def charges():
        return {item["description"]: Decimal(item["cost"]) for item in latest(case.topic("line-items")).values()
                if item.get("custom_line_item") and item["billing_period"] == last and item["billing_group"] == group}

    case.wait_for("the close", lambda: int(manifest()["revision"]) == 1 and case.command(
        "apply", "--conductor", path, *DOCUMENTS[2:], "--period", last, "--dry-run", check=False).returncode == 4)
    first, before = Decimal(manifest()["cost"]), charges()
    assert len(before) >= 2, before
    free_of_proxies()
    with Server(context.proforma, case.sets, context.scratch / "serve.log") as server:
        api = client(server.url)
        arn = f"arn:aws:billingconductor::100000000001:billinggroup/{group}"
        created = api.create_custom_line_item(
            Name="forgotten", Description="What was forgotten", BillingGroupArn=arn,
            BillingPeriodRange={"InclusiveStartBillingPeriod": last, "ExclusiveEndBillingPeriod": this},
            ChargeDetails={"Type": "FEE", "Flat": {"ChargeValue": 33.5}})["Arn"]
        case.wait_for("a second revision", lambda: int(manifest()["revision"]) == 2)
        assert charges() == {**before, "What was forgotten": Decimal("33.5")}, charges()
        assert Decimal(manifest()["cost"]) == first + Decimal("33.5"), manifest()
        listed = api.list_custom_line_items(BillingPeriod=last)["CustomLineItems"]
        assert created in [item["Arn"] for item in listed], listed
        api.update_custom_line_item(Arn=created, ChargeDetails={"Flat": {"ChargeValue": 44}},
                                    BillingPeriodRange={"InclusiveStartBillingPeriod": last, "ExclusiveEndBillingPeriod": this})
        case.wait_for("a third", lambda: int(manifest()["revision"]) == 3)
        assert charges() == {**before, "What was forgotten": Decimal(44)}, charges()
        api.create_custom_line_item(Name="of-now", Description="Of this month alone", BillingGroupArn=arn,
                                    ChargeDetails={"Type": "FEE", "Flat": {"ChargeValue": 7}})
        api.delete_custom_line_item(Arn=created, BillingPeriodRange={"InclusiveStartBillingPeriod": last})
        case.wait_for("a fourth", lambda: int(manifest()["revision"]) == 4)
        assert charges() == before and Decimal(manifest()["cost"]) == first, (charges(), manifest())
    case.wait_for("nothing on its way", lambda: case.command("verify", "--period", last, check=False).returncode == 0)
    case.stop()


def the_api_changes_the_running_month_while_the_last_one_is_open(context):
    last, this = month(-1), month(0)
    case = Case(context, "both", **{"api.listen": f"127.0.0.1:{free_ports(1)[0]}"})
    path = document_with(context, "both", lambda document: document.update(BillingPeriod=last))
    case.command("topics", "create")
    case.command("apply", "--conductor", path, *DOCUMENTS[2:])
    events = [json.loads(line) for line in usage_of(context)]
    moved = [in_month(event, which) for which in (last, this) for event in events
             if event["usage_start"] == "2026-06-01T00:00:00Z"]
    assert len(moved) > 6, len(moved)
    case.topics.produce("both.usage", [record(json.dumps(event).encode(), partition=number % 3)
                                       for number, event in enumerate(moved)])
    case.start()

    def usage_cost(which):
        return sum(Decimal(item["cost"]) for item in latest(case.topic("line-items")).values()
                   if item.get("billing_period") == which and not item.get("custom_line_item"))

    def charges(which):
        return sorted(item["description"] for item in latest(case.topic("line-items")).values()
                      if item.get("billing_period") == which and item.get("custom_line_item"))

    case.wait_for("both months", lambda: usage_cost(last) > 0 and usage_cost(this) == usage_cost(last)
                  and sum(int(item.get("usage_events") or 0)
                          for item in latest(case.topic("line-items")).values()) == len(moved))
    before, charged = usage_cost(last), charges(last)
    free_of_proxies()
    with Server(context.proforma, case.sets, context.scratch / "serve-both.log") as server:
        api = client(server.url)
        rule = next(rule for rule in api.list_pricing_rules()["PricingRules"] if rule["Scope"] == "GLOBAL")
        api.update_pricing_rule(Arn=rule["Arn"], ModifierPercentage=91.5)
        case.wait_for("the running month", lambda: usage_cost(this) > before)
        group = api.list_billing_groups()["BillingGroups"][0]["Arn"]
        arn = api.create_custom_line_item(
            Name="both", Description="Of both months", BillingGroupArn=group,
            BillingPeriodRange={"InclusiveStartBillingPeriod": last},
            ChargeDetails={"Type": "FEE", "Flat": {"ChargeValue": 5}})["Arn"]
        case.wait_for("a charge in both", lambda: "Of both months" in charges(last) and "Of both months" in charges(this))
        assert charges(last) == sorted([*charged, "Of both months"]), charges(last)
        assert usage_cost(last) == before
        api.update_pricing_rule(Arn=rule["Arn"], ModifierPercentage=5)
        api.delete_custom_line_item(Arn=arn, BillingPeriodRange={"InclusiveStartBillingPeriod": last})
        case.wait_for("none in either", lambda: charges(last) == charged and "Of both months" not in charges(this))
    case.wait_for("as it was", lambda: usage_cost(this) == before)
    assert usage_cost(last) == before
    for which in (last, this):
        case.wait_for("nothing on its way", lambda: case.command("verify", "--period", which, check=False).returncode == 0)
    case.stop()


CASES = [the_api_changes_the_running_month_while_the_last_one_is_open, each_open_month_has_a_document_of_its_own, the_api_changes_custom_line_items_of_the_month_before, late_usage_is_billed_under_the_oldest_open_month, late_usage_is_refused_where_it_is_to_be, custom_line_items_of_the_month_that_was_closed_last_still_change, another_document_is_compared_with_the_one_in_force_and_nothing_is_touched, status_and_metrics_tell_how_far_a_sweep_is, only_one_of_two_who_apply_at_once_is_heard,
         a_document_is_shown_before_it_is_applied_and_only_a_sound_one_is]


def main():
    parser = case_parser(__doc__)
    parser.add_argument("--generate-month", required=True, type=os.path.abspath)
    return run_on_broker(CASES, parser.parse_args(), expect_what_price_says)


if __name__ == "__main__":
    sys.exit(main())
