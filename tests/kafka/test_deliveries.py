#!/usr/bin/env python3
"""A month that AWS delivers again and again: after each `proforma import` line items and bills on the topics equal `price` of
the newest delivery alone, and its report when the month closes; what did not change costs nothing, what is gone is gone, a
killed import goes on.
"""
import csv
import gzip
import io
import json
import random
import re
import shutil
import subprocess
import sys
import time
import zipfile
from decimal import Decimal

from kafka_tools import case_parser, run_on_broker
from test_month import BILL_KEY, DATA, DOCUMENTS, Case, Expected, check_equals, content, latest

REPORT = DATA / "cur_2026-06_daily.csv"
ID, AMOUNT, PUBLIC, BILLED = ("identity/LineItemId", "lineItem/UsageAmount", "pricing/publicOnDemandCost",
                              "lineItem/UnblendedCost")
DESCRIPTION, END = "lineItem/LineItemDescription", "lineItem/UsageEndDate"
SPLIT_LATER = ("public_cost", "cost", "margin", "margin_percentage")


def delivery(context, name, rows, dress=list):
    """A report's file; AWS gives all rows new ids each time. `dress` makes of its rows what is written."""
    dressed = dress([{**row, ID: f"{name}{number}"} for number, row in enumerate(rows)])
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(dressed[0] if dressed else context.rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(dressed)
    path = context.scratch / f"{name}.csv.gz"
    path.write_bytes(gzip.compress(out.getvalue().encode()))
    return path


def number_of(row, name):
    return Decimal(row[name] or 0)


def bills_of(records):
    """How the cost of a pool is split over its accounts is open until the close; of what was taken back, too."""
    found = {}
    for row in records:
        if row["usage_account_id"] and row["usage_events"] == 0 and not row["line_item_type"].endswith(("Fee", "Credit")):
            continue
        left_out = ("as_of", *(SPLIT_LATER if row["usage_account_id"] else ()))
        found[tuple(row[name] for name in BILL_KEY)] = {
            name: value for name, value in row.items() if value is not None and name not in left_out}
    return found


def flat_items_of(records):
    return sorted(content(row) for row in records if row["status"] != "MARKER" and not row.get("tier"))


def priced(context, path):
    out = context.scratch / f"price-{path.name}"
    if not out.exists():
        subprocess.run([context.proforma, "price", *DOCUMENTS, "--resource-ids", "--out", str(out), str(path)], check=True,
                       capture_output=True)
    return (bills_of(map(json.loads, (out / "bills.jsonl").open())),
            flat_items_of(map(json.loads, (out / "line-items.jsonl").open())))


def found_in(case):
    return bills_of(latest(case.topic("bills")).values()), flat_items_of(latest(case.topic("line-items")).values())


def first_differences(found, expected):
    bills = [(key, found[0].get(key), expected[0].get(key)) for key in sorted({*found[0], *expected[0]})
             if found[0].get(key) != expected[0].get(key)]
    only_found, only_expected = set(found[1]) - set(expected[1]), set(expected[1]) - set(found[1])
    return (f"{len(bills)} bills differ: {bills[:1]}; {len(only_found)} line items are not expected: {sorted(only_found)[:1]}; "
            f"{len(only_expected)} are not there: {sorted(only_expected)[:1]}")


def wait_until_equal(case, path):
    expected = priced(case.context, path)
    try:
        case.wait_for("what the delivery says", lambda: found_in(case) == expected, 60)
    except AssertionError:
        said = case.command("import", "--dry-run", path, check=False)
        raise AssertionError(f"after {path.name}: {first_differences(found_in(case), expected)}; {said.stdout}") from None


def changed(row, rng):
    """A row as a restatement has it: another amount, with costs that follow or not."""
    factor = Decimal(rng.randrange(1, 400)) / 100
    result = dict(row)
    for name in rng.choice(((AMOUNT, PUBLIC, BILLED), (AMOUNT, PUBLIC), (PUBLIC,), (BILLED,), (AMOUNT,))):
        if row[name] and (name != BILLED or number_of(row, name) != 0):
            result[name] = str((number_of(row, name) * factor).quantize(Decimal("1e-10")))
    return result


def described_anew(row, rng):
    """Not a number of it is another one."""
    if rng.random() < 0.5:
        return {**row, DESCRIPTION: rng.choice(("", "! first of all", "~ last of all", row[DESCRIPTION]))}
    return {**row, END: "2026-06-30T23:59:59Z" if row["bill/BillingPeriodStartDate"] else row[END]}


def free(row):
    return {**row, BILLED: "0"}


def verify(case):
    verified = case.command("verify", "--period", "2026-06", check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    for row in latest(case.topic("line-items")).values():
        if row.get("reason") == "TAKEN_BACK":
            assert "TAKEN_BACK" in case.command("explain", row["line_item_id"]).stdout
            break


def usage_count(case):
    return len(case.topic("usage"))


def newer_deliveries_leave_what_the_newest_says(context):
    rng = random.Random(context.seed)
    state = context.scratch / "deliveries-state"
    case = Case(context, "deliveries", workers=2, **{"state.dir": state})
    case.prepare()
    case.start()
    rows = [free(row) if rng.random() < 0.2 and row["lineItem/LineItemType"] == "Usage" else row for row in context.rows]
    first = rows[:400]
    second = [changed(row, rng) if rng.random() < 0.2 else row for row in rows if rng.random() < 0.9]
    third = [row for row in rows if rng.random() < 0.5] + rows[:40]
    fourth = [described_anew(row, rng) if rng.random() < 0.3 else row for row in third]
    deliveries = [("d1", first), ("d2", second), ("d3", third), ("d4", fourth), ("d5", first), ("d6", third), ("d7", second)]
    for name, content in deliveries:
        rng.shuffle(content)
        path = delivery(context, name, content)
        if name != "d1":
            dry = case.command("import", "--dry-run", path, check=False)
            assert dry.returncode == 4 and "differ" in dry.stdout, str(dry)
        before = usage_count(case)
        said = case.command("import", path).stdout
        wait_until_equal(case, path)
        published = usage_count(case) - before
        assert published > 0, said
        verify(case)
        again = delivery(context, f"{name}again", content)
        assert " 0 differ" in case.command("import", again).stdout
        assert case.command("import", "--dry-run", again).returncode == 0
        assert usage_count(case) == before + published, "the same delivery again costs something"
        case.kill_all() if rng.random() < 0.5 else case.stop()
        if rng.random() < 0.5:
            shutil.rmtree(state, ignore_errors=True)
        case.start()
    context.expected = Expected(context.proforma, context.scratch / "closed", path)
    case.close()
    case.stop()
    check_equals(case)
    verify(case)


def a_growing_month_costs_what_it_grows(context):
    case = Case(context, "growing")
    case.prepare()
    case.start()
    rows = sorted(context.rows, key=lambda row: row["lineItem/UsageStartDate"])
    identities = len(rows)
    for part in (200, 400, identities):
        path = delivery(context, f"g{part}", rows[:part])
        before = usage_count(case)
        said = case.command("import", path).stdout
        wait_until_equal(case, path)
        assert usage_count(case) - before <= 268, f"unchanged rows cost something: {said}"
    case.stop()


def a_killed_import_goes_on(context):
    rng = random.Random(context.seed)
    case = Case(context, "killed")
    case.prepare()
    case.start()
    rows = context.rows
    for name, content in (("k1", rows[:500]), ("k2", [changed(row, rng) for row in rows])):
        path = delivery(context, name, content)
        for _ in range(6):
            process = subprocess.Popen([context.proforma, "import", *case.sets, str(path)], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            time.sleep(rng.random() * 0.8)
            process.kill()
            process.wait()
        case.command("import", path)
        wait_until_equal(case, path)
    case.stop()


def a_month_from_standard_input_is_followed_by_its_next_delivery(context):
    case = Case(context, "piped")
    case.prepare()
    case.start()
    case.command("import", DATA / "usage_events_2026-06-10.jsonl")  # something is there before
    own = [dict(row) for row in context.rows]
    for row in own:
        row["bill/PayerAccountId"] = "300000000001"
    first, second = delivery(context, "p1", own[:300]), delivery(context, "p2", own[:310])
    command = [context.proforma, "import", *case.sets, "-"]
    for code in (0, 1):  # the second time it is there
        with gzip.open(first) as file:
            process = subprocess.run(command, input=file.read(), capture_output=True)
        assert process.returncode == code, process
    before = usage_count(case)
    said = case.command("import", second).stdout
    assert " 10 differ: 10 new" in said and usage_count(case) == before + 10, said
    case.stop()


NET, PARENT, OPERATION = "lineItem/NetUnblendedCost", "splitLineItem/ParentResourceId", "lineItem/Operation"


def with_net(row, rng):
    """Some rows have a net cost, others an empty one; a pod's share of an instance is among them."""
    if row["lineItem/LineItemType"] == "Usage" and rng.random() < 0.05:
        return {**row, NET: "null", PARENT: "i-1", OPERATION: "EKSPod-EC2"}
    return {**row, NET: rng.choice(("", row[BILLED] and str(number_of(row, BILLED) * Decimal("0.9")))), PARENT: ""}


def turned(rows):
    return [dict(reversed(row.items())) for row in rows]


def newer_headings(rows):
    """Those of CUR 2.0; tags stay as they are."""
    def name_of(heading):
        heading = heading.replace("SavingsPlanArn", "SavingsPlanARN")
        return re.sub("_+", "_", re.sub("[^a-z0-9]", "_", re.sub("([A-Z])", r"_\1", heading).lower())).strip("_")
    return [{heading if heading.startswith(("resourceTags/", "costCategory/")) else name_of(heading): text
             for heading, text in row.items()} for row in rows]


def in_parts(context, name, rows):
    """A delivery of three files, one of them zipped, and its manifest, as a copy of the bucket has them."""
    folder = context.scratch / name / "report" / "20260601-20260701"
    (folder / name).mkdir(parents=True)
    keys = []
    for number in range(3):
        part = delivery(context, f"{name}-{number}", rows[number::3])
        keys.append(f"/my report//20260601-20260701/{name}/part%20{number}.csv.{'zip' if number == 1 else 'gz'}")
        copy = folder / name / keys[-1].rsplit("/", 1)[1].replace("%20", " ")
        if number == 1:
            with zipfile.ZipFile(copy, "w") as archive:
                archive.writestr("part.csv", gzip.decompress(part.read_bytes()))
        else:
            shutil.copy(part, copy)
    manifest = folder / "report-Manifest.json"
    manifest.write_text(json.dumps({"assemblyId": name, "bucket": "b", "reportKeys": keys}, indent=4))
    return manifest


def a_delivery_may_come_in_other_clothes(context):
    """In parts under a manifest, with net costs and shares of instances, with its columns turned, under the newer headings."""
    rng = random.Random(context.seed)
    case = Case(context, "clothes")
    case.prepare()
    case.start()
    rows = [with_net(row, rng) for row in context.rows]
    later = [with_net(changed(row, rng), rng) if rng.random() < 0.1 else row for row in rows if rng.random() < 0.95]
    for path in (delivery(context, "c1", context.rows), in_parts(context, "c2", rows), delivery(context, "c3", later, turned)):
        case.command("import", path)
        wait_until_equal(case, path)
        verify(case)
    again = delivery(context, "c4", later, newer_headings)
    said = case.command("import", again).stdout
    assert " 0 differ" in said, said
    case.stop()


def what_is_no_report_is_imported_once(context):
    case = Case(context, "once")
    case.prepare()
    events = context.scratch / "events.jsonl"
    events.write_text((DATA / "usage_events_2026-06-10.jsonl").read_text())
    case.command("import", events)
    refused = case.command("import", events, check=False)
    assert refused.returncode == 1 and "--again" in refused.stderr, refused
    assert case.command("import", "--again", events).returncode == 0
    two = [delivery(context, f"two{number}", context.rows[:50]) for number in range(2)]
    mixed = case.command("import", *two, check=False)
    assert mixed.returncode == 1 and "two deliveries" in mixed.stderr, mixed


CASES = [newer_deliveries_leave_what_the_newest_says, a_growing_month_costs_what_it_grows, a_killed_import_goes_on,
         a_delivery_may_come_in_other_clothes, a_month_from_standard_input_is_followed_by_its_next_delivery, what_is_no_report_is_imported_once]


def read_report(context):
    context.rows = list(csv.DictReader(REPORT.open(newline="")))


def main():
    return run_on_broker(CASES, case_parser(__doc__).parse_args(), read_report)


if __name__ == "__main__":
    sys.exit(main())
