#!/usr/bin/env python3
"""Reads records of the bills topic (JSON) as kafka_cat prints them and shows the last bill of every service as a table."""
import base64
import json
import sys

bills = {}
for line in sys.stdin:
    row = json.loads(line)
    if row["value_base64"] is None:
        bills.pop(row["key"], None)
    else:
        bills[row["key"]] = json.loads(base64.b64decode(row["value_base64"]))

FORMAT = "  {:<14} {:<28} {:>8} {:>28} {:>22} {:>28}"
print(FORMAT.format("Group", "Service", "Events", "Pro forma", "AWS", "Margin"))
for key in sorted(bills):
    bill = bills[key]
    if bill["usage_account_id"]:
        continue
    print(FORMAT.format(bill["billing_group"] or "-", bill["product_code"] or "total", bill["usage_events"], bill["cost"],
                        bill["billable_cost"], bill["margin"]))
