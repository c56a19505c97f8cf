#!/usr/bin/env python3
"""`proforma cur` writes the very bytes of `proforma price --close`: every file, manifests included.

Rows come from several tasks in parts, usage is keyed at random, custom line items are itemized, and rows look alike but
for what tells them apart.
"""
import copy
import json
import random
import subprocess
import sys

from kafka_tools import case_parser, record, run_on_broker
from test_month import DATA, DOCUMENTS, Case, check_deltas, expect_what_price_says, import_month

ABC = "arn:aws:billingconductor::100000000001"
GROUPS = ("200000000011", "200000000021")


def files_below(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def check_files(case, wanted):
    """`wanted`: the cur folder that price wrote."""
    for group in sorted(path.name for path in wanted.iterdir()):
        out = case.context.scratch / f"{case.name}-{group}"
        case.command("cur", "--group", group, "--period", "2026-06", "--out", out)
        expected, found = files_below(wanted / group), files_below(out / group)
        assert expected.keys() == found.keys(), sorted(expected.keys() ^ found.keys())
        for name, content in expected.items():
            assert content == found[name], f"group {group}: {name} has other bytes{difference(content, found[name])}"


def difference(wanted, found):
    if not wanted.startswith(b"{"):
        import gzip
        wanted, found = gzip.decompress(wanted), gzip.decompress(found)
        for left, right in zip(wanted.splitlines(), found.splitlines()):
            if left != right:
                return f":\n{left.decode()}\n{right.decode()}"
        return f": {len(wanted.splitlines())} rows, {len(found.splitlines())} found"
    wanted, found = json.loads(wanted), json.loads(found)
    return f": {[(name, wanted[name], found.get(name)) for name in wanted if wanted[name] != found.get(name)]}"[:2000]


def the_sample_month_in_the_files_of_price(context):
    case = Case(context, "sample", workers=2)
    case.prepare()
    case.start()
    import_month(case)
    case.close()
    case.stop()
    check_files(case, context.scratch / "expected" / "cur")


def itemized_document():
    """The sample's document with itemized percentages, of rows and of a flat item, named and not."""
    document = json.loads((DATA / "conductor.json").read_text())
    def add(name, group, charge, inputs, rule="ITEMIZED", **members):
        arn = f"{ABC}:customlineitem/cli{name}"
        document["CustomLineItems"].append({
            "Name": name, "Arn": arn, "Description": f"About {name}", "BillingGroupArn": f"{ABC}:billinggroup/{group}",
            "CurrencyCode": "USD", "ChargeDetails": charge, "ComputationRule": rule, **members})
        document["CustomLineItemVersions"].append({"Arn": arn, "StartBillingPeriod": "2026-06"})
        if inputs:
            document["ResourcesAssociatedToCustomLineItem"].append(
                {"Arn": arn, "AssociatedResources": [{"Arn": ABC + one, "Relationship": "CHILD"} for one in inputs]})
    for group in GROUPS:
        add(f"Flat{group}", group, {"Type": "FEE", "Flat": {"ChargeValue": 12.5}}, None, "CONSOLIDATED",
            PresentationDetails={"Service": "AmazonVPC"})
        add(f"Care{group}", group, {"Type": "FEE", "Percentage": {"PercentageValue": 3.3333333333}},
            [f":billinggroup/{group}", f":customlineitem/cliFlat{group}"])
        add(f"Back{group}", group, {"Type": "CREDIT", "Percentage": {"PercentageValue": 1.0}}, [f":billinggroup/{group}"],
            PresentationDetails={"Service": "Discounts"})
    return document


def alike(chance):
    """Usage that folds: same facts, other ends and descriptions; and rows that differ in a single fact, or look like custom
    line items."""
    events = []
    for number in range(6000):
        day, hour = 1 + chance.randrange(3), chance.randrange(4)
        start = f"2026-06-{day:02d}T{hour:02d}:00:00Z"
        event = {"event_id": f"r{number}", "payer_account_id": "100000000001",
                 "usage_account_id": chance.choice(["200000000011", "200000000012", "200000000021"]),
                 "product_code": chance.choice(["AmazonEC2", "AmazonS3", "AmazonRDS"]), "usage_type": chance.choice(["Box", "Box:2"]),
                 "operation": chance.choice(["", "Run"]), "usage_start": start,
                 "usage_end": f"2026-06-{day:02d}T{hour:02d}:{chance.randrange(60):02d}:59Z", "unit": "Hrs",
                 "usage_amount": str(chance.randrange(1, 10**6) / 1000), "public_on_demand_rate": chance.choice(["0.1", "0.1", "0.37"]),
                 "unblended_cost": str(chance.randrange(100)), "resource_id": chance.choice(["", "i-1", "i-2"]),
                 "description": chance.choice(["", "a", "a !", "a b", "b"])}
        if chance.random() < 0.2:
            event.update(normalization_factor="4", region=chance.choice(["eu-west-1", "us-east-1"]))
        if chance.random() < 0.3:
            event["tags"] = {"team": chance.choice(["web", "app"]), **({"env": "x,\"y"} if chance.random() < 0.5 else {})}
        if chance.random() < 0.1:
            event = {name: event[name] for name in ("event_id", "payer_account_id", "usage_account_id", "product_code",
                                                    "unblended_cost", "description")}
            event.update(line_item_type="Fee", usage_start="2026-06-01T00:00:00Z", usage_end="2026-07-01T00:00:00Z")
        if chance.random() < 0.1: # a meter with tiers in the price list
            event.update(product_code="AmazonS3", usage_type="EU-TimedStorage-ByteHrs", operation="StandardStorage",
                         usage_amount="20000.5",
                         line_item_type="Usage", unit="GB-Mo")
        events.append({name: value for name, value in event.items() if value})
    return events


def usage_keyed_at_random_with_itemized_charges_in_the_files_of_price(context, form="json"):
    chance = random.Random(context.seed)
    name = f"alike-{form}"
    case = Case(context, name, workers=2, format=form)
    document = context.scratch / f"{name}.json"
    document.write_text(json.dumps(itemized_document()))
    documents = [str(document) if word.endswith("conductor.json") else word for word in DOCUMENTS]
    events = alike(chance)
    usage, out = context.scratch / f"{name}.jsonl", context.scratch / f"{name}-price"
    usage.write_text("".join(json.dumps(event) + "\n" for event in events))
    subprocess.run([context.proforma, "price", *documents, "--resource-ids", "--close", "2026-06", "--out", str(out), str(usage)],
                   check=True, capture_output=True)
    case.command("topics", "create")
    case.command("apply", *documents)
    if form == "json":
        shuffled = copy.copy(events)
        chance.shuffle(shuffled)
        case.topics.produce(f"{name}.usage", [record(json.dumps(event), key=str(chance.random()), partition=chance.randrange(3))
                                              for event in shuffled])
    else:
        case.command("import", usage)
    case.start()
    case.command("close", "--period", "2026-06")
    reports = len(list((out / "cur").glob("**/*-Manifest.json")))
    case.wait_for("manifests", lambda: len(case.topic("cur-manifests")) == reports)
    case.stop()
    check_files(case, out / "cur")


def avro_in_the_files_of_price(context):
    usage_keyed_at_random_with_itemized_charges_in_the_files_of_price(context, "avro")


def sums_beyond_any_cost_stop_no_task(context):
    """Two rows of 9e13 in no group and in one, a share of them, ten thousand in one row, and the month closes."""
    case = Case(context, "large")
    document = itemized_document()
    path, usage, out = context.scratch / "large.json", context.scratch / "large.jsonl", context.scratch / "large-price"
    path.write_text(json.dumps(document))
    documents = [str(path) if word.endswith("conductor.json") else word for word in DOCUMENTS]
    events = []
    for account in ("200000000011", "200000000012", "999999999999"):
        for service in ("AmazonRDS", "AmazonVPC"):
            events.append({"usage_account_id": account, "product_code": service, "usage_type": "Much", "usage_amount": "1",
                           "payer_account_id": "100000000001", "public_on_demand_cost": "90000000000000",
                           "unblended_cost": "-99999999999999.99999999999999999999"})
    events += [{**events[-1], "product_code": "AWSSupportBusiness"}] * 11000
    # A row of 9e13 that becomes one of -9e13 in one transaction: its delta is larger than any cost.
    back = [{**events[0], "public_on_demand_cost": "-90000000000000"}] * 2
    events = [{**event, "event_id": f"e{number}", "usage_start": "2026-06-01T00:00:00Z"}
              for number, event in enumerate(events + back)]
    usage.write_text("".join(json.dumps(event) + "\n" for event in events))
    subprocess.run([context.proforma, "price", *documents, "--resource-ids", "--close", "2026-06", "--out", str(out), str(usage)],
                   check=True, capture_output=True)
    case.command("topics", "create")
    case.command("apply", *documents)
    case.start()
    case.topics.produce("large.usage", [record(json.dumps(event), partition=0) for event in events[:-2]])
    case.wait_for("bills", lambda: any(row["key"] == "200000000011/2026-06///" for row in case.topic("bills")))
    case.topics.produce("large.usage", [record(json.dumps(event), partition=0) for event in events[-2:]])
    case.command("close", "--period", "2026-06")
    reports = len(list((out / "cur").glob("**/*-Manifest.json")))
    case.wait_for("manifests", lambda: len(case.topic("cur-manifests")) == reports)
    case.stop()
    check_files(case, out / "cur")
    names = ("billing_group", "billing_period", "usage_account_id", "product_code", "line_item_type")
    bills = {tuple(json.loads(row["value"])[name] for name in names): json.loads(row["value"]) for row in case.topic("bills")}
    check_deltas(case.topic("line-items"))
    for line in (out / "bills.jsonl").read_text().splitlines():
        wanted = json.loads(line)
        found = bills[tuple(wanted[name] for name in names)]
        for member, value in wanted.items():
            assert member == "as_of" or found.get(member) == value, (member, wanted, found)


CASES = (the_sample_month_in_the_files_of_price, usage_keyed_at_random_with_itemized_charges_in_the_files_of_price,
         avro_in_the_files_of_price, sums_beyond_any_cost_stop_no_task)


def main():
    return run_on_broker(CASES, case_parser(__doc__).parse_args(), expect_what_price_says)


if __name__ == "__main__":
    sys.exit(main())
