#!/usr/bin/env python3
"""proforma verify on a real broker: a month that is right is found to be, and each damage is found and named.

Damage is done to the topics as nobody but an operator with the wrong tool could: a record is written beside the processor's.
"""
import json
import sys
import time
from decimal import Decimal

from kafka_tools import case_parser, record, run_on_broker
from test_month import DATA, DOCUMENTS, Case, expect_what_price_says, import_month, latest

LAST_DIGIT = Decimal("0.000000000000000000000001")


def text(value):
    return format(value, "f")


def verify(case, *, code, holds=()):
    done = case.command("verify", "--period", "2026-06", check=False)
    for part in holds:
        assert part in done.stdout, f"{part!r} is not in:\n{done.stdout[-3000:]}{done.stderr[-1000:]}"
    assert done.returncode == code, f"exit {done.returncode}, expected {code}:\n{done.stdout[-3000:]}{done.stderr[-1000:]}"
    return done.stdout


def the_last(case, topic, choose):
    """The last record of the first key whose value is chosen."""
    found = {}
    for row in case.topic(topic):
        found[row["key"]] = row
    return next(row for row in found.values() if row["value"] is not None and choose(row["key"], json.loads(row["value"])))


def damage(case, topic, row, **changes):
    """Writes the record once more, changed; a change to None leaves the member out."""
    value = json.loads(row["value"])
    value.update(changes)
    value = {name: member for name, member in value.items() if member is not None}
    case.topics.produce(f"{case.name}.{topic}", [record(json.dumps(value), key=row["key"], partition=row["partition"])])


def put_right(case, topic, row):
    case.topics.produce(f"{case.name}.{topic}", [record(row["value"], key=row["key"], partition=row["partition"])])


def delete(case, topic, row):
    case.topics.produce(f"{case.name}.{topic}", [record(None, key=row["key"], partition=row["partition"])])


def a_bill_that_is_wrong_in_its_last_digit(case):
    for choose in (lambda key, bill: bill["usage_account_id"], lambda key, bill: bill["product_code"] and not bill["usage_account_id"],
                   lambda key, bill: bill["billing_group"] and not bill["product_code"]):
        row = the_last(case, "bills", lambda key, bill, choose=choose: choose(key, bill) and Decimal(bill["cost"]) != 0)
        cost = Decimal(json.loads(row["value"])["cost"])
        damage(case, "bills", row, cost=text(cost + LAST_DIGIT))
        verify(case, code=1, holds=[f"bill {row['key']}: cost: line items {text(cost)}", f"bills {text(cost + LAST_DIGIT)}",
                                    f"bill {row['key']}: its margin is not"])
        put_right(case, "bills", row)
    verify(case, code=0)


def a_bill_that_is_not_there(case):
    row = the_last(case, "bills", lambda key, bill: bill["usage_account_id"])
    delete(case, "bills", row)
    verify(case, code=1, holds=[f"bill {row['key']}: bills: missing"])
    put_right(case, "bills", row)


def a_bill_of_nothing(case):
    row = the_last(case, "bills", lambda key, bill: bill["usage_account_id"] and Decimal(bill["cost"]) != 0)
    key = row["key"].replace(json.loads(row["value"])["usage_account_id"], "999999999999")
    value = json.loads(row["value"])
    value["usage_account_id"] = "999999999999"
    case.topics.produce(f"{case.name}.bills", [record(json.dumps(value), key=key, partition=0)])
    verify(case, code=1, holds=[f"bill {key}: bills: there is no such key in line items"])
    case.topics.produce(f"{case.name}.bills", [record(None, key=key, partition=0)])


def a_manifest_that_says_something_else(case):
    row = the_last(case, "cur-manifests", lambda key, manifest: key.endswith("/"))
    manifest = json.loads(row["value"])
    offsets = manifest["offsets"][0]
    for changes, told in [
            ({"rows": manifest["rows"] + 1}, f"rows: cur rows {manifest['rows']}, manifest {manifest['rows'] + 1}"),
            ({"cost": text(Decimal(manifest["cost"]) + LAST_DIGIT)}, f"cost: cur rows {manifest['cost']}"),
            ({"checksum": "0" * 32}, f"checksum: cur rows {manifest['checksum']}, manifest {'0' * 32}"),
            ({"offsets": [{**offsets, "first": offsets["last"]}]}, "offsets: cur rows"),
            ({"offsets": [{**offsets, "partition": offsets["partition"] + 1}]}, "offsets: cur rows"),
            ({"totals": manifest["totals"][1:]}, "do not add up"),
            ({"totals": [{**manifest["totals"][0], "rows": 0}, *manifest["totals"][1:]]}, "report's total")]:
        damage(case, "cur-manifests", row, **changes)
        verify(case, code=1, holds=[row["key"], told])
    put_right(case, "cur-manifests", row)
    verify(case, code=0)


def a_manifest_that_is_not_there(case):
    row = the_last(case, "cur-manifests", lambda key, manifest: not key.endswith("/"))
    delete(case, "cur-manifests", row)
    verify(case, code=1, holds=[f"report {row['key']}: manifest: missing"])
    put_right(case, "cur-manifests", row)
    verify(case, code=0)


def a_report_row_twice(case):
    row = the_last(case, "cur", lambda key, row: Decimal(row["line_item_unblended_cost"]) != 0)
    put_right(case, "cur", row)
    value = json.loads(row["value"])
    verify(case, code=1, holds=[f"report row {value['billing_group']}/{value['identity_line_item_id']}: cost", "rows: cur rows"])


def a_line_item_that_is_gone(case):
    row = the_last(case, "line-items", lambda key, item: item["status"] == "CHARGED" and Decimal(item["cost"]) != 0)
    delete(case, "line-items", row)
    value = json.loads(row["value"])
    verify(case, code=1, holds=[f"line item {row['key']} at offset", f"deleted while its cost was {value['cost']}",
                                f"bill {value['billing_group']}/2026-06///: cost"])


def a_line_item_whose_delta_is_another(case):
    row = the_last(case, "line-items", lambda key, item: item["status"] == "CHARGED" and Decimal(item["cost"]) != 0)
    value = json.loads(row["value"])
    damage(case, "line-items", row, cost_delta=text(LAST_DIGIT), revision=value["revision"] + 1)
    verify(case, code=1, holds=[f"line item {row['key']} at offset", f"cost before {value['cost']}, cost_delta {text(LAST_DIGIT)}"])


def a_line_item_that_is_newer_than_its_marker(case):
    row = the_last(case, "line-items", lambda key, item: item["status"] == "CHARGED")
    damage(case, "line-items", row, cost_delta="0", revision=1000000)
    verify(case, code=1, holds=[f"line item {row['key']}: revision 1000000 is newer than the marker of task"])


def a_line_item_that_comes_again(case):
    row = the_last(case, "line-items", lambda key, item: item["status"] == "CHARGED")
    put_right(case, "line-items", row)
    verify(case, code=1, holds=[f"line item {row['key']} at offset", " follows revision "])


def a_record_that_cannot_be_read(case):
    case.topics.produce(f"{case.name}.line-items", [record(b"nonsense", key="a" * 26, partition=0)])
    verify(case, code=1, holds=["line-items partition 0, offset", "no line item"])


OF_A_CLOSED_MONTH = [a_bill_that_is_wrong_in_its_last_digit, a_bill_that_is_not_there, a_bill_of_nothing,
                     a_manifest_that_says_something_else, a_manifest_that_is_not_there, a_report_row_twice,
                     a_line_item_that_is_gone, a_line_item_whose_delta_is_another, a_line_item_that_comes_again,
                     a_line_item_that_is_newer_than_its_marker, a_record_that_cannot_be_read]


def open_month(context):
    """While it is open, and while usage comes in, too; then a subtotal is damaged."""
    case = Case(context, "open")
    case.prepare()
    case.start()
    import_month(case)
    case.wait_for("bills", lambda: len(latest(case.topic("bills"))) >= len(context.expected.bills) - 5)
    time.sleep(1)
    assert "2026-06 is open" in verify(case, code=0, holds=["all agree"])
    case.stop()
    row = the_last(case, "subtotals", lambda key, subtotal: "#" not in key and Decimal(subtotal["cost"]) != 0)
    damage(case, "subtotals", row, usage_events=json.loads(row["value"])["usage_events"] + 1)
    verify(case, code=1, holds=[f"subtotal {row['key']}: usage_events: line items"])
    put_right(case, "subtotals", row)
    verify(case, code=0)
    delete(case, "subtotals", row)
    verify(case, code=1, holds=[f"subtotal {row['key']}: subtotals: missing"])
    assert case.command("verify", check=False).returncode == 2


def moved_account(context):
    """Its totals in the group that it leaves are told before it moves, and never again."""
    case = Case(context, "moved", workers=2)
    case.prepare()
    case.start()
    import_month(case)
    case.wait_for("bills", lambda: len(latest(case.topic("bills"))) >= len(context.expected.bills) - 5)
    time.sleep(1)
    document = json.loads((DATA / "conductor.json").read_text())
    account, (old, new) = document["LinkedAccounts"][1], (group["Arn"] for group in document["BillingGroups"][:2])
    assert account["BillingGroupArn"] == old
    account["BillingGroupArn"] = new
    document["BillingGroups"][0]["Size"], document["BillingGroups"][1]["Size"] = 2, 3
    path = context.scratch / "moved.json"
    path.write_text(json.dumps(document))
    case.command("apply", "--conductor", path, *DOCUMENTS[2:])
    key = f"/{old.rsplit('/', 1)[1]}/2026-06/{account['AccountId']}/"

    def left_behind():
        return [bill for name, bill in latest(case.topic("bills")).items() if key in f"/{name}" and Decimal(bill["cost"]) != 0]

    case.wait_for("the account's new group", lambda: not left_behind())
    time.sleep(1)
    stale = [row for row in latest(case.topic("subtotals")).items() if key in row[0] and Decimal(row[1]["cost"]) != 0]
    assert stale, "no total was told before the account moved"
    verify(case, code=0, holds=["2026-06 is open", "all agree"])
    case.command("close", "--period", "2026-06")
    case.wait_for("reports", lambda: case.command("verify", "--period", "2026-06", check=False).stdout.find("is closed") >= 0)
    case.stop()
    verify(case, code=0, holds=["2026-06 is closed", "all agree"])
    # What the new group has is still held against line items.
    row = the_last(case, "subtotals", lambda name, subtotal: "#" not in name and Decimal(subtotal["cost"]) != 0
                   and f"/{new.rsplit('/', 1)[1]}/" in name and account["AccountId"] in name)
    damage(case, "subtotals", row, usage_events=json.loads(row["value"])["usage_events"] + 1)
    verify(case, code=1, holds=[f"subtotal {row['key']}: usage_events: line items"])


def closed_month(context):
    case = Case(context, "closed", workers=2)
    case.prepare()
    case.start()
    import_month(case)
    case.close()
    case.stop()
    found = verify(case, code=0, holds=["2026-06 is closed", "all agree"])
    assert f"{len(context.expected.bills)} bills" in found, found
    for harm in OF_A_CLOSED_MONTH:
        harm(case)
        print(f"passed {harm.__name__}", flush=True)


CASES = [open_month, moved_account, closed_month]


def main():
    return run_on_broker(CASES, case_parser(__doc__, seed=False).parse_args(), expect_what_price_says)


if __name__ == "__main__":
    sys.exit(main())
