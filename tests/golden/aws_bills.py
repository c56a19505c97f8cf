#!/usr/bin/env python3
"""Worked bills of what AWS bills: allowances, free usage, net costs, invoice months, services, several prices.

Figures are written out here, never computed, so that a wrong formula cannot agree with itself.

    python3 tests/golden/aws_bills.py --proforma build/processor/proforma
"""
import json
import sys
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from golden import (PAYER, PERIOD, TRANSFER_OUT, X, Y, Conductor, Outcome, custom_tiers, discount, expect, expect_amount,
                    free_tier, markup, offer, one_group, proforma_argument, run_cases, usage)

CASES = []


def case(title):
    def register(function):
        CASES.append((title, function))
        return function
    return register


# --- price lists ------------------------------------------------------------------------------------------------

def price_list(service, *entries):
    """One offer file of several entries."""
    merged = offer(service, "Nothing", (("0", "1"),))
    merged["products"], merged["terms"]["OnDemand"] = {}, {}
    for sku, attributes, terms in entries:
        merged["products"][sku] = {"sku": sku, "productFamily": "", "attributes": {"servicecode": service, **attributes}}
        merged["terms"]["OnDemand"][sku] = terms
    return merged


def term(sku, ranges, date="2024-01-01", applies_to=()):
    """Ranges as (begin, end, rate)."""
    name = f"{sku}.{date.replace('-', '')}"
    return {name: {
        "offerTermCode": name, "sku": sku, "effectiveDate": f"{date}T00:00:00Z", "termAttributes": {},
        "priceDimensions": {f"{name}.{number}": {
            "rateCode": f"{name}.{number}", "description": "", "beginRange": begin, "endRange": end, "unit": "unit",
            "pricePerUnit": {"USD": rate}, "appliesTo": list(applies_to)}
            for number, (begin, end, rate) in enumerate(ranges)}}}


def paid(sku, usage_type, *ranges, operation="", terms=None):
    attributes = {"usagetype": usage_type, "operation": operation}
    return sku, attributes, terms or term(sku, ranges or (("0", "Inf", "1"),))


def flat(sku, usage_type, rate, operation=""):
    return paid(sku, usage_type, ("0", "Inf", rate), operation=operation)


def allowance(sku, usage_type, quantity, applies_to=(), rate="0.0000000000"):
    return sku, {"usagetype": usage_type, "operation": ""}, term(sku, (("0", quantity, rate),), applies_to=applies_to)


MILLION = allowance("FREE", "Global-Request", "1000000", ("PAID",))
LAMBDA = price_list("AWSLambda", flat("PAID", "Request", "0.0000002000"), MILLION)
TRANSFER = [(begin, end, rate) for (begin, rate), end in zip(TRANSFER_OUT, ("10240", "51200", "153600", "Inf"))]
TRANSFER_LIST = price_list("AWSDataTransfer", paid("OUT", "USW2-DataTransfer-Out-Bytes", *TRANSFER),
                           allowance("OUTFREE", "Global-DataTransfer-Out-Bytes", "100", ("OUT",)))
TWO_REGIONS = price_list("AWSLambda", flat("PAID", "Request", "0.0000002"), flat("WEST", "USW2-Request", "0.0000003"),
                         allowance("FREE", "Global-Request", "1000000"))


def requests(amount, account=X, usage_type="Request", operation="Invoke", **members):
    return usage(account, "AWSLambda", usage_type, amount, operation=operation, **members)


def transfer(amount, **members):
    return usage(X, "AmazonEC2", "USW2-DataTransfer-Out-Bytes", amount, service_code="AWSDataTransfer", **members)


def expect_in_any_order(tool, what, expected, conductor, events, *offers):
    """The total follows from the usage alone: not from its order, nor from the grain of rows, nor from who used it."""
    for order in (events, events[::-1]):
        for grain in ("hourly", "monthly"):
            outcome = price(tool, conductor, order, *offers, options=("--granularity", grain))
            expect_amount(f"{what}, {grain}", expected, outcome.total())
    return outcome


def price(tool, conductor, events, *offers, options=(), name="usage.jsonl", text=None):
    folder = tool.new_folder()
    path = folder / name
    path.write_text(text or "".join(json.dumps(event) + "\n" for event in events))
    arguments = [*tool.write_inputs(folder, conductor, offers), *options, "--out", folder / "out", path]
    process = tool.execute("price", *arguments)
    expect(f"exit code ({process.stderr.strip()[-300:]})", 0, process.returncode)
    outcome = Outcome(folder / "out", process.stdout)
    outcome.stderr = process.stderr
    outcome.summary = json.loads((folder / "out" / "summary.json").read_text())
    return outcome


# --- allowances -------------------------------------------------------------------------------------------------

@case("3,000,000 requests behind a million free ones cost 0.4, and 0.6 with the free tier off")
def lambda_million(tool):
    events = [requests("3000000")]
    expect_amount("on", "0.4", price(tool, one_group(), events, LAMBDA).total())
    expect_amount("off", "0.6", price(tool, one_group(free_tier(False)), events, LAMBDA).total())
    outcome = price(tool, one_group(), events, LAMBDA)
    expect("tiers", [(1, "1000000", "0"), (2, "2000000", "0.4")],
           [(item["tier"], item["usage_amount"], item["cost"]) for item in outcome.line_items])
    expect_amount("public cost", "0.4", outcome.bill()["public_cost"])


@case("20,000 GB out behind 100 free ones cost 1,742.70, and 2,091.24 with 20 percent on it")
def transfer_hundred(tool):
    for rules, expected in (((), "1742.7"), ((markup(20),), "2091.24")):
        outcome = price(tool, one_group(*rules), [transfer("20000")], TRANSFER_LIST)
        expect_amount("cost", expected, outcome.total())
        expect_amount("public cost", "1742.7", outcome.bill()["public_cost"])
    expect("tiers", [(1, "100"), (2, "10240"), (3, "9660")],
           [(item["tier"], item["usage_amount"]) for item in outcome.line_items])


@case("two regions share one allowance, the dearest first")
def two_regions(tool):
    """USW2 takes 800,000, the other 200,000; 600,000 x 0.0000002 are left."""
    events = [requests("800000"), requests("300000", usage_type="USW2-Request", hour=1),
              requests("500000", usage_type="USW2-Request", account=Y, day=9)]
    expect_in_any_order(tool, "two regions", "0.12", one_group(), events, TWO_REGIONS)


@case("two rules share one allowance, the dearest first")
def two_rules(tool):
    """Doubled for Invoke: it takes 800,000; 600,000 x 0.0000002 of the other are left. Halved: it takes 200,000 of what
    the other leaves; 600,000 x 0.0000001 are left."""
    events = [requests("800000"), requests("400000", operation="Other"), requests("400000", operation="Other", day=3)]
    selector = {"scope": "SKU", "Service": "AWSLambda", "Operation": "Invoke"}
    expect_in_any_order(tool, "doubled", "0.12", one_group(markup(100, **selector)), events, LAMBDA)
    expect_in_any_order(tool, "halved", "0.06", one_group(discount(50, **selector)), events, LAMBDA)


@case("each group and each month has the allowance once")
def groups_and_months(tool):
    conductor = Conductor()
    conductor.group(X), conductor.group(Y)
    events = [requests("1500000"), requests("1500000", account=Y), requests("1500000", period="2024-07")]
    outcome = price(tool, conductor, events, LAMBDA)
    for group, period in ((X, PERIOD), (Y, PERIOD), (X, "2024-07")):
        expect_amount(f"{group} in {period}", "0.1", outcome.total(group, period))


@case("the dearest is the one whose highest rate is, after its modifier")
def dearest_by_highest_rate(tool):
    """WEST has the higher first rate: it takes all 100; PAID costs 100 x 1, though its other rate is the lowest."""
    tiered = price_list("A", paid("PAID", "Request", ("0", "1000", "1"), ("1000", "Inf", "0.1")),
                        paid("WEST", "USW2-Request", ("0", "1000", "2"), ("1000", "Inf", "0.1")),
                        allowance("FREE", "Global-Request", "100"))
    events = [usage(X, "A", "Request", "100"), usage(X, "A", "USW2-Request", "150")]
    expect_in_any_order(tool, "both", "200", one_group(), events, tiered)


@case("of equally dear meters the one with the smaller sku is served first")
def equally_dear(tool):
    listed = price_list("A", flat("B", "Request", "2"), flat("A", "USW2-Request", "2"),
                        allowance("FREE", "Global-Request", "100"))
    events = [usage(X, "A", "Request", "100", operation=""), usage(Y, "A", "USW2-Request", "100", operation="")]
    outcome = expect_in_any_order(tool, "both", "200", one_group(), events, listed)
    expect_amount("sku A", "0", outcome.bill(account=Y, product="A", kind="Usage")["cost"])
    expect_amount("sku B", "200", outcome.bill(account=X, product="A", kind="Usage")["cost"])


@case("custom tiers neither use an allowance nor use it up")
def custom_tiers_beside(tool):
    """500,000 x 0.0000001 under own tiers; of 1,200,000 others 200,000 x 0.0000002 are left."""
    own = custom_tiers(((0, None, 0.0000001),), Service="AWSLambda", UsageType="USW2-Request")
    events = [requests("1200000"), requests("500000", usage_type="USW2-Request")]
    expect_in_any_order(tool, "both", "0.09", one_group(own), events, TWO_REGIONS)


@case("a rule that turns the free tier off for one service leaves the allowance to others")
def off_for_one_service(tool):
    """The transfer of EC2 is charged in full, 1,000 x 0.09; that of S3 gets the 100."""
    off = {"Scope": "SERVICE", "Type": "TIERING", "Service": "AmazonEC2", "Tiering": {"FreeTier": {"Activated": False}}}
    events = [usage(X, product, "USW2-DataTransfer-Out-Bytes", "1000") for product in ("AmazonEC2", "AmazonS3")]
    expect_in_any_order(tool, "both", "171", one_group(off), events, TRANSFER_LIST)


@case("corrections give back what is paid before what is free")
def corrections(tool):
    for amounts, expected in ((("1500000", "-700000"), "0"), (("1500000", "-300000"), "0.04"),
                              (("-300000", "1500000"), "0.04"), (("-5",), "0"), (("5", "-10"), "0")):
        events = [requests(amount, hour=hour) for hour, amount in enumerate(amounts)]
        expect_in_any_order(tool, f"{amounts}", expected, one_group(), events, LAMBDA)
    events = [transfer("25000"), transfer("-20000", day=2)]
    expect_in_any_order(tool, "5,000 GB: 4,900 x 0.09", "441", one_group(), events, TRANSFER_LIST)


@case("an allowance that another sku has is nobody else's, and one without skus is its meter's in every region")
def applies_to(tool):
    events = [requests("500"), requests("500", usage_type="EU-Request"), requests("500", usage_type="Big-Request")]
    meters = [flat("P1", "Request", "1"), flat("P2", "EU-Request", "1"), flat("P3", "Big-Request", "1")]
    for skus, expected in (((), "1100"), (("P3",), "1100"), (("NOBODY",), "1500"), (("P1", "P2", "P3"), "1100")):
        listed = price_list("AWSLambda", *meters, allowance("FREE", "Global-Request", "400", skus))
        expect_in_any_order(tool, f"for {skus}", expected, one_group(), events, listed)
    only_big = price_list("AWSLambda", *meters, allowance("FREE", "Global-Request", "9999"))
    expect_in_any_order(tool, "not Big-Request", "500", one_group(), events, only_big)


@case("an allowance may have a rate, which a modifier changes like any other")
def allowance_with_rate(tool):
    """1,000,000 x 0.0000001 x 1.5 + 500,000 x 0.0000002 x 1.5; public without the 1.5."""
    listed = price_list("AWSLambda", flat("PAID", "Request", "0.0000002"),
                        allowance("CHEAP", "Global-Request", "1000000", rate="0.0000001"))
    outcome = expect_in_any_order(tool, "+50", "0.3", one_group(markup(50)), [requests("1500000")], listed)
    expect_amount("public", "0.2", outcome.bill()["public_cost"])


@case("two allowances before one meter are used one after the other")
def two_allowances(tool):
    listed = price_list("A", flat("P1", "Request", "1"), flat("P2", "USW2-Request", "2"),
                        allowance("FREE1", "Global-Request", "100"), allowance("FREE2", "Global-More", "30", ("P1",)))
    events = [usage(X, "A", "Request", "90"), usage(X, "A", "USW2-Request", "60")]
    expect_in_any_order(tool, "P2 takes 60, P1 40 and 30; 20 are left", "20", one_group(), events, listed)


@case("a row that names the allowance's sku is priced by its meter")
def sku_of_allowance(tool):
    outcome = price(tool, one_group(), [requests("1000000", sku="FREE"), requests("2000000", sku="PAID")], LAMBDA)
    expect_amount("cost", "0.4", outcome.total())


# --- free usage -------------------------------------------------------------------------------------------------

def sqs(**members):
    return {**usage(X, "AWSQueueService", "USW2-Requests-Tier1", "45809", unblended_cost="0",
                    public_on_demand_rate="4.0E-7", public_on_demand_cost="0.0183236",
                    description="First 1,000,000 requests are free"), **members}


@case("usage that AWS bills at nothing costs nothing, and its public price once the free tier is off")
def free_usage(tool):
    off = {"Scope": "SERVICE", "Type": "TIERING", "Service": "AWSQueueService",
           "Tiering": {"FreeTier": {"Activated": False}}}
    for rules, expected, base in (((), "0", "FREE_TIER"), ((markup(10),), "0", "FREE_TIER"),
                                  ((off,), "0.0183236", "PUBLIC_ON_DEMAND_RATE"),
                                  ((off, markup(10)), "0.02015596", "PUBLIC_ON_DEMAND_RATE")):
        outcome = price(tool, one_group(*rules), [sqs()])
        expect_amount(base, expected, outcome.total())
        expect("base", base, outcome.line_items[0]["base"])
        expect_amount("public cost", "0.0183236", outcome.line_items[0]["public_cost"])
        expect("count", int(base == "FREE_TIER"), outcome.summary["free_tier"])


@case("free usage is a line item of its own, and no line says free beside a cost")
def free_lines(tool):
    beyond = sqs(usage_amount="1000", unblended_cost="0.0004", public_on_demand_cost="0.0004", description="Beyond")
    outcome = price(tool, one_group(), [beyond, sqs()], options=("--close", PERIOD))
    expect("lines", [("First 1,000,000 requests are free", "0"), ("Beyond", "0.0004")],
           [(item["description"], item["cost"]) for item in outcome.line_items])
    expect("report", ["Beyond", "First 1,000,000 requests are free (free tier)"],
           sorted(row["lineItem/LineItemDescription"] for row in outcome.cur()))


@case("where AWS says free and this bill does not, the report says so")
def not_free(tool):
    outcome = price(tool, one_group(free_tier(False), markup(20)), [sqs()], options=("--close", PERIOD))
    expect("report", ["First 1,000,000 requests are free (charged, not in the free tier) (+20%)"],
           [row["lineItem/LineItemDescription"] for row in outcome.cur()])
    free = requests("1000000", unblended_cost="0", public_on_demand_rate="0.0000002", description="Free Tier")
    more = requests("2000000", unblended_cost="0.4", public_on_demand_rate="0.0000002", description="Total Requests")
    outcome = price(tool, one_group(), [more, free], LAMBDA, options=("--close", PERIOD))
    expect("of one hour what is free comes first", [("Free Tier (free tier)", "0"), ("Total Requests", "0.4")],
           sorted((row["lineItem/LineItemDescription"], row["lineItem/UnblendedCost"]) for row in outcome.cur()))


@case("what has no public price, is covered or is no usage is not free usage")
def not_free_usage(tool):
    events = [usage(X, "A", "U", unblended_cost="0", public_on_demand_rate="0", public_on_demand_cost="0"),
              usage(X, "A", "U", unblended_cost="0"),
              usage(X, "A", "U", line_item_type="DiscountedUsage", unblended_cost="0", public_on_demand_rate="3"),
              usage(X, "A", "U", public_on_demand_rate="3")]
    outcome = price(tool, one_group(), events)
    expect_amount("cost", "6", outcome.total())
    expect("free", 0, outcome.summary["free_tier"])


# --- the invoice's month ----------------------------------------------------------------------------------------

def month_rows(period):
    return [usage(X, "AmazonEC2", "Box", "1", public_on_demand_rate="0.0104", unblended_cost="0.0104",
                  billing_period=period),
            usage(X, "AmazonEC2", "Box", "1", period="2024-05", day=31, hour=23, public_on_demand_rate="0.0104",
                  unblended_cost="0.0104", billing_period=period),
            usage(X, "AmazonEC2", "", "1", period="2024-04", line_item_type="Refund", unblended_cost="-25.5",
                  billing_period=period),
            usage(X, "AmazonRegistrar", "Domain", "1", period="2024-05", line_item_type="Fee", unblended_cost="12",
                  billing_period=period)]


@case("a late hour, a refund and a fee of other months are on the bill that they came with")
def invoice_month(tool):
    outcome = price(tool, one_group(markup(20)), month_rows(PERIOD), options=("--close", PERIOD))
    expect("bills", [(X, PERIOD)], sorted({(bill["billing_group"], bill["billing_period"]) for bill in outcome.bills}))
    expect_amount("12 + 2 x 0.01248", "12.02496", outcome.total())
    expect_amount("12 + 2 x 0.0104 - 25.5", "-13.4792", outcome.bill()["billable_cost"])
    expect("usage dates stay", ["2024-05-28", "2024-05-31", "2024-06-01"],
           sorted(("2024-05-28" if "Fee" == row["lineItem/LineItemType"] else row["lineItem/UsageStartDate"][:10])
                  for row in outcome.cur()))
    split = price(tool, one_group(markup(20)), month_rows(None))
    expect("without it their own month counts", 3, split.summary["before_document"])
    expect("and that is said", True, "before the document's BillingPeriod" in split.stderr)


@case("a report's rows carry their invoice's month, under both kinds of headings")
def invoice_month_of_reports(tool):
    legacy = ("identity/LineItemId,identity/TimeInterval,bill/BillingPeriodStartDate,lineItem/UsageAccountId,"
              "lineItem/LineItemType,lineItem/UsageStartDate,lineItem/ProductCode,lineItem/UsageType,lineItem/UsageAmount,"
              "pricing/publicOnDemandRate")
    newer = ("identity_line_item_id,identity_time_interval,bill_billing_period_start_date,line_item_usage_account_id,"
             "line_item_line_item_type,line_item_usage_start_date,line_item_product_code,line_item_usage_type,"
             "line_item_usage_amount,pricing_public_on_demand_rate")
    row = f"l1,t,2024-06-01T00:00:00.000Z,{X},Usage,2024-05-31T23:00:00Z,AmazonEC2,Box,2,0.5"
    for heading in (legacy, newer):
        outcome = price(tool, one_group(), [], name="usage.csv", text=f"{heading}\n{row}\n")
        expect_amount("June", "1", outcome.total())
        expect("usage_start", "2024-05-31T23:00:00Z", outcome.line_items[0]["usage_start"])


# --- net costs --------------------------------------------------------------------------------------------------

NET_HEADING = ("identity_line_item_id,identity_time_interval,line_item_usage_account_id,line_item_line_item_type,"
               "line_item_usage_start_date,line_item_product_code,line_item_usage_type,line_item_usage_amount,"
               "line_item_unblended_cost,pricing_public_on_demand_rate")


def net_report(*rows, net=True):
    """Rows as (type, amount, unblended cost, rate, net cost)."""
    lines = [NET_HEADING + (",line_item_net_unblended_cost" if net else "")]
    for number, (kind, amount, cost, rate, net_cost) in enumerate(rows):
        lines.append(f"c{number},t,{X},{kind},2024-06-10T00:00:00Z,AmazonEC2,Box,{amount},{cost},{rate}"
                     + (f",{net_cost}" if net else ""))
    return "\n".join(lines) + "\n"


@case("what AWS takes is the net cost, in every kind of discounted report")
def net_costs(tool):
    used, cut = ("Usage", "100", "1.04", "0.0104", "0.936"), ("EdpDiscount", "", "-0.104", "", "")
    for what, text in (("discounts in columns alone", net_report(used)),
                       ("columns and rows of their own", net_report(used, cut)),
                       ("rows of their own alone", net_report(used, cut, net=False)),
                       ("a discount with a net cost", net_report(("Usage", "100", "1.04", "0.0104", "0.94"),
                                                                 ("PrivateRateDiscount", "", "-0.1", "", "-0.004")))):
        outcome = price(tool, one_group(markup(20)), [], name="usage.csv", text=text)
        expect_amount(f"pro forma, {what}", "1.248", outcome.total())
        expect_amount(f"AWS, {what}", "0.936", outcome.bill()["billable_cost"])
        expect_amount(f"margin, {what}", "0.312", outcome.bill()["margin"])


@case("tax goes by its net cost, and a fee is kept at its unblended one")
def net_tax_and_fee(tool):
    text = net_report(("Tax", "", "2", "", "1.8"), ("Fee", "1", "10", "", "9"), ("Usage", "1", "1", "1", ""))
    outcome = price(tool, one_group(), [], name="usage.csv", text=text)
    expect_amount("pro forma", "11", outcome.total())
    expect_amount("AWS", "10", outcome.bill()["billable_cost"])
    expect_amount("tax", "1.8", outcome.bill()["tax"])


# --- services ---------------------------------------------------------------------------------------------------

@case("data transfer finds its price list without a sku, and its rule by its service code")
def transfer_services(tool):
    """10,240 x 0.108 + 9,760 x 0.102; +50 percent: 10,240 x 0.135 + 9,760 x 0.1275."""
    listed = price_list("AWSDataTransfer", paid("OUT", "USW2-DataTransfer-Out-Bytes", *TRANSFER))
    for code in ("AWSDataTransfer", None):
        for product in ("AmazonEC2", "AmazonS3"):
            row = usage(X, product, "USW2-DataTransfer-Out-Bytes", "20000", service_code=code, public_on_demand_rate="0.09")
            expect_amount(f"{product} {code}", "2101.44", price(tool, one_group(markup(20)), [row], listed).total())
    rules = markup(20), markup(50, scope="SERVICE", Service="AWSDataTransfer"), markup(5, scope="SERVICE", Service="AmazonEC2")
    expect_amount("its own rule", "2626.8", price(tool, one_group(*rules), [transfer("20000")], listed).total())


@case("a product's rule is for what no rule of its service code is for")
def product_rule(tool):
    row = usage(X, "AmazonS3", "Out", "10", service_code="AWSDataTransfer", public_on_demand_rate="1")
    rules = markup(20), markup(50, scope="SERVICE", Service="AmazonS3")
    expect_amount("AmazonS3", "15", price(tool, one_group(*rules), [row]).total())


# --- several prices ---------------------------------------------------------------------------------------------

@case("of several prices of one meter the row's own rate tells which, else none of them")
def several_prices(tool):
    boxes = price_list("AmazonEC2", flat("LINUX", "Box", "0.0960", "Run"), flat("WINDOWS", "Box", "0.1880", "Run"))
    for members, expected, ambiguous in (({"public_on_demand_rate": "0.188"}, "0.2256", 0),
                                         ({"public_on_demand_rate": "0.096"}, "0.1152", 0),
                                         ({"sku": "WINDOWS", "public_on_demand_rate": "0.2"}, "0.2256", 0),
                                         ({"public_on_demand_rate": "0.2"}, "0.24", 1),
                                         ({"public_on_demand_cost": "0.3"}, "0.36", 1)):
        row = usage(X, "AmazonEC2", "Box", "1", operation="Run", **members)
        outcome = price(tool, one_group(markup(20)), [row], boxes)
        expect_amount(f"{members}", expected, outcome.total())
        expect(f"ambiguous, {members}", ambiguous, outcome.summary["ambiguous"])
        expect(f"said, {members}", bool(ambiguous), "has several prices for their meter" in outcome.stderr)


@case("a month is priced by the terms that it begins with")
def terms_of_months(tool):
    terms = {**term("BOX", (("0", "Inf", "1"),), "2024-01-01"), **term("BOX", (("0", "Inf", "2"),), "2024-06-01"),
             **term("BOX", (("0", "Inf", "3"),), "2024-06-15"), **term("BOX", (("0", "Inf", "9"),), "2099-01-01")}
    listed = price_list("AmazonEC2", paid("BOX", "Box", operation="Run", terms=terms))
    events = [usage(X, "AmazonEC2", "Box", "1", operation="Run", period=period) for period in ("2024-05", "2024-06", "2024-07")]
    outcome = price(tool, one_group_since("2024-05"), events, listed)
    for period, expected in (("2024-05", "1"), ("2024-06", "2"), ("2024-07", "3")):
        expect_amount(period, expected, outcome.total(X, period))
    future = price_list("AmazonEC2", paid("BOX", "Box", operation="Run", terms=term("BOX", (("0", "Inf", "9"),), "2099-01-01")))
    expect_amount("the only term there is", "9", price(tool, one_group(), events[1:2], future).total())


def one_group_since(period):
    conductor = Conductor(period)
    conductor.group(X, Y)
    return conductor


# --- shares and refunds -----------------------------------------------------------------------------------------

@case("rows of split cost allocation stay out of the sums that their parents are in, and keep their tags")
def split_costs(tool):
    heading = ("identity/LineItemId,identity/TimeInterval,lineItem/UsageAccountId,lineItem/LineItemType,"
               "lineItem/UsageStartDate,lineItem/ProductCode,lineItem/UsageType,lineItem/Operation,lineItem/UsageAmount,"
               "lineItem/UnblendedCost,pricing/publicOnDemandRate,splitLineItem/ParentResourceId,"
               "splitLineItem/SplitCost,resourceTags/aws:eks:namespace")
    rows = [f"l0,t,{X},Usage,2024-06-10T00:00:00Z,AmazonEC2,Box,Run,1,0.096,0.096,,,",
            f"l1,t,{X},Usage,2024-06-10T00:00:00Z,AmazonEKS,EKS-EC2-vCPU-Hours,EKSPod-EC2,0.25,0,0,i-0abc,0.02,shop",
            f"l2,t,{X},Usage,2024-06-10T00:00:00Z,AmazonEKS,EKS-EC2-GB-Hours,EKSPod-EC2,1,0.01,0.03,i-0abc,0.01,shop"]
    listed = price_list("AmazonEKS", flat("VCPU", "EKS-EC2-vCPU-Hours", "0.5"), paid("GB", "EKS-EC2-GB-Hours", ("0", "1", "0.2"),
                                                                                  ("1", "Inf", "0.1")))
    own = [custom_tiers(((0, None, 1),), Service="AmazonEKS", UsageType=f"EKS-EC2-{unit}-Hours") for unit in ("vCPU", "GB")]
    for rules, offers in (((), ()), ((free_tier(False),), ()), (own, ()), (own[:1], (listed,)), ((), (listed,)),
                          ((custom_tiers(((0, None, 1),), Service="AmazonEKS", Operation="EKSPod-EC2"),), ())):
        outcome = price(tool, one_group(*rules), [], *offers, name="usage.csv", text="\n".join([heading, *rows]) + "\n")
        expect_amount("pro forma", "0.096", outcome.total())
        expect_amount("AWS", "0.096", outcome.bill()["billable_cost"])
        expect("tags", 2, sum(item.get("tags") == {"aws:eks:namespace": "shop"} for item in outcome.line_items))


@case("a returned savings plan's refund is left out, as AWS does, and that is said")
def returned_savings_plan(tool):
    events = [usage(X, "ComputeSavingsPlans", "SP", line_item_type="SavingsPlanUpfrontFee", unblended_cost="4380"),
              usage(X, "ComputeSavingsPlans", "SP", line_item_type="Refund", unblended_cost="-4380")]
    outcome = price(tool, one_group(), events)
    expect_amount("pro forma", "4380", outcome.total())
    expect_amount("AWS", "0", outcome.bill()["billable_cost"])
    expect("said", True, "1 events are refunds" in outcome.stderr)


# --- a small account's whole report -----------------------------------------------------------------------------

REPORT_COLUMNS = ("identity/LineItemId", "identity/TimeInterval", "bill/PayerAccountId", "bill/BillingEntity",
                  "bill/BillingPeriodStartDate", "lineItem/UsageAccountId", "lineItem/LineItemType",
                  "lineItem/UsageStartDate", "lineItem/UsageEndDate", "lineItem/ProductCode", "lineItem/UsageType",
                  "lineItem/Operation", "lineItem/UsageAmount", "lineItem/CurrencyCode", "lineItem/UnblendedCost",
                  "lineItem/LineItemDescription", "product/servicecode", "pricing/publicOnDemandCost",
                  "pricing/publicOnDemandRate", "pricing/unit")
# (product, service, usage type, amounts, rate, what AWS bills a unit): requests, free ones, transfer, keys, no price.
REPORT_METERS = (("AmazonS3", "AmazonS3", "CAN1-Requests-Tier1", ("17.0", "3.0"), "5.5E-6", "5.5E-6"),
                 ("AmazonS3", "AWSDataTransfer", "CAN1-USE1-AWS-Out-Bytes", ("1.0416666667E-4", "0.0000038110"), "0.02", "0.02"),
                 ("AmazonSNS", "AmazonSNS", "CAN1-Requests-Tier1", ("1102.0", "7"), "5.0E-7", "0"),
                 ("AWSQueueService", "AWSQueueService", "CAN1-Requests-Tier1", ("45809.0",), "4.0E-7", "0.0"),
                 ("awskms", "awskms", "ca-central-1-KMS-Keys", ("0.0333333333", "1.0"), "1.0000000000", "1"),
                 ("AWSCloudShell", "AWSCloudShell", "CAN1-CloudShell-vCPU-Hours", ("0.25",), "0E-10", "0"),
                 ("AmazonStates", "AmazonStates", "CAN1-StateTransition", ("4",), "", "0"))


def small_report():
    """Rows of a month, days and hours apart, with a tax row a product."""
    rows = []
    for number in range(420):
        product, service, usage_type, amounts, rate, billed = REPORT_METERS[number % len(REPORT_METERS)]
        amount = amounts[number % len(amounts)]
        start = f"2024-06-{number % 29 + 1:02d}T{number % 24:02d}:00:00Z"
        cost = Decimal(amount) * Decimal(billed)
        public = str(Decimal(amount) * Decimal(rate)) if rate else ""
        rows.append((f"l{number}", f"{start}/{start}", PAYER, "AWS", "2024-06-01T00:00:00.000Z", X, "Usage", start, start,
                     product, usage_type, "Op", amount, "USD", str(cost), f"{usage_type} of {product}", service, public, rate,
                     "Unit"))
    for number, (product, *_) in enumerate(REPORT_METERS):
        rows.append((f"t{number}", "t", PAYER, "AWS", "2024-06-01T00:00:00.000Z", X, "Tax", "2024-06-01T00:00:00Z",
                     "2024-07-01T00:00:00Z", product, "", "", "1.0", "USD", f"0.0{number}", "Tax", "", "0.0", "", ""))
    return [dict(zip(REPORT_COLUMNS, row)) for row in rows]


def worked_out(rows):
    """Pro forma, AWS, tax and free rows, by the report's own columns alone."""
    pro_forma, aws, tax, free = Decimal(0), Decimal(0), Decimal(0), 0
    for row in rows:
        billed, rate = Decimal(row["lineItem/UnblendedCost"]), row["pricing/publicOnDemandRate"]
        if row["lineItem/LineItemType"] == "Tax":
            tax += billed
            continue
        aws += billed
        public = Decimal(row["lineItem/UsageAmount"]).quantize(Decimal("1e-10")) * Decimal(rate) if rate else billed
        is_free = bool(rate) and billed == 0 and Decimal(rate) != 0
        free += is_free
        pro_forma += 0 if is_free else public * Decimal("1.1")
    return pro_forma, aws, tax, free


@case("a small account's report under +10 percent is what its own columns add up to, free rows at nothing")
def whole_report(tool):
    rows = small_report()
    pro_forma, aws, tax, free = worked_out(rows)
    text = "\n".join([",".join(REPORT_COLUMNS), *(",".join(row.values()) for row in rows)]) + "\n"
    outcome = price(tool, one_group(markup(10)), [], name="report.csv", text=text)
    expect("rows free of charge", 120, free)
    expect("rows counted as free", free, outcome.summary["free_tier"])
    expect_amount("pro forma", pro_forma, outcome.total())
    expect_amount("AWS", aws, outcome.bill()["billable_cost"])
    expect_amount("tax", tax, outcome.bill()["tax"])


if __name__ == "__main__":
    sys.exit(run_cases(proforma_argument(__doc__.splitlines()[0]), CASES))
