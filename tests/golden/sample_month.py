#!/usr/bin/env python3
"""The sample month through the program: every bill row of expected.json to the last digit, and reports that add up.

The hourly report, the same spilled to disk in small runs, and the same in Avro must say one thing; the daily report of
the same month has the same group totals.
"""
import argparse
import csv
import gzip
import json
import subprocess
import sys
import tempfile
from decimal import Decimal, getcontext
from pathlib import Path

getcontext().prec = 80
KEY = ("billing_group", "billing_period", "usage_account_id", "product_code", "line_item_type")


def price(proforma, data, out, usage, *options):
    """Runs `proforma price` and returns its bill rows by key."""
    command = [proforma, "price", "--conductor", data / "conductor.json", "--price-list", data / "pricelist/AmazonS3.json",
               "--price-list", data / "pricelist/AmazonEC2.json", "--out", out, *options, data / usage]
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    return {} if "avro" in options else bills(out)


def bills(out):
    """Bill rows by key; as_of tells how far the usage reaches and is no part of the expectation."""
    rows = [json.loads(line) for line in (out / "bills.jsonl").read_text().splitlines()]
    for row in rows:
        row.pop("as_of")
    return {tuple(row[name] for name in KEY): row for row in rows}


def files(out):
    """Every file below a folder, by name."""
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def report_cost(folder):
    """The exact sum of a report's rows and its manifest."""
    manifest = json.loads(next(folder.glob("*-Manifest.json")).read_text())
    total, rows = Decimal(0), 0
    for name in sorted(folder.glob("*.csv.gz")):
        with gzip.open(name, "rt", newline="") as file:
            for row in csv.DictReader(file):
                total += Decimal(row["lineItem/UnblendedCost"])
                rows += 1
                assert row["bill/InvoiceId"] == ""
    return total, rows, manifest


def check_reports(out, rows):
    """Group report = manifest = bill; the accounts' reports add up to the group's."""
    for group in sorted(path for path in (out / "cur").iterdir()):
        total, count, manifest = report_cost(group / "20260601-20260701")
        bill = rows[(group.name, "2026-06", "", "", "")]
        assert total == Decimal(bill["cost"]) == Decimal(manifest["cost"]), (group.name, total, bill["cost"])
        assert count == manifest["rows"]
        parts = [report_cost(account / "20260601-20260701") for account in (group / "accounts").iterdir()]
        assert sum(part[0] for part in parts) == total
        assert sum(part[1] for part in parts) == count
        checksum = sum(int(part[2]["checksum"], 16) for part in parts) % 2**128
        assert f"{checksum:032x}" == manifest["checksum"], group.name


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--proforma", required=True)
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    expected = json.loads((arguments.data / "expected.json").read_text())
    hourly = "cur_2026-06_hourly_normalized.csv.gz"
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        rows = price(arguments.proforma, arguments.data, out / "a", hourly, "--resource-ids", "--close", "2026-06")
        wanted = {tuple(row[name] for name in KEY): row for row in expected["bills"]}
        assert rows == wanted, [key for key in wanted if rows.get(key) != wanted[key]]
        summary = json.loads((out / "a/summary.json").read_text())
        assert {name: summary[name] for name in expected["summary"]} == expected["summary"]
        check_reports(out / "a", rows)
        price(arguments.proforma, arguments.data, out / "b", hourly, "--resource-ids", "--close", "2026-06")
        assert files(out / "a") == files(out / "b")
        price(arguments.proforma, arguments.data, out / "c", hourly, "--resource-ids", "--format", "avro")
        daily = price(arguments.proforma, arguments.data, out / "d", "cur_2026-06_daily.csv", "--granularity", "daily")
        for group in {key[0] for key in wanted}:
            key = (group, "2026-06", "", "", "")
            assert daily[key]["cost"] == wanted[key]["cost"], group
    print("1 passed, 0 failed")


if __name__ == "__main__":
    sys.exit(main())
