#!/usr/bin/env python3
"""Sums beyond 10^14, which no single amount may reach: they end nothing, they are exact, and nothing lies about them.

Figures are written out here, never computed.

    python3 tests/golden/large_sums.py --proforma build/processor/proforma
"""
import json
import sys
from decimal import Decimal
from pathlib import Path

import fastavro

sys.path.insert(0, str(Path(__file__).resolve().parent))
from golden import (PAYER, PERIOD, X, Y, Z, Conductor, Outcome, charge_of, expect, expect_amount, flat, one_group,
                    percentage, proforma_argument, run_cases, usage)

CASES = []
MUCH = "90000000000000"
TWICE = "180000000000000"


def case(title):
    def register(function):
        CASES.append((title, function))
        return function
    return register


def fee(account, amount, **members):
    event = usage(account, "AmazonEC2", "", line_item_type="Fee", unblended_cost=amount, **members)
    return {name: value for name, value in event.items() if value and name != "usage_amount"}


def summary_of(outcome):
    return json.loads((outcome.folder / "summary.json").read_text())


def expect_the_sums(outcome):
    """Line items, account rows, service rows and totals say the same, to the last digit."""
    rows = [bill for bill in outcome.bills if bill["line_item_type"]]
    groups = [bill for bill in outcome.bills if not bill["product_code"]]
    for name in ("cost", "billable_cost", "margin"):
        totals = sum(Decimal(bill[name]) for bill in groups)
        expect(f"{name} of account rows", totals, sum(Decimal(bill[name]) for bill in rows))
    expect("cost of line items", sum(Decimal(bill["cost"]) for bill in groups),
           sum(Decimal(item["cost"]) for item in outcome.line_items))
    expect("summary", {bill["billing_group"]: bill["cost"] for bill in groups},
           {group["billing_group"]: group["cost"] for group in summary_of(outcome)["groups"]})


@case("two rows of 9e13 in no group")
def no_group(tool):
    outcome = tool.price(one_group(accounts=(Z,)), [fee(X, MUCH), fee(Y, MUCH + ".00000000000000000001")])
    bill = outcome.bill(group="")
    expect("cost", "0", bill["cost"])
    expect("billable", "180000000000000.00000000000000000001", bill["billable_cost"])
    expect("margin", "-180000000000000.00000000000000000001", bill["margin"])
    expect("percentage", None, bill["margin_percentage"])
    expect_the_sums(outcome)
    expect("the table", True, "-180,000,000,000,000.00" in outcome.stdout)


@case("two rows of 9e13 in a group, and one of 1e-20")
def in_a_group(tool):
    events = [charge_of(X, MUCH, billed="-" + MUCH), charge_of(Y, MUCH, "AmazonRDS", billed="-" + MUCH),
              charge_of(Z, "0.00000000000000000001")]
    outcome = tool.price(one_group(), events, close=PERIOD)
    bill = outcome.bill()
    expect("cost", "180000000000000.00000000000000000001", bill["cost"])
    expect("margin", "360000000000000.00000000000000000001", bill["margin"])
    expect("percentage", "200", bill["margin_percentage"])
    expect_the_sums(outcome)
    manifest = json.loads((outcome.folder / f"cur/{X}/20240601-20240701/{X}-Manifest.json").read_text())
    expect("report", "180000000000000.00000000000000000001", manifest["cost"])


@case("percentages of 1.8e14: what a cost holds is charged, what it does not hold says so and charges nothing")
def shares(tool):
    for kind, value, charged, total in (
            ("CREDIT", 10.0, "-18000000000000", "162000000000000"), ("FEE", 50.0, MUCH, "270000000000000"),
            ("CREDIT", 55.5, "-99900000000000", "80100000000000"), ("CREDIT", 100.0, None, TWICE)):
        conductor = Conductor()
        group = conductor.group(X, Y)
        conductor.item(group, "FEE", flat(1.0))
        item_id = conductor.item(group, kind, percentage(value), [group]).split("/")[1]
        outcome = tool.price(conductor, [charge_of(X, MUCH), charge_of(Y, MUCH)], close=PERIOD)
        (item,) = [item for item in outcome.line_items if item.get("custom_line_item") == item_id]
        expect(f"{kind} {value}", ("UNPRICED", "TOO_LARGE") if charged is None else ("CHARGED", None),
               (item["status"], item.get("reason")))
        expect_amount(f"{kind} {value}", charged or "0", item["cost"])
        expect_amount(f"total with {kind} {value}", Decimal(total) + 1, outcome.total())
        expect("counted", 1 if charged is None else None, summary_of(outcome).get("unpriced_custom_line_items"))
        expect("rows of the report", 3 if charged is None else 4, len(outcome.cur()))
        expect_the_sums(outcome)


@case("ten thousand and more in one row: its own costs and its quantity have no end")
def one_row(tool):
    much, quantity = "99999999999999.99999999999999999999", "9999999999999999999999999999"
    events = [usage(X, "AWSSupportBusiness", "Hours", quantity, unblended_cost=much) for _ in range(12000)]
    outcome = tool.price(one_group(), events)
    (item,) = outcome.line_items
    expect("status", "LEFT_OUT", item["status"])
    expect("billable", "1199999999999999999.99999999999999988", item["billable_cost"])
    expect("quantity", "119999999999999999999999999988000", item["usage_amount"])
    expect("bill", "1199999999999999999.99999999999999988", outcome.bill()["billable_cost"])


@case("a row whose own cost reaches 10^14 is UNPRICED, and its bill goes on")
def a_row_too_large(tool):
    outcome = tool.price(one_group(), [fee(X, MUCH), fee(X, MUCH), charge_of(X, "7")])
    (item,) = [item for item in outcome.line_items if item["status"] == "UNPRICED"]
    expect("reason", "TOO_LARGE", item["reason"])
    expect_amount("cost", "7", outcome.total())
    expect_amount("billable", TWICE, outcome.bill()["billable_cost"])


@case("compare goes on beyond 10^14")
def compared(tool):
    a, b = Conductor(), Conductor()
    group = a.group(X)
    a.item(group, "FEE", flat(1.0))
    b.group(X)
    folder = tool.new_folder()
    (folder / "a.json").write_text(json.dumps(a.document))
    (folder / "b.json").write_text(json.dumps(b.document))
    (folder / "usage.jsonl").write_text("".join(json.dumps(charge_of(X, MUCH, product)) + "\n"
                                                for product in ("AmazonEC2", "AmazonRDS")))
    process = tool.execute("compare", "--conductor", folder / "a.json", "--conductor", folder / "b.json",
                           folder / "usage.jsonl")
    expect(f"exit code ({process.stderr.strip()[-300:]})", 0, process.returncode)
    expect("figures", ["180000000000001", TWICE, "-1"], process.stdout.splitlines()[-1].split()[-3:])


@case("Avro's bytes are the same numbers")
def avro(tool):
    conductor = one_group()
    folder = tool.new_folder()
    inputs = tool.write_inputs(folder, conductor, [])
    events = [charge_of(X, MUCH, billed="1"), charge_of(Y, MUCH, "AmazonRDS", billed="-" + MUCH), fee(PAYER, MUCH),
              fee(PAYER, MUCH, day=2)]
    (folder / "usage.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    for form in ("jsonl", "avro"):
        process = tool.execute("price", *inputs, "--format", form, "--out", folder / form, folder / "usage.jsonl")
        expect(f"exit code ({process.stderr.strip()[-300:]})", 0, process.returncode)
    for name, sums in (("bills", ("cost", "billable_cost", "margin")), ("line-items", ("cost", "cost_delta", "billable_cost"))):
        lines = [json.loads(text) for text in (folder / "jsonl" / f"{name}.jsonl").read_text().splitlines()]
        with open(folder / "avro" / f"{name}.avro", "rb") as file:
            records = list(fastavro.reader(file))
        expect(f"number of {name}", len(lines), len(records))
        for wanted, found in zip(lines, records):
            for member in sums:
                expect_amount(f"{name}: {member}", wanted.get(member) or "0", found[member] or 0)
    expect_amount("cost", TWICE, Outcome(folder / "jsonl", "").total())


if __name__ == "__main__":
    sys.exit(run_cases(proforma_argument(__doc__.splitlines()[0]), CASES))
