#!/usr/bin/env python3
"""All operations of Billing Conductor's API by boto3 and the AWS CLI, on the topics of a real broker."""
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kafka"))
from botocore import xform_name  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402
from kafka_tools import SKIPPED, Broker, Unavailable, free_ports  # noqa: E402

from api_tools import Server, cases, client, command_line, conflict, get, invalid, missing, request, wait_for  # noqa: E402

DATA = Path(__file__).resolve().parent.parent / "data"
PAYER = "100000000001"
ARN = f"arn:aws:billingconductor::{PAYER}"
BASIC = "arn:aws:billingconductor::aws:pricingplan/BasicPricingPlan"
PASSTHROUGH = "arn:aws:billingconductor::aws:pricingplan/Passthrough"
TRANSFER = f"arn:aws:organizations::{PAYER}:transfer/o-abcdefghij/billing/inbound/rt-12345678"


def month(offset=0):
    now = datetime.now(timezone.utc)
    number = now.year * 12 + now.month - 1 + offset
    return f"{number // 12}-{number % 12 + 1:02d}"


class Context:
    """A broker, an installation whose family has accounts in no group, and a server on it."""

    def __init__(self, proforma, folder, broker, period=None, **more):
        self.folder, self.proforma, self.broker = folder, proforma, broker
        self.port = free_ports(1)[0]
        settings = {"kafka.bootstrap.servers": broker.bootstrap, "replication.factor": 1, "partitions.usage": 2,
                    "partitions.tier": 1, "partitions.bill": 2, "workers": 1, "http.listen": "", "format": "json",
                    "state.dir": folder / "state", "api.listen": f"127.0.0.1:{self.port}", **more}
        self.config = folder / "proforma.conf"
        self.config.write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        text = (DATA / "conductor.json").read_text()
        document = json.loads(text.replace("2026-06", period) if period else text)
        if not period:
            document.pop("BillingPeriod", None)
        document["LinkedAccounts"] += [{"AccountId": f"3000000000{i:02d}", "AccountName": f"free-{i}",
                                        "AccountEmail": f"free-{i}@example.com"} for i in range(60)]
        (folder / "document.json").write_text(json.dumps(document))
        self.command("topics", "create")
        self.command("apply", "--conductor", folder / "document.json")
        self.server = Server(self.proforma, ["--config", self.config], folder / "serve.log")

    def command(self, *words):
        done = subprocess.run([self.proforma, *map(str, words), "--config", str(self.config)], capture_output=True, text=True,
                              timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def export(self):
        return json.loads(self.command("export"))


def account(number):
    return f"3000000000{number:02d}"


def group_named(c, name, filters=None):
    return [g for g in c.list_billing_groups(Filters=filters or {"Names": [{"SearchOption": "STARTS_WITH",
            "SearchValue": name}]})["BillingGroups"] if g["Name"] == name]


def create_group(c, name, numbers, plan=BASIC, **more):
    grouping = {"LinkedAccountIds": [account(n) for n in numbers]}
    grouping.update(more.pop("grouping", {}))
    return c.create_billing_group(Name=name, AccountGrouping=grouping, ComputationPreference={"PricingPlanArn": plan},
                                  PrimaryAccountId=account(numbers[0]), **more)["Arn"]


def case_applied_things_have_names_times_and_arns(context):
    c = context.client
    retail = group_named(c, "Retail")[0]
    assert retail["Arn"] == f"{ARN}:billinggroup/200000000011" and retail["Size"] == 3
    assert abs(retail["CreationTime"] - time.time()) < 600 and retail["LastModifiedTime"] >= retail["CreationTime"]
    found = c.list_account_associations(Filters={"AccountId": account(7)})["LinkedAccounts"]
    assert found == [{"AccountId": account(7), "AccountName": "free-7", "AccountEmail": "free-7@example.com"}]
    unmonitored = c.list_account_associations(Filters={"Association": "UNMONITORED"})["LinkedAccounts"]
    assert len([a for a in unmonitored if a["AccountId"].startswith("3")]) == 60
    assert c.list_billing_groups(BillingPeriod="2020-01")["BillingGroups"] == []


def case_rules(context):
    c = context.client
    rule = c.create_pricing_rule(Name="half", Scope="GLOBAL", Type="MARKUP", ModifierPercentage=12.345, Description="d",
                                 Tags={"Size": "5"})["Arn"]
    assert rule.startswith(f"{ARN}:pricingrule/") and len(rule.rsplit("/")[-1]) == 10
    listed = c.list_pricing_rules(Filters={"Arns": [rule]})["PricingRules"][0]
    assert listed["ModifierPercentage"] == 12.35 and listed["AssociatedPricingPlanCount"] == 0 and listed["Description"] == "d"
    assert c.list_tags_for_resource(ResourceArn=rule)["Tags"] == {"Size": "5"}
    conflict("RESOURCE_NAME_CONFLICT", c.create_pricing_rule, Name="half", Scope="GLOBAL", Type="MARKUP", ModifierPercentage=1)
    updated = c.update_pricing_rule(Arn=rule, Description="", ModifierPercentage=7.5)
    assert updated["ModifierPercentage"] == 7.5 and updated.get("Description", "") == "" and updated["Name"] == "half"
    updated = c.update_pricing_rule(Arn=rule, Type="TIERING", Tiering={"FreeTier": {"Activated": False}})
    assert updated["Tiering"] == {"FreeTier": {"Activated": False}} and "ModifierPercentage" not in updated
    tiers = [{"BeginRangeInclusive": 0, "EndRangeExclusive": 10, "RateValue": 3e-10}, {"BeginRangeInclusive": 10, "RateValue": 0.1}]
    sku = c.create_pricing_rule(Name="sku", Scope="SKU", Type="TIERING", Service="AmazonEC2", UsageType="BoxUsage:x",
                                Tiering={"CustomTiers": tiers})["Arn"]
    listed = c.list_pricing_rules(Filters={"Arns": [sku]})["PricingRules"][0]
    assert [t["RateValue"] for t in listed["Tiering"]["CustomTiers"]] == [3e-10, 0.1]
    refusals = [
        (dict(Scope="GLOBAL", Type="MARKUP", ModifierPercentage=1, Service="AmazonEC2"), "ILLEGAL_SERVICE"),
        (dict(Scope="SERVICE", Type="MARKUP", ModifierPercentage=1), "ILLEGAL_SERVICE"),
        (dict(Scope="SERVICE", Type="MARKUP", ModifierPercentage=1, Service="A", UsageType="x"), "ILLEGAL_USAGE_TYPE"),
        (dict(Scope="SERVICE", Type="MARKUP", ModifierPercentage=1, Service="A", Operation="x"), "ILLEGAL_OPERATION"),
        (dict(Scope="BILLING_ENTITY", Type="MARKUP", ModifierPercentage=1), "ILLEGAL_BILLING_ENTITY"),
        (dict(Scope="SKU", Type="MARKUP", ModifierPercentage=1, Service="A"), "INVALID_SKU_COMBO"),
        (dict(Scope="GLOBAL", Type="MARKUP"), "ILLEGAL_MODIFIER_PERCENTAGE"),
        (dict(Scope="GLOBAL", Type="DISCOUNT", ModifierPercentage=100.01), "ILLEGAL_MODIFIER_PERCENTAGE"),
        (dict(Scope="GLOBAL", Type="TIERING", ModifierPercentage=1, Tiering={"FreeTier": {"Activated": True}}),
         "ILLEGAL_MODIFIER_PERCENTAGE"),
        (dict(Scope="GLOBAL", Type="TIERING"), "ILLEGAL_TIERING_INPUT"),
        (dict(Scope="GLOBAL", Type="MARKUP", ModifierPercentage=1, Tiering={"FreeTier": {"Activated": True}}),
         "ILLEGAL_TIERING_INPUT"),
        (dict(Scope="SKU", Type="TIERING", Service="A", UsageType="x", Tiering={"FreeTier": {"Activated": True}}),
         "ILLEGAL_TIERING_INPUT"),
        (dict(Scope="GLOBAL", Type="TIERING", Tiering={"CustomTiers": tiers}), "ILLEGAL_TIERING_INPUT"),
        (dict(Scope="SKU", Type="TIERING", Service="A", UsageType="x", Tiering={"CustomTiers": tiers[1:]}),
         "ILLEGAL_TIERING_INPUT"),
        (dict(Scope="SKU", Type="TIERING", Service="A", UsageType="x", Tiering={"CustomTiers": tiers[:1]}),
         "ILLEGAL_TIERING_INPUT"),
        (dict(Scope="BILLING_ENTITY", BillingEntity="AWS", Type="TIERING", Tiering={"FreeTier": {"Activated": True}}),
         "ILLEGAL_TYPE"),
    ]
    for arguments, reason in refusals:
        invalid(reason, c.create_pricing_rule, Name="refused", **arguments)
    missing(c.update_pricing_rule, Arn="aaaaaaaaaa", Name="x")
    invalid("MISMATCHED_PRICINGRULE_ARN", c.update_pricing_rule,
            Arn="arn:aws:billingconductor::999999999999:pricingrule/aaaaaaaaaa", Name="x")
    assert c.delete_pricing_rule(Arn=sku)["Arn"] == sku
    invalid("PRICINGRULES_NOT_EXIST", c.delete_pricing_rule, Arn=sku)
    c.delete_pricing_rule(Arn=rule)


def case_plans(context):
    c = context.client
    rules = [c.create_pricing_rule(Name=f"r{i}", Scope="SERVICE", Service=f"Service{i}", Type="MARKUP",
                                   ModifierPercentage=i)["Arn"] for i in range(4)]
    twin = c.create_pricing_rule(Name="twin", Scope="SERVICE", Service="Service1", Type="DISCOUNT", ModifierPercentage=5)["Arn"]
    plan = c.create_pricing_plan(Name="plan", PricingRuleArns=rules[:2], Tags={"k": "v"})["Arn"]
    listed = c.list_pricing_plans(Filters={"Arns": [plan]})["PricingPlans"][0]
    assert listed["Size"] == 2 and listed["Name"] == "plan"
    empty = c.create_pricing_plan(Name="empty")["Arn"]
    assert c.list_pricing_rules_associated_to_pricing_plan(PricingPlanArn=empty)["PricingRuleArns"] == []
    assert c.associate_pricing_rules(Arn=plan, PricingRuleArns=[rules[2].rsplit("/")[-1]])["Arn"] == plan
    invalid("PRICINGRULES_ALREADY_ASSOCIATED", c.associate_pricing_rules, Arn=plan, PricingRuleArns=rules[2:])
    assert c.list_pricing_plans(Filters={"Arns": [plan]})["PricingPlans"][0]["Size"] == 3, "refused is refused whole"
    invalid("DUPLICATE_PRICINGRULE_ARNS", c.associate_pricing_rules, Arn=plan, PricingRuleArns=[rules[3]] * 2)
    invalid("PRICINGRULES_NOT_EXIST", c.associate_pricing_rules, Arn=plan, PricingRuleArns=["zzzzzzzzzz"])
    invalid("PRICINGRULES_NOT_EXIST", c.create_pricing_plan, Name="x", PricingRuleArns=["zzzzzzzzzz"])
    invalid("DUPLICATE_PRICINGRULE_ARNS", c.create_pricing_plan, Name="x", PricingRuleArns=rules[:1] * 2)
    conflict("PRICING_RULE_IN_PRICING_PLAN_CONFLICT", c.associate_pricing_rules, Arn=plan, PricingRuleArns=[twin])
    conflict("PRICING_RULE_ATTACHED_TO_PRICING_PLAN_DELETE_CONFLICT", c.delete_pricing_rule, Arn=rules[0])
    assert c.list_pricing_plans_associated_with_pricing_rule(PricingRuleArn=rules[0])["PricingPlanArns"] == [plan]
    invalid("PRICINGRULES_NOT_ASSOCIATED", c.disassociate_pricing_rules, Arn=plan, PricingRuleArns=[rules[0], rules[3]])
    c.disassociate_pricing_rules(Arn=plan, PricingRuleArns=rules[:2])
    assert c.list_pricing_rules(Filters={"Arns": [rules[0]]})["PricingRules"][0]["AssociatedPricingPlanCount"] == 0
    assert c.update_pricing_plan(Arn=plan, Name="renamed")["Size"] == 1
    conflict("RESOURCE_NAME_CONFLICT", c.update_pricing_plan, Arn=plan, Name="empty")
    for call, more in ((c.update_pricing_plan, dict(Name="mine")), (c.delete_pricing_plan, {}),
                       (c.associate_pricing_rules, dict(PricingRuleArns=rules[:1]))):
        invalid("OTHER", call, Arn=BASIC, **more)
    missing(c.associate_pricing_rules, Arn="zzzzzzzzzz", PricingRuleArns=rules[:1])
    missing(c.list_pricing_rules_associated_to_pricing_plan, PricingPlanArn="zzzzzzzzzz")
    missing(c.list_pricing_plans_associated_with_pricing_rule, PricingRuleArn="zzzzzzzzzz")
    c.delete_pricing_plan(Arn=plan)
    c.delete_pricing_plan(Arn=empty)
    invalid("MISSING_PRICINGPLAN", c.delete_pricing_plan, Arn=plan)
    for rule in rules + [twin]:
        c.delete_pricing_rule(Arn=rule)


def case_groups(context):
    c = context.client
    plan = c.create_pricing_plan(Name="gplan")["Arn"]
    arn = create_group(c, "team", [0, 1], plan, Description="Team", Tags={"a": "b"})
    assert arn == f"{ARN}:billinggroup/{account(0)}"
    listed = group_named(c, "team")[0]
    assert listed["Size"] == 2 and listed["AccountGrouping"] == {"AutoAssociate": False}
    assert listed["BillingGroupType"] == "STANDARD" and listed["ComputationPreference"]["PricingPlanArn"] == plan
    monitored = c.list_account_associations(Filters={"Association": arn})["LinkedAccounts"]
    assert [a["AccountId"] for a in monitored] == [account(0), account(1)] and monitored[0]["BillingGroupArn"] == arn
    conflict("PRICING_PLAN_ATTACHED_TO_BILLING_GROUP_DELETE_CONFLICT", c.delete_pricing_plan, Arn=plan)

    def create(**more):
        arguments = dict(Name="refused", AccountGrouping={"LinkedAccountIds": [account(2)]}, PrimaryAccountId=account(2),
                         ComputationPreference={"PricingPlanArn": BASIC})
        arguments.update(more)
        return {k: v for k, v in arguments.items() if v is not None}
    for arguments, reason in [
        (create(PrimaryAccountId=None), "ILLEGAL_PRIMARY_ACCOUNT"),
        (create(PrimaryAccountId=account(3)), "PRIMARY_NOT_ASSOCIATED"),
        (create(PrimaryAccountId=PAYER, AccountGrouping={"LinkedAccountIds": [PAYER]}), "ILLEGAL_PRIMARY_ACCOUNT"),
        (create(AccountGrouping={"LinkedAccountIds": []}), "MISSING_LINKED_ACCOUNT_IDS"),
        (create(AccountGrouping={"LinkedAccountIds": [account(2), account(2)]}), "DUPLICATE_ACCOUNT"),
        (create(AccountGrouping={"LinkedAccountIds": [account(2), account(0)]}), "ACCOUNTS_ALREADY_ASSOCIATED"),
        (create(AccountGrouping={"LinkedAccountIds": [account(2), "999999999999"]}), "ILLEGAL_ACCOUNTS"),
        (create(ComputationPreference={"PricingPlanArn": PASSTHROUGH}), "ILLEGAL_BILLING_GROUP_PRICING_PLAN"),
        (create(ComputationPreference={"PricingPlanArn": f"{ARN}:pricingplan/zzzzzzzzzz"}), "MISSING_PRICINGPLAN"),
        (create(ComputationPreference={"PricingPlanArn": "arn:aws:billingconductor::999999999999:pricingplan/zzzzzzzzzz"}),
         "MISMATCHED_PRICINGPLAN_ARN"),
    ]:
        invalid(reason, c.create_billing_group, **arguments)
    conflict("RESOURCE_NAME_CONFLICT", c.create_billing_group, **create(Name="team"))
    c.associate_accounts(Arn=arn, AccountIds=[account(3)])
    invalid("ACCOUNTS_ALREADY_ASSOCIATED", c.associate_accounts, Arn=arn, AccountIds=[account(4), account(3)])
    invalid("ILLEGAL_ACCOUNTS", c.associate_accounts, Arn=arn, AccountIds=["999999999999"])
    assert group_named(c, "team")[0]["Size"] == 3
    invalid("PRIMARY_CANNOT_DISASSOCIATE", c.disassociate_accounts, Arn=arn, AccountIds=[account(0)])
    invalid("ACCOUNTS_NOT_ASSOCIATED", c.disassociate_accounts, Arn=arn, AccountIds=[account(1), account(9)])
    c.disassociate_accounts(Arn=arn, AccountIds=[account(1), account(3)])
    assert group_named(c, "team")[0]["Size"] == 1
    missing(c.associate_accounts, Arn="999999999999", AccountIds=[account(5)])
    updated = c.update_billing_group(Arn=arn, Name="crew", Description="", AccountGrouping={"AutoAssociate": True})
    assert updated["Name"] == "crew" and updated["AccountGrouping"]["AutoAssociate"] and updated["PricingPlanArn"] == plan
    assert len(c.list_billing_groups(Filters={"AutoAssociate": True})["BillingGroups"]) == 1
    invalid("CANNOT_DELETE_AUTO_ASSOCIATE_BILLING_GROUP", c.delete_billing_group, Arn=arn)
    invalid("TOO_MANY_AUTO_ASSOCIATE_BILLING_GROUPS", c.create_billing_group,
            **create(AccountGrouping={"LinkedAccountIds": [account(2)], "AutoAssociate": True}))
    invalid(None, c.update_billing_group, Arn=arn, AccountGrouping={"ResponsibilityTransferArn": TRANSFER})
    conflict("RESOURCE_NAME_CONFLICT", c.update_billing_group, Arn=arn, Name="Retail")
    c.update_billing_group(Arn=arn, AccountGrouping={"AutoAssociate": False})
    item = c.create_custom_line_item(Name="goes-along", Description="d", BillingGroupArn=arn,
                                     ChargeDetails={"Type": "FEE", "Flat": {"ChargeValue": 1}})["Arn"]
    assert c.delete_billing_group(Arn=arn)["Arn"] == arn
    assert c.list_custom_line_items(Filters={"Arns": [item]})["CustomLineItems"] == []
    invalid("MISSING_BILLINGGROUP", c.delete_billing_group, Arn=arn)
    assert "BillingGroupArn" not in c.list_account_associations(Filters={"AccountId": account(0)})["LinkedAccounts"][0]
    assert create_group(c, "again", [0]) == arn
    c.delete_billing_group(Arn=arn)
    c.delete_pricing_plan(Arn=plan)


def case_transfers(context):
    c = context.client
    assert c.get_billing_transfer_preference(ResponsibilityTransferArn=TRANSFER)[
        "AutoBillingTransferBillingGroupCreation"] == {"Enabled": False}
    plan = c.create_pricing_plan(Name="tplan")["Arn"]

    def prefer(**value):
        return dict(ResponsibilityTransferArn=TRANSFER, AutoBillingTransferBillingGroupCreation=value)
    invalid("MISSING_PRICING_PLAN_ARN", c.update_billing_transfer_preference, **prefer(Enabled=True))
    invalid("OTHER", c.update_billing_transfer_preference, **prefer(Enabled=False, PricingPlanArn=plan))
    set_ = c.update_billing_transfer_preference(**prefer(Enabled=True, PricingPlanArn=plan))
    assert set_["LastModifiedTime"] and set_["AutoBillingTransferBillingGroupCreation"]["PricingPlanArn"] == plan
    assert c.get_billing_transfer_preference(ResponsibilityTransferArn=TRANSFER)["LastModifiedTime"] == set_["LastModifiedTime"]
    conflict("PRICING_PLAN_REFERENCED_BY_PREFERENCE_DELETE_CONFLICT", c.delete_pricing_plan, Arn=plan)
    c.update_billing_transfer_preference(**prefer(Enabled=False))
    c.delete_pricing_plan(Arn=plan)
    arn = c.create_billing_group(Name="transfer", AccountGrouping={"ResponsibilityTransferArn": TRANSFER},
                                 ComputationPreference={"PricingPlanArn": PASSTHROUGH})["Arn"]
    listed = group_named(c, "transfer")[0]
    assert listed["BillingGroupType"] == "TRANSFER_BILLING" and listed["Status"] in ("ACTIVE", "PENDING")
    assert listed["AccountGrouping"]["ResponsibilityTransferArn"] == TRANSFER and len(arn.rsplit("/")[-1]) == 12
    assert c.list_billing_groups(Filters={"ResponsibilityTransferArns": [TRANSFER]})["BillingGroups"] == [listed]
    invalid(None, c.create_billing_group, Name="x", AccountGrouping={"ResponsibilityTransferArn": TRANSFER, "AutoAssociate": True},
            ComputationPreference={"PricingPlanArn": PASSTHROUGH})
    c.delete_billing_group(Arn=arn)


def case_items(context):
    c = context.client
    group = create_group(c, "items", [10, 11])
    other = create_group(c, "others", [12])

    def create(**more):
        arguments = dict(Name="refused", Description="d", BillingGroupArn=group,
                         ChargeDetails={"Type": "FEE", "Flat": {"ChargeValue": 5}})
        arguments.update(more)
        return arguments
    flat = c.create_custom_line_item(**create(Name="flat", ChargeDetails={"Type": "FEE", "Flat": {"ChargeValue": 1e-07}}))["Arn"]
    percent = c.create_custom_line_item(**create(Name="percent", ChargeDetails={
        "Type": "CREDIT", "Percentage": {"PercentageValue": 2.5, "AssociatedValues": [group, flat]}}, AccountId=account(11),
        ComputationRule="ITEMIZED", PresentationDetails={"Service": "AmazonEC2"}))["Arn"]
    items = {i["Name"]: i for i in c.list_custom_line_items(Filters={"BillingGroups": [group]})["CustomLineItems"]}
    assert items["flat"]["ChargeDetails"]["Flat"]["ChargeValue"] == 1e-07 and items["flat"]["ComputationRule"] == "CONSOLIDATED"
    assert items["flat"]["ProductCode"] == "AWSBillingConductor" and items["flat"]["CurrencyCode"] == "USD"
    assert items["percent"]["AssociationSize"] == 2 and items["percent"]["AccountId"] == account(11)
    assert items["percent"]["ChargeDetails"] == {"Type": "CREDIT", "Percentage": {"PercentageValue": 2.5}}
    assert items["percent"]["PresentationDetails"] == {"Service": "AmazonEC2"}
    resources = c.list_resources_associated_to_custom_line_item(Arn=percent)["AssociatedResources"]
    assert {(r["Arn"], r["Relationship"]) for r in resources} == {(group, "CHILD"), (flat, "CHILD")}
    parents = c.list_resources_associated_to_custom_line_item(Arn=flat, Filters={"Relationship": "PARENT"})
    assert parents["AssociatedResources"] == [{"Arn": percent, "Relationship": "PARENT"}]
    assert c.list_custom_line_items(BillingPeriod=month(1), Filters={"Arns": [flat]})["CustomLineItems"] == []
    filters = [{"Attribute": "SERVICE", "MatchOption": "EQUAL", "AttributeValues": ["AmazonEC2"]}]
    for arguments, reason in [
        (create(ChargeDetails={"Type": "FEE"}), "ILLEGAL_CHARGE_DETAILS"),
        (create(ChargeDetails={"Type": "FEE", "Flat": {"ChargeValue": 1}, "Percentage": {"PercentageValue": 1}}),
         "ILLEGAL_CHARGE_DETAILS"),
        (create(ComputationRule="ITEMIZED"), "ILLEGAL_COMPUTATION_RULE"),
        (create(ChargeDetails={"Type": "FEE", "Flat": {"ChargeValue": 1}, "LineItemFilters": filters}), "ILLEGAL_LINE_ITEM_FILTER"),
        (create(ChargeDetails={"Type": "FEE", "Percentage": {"PercentageValue": 1}, "LineItemFilters": [
            {"Attribute": "LINE_ITEM_TYPE", "MatchOption": "EQUAL", "Values": ["SAVINGS_PLAN_NEGATION"]}]}),
         "ILLEGAL_LINE_ITEM_FILTER"),
        (create(AccountId=account(12)), "ILLEGAL_ACCOUNT_ID"),
        (create(BillingPeriodRange={"InclusiveStartBillingPeriod": month(-2)}), "ILLEGAL_BILLING_PERIOD"),
        (create(BillingPeriodRange={"InclusiveStartBillingPeriod": month(), "ExclusiveEndBillingPeriod": month()}),
         "ILLEGAL_BILLING_PERIOD_RANGE"),
        (create(BillingGroupArn="999999999999"), "MISSING_BILLINGGROUP"),
        (create(ChargeDetails={"Type": "FEE", "Percentage": {"PercentageValue": 1, "AssociatedValues": [percent]}}),
         "ILLEGAL_CUSTOMLINEITEM"),
        (create(ChargeDetails={"Type": "FEE", "Percentage": {"PercentageValue": 1, "AssociatedValues": ["zzzzzzzzzz"]}}),
         "MISSING_CUSTOMLINEITEM"),
        (create(ChargeDetails={"Type": "FEE", "Percentage": {"PercentageValue": 100 / 3}}), "ILLEGAL_CHARGE_DETAILS"),
    ]:
        invalid(reason, c.create_custom_line_item, **arguments)
    conflict("RESOURCE_NAME_CONFLICT", c.create_custom_line_item, **create(Name="flat"))
    twin = c.create_custom_line_item(**create(Name="flat", BillingGroupArn=other))["Arn"]
    updated = c.update_custom_line_item(Arn=flat, Description="new", ChargeDetails={"Flat": {"ChargeValue": 0.1 + 0.2}})
    assert updated["ChargeDetails"] == {"Type": "FEE", "Flat": {"ChargeValue": 0.30000000000000004}}
    assert updated["BillingGroupArn"] == group and updated["Name"] == "flat"
    versions = c.list_custom_line_item_versions(Arn=flat)["CustomLineItemVersions"]
    newest = max(versions, key=lambda v: (v["StartBillingPeriod"], v["StartTime"], v.get("EndBillingPeriod", "9")))
    assert newest["Description"] == "new" and newest["StartBillingPeriod"] == month()
    assert [v["Description"] for v in versions if v is not newest] == ["d"]
    invalid("ILLEGAL_UPDATE_CHARGE_DETAILS", c.update_custom_line_item, Arn=flat,
            ChargeDetails={"Percentage": {"PercentageValue": 1}})
    open_ended = c.update_custom_line_item(Arn=flat, BillingPeriodRange={"InclusiveStartBillingPeriod": month(-1)})
    assert open_ended["Arn"] == flat
    assert c.list_custom_line_items(BillingPeriod=month(3), Filters={"Arns": [flat]})["CustomLineItems"]
    assert c.list_custom_line_items(BillingPeriod=month(-1), Filters={"Arns": [flat]})["CustomLineItems"]
    batch = c.batch_disassociate_resources_from_custom_line_item(TargetArn=percent, ResourceArns=[flat, "zzzzzzzzzz"])
    assert [r["Arn"] for r in batch["SuccessfullyDisassociatedResources"]] == [flat]
    assert batch["FailedDisassociatedResources"][0]["Error"]["Reason"] == "INVALID_ARN"
    batch = c.batch_associate_resources_to_custom_line_item(TargetArn=percent, ResourceArns=[flat, "zzzzzzzzzz", percent, twin])
    assert [r["Arn"] for r in batch["SuccessfullyAssociatedResources"]] == [flat]
    reasons = {r["Arn"]: r["Error"]["Reason"] for r in batch["FailedAssociatedResources"]}
    assert reasons == {"zzzzzzzzzz": "INVALID_ARN", percent: "ILLEGAL_CUSTOMLINEITEM", twin: "INVALID_ARN"}
    invalid("ILLEGAL_CUSTOMLINEITEM", c.batch_associate_resources_to_custom_line_item, TargetArn=flat, ResourceArns=[group])
    missing(c.batch_associate_resources_to_custom_line_item, TargetArn="zzzzzzzzzz", ResourceArns=[group])
    missing(c.update_custom_line_item, Arn="zzzzzzzzzz", Name="x")
    c.delete_custom_line_item(Arn=flat)
    assert c.list_custom_line_items(Filters={"Arns": [percent]})["CustomLineItems"][0]["AssociationSize"] == 1
    invalid("MISSING_CUSTOMLINEITEM", c.delete_custom_line_item, Arn=flat)
    invalid("MISSING_CUSTOMLINEITEM", c.list_custom_line_item_versions, Arn=flat)
    invalid("ILLEGAL_BILLING_PERIOD", c.delete_custom_line_item, Arn=percent,
            BillingPeriodRange={"InclusiveStartBillingPeriod": month(-5)})
    c.delete_billing_group(Arn=group)
    c.delete_billing_group(Arn=other)


def case_an_arn_is_of_its_payer_partition_and_kind(context):
    c, group, item = context.client, "billinggroup/200000000011", "customlineitem/cliSupport"
    plan, rule = "pricingplan/planRetail", "pricingrule/ruleGlob20"
    for foreign in (f"{ARN[:-12]}999999999999", ARN.replace("aws", "aws-cn", 1)):
        def percent(value):
            return dict(Name="refused", Description="d", BillingGroupArn="200000000011", ChargeDetails={
                "Type": "FEE", "Percentage": {"PercentageValue": 1, "AssociatedValues": [f"{foreign}:{value}"]}})
        for reason, call, arguments in (
                ("MISMATCHED_BILLINGGROUP_ARN", c.update_billing_group, dict(Arn=f"{foreign}:{group}")),
                ("MISMATCHED_BILLINGGROUP_ARN", c.get_billing_group_cost_report, dict(Arn=f"{foreign}:{group}")),
                ("MISMATCHED_BILLINGGROUP_ARN", c.create_custom_line_item, percent(group)),
                ("MISMATCHED_CUSTOMLINEITEM_ARN", c.create_custom_line_item, percent(item)),
                ("MISMATCHED_CUSTOMLINEITEM_ARN", c.list_custom_line_item_versions, dict(Arn=f"{foreign}:{item}")),
                ("MISMATCHED_PRICINGPLAN_ARN", c.list_pricing_rules_associated_to_pricing_plan, dict(PricingPlanArn=f"{foreign}:{plan}")),
                ("MISMATCHED_PRICINGRULE_ARN", c.disassociate_pricing_rules, dict(Arn="planRetail", PricingRuleArns=[f"{foreign}:{rule}"]))):
            invalid(reason, call, **arguments)
        for call, member, filters in ((c.list_billing_groups, "BillingGroups", {"PricingPlan": f"{foreign}:{plan}"}),
                                      (c.list_billing_groups, "BillingGroups", {"Arns": [f"{foreign}:{group}"]}),
                                      (c.list_custom_line_items, "CustomLineItems", {"BillingGroups": [f"{foreign}:{group}"]}),
                                      (c.list_pricing_rules, "PricingRules", {"Arns": [f"{foreign}:{rule}"]}),
                                      (c.list_account_associations, "LinkedAccounts", {"Association": f"{foreign}:{group}"})):
            assert call(Filters=filters)[member] == [], filters
    assert [g["Name"] for g in c.list_billing_groups(Filters={"PricingPlan": f"{ARN}:{plan}"})["BillingGroups"]] == ["Retail"]
    # Only managed plans are AWS's own.
    invalid("MISMATCHED_PRICINGPLAN_ARN", c.update_pricing_plan, Arn=f"{ARN[:-12]}aws:{plan}")
    assert c.list_billing_groups(Filters={"PricingPlan": f"{ARN[:-12]}aws:{plan}"})["BillingGroups"] == []

    def of(value):
        return dict(Name="of", Description="d", BillingGroupArn="200000000011",
                    ChargeDetails={"Type": "FEE", "Percentage": {"PercentageValue": 1, "AssociatedValues": [value]}})
    for value, reason in ((f"{ARN}:billinggroup/cliSupport", "MISSING_BILLINGGROUP"), (f"{ARN}:billinggroup/999999999999", "MISSING_BILLINGGROUP"),
                          (f"{ARN}:customlineitem/200000000011", "MISSING_CUSTOMLINEITEM"), ("999999999999", "MISSING_CUSTOMLINEITEM")):
        invalid(reason, c.create_custom_line_item, **of(value))
    percent = c.create_custom_line_item(**of("200000000011"))["Arn"]
    wrong = [f"{ARN}:billinggroup/cliSupport", f"{ARN}:customlineitem/200000000011", f"{ARN[:-12]}999999999999:{item}"]
    batch = c.batch_associate_resources_to_custom_line_item(TargetArn=percent, ResourceArns=[*wrong, "cliSupport"])
    assert [r["Arn"] for r in batch["SuccessfullyAssociatedResources"]] == [f"{ARN}:{item}"]
    assert [(r["Arn"], r["Error"]["Reason"]) for r in batch["FailedAssociatedResources"]] == [(arn, "INVALID_ARN") for arn in wrong]
    batch = c.batch_disassociate_resources_from_custom_line_item(TargetArn=percent, ResourceArns=[*wrong, "cliSupport", "cliSupport"])
    assert [r["Arn"] for r in batch["SuccessfullyDisassociatedResources"]] == [f"{ARN}:{item}"]
    assert [r["Arn"] for r in batch["FailedDisassociatedResources"]] == [*wrong, "cliSupport"]
    c.delete_custom_line_item(Arn=percent)


def case_a_month_of_any_year_may_be_asked_for(context):
    c = context.client
    for period, shown in (("0000-12", "0000-12"), ("0001-1", "0001-01"), ("1969-12", "1969-12"), ("1970-01", "1970-01")):
        answer = c.list_pricing_rules(BillingPeriod=period)
        assert answer["PricingRules"] == [] and answer["BillingPeriod"] == shown, answer
        assert c.list_billing_groups(BillingPeriod=period)["BillingGroups"] == []
        assert c.list_billing_group_cost_reports(BillingPeriod=period)["BillingGroupCostReports"] == []
        assert c.list_custom_line_items(BillingPeriod=period)["CustomLineItems"] == []
        flat = dict(Name="old", Description="d", BillingGroupArn="200000000011", ChargeDetails={"Type": "FEE", "Flat": {"ChargeValue": 1}})
        invalid("ILLEGAL_BILLING_PERIOD", c.create_custom_line_item, **flat, BillingPeriodRange={"InclusiveStartBillingPeriod": period})
        invalid("ILLEGAL_BILLING_PERIOD_RANGE", c.create_custom_line_item, **flat, BillingPeriodRange={
            "InclusiveStartBillingPeriod": month(), "ExclusiveEndBillingPeriod": period})
        invalid("ILLEGAL_BILLING_PERIOD_RANGE", c.get_billing_group_cost_report, Arn="200000000011", BillingPeriodRange={
            "InclusiveStartBillingPeriod": period, "ExclusiveEndBillingPeriod": month(1)})
        versions = c.list_custom_line_item_versions(Arn="cliSupport", Filters={"BillingPeriodRange": {"StartBillingPeriod": period}})
        assert len(versions["CustomLineItemVersions"]) == 1
        versions = c.list_custom_line_item_versions(Arn="cliSupport", Filters={"BillingPeriodRange": {"EndBillingPeriod": period}})
        assert versions["CustomLineItemVersions"] == []
    assert c.list_pricing_rules(BillingPeriod="9999-12")["PricingRules"]


def case_items_of_the_previous_month_and_what_they_count(context):
    """The previous month has a document of its own, which knows neither what was made since nor what has gone."""
    folder = context.folder / "previous"
    folder.mkdir()
    other = Context(context.proforma, folder, context.broker, period=month(-1), **{"topic.prefix": "previous."})
    with other.server:
        c, group = client(other.server.url), "200000000011"
        previous = {"InclusiveStartBillingPeriod": month(-1)}

        def create(name, charge, **more):
            return c.create_custom_line_item(Name=name, Description="d", BillingGroupArn=group, ChargeDetails={"Type": "FEE", **charge},
                                             **more)["Arn"]

        def flat(name, **more):
            return create(name, {"Flat": {"ChargeValue": 1}}, **more)

        def percent(name, values, **more):
            return create(name, {"Percentage": {"PercentageValue": 1, "AssociatedValues": values}}, **more)

        def counted(arn, period):
            return [r["Arn"] for r in c.list_resources_associated_to_custom_line_item(
                Arn=arn, BillingPeriod=period, Filters={"Relationship": "CHILD"})["AssociatedResources"]]
        # The month's own document has to be there, not today's alone.
        c.create_pricing_plan(Name="a-version-of-the-running-month")
        now = flat("of-now")
        assert counted(percent("of-what-is-of-now", [now], BillingPeriodRange=previous), month(-1)) == [now]
        changed = percent("changed", [now])
        missing(c.list_resources_associated_to_custom_line_item, Arn=changed, BillingPeriod=month(-1))
        c.update_custom_line_item(Arn=changed, BillingPeriodRange=previous)
        assert counted(changed, month(-1)) == [now]
        joined = percent("joined", [])
        batch = c.batch_associate_resources_to_custom_line_item(TargetArn=joined, ResourceArns=[now], BillingPeriodRange=previous)
        assert len(batch["SuccessfullyAssociatedResources"]) == 1 and counted(joined, month(-1)) == [now]
        then = flat("of-then", BillingPeriodRange=previous)
        both = percent("counts-then", [then], BillingPeriodRange=previous)
        assert counted(both, month(-1)) == counted(both, month()) == [then]
        c.delete_custom_line_item(Arn=then, BillingPeriodRange=previous)
        assert counted(both, month(-1)) == counted(both, month()) == []
        assert c.list_custom_line_items(BillingPeriod=month(-1), Filters={"Arns": [then]})["CustomLineItems"] == []
        c.associate_accounts(Arn=group, AccountIds=[account(1)])
        bearer = dict(Name="bearer", Description="d", BillingGroupArn=group, AccountId=account(1),
                      ChargeDetails={"Type": "FEE", "Flat": {"ChargeValue": 1}})
        invalid("ILLEGAL_ACCOUNT_ID", c.create_custom_line_item, **bearer, BillingPeriodRange=previous)
        c.create_custom_line_item(**bearer)
        # One of the same name is charged in the month before, though no longer in this one.
        old = flat("twin", BillingPeriodRange=previous)
        c.delete_custom_line_item(Arn=old)
        conflict("RESOURCE_NAME_CONFLICT", lambda: flat("twin", BillingPeriodRange=previous))
        flat("twin")
        # Deleted in a range, it stays before and after.
        def months_of(arn):
            return [offset for offset in range(-2, 3)
                    if c.list_custom_line_items(BillingPeriod=month(offset), Filters={"Arns": [arn]})["CustomLineItems"]]
        lasting = flat("lasting", BillingPeriodRange=previous)
        assert months_of(lasting) == [-1, 0, 1, 2]
        for start, end, left in ((0, 1, [-1, 1, 2]), (-1, 0, [1, 2]), (2, None, [1])):
            gone = {"InclusiveStartBillingPeriod": month(start), **({"ExclusiveEndBillingPeriod": month(end)} if end is not None else {})}
            c.delete_custom_line_item(Arn=lasting, BillingPeriodRange=gone)
            assert months_of(lasting) == left, (start, end, months_of(lasting))
        # What has other values from this month on is listed for the one before as it was then.
        edited = flat("edited", BillingPeriodRange=previous)
        c.update_custom_line_item(Arn=edited, Name="renamed", ChargeDetails={"Flat": {"ChargeValue": 2}})
        for offset, name, value in ((-1, "edited", 1), (0, "renamed", 2), (1, "renamed", 2)):
            listed = c.list_custom_line_items(BillingPeriod=month(offset), Filters={"Names": ["edited", "renamed"]})["CustomLineItems"]
            assert [(i["Name"], i["ChargeDetails"]["Flat"]["ChargeValue"]) for i in listed] == [(name, value)], (offset, listed)
        # What is changed for that month afterwards takes nothing along that is of this month.
        rate = percent("rate", [], BillingPeriodRange=previous)
        c.update_custom_line_item(Arn=rate, ChargeDetails={"Percentage": {"PercentageValue": 2}})
        c.batch_associate_resources_to_custom_line_item(TargetArn=rate, ResourceArns=[edited], BillingPeriodRange=previous)
        for offset, value, charge in ((-1, 1, 1), (0, 2, 2)):
            document = json.loads(other.command("export", "--period", month(offset)))
            details = {i["Arn"]: i["ChargeDetails"] for i in document["CustomLineItems"]}
            assert float(details[rate]["Percentage"]["PercentageValue"]) == value, (offset, details[rate])
            assert float(details[edited]["Flat"]["ChargeValue"]) == charge, (offset, details[edited])
        whole = flat("whole", BillingPeriodRange=previous)
        later = {"InclusiveStartBillingPeriod": month(1), "ExclusiveEndBillingPeriod": month(2)}
        invalid("ILLEGAL_BILLING_PERIOD_RANGE", c.delete_custom_line_item, Arn=whole, BillingPeriodRange=later)
        invalid("ILLEGAL_BILLING_PERIOD", c.update_custom_line_item, Arn=whole, BillingPeriodRange=later, Name="of-later")
        c.update_custom_line_item(Arn=lasting, BillingPeriodRange=later, Name="of-later")
        c.delete_custom_line_item(Arn=lasting, BillingPeriodRange={"InclusiveStartBillingPeriod": month(1)})
        invalid("MISSING_CUSTOMLINEITEM", c.delete_custom_line_item, Arn=lasting)
        # A group that is gone today still has its report of the month before.
        c.delete_billing_group(Arn="200000000031")
        missing(c.get_billing_group_cost_report, Arn="200000000031")
        report = c.get_billing_group_cost_report(Arn="200000000031", BillingPeriodRange={
            "InclusiveStartBillingPeriod": month(-1), "ExclusiveEndBillingPeriod": month(1)})
        assert len(report["BillingGroupCostReportResults"]) == 1
        created = create_group(c, "new", [5])
        late = c.create_custom_line_item(Name="late", Description="d", BillingGroupArn=created, BillingPeriodRange=previous, ChargeDetails={
            "Type": "FEE", "Percentage": {"PercentageValue": 1, "AssociatedValues": [created]}})["Arn"]
        assert counted(late, month(-1)) == [created]


def case_tags(context):
    c = context.client
    group = f"{ARN}:billinggroup/200000000011"
    c.tag_resource(ResourceArn=group, Tags={"a": "1", "b ü+&": "x y"})
    c.tag_resource(ResourceArn=group, Tags={"a": "2"})
    assert c.list_tags_for_resource(ResourceArn=group)["Tags"] == {"a": "2", "b ü+&": "x y"}
    c.untag_resource(ResourceArn=group, TagKeys=["b ü+&", "not there"])
    assert c.list_tags_for_resource(ResourceArn=group)["Tags"] == {"a": "2"}
    c.tag_resource(ResourceArn=group, Tags={f"t{i}": "" for i in range(199)})
    invalid(None, c.tag_resource, ResourceArn=group, Tags={"one more": ""})
    c.untag_resource(ResourceArn=group, TagKeys=[f"t{i}" for i in range(199)])
    missing(c.list_tags_for_resource, ResourceArn=f"{ARN}:billinggroup/999999999999")
    url = context.server.url
    for path in (group, group.replace(":", "%3a").replace("/", "%2f"), group.replace(":", "%3A").replace("/", "%2F")):
        assert json.loads(request(f"{url}/tags/{path}")[2])["Tags"] == {"a": "2"}
    for path in (group + "/", group.replace("/", "//"), "..", group + "%00"):
        assert request(f"{url}/tags/{path}")[0] == 404


def case_tokens_replay_and_survive_a_restart(context):
    c = context.client
    arguments = dict(Name="token", Scope="GLOBAL", Type="MARKUP", ModifierPercentage=1, ClientToken="token-1")
    first = c.create_pricing_rule(**arguments)["Arn"]
    assert c.create_pricing_rule(**arguments)["Arn"] == first
    invalid("OTHER", c.create_pricing_rule, **{**arguments, "Name": "other"})
    conflict("RESOURCE_NAME_CONFLICT", c.create_pricing_rule, **{**arguments, "ClientToken": "token-2"})
    assert context.server.stop(signal.SIGKILL) == -signal.SIGKILL
    context.server.start()
    assert c.create_pricing_rule(**arguments)["Arn"] == first
    assert len(c.list_pricing_rules(Filters={"Arns": [first]})["PricingRules"]) == 1
    c.create_pricing_rule(**{**arguments, "Name": "free", "ClientToken": "token-2"})


def case_pages_hold_what_exists_throughout_once(context):
    c = context.client
    made = [c.create_pricing_rule(Name=f"page{i:02d}", Scope="GLOBAL", Type="MARKUP", ModifierPercentage=1)["Arn"]
            for i in range(12)]
    seen, token, rounds = [], None, 0
    while True:
        page = c.list_pricing_rules(MaxResults=5, **({"NextToken": token} if token else {}))
        seen += [r["Arn"] for r in page["PricingRules"]]
        token = page.get("NextToken")
        c.delete_pricing_rule(Arn=c.create_pricing_rule(Name=f"comes{rounds}", Scope="GLOBAL", Type="MARKUP",
                                                        ModifierPercentage=1)["Arn"])
        rounds += 1
        if not token:
            break
        for bad in (token[:-2], token + "00", "abc", "0" * 40):
            invalid("FIELD_VALIDATION_FAILED", c.list_pricing_rules, NextToken=bad)
        invalid("FIELD_VALIDATION_FAILED", c.list_pricing_plans, NextToken=token)
        invalid("FIELD_VALIDATION_FAILED", c.list_pricing_rules, NextToken=token, BillingPeriod=month(-1))
    assert sorted(set(made) & set(seen)) == sorted(made) and len(seen) == len(set(seen))
    invalid("FIELD_VALIDATION_FAILED", c.list_pricing_rules, MaxResults=101)
    for arn in made:
        c.delete_pricing_rule(Arn=arn)


def case_two_creations_of_one_name_make_one(context):
    outcomes = []

    def create():
        try:
            client(context.server.url).create_pricing_plan(Name="contested")
            outcomes.append("made")
        except Exception as error:
            outcomes.append(error.response["Error"]["Code"])
    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["ConflictException"] * 7 + ["made"], outcomes


def case_another_server_and_apply_are_seen_and_fenced(context):
    port = free_ports(1)[0]
    other = Server(context.proforma, ["--config", context.config, "--set", f"api.listen=127.0.0.1:{port}"],
                   context.folder / "other.log")
    with other:
        a, b = context.client, client(other.url)
        for i in range(4):
            (a, b)[i % 2].create_pricing_plan(Name=f"alternate{i}")
        document = context.export()
        names = {p["Name"] for p in document["PricingPlans"]}
        assert {f"alternate{i}" for i in range(4)} <= names
        (context.folder / "exported.json").write_text(json.dumps(document))
        document["PricingPlans"] = [p for p in document["PricingPlans"] if p["Name"] != "alternate0"]
        (context.folder / "fewer.json").write_text(json.dumps(document))
        context.command("apply", "--conductor", context.folder / "fewer.json")
        wait_for(lambda: "alternate0" not in {p["Name"] for p in b.list_pricing_plans()["PricingPlans"]})
        a.create_pricing_plan(Name="alternate0")
        wait_for(lambda: "alternate0" in {p["Name"] for p in b.list_pricing_plans()["PricingPlans"]})


def case_two_servers_race_for_names_and_none_is_made_twice(context):
    """Each name is asked for by both at once: one makes it, the other hears of a conflict; what is told as made is there."""
    port = free_ports(1)[0]
    other = Server(context.proforma, ["--config", context.config, "--set", f"api.listen=127.0.0.1:{port}", "--set",
                                      "api.batch.interval=0ms"], context.folder / "race.log")
    outcomes = []

    def create(url, name):
        try:
            arn = client(url).create_pricing_rule(Name=name, Scope="GLOBAL", Type="MARKUP", ModifierPercentage=1)["Arn"]
            outcomes.append((name, "made", arn))
        except ClientError as error:
            outcomes.append((name, error.response["Error"]["Code"], error.response.get("Reason")))
    with other:
        threads = [threading.Thread(target=create, args=(url, f"race{i}")) for i in range(6) for url in (context.server.url, other.url)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(outcomes) == 12
        for i in range(6):
            mine = [outcome for outcome in outcomes if outcome[0] == f"race{i}"]
            made = [outcome for outcome in mine if outcome[1] == "made"]
            assert len(made) <= 1 and all(o[1] == "ConflictException" and o[2] in ("RESOURCE_NAME_CONFLICT", "WRITE_CONFLICT_RETRY")
                                          for o in mine if o[1] != "made"), mine
            assert made or all(o[2] == "WRITE_CONFLICT_RETRY" for o in mine), mine
        told = {o[0]: o[2] for o in outcomes if o[1] == "made"}
        assert len(told) >= 3, outcomes
        for c in (context.client, client(other.url)):
            wait_for(lambda: {r["Name"]: r["Arn"] for r in c.list_pricing_rules()["PricingRules"] if r["Name"].startswith("race")} == told)
    for arn in told.values():
        context.client.delete_pricing_rule(Arn=arn)


def case_ranges_and_numbers_of_things_are_held_to(context):
    """What the model bounds, at the bound and one beyond; and ranges of cost reports."""
    c = context.client
    group = f"{ARN}:billinggroup/200000000011"

    def report(start, end):
        return dict(Arn=group, BillingPeriodRange={"InclusiveStartBillingPeriod": month(start), "ExclusiveEndBillingPeriod": month(end)})
    for start, end in ((0, 1), (-11, 1)):
        c.get_billing_group_cost_report(**report(start, end))
    for start, end in ((0, 0), (1, 0), (-12, 1)):
        invalid("ILLEGAL_BILLING_PERIOD_RANGE", c.get_billing_group_cost_report, **report(start, end))
    missing(c.get_billing_group_cost_report, Arn="999999999999")
    url, kind = context.server.url, {"Content-Type": "application/json"}
    rules = [f"rule{i:06d}" for i in range(31)]
    numbers = [f"{500000000000 + i}" for i in range(31)]
    name = {"Name": "x"}
    flat = {"Type": "FEE", "Flat": {"ChargeValue": 1}}
    item = {**name, "Description": "d", "BillingGroupArn": group, "ChargeDetails": flat}
    for method, path, body, field in (
            ("POST", "create-billing-group", {**name, "AccountGrouping": {"LinkedAccountIds": numbers}, "PrimaryAccountId": numbers[0],
                                              "ComputationPreference": {"PricingPlanArn": BASIC}}, "AccountGrouping.LinkedAccountIds"),
            ("POST", "associate-accounts", {"Arn": group, "AccountIds": numbers}, "AccountIds"),
            ("POST", "create-pricing-plan", {**name, "PricingRuleArns": rules}, "PricingRuleArns"),
            ("PUT", "associate-pricing-rules", {"Arn": "planRetail", "PricingRuleArns": []}, "PricingRuleArns"),
            ("PUT", "associate-pricing-rules", {"Arn": "planRetail", "PricingRuleArns": rules}, "PricingRuleArns"),
            ("POST", "create-pricing-plan", {"Name": ""}, "Name"), ("POST", "create-pricing-plan", {"Name": "a b"}, "Name"),
            ("POST", "create-pricing-plan", {"Name": "x" * 129}, "Name"), ("POST", "create-pricing-plan", {}, "Name"),
            ("POST", "create-pricing-plan", {**name, "Description": "d" * 1025}, "Description"),
            ("POST", "create-pricing-plan", {**name, "Tags": {}}, "Tags"),
            ("POST", "create-pricing-plan", {**name, "Tags": {"k": "v" * 257}}, "Tags"),
            ("POST", "create-pricing-rule", {**name, "Scope": "global", "Type": "MARKUP"}, "Scope"),
            ("POST", "create-pricing-rule", {**name, "Scope": "GLOBAL", "Type": "MARKUP", "ModifierPercentage": -0.01}, "ModifierPercentage"),
            ("POST", "create-pricing-rule", {**name, "Scope": "SERVICE", "Service": "A-B", "Type": "MARKUP"}, "Service"),
            ("POST", "create-custom-line-item", {**item, "Description": ""}, "Description"),
            ("POST", "create-custom-line-item", {**item, "ChargeDetails": {"Type": "FEE", "Flat": {"ChargeValue": 1000000.01}}},
             "ChargeDetails.Flat.ChargeValue"),
            ("POST", "create-custom-line-item", {**item, "ChargeDetails": {"Type": "FEE", "Percentage": {"PercentageValue": 10000.1}}},
             "ChargeDetails.Percentage.PercentageValue"),
            ("POST", "create-custom-line-item", {**item, "ChargeDetails": {"Type": "FEE", "Percentage": {
                "PercentageValue": 1, "AssociatedValues": ["a" * 10] * 6}}}, "ChargeDetails.Percentage.AssociatedValues"),
            ("POST", "list-billing-groups", {"MaxResults": 101}, "MaxResults"), ("POST", "list-billing-groups", {"MaxResults": 0}, "MaxResults"),
            ("POST", "get-billing-group-cost-report", {"Arn": group, "MaxResults": 199}, "MaxResults"),
            ("POST", "get-billing-group-cost-report", {"Arn": group, "MaxResults": 301}, "MaxResults"),
            ("POST", "list-account-associations", {"Filters": {"AccountIds": []}}, "Filters.AccountIds"),
            ("POST", "list-account-associations", {"Filters": {"AccountIds": numbers}}, "Filters.AccountIds")):
        status, _, answer = request(f"{url}/{path}", method, json.dumps(body).encode(), kind)
        answer = json.loads(answer)
        assert status == 400 and answer["Reason"] == "FIELD_VALIDATION_FAILED", (path, body, status, answer)
        assert any(f["Name"].startswith(field) for f in answer["Fields"]), (path, body, answer)


def case_previews_are_refused_as_the_changes_would_be_and_change_nothing(context):
    url, before = context.server.url, context.export()

    def ask(body):
        data = body if isinstance(body, bytes) else json.dumps({"Changes": body}).encode()
        status, headers, answer = request(f"{url}/v1/preview", "POST", data, {"Content-Type": "application/json"})
        return status, headers["x-amzn-ErrorType"], json.loads(answer)

    def change(operation, **members):
        return {"Operation": operation, "Input": members}
    for body in (b"", b"[]", b"{", b"{}", b'{"Changes":{}}', [change("CreatePricingPlan", Name="x")] * 31, [{}], [change("ListPricingPlans")],
                 [change("TagResource", ResourceArn="x")], [{"Operation": "CreatePricingPlan", "Input": []}],
                 [{"Operation": ["CreatePricingPlan"], "Input": {}}], ["CreatePricingPlan"]):
        status, kind, answer = ask(body)
        assert (status, kind) == (400, "ValidationException") and answer["Reason"] == "CANNOT_PARSE", (body, status, answer)
    for changes, kind, reason in (
            ([change("CreatePricingPlan")], "ValidationException", "FIELD_VALIDATION_FAILED"),
            ([change("CreatePricingRule", Name="everything-plus-20", Scope="GLOBAL", Type="MARKUP", ModifierPercentage=1)],
             "ConflictException", "RESOURCE_NAME_CONFLICT"),
            ([change("CreatePricingPlan", Name="p"), change("CreatePricingPlan", Name="p")], "ConflictException", "RESOURCE_NAME_CONFLICT"),
            ([change("DeletePricingPlan", Arn="planRetail")], "ConflictException", "PRICING_PLAN_ATTACHED_TO_BILLING_GROUP_DELETE_CONFLICT"),
            ([change("DeletePricingPlan", Arn="zzzzzzzzzz")], "ValidationException", "MISSING_PRICINGPLAN"),
            ([change("UpdatePricingRule", Arn="ruleGlob20", ModifierPercentage=1, Type="TIERING")], "ValidationException", None)):
        _, found, answer = ask(changes)
        assert found == kind and reason in (None, answer["Reason"]), (changes, answer)
    status, _, answer = ask([change("UpdatePricingRule", Arn="ruleGlob20", ModifierPercentage=25), change("DeleteBillingGroup", Arn="200000000031")])
    assert status == 200 and answer == {"period": month(), "complete": True, "line_items": 0, "groups": []}
    assert ask([])[0] == 200 and context.export() == before


def case_what_came_by_the_api_is_a_valid_document(context):
    (context.folder / "export.json").write_text(json.dumps(context.export()))
    done = subprocess.run([context.proforma, "check", "--conductor", context.folder / "export.json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "0 added, 0 changed, 0 removed" in context.command("apply", "--conductor", context.folder / "export.json")


def case_the_cli_calls_every_operation(context):
    """The AWS CLI as it is, one command after the other; each operation at least once, and pages and errors as it shows them."""
    aws = Path(sys.executable).parent / "aws"
    assert aws.exists(), "awscli is in the tests' own environment"
    called = set()

    def command(operation, **members):
        called.add(operation)
        words = [operation]
        for name, value in members.items():
            words += [f"--{name.replace('_', '-')}", value if isinstance(value, str) else json.dumps(value)]
        return subprocess.run([aws, "billingconductor", *words, "--endpoint-url", context.server.url, "--region", "eu-central-1",
                               "--no-sign-request", "--output", "json"], capture_output=True, text=True, timeout=60)

    def run(operation, **members):
        done = command(operation, **members)
        assert done.returncode == 0, (operation, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def fails(words, operation, **members):
        done = command(operation, **members)
        assert done.returncode in (254, 255) and words in done.stderr, (operation, done.returncode, done.stderr)

    rule = run("create-pricing-rule", name="cli-rule", scope="GLOBAL", type="MARKUP", modifier_percentage="12.5", tags="by=cli")["Arn"]
    other = run("create-pricing-rule", name="cli-other", scope="SERVICE", service="AmazonEC2", type="DISCOUNT",
                modifier_percentage="3")["Arn"]
    assert run("update-pricing-rule", arn=rule, modifier_percentage="10")["ModifierPercentage"] == 10
    assert {r["Name"] for r in run("list-pricing-rules", filters={"Arns": [rule, other]})["PricingRules"]} == {"cli-rule", "cli-other"}
    fails("(ConflictException)", "create-pricing-rule", name="cli-rule", scope="GLOBAL", type="MARKUP", modifier_percentage="1")
    fails("(ValidationException)", "create-pricing-rule", name="x", scope="SERVICE", type="MARKUP", modifier_percentage="1")
    plan = run("create-pricing-plan", name="cli-plan", pricing_rule_arns=[rule])["Arn"]
    run("associate-pricing-rules", arn=plan, pricing_rule_arns=[other])
    both = run("list-pricing-rules-associated-to-pricing-plan", pricing_plan_arn=plan)["PricingRuleArns"]
    assert sorted(both) == sorted([rule, other])
    assert run("list-pricing-plans-associated-with-pricing-rule", pricing_rule_arn=other)["PricingPlanArns"] == [plan]
    run("disassociate-pricing-rules", arn=plan, pricing_rule_arns=[other])
    assert run("update-pricing-plan", arn=plan, description="by the CLI")["Size"] == 1
    assert [p["Description"] for p in run("list-pricing-plans", filters={"Arns": [plan]})["PricingPlans"]] == ["by the CLI"]
    group = run("create-billing-group", name="cli-group", primary_account_id=account(20), computation_preference={"PricingPlanArn": plan},
                account_grouping={"LinkedAccountIds": [account(20), account(21)]})["Arn"]
    run("associate-accounts", arn=group, account_ids=[account(22)])
    run("disassociate-accounts", arn=group, account_ids=[account(21)])
    assert run("update-billing-group", arn=group, name="cli-renamed")["Size"] == 2
    assert {a["AccountId"] for a in run("list-account-associations", filters={"Association": group})["LinkedAccounts"]} == {
        account(20), account(22)}
    assert len(run("list-account-associations")["LinkedAccounts"]) > 60
    names = {g["Name"] for g in run("list-billing-groups", page_size="1")["BillingGroups"]}
    assert {"Retail", "Platform", "Research", "cli-renamed"} <= names
    assert len(run("list-billing-groups", max_items="2")["BillingGroups"]) == 2
    flat = run("create-custom-line-item", name="cli-flat", description="flat", billing_group_arn=group,
               charge_details={"Type": "FEE", "Flat": {"ChargeValue": 7.25}})["Arn"]
    percent = run("create-custom-line-item", name="cli-percent", description="percent", billing_group_arn=group,
                  charge_details={"Type": "FEE", "Percentage": {"PercentageValue": 5, "AssociatedValues": [group]}})["Arn"]
    run("batch-associate-resources-to-custom-line-item", target_arn=percent, resource_arns=[flat])
    assert len(run("list-resources-associated-to-custom-line-item", arn=percent)["AssociatedResources"]) == 2
    run("batch-disassociate-resources-from-custom-line-item", target_arn=percent, resource_arns=[flat])
    assert run("update-custom-line-item", arn=flat, charge_details={"Flat": {"ChargeValue": 8}})["ChargeDetails"]["Flat"][
        "ChargeValue"] == 8
    assert run("list-custom-line-items", filters={"Arns": [flat]})["CustomLineItems"][0]["Name"] == "cli-flat"
    assert run("list-custom-line-item-versions", arn=flat)["CustomLineItemVersions"]
    assert run("list-billing-group-cost-reports", billing_period=month())["BillingGroupCostReports"]
    report = run("get-billing-group-cost-report", arn=group)["BillingGroupCostReportResults"]
    assert report[0]["Arn"] == group and report[0]["Currency"] == "USD"
    assert run("tag-resource", resource_arn=group, tags="by=cli,empty=") == {}
    assert run("list-tags-for-resource", resource_arn=group)["Tags"] == {"by": "cli", "empty": ""}
    assert run("untag-resource", resource_arn=group, tag_keys=["by"]) == {}
    # The two newest operations: many a CLI that is installed does not know them; boto3 has called them above.
    preference = command("get-billing-transfer-preference", responsibility_transfer_arn=TRANSFER)
    if "Invalid choice" in preference.stderr:
        called.add("update-billing-transfer-preference")
    else:
        set_ = run("update-billing-transfer-preference", responsibility_transfer_arn=TRANSFER,
                   auto_billing_transfer_billing_group_creation={"Enabled": True, "PricingPlanArn": plan})
        assert run("get-billing-transfer-preference", responsibility_transfer_arn=TRANSFER) == set_
        run("update-billing-transfer-preference", responsibility_transfer_arn=TRANSFER,
            auto_billing_transfer_billing_group_creation={"Enabled": False})
    for operation, arn in (("delete-custom-line-item", percent), ("delete-custom-line-item", flat), ("delete-billing-group", group),
                           ("delete-pricing-plan", plan), ("delete-pricing-rule", rule), ("delete-pricing-rule", other)):
        assert run(operation, arn=arn)["Arn"] == arn
    fails("(ResourceNotFoundException)", "update-pricing-rule", arn=rule, name="x")
    fails("(ValidationException)", "delete-pricing-rule", arn=rule)
    names = context.client.meta.service_model.operation_names
    assert called == {xform_name(name, "-") for name in names} and len(called) == 34, called


def main():
    arguments = command_line()
    try:
        with tempfile.TemporaryDirectory() as name, Broker(Path(name) / "broker") as broker:
            context = Context(arguments.proforma, Path(name), broker)
            with context.server:
                context.client = client(context.server.url)
                return cases(globals(), context, arguments.only)
    except Unavailable as reason:
        print(f"skipped: {reason}")
        return SKIPPED


if __name__ == "__main__":
    sys.exit(main())
