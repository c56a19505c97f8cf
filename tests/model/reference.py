#!/usr/bin/env python3
"""A second, independent answer to what `proforma price` should write.

It shares no code with the processor and follows the text of the design, not its implementation: everything is
an exact Fraction, all usage is in memory, and each step is the plainest one that gives the right number. Slow and
obvious is the point, so that a difference from the processor is a question about the design, not about tricks.

    python3 tests/model/reference.py --check-samples DIR      the sample month against its worked-out bill
"""
import argparse
import csv
import gzip
import json
import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Optional

QUANTITY_SCALE = RATE_SCALE = 10
AMOUNT_SCALE = 20
COST_SCALE = 24
PERCENT_SCALE = 10
DIGITS_MAX = 38
SUM_DIGITS_MAX = 57  # of sums and what bills make of them
COST_LIMIT = Fraction(10**14)

NUMBER_SCALES = {
    "usage_amount": QUANTITY_SCALE,
    "normalization_factor": QUANTITY_SCALE,
    "public_on_demand_rate": RATE_SCALE,
    "savings_plan_rate": RATE_SCALE,
    "public_on_demand_cost": AMOUNT_SCALE,
    "unblended_cost": AMOUNT_SCALE,
    "net_unblended_cost": AMOUNT_SCALE,
    "reservation_effective_cost": AMOUNT_SCALE,
    "savings_plan_effective_cost": AMOUNT_SCALE,
}
TIME_FIELDS = ("usage_start", "usage_end")
TEXT_FIELDS = (
    "event_id", "payer_account_id", "usage_account_id", "billing_period", "billing_entity", "line_item_type",
    "product_code", "service_code", "usage_type", "operation", "sku", "region", "availability_zone", "resource_id", "unit", "currency",
    "reservation_arn", "savings_plan_arn", "description",
)
REQUIRED = ("event_id", "usage_account_id", "product_code", "usage_start")
COVERED_TYPES = ("DiscountedUsage", "SavingsPlanCoveredUsage")
METERED_TYPES = ("Usage",) + COVERED_TYPES
FEE_TYPES = ("RIFee", "SavingsPlanRecurringFee", "SavingsPlanUpfrontFee", "Fee")
OWN_SERVICE = "AWSBillingConductor"
MONTH = re.compile(r"\d{4}-(0?[1-9]|1[012])\Z")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z")
ACCOUNT = re.compile(r"\d{12}\Z")


# --- numbers and times ------------------------------------------------------------------------------------------

def exact(value):
    """A document's number as the decimal text it was written as, never as the double Python made of it."""
    return Fraction(str(value))


def round_half_even(value, decimals):
    """Python rounds a Fraction to an int half-even, which is the rounding the design asks for."""
    return Fraction(round(value * 10**decimals), 10**decimals)


def round_half_up(value, decimals):
    """Half away from zero: how AWS cuts a modifier."""
    scaled = abs(value) * 10**decimals
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if value >= 0 else -whole, 10**decimals)


def decimal_text(value):
    """The JSON form of a decimal: no exponent, no trailing zeros, no negative zero."""
    decimals = 0
    while (value * 10**decimals).denominator != 1:
        decimals += 1
    digits = str(abs(int(value * 10**decimals))).rjust(decimals + 1, "0")
    text = digits if decimals == 0 else f"{digits[:-decimals]}.{digits[-decimals:]}"
    return "-" + text if value < 0 else text


def parse_time(text):
    """ISO 8601 UTC, the fraction of a second optional."""
    for pattern in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"):
        try:
            return datetime.strptime(text, pattern)
        except ValueError:
            continue
    raise ValueError(text)


def bucket_start(moment, granularity):
    """The start of the hour, day or month in which a usage lies."""
    start = moment.replace(minute=0, second=0, microsecond=0)
    if granularity != "hourly":
        start = start.replace(hour=0)
    return start.replace(day=1) if granularity == "monthly" else start


def period_of(moment):
    return moment.strftime("%Y-%m")


def normal_period(text):
    """Billing Conductor prints both 2026-6 and 2026-06."""
    year, month = text.split("-")
    return f"{year}-{int(month):02d}"


def next_period(period):
    year, month = map(int, period.split("-"))
    return f"{year + month // 12}-{month % 12 + 1:02d}"


# --- the conductor document -------------------------------------------------------------------------------------

def short_id(arn):
    """Ids and full ARNs name the same thing."""
    return re.split("[:/]", arn)[-1] if arn else ""


@dataclass
class Group:
    id: str
    primary: str
    plan: str
    pending: bool


@dataclass
class Rule:
    id: str
    scope: str
    kind: str
    modifier: Fraction
    service: Optional[str]
    usage_type: Optional[str]
    operation: Optional[str]
    entity: Optional[str]
    custom_tiers: Optional[list]
    free_tier: Optional[bool]


@dataclass
class CustomItem:
    id: str
    group: str
    account: Optional[str]
    sign: int
    flat: Optional[Fraction]
    percentage: Optional[Fraction]
    itemized: bool
    service: str
    filter: Optional[tuple]
    start: str
    end: Optional[str]
    inputs: list = field(default_factory=list)

    def in_force(self, period):
        return self.start <= period and (self.end is None or period < self.end)

    def line_item_type(self):
        """Own service and consolidated reads as an ordinary fee; anything else must be told apart from AWS's."""
        word = "Fee" if self.sign > 0 else "Credit"
        plain = self.service == OWN_SERVICE and not self.itemized
        return word if plain else "Proforma_" + word


def read_rule(element):
    tiering = element.get("Tiering") or {}
    tiers = [Tier(exact(tier["BeginRangeInclusive"]), exact(tier["RateValue"]))
             for tier in tiering.get("CustomTiers") or []]
    modifier = round_half_up(exact(element.get("ModifierPercentage", 0)), 2)
    return Rule(
        id=short_id(element["Arn"]), scope=element["Scope"], kind=element["Type"],
        modifier=-modifier if element["Type"] == "DISCOUNT" else modifier,
        service=element.get("Service"), usage_type=element.get("UsageType"), operation=element.get("Operation"),
        entity=element.get("BillingEntity"), custom_tiers=sorted(tiers) or None,
        free_tier=(tiering.get("FreeTier") or {}).get("Activated"))


def read_filter(details):
    """A filter as (attribute, option, value); there is at most one, with at most one value."""
    for element in details.get("LineItemFilters") or []:
        value = (element.get("Values") or element.get("AttributeValues"))[0]
        return element["Attribute"], element["MatchOption"], value
    return None


def read_custom_item(element, versions, inputs, default_period):
    """List elements carry neither range nor inputs; the create form does; other replies supply them."""
    details, own_range = element["ChargeDetails"], element.get("BillingPeriodRange")
    percentage = (details.get("Percentage") or {})
    itemized = element.get("ComputationRule") == "ITEMIZED"
    start, end = default_period, next_period(default_period)
    if own_range:
        start, end = own_range["InclusiveStartBillingPeriod"], own_range.get("ExclusiveEndBillingPeriod")
    elif element["Arn"] in versions:
        start, end = versions[element["Arn"]]
    return CustomItem(
        id=short_id(element["Arn"]), group=short_id(element["BillingGroupArn"]), account=element.get("AccountId"),
        sign=1 if details["Type"] == "FEE" else -1,
        flat=exact(details["Flat"]["ChargeValue"]) if "Flat" in details else None,
        percentage=exact(percentage["PercentageValue"]) if percentage else None,
        itemized=itemized,
        service=(element.get("PresentationDetails") or {}).get("Service", None if itemized else OWN_SERVICE),
        filter=read_filter(details), start=normal_period(start), end=normal_period(end) if end else None,
        inputs=[short_id(arn) for arn in percentage.get("AssociatedValues") or inputs.get(element["Arn"], [])])


class Document:
    """The configuration, with the questions that pricing asks it."""

    def __init__(self, document):
        self.currency = document.get("CurrencyCode", "USD")
        self.period = normal_period(document["BillingPeriod"])
        self.groups, self.account_group, self.auto_group = {}, {}, None
        for element in document.get("BillingGroups", []):
            self._add_group(element)
        for element in document.get("LinkedAccounts", []):
            self._add_account(element)
        rules = {rule.id: rule for rule in map(read_rule, document.get("PricingRules", []))}
        self.plan_rules = {
            short_id(link["PricingPlanArn"]): [rules[short_id(arn)] for arn in link["PricingRuleArns"]]
            for link in document.get("PricingRulesAssociatedToPricingPlan", [])}
        self.custom_items = self._read_custom_items(document)

    def _add_group(self, element):
        group = Group(short_id(element["Arn"]), element.get("PrimaryAccountId", ""),
                      short_id(element["ComputationPreference"]["PricingPlanArn"]), element.get("Status") == "PENDING")
        self.groups[group.id] = group
        grouping = element.get("AccountGrouping") or {}
        if grouping.get("AutoAssociate"):
            self.auto_group = group
        for account in grouping.get("LinkedAccountIds") or []:
            self.account_group[account] = group

    def _add_account(self, element):
        group = self.groups.get(short_id(element.get("BillingGroupArn")))
        if group or element["AccountId"] not in self.account_group:
            self.account_group[element["AccountId"]] = group

    def _read_custom_items(self, document):
        versions = {element["Arn"]: (element["StartBillingPeriod"], element.get("EndBillingPeriod"))
                    for element in document.get("CustomLineItemVersions", [])}
        inputs = {link["Arn"]: [resource["Arn"] for resource in link["AssociatedResources"]
                                if resource.get("Relationship", "CHILD") == "CHILD"]
                  for link in document.get("ResourcesAssociatedToCustomLineItem", [])}
        return [read_custom_item(element, versions, inputs, self.period)
                for element in document.get("CustomLineItems", [])]

    def group_of(self, account):
        """The group that prices an account: none when it is unmonitored or its group has not started."""
        group = self.account_group.get(account, self.auto_group)
        return None if group is None or group.pending else group

    def rule_for(self, plan, usage):
        """The first hit from the narrowest scope to the widest. Free tier switches are no modifiers."""
        rules = [rule for rule in self.plan_rules.get(plan, []) if rule.free_tier is None]
        for matches in RULE_ORDER:
            for service in services_of(usage):
                for rule in rules:
                    if matches(rule, usage, service):
                        return rule
        return None

    def free_tier_on(self, plan, usage):
        switches = [rule for rule in self.plan_rules.get(plan, []) if rule.free_tier is not None]
        for service in services_of(usage):
            for rule in switches:
                if rule.scope == "SERVICE" and rule.service == service:
                    return rule.free_tier
        return all(rule.free_tier for rule in switches if rule.scope == "GLOBAL")


def services_of(usage):
    """The service whose price list has it, then the one that it is billed under."""
    return [service for service in (usage.service_code, usage.product_code) if service]


def sku_match(by_usage_type, by_operation):
    """One step of the SKU search: rules that name exactly these selectors."""
    def matches(rule, usage, service):
        named = (bool(rule.usage_type), bool(rule.operation)) == (by_usage_type, by_operation)
        return (rule.scope == "SKU" and named and rule.service == service
                and (not by_usage_type or rule.usage_type == usage.usage_type)
                and (not by_operation or rule.operation == usage.operation))
    return matches


RULE_ORDER = (
    sku_match(True, True),
    sku_match(True, False),
    sku_match(False, True),
    lambda rule, usage, service: rule.scope == "SERVICE" and rule.service == service,
    lambda rule, usage, service: rule.scope == "BILLING_ENTITY" and rule.entity == usage.billing_entity,
    lambda rule, usage, service: rule.scope == "GLOBAL",
)


# --- price lists ------------------------------------------------------------------------------------------------

class Tier(NamedTuple):
    begin: Fraction
    rate: Fraction


class Term(NamedTuple):
    """What a sku costs from a moment on; `end` is None unless its ranges end, which makes it an allowance."""
    effective: datetime
    tiers: list
    end: Optional[Fraction]


@dataclass
class Entry:
    sku: str
    service: str
    usage_type: str
    operation: str
    terms: list
    applies_to: list

    def in_force(self, period):
        """The newest term that the month begins with; if there is none yet, the first that there will be."""
        start = datetime.strptime(period, "%Y-%m")
        begun = [term for term in self.terms if term.effective <= start]
        return max(begun or self.terms, key=lambda term: term.effective) if begun else min(self.terms)

    def is_allowance(self):
        return self.terms[0].end is not None

    def is_for(self, meter):
        """Whether this allowance is for a meter: by its sku, or as what "Global-" stands for in any region."""
        if self.applies_to:
            return meter.sku in self.applies_to
        general = re.escape(self.usage_type.removeprefix("Global-"))
        return (self.usage_type.startswith("Global-") and meter.service == self.service
                and re.fullmatch(f"([A-Z][A-Z0-9]{{1,4}}-)?{general}", meter.usage_type) is not None)


def read_term(element, currency):
    dimensions = list(element["priceDimensions"].values())
    ends = [dimension.get("endRange", dimension.get("EndingRange")) for dimension in dimensions]
    tiers = sorted(Tier(exact(dimension.get("beginRange", dimension.get("StartingRange"))),
                        exact(dimension["pricePerUnit"][currency])) for dimension in dimensions)
    return Term(parse_time(element["effectiveDate"]), tiers, None if "Inf" in ends else max(map(exact, ends)))


def skus_named(terms):
    return [sku for term in terms.values() for dimension in term["priceDimensions"].values()
            for sku in dimension.get("appliesTo") or []]


class PriceList:
    """Entries of the on-demand terms of all offer files, found from the most to the least exact name of a meter."""

    def __init__(self, offers, currency):
        self.entries = []
        for offer in offers:
            for sku, terms in offer["terms"]["OnDemand"].items():
                attributes = offer["products"][sku]["attributes"]
                self.entries.append(Entry(
                    sku, attributes["servicecode"], attributes["usagetype"], attributes.get("operation", ""),
                    [read_term(term, currency) for term in terms.values()], skus_named(terms)))
        self.entries.sort(key=lambda entry: (entry.sku, entry.usage_type))

    def meters(self):
        return [entry for entry in self.entries if not entry.is_allowance()]

    def allowances_of(self, meter):
        return [entry for entry in self.entries if entry.is_allowance() and entry.is_for(meter)]

    def find(self, usage):
        """The entry of a row, and whether its meter has several prices and the row does not tell which."""
        for entry in self.meters():
            if usage.sku and (entry.sku, entry.usage_type) == (usage.sku, usage.usage_type):
                return entry, False
        services = services_of(usage) + ([] if usage.service_code else ["AWSDataTransfer"])
        for service in services:
            for operation in dict.fromkeys((usage.operation, "")):
                meter = (service, usage.usage_type, operation)
                found = [entry for entry in self.meters()
                         if (entry.service, entry.usage_type, entry.operation) == meter]
                if found:
                    return one_of(found, usage)
        return None, False

    def is_tiered(self, usage):
        return any(entry.usage_type == usage.usage_type and entry.service in services_of(usage)
                   and (max(len(term.tiers) for term in entry.terms) > 1 or self.allowances_of(entry))
                   for entry in self.meters())


def one_of(entries, usage):
    """Of several prices the one that the row's own rate confirms."""
    prices = {entry.sku: entry.in_force(usage.period).tiers for entry in entries}
    if all(price == prices[entries[0].sku] for price in prices.values()):
        return entries[0], False
    confirmed = [entry for entry in entries if usage.own_rate() in [tier.rate for tier in prices[entry.sku]]]
    if confirmed and all(prices[entry.sku] == prices[confirmed[0].sku] for entry in confirmed):
        return confirmed[0], False
    return None, True


# --- usage events -----------------------------------------------------------------------------------------------

class Dead(Exception):
    """An event that becomes a dead letter; the argument is its reason."""


@dataclass
class Event:
    """A decoded usage event: text is '' and numbers are None where absent."""
    fields: dict
    excess: bool = False

    def __getattr__(self, name):
        return self.fields[name]


def parse_number(text, scale):
    """The number and whether it had more decimals than fit."""
    if not NUMBER.match(text):
        raise Dead("BAD_NUMBER")
    value = Fraction(text)
    rounded = round_half_even(value, scale)
    if abs(rounded) * 10**scale >= 10**DIGITS_MAX:
        raise Dead("NUMBER_TOO_LARGE")
    return rounded, rounded != value


def of_parent(raw):
    """A report's row of split cost allocation: what a pod or a task has of an instance that has a row of its own. It keeps what
    it is and how much, and costs nothing, whatever it shows."""
    if not isinstance(raw, dict) or not raw.get(PARENT):
        return raw
    share = {"public_on_demand_rate": "0", "unblended_cost": "0", **raw}
    share.update({name: "0" for name in ("public_on_demand_rate", *OWN_COSTS) if share.get(name) and is_number(share, name)})
    del share[PARENT]
    return share


def is_number(raw, name):
    try:
        return bool(parse_number(raw[name], NUMBER_SCALES[name]))
    except Dead:
        return False


def decode(raw):
    """A usage event from its members, each a text; raises Dead with the reason that its bytes alone give."""
    raw = of_parent(raw)
    if not isinstance(raw, dict):
        raise Dead("MALFORMED")
    event = Event({name: raw.get(name) or "" for name in TEXT_FIELDS})
    event.fields["line_item_type"] = event.line_item_type or "Usage"
    event.fields["billing_entity"] = event.billing_entity or "AWS"
    event.fields["tags"] = tuple(sorted((raw.get("tags") or {}).items()))
    check_required(raw, event)
    if not ACCOUNT.match(event.usage_account_id):
        raise Dead("BAD_ACCOUNT")
    decode_times(raw, event)
    for name, scale in NUMBER_SCALES.items():
        event.fields[name], excess = parse_number(raw[name], scale) if raw.get(name) else (None, False)
        event.excess = event.excess or excess
    return event


def check_required(raw, event):
    needed = REQUIRED + (("usage_type", "usage_amount") if event.line_item_type in METERED_TYPES else ())
    if not all(raw.get(name) for name in needed):
        raise Dead("MISSING_FIELD")


def decode_times(raw, event):
    for name in TIME_FIELDS:
        try:
            event.fields[name] = parse_time(raw[name]) if raw.get(name) else None
        except ValueError:
            raise Dead("BAD_TIME") from None
    if event.usage_end and event.usage_end < event.usage_start:
        raise Dead("END_BEFORE_START")
    if event.billing_period and not MONTH.match(event.billing_period):
        raise Dead("BAD_TIME")


def accept(raw_events, summary):
    """Drops duplicates and dead letters, counting each; only a record that decodes takes its id."""
    seen, accepted, reasons = {}, [], []
    for raw in raw_events:
        summary["events_in"] += 1
        try:
            event = decode(raw)
            key, content = (event.usage_account_id, event.event_id), tuple(sorted(event.fields.items(), key=str))
            if seen.setdefault(key, content) != content:
                raise Dead("EVENT_ID_REUSED")
        except Dead as death:
            summary["dead"] += 1
            reasons.append(str(death))
            continue
        if seen[key] is content:
            accepted.append(event)
            summary["excess_decimals"] += event.excess
        else:
            summary["duplicate"] += 1
    return accepted, reasons


# --- rows: events folded by their facts -------------------------------------------------------------------------

class Identity(NamedTuple):
    """The facts of a row, in the order of keys and sorts. Optional numbers are () or (value,): absent sorts first."""
    period: str
    bucket: datetime
    usage_account_id: str
    resource_id: str
    payer_account_id: str
    billing_entity: str
    line_item_type: str
    product_code: str
    service_code: str
    usage_type: str
    operation: str
    sku: str
    region: str
    availability_zone: str
    unit: str
    currency: str
    public_on_demand_rate: tuple
    own_costs: int
    reservation_arn: str
    savings_plan_arn: str
    savings_plan_rate: tuple
    normalization_factor: tuple
    tags: tuple


SAME_NAME = ("payer_account_id", "usage_account_id", "billing_entity", "line_item_type", "product_code", "service_code",
             "usage_type", "operation", "sku", "region", "availability_zone", "unit", "currency", "reservation_arn",
             "savings_plan_arn", "tags")
OPTIONAL_NUMBERS = ("public_on_demand_rate", "savings_plan_rate", "normalization_factor")
SUMMED = ("usage_amount", "public_on_demand_cost", "unblended_cost", "net_unblended_cost",
          "reservation_effective_cost", "savings_plan_effective_cost")
OWN_COSTS = SUMMED[1:]
SPLIT_OPERATIONS = ("EKSPod-EC2", "ECSTask-EC2")  # what a pod or a task has of an instance, whose own row has the price
PARENT = "split_parent"  # a member of worlds: a column of reports, and no field of events


def billed_at_nothing(event):
    """Free usage: AWS takes nothing for it though it has a public price."""
    return bool(event.line_item_type == "Usage" and event.unblended_cost == 0
                and (event.public_on_demand_rate or event.public_on_demand_cost))


def invoice_month(event):
    return normal_period(event.billing_period) if event.billing_period else period_of(event.usage_start)


def identity_of(event, granularity, resource_ids):
    facts = {name: event.fields[name] for name in SAME_NAME}
    for name in OPTIONAL_NUMBERS:
        number = event.fields[name]
        facts[name] = () if number is None else (number,)
    own_costs = sum(2**index for index, name in enumerate(OWN_COSTS) if event.fields[name] is not None)
    own_costs += 2**len(OWN_COSTS) * (not billed_at_nothing(event))  # what is free comes first
    return Identity(period=invoice_month(event), bucket=bucket_start(event.usage_start, granularity), own_costs=own_costs,
                    resource_id=event.resource_id if resource_ids else "", **facts)


class Row:
    """What folds without order: sums, the latest end, the smallest description."""

    def __init__(self, identity):
        self.identity = identity
        self.sums = dict.fromkeys(SUMMED, Fraction(0))
        self.usage_events = 0
        self.usage_end = None
        self.description = ""

    def __getattr__(self, name):
        return getattr(self.identity, name)

    def add(self, event):
        for name in SUMMED:
            self.sums[name] += event.fields[name] or 0
        self.usage_events += 1
        if event.usage_end:
            self.usage_end = max(self.usage_end or event.usage_end, event.usage_end)
        if event.description:
            self.description = min(self.description or event.description, event.description)

    def own_rate(self):
        return self.identity.public_on_demand_rate[0] if self.identity.public_on_demand_rate else None

    def own_cost(self):
        return self.sums["public_on_demand_cost"] if self.own_costs & 1 else None

    def unblended(self):
        return self.sums["unblended_cost"] if self.own_costs & 2 else None

    def billable(self):
        """What AWS really takes."""
        return self.sums["net_unblended_cost" if self.own_costs & 4 else "unblended_cost"]

    def is_free(self):
        return self.own_costs < 2**len(OWN_COSTS)


def fold(events, granularity, resource_ids):
    """Rows in canonical order."""
    rows = {}
    for event in events:
        identity = identity_of(event, granularity, resource_ids)
        rows.setdefault(identity, Row(identity)).add(event)
    return [rows[identity] for identity in sorted(rows)]


# --- verdict: how a row is priced -------------------------------------------------------------------------------

@dataclass
class Verdict:
    """Everything that follows from the row's facts and the document, before any pool is run."""
    status: str
    group: str = ""
    reason: Optional[str] = None
    base: Optional[str] = None
    plan: Optional[str] = None
    rule: Optional[Rule] = None
    modifier: Fraction = Fraction(0)
    amount: Optional[Fraction] = None
    tiers: Optional[list] = None
    public_tiers: Optional[list] = None
    pool: Optional[tuple] = None
    entry: Optional[Entry] = None
    numbers: Optional[list] = None
    joined: bool = False
    untiered: bool = False
    ambiguous: bool = False
    shown_type: str = ""

    def factor(self):
        return (100 + self.modifier) / 100


class Pricer:
    """Judges rows by one document and its price lists."""

    def __init__(self, document, price_list):
        self.document = document
        self.price_list = price_list

    def judge(self, row):
        verdict = self._judge(row)
        verdict.shown_type = verdict.shown_type or row.line_item_type
        if verdict.status == "CHARGED" and self._too_large(row, verdict):
            return Verdict("UNPRICED", verdict.group, "TOO_LARGE", shown_type=verdict.shown_type)
        return verdict

    def _judge(self, row):
        group = self.document.group_of(row.usage_account_id)
        if row.period < self.document.period:
            group = None
        group_id = group.id if group else ""
        if row.currency and row.currency != self.document.currency:
            return Verdict("UNPRICED", group_id, "CURRENCY")
        if row.period < self.document.period:
            return Verdict("UNMONITORED", reason="BEFORE_DOCUMENT")
        if group is None:
            return Verdict("UNMONITORED")
        if group.plan == "Passthrough":
            left_out = row.line_item_type == "Tax"
            return Verdict("LEFT_OUT", group_id) if left_out else self._keep(row, group)
        return self._judge_by_type(row, group)

    def _judge_by_type(self, row, group):
        kind = row.line_item_type
        if "Support" in row.product_code:
            return Verdict("LEFT_OUT", group.id)
        if kind == "Usage" or kind in COVERED_TYPES and not self._owned_in_group(row, group):
            return self._price(row, group)
        if kind in COVERED_TYPES or kind in FEE_TYPES:
            return self._keep(row, group)
        if kind == "SavingsPlanNegation" and self._owned_in_group(row, group):
            return self._keep(row, group)
        return Verdict("LEFT_OUT", group.id)

    def _owned_in_group(self, row, group):
        """A commitment belongs to the account that its ARN names."""
        arn = row.reservation_arn if row.line_item_type == "DiscountedUsage" else row.savings_plan_arn
        parts = arn.split(":")
        owner = self.document.group_of(parts[4]) if len(parts) > 5 and ACCOUNT.match(parts[4]) else None
        return owner is not None and owner.id == group.id

    def _keep(self, row, group):
        """Rows that no rule touches: what AWS bills is what the group is charged."""
        if row.unblended() is None:
            return Verdict("UNPRICED", group.id, "NO_PRICE")
        return Verdict("CHARGED", group.id, base="UNBLENDED_COST", plan=group.plan, amount=row.unblended())

    def _price(self, row, group):
        rule = self.document.rule_for(group.plan, row)
        verdict = Verdict("CHARGED", group.id, plan=group.plan, rule=rule, shown_type="Usage",
                          modifier=rule.modifier if rule and not rule.custom_tiers else Fraction(0))
        if row.operation in SPLIT_OPERATIONS and row.own_rate() == 0:
            verdict.rule = None if rule and rule.custom_tiers else rule
            verdict.base, verdict.tiers = "PUBLIC_ON_DEMAND_RATE", [Tier(Fraction(0), Fraction(0))]
            return verdict
        entry, ambiguous = self.price_list.find(row)
        if rule and rule.custom_tiers:
            verdict.base, verdict.tiers = "CUSTOM_TIERS", rule.custom_tiers
            verdict.public_tiers = entry.in_force(row.period).tiers if entry else None
            verdict.pool = (group.id, row.period, "rule", rule.id, row.usage_type)
            return verdict
        if entry:
            self._use_entry(verdict, row, group, entry)
            return verdict
        verdict.ambiguous = ambiguous
        return self._use_own(verdict, row, group)

    def _use_own(self, verdict, row, group):
        """What the row says itself, where no list has a price for it."""
        if row.is_free() and self.document.free_tier_on(group.plan, row):
            verdict.base, verdict.tiers = "FREE_TIER", [Tier(Fraction(0), Fraction(0))]
        elif row.own_rate() is not None:
            verdict.base, verdict.tiers = "PUBLIC_ON_DEMAND_RATE", [Tier(Fraction(0), row.own_rate())]
            verdict.untiered = self.price_list.is_tiered(row)
        elif row.own_cost() is not None:
            verdict.base, verdict.amount = "PUBLIC_ON_DEMAND_COST", row.own_cost()
        elif row.unblended() is not None:
            verdict.base, verdict.amount = "UNBLENDED_COST", row.unblended()
        else:
            return Verdict("UNPRICED", group.id, "NO_PRICE", shown_type="Usage")
        return verdict

    def _use_entry(self, verdict, row, group, entry):
        tiers = entry.in_force(row.period).tiers
        free_tier = self.document.free_tier_on(group.plan, row)
        verdict.base, verdict.public_tiers, verdict.entry = "PRICE_LIST", tiers, entry
        verdict.tiers = tiers if free_tier else without_free_tier(tiers)
        verdict.joined = free_tier and bool(self.price_list.allowances_of(entry))
        verdict.pool = (group.id, row.period, "joined" if verdict.joined else "entry", entry.sku, entry.usage_type,
                        verdict.modifier)

    def ranges_before(self, verdict, period):
        """The ranges of all allowances of a joined meter, as (allowance's sku, range's number, begin, end, rate)."""
        ranges = []
        for allowance in self.price_list.allowances_of(verdict.entry):
            term = allowance.in_force(period)
            ends = [tier.begin for tier in term.tiers[1:]] + [term.end]
            ranges += [(allowance.sku, number, tier.begin, end, tier.rate)
                       for number, (tier, end) in enumerate(zip(term.tiers, ends))]
        return ranges

    def _too_large(self, row, verdict):
        """A cost at scale 24 has room for 14 digits before the point; the row must fit wherever it lands."""
        if verdict.tiers is None:
            return abs(verdict.amount) * verdict.factor() >= COST_LIMIT
        rates = [tier.rate for tier in verdict.tiers]
        if verdict.joined:
            rates += [rate for *_, rate in self.ranges_before(verdict, row.period)]
        highest = max(rates) * verdict.factor()
        return abs(row.sums["usage_amount"]) * highest >= COST_LIMIT


def without_free_tier(tiers):
    """Free ranges are charged at the first paid rate; boundaries stay where they are."""
    paid = [tier.rate for tier in tiers if tier.rate > 0]
    return [Tier(tier.begin, tier.rate or paid[0]) for tier in tiers] if paid else tiers


# --- line items -------------------------------------------------------------------------------------------------

@dataclass
class LineItem:
    """A priced row, or a slice of one that lies in one tier."""
    row: Row
    verdict: Verdict
    tier: Optional[int] = None
    usage_amount: Fraction = Fraction(0)
    usage_events: int = 0
    cost: Fraction = Fraction(0)
    public_cost: Fraction = Fraction(0)
    billable_cost: Fraction = Fraction(0)
    rate: Optional[Fraction] = None
    reservation_effective_cost: Fraction = Fraction(0)
    savings_plan_effective_cost: Fraction = Fraction(0)

    def key(self):
        return self.row.identity, self.tier

    def charged(self):
        return self.verdict.status == "CHARGED"


def tier_at(tiers, position):
    """Index of the tier that holds a position; below zero the first tier goes on."""
    return max([index for index, tier in enumerate(tiers) if tier.begin <= position], default=0)


class Slice(NamedTuple):
    """A stretch of a pool that lies in one tier; a correction gives it back."""
    index: int
    low: Fraction
    high: Fraction
    sign: int

    def quantity(self):
        return self.sign * (self.high - self.low)


def split(tiers, position, quantity):
    """A row by tiers, lowest first: it covers [position, position + quantity) or takes that much back."""
    low, high = sorted((position, position + quantity))
    if low == high:
        return [Slice(tier_at(tiers, position), low, high, 1)]
    parts = []
    for index, tier in enumerate(tiers):
        begin = low if index == 0 else max(low, tier.begin)
        end = high if index + 1 == len(tiers) else min(high, tiers[index + 1].begin)
        if begin < end:
            parts.append(Slice(index, begin, end, 1 if quantity > 0 else -1))
    return parts


def published_cost(tiers, part):
    """The published price of the same stretch, whose tiers may begin elsewhere."""
    return part.sign * sum((piece.quantity() * tiers[piece.index].rate
                            for piece in split(tiers, part.low, part.high - part.low)), Fraction(0))


def public_cost_outside_list(row):
    if row.own_rate() is not None:
        return row.own_rate() * row.sums["usage_amount"]
    return row.own_cost() or Fraction(0)


def public_cost_of(row, verdict, part, is_lowest):
    """By the published tiers, else by the event's own rate; an own cost cannot be split and stays with the lowest."""
    if verdict.public_tiers:
        return published_cost(verdict.public_tiers, part)
    if row.own_rate() is not None:
        return row.own_rate() * part.quantity()
    return public_cost_outside_list(row) if is_lowest else Fraction(0)


def tier_number(verdict, index):
    if verdict.numbers:
        return verdict.numbers[index]
    return index + 1 if len(verdict.tiers) > 1 else None


def slices(row, verdict, position):
    """The line items of a row whose price is a rate, from the lowest tier up."""
    items = []
    for part in split(verdict.tiers, position, row.sums["usage_amount"]):
        rate = verdict.tiers[part.index].rate * verdict.factor()
        items.append(LineItem(
            row, verdict, tier_number(verdict, part.index), part.quantity(), rate=rate,
            cost=part.quantity() * rate, public_cost=public_cost_of(row, verdict, part, not items)))
    return items


def whole(row, verdict):
    """The one line item of a row that has an amount, or no price at all."""
    item = LineItem(row, verdict, usage_amount=row.sums["usage_amount"])
    if verdict.status == "CHARGED":
        item.cost = verdict.amount * verdict.factor()
        item.public_cost = public_cost_outside_list(row)
    return item


def joined_pools(rows, verdicts):
    """Of each pool that takes part in allowances: one verdict, its period, and all of its quantity."""
    pools = {}
    for row, verdict in zip(rows, verdicts):
        if verdict.joined and verdict.status == "CHARGED":
            _, _, quantity = pools.get(verdict.pool, (None, None, Fraction(0)))
            pools[verdict.pool] = verdict, row.period, quantity + row.sums["usage_amount"]
    return pools


def dearest_first(item):
    _, (verdict, _, _) = item
    dearest = max(tier.rate for tier in verdict.public_tiers) * verdict.factor()
    return -dearest, verdict.entry.sku, verdict.entry.usage_type, verdict.modifier


def share_out(pools, pricer):
    """By pool: its tiers with its own part of each allowance before them, and how they are numbered."""
    used, shared = defaultdict(Fraction), {}
    for pool, (verdict, period, quantity) in sorted(pools.items(), key=dearest_first):
        ranges, wanted, parts = pricer.ranges_before(verdict, period), max(quantity, Fraction(0)), []
        for number, (sku, index, begin, end, rate) in enumerate(ranges, start=1):
            key = (verdict.group, period, sku, index)
            left = end - begin - used[key]
            taken = min(wanted, left)
            if left > 0:
                parts.append((number, taken, rate))
            used[key] += taken
            wanted -= taken
        shared[pool] = tiers_behind(parts, verdict.public_tiers, len(ranges))
    return shared


def tiers_behind(parts, tiers, ranges):
    """Parts of allowances as tiers, the entry's own moved up by them. The first goes on below zero; one that holds
    nothing is there for that alone."""
    begin, joined, numbers = Fraction(0), [], []
    for number, width, rate in parts:
        if width > 0 or not joined:
            joined.append(Tier(begin, rate))
            numbers.append(number)
        begin += width
    for index, tier in enumerate(tiers):
        joined.append(Tier(begin + tier.begin, tier.rate))
        numbers.append(ranges + index + 1)
    return joined, numbers


def line_items(rows, pricer):
    """All line items; rows come in canonical order, which is the order in which pools are run."""
    verdicts = [pricer.judge(row) for row in rows]
    shared = share_out(joined_pools(rows, verdicts), pricer)
    positions, items = defaultdict(Fraction), []
    for row, verdict in zip(rows, verdicts):
        if verdict.pool in shared:
            verdict.tiers, verdict.numbers = shared[verdict.pool]
            verdict.public_tiers = verdict.tiers
        row_items = [whole(row, verdict)] if verdict.tiers is None else slices(row, verdict, positions[verdict.pool])
        positions[verdict.pool] += row.sums["usage_amount"]
        lowest = row_items[0]
        lowest.usage_events = row.usage_events
        lowest.billable_cost = row.billable()
        lowest.reservation_effective_cost = row.sums["reservation_effective_cost"]
        lowest.savings_plan_effective_cost = row.sums["savings_plan_effective_cost"]
        items += row_items
    return items


# --- custom line items ------------------------------------------------------------------------------------------

class CustomCharge(NamedTuple):
    group: str
    period: str
    account: str
    product: str
    line_item_type: str
    item: str
    base: str
    status: str
    cost: Fraction


def charged_totals(items):
    """Per group and period: what each (account, service, type) is charged for usage."""
    totals = defaultdict(lambda: defaultdict(Fraction))
    for item in items:
        if item.charged():
            key = (item.row.usage_account_id, item.row.product_code, item.verdict.shown_type)
            totals[(item.verdict.group, item.row.period)][key] += item.cost
    return totals


def passes(item_filter, product, line_item_type):
    if item_filter is None:
        return True
    attribute, option, value = item_filter
    subject = product if attribute == "SERVICE" else line_item_type
    wanted = "SavingsPlanNegation" if value == "SAVINGS_PLAN_NEGATION" else value
    return (subject == wanted) == (option == "EQUAL")


def percentage_base(item, items_by_id, totals, document, period):
    """What a percentage is taken of, by bill row: the group's filtered rows and the chosen flat items."""
    base = defaultdict(Fraction)
    if item.group in item.inputs:
        for (account, product, kind), cost in totals.items():
            if passes(item.filter, product, kind):
                base[(account, product, kind)] += cost
    for flat in (items_by_id[name] for name in item.inputs if name in items_by_id):
        if flat.in_force(period):
            base[(bearer(flat, document), flat.service, flat.line_item_type())] += flat.sign * flat.flat
    return base


def bearer(item, document):
    return item.account or document.groups[item.group].primary


def percentage_of(item, amount):
    return round_half_even(item.sign * amount * item.percentage / 100, COST_SCALE)


def charges_of(item, items_by_id, totals, document, period):
    def charge(account, product, base, cost):
        too_large = abs(cost) >= COST_LIMIT
        return CustomCharge(item.group, period, account, product, item.line_item_type(), item.id, base,
                            "UNPRICED" if too_large else "CHARGED", Fraction(0) if too_large else cost)

    if item.flat is not None:
        return [charge(bearer(item, document), item.service, "FLAT", item.sign * item.flat)]
    base = percentage_base(item, items_by_id, totals, document, period)
    if item.itemized:
        return [charge(account, item.service or product, "PERCENTAGE", percentage_of(item, amount))
                for (account, product, _), amount in base.items()]
    return [charge(bearer(item, document), item.service, "PERCENTAGE", percentage_of(item, sum(base.values())))]


def custom_charges(document, items, close):
    """In every period with usage, and in the one being closed, for every group that has started."""
    totals = charged_totals(items)
    items_by_id = {item.id: item for item in document.custom_items}
    periods = {item.row.period for item in items} | ({close} if close else set())
    charges = []
    for period in sorted(periods):
        for item in document.custom_items:
            if item.in_force(period) and not document.groups[item.group].pending:
                charges += charges_of(item, items_by_id, totals[(item.group, period)], document, period)
    return charges


# --- bills, summary, CUR ----------------------------------------------------------------------------------------

BILL_SUMS = ("usage_events", "public_cost", "cost", "billable_cost", "tax")


def bill_keys(group, period, account, product, kind):
    """The three bill rows that a line item counts in."""
    return ((group, period, account, product, kind), (group, period, "", product, ""), (group, period, "", "", ""))


def bill_facts(item):
    tax = item.row.line_item_type == "Tax"
    return {"usage_events": item.usage_events, "public_cost": item.public_cost, "cost": item.cost,
            "billable_cost": 0 if tax else item.billable_cost, "tax": item.billable_cost if tax else 0}


def percentage_of_cost(margin, cost):
    """None of no cost, and where a cost of next to nothing makes it longer than any number is."""
    percentage = round_half_even(margin / cost * 100, PERCENT_SCALE) if cost else None
    return None if percentage is None or abs(percentage) * 10**PERCENT_SCALE >= 10**SUM_DIGITS_MAX else percentage


def bills(items, charges):
    """Sums by bill key, with the margin. Rows in another currency are in no sum."""
    sums = defaultdict(lambda: dict.fromkeys(BILL_SUMS, Fraction(0)))
    for item in items:
        if item.verdict.reason == "CURRENCY":
            continue
        row = item.row
        for key in bill_keys(item.verdict.group, row.period, row.usage_account_id, row.product_code,
                             item.verdict.shown_type):
            for name, value in bill_facts(item).items():
                sums[key][name] += value
    for charge in charges:
        for key in bill_keys(charge.group, charge.period, charge.account, charge.product, charge.line_item_type):
            sums[key]["cost"] += charge.cost
    for bill in sums.values():
        bill["margin"] = bill["cost"] - bill["billable_cost"]
        bill["margin_percentage"] = percentage_of_cost(bill["margin"], bill["cost"])
    return dict(sums)


STATUS_COUNTERS = {"CHARGED": "priced", "LEFT_OUT": "left_out", "UNMONITORED": "unmonitored", "UNPRICED": "unpriced"}
COUNTERS = ("events_in", "priced", "duplicate", "dead", "left_out", "unmonitored", "unpriced", "before_document",
            "free_tier", "untiered", "ambiguous", "excess_decimals")
UNPRICED_CHARGES = "unpriced_custom_line_items"  # named only where there are some


def count_statuses(items, summary):
    for item in items:
        verdict = item.verdict
        summary[STATUS_COUNTERS[verdict.status]] += item.usage_events
        summary["before_document"] += item.usage_events * (verdict.reason == "BEFORE_DOCUMENT")
        if verdict.status == "CHARGED":
            summary["free_tier"] += item.usage_events * (verdict.base == "FREE_TIER")
            summary["untiered"] += item.usage_events * verdict.untiered
            summary["ambiguous"] += item.usage_events * verdict.ambiguous


class CurKey(NamedTuple):
    """What a customer can see of a row; a covered row that is owned elsewhere shows as Usage."""
    account: str
    line_item_type: str
    product: str
    usage_type: str
    operation: str
    resource: str
    start: str


CUR_TIME = "%Y-%m-%dT%H:%M:%SZ"


def cur_rows(items, charges, period):
    """Per group of a closed period: (amount, cost, public cost) by what the row shows; custom items by account."""
    groups = defaultdict(lambda: defaultdict(lambda: [Fraction(0)] * 3))
    for item in items:
        if item.charged() and item.row.period == period:
            row = item.row
            key = CurKey(row.usage_account_id, item.verdict.shown_type, row.product_code, row.usage_type,
                         row.operation, row.resource_id, row.bucket.strftime(CUR_TIME))
            add_to(groups[item.verdict.group], key, (item.usage_amount, item.cost, item.public_cost))
    for charge in charges:
        if charge.period == period and charge.status == "CHARGED":
            key = CurKey(charge.account, charge.line_item_type, charge.product, "", "", "", "")
            add_to(groups[charge.group], key, (Fraction(0), charge.cost, Fraction(0)))
    return {group: dict(rows) for group, rows in groups.items()}


def add_to(rows, key, values):
    rows[key] = [old + new for old, new in zip(rows[key], values)]


@dataclass
class Result:
    line_items: list
    charges: list
    bills: dict
    summary: dict
    dead_reasons: list
    cur: dict
    document: Document


def price(document, offers, raw_events, granularity="hourly", resource_ids=False, close=None):
    """The whole of `proforma price`: a conductor document, offer files and usage events as parsed JSON."""
    model = Document(document)
    price_list = PriceList(offers, model.currency)
    summary = dict.fromkeys(COUNTERS, 0)
    events, reasons = accept(raw_events, summary)
    items = line_items(fold(events, granularity, resource_ids), Pricer(model, price_list))
    charges = custom_charges(model, items, close)
    count_statuses(items, summary)
    summary[UNPRICED_CHARGES] = sum(charge.status == "UNPRICED" for charge in charges)
    cur = cur_rows(items, charges, close) if close else {}
    return Result(items, charges, bills(items, charges), summary, reasons, cur, model)


# --- the sample month -------------------------------------------------------------------------------------------

LEGACY_HEADINGS = {
    "bill/PayerAccountId": "payer_account_id", "lineItem/UsageAccountId": "usage_account_id",
    "bill/BillingEntity": "billing_entity", "lineItem/LineItemType": "line_item_type",
    "lineItem/ProductCode": "product_code", "lineItem/UsageType": "usage_type", "lineItem/Operation": "operation",
    "bill/BillingPeriodStartDate": "billing_period", "product/servicecode": "service_code",
    "lineItem/NetUnblendedCost": "net_unblended_cost", "product/sku": "sku", "product/region": "region", "lineItem/AvailabilityZone": "availability_zone",
    "lineItem/ResourceId": "resource_id", "lineItem/UsageStartDate": "usage_start",
    "lineItem/UsageEndDate": "usage_end", "lineItem/UsageAmount": "usage_amount", "pricing/unit": "unit",
    "lineItem/CurrencyCode": "currency", "pricing/publicOnDemandRate": "public_on_demand_rate",
    "pricing/publicOnDemandCost": "public_on_demand_cost", "lineItem/UnblendedCost": "unblended_cost",
    "reservation/ReservationARN": "reservation_arn", "reservation/EffectiveCost": "reservation_effective_cost",
    "savingsPlan/SavingsPlanArn": "savings_plan_arn", "savingsPlan/SavingsPlanARN": "savings_plan_arn",
    "savingsPlan/SavingsPlanRate": "savings_plan_rate",
    "savingsPlan/SavingsPlanEffectiveCost": "savings_plan_effective_cost",
    "lineItem/NormalizationFactor": "normalization_factor", "lineItem/LineItemDescription": "description",
}
TAG_HEADING = "resourceTags/"


def event_from_cur(row):
    event = {name: row[heading] for heading, name in LEGACY_HEADINGS.items() if row.get(heading)}
    if "billing_period" in event:
        event["billing_period"] = event["billing_period"][:7]
    event["event_id"] = f"{row['identity/LineItemId']}/{row['identity/TimeInterval']}"
    event["tags"] = {heading[len(TAG_HEADING):]: value for heading, value in row.items()
                     if heading.startswith(TAG_HEADING) and value}
    return event


def read_cur(path):
    """A CUR with legacy headings as usage events."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as lines:
        return [event_from_cur(row) for row in csv.DictReader(lines)]


BILL_KEY = ("billing_group", "billing_period", "usage_account_id", "product_code", "line_item_type")


def price_sample(folder, cur_name, granularity):
    document = json.loads((folder / "conductor.json").read_text())
    offers = [json.loads((folder / "pricelist" / name).read_text()) for name in ("AmazonS3.json", "AmazonEC2.json")]
    return price(document, offers, read_cur(folder / cur_name), granularity, True, document["BillingPeriod"])


def bill_text(value):
    return value if value is None or isinstance(value, int) else decimal_text(value)


def bill_differences(expected, result):
    """One line per bill row that is missing, superfluous or different."""
    wanted = {tuple(bill[name] for name in BILL_KEY): bill for bill in expected}
    found = result.bills
    differences = [f"no row {key}" for key in wanted.keys() - found.keys()]
    differences += [f"unexpected row {key}" for key in found.keys() - wanted.keys()]
    for key in wanted.keys() & found.keys():
        for name in BILL_SUMS + ("margin", "margin_percentage"):
            text = bill_text(found[key][name])
            if str(wanted[key][name]) != str(text):
                differences.append(f"{key} {name}: expected {wanted[key][name]}, model {text}")
    return differences


def check_samples(folder):
    expected = json.loads((folder / "expected.json").read_text())
    hourly = price_sample(folder, "cur_2026-06_hourly_normalized.csv.gz", "hourly")
    differences = bill_differences(expected["bills"], hourly)
    differences += [f"summary {name}: expected {value}, model {hourly.summary[name]}"
                    for name, value in expected["summary"].items() if hourly.summary[name] != value]
    daily = price_sample(folder, "cur_2026-06_daily.csv", "daily")
    for key, bill in hourly.bills.items():
        if key[2:] == ("", "", "") and daily.bills[key]["cost"] != bill["cost"]:
            differences.append(f"daily {key}: {float(daily.bills[key]['cost'])} is not {float(bill['cost'])}")
    for difference in differences:
        print(difference)
    print(f"{len(expected['bills'])} bill rows, {len(expected['summary'])} counters, daily group totals: "
          f"{'all equal' if not differences else f'{len(differences)} differences'}")
    return 1 if differences else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check-samples", metavar="DIR", type=Path, required=True)
    return check_samples(parser.parse_args().check_samples)


if __name__ == "__main__":
    sys.exit(main())
