#!/usr/bin/env python3
"""Conductor documents that are not whole, and rules that match nothing.

    python3 tests/golden/documents.py --proforma build/processor/proforma
"""
import copy
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from golden import (T3_MICRO, X, Y, Conductor, Outcome, custom_tiers, expect, expect_amount, markup, one_group,
                    percentage, proforma_argument, run_cases, t3_micro)

CASES = []


def case(title):
    def register(function):
        CASES.append((title, function))
        return function
    return register


def whole():
    """Two groups, two plans, a rule in both, a percentage item."""
    conductor = Conductor()
    first = conductor.plan(markup(20), markup(5, "SERVICE", Service="AmazonEC2"))
    second = conductor.plan(markup(10))
    shared = conductor.document["PricingRulesAssociatedToPricingPlan"][0]["PricingRuleArns"][1]
    conductor.document["PricingRulesAssociatedToPricingPlan"][1]["PricingRuleArns"].append(shared)
    group = conductor.group(X, plan=first)
    conductor.group(Y, plan=second)
    conductor.item(group, "FEE", percentage(10), inputs=[group])
    document = conductor.document
    document["PricingPlans"][0]["Size"] = document["PricingPlans"][1]["Size"] = 2
    for rule, count in zip(document["PricingRules"], (1, 2, 1)):
        rule["AssociatedPricingPlanCount"] = count
    document["CustomLineItems"][0]["AssociationSize"] = 1
    return document


def run(tool, document, *command):
    folder = tool.new_folder()
    (folder / "conductor.json").write_text(json.dumps(document))
    (folder / "offer.json").write_text(json.dumps(T3_MICRO))
    (folder / "usage.jsonl").write_text(json.dumps(t3_micro(1)) + "\n")
    arguments = ["--conductor", folder / "conductor.json", "--price-list", folder / "offer.json"]
    if command[0] == "price":
        arguments += ["--out", folder / "out", folder / "usage.jsonl"]
    return folder / "out", tool.execute(*command, *arguments)


def expect_problem(tool, document, path, *words):
    for command in ("check", "price"):
        out, process = run(tool, document, command)
        expect(f"{command} of {path}: {process.stderr}", (2, False), (process.returncode, out.exists()))
        expect(f"{path} is named: {process.stderr}", True, all(word in process.stderr for word in (f" {path}:", *words)))


@case("a whole document is valid, counts that are too small or absent too")
def counts_hold(tool):
    documents = [whole(), whole(), whole()]
    for section, name in (("BillingGroups", "Size"), ("PricingPlans", "Size"), ("PricingRules", "AssociatedPricingPlanCount"),
                          ("CustomLineItems", "AssociationSize")):
        for entity in documents[1][section]:
            entity[name] = 0
        for entity in documents[2][section]:
            entity.pop(name, None)
    for nothing in (None, ""):
        documents.append({**whole(), "NextToken": nothing})
    for document in documents:
        _, process = run(tool, document, "check")
        expect(f"exit code {process.stderr}", 0, process.returncode)


@case("a token says that more follows")
def tokens(tool):
    expect_problem(tool, {**whole(), "NextToken": "eyJ"}, "NextToken", "aws billingconductor list-")
    for section, call in (("PricingRulesAssociatedToPricingPlan", "list-pricing-rules-associated-to-pricing-plan"),
                          ("ResourcesAssociatedToCustomLineItem", "list-resources-associated-to-custom-line-item")):
        document = whole()
        document[section][0]["NextToken"] = "eyJ"
        expect_problem(tool, document, f"{section}[0].NextToken", call)
        last = copy.deepcopy(document[section][0])
        last["NextToken"] = None
        last["PricingRuleArns" if "PricingRuleArns" in last else "AssociatedResources"] = []
        document[section].append(last)  # the last page
        _, process = run(tool, document, "check")
        expect(f"with the last page {process.stderr}", 0, process.returncode)


@case("a count that the lists do not reach names the call that is missing")
def counts(tool):
    for change, path, call in (
            (lambda d: d["BillingGroups"][1].update(Size=40), "BillingGroups[1].Size", "list-account-associations"),
            (lambda d: d["BillingGroups"][0].update(Size=2), "BillingGroups[0].Size", "list-account-associations"),
            (lambda d: d["PricingPlans"][1].update(Size=3), "PricingPlans[1].Size",
             "list-pricing-rules-associated-to-pricing-plan"),
            (lambda d: d["PricingRules"][1].update(AssociatedPricingPlanCount=3),
             "PricingRules[1].AssociatedPricingPlanCount", "list-pricing-rules-associated-to-pricing-plan"),
            (lambda d: d.pop("PricingRulesAssociatedToPricingPlan"), "PricingPlans[0].Size",
             "list-pricing-rules-associated-to-pricing-plan"),
            (lambda d: d["PricingRulesAssociatedToPricingPlan"].pop(0), "PricingRules[0].AssociatedPricingPlanCount",
             "list-pricing-rules-associated-to-pricing-plan"),
            (lambda d: d.pop("ResourcesAssociatedToCustomLineItem"), "CustomLineItems[0].AssociationSize",
             "list-resources-associated-to-custom-line-item")):
        document = whole()
        change(document)
        expect_problem(tool, document, path, f"aws billingconductor {call}")


@case("ten thousand accounts that were cut off are one problem")
def many_accounts(tool):
    document = whole()
    document["BillingGroups"][0]["Size"] = 10001
    document["LinkedAccounts"] += [{"AccountId": f"{number:012d}", "BillingGroupArn": document["BillingGroups"][0]["Arn"]}
                                   for number in range(300000000000, 300000009999)]
    expect_problem(tool, document, "BillingGroups[0].Size", "has 10000 of them")


@case("groups whose accounts nobody lists are whole without them")
def unlisted_accounts(tool):
    document = whole()
    document["BillingGroups"][0].update(Size=5)
    document["BillingGroups"][0]["AccountGrouping"]["AutoAssociate"] = True
    document["BillingGroups"][1].update(Size=7, Status="PENDING")
    _, process = run(tool, document, "check")
    expect(f"exit code {process.stderr}", 0, process.returncode)


@case("rules that matched nothing are told, and what they were probably meant for")
def unmatched(tool):
    conductor = one_group(markup(5, "SERVICE", Service="amazonec2"), markup(7, "SERVICE", Service="AmazonS3"),
                          custom_tiers(((0, None, 1),), Service="AmazonEC2", UsageType="BoxUsage:T3.micro"), markup(20))
    out, process = run(tool, conductor.document, "price")
    expect("exit code", 0, process.returncode)
    expect_amount("cost", "0.01248", Outcome(out, "").total())
    summary = json.loads((out / "summary.json").read_text())
    expect("counted", 3, summary["unmatched_rules"])
    expect("named", [("rule000000", "amazonec2", "AmazonEC2"), ("rule000001", "AmazonS3", None), ("rule000002", "AmazonEC2", None)],
           [(rule["pricing_rule"], rule["service"], rule.get("service_of_usage")) for rule in summary["unmatched"]])
    for words in ("rule000000 for amazonec2 matched no usage; the usage has AmazonEC2", "rule000001 for AmazonS3 matched no usage\n"):
        expect(f"hint {words}: {process.stderr}", True, words in process.stderr)
    _, process = run(tool, conductor.document, "check")
    expect("check's exit code", 0, process.returncode)
    for words in ('PricingRules[0].Service: "amazonec2" will match nothing: the price lists have "AmazonEC2"',
                  'PricingRules[2].UsageType: "BoxUsage:T3.micro" will match nothing: the price lists have "BoxUsage:t3.micro"'):
        expect(f"hint of check {words}: {process.stderr}", True, words in process.stderr)
    expect("no other", 2, process.stderr.count("hint:"))
    path = tool.new_folder() / "alone.json"
    path.write_text(json.dumps(conductor.document))
    process = tool.execute("check", "--conductor", path)
    expect(f"without price lists {process.stderr}", True, 'Service: "amazonec2" will match nothing: AWS has "AmazonEC2"' in process.stderr)
    expect("no other without price lists", 1, process.stderr.count("hint:"))


@case("many rules that matched nothing are counted, the first are named")
def many_unmatched(tool):
    conductor = one_group(*(markup(5, "SERVICE", Service=f"Service{number}") for number in range(400)), markup(20))
    out, process = run(tool, conductor.document, "price")
    expect("lines", (10, True), (process.stderr.count("hint: the"), "and 390 more rules" in process.stderr))
    expect("counted", 400, json.loads((out / "summary.json").read_text())["unmatched_rules"])


def main():
    return run_cases(proforma_argument(__doc__.splitlines()[0]), CASES)


if __name__ == "__main__":
    sys.exit(main())
