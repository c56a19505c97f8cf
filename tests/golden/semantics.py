#!/usr/bin/env python3
"""The worked numbers of processor/SEMANTICS.md: each is in the page, and is what the program gives.

    python3 tests/golden/semantics.py --proforma build/processor/proforma
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from aws_bills import allowance, flat as flat_price, paid, price, price_list
from golden import (PAYER, X, Y, Conductor, expect, expect_amount, flat, free_tier, markup, one_group, percentage,
                    proforma_argument, run_cases, usage)

CASES = []
PAGE = " ".join((Path(__file__).resolve().parents[2] / "processor" / "SEMANTICS.md").read_text().replace("\n> ", " ").split())


def case(title):
    def register(function):
        CASES.append((title, function))
        return function
    return register


def in_page(words):
    expect(f"SEMANTICS says: {words}", True, words in PAGE)


@case("60,000 GB run through two tiers, and a correction takes back from the highest")
def tiers(tool):
    in_page("51,200 × 0.0276 + 8,800 × 0.0264 = 1,645.44")
    in_page("−8,800 × 0.0264 − 1,200 × 0.0276 = −265.44, which leaves 50,000 × 0.0276 = 1,380.00")
    prices = price_list("S", paid("A", "Bytes", ("0", "51200", "0.023"), ("51200", "Inf", "0.022")))
    used, corrected = usage(X, "S", "Bytes", "60000"), usage(X, "S", "Bytes", "-10000", day=2)
    expect_amount("before", "1645.44", price(tool, one_group(markup(20)), [used], prices).total())
    outcome = price(tool, one_group(markup(20)), [used, corrected], prices)
    expect_amount("after", "1380", outcome.total())
    expect("parts", [(1, "1413.12"), (2, "232.32"), (1, "-33.12"), (2, "-232.32")],
           [(item["tier"], item["cost"]) for item in outcome.line_items])


@case("1,500,000 requests cost 0.10 with the free tier and 0.30 without")
def free(tool):
    in_page("1,500,000 cost 0.10 with the free tier, 0.30 without")
    prices = price_list("S", paid("A", "Request", ("0", "1000000", "0"), ("1000000", "Inf", "0.0000002")))
    events = [usage(X, "S", "Request", "1500000")]
    expect_amount("on", "0.1", price(tool, one_group(), events, prices).total())
    expect_amount("off", "0.3", price(tool, one_group(free_tier(False)), events, prices).total())


@case("of 100 free GB the dearer pool gets 80, the other 20")
def shared(tool):
    in_page("the first gets 80 and costs 0, the second 20 and costs 30 × 0.09 = 2.70")
    prices = price_list("S", flat_price("E", "EU-Out", "0.108"), flat_price("U", "USW2-Out", "0.09"),
                        allowance("FREE", "Global-Out", "100"))
    outcome = price(tool, one_group(), [usage(X, "S", "USW2-Out", "50"), usage(X, "S", "EU-Out", "80", day=2)], prices)
    expect("costs", [("EU-Out", "80", "0"), ("USW2-Out", "20", "0"), ("USW2-Out", "30", "2.7")],
           sorted((item["usage_type"], item["usage_amount"], item["cost"]) for item in outcome.line_items))


@case("10 percent of 1,000 charged, a fee of 50 and a credit of 20 is 103")
def percentage_of_flat_items(tool):
    in_page("10 % is 103.00")
    conductor = Conductor()
    group = conductor.group(X, Y, plan=conductor.plan())
    fee, credit = conductor.item(group, "FEE", flat(50)), conductor.item(group, "CREDIT", flat(20))
    item = conductor.item(group, "FEE", percentage(10), inputs=[group, fee, credit])
    prices = price_list("S", flat_price("A", "Unit", "1"))
    outcome = price(tool, conductor, [usage(X, "S", "Unit", "1000", payer_account_id=PAYER)], prices)
    charges = {line.get("custom_line_item"): line["cost"] for line in outcome.line_items}
    expect_amount("the percentage", "103", charges[item.rsplit("/", 1)[1]])


@case("cost 120 of what AWS bills at 100 is a margin of 20, whatever the tax")
def margin(tool):
    in_page("cost 120, billable 100, tax 19: margin 20, margin_percentage 16.6666666667")
    events = [usage(X, "S", "Unit", "100", unblended_cost="100"),
              usage(X, "S", "Unit", "0", line_item_type="Tax", unblended_cost="19", day=2)]
    bill = price(tool, one_group(markup(20)), events, price_list("S", flat_price("A", "Unit", "1"))).bill()
    expect("bill", ("120", "100", "19", "20", "16.6666666667"),
           (bill["cost"], bill["billable_cost"], bill["tax"], bill["margin"], bill["margin_percentage"]))


if __name__ == "__main__":
    sys.exit(run_cases(proforma_argument(__doc__.splitlines()[0]), CASES))
