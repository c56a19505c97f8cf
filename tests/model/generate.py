#!/usr/bin/env python3
"""Small random worlds for the comparison with the model: a conductor document, offer files and usage.

A world is a pure function of its seed. The pools of accounts, meters and hours are small on purpose, so that events
fold into rows, rows share pools, and tier boundaries are met exactly, from below, across and backwards. Where the
design leaves two readings open (see the comments), worlds keep to the part on which the readings agree.

    python3 tests/model/generate.py SEED      prints a world
"""
import json
import random
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta

PAYER = "100000000001"
ABC = f"arn:aws:billingconductor::{PAYER}"
MONTH_RUNS = (("2024-02",), ("2023-12", "2024-01"), ("2024-01", "2024-02", "2024-03"), ("2024-06",))
RATES = ("0.0230000000", "0.0000000001", "0.1", "3", "1.3333333333", "0.09", "0.0104", "2.5000000001")
TIER_RATES = ("1", "0.75", "0.5", "0.3333333333", "0.0000000001", "0.021", "2.2222222222")
BOUNDARIES = ("10", "25", "100", "1000", "30.5", "0.0000000001", "12.3456789012")
QUANTITIES = ("1", "2.5", "5", "10", "12.5", "24.9999999999", "0.0000000001", "7.1234567891", "100", "1000", "15",
              "1.25E1", "2.5e-1", "9.9999999999", "0")
EXCESS_QUANTITIES = ("1.0416666667E-4", "0.33333333333333333", "2.00000000005", "0.00000000015", "1.00000000025")
AMOUNTS = ("1", "0.0555555556", "200", "0.00000000000000000001", "12.34567890123456789012", "3.3e-5", "0", "45.5")
MODIFIERS = (0, 5, 10, 20, 7.25, 7.125, 33.335, 99.99, 100, 0.005, 0.004, 12.344)
PERCENTAGES = (0, 10, 3.5, 0.0000000001, 33.3333333333, 10000, 7.7777777777)
RUN = "RunInstances"
SMALL_PERCENTAGES = (0, 0.01, 0.0000000001)
MARKETPLACE = "mkt0solution0by0partner"
COSTS = ("public_on_demand_cost", "unblended_cost", "net_unblended_cost", "reservation_effective_cost", "savings_plan_effective_cost")
OTHER_CURRENCY = {"USD": "CNY", "CNY": "USD"}


@dataclass
class World:
    """All that one run of `proforma price` gets; usage members are text, malformed lines are plain strings."""
    seed: int
    document: dict
    offers: list
    usage: list
    granularity: str
    resource_ids: bool
    close: str


@dataclass
class Meter:
    """What can be metered. `operations` are those that usage names, `listed` the one that its entry names."""
    product: str
    usage_type: str
    operations: tuple
    listed: str
    tiers: list
    sku: str
    unit: str = "GB"
    service: str = ""      # whose price list has it, if not the product's
    later: tuple = ()      # other terms: when they take effect, and their tiers


@dataclass
class Allowance:
    """An entry whose ranges end, before the tiers of the meters that it is for."""
    sku: str
    service: str
    usage_type: str
    ranges: list           # (begin, end, rate)
    applies_to: tuple


class DocumentMaker:
    """Builds a valid conductor document around the meters."""

    def __init__(self, rng, meters, months, percentages):
        self.rng = rng
        self.meters = meters
        self.months = months
        self.percentages = percentages
        self.currency = "CNY" if rng.random() < 0.1 else "USD"
        self.serial = 0
        self.groups, self.links, self.plans, self.plan_rules, self.rules = [], [], [], [], []
        self.items, self.versions, self.inputs = [], [], []

    def new_id(self, prefix):
        """Ids of rules, plans and items have exactly ten characters."""
        self.serial += 1
        return f"{prefix}{self.serial:0{10 - len(prefix)}d}"

    def make(self):
        self._make_plans()
        self._make_groups()
        for group in self.groups:
            self._make_items(group)
        document = {
            "BillingPeriod": self.months[0], "BillingGroups": self.groups, "LinkedAccounts": self.links,
            "PricingPlans": self.plans, "PricingRulesAssociatedToPricingPlan": self.plan_rules,
            "PricingRules": self.rules, "CustomLineItems": self.items, "CustomLineItemVersions": self.versions,
            "ResourcesAssociatedToCustomLineItem": self.inputs, "NextToken": None}
        if self.currency != "USD":
            document["CurrencyCode"] = self.currency
        return document

    # plans and rules

    def _make_plans(self):
        for number in range(self.rng.randint(1, 3)):
            arn = f"{ABC}:pricingplan/{self.new_id('plan')}"
            rules = self._make_rules()
            if self.rng.random() < 0.3:
                rules += self._rules_to_share(rules)
            self.plans.append({"Name": f"plan{number}", "Arn": arn, "Size": len(rules)})
            self.plan_rules.append({"PricingPlanArn": arn, "PricingRuleArns": [rule["Arn"] for rule in rules]})
            self.rules += [rule for rule in rules if rule not in self.rules]

    def _rules_to_share(self, rules):
        """Rules of earlier plans whose selector and kind this plan does not have: plans may share rules."""
        taken = {selector_of(rule) for rule in rules}
        shared = {selector_of(rule): rule for rule in self.rules if selector_of(rule) not in taken}
        return list(shared.values())

    def _make_rules(self):
        rules = []
        for selector in self._selectors():
            if selector["Scope"] == "SKU" and self.rng.random() < 0.45:
                rules.append(self._rule(selector, Type="TIERING", Tiering={"CustomTiers": self._tiers_for(selector)}))
            else:
                kind = self.rng.choice(("MARKUP", "DISCOUNT"))
                modifier = self.rng.choice(MODIFIERS + ((250,) if kind == "MARKUP" else ()))
                rules.append(self._rule(selector, Type=kind, ModifierPercentage=modifier))
        for selector in self._free_tier_selectors():
            activated = {"FreeTier": {"Activated": self.rng.random() < 0.4}}
            rules.append(self._rule(selector, Type="TIERING", Tiering=activated))
        self.rng.shuffle(rules)
        return rules

    def _rule(self, selector, **members):
        rule_id = self.new_id("rule")
        return {"Name": rule_id, "Arn": f"{ABC}:pricingrule/{rule_id}", **selector, **members}

    def _selectors(self):
        """At most one rule per selector: a second one is a conflict."""
        selectors = []
        if self.rng.random() < 0.7:
            selectors.append({"Scope": "GLOBAL"})
        selectors += [{"Scope": "BILLING_ENTITY", "BillingEntity": entity}
                      for entity in ("AWS", "AWS Marketplace") if self.rng.random() < 0.35]
        selectors += [{"Scope": "SERVICE", "Service": service}
                      for service in services_of(self.meters) if self.rng.random() < 0.3]
        for meter in self.meters:
            selectors += self._sku_selectors(meter)
        unique = {json.dumps(selector, sort_keys=True): selector for selector in selectors}
        return list(unique.values())

    def _sku_selectors(self, meter):
        if meter.later:
            return []
        operation = self.rng.choice(meter.operations)
        selectors = [{"UsageType": meter.usage_type}]
        if operation:
            selectors += [{"UsageType": meter.usage_type, "Operation": operation}, {"Operation": operation}]
        service = self.rng.choice((meter.product, meter.service or meter.product))
        return [{"Scope": "SKU", "Service": service, **selector}
                for selector in selectors if self.rng.random() < 0.12]

    def _free_tier_selectors(self):
        selectors = [{"Scope": "GLOBAL"}] if self.rng.random() < 0.4 else []
        return selectors + [{"Scope": "SERVICE", "Service": service}
                            for service in services_of(self.meters) if self.rng.random() < 0.2]

    def _tiers_for(self, selector):
        """No more ranges than the published ones and no rate above twice the highest, under any reading of which."""
        touched = [meter for meter in self.meters if meter.tiers and selector["Service"] in (meter.product, meter.service)
                   and selector.get("UsageType", meter.usage_type) == meter.usage_type]
        ranges_max = min([len(meter.tiers) for meter in touched], default=4)
        rate_max = min([2 * max(float(rate) for _, rate in meter.tiers) for meter in touched], default=100.0)
        boundaries = self.rng.sample(BOUNDARIES, self.rng.randint(0, ranges_max - 1))
        begins = [0.0] + sorted(float(text) for text in boundaries)
        rates = [float(text) for text in RATES + TIER_RATES + ("0",) if float(text) <= rate_max]
        tiers = [{"BeginRangeInclusive": begin, "RateValue": self.rng.choice(rates)} for begin in begins]
        for tier, following in zip(tiers, begins[1:]):
            tier["EndRangeExclusive"] = following
        return tiers

    # groups and accounts

    def _make_groups(self):
        for number in range(self.rng.randint(2, 3)):
            self._add_group(number, "STANDARD", "ACTIVE", self._any_plan(), self.rng.randint(1, 3))
        if self.rng.random() < 0.5:
            self._add_group(4, "STANDARD", "PRIMARY_ACCOUNT_MISSING", self._any_plan(), 2)
        if self.rng.random() < 0.5:
            self._add_group(5, "TRANSFER_BILLING", "ACTIVE", "arn:aws:billingconductor::aws:pricingplan/Passthrough", 2)
        if self.rng.random() < 0.5:
            self._add_group(6, "TRANSFER_BILLING", "PENDING", self._any_plan(), 2)
        if self.rng.random() < 0.5:
            self.groups[0]["AccountGrouping"]["AutoAssociate"] = True
        self.links.append({"AccountId": "200000000091", "AccountName": "unmonitored"})
        payer = {"AccountId": PAYER, "AccountName": "payer"}
        if self.rng.random() < 0.3:
            payer["BillingGroupArn"] = self.groups[0]["Arn"]
        self.links.append(payer)
        self.rng.shuffle(self.links)

    def _any_plan(self):
        arns = [plan["Arn"] for plan in self.plans] * 2
        return self.rng.choice(arns + ["arn:aws:billingconductor::aws:pricingplan/BasicPricingPlan"])

    def _add_group(self, number, kind, status, plan, size):
        accounts = [f"2000000000{number}{index}" for index in range(1, size + 1)]
        arn = f"{ABC}:billinggroup/{accounts[0]}"
        grouping = {"AutoAssociate": False}
        if kind == "TRANSFER_BILLING":
            grouping = {"ResponsibilityTransferArn":
                        f"arn:aws:organizations::{PAYER}:transfer/o-abcdefghij/billing/inbound/rt-1234567{number}"}
        self.groups.append({
            "Name": f"group{number}", "Arn": arn, "PrimaryAccountId": accounts[0], "Size": size, "Status": status,
            "BillingGroupType": kind, "ComputationPreference": {"PricingPlanArn": plan}, "AccountGrouping": grouping})
        self.links += [{"AccountId": account, "BillingGroupArn": arn, "AccountName": f"a{account}"}
                       for account in accounts]

    # custom line items

    def _make_items(self, group):
        """Flat items first, so that percentages can name them; quotas allow five itemized ones."""
        flats = [self._flat_item(group) for _ in range(self.rng.choice((0, 0, 1, 2)))]
        for _ in range(self.rng.choice((0, 0, 1, 2, 3))):
            self._percentage_item(group, flats)

    def _item(self, group, charge, presentation, computation):
        item_id = self.new_id("item")
        item = {"Name": item_id, "Arn": f"{ABC}:customlineitem/{item_id}", "Description": f"about {item_id}",
                "BillingGroupArn": group["Arn"], "CurrencyCode": self.currency, "ChargeDetails": charge,
                "ComputationRule": computation}
        if presentation:
            item["PresentationDetails"] = {"Service": presentation}
        members = [link["AccountId"] for link in self.links if link.get("BillingGroupArn") == group["Arn"]]
        if computation == "CONSOLIDATED" and self.rng.random() < 0.4:
            item["AccountId"] = self.rng.choice(members)
        self.items.append(item)
        self._give_range(item)
        return item["Arn"]

    def _give_range(self, item):
        """Recurring, bounded, not yet begun; as a version or in the create form; or left out: the document's month."""
        style = self.rng.choice(("recurring", "recurring", "bounded", "later", "create", "none"))
        start, following = self.months[0], month_after(self.months[0])
        if style == "later":
            start, following = following, month_after(following)
        if style == "create":
            item["BillingPeriodRange"] = {"InclusiveStartBillingPeriod": start, "ExclusiveEndBillingPeriod": following}
        elif style != "none":
            version = {"Arn": item["Arn"], "StartBillingPeriod": start}
            if style == "bounded":
                version["EndBillingPeriod"] = following
            self.versions.append(version)

    def _flat_item(self, group):
        charge = {"Type": self.rng.choice(("FEE", "CREDIT")),
                  "Flat": {"ChargeValue": self.rng.choice((0, 50, 20.5, 0.0000000001, 1000000, 33.33))}}
        return self._item(group, charge, self.rng.choice((None, None, "AWSBillingConductor", "AmazonEC2")),
                          "CONSOLIDATED")

    def _percentage_item(self, group, flats):
        charge = {"Type": self.rng.choice(("FEE", "CREDIT")),
                  "Percentage": {"PercentageValue": self.rng.choice(self.percentages)}}
        item_filter = self._filter()
        if item_filter:
            charge["LineItemFilters"] = [item_filter]
        itemized = self.rng.random() < 0.4
        presentation = self.rng.choice((None, None, "AmazonS3"))
        arn = self._item(group, charge, presentation, "ITEMIZED" if itemized else "CONSOLIDATED")
        self._give_inputs(arn, charge, group, flats)

    def _give_inputs(self, arn, charge, group, flats):
        inputs = [group["Arn"]] if self.rng.random() < 0.8 else []
        inputs += [flat for flat in flats if self.rng.random() < 0.5]
        if inputs and self.rng.random() < 0.3:
            charge["Percentage"]["AssociatedValues"] = inputs
        elif inputs or self.rng.random() < 0.5:
            resources = [{"Arn": source, "Relationship": "CHILD"} for source in inputs]
            self.inputs.append({"Arn": arn, "AssociatedResources": resources})

    def _filter(self):
        choice = self.rng.random()
        if choice < 0.15:
            return {"Attribute": "LINE_ITEM_TYPE", "MatchOption": "NOT_EQUAL", "Values": ["SAVINGS_PLAN_NEGATION"]}
        if choice < 0.4:
            return {"Attribute": "SERVICE", "MatchOption": self.rng.choice(("EQUAL", "NOT_EQUAL")),
                    "AttributeValues": [self.rng.choice(("AmazonEC2", "AmazonS3", "AWSLambda"))]}
        return None


def services_of(meters):
    return sorted({service for meter in meters for service in (meter.product, meter.service) if service})


def selector_of(rule):
    """What a plan may have only once; a free tier switch is another thing than a modifier."""
    names = ("Scope", "Service", "UsageType", "Operation", "BillingEntity")
    return (*(rule.get(name) for name in names), "FreeTier" in rule.get("Tiering", {}))


def month_after(month):
    return (datetime.strptime(month, "%Y-%m") + timedelta(days=32)).strftime("%Y-%m")


# --- price lists ------------------------------------------------------------------------------------------------

def make_tiers(rng, count, free=0):
    """(begin, rate) pairs; the first `free` ranges cost nothing."""
    begins = ["0"] + sorted(rng.sample(BOUNDARIES, count - 1), key=float)
    rates = ["0.0000000000"] * free + [rng.choice(TIER_RATES) for _ in range(count - free)]
    return list(zip(begins, rates))


def make_meters(rng):
    """Every kind of entry: flat and tiered, with and without operation, free first ranges, and meters without any."""
    free = rng.choice((1, 1, 2))
    return [
        Meter("AmazonS3", "TimedStorage-ByteHrs", ("Standard", "PutObject"), "", make_tiers(rng, 3), "SKUSTORAGE"),
        Meter("AmazonEC2", "DataTransfer-Out-Bytes", (RUN, "Other"), RUN, make_tiers(rng, 4), "SKUTRANSFER"),
        Meter("AWSLambda", "Request", ("Invoke",), "", make_tiers(rng, 3, free), "SKULAMBDA"),
        Meter("AmazonSNS", "SNS-Requests", ("Publish", "PublishBatch"), "", make_tiers(rng, 2, free=1), "SKUSNS"),
        Meter("AmazonEC2", "BoxUsage:t3.micro", (RUN,), RUN, make_tiers(rng, 1), "SKUT3MICRO"),
        Meter("AmazonS3", "Requests-Tier1", ("PutObject", "ListBucket"), "", make_tiers(rng, 1), "SKUREQUEST"),
        Meter("AmazonS3", "Requests-Tier1", ("PutObject",), "PutObject", make_tiers(rng, 2), "SKUPUTOBJECT"),
        Meter("AWSLambda", "USW2-Request", ("Invoke",), "", make_tiers(rng, rng.choice((1, 2))), "SKULAMBDAUSW2"),
        Meter("AmazonS3", "USW2-Out-Bytes", ("GetObject",), "", make_tiers(rng, 2), "SKUOUT", service="AWSDataTransfer"),
        Meter("AmazonRDS", "InstanceUsage:db", ("Create",), "Create", [("0", "0.1")], "SKURDS1"),
        Meter("AmazonRDS", "InstanceUsage:db", ("Create",), "Create", [("0", rng.choice(("3", "0.1")))], "SKURDS2"),
        Meter("AmazonECS", "ECS-Hours", ("Run",), "", make_tiers(rng, rng.choice((1, 2))), "SKUECS",
              later=make_later_terms(rng)),
        Meter("AmazonRoute53", "DNS-Queries", ("A",), "", [("0", "0.0000000000")], "SKUDNS"),
        Meter("AmazonVPC", "VpcEndpoint-Hours", ("VpcEndpoint",), "", [], "SKUVPC"),
        Meter(MARKETPLACE, "SoftwareUsage", ("",), "", [], ""),
    ]


def make_later_terms(rng):
    """Terms that take effect at a month's start, or within one; some before all usage, some behind it."""
    dates = rng.sample(("2023-12-01", "2024-02-01", "2024-02-15", "2024-05-01", "2030-01-01"), rng.choice((1, 2)))
    return tuple((date, make_tiers(rng, rng.choice((1, 2)))) for date in dates)


def make_allowances(rng):
    """None half the time; by sku or by meter, over services, of one or two ranges, and two on one meter."""
    def ranges():
        ends = sorted(rng.sample(("10", "30.5", "100", "1000", "0.0000000001"), rng.choice((1, 1, 1, 2))), key=float)
        rates = [rng.choice(("0", "0", "0", "0.0000000001", "0.021")) for _ in ends]
        return list(zip(["0"] + ends, ends, rates))

    allowances = [
        Allowance("SKUFREE1", "AWSLambda", "Global-Request", ranges(), ()),
        Allowance("SKUFREE2", "AWSDataTransfer", "Global-Out-Bytes", ranges(), ("SKUOUT", "SKUTRANSFER", "SKUNOWHERE")),
        Allowance("SKUFREE3", "AmazonS3", "Global-Storage", ranges(), ("SKUSTORAGE", "SKUREQUEST")),
        Allowance("SKUFREE4", "AWSLambda", "Global-Anything", ranges(), ("SKULAMBDA",)),
        Allowance("SKUFREE5", "AWSDataTransfer", "Global-Out-Bytes", ranges(), ()),
    ]
    return [allowance for allowance in allowances if rng.random() < 0.5] if rng.random() < 0.6 else []


def make_offers(rng, meters, currency):
    """One offer file per service, with a reserved term that on-demand pricing must not see."""
    offers = {}
    for meter in (meter for meter in meters if meter.tiers):
        offer = offer_of(offers, meter.service or meter.product)
        attributes = {"usagetype": meter.usage_type, **({"operation": meter.listed} if meter.listed else {})}
        add_product(offer, meter.sku, attributes)
        terms = make_term(meter, "JRTCKXETXF", currency, with_ends(meter.tiers))
        for number, (date, tiers) in enumerate(meter.later):
            terms |= make_term(meter, f"LATER{number}", currency, with_ends(tiers), date)
        offer["terms"]["OnDemand"][meter.sku] = terms
        if rng.random() < 0.3:
            offer["terms"]["Reserved"][meter.sku] = make_term(meter, "38NPMPTW36", currency, with_ends([("0", "77")]))
    for allowance in make_allowances(rng):
        offer = offer_of(offers, allowance.service)
        add_product(offer, allowance.sku, {"usagetype": allowance.usage_type})
        meter = Meter("", "", (), "", [], allowance.sku)
        offer["terms"]["OnDemand"][allowance.sku] = make_term(meter, "JRTCKXETXF", currency, allowance.ranges,
                                                              applies_to=allowance.applies_to)
    return list(offers.values())


def offer_of(offers, service):
    return offers.setdefault(service, {
        "formatVersion": "v1.0", "offerCode": service, "version": "20240101000000",
        "publicationDate": "2024-01-01T00:00:00Z", "products": {}, "terms": {"OnDemand": {}, "Reserved": {}}})


def add_product(offer, sku, attributes):
    attributes = {"servicecode": offer["offerCode"], "regionCode": "us-east-1", **attributes}
    offer["products"][sku] = {"sku": sku, "productFamily": "", "attributes": attributes}


def with_ends(tiers):
    ends = [begin for begin, _ in tiers[1:]] + ["Inf"]
    return [(begin, end, rate) for (begin, rate), end in zip(tiers, ends)]


def make_term(meter, code, currency, ranges, date="2024-01-01", applies_to=()):
    term = f"{meter.sku}.{code}"
    dimensions = {}
    for index, (begin, end, rate) in enumerate(ranges):
        dimensions[f"{term}.TIER{index:04d}"] = {
            "rateCode": f"{term}.TIER{index:04d}", "description": "", "beginRange": begin, "endRange": end,
            "unit": meter.unit, "pricePerUnit": {currency: rate}, "appliesTo": list(applies_to)}
    return {term: {"offerTermCode": code, "sku": meter.sku, "effectiveDate": f"{date}T00:00:00Z",
                   "termAttributes": {}, "priceDimensions": dimensions}}


# --- usage ------------------------------------------------------------------------------------------------------

class UsageMaker:
    """Usage of a world's accounts and meters. Each shape of event is a method; weights pick among them."""

    def __init__(self, rng, document, meters, months, currency, huge):
        self.rng = rng
        self.meters = meters
        self.months = months
        self.currency = currency
        self.members = [link["AccountId"] for link in document["LinkedAccounts"] if link.get("BillingGroupArn")]
        self.accounts = self.members * 4 + ["200000000091", "299999999999", PAYER]
        self.explicit_currency = rng.random() < 0.7
        self.huge = huge
        self.excess = rng.random() < 0.3
        self.has_net = rng.random() < 0.3
        self.names_months = rng.random() < 0.3
        # Whether "own public cost only" sorts before or after "own unblended cost only" is not said: one per world.
        self.cost_patterns = rng.choice((("both", "public"), ("both", "unblended", "none")))
        days = rng.sample(range(1, 29), 3)
        self.hours = [(day, hour) for day in days for hour in rng.sample(range(24), 2)] + [(1, 0)]
        self.serial = 0

    def make(self, count):
        shapes = ((self.metered, 60), (self.correction, 8), (self.covered, 8), (self.negation, 3), (self.fee, 5),
                  (self.left_out, 8), (self.marketplace, 5), (self.support, 2), (self.foreign, 2), (self.share, 4))
        makers, weights = zip(*shapes)
        usage = []
        for maker in self.rng.choices(makers, weights, k=count):
            usage.append(self.again(self.rng.choice(usage)) if usage and self.rng.random() < 0.45 else maker())
        if self.huge:
            self._add_huge(usage)
        usage = [{name: value for name, value in event.items() if value not in (None, "")} for event in usage]
        self._add_repeats(usage)
        self._add_dead(usage)
        return usage

    def base(self, product, kind):
        """What all events have; the id ends in its interval, as a CUR row's does, so any format can carry it."""
        start = datetime.strptime(self.rng.choice(self.months), "%Y-%m")
        day, hour = self.rng.choice(self.hours)
        start += timedelta(days=day - 1, hours=hour, minutes=self.rng.choice((0, 0, 0, 59)))
        end = start + timedelta(hours=self.rng.choice((1, 1, 1, 24, 0)))
        interval = f"{iso(start)}/{iso(end)}"
        self.serial += 1
        return {
            "event_id": f"e{self.serial}/{interval}", "payer_account_id": PAYER, "product_code": product,
            "usage_account_id": self.rng.choice(self.accounts), "billing_period": self.month(),
            "billing_entity": "AWS" if self.rng.random() < 0.7 else None,
            "line_item_type": kind if kind != "Usage" or self.rng.random() < 0.7 else None,
            "usage_start": iso(start), "usage_end": iso(end) if self.rng.random() < 0.9 else None,
            "currency": self.currency if self.explicit_currency else None,
            "description": self.rng.choice(("per hour", "per GB", "Ünïcode, \"quoted\"", None)),
            "region": self.rng.choice(("us-east-1", "us-east-1", "eu-west-1")),
            "tags": self.rng.choice(({}, {}, {}, {"user:app": "shop"}, {"user:app": "shop", "user:env": "prod"},
                                     {"user:ap": "x"}))}

    def month(self):
        """The invoice may be of another month than the usage."""
        months = self.months * 3 + ("2023-11",)
        return self.rng.choice(months) if self.names_months and self.rng.random() < 0.3 else None

    def again(self, original):
        """More of the same row: its facts with an id, amount and costs of its own, or the amount taken back."""
        event = dict(original)
        self.serial += 1
        event["event_id"] = f"e{self.serial}/{original['event_id'].split('/', 1)[1]}"
        event["description"] = self.rng.choice(("per hour", "per GB", None))
        if event.get("usage_amount"):
            event["usage_amount"] = self.rng.choice((self.quantity(), self.quantity(), negated(event["usage_amount"])))
        for name in COSTS:
            if event.get(name):
                event[name] = self.rng.choice(AMOUNTS)
        return event

    def quantity(self):
        if self.excess and self.rng.random() < 0.15:
            return self.rng.choice(EXCESS_QUANTITIES)
        return self.rng.choice(QUANTITIES)

    def usage(self, product, kind, meter):
        event = self.base(product, kind)
        sku = self.rng.choice((meter.sku, meter.sku, None, "SKUUNKNOWN", "SKUT3MICRO", "SKUFREE1"))
        event["service_code"] = self.rng.choice((None, meter.service or product))
        event.update(usage_type=meter.usage_type, operation=self.rng.choice(meter.operations), unit=meter.unit,
                     usage_amount=self.quantity(), sku=sku, resource_id=self.rng.choice(("i-1", "i-2", None)))
        self.give_prices(event)
        return event

    def give_prices(self, event):
        """The event's own public rate is absent half the time: then its costs, or nothing, must do."""
        if self.rng.random() < 0.5:
            event["public_on_demand_rate"] = self.rng.choice(RATES[:4] + ("0",))
        pattern = self.rng.choice(self.cost_patterns)
        if pattern in ("both", "public"):
            event["public_on_demand_cost"] = self.rng.choice(AMOUNTS)
        if pattern in ("both", "unblended"):
            event["unblended_cost"] = self.rng.choice(AMOUNTS + ("-3",))
        if self.has_net and self.rng.random() < 0.5:
            event["net_unblended_cost"] = self.rng.choice(AMOUNTS + ("-2",))

    def metered(self):
        meter = self.rng.choice([meter for meter in self.meters if meter.product != MARKETPLACE])
        return self.usage(meter.product, "Usage", meter)

    def _add_huge(self, usage):
        """One event at the edge of what a cost can hold. Two could be charged and their sum not fit any more."""
        event = self.usage("AmazonHuge", "Usage", Meter("AmazonHuge", "Huge", ("Huge",), "", [], ""))
        quantity, rate = self.rng.choice((("8e23", "0.0000000001"), ("1e24", "0.0000000001"), ("1e25", "0.0000000001"),
                                          ("-2E25", "0.0000000001"), ("123456789012", "0.1"), ("100000000000000", "1"),
                                          ("99990000000000.9999999999", "1")))
        event.update(sku=None, usage_amount=quantity, public_on_demand_rate=rate)
        usage.append(event)

    def correction(self):
        event = self.metered()
        event["usage_amount"] = negated(event["usage_amount"])
        return event

    def covered(self):
        """Usage under a commitment of the group, of another one, of the payer, or of nobody that can be told."""
        kind = self.rng.choice(("DiscountedUsage", "SavingsPlanCoveredUsage"))
        event = self.usage("AmazonEC2", kind, self.rng.choice([m for m in self.meters if m.product == "AmazonEC2"]))
        if kind == "DiscountedUsage":
            self.give_reservation(event)
            event["normalization_factor"] = self.rng.choice((None, "0.25", "0.5", "4"))
        else:
            self.give_savings_plan(event)
            event["savings_plan_rate"] = self.rng.choice((None, "0.05", "0.0123456789"))
        return event

    def owner(self):
        return self.rng.choice(self.members + self.members + [PAYER, "299999999999"])

    def give_reservation(self, event):
        if self.rng.random() < 0.85:
            event["reservation_arn"] = f"arn:aws:ec2:us-east-1:{self.owner()}:reserved-instances/aaaa-1"
            event["reservation_effective_cost"] = self.rng.choice(AMOUNTS)

    def give_savings_plan(self, event):
        if self.rng.random() < 0.85:
            event["savings_plan_arn"] = f"arn:aws:savingsplans::{self.owner()}:savingsplan/bbbb-2"
            event["savings_plan_effective_cost"] = self.rng.choice(AMOUNTS)

    def negation(self):
        event = self.base("AmazonEC2", "SavingsPlanNegation")
        event.update(usage_type="BoxUsage:t3.micro", operation="RunInstances", usage_amount="-1",
                     unblended_cost=self.rng.choice(("-1", "-0.0104", None)))
        self.give_savings_plan(event)
        return event

    def fee(self):
        kind = self.rng.choice(("RIFee", "SavingsPlanRecurringFee", "SavingsPlanUpfrontFee", "Fee"))
        event = self.base("ComputeSavingsPlans" if kind.startswith("Sav") else "AmazonEC2", kind)
        event.update(usage_type=self.rng.choice((None, "HeavyUsage:t3.micro")),
                     usage_amount=self.rng.choice((None, "1", "720")),
                     unblended_cost=self.rng.choice(AMOUNTS + (None,)))
        return event

    def left_out(self):
        kind = self.rng.choice(("Tax", "Tax", "Credit", "Refund", "EdpDiscount", "BundledDiscount", "SomeNewType",
                                "Proforma_Fee"))
        event = self.base(self.rng.choice(("AmazonEC2", "AmazonS3")), kind)
        event["unblended_cost"] = self.rng.choice(AMOUNTS + ("-50", "-0.045", None))
        if self.has_net and (kind.endswith("Discount") or self.rng.random() < 0.5):
            event["net_unblended_cost"] = self.rng.choice(("0", "-0.02", "7"))
        return event

    def marketplace(self):
        event = self.usage(MARKETPLACE, "Usage", self.meters[-1])
        event["billing_entity"] = "AWS Marketplace"
        event.pop("public_on_demand_cost", None)
        if self.rng.random() < 0.8:
            event.pop("public_on_demand_rate", None)
        return event

    def support(self):
        event = self.base("AWSSupportEnterprise", self.rng.choice(("Fee", "Usage", "RIFee")))
        event.update(usage_type="Support", usage_amount="1", unblended_cost="100")
        return event

    def foreign(self):
        event = self.rng.choice((self.metered, self.fee, self.left_out))()
        event["currency"] = OTHER_CURRENCY[self.currency]
        return event

    def share(self):
        """What a pod or a task has of an instance, as split cost allocation shows it: it costs nothing, whatever it shows."""
        event = self.base(*self.rng.choice((("AmazonEKS", "Usage"), ("AmazonECS", "Usage"), ("AmazonECS", "DiscountedUsage"))))
        event.update(usage_type=self.rng.choice(("EKS-EC2-vCPU-Hours", "ECS-EC2-GB-Hours")), operation=self.rng.choice(("EKSPod-EC2", "ECSTask-EC2", "Pod")),
                     usage_amount=self.quantity(), resource_id=self.rng.choice(("pod-1", "pod-2")), split_parent="i-1",
                     tags={"aws:eks:namespace": self.rng.choice(("shop", "search"))})
        self.give_prices(event)
        return event

    def _plain(self, usage):
        """Events whose repetition says nothing about how rounded numbers are counted."""
        excess = set(EXCESS_QUANTITIES) | {"-" + text for text in EXCESS_QUANTITIES}
        return [event for event in usage if event.get("usage_amount") not in excess]

    def _add_repeats(self, usage):
        """Duplicates, ids used again for something else, and the same id in another account, which is no repeat."""
        originals = self._plain(usage)
        for _ in range(self.rng.choice((0, 1, 3)) if originals else 0):
            original = dict(self.rng.choice(originals))
            change = self.rng.random()
            if change < 0.4:
                original["unblended_cost"] = "987.654"
            elif change < 0.6:
                original["usage_account_id"] = "200000000091"
            usage.insert(self.rng.randrange(len(usage) + 1), original)

    def _add_dead(self, usage):
        """A record that does not decode takes no id: a good one with the same id is priced all the same."""
        originals = self._plain(usage)
        for _ in range(self.rng.choice((0, 0, 1, 3)) if originals else 0):
            event = dict(self.rng.choice(originals))
            if self.rng.random() < 0.5:
                event["event_id"] = f"bad{self.rng.randrange(10**6)}/{event['event_id'].split('/', 1)[1]}"
            name, value = self.rng.choice((
                ("usage_account_id", "12345"), ("usage_account_id", "20000000000x"), ("product_code", None),
                ("usage_start", None), ("unblended_cost", "1,5"), ("unblended_cost", "NaN"), ("unblended_cost", "1e40"),
                ("usage_start", "yesterday"), ("public_on_demand_rate", "0x10"), ("savings_plan_rate", "1e30"),
                ("usage_end", "2001-01-01T00:00:00Z"), (None, None),
                *((("net_unblended_cost", "x"),) if self.has_net else ())))
            if name is None:
                bad = '{"event_id": "cut off'
            else:
                bad = {key: text for key, text in {**event, name: value}.items() if text is not None}
            usage.insert(self.rng.randrange(len(usage) + 1), bad)


def negated(text):
    return text[1:] if text.startswith("-") else "-" + text


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def generate(seed):
    """The world of a seed."""
    rng = random.Random(seed)
    months = rng.choice(MONTH_RUNS)
    meters = make_meters(rng)
    huge = rng.random() < 0.15
    percentages = SMALL_PERCENTAGES if huge and rng.random() < 0.5 else PERCENTAGES
    documents = DocumentMaker(rng, meters, months, percentages)
    document = documents.make()
    makers = UsageMaker(rng, document, meters, months, documents.currency, huge)
    usage = makers.make(rng.choice((5, 40, 120, 250)))
    close = rng.choice(months + (month_after(months[-1]),)) if rng.random() < 0.1 else rng.choice(months)
    return World(seed, document, make_offers(rng, meters, documents.currency), usage,
                 rng.choice(("hourly", "daily", "monthly")), rng.random() < 0.5, close)


def main():
    world = generate(int(sys.argv[1]))
    json.dump(vars(world), sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
