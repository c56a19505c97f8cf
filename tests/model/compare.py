#!/usr/bin/env python3
"""Compares `proforma price` with the reference model on random worlds, to the last digit, and checks laws.

    python3 tests/model/compare.py --proforma build/processor/proforma --seeds 200
    python3 tests/model/compare.py --proforma build/processor/proforma --seed 17 --shrink --keep /tmp/world

A failure prints its seed and the first difference. `--shrink` then drops usage for as long as the world still
differs from the model, and `--keep` leaves its input and output there, with the command that ran.
"""
import argparse
import csv
import gzip
import io
import json
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import reference
from generate import generate

TIMEOUT_SECONDS = 120
DECIMAL = re.compile(r"(0|-?(0\.\d*[1-9]|[1-9]\d*(\.\d*[1-9])?))\Z")
LINE_ITEM_ID = re.compile(r"[a-z2-7]{26}\Z")
DECIMAL_MEMBERS = ("usage_amount", "public_on_demand_rate", "public_on_demand_cost", "public_rate", "public_cost",
                   "rate", "cost", "cost_delta", "billable_cost", "reservation_effective_cost",
                   "savings_plan_effective_cost", "savings_plan_rate", "normalization_factor", "modifier", "tax",
                   "margin", "margin_percentage")
CUSTOM_TYPES = ("Fee", "Credit", "Proforma_Fee", "Proforma_Credit")
PROVISIONAL = ("revision", "as_of")


class Difference(Exception):
    """The first thing that is not as it should be."""


def expect_equal(what, expected, found):
    if expected != found:
        raise Difference(f"{what}\n    expected {show(expected)}\n    found    {show(found)}")


def show(value):
    if isinstance(value, Fraction):
        return reference.decimal_text(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {show(member)}" for name, member in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "(" + ", ".join(show(member) for member in value) + ")"
    return str(value)


# --- usage files ------------------------------------------------------------------------------------------------

CUR2_HEADINGS = {
    "bill_payer_account_id": "payer_account_id", "line_item_usage_account_id": "usage_account_id",
    "bill_billing_period_start_date": "billing_period", "bill_billing_entity": "billing_entity",
    "line_item_line_item_type": "line_item_type", "line_item_product_code": "product_code",
    "product_servicecode": "service_code", "line_item_usage_type": "usage_type",
    "line_item_operation": "operation", "product_sku": "sku", "product_region_code": "region",
    "line_item_availability_zone": "availability_zone", "line_item_resource_id": "resource_id",
    "line_item_usage_start_date": "usage_start", "line_item_usage_end_date": "usage_end",
    "line_item_usage_amount": "usage_amount", "pricing_unit": "unit", "line_item_currency_code": "currency",
    "pricing_public_on_demand_rate": "public_on_demand_rate",
    "pricing_public_on_demand_cost": "public_on_demand_cost", "line_item_unblended_cost": "unblended_cost",
    "line_item_net_unblended_cost": "net_unblended_cost",
    "reservation_reservation_a_r_n": "reservation_arn", "reservation_effective_cost": "reservation_effective_cost",
    "savings_plan_savings_plan_a_r_n": "savings_plan_arn", "savings_plan_savings_plan_rate": "savings_plan_rate",
    "savings_plan_savings_plan_effective_cost": "savings_plan_effective_cost",
    "line_item_normalization_factor": "normalization_factor", "line_item_line_item_description": "description",
}


LEGACY_ALWAYS = ("identity/LineItemId", "identity/TimeInterval", "lineItem/UsageAccountId", "lineItem/ProductCode",
                 "lineItem/UsageStartDate", "lineItem/UsageAmount", "lineItem/UsageType", "lineItem/LineItemType")


def jsonl_text(usage, rng):
    """Absent members are left out, null or empty, which mean the same; unknown members are ignored."""
    lines = []
    for event in usage:
        event = reference.of_parent(event)
        if isinstance(event, dict):
            event = dict(event, **rng.choice(({}, {"source": "test"})))
            for name in reference.TEXT_FIELDS + ("usage_amount", "unblended_cost"):
                if name not in event and rng.random() < 0.1:
                    event[name] = rng.choice((None, ""))
        lines.append(event if isinstance(event, str) else json.dumps(event, ensure_ascii=rng.random() < 0.5))
    return "".join(line + "\n" for line in lines)


def csv_text(headings, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows([row.get(heading, "") for heading in headings] for row in rows)
    return out.getvalue()


def column_of(event, name):
    """A report names the month by its first moment."""
    return event[name] + "-01T00:00:00Z" if name == "billing_period" else event[name]


def split_id(event):
    return event["event_id"].split("/", 1)


def legacy_csv_text(usage, rng):
    """A legacy CUR; its columns drift: what no row has has no column, and the ARN is spelt in two ways."""
    dropped = rng.choice(("savingsPlan/SavingsPlanArn", "savingsPlan/SavingsPlanARN"))
    names = {heading: name for heading, name in reference.LEGACY_HEADINGS.items() if heading != dropped}
    rows = []
    for event in usage:
        row = {heading: column_of(event, name) for heading, name in names.items() if name in event}
        row["identity/LineItemId"], row["identity/TimeInterval"] = split_id(event)
        row.update({"splitLineItem/ParentResourceId": event[reference.PARENT]} if reference.PARENT in event else {})
        row.update({"resourceTags/" + key: value for key, value in event.get("tags", {}).items()})
        rows.append(row)
    drifting = sorted({heading for row in rows for heading in row} - set(LEGACY_ALWAYS))
    rng.shuffle(drifting)
    return csv_text([*LEGACY_ALWAYS, *drifting, "product/ProductName"], rows)


def cur2_csv_text(usage, _rng):
    """A CUR 2.0: fixed columns, tags as a JSON object. Net costs are there for accounts with discounts only."""
    rows = []
    for event in usage:
        row = {heading: column_of(event, name) for heading, name in CUR2_HEADINGS.items() if name in event}
        row["identity_line_item_id"], row["identity_time_interval"] = split_id(event)
        row["split_line_item_parent_resource_id"] = event.get(reference.PARENT, "")
        row["resource_tags"] = json.dumps(event["tags"]) if event.get("tags") else ""
        rows.append(row)
    net = "line_item_net_unblended_cost"
    headings = [heading for heading in CUR2_HEADINGS if heading != net or any(net in row for row in rows)]
    return csv_text(["identity_line_item_id", "identity_time_interval", *headings, "resource_tags",
                     "split_line_item_parent_resource_id"], rows)


WRITERS = (("jsonl", jsonl_text), ("csv", legacy_csv_text), ("csv", cur2_csv_text))


def write_usage(folder, usage, rng):
    """The usage in order, cut into one to four files of random formats, some of them compressed; reports are chunks of one
    delivery, as the name of their folder says, else several of one month would be refused."""
    assembly = folder / "5eed5eed-0000-4000-8000-000000000000"
    assembly.mkdir()
    cuts = sorted(rng.randrange(len(usage) + 1) for _ in range(rng.randrange(4)))
    paths = []
    for number, (start, end) in enumerate(zip([0] + cuts, cuts + [len(usage)])):
        part = usage[start:end]
        readable = all(isinstance(event, dict) for event in part)
        extension, writer = rng.choice(WRITERS) if readable else WRITERS[0]
        data = writer(part, rng).encode("utf-8")
        compressed = rng.random() < 0.4
        path = (assembly if extension == "csv" else folder) / f"usage{number}.{extension}{'.gz' if compressed else ''}"
        path.write_bytes(gzip.compress(data) if compressed else data)
        paths.append(path)
    return paths


# --- running ----------------------------------------------------------------------------------------------------

@dataclass
class Output:
    """What a run wrote."""
    folder: Path
    line_items: list
    bills: list
    summary: dict
    dead_letters: list


def read_jsonl(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def command_for(proforma, folder, world, usage_paths):
    (folder / "conductor.json").write_text(json.dumps(world.document, indent=1))
    command = [str(proforma), "price", "--conductor", str(folder / "conductor.json")]
    for offer in world.offers:
        path = folder / f"{offer['offerCode']}.json"
        path.write_text(json.dumps(offer, indent=1))
        command += ["--price-list", str(path)]
    command += ["--granularity", world.granularity, "--close", world.close, "--out", str(folder / "out")]
    return command + (["--resource-ids"] if world.resource_ids else []) + [str(path) for path in usage_paths]


def run(proforma, folder, world, salt):
    """One `proforma price` of a world; file formats follow from the seed and the salt."""
    folder.mkdir(parents=True)
    paths = write_usage(folder, world.usage, random.Random(f"{world.seed} {salt}"))
    command = command_for(proforma, folder, world, paths)
    (folder / "command").write_text(shlex.join(command) + "\n")
    process = subprocess.run(command, capture_output=True, timeout=TIMEOUT_SECONDS)
    if process.returncode != 0:
        raise Difference(f"exit code {process.returncode}: {process.stderr.decode(errors='replace').strip()[-600:]}")
    out = folder / "out"
    items = [item for item in read_jsonl(out / "line-items.jsonl") if item.get("status") != "MARKER"]
    return Output(out, items, read_jsonl(out / "bills.jsonl"), json.loads((out / "summary.json").read_text()),
                  read_jsonl(out / "dead-letters.jsonl"))


# --- line items -------------------------------------------------------------------------------------------------

def number(record, name):
    value = record.get(name)
    return None if value in (None, "") else Fraction(str(value))


def amount(record, name):
    """A sum that may be left out where it is nothing."""
    return number(record, name) or Fraction(0)


def text(record, name):
    return record.get(name) or ""


def time_of(record, name):
    return reference.parse_time(record[name]) if record.get(name) else None


IDENTITY_TEXTS = ("payer_account_id", "usage_account_id", "billing_entity", "line_item_type", "product_code",
                  "service_code", "usage_type", "operation", "sku", "region", "availability_zone", "resource_id", "unit",
                  "reservation_arn", "savings_plan_arn")
IDENTITY_NUMBERS = ("public_on_demand_rate", "savings_plan_rate", "normalization_factor")


def identity_of_record(record, currency):
    """Facts and tier. Which own costs a row carries is no member of the record: rows that differ in it only are
    compared as a list."""
    return (time_of(record, "usage_start"), *(text(record, name) for name in IDENTITY_TEXTS),
            *(number(record, name) for name in IDENTITY_NUMBERS), text(record, "currency") or currency,
            tuple(sorted((record.get("tags") or {}).items())), record.get("tier"))


def identity_of_item(item, currency):
    row = item.row
    numbers = (getattr(row.identity, name) for name in IDENTITY_NUMBERS)
    return (row.bucket, *(getattr(row, name) for name in IDENTITY_TEXTS),
            *(value[0] if value else None for value in numbers), row.currency or currency, row.tags, item.tier)


def name_identity(identity):
    """The members that say something, for a reader."""
    names = ("usage_start", *IDENTITY_TEXTS, *IDENTITY_NUMBERS, "currency", "tags", "tier")
    return show({name: value for name, value in zip(names, identity) if value not in ("", None, ())})


def facts_of_record(record):
    status, reason = record["status"], record.get("reason")
    facts = {
        "status": status, "reason": reason,
        "billing_group": text(record, "billing_group"), "billing_period": record.get("billing_period"),
        "usage_end": time_of(record, "usage_end"),
        "usage_amount": amount(record, "usage_amount"), "usage_events": record.get("usage_events") or 0,
        "cost": amount(record, "cost"), "public_cost": amount(record, "public_cost"),
        "billable_cost": Fraction(0) if reason == "CURRENCY" else amount(record, "billable_cost"),
        "reservation_effective_cost": amount(record, "reservation_effective_cost"),
        "savings_plan_effective_cost": amount(record, "savings_plan_effective_cost"),
        "description": text(record, "description")}
    if status == "CHARGED":
        facts.update(base=record.get("base"), rate=number(record, "rate"), pricing_plan=record.get("pricing_plan"),
                     pricing_rule=text(record, "pricing_rule"), modifier=amount(record, "modifier"))
    return facts


def facts_of_item(item):
    verdict, row = item.verdict, item.row
    facts = {
        "status": verdict.status, "reason": verdict.reason, "billing_group": verdict.group,
        "billing_period": row.period, "usage_end": row.usage_end,
        "usage_amount": item.usage_amount, "usage_events": item.usage_events,
        "cost": item.cost, "public_cost": item.public_cost,
        "billable_cost": Fraction(0) if verdict.reason == "CURRENCY" else item.billable_cost,
        "reservation_effective_cost": item.reservation_effective_cost,
        "savings_plan_effective_cost": item.savings_plan_effective_cost, "description": row.description}
    if item.charged():
        facts.update(base=verdict.base, rate=item.rate, pricing_plan=verdict.plan,
                     pricing_rule=verdict.rule.id if verdict.rule else "", modifier=verdict.modifier)
    return facts


def gather(pairs):
    """Facts by identity; those of one identity in an order of their own."""
    gathered = defaultdict(list)
    for identity, facts in pairs:
        gathered[identity].append(facts)
    return {identity: sorted(facts, key=repr) for identity, facts in gathered.items()}


def compare_line_items(result, output):
    currency = result.document.currency
    usage = [record for record in output.line_items if not record.get("custom_line_item")]
    expected = gather((identity_of_item(item, currency), facts_of_item(item)) for item in result.line_items)
    found = gather((identity_of_record(record, currency), facts_of_record(record)) for record in usage)
    for identity, facts in expected.items():
        compare_facts(f"line item {name_identity(identity)}", facts, found.get(identity, []))
    for identity in found.keys() - expected.keys():
        raise Difference(f"unexpected line item {name_identity(identity)}: {show(found[identity])}")


def compare_facts(what, expected, found):
    """Names only the members that differ, where the lists are as long."""
    if len(expected) == len(found):
        for wanted, got in zip(expected, found):
            names = [name for name in wanted if wanted[name] != got.get(name)]
            expect_equal(what, {name: wanted[name] for name in names}, {name: got.get(name) for name in names})
    expect_equal(what, expected, found)


def compare_custom_items(result, output):
    """By bill row and item: an itemized one may have several rows of one key."""
    expected, found = defaultdict(Fraction), defaultdict(Fraction)
    for charge in result.charges:
        expected[charge[:-1]] += charge.cost
    for record in output.line_items:
        if record.get("custom_line_item"):
            key = tuple(record.get(name) for name in ("billing_group", "billing_period", "usage_account_id",
                        "product_code", "line_item_type", "custom_line_item", "base", "status"))
            found[key] += amount(record, "cost")
    expect_same_sums("custom line item", expected, found)


def expect_same_sums(what, expected, found):
    for key in sorted(expected.keys() | found.keys(), key=show):
        expect_equal(f"{what} {show(key)}", expected.get(key, Fraction(0)), found.get(key, Fraction(0)))


# --- bills, summary, dead letters -------------------------------------------------------------------------------

def is_empty_bill(bill):
    return not any(bill[name] for name in reference.BILL_SUMS)


def bill_of_record(record):
    bill = {name: amount(record, name) for name in ("public_cost", "cost", "billable_cost", "tax", "margin")}
    return {"usage_events": record["usage_events"], **bill, "margin_percentage": number(record, "margin_percentage")}


def bill_key(record):
    return tuple(text(record, name) for name in reference.BILL_KEY)


def compare_bills(result, output):
    """Rows that say nothing at all may be there or not."""
    found = {}
    for record in output.bills:
        expect_equal(f"rows of bill {bill_key(record)}", False, bill_key(record) in found)
        expect_equal(f"currency of bill {bill_key(record)}", result.document.currency, record.get("currency"))
        found[bill_key(record)] = bill_of_record(record)
    for key, bill in result.bills.items():
        if key not in found and not is_empty_bill(bill):
            raise Difference(f"no bill {key}: {show(bill)}")
        if key in found:
            compare_facts(f"bill {key}", [bill], [found[key]])
    for key in found.keys() - result.bills.keys():
        if not is_empty_bill(found[key]):
            raise Difference(f"unexpected bill {key}: {show(found[key])}")


def compare_summary(result, output):
    for name in reference.COUNTERS:
        expect_equal(f"summary {name}", result.summary[name], output.summary.get(name))
    unpriced = reference.UNPRICED_CHARGES
    expect_equal(f"summary {unpriced}", result.summary[unpriced], output.summary.get(unpriced, 0))
    fates = ("priced", "duplicate", "dead", "left_out", "unmonitored", "unpriced")
    counted = sum(output.summary[name] for name in fates)
    expect_equal("events in all counters", output.summary["events_in"], counted)
    for group in output.summary.get("groups", []):
        key = (text(group, "billing_group"), text(group, "billing_period"), "", "", "")
        if "cost" in group and key in result.bills:
            expect_equal(f"summary of group {key[:2]}", result.bills[key]["cost"], amount(group, "cost"))


def compare_dead_letters(result, output):
    found = sorted(letter["reason"] for letter in output.dead_letters)
    expect_equal("dead letters", sorted(result.dead_reasons), found)
    for letter in output.dead_letters:
        complete = bool(letter.get("source")) and ("line" in letter or "offset" in letter) and "detail" in letter
        expect_equal(f"source, line and detail of {letter}", True, complete)


# --- CUR --------------------------------------------------------------------------------------------------------

@dataclass
class Report:
    """A CUR as read back: its rows by heading and its manifest."""
    rows: list
    manifest: dict


def period_folder(period):
    return f"{period.replace('-', '')}01-{reference.next_period(period).replace('-', '')}01"


def read_report(folder, name, period):
    base = folder / period_folder(period)
    with gzip.open(base / f"{name}-00001.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return Report(rows, json.loads((base / f"{name}-Manifest.json").read_text()))


def cur_amount(row, heading):
    return Fraction(row.get(heading) or 0)


def cur_start(row):
    moment = row.get("lineItem/UsageStartDate")
    return reference.parse_time(moment).strftime(reference.CUR_TIME) if moment else ""


def cur_key(row):
    names = ("lineItem/UsageAccountId", "lineItem/LineItemType", "lineItem/ProductCode", "lineItem/UsageType",
             "lineItem/Operation", "lineItem/ResourceId")
    return reference.CurKey(*(row.get(name) or "" for name in names), cur_start(row))


def total_cost(report):
    return sum((cur_amount(row, "lineItem/UnblendedCost") for row in report.rows), Fraction(0))


def manifest_cost(manifest):
    """The manifest's total, whether it is given as such or per account and service."""
    totals = manifest.get("totals")
    if isinstance(totals, dict):
        return Fraction(str(totals["cost"]))
    return sum((Fraction(str(total["cost"])) for total in totals), Fraction(0))


def compare_report(what, expected_rows, report):
    """Costs by account, service and type with the custom items; amounts and costs of usage by what a row shows."""
    expected, found = defaultdict(Fraction), defaultdict(Fraction)
    for key, (_, cost, _) in expected_rows.items():
        expected[key[:3]] += cost
    for row in report.rows:
        found[cur_key(row)[:3]] += cur_amount(row, "lineItem/UnblendedCost")
    expect_same_sums(f"CUR cost of {what}", expected, found)
    expect_same_usage(what, expected_usage(expected_rows), found_usage(report))
    compare_public_cost(what, expected_rows, report)
    expect_equal(f"manifest rows of {what}", len(report.rows), report.manifest["rows"])
    expect_equal(f"manifest total of {what}", total_cost(report), manifest_cost(report.manifest))


def expected_usage(rows):
    return {key: values[:2] for key, values in rows.items() if key.line_item_type not in CUSTOM_TYPES}


def found_usage(report):
    usage = defaultdict(lambda: [Fraction(0), Fraction(0)])
    for row in report.rows:
        key = cur_key(row)
        if key.line_item_type not in CUSTOM_TYPES:
            values = (cur_amount(row, "lineItem/UsageAmount"), cur_amount(row, "lineItem/UnblendedCost"))
            reference.add_to(usage, key, values)
    return usage


def expect_same_usage(what, expected, found):
    for key in sorted(expected.keys() | found.keys()):
        expect_equal(f"CUR amount and cost of {what}, {show(key)}", expected.get(key), found.get(key))


def compare_public_cost(what, expected_rows, report):
    expected = sum((values[2] for values in expected_rows.values()), Fraction(0))
    found = sum((cur_amount(row, "pricing/publicOnDemandCost") for row in report.rows), Fraction(0))
    expect_equal(f"CUR public cost of {what}", expected, found)


def compare_cur(result, world, output):
    """Each group's report, and each of its accounts' reports, which together are the group's."""
    for group, rows in result.cur.items():
        if any(cost or key.line_item_type not in CUSTOM_TYPES for key, (_, cost, _) in rows.items()):
            folder = output.folder / "cur" / group
            compare_report(f"group {group}", rows, read_report(folder, group, world.close))
            by_account = defaultdict(dict)
            for key, values in rows.items():
                by_account[key.account][key] = values
            for account, own_rows in by_account.items():
                if any(values[1] or key.line_item_type not in CUSTOM_TYPES for key, values in own_rows.items()):
                    report = read_report(folder / "accounts" / account, account, world.close)
                    compare_report(f"account {account}", own_rows, report)


# --- laws -------------------------------------------------------------------------------------------------------

def check_decimals(records):
    for record in records:
        for name in DECIMAL_MEMBERS:
            value = record.get(name)
            if value is not None and not (isinstance(value, str) and DECIMAL.match(value)):
                raise Difference(f"{name} is no plain decimal text: {value!r}")


def check_line_item_ids(output):
    ids = [record["line_item_id"] for record in output.line_items]
    expect_equal("ids of more than one line item", [], [name for name, count in Counter(ids).items() if count > 1])
    expect_equal("malformed ids", [], [name for name in ids if not LINE_ITEM_ID.match(name)])


def check_deltas(output):
    for record in output.line_items:
        expect_equal(f"cost_delta of {record['line_item_id']}", amount(record, "cost"), amount(record, "cost_delta"))


def level_of(bill):
    if bill["usage_account_id"]:
        return "accounts"
    return "services" if bill["product_code"] else "total"


def check_sums(world, output):
    """Every way to add up a group's period gives the same number."""
    sums = defaultdict(lambda: defaultdict(Fraction))
    for record in output.line_items:
        if record["status"] == "CHARGED":
            sums[(text(record, "billing_group"), record["billing_period"])]["line items"] += amount(record, "cost")
    for bill in output.bills:
        sums[(bill["billing_group"], bill["billing_period"])][level_of(bill)] += amount(bill, "cost")
    for (group, period), ways in sums.items():
        if period == world.close and ways["total"]:
            report = read_report(output.folder / "cur" / group, group, period)
            ways["CUR"], ways["manifest"] = total_cost(report), manifest_cost(report.manifest)
        for way in ("line items", "accounts", "services", *ways):
            expect_equal(f"{way} of {group} in {period} against its total", ways["total"], ways[way])


def check_output_laws(world, output):
    check_decimals(output.line_items + output.bills)
    check_line_item_ids(output)
    check_deltas(output)
    check_sums(world, output)


def lasting(records):
    """Records as sorted text, without what may differ between two runs over the same usage."""
    kept = ({name: value for name, value in record.items() if name not in PROVISIONAL} for record in records)
    return sorted(json.dumps(record, sort_keys=True) for record in kept)


def cur_bytes(output):
    return {str(path.relative_to(output.folder)): path.read_bytes() for path in output.folder.glob("cur/**/*.csv.gz")}


def event_key(event):
    return (event.get("usage_account_id"), event.get("event_id")) if isinstance(event, dict) else event


def permuted(usage, rng):
    """Any order, except that records that share an id keep theirs: the first of them is the one that counts."""
    queues = defaultdict(list)
    for event in usage:
        queues[event_key(event)].append(event)
    keys = [event_key(event) for event in usage]
    rng.shuffle(keys)
    return [queues[key].pop(0) for key in keys]


def check_permutation(proforma, folder, world, output):
    usage = permuted(world.usage, random.Random(world.seed))
    other = run(proforma, folder, replace(world, usage=usage), "permuted")
    expect_equal("files of the CUR after permuting the usage", sorted(cur_bytes(output)), sorted(cur_bytes(other)))
    changed = [name for name, data in cur_bytes(output).items() if cur_bytes(other)[name] != data]
    expect_equal("CUR files that changed after permuting the usage", [], changed)
    for what in ("line_items", "bills"):
        ours, theirs = (Counter(lasting(getattr(each, what))) for each in (output, other))
        expect_equal(f"{what} after permuting the usage", sorted(ours - theirs)[:1], sorted(theirs - ours)[:1])


def halves(event):
    """Two events that add up to one; everything but id, amounts and costs is the same."""
    first, second = dict(event), dict(event)
    name, interval = split_id(event)
    first["event_id"], second["event_id"] = f"{name}a/{interval}", f"{name}b/{interval}"
    for member in reference.SUMMED:
        if event.get(member):
            value = Fraction(event[member])
            half = reference.round_half_even(value / 2, reference.NUMBER_SCALES[member])
            first[member], second[member] = reference.decimal_text(half), reference.decimal_text(value - half)
    return [first, second]


def can_be_halved(event, counts):
    try:
        whole = reference.decode(event)
        parts = [reference.decode(half) for half in halves(event)]
        return counts[event_key(event)] == 1 and not whole.excess and all(
            reference.billed_at_nothing(half) == reference.billed_at_nothing(whole) for half in parts)
    except reference.Dead:
        return False


def amounts_and_costs(output):
    """Per line item and bill row, what splitting an event must leave as it is."""
    names = ("usage_amount", "cost", "public_cost", "billable_cost")
    items = {record["line_item_id"]: [amount(record, name) for name in names] for record in output.line_items}
    return items, {bill_key(bill): [amount(bill, name) for name in names[1:]] for bill in output.bills}


def check_split(proforma, folder, world, output):
    counts = Counter(event_key(event) for event in world.usage)
    candidates = [event for event in world.usage if can_be_halved(event, counts)]
    if not candidates:
        return
    chosen = random.Random(world.seed).choice(candidates)
    usage = [part for event in world.usage for part in (halves(event) if event is chosen else [event])]
    other = run(proforma, folder, replace(world, usage=usage), "split")
    for what, ours, theirs in zip(("line items", "bills"), amounts_and_costs(output), amounts_and_costs(other)):
        changed = sorted(key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key))[:1]
        expect_equal(f"{what} {changed} after halving {chosen['event_id']}", [ours.get(key) for key in changed],
                     [theirs.get(key) for key in changed])


TOTALS = ("cost", "public_cost", "billable_cost", "tax")


def group_totals(output):
    return {bill_key(bill)[:2]: {name: amount(bill, name) for name in TOTALS}
            for bill in output.bills if level_of(bill) == "total"}


def has_too_large(result):
    return any(item.verdict.reason == "TOO_LARGE" for item in result.line_items)


def pools_mix_entries(result):
    """Own tiers may pool meters of several entries; which of them lie where then depends on the granularity, and so
    does what their published prices add up to."""
    entries = defaultdict(set)
    for item in result.line_items:
        if item.verdict.base == "CUSTOM_TIERS":
            entries[item.verdict.pool].add(tuple(item.verdict.public_tiers or ()))
    return any(len(tiers) > 1 for tiers in entries.values())


def rounding_slack(result, group):
    """An itemized percentage is rounded row by row, and how a pool falls on accounts depends on the granularity: each
    of its rows may differ by one in the 24th decimal."""
    itemized = {item.id for item in result.document.custom_items if item.itemized}
    rows = [charge for charge in result.charges if charge[:2] == group and charge.item in itemized]
    return Fraction(len(rows), 10**reference.COST_SCALE)


def expect_same_totals(what, result, ours, theirs):
    for group in sorted(ours.keys() | theirs.keys()):
        expected, found = (totals.get(group, dict.fromkeys(TOTALS, Fraction(0))) for totals in (ours, theirs))
        if abs(expected["cost"] - found["cost"]) <= rounding_slack(result, group):
            found = {**found, "cost": expected["cost"]}
        if pools_mix_entries(result):
            found = {**found, "public_cost": expected["public_cost"]}
        expect_equal(f"{what} of {show(group)}", expected, found)


def check_granularity(proforma, folder, world, result, output):
    """Another granularity is as right by itself, and gives the same totals unless a row grew too large."""
    others = [name for name in ("hourly", "daily", "monthly") if name != world.granularity]
    other_world = replace(world, granularity=random.Random(world.seed).choice(others))
    other_result, other = price(other_world), run(proforma, folder, other_world, other_world.granularity)
    compare_with_model(other_result, other_world, other)
    if not has_too_large(result) and not has_too_large(other_result):
        what = f"totals, {world.granularity} and {other_world.granularity},"
        expect_same_totals(what, result, group_totals(output), group_totals(other))


# --- a seed -----------------------------------------------------------------------------------------------------

def price(world):
    return reference.price(world.document, world.offers, world.usage, world.granularity, world.resource_ids,
                           world.close)


def compare_with_model(result, world, output):
    compare_summary(result, output)
    compare_dead_letters(result, output)
    compare_line_items(result, output)
    compare_custom_items(result, output)
    compare_bills(result, output)
    compare_cur(result, world, output)


def check_world(proforma, folder, world):
    result = price(world)
    output = run(proforma, folder / "run", world, "run")
    compare_with_model(result, world, output)
    check_output_laws(world, output)
    check_permutation(proforma, folder / "permuted", world, output)
    check_split(proforma, folder / "split", world, output)
    check_granularity(proforma, folder / "granularity", world, result, output)


def difference_of(proforma, world, keep=None):
    """The first difference as text, or None. Anything unexpected in the output is a difference too."""
    with tempfile.TemporaryDirectory(prefix="proforma-compare-") as scratch:
        folder = Path(scratch) / "world"
        try:
            check_world(proforma, folder, world)
            return None
        except Difference as difference:
            return str(difference)
        except (OSError, KeyError, ValueError, TypeError, subprocess.TimeoutExpired) as error:
            return f"unusable output: {type(error).__name__}: {error}"
        finally:
            if keep:
                shutil.rmtree(keep, ignore_errors=True)
                shutil.copytree(folder, keep)


def shrink(proforma, world):
    """Drops ever smaller stretches of usage for as long as some difference remains."""
    size = len(world.usage) // 2
    while size:
        start = 0
        while start < len(world.usage):
            smaller = replace(world, usage=world.usage[:start] + world.usage[start + size:])
            if smaller.usage and difference_of(proforma, smaller):
                world = smaller
            else:
                start += size
        size //= 2
    return world


def report_failure(arguments, world, difference):
    print(f"seed {world.seed}: {difference}", flush=True)
    if arguments.shrink:
        world = shrink(arguments.proforma, world)
        print(f"seed {world.seed}, {len(world.usage)} events left: {difference_of(arguments.proforma, world)}")
        for event in world.usage:
            print("    " + (event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)))
    if arguments.keep:
        difference_of(arguments.proforma, world, arguments.keep / str(world.seed))


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--proforma", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=100, help="how many worlds (default 100)")
    parser.add_argument("--seed", type=int, help="only this world")
    parser.add_argument("--first", type=int, default=0, help="first seed (default 0)")
    parser.add_argument("--shrink", action="store_true", help="reduce the usage of a failing world")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave failing worlds in DIR/SEED")
    return parser.parse_args()


def main():
    arguments = read_arguments()
    arguments.proforma = arguments.proforma.resolve()
    first, count = (arguments.first, arguments.seeds) if arguments.seed is None else (arguments.seed, 1)
    seeds = range(first, first + count)
    failed = 0
    for seed in seeds:
        world = generate(seed)
        difference = difference_of(arguments.proforma, world)
        if difference:
            failed += 1
            report_failure(arguments, world, difference)
    print(f"{len(seeds) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
