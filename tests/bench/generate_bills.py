#!/usr/bin/env python3
"""A folder as `proforma price` writes it, of so many groups and bill rows, for what is measured and tried of `serve`.
    generate_bills.py OUT [--groups 10000] [--rows 1000000]
"""
import argparse
import json
from pathlib import Path

PAYER, MONTH = "100000000001", "2026-06"
SERVICES = [f"Amazon{name}" for name in ("EC2", "S3", "RDS", "VPC", "EKS", "ECS", "SQS", "SNS", "ECR", "EFS", "MSK", "ES")]
TYPES = ("Usage", "Fee", "Refund", "Credit")


def group_id(number):
    return f"{200000000000 + number}"


def bill(group, account, service, line_item_type, cost):
    """Cost is a number of cents; AWS takes four fifths of it."""
    text = f"{cost // 100}.{cost % 100:02d}".rstrip("0").rstrip(".")
    billable = cost * 4 // 5
    margin = cost - billable
    decimal = lambda cents: f"{cents // 100}.{cents % 100:02d}".rstrip("0").rstrip(".")  # noqa: E731
    return json.dumps({"billing_group": group, "billing_period": MONTH, "usage_account_id": account, "product_code": service,
                       "line_item_type": line_item_type, "usage_events": cost, "public_cost": text, "cost": text,
                       "billable_cost": decimal(billable), "tax": "0", "margin": decimal(margin), "margin_percentage": "20",
                       "currency": "USD", "as_of": "2026-07-01T00:00:00Z"}, separators=(",", ":"))


def rows_of(number, count):
    """A group's bill: its total, its services' totals, and rows of accounts, `count` in all."""
    group = group_id(number)
    leaves = [(f"{300000000000 + number * 4 + i % 4}", SERVICES[i // 4 % len(SERVICES)], TYPES[i // (4 * len(SERVICES)) % 4],
               (number * 31 + i * 17) % 100000 + 1) for i in range(max(1, count - 1 - len(SERVICES)))]
    yield bill(group, "", "", "", sum(leaf[3] for leaf in leaves))
    for service in SERVICES:
        of_service = [leaf[3] for leaf in leaves if leaf[1] == service]
        if of_service:
            yield bill(group, "", service, "", sum(of_service))
    for account, service, line_item_type, cost in leaves:
        yield bill(group, account, service, line_item_type, cost)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--groups", type=int, default=10000)
    parser.add_argument("--rows", type=int, default=1000000)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True)
    arn = f"arn:aws:billingconductor::{PAYER}"
    groups = [{"Name": f"customer-{i:05d}", "Arn": f"{arn}:billinggroup/{group_id(i)}", "PrimaryAccountId": group_id(i),
               "ComputationPreference": {"PricingPlanArn": f"{arn}:pricingplan/planRetail"}} for i in range(arguments.groups)]
    accounts = [{"AccountId": group_id(i), "BillingGroupArn": f"{arn}:billinggroup/{group_id(i)}", "AccountName": f"customer {i}"}
                for i in range(arguments.groups)]
    document = {"BillingPeriod": MONTH, "BillingGroups": groups, "LinkedAccounts": accounts,
                "PricingPlans": [{"Name": "Retail", "Arn": f"{arn}:pricingplan/planRetail"}]}
    (arguments.out / "conductor.json").write_text(json.dumps(document))
    with (arguments.out / "bills.jsonl").open("w") as bills:
        for i in range(arguments.groups):
            for row in rows_of(i, arguments.rows // arguments.groups):
                bills.write(row + "\n")
    (arguments.out / "line-items.jsonl").touch()
    (arguments.out / "summary.json").write_text(json.dumps({"events_in": arguments.rows, "priced": arguments.rows, "groups": []}))


if __name__ == "__main__":
    main()
