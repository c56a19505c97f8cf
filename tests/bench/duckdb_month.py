#!/usr/bin/env python3
"""What `proforma price` does with a month of bench/month.h, by DuckDB: reads, drops what comes twice, sums by row identity,
multiplies exactly, writes line items. No tiers, bills or provenance: the least that is comparable.

  duckdb_month.py FILE CONDUCTOR OUT      FILE: .csv, .csv.gz or .jsonl
  duckdb_month.py --total OUT             the sum of what was written, to the last digit
"""
import gzip
import json
import sys

import duckdb

THREADS = 2
# Column of the CSV, member of the JSON, type.
COLUMNS = [
    ("identity/LineItemId", "event_id", "VARCHAR"),
    ("identity/TimeInterval", None, "VARCHAR"),
    ("bill/BillingEntity", None, "VARCHAR"),
    ("bill/PayerAccountId", "payer_account_id", "VARCHAR"),
    ("lineItem/UsageAccountId", "usage_account_id", "VARCHAR"),
    ("lineItem/LineItemType", None, "VARCHAR"),
    ("lineItem/ProductCode", "product_code", "VARCHAR"),
    ("lineItem/UsageType", "usage_type", "VARCHAR"),
    ("lineItem/Operation", "operation", "VARCHAR"),
    ("product/sku", "sku", "VARCHAR"),
    ("product/regionCode", "region", "VARCHAR"),
    ("lineItem/ResourceId", "resource_id", "VARCHAR"),
    ("lineItem/UsageStartDate", "usage_start", "TIMESTAMP"),
    ("lineItem/UsageEndDate", "usage_end", "TIMESTAMP"),
    ("lineItem/UsageAmount", "usage_amount", "DECIMAL(18,10)"),
    ("lineItem/CurrencyCode", "currency", "VARCHAR"),
    ("pricing/publicOnDemandRate", "public_on_demand_rate", "DECIMAL(18,10)"),
    ("lineItem/UnblendedCost", "unblended_cost", "DECIMAL(38,20)"),
    ("pricing/unit", "unit", "VARCHAR"),
    ("lineItem/LineItemDescription", "description", "VARCHAR"),
]
TAGS = ["user:app", "user:env", "user:team"]
# Of a row's identity beside its hour, tags and what CSV and JSON name differently.
FACTS = ["payer_account_id", "usage_account_id", "product_code", "usage_type", "operation", "sku", "region", "resource_id",
         "unit", "currency", "public_on_demand_rate"]


def quoted(name):
    return '"' + name + '"'


def csv_source(file):
    """The file as a table of the JSON's names; what only the CSV has keeps part in ids and identities."""
    with (gzip.open if file.endswith(".gz") else open)(file, "rt", encoding="ascii") as lines:
        heading = lines.readline().rstrip("\n").split(",")
    types = {column: kind for column, _, kind in COLUMNS if column in heading}
    types.update({f"resourceTags/{tag}": "VARCHAR" for tag in TAGS if f"resourceTags/{tag}" in heading})
    listed = ", ".join(f"'{column}': '{types[column]}'" for column in heading)
    names = [f"{quoted(column)} AS {member}" for column, member, _ in COLUMNS if member]
    names += ['"bill/BillingEntity" AS billing_entity', '"lineItem/LineItemType" AS line_item_type',
              '"identity/TimeInterval" AS time_interval']
    tags = [tag for tag in TAGS if f"resourceTags/{tag}" in heading]
    names += [f"{quoted('resourceTags/' + tag)} AS {quoted(tag)}" for tag in tags]
    return (f"SELECT {', '.join(names)} FROM read_csv('{file}', header=true, auto_detect=false, delim=',', quote='\"', "
            f"columns={{{listed}}})"), ["event_id", "time_interval"], ["billing_entity", "line_item_type"] + tags


def json_source(file):
    members = {member: kind for _, member, kind in COLUMNS if member}
    with open(file, encoding="ascii") as lines:
        has_tags = '"tags"' in lines.readline()
    listed = ", ".join(f"'{member}': '{kind}'" for member, kind in members.items())
    tags = f", 'tags': 'STRUCT({', '.join(quoted(tag) + ' VARCHAR' for tag in TAGS)})'" if has_tags else ""
    names = list(members) + ([f"tags.{quoted(tag)} AS {quoted(tag)}" for tag in TAGS] if has_tags else [])
    return (f"SELECT {', '.join(names)} FROM read_json('{file}', format='newline_delimited', columns={{{listed}{tags}}})",
            ["event_id"], TAGS if has_tags else [])


def percent(rule):
    """(100 ± modifier) of a hundred, as text."""
    hundredths = 10000 + round(rule["ModifierPercentage"] * 100) * (1 if rule["Type"] == "MARKUP" else -1)
    return f"{hundredths // 10000}.{hundredths % 10000:04d}"


def load_document(connection, path):
    document = json.load(open(path))
    plan_of = {group["Arn"]: group["ComputationPreference"]["PricingPlanArn"] for group in document["BillingGroups"]}
    rules = {rule["Arn"]: rule for rule in document["PricingRules"]}
    connection.execute("CREATE TABLE accounts (usage_account_id VARCHAR, billing_group VARCHAR, plan VARCHAR)")
    connection.executemany("INSERT INTO accounts VALUES (?, ?, ?)", [
        (account["AccountId"], account["BillingGroupArn"].rsplit("/")[-1], plan_of[account["BillingGroupArn"]])
        for account in document["LinkedAccounts"] if "BillingGroupArn" in account])
    for scope in ("SKU", "SERVICE", "GLOBAL"):
        connection.execute(f"CREATE TABLE {scope}_rules "
                           "(plan VARCHAR, service VARCHAR, usage_type VARCHAR, rule VARCHAR, factor DECIMAL(9,4))")
        found = [(association["PricingPlanArn"], rules[arn].get("Service"), rules[arn].get("UsageType"),
                  arn.rsplit("/")[-1], percent(rules[arn]))
                 for association in document["PricingRulesAssociatedToPricingPlan"]
                 for arn in association["PricingRuleArns"] if rules[arn]["Scope"] == scope]
        if found:
            connection.executemany(f"INSERT INTO {scope}_rules VALUES (?, ?, ?, ?, ?)", found)


def price(connection, file, conductor, out):
    load_document(connection, conductor)
    source, ids, more_facts = (json_source if file.endswith(".jsonl") else csv_source)(file)
    facts = ", ".join(FACTS + [quoted(fact) for fact in more_facts])
    tags = [quoted(tag) for tag in TAGS if tag in more_facts]
    tag_object = f", {{{', '.join(f'{tag}: {tag}' for tag in tags)}}} AS tags" if tags else ""
    plain = ", ".join(f"r.{quoted(fact)}" for fact in FACTS + more_facts
                      if fact not in TAGS and fact != "public_on_demand_rate")
    connection.execute(f"""
COPY (
  WITH events AS ({source}),
  once AS (SELECT DISTINCT ON (usage_account_id, {', '.join(ids)}) * FROM events),
  rows AS (SELECT date_trunc('hour', usage_start) AS usage_start, {facts}, sum(usage_amount) AS usage_amount,
                  sum(unblended_cost) AS billable_cost, max(usage_end) AS usage_end, min(description) AS description,
                  count(*) AS usage_events
           FROM once GROUP BY ALL)
  SELECT {plain}{tag_object}, r.usage_start, r.usage_end, r.usage_amount::VARCHAR AS usage_amount, r.usage_events,
         r.public_on_demand_rate::VARCHAR AS public_on_demand_rate, r.billable_cost::VARCHAR AS billable_cost,
         a.billing_group, a.plan AS pricing_plan, coalesce(k.rule, s.rule, g.rule) AS pricing_rule, r.description,
         (r.usage_amount * r.public_on_demand_rate)::VARCHAR AS public_cost,
         (r.usage_amount * r.public_on_demand_rate * coalesce(k.factor, s.factor, g.factor))::VARCHAR AS cost
  FROM rows r JOIN accounts a USING (usage_account_id)
  LEFT JOIN SKU_rules k ON k.plan = a.plan AND k.service = r.product_code AND k.usage_type = r.usage_type
  LEFT JOIN SERVICE_rules s ON s.plan = a.plan AND s.service = r.product_code
  LEFT JOIN GLOBAL_rules g ON g.plan = a.plan
) TO '{out}' (FORMAT json)""")


def main():
    connection = duckdb.connect()
    connection.execute(f"SET threads={THREADS}")
    connection.execute("SET preserve_insertion_order=false")
    if sys.argv[1] == "--total":
        print(connection.execute("SELECT sum(cost), count(*), sum(usage_events)::BIGINT FROM read_json(?, "
                                 "format='newline_delimited', columns={cost: 'DECIMAL(38,24)', usage_events: 'BIGINT'})",
                                 [sys.argv[2]]).fetchone())
        return
    connection.execute(f"SET temp_directory='{sys.argv[3]}.spill'")
    price(connection, *sys.argv[1:4])


if __name__ == "__main__":
    main()
