#!/usr/bin/env python3
"""Worked bills: small worlds whose right answer somebody can check with pencil and paper.

Cases are numbered T1 to T48. Figures are written out here, never computed, so that a wrong formula cannot agree with
itself.

    python3 tests/golden/golden.py --proforma build/processor/proforma
"""
import argparse
import csv
import gzip
import json
import re
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

PAYER = "100000000001"
ABC = f"arn:aws:billingconductor::{PAYER}"
X, Y, Z = "200000000011", "200000000012", "200000000013"
PERIOD = "2024-06"
TIMEOUT_SECONDS = 60

S3_STORAGE = (("0", "0.023"), ("51200", "0.022"), ("512000", "0.021"))
LAMBDA_REQUESTS = (("0", "0"), ("1000000", "0.0000002"))
TRANSFER_OUT = (("0", "0.09"), ("10240", "0.085"), ("51200", "0.07"), ("153600", "0.05"))
ABC_ITSELF = (("0", "8.25"), ("500", "6.75"), ("2000", "5.25"))


class Wrong(Exception):
    """A figure that is not the expected one."""


def expect(what, expected, found):
    if expected != found:
        raise Wrong(f"{what}: expected {expected}, found {found}")


def expect_amount(what, expected, found):
    expect(what, Decimal(expected), Decimal(str(found)))


# --- documents --------------------------------------------------------------------------------------------------

class Conductor:
    """A conductor document under construction."""

    def __init__(self, period=PERIOD):
        self.document = {
            "BillingPeriod": period, "BillingGroups": [], "LinkedAccounts": [], "PricingPlans": [],
            "PricingRulesAssociatedToPricingPlan": [], "PricingRules": [], "CustomLineItems": [],
            "CustomLineItemVersions": [], "ResourcesAssociatedToCustomLineItem": []}

    def plan(self, *rules):
        """A plan with these rules; each rule is its members without name and ARN."""
        number = len(self.document["PricingPlans"])
        arn, rule_arns = f"{ABC}:pricingplan/plan{number:06d}", []
        for rule in rules:
            rule_id = f"rule{len(self.document['PricingRules']):06d}"
            rule_arns.append(f"{ABC}:pricingrule/{rule_id}")
            self.document["PricingRules"].append({"Name": rule_id, "Arn": rule_arns[-1], **rule})
        self.document["PricingPlans"].append({"Name": f"plan{number}", "Arn": arn, "Size": len(rules)})
        self.document["PricingRulesAssociatedToPricingPlan"].append(
            {"PricingPlanArn": arn, "PricingRuleArns": rule_arns})
        return arn

    def group(self, *accounts, plan="arn:aws:billingconductor::aws:pricingplan/BasicPricingPlan"):
        """A group of these accounts; the first is its primary and names it."""
        arn = f"{ABC}:billinggroup/{accounts[0]}"
        self.document["BillingGroups"].append({
            "Name": f"group{accounts[0]}", "Arn": arn, "PrimaryAccountId": accounts[0], "Size": len(accounts),
            "Status": "ACTIVE", "BillingGroupType": "STANDARD", "ComputationPreference": {"PricingPlanArn": plan},
            "AccountGrouping": {"AutoAssociate": False}})
        self.document["LinkedAccounts"] += [{"AccountId": account, "BillingGroupArn": arn, "AccountName": account}
                                            for account in accounts]
        return arn

    def item(self, group, kind, charge, inputs=None, start=PERIOD, end=None, itemized=False, service=None, account=None):
        """A custom line item; `inputs` are what a percentage is taken of, None for no association at all."""
        item_id = f"item{len(self.document['CustomLineItems']):06d}"
        arn = f"{ABC}:customlineitem/{item_id}"
        self.document["CustomLineItems"].append({
            "Name": item_id, "Arn": arn, "Description": item_id, "BillingGroupArn": group, "CurrencyCode": "USD",
            "ChargeDetails": {"Type": kind, **charge}, "ComputationRule": "ITEMIZED" if itemized else "CONSOLIDATED",
            **({"PresentationDetails": {"Service": service}} if service else {}),
            **({"AccountId": account} if account else {})})
        version = {"Arn": arn, "StartBillingPeriod": start, **({"EndBillingPeriod": end} if end else {})}
        self.document["CustomLineItemVersions"].append(version)
        if inputs is not None:
            self.document["ResourcesAssociatedToCustomLineItem"].append(
                {"Arn": arn, "AssociatedResources": [{"Arn": name, "Relationship": "CHILD"} for name in inputs]})
        return arn


def flat(value):
    return {"Flat": {"ChargeValue": value}}


def percentage(value):
    return {"Percentage": {"PercentageValue": value}}


def markup(value, scope="GLOBAL", **selector):
    return {"Scope": scope, "Type": "MARKUP", "ModifierPercentage": value, **selector}


def discount(value, scope="GLOBAL", **selector):
    return {"Scope": scope, "Type": "DISCOUNT", "ModifierPercentage": value, **selector}


def free_tier(activated):
    return {"Scope": "GLOBAL", "Type": "TIERING", "Tiering": {"FreeTier": {"Activated": activated}}}


def custom_tiers(tiers, **selector):
    """Tiers as (begin, end or None, rate)."""
    elements = [{"BeginRangeInclusive": begin, "RateValue": rate, **({} if end is None else {"EndRangeExclusive": end})}
                for begin, end, rate in tiers]
    return {"Scope": "SKU", "Type": "TIERING", **selector, "Tiering": {"CustomTiers": elements}}


def one_group(*rules, accounts=(X, Y, Z)):
    """The usual document: one group under a plan of these rules."""
    conductor = Conductor()
    conductor.group(*accounts, plan=conductor.plan(*rules))
    return conductor


def offer(service, usage_type, tiers, operation=None):
    """An offer file with a single entry; tiers as (begin, rate)."""
    sku = "SKU" + re.sub("[^A-Z0-9]", "", usage_type.upper())[:12]
    term = f"{sku}.JRTCKXETXF"
    dimensions = {}
    for index, (begin, rate) in enumerate(tiers):
        end = tiers[index + 1][0] if index + 1 < len(tiers) else "Inf"
        dimensions[f"{term}.T{index}"] = {
            "rateCode": f"{term}.T{index}", "description": "", "beginRange": begin, "endRange": end, "unit": "unit",
            "pricePerUnit": {"USD": rate}, "appliesTo": []}
    attributes = {"servicecode": service, "usagetype": usage_type, **({"operation": operation} if operation else {})}
    return {"formatVersion": "v1.0", "offerCode": service, "version": "1", "publicationDate": "2024-01-01T00:00:00Z",
            "products": {sku: {"sku": sku, "productFamily": "", "attributes": attributes}},
            "terms": {"OnDemand": {sku: {term: {
                "offerTermCode": "JRTCKXETXF", "sku": sku, "effectiveDate": "2024-01-01T00:00:00Z",
                "termAttributes": {}, "priceDimensions": dimensions}}}}}


T3_MICRO = offer("AmazonEC2", "BoxUsage:t3.micro", (("0", "0.0104"),), "RunInstances")
S3_OFFER = offer("AmazonS3", "TimedStorage-ByteHrs", S3_STORAGE)
LAMBDA_OFFER = offer("AWSLambda", "Lambda-Requests", LAMBDA_REQUESTS)
TRANSFER_OFFER = offer("AmazonEC2", "DataTransfer-Out-Bytes", TRANSFER_OUT, "RunInstances")


# --- usage ------------------------------------------------------------------------------------------------------

class UsageIds:
    count = 0


def usage(account, product, usage_type, amount="1", day=1, period=PERIOD, hour=0, **members):
    """A usage event of one hour."""
    UsageIds.count += 1
    start = f"{period}-{day:02d}T{hour:02d}:00:00Z"
    event = {"event_id": f"e{UsageIds.count}", "payer_account_id": PAYER, "usage_account_id": account,
             "product_code": product, "usage_type": usage_type, "operation": "RunInstances", "usage_start": start,
             "usage_end": f"{period}-{day:02d}T{hour:02d}:59:59Z", "usage_amount": amount, "currency": "USD"}
    return {**event, **members}


def charge_of(account, amount, product="AmazonEC2", billed=None, **members):
    """Usage whose public cost is a given amount, with what AWS bills for it."""
    return usage(account, product, "AnyUsage", public_on_demand_cost=amount, unblended_cost=billed, **members)


def t3_micro(hours, **members):
    return usage(X, "AmazonEC2", "BoxUsage:t3.micro", hours, unit="Hrs", **members)


def storage(account, amount, **members):
    return usage(account, "AmazonS3", "TimedStorage-ByteHrs", amount, operation="StandardStorage", **members)


# --- running ----------------------------------------------------------------------------------------------------

class Outcome:
    """What `proforma price` wrote, with the questions the examples ask."""

    def __init__(self, folder, stdout):
        self.folder = folder
        self.stdout = stdout
        self.bills = [json.loads(line) for line in (folder / "bills.jsonl").read_text().splitlines()]
        self.line_items = [json.loads(line) for line in (folder / "line-items.jsonl").read_text().splitlines()]

    def bill(self, group=X, period=PERIOD, account="", product="", kind=""):
        wanted = (group, period, account, product, kind)
        names = ("billing_group", "billing_period", "usage_account_id", "product_code", "line_item_type")
        found = [bill for bill in self.bills if tuple(bill[name] for name in names) == wanted]
        expect(f"number of bills {wanted}", 1, len(found))
        return found[0]

    def total(self, group=X, period=PERIOD):
        return self.bill(group, period)["cost"]

    def cur(self, group=X, span="20240601-20240701"):
        path = self.folder / "cur" / group / span / f"{group}-00001.csv.gz"
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))


class Tool:
    """The binary under test, with a folder of its own for each run."""

    def __init__(self, proforma, scratch):
        self.proforma = proforma
        self.scratch = scratch
        self.runs = 0

    def new_folder(self):
        self.runs += 1
        folder = self.scratch / f"run{self.runs}"
        folder.mkdir()
        return folder

    def write_inputs(self, folder, conductor, offers):
        """The options that name the document and the price lists."""
        (folder / "conductor.json").write_text(json.dumps(conductor.document))
        options = ["--conductor", str(folder / "conductor.json")]
        for number, content in enumerate(offers):
            path = folder / f"offer{number}.json"
            path.write_text(json.dumps(content))
            options += ["--price-list", str(path)]
        return options

    def execute(self, *arguments):
        return subprocess.run([str(self.proforma), *map(str, arguments)], capture_output=True, text=True,
                              errors="replace", timeout=TIMEOUT_SECONDS)

    def price(self, conductor, events, *offers, close=None):
        folder = self.new_folder()
        options = self.write_inputs(folder, conductor, offers)
        path = folder / "usage.jsonl"
        path.write_text("".join(json.dumps(event) + "\n" for event in events))
        for period in [close] if isinstance(close, str) else close or []:
            options += ["--close", period]
        process = self.execute("price", *options, "--out", folder / "out", path)
        expect(f"exit code ({process.stderr.strip()[-300:]})", 0, process.returncode)
        return Outcome(folder / "out", process.stdout)

    def check(self, conductor, *offers):
        process = self.execute("check", *self.write_inputs(self.new_folder(), conductor, offers))
        return process.returncode, process.stdout + process.stderr


CASES = []


def case(title):
    def register(function):
        CASES.append((title, function))
        return function
    return register


# --- groups and time --------------------------------------------------------------------------------------------

@case("T1 an account that moves takes the whole month along")
def account_move(tool):
    a, b = [f"20000000000{number}" for number in (1, 2, 3)], [f"20000000000{number}" for number in (4, 5, 6)]
    first_half = [charge_of(account, "100", day=10) for account in a + b]
    second_half = [charge_of(account, "100", day=20) for account in a + b]
    before, after = Conductor(), Conductor()
    before.group(*a), before.group(*b)
    after.group(*a[:2]), after.group(*b, a[2])
    as_of_day_15 = tool.price(before, first_half)
    expect_amount("A as of day 15", "300", as_of_day_15.total(a[0]))
    expect_amount("B as of day 15", "300", as_of_day_15.total(b[0]))
    month = tool.price(after, first_half + second_half)
    expect_amount("A", "400", month.total(a[0]))
    expect_amount("B", "800", month.total(b[0]))
    expect_amount("account 3, under B", "200", month.bill(b[0], PERIOD, a[2], "AmazonEC2", "Usage")["cost"])


@case("T48 a late event gives the same total in any order")
def late_event(tool):
    events = [storage(X, "5000", day=day) for day in range(1, 14)]
    late = storage(Y, "5000", day=3)
    for order in (events[:3] + [late] + events[3:], events + [late], [late] + events[::-1]):
        expect_amount("70,000 GB-Mo", "1591.200", tool.price(one_group(), order, S3_OFFER).total())


# --- rules ------------------------------------------------------------------------------------------------------

@case("T3 a discount of 20 is x 0.8, a markup of 30 x 1.3, 0 changes nothing")
def modifier_table(tool):
    for rule, expected in ((discount(20), "0.8"), (markup(30), "1.3"), (markup(0), "1"), (discount(0), "1")):
        outcome = tool.price(one_group(rule), [usage(X, "AmazonRDS", "Hours", public_on_demand_rate="1")])
        expect_amount(f"{rule['Type']} {rule['ModifierPercentage']}", expected, outcome.total())


@case("T30 markup and discount on 730 hours of a t3.micro")
def t3_micro_month(tool):
    for rules, cost, rate in (((markup(20),), "9.11040", "0.01248"), ((discount(15),), "6.453200", "0.00884"),
                              ((), "7.5920", "0.0104")):
        outcome = tool.price(one_group(*rules), [t3_micro("730")], T3_MICRO)
        expect_amount(f"cost under {rules}", cost, outcome.total())
        expect_amount(f"rate under {rules}", rate, outcome.line_items[0]["rate"])
        expect_amount(f"public cost under {rules}", "7.5920", outcome.bill()["public_cost"])


@case("T4 the report's description names the modifier")
def modifier_label(tool):
    event = t3_micro("1", description="EC2 t3.micro on-demand")
    rows = tool.price(one_group(markup(20)), [event], T3_MICRO, close=PERIOD).cur()
    expect("description", ["EC2 t3.micro on-demand (+20%)"], [row["lineItem/LineItemDescription"] for row in rows])


@case("T32 the narrowest rule wins, rules do not stack")
def precedence(tool):
    conductor = one_group(
        discount(30, "SKU", Service="AmazonEC2", UsageType="BoxUsage:t3.micro", Operation="RunInstances"),
        markup(10, "SERVICE", Service="AmazonEC2"),
        markup(5, "BILLING_ENTITY", BillingEntity="AWS Marketplace"), markup(20))
    events = [t3_micro("100"), usage(Y, "AmazonEC2", "BoxUsage:m5.large", "100", public_on_demand_rate="0.096"),
              usage(X, "someproduct", "Seats", billing_entity="AWS Marketplace", unblended_cost="200"),
              storage(X, "1000")]
    outcome = tool.price(conductor, events, T3_MICRO, S3_OFFER)
    for what, expected, key in (("t3.micro", "0.728", (X, "AmazonEC2")), ("m5.large", "10.56", (Y, "AmazonEC2")),
                                ("Marketplace", "210", (X, "someproduct")), ("S3", "27.6", (X, "AmazonS3"))):
        expect_amount(what, expected, outcome.bill(X, PERIOD, *key, "Usage")["cost"])
    expect_amount("total", "248.888", outcome.total())


# --- tiers ------------------------------------------------------------------------------------------------------

@case("T15 graduated tiers: Billing Conductor's own price")
def own_price(tool):
    meter = offer("AWSBillingConductor", "Accounts", ABC_ITSELF)
    for accounts, expected in (("3", "24.75"), ("1400", "10200")):
        event = usage(X, "AWSBillingConductor", "Accounts", accounts)
        expect_amount(f"{accounts} accounts", expected, tool.price(one_group(), [event], meter).total())


@case("T38 the accounts of a group share their tiers")
def pooled_tiers(tool):
    outcome = tool.price(one_group(), [storage(X, "30000"), storage(Y, "40000")], S3_OFFER)
    expect_amount("70,000 GB-Mo", "1591.200", outcome.total())
    outcome = tool.price(one_group(), [storage(X, "600000")], S3_OFFER)
    expect_amount("600,000 GB-Mo", "13163.200", outcome.total())
    by_tier = {item["tier"]: item["cost"] for item in outcome.line_items}
    for tier, expected in ((1, "1177.600"), (2, "10137.600"), (3, "1848.000")):
        expect_amount(f"tier {tier}", expected, by_tier[tier])


@case("T40 free tier on and off, alone and with a markup of 10")
def free_requests(tool):
    for activated, rules, expected in ((True, (), "0.40"), (False, (), "0.60"), (True, (markup(10),), "0.44"),
                                       (False, (markup(10),), "0.66")):
        event = usage(X, "AWSLambda", "Lambda-Requests", "3000000", operation="Invoke")
        outcome = tool.price(one_group(free_tier(activated), *rules), [event], LAMBDA_OFFER)
        expect_amount(f"free tier {activated}, {len(rules)} markups", expected, outcome.total())
        expect_amount("public cost", "0.40", outcome.bill()["public_cost"])


TRANSFER_SKU = {"Service": "AmazonEC2", "UsageType": "DataTransfer-Out-Bytes", "Operation": "RunInstances"}
OWN_TIERS = ((0.0, 10240.0, 0.05), (10240.0, None, 0.04))


@case("T42 own tiers replace the public ones, and no markup comes on top")
def own_tiers(tool):
    def event():
        return usage(X, "AmazonEC2", "DataTransfer-Out-Bytes", "25000")

    for rules, expected in (((custom_tiers(OWN_TIERS, **TRANSFER_SKU),), "1102.40"),
                            ((custom_tiers(OWN_TIERS, **TRANSFER_SKU), markup(20)), "1102.40"), ((), "2176.20")):
        expect_amount(f"{len(rules)} rules", expected, tool.price(one_group(*rules), [event()], TRANSFER_OFFER).total())


@case("T42 own tiers that are rejected")
def rejected_tiers(tool):
    rejected = {
        "more than twice the highest public rate": ((0.0, 10240.0, 0.181), (10240.0, None, 0.04)),
        "more ranges than public tiers": tuple((float(step * 100), None if step == 4 else float(step * 100 + 100), 0.05)
                                               for step in range(5)),
        "a gap": ((0.0, 100.0, 0.05), (200.0, None, 0.04)),
        "a bounded last range": ((0.0, 100.0, 0.05), (100.0, 200.0, 0.04)),
        "eleven decimals": ((0.0, 100.0, 0.12345678901), (100.0, None, 0.04)),
    }
    code, text = tool.check(one_group(custom_tiers(OWN_TIERS, **TRANSFER_SKU)), TRANSFER_OFFER)
    expect(f"exit code for own tiers as they should be ({text.strip()[-300:]})", 0, code)
    for what, tiers in rejected.items():
        code, text = tool.check(one_group(custom_tiers(tiers, **TRANSFER_SKU)), TRANSFER_OFFER)
        expect(f"exit code for {what}", 2, code)
        expect(f"reason for {what}", True, "ILLEGAL_TIERING_INPUT" in text)


# --- custom line items ------------------------------------------------------------------------------------------

@case("T13 the range of a custom line item ends before its end")
def item_range(tool):
    for start, end, before, after in (("2024-02", "2024-03", "2024-01", "2024-03"),
                                      ("2024-12", "2025-01", "2024-11", "2025-01")):
        conductor = Conductor(before)
        conductor.item(conductor.group(X), "FEE", flat(100.0), start=start, end=end)
        outcome = tool.price(conductor, [charge_of(X, "7", period=period) for period in (before, start, after)])
        for period, expected in ((before, "7"), (start, "107"), (after, "7")):
            expect_amount(f"{period} of {start} to {end}", expected, outcome.total(X, period))


@case("several months are closed at once, those without usage too")
def several_closes(tool):
    conductor = Conductor("2024-05")
    conductor.item(conductor.group(X), "FEE", flat(3.0), start="2024-05")
    events = [charge_of(X, "7", period="2024-05"), charge_of(X, "8", period="2024-07")]
    outcome = tool.price(conductor, events, close=["2024-07", "2024-05", "2024-06", "2024-05"])
    for period, span, total, rows in (("2024-05", "20240501-20240601", "10", 2), ("2024-06", "20240601-20240701", "3", 1),
                                      ("2024-07", "20240701-20240801", "11", 2)):
        expect_amount(f"total of {period}", total, outcome.total(X, period))
        report = outcome.cur(X, span)
        expect(f"rows of {period}", rows, len(report))
        expect_amount(f"report of {period}", total, sum(Decimal(row["lineItem/UnblendedCost"]) for row in report))


@case("T14 a percentage of nothing is nothing")
def percentage_of_nothing(tool):
    for value in (10.0, 10000.0):
        conductor = Conductor()
        conductor.item(conductor.group(X), "FEE", percentage(value))
        expect_amount(f"{value} percent", "100", tool.price(conductor, [charge_of(X, "100")]).total())


@case("T35 flat items count in a percentage only where they are chosen")
def percentage_base(tool):
    for chosen, expected, total in ((0, "100.00", "1130.00"), (1, "105.00", "1135.00"), (2, "103.00", "1133.00")):
        conductor = Conductor()
        group = conductor.group(X)
        flats = [conductor.item(group, "FEE", flat(50.0)), conductor.item(group, "CREDIT", flat(20.0))]
        fee = conductor.item(group, "FEE", percentage(10.0), [group] + flats[:chosen])
        outcome = tool.price(conductor, [charge_of(X, "1000")])
        (item,) = [item for item in outcome.line_items if item.get("custom_line_item") == fee.split("/")[1]]
        expect_amount(f"the percentage with {chosen} flat items", expected, item["cost"])
        expect_amount(f"the total with {chosen} flat items", total, outcome.total())


@case("an itemized percentage stands beside each row of its base, under that row's account and service")
def itemized(tool):
    for service, shown in ((None, None), ("Fees", "Fees"), ("AWSBillingConductor", "AWSBillingConductor")):
        conductor = Conductor()
        group = conductor.group(X, Y)
        fixed = conductor.item(group, "FEE", flat(50.0), service="AmazonVPC", account=Y)
        credit = conductor.item(group, "CREDIT", percentage(10.0), [group, fixed], itemized=True, service=service)
        other = {"line_item_type": "SavingsPlanNegation", "savings_plan_arn": f"arn:aws:savingsplans::{X}:savingsplan/1"}
        outcome = tool.price(conductor, [charge_of(X, "100"), charge_of(X, "100", day=2), charge_of(Y, "30", "AmazonRDS"),
                                         charge_of(X, "0", billed="-40", **other)], close=PERIOD)
        found = sorted((item["usage_account_id"], item["product_code"], item["line_item_type"], item["cost"])
                       for item in outcome.line_items if item.get("custom_line_item") == credit.split("/")[1])
        expect(f"rows beside rows, under {service}", sorted([
            (X, shown or "AmazonEC2", "Proforma_Credit", "-20"), (X, shown or "AmazonEC2", "Proforma_Credit", "4"),
            (Y, shown or "AmazonRDS", "Proforma_Credit", "-3"), (Y, shown or "AmazonVPC", "Proforma_Credit", "-5")]), found)
        expect_amount("one bill row of one key", "-16", outcome.bill(X, PERIOD, X, shown or "AmazonEC2", "Proforma_Credit")["cost"])
        expect_amount("total", "216", outcome.total())
        expect("rows of the report", 9, len(outcome.cur()))


# --- margin and cents -------------------------------------------------------------------------------------------

@case("T43 margin and its percentage of what is charged")
def margins(tool):
    for cost, billed, margin, share in (
            ("1133", "900", "233", "20.5648720212"), ("900", "1000", "-100", "-11.1111111111"),
            ("1000", "1000", "0", "0"), ("0", "5", "-5", None)):
        bill = tool.price(one_group(), [charge_of(X, cost, billed=billed)]).bill()
        expect_amount(f"margin of {cost} over {billed}", margin, bill["margin"])
        if share is None:
            expect(f"percentage of {cost} over {billed}", None, bill.get("margin_percentage"))
        else:
            expect_amount(f"percentage of {cost} over {billed}", share, bill["margin_percentage"])


@case("T47 discounts, credits, tax and support are not charged")
def excluded_rows(tool):
    def other(kind, amount, product="AmazonEC2"):
        event = usage(X, product, "", amount="1", line_item_type=kind, unblended_cost=amount)
        return {name: value for name, value in event.items() if value}

    events = [charge_of(X, "100", billed="100"), other("EdpDiscount", "-10"), other("Credit", "-5"),
              other("Tax", "8"), other("Fee", "12", "AWSSupportBusiness")]
    bill = tool.price(one_group(), events).bill()
    expect_amount("pro forma cost", "100", bill["cost"])
    expect_amount("billable cost, with support, without tax", "97", bill["billable_cost"])
    expect_amount("tax", "8", bill["tax"])
    expect_amount("margin", "3", bill["margin"])


@case("T19 printed cents add up to the printed total")
def printed_cents(tool):
    events = [charge_of(account, "35.9467", product, "30")
              for account, product in ((X, "AmazonEC2"), (Y, "AmazonRDS"), (Z, "AmazonVPC"))]
    outcome = tool.price(one_group(), events)
    expect_amount("exact total", "107.8401", outcome.total())
    printed = re.findall(r"\d+\.\d+", outcome.stdout)
    parts = sorted(text for text in printed if text in ("35.94", "35.95"))
    expect("printed parts", ["35.94", "35.95", "35.95"], parts[:1] + parts[-2:])
    expect("as many rows up as keep the sum", 2 * parts.count("35.94"), parts.count("35.95"))
    expect("total 107.84 is printed", True, "107.84" in printed)
    expect("other totals are not", [], [text for text in printed if text in ("107.82", "107.85")])


# --- main -------------------------------------------------------------------------------------------------------

def run_cases(proforma, cases):
    """Runs each case in a folder of its own; prints one line per failure and the counts at the end."""
    failed = 0
    for title, function in cases:
        with tempfile.TemporaryDirectory(prefix="proforma-golden-") as scratch:
            try:
                function(Tool(proforma.resolve(), Path(scratch)))
            except (Wrong, OSError, KeyError, IndexError, ValueError, TypeError, ArithmeticError,
                    subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"FAILED {title}\n    {error if isinstance(error, Wrong) else repr(error)}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


def proforma_argument(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--proforma", type=Path, required=True)
    return parser.parse_args().proforma


def main():
    return run_cases(proforma_argument(__doc__.splitlines()[0]), CASES)


if __name__ == "__main__":
    sys.exit(main())
