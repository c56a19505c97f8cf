#!/usr/bin/env python3
"""Price lists as AWS gives them: offer files with skus at fault, replies of get-products, CSV, and what is none of these.

    python3 tests/golden/price_lists.py --proforma build/processor/proforma
"""
import copy
import gzip
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from golden import (T3_MICRO, X, Outcome, expect, expect_amount, markup, offer, one_group, proforma_argument, run_cases,
                    t3_micro, usage)

CASES = []
SMALL = offer("AmazonEC2", "BoxUsage:t3.small", (("0", "0.0208"),), "RunInstances")


def case(title):
    def register(function):
        CASES.append((title, function))
        return function
    return register


def merged(*files):
    result = copy.deepcopy(files[0])
    for other in files[1:]:
        result["products"].update(copy.deepcopy(other["products"]))
        result["terms"]["OnDemand"].update(copy.deepcopy(other["terms"]["OnDemand"]))
    return result


def dimensions(file):
    term = next(iter(next(iter(file["terms"]["OnDemand"].values())).values()))
    return list(term["priceDimensions"].values())


def run(tool, command, text, *options, name="list.json", events=(t3_micro(1),)):
    """Runs check or price with one price list of this text; returns the process and what it wrote."""
    folder = tool.new_folder()
    inputs = tool.write_inputs(folder, one_group(markup(20)), [])
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    arguments = [command, *inputs, "--price-list", folder / name, *options]
    if command == "price":
        (folder / "usage.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
        arguments += ["--out", folder / "out", folder / "usage.jsonl"]
    process = tool.execute(*arguments)
    return process, Outcome(folder / "out", process.stdout) if (folder / "out" / "summary.json").exists() else None


def faulty(change, **attributes):
    """t3.small with a fault, beside a sound t3.micro."""
    bad = offer("AmazonEC2", "BoxUsage:t3.small", (("0", "0.0208"), ("10", "0.01")), "RunInstances")
    change(dimensions(bad))
    return merged(T3_MICRO, bad)


FAULTS = {
    "a gap": lambda rows: rows[1].update(beginRange="20"),
    "an overlap": lambda rows: rows[1].update(beginRange="5"),
    "a beginning above 0": lambda rows: rows[0].update(beginRange="1"),
    "more decimals than a rate holds": lambda rows: rows[0].update(pricePerUnit={"USD": "0.000000000012"}),
    "a negative rate": lambda rows: rows[0].update(pricePerUnit={"USD": "-1"}),
    "a rate that is no number": lambda rows: rows[0].update(pricePerUnit={"USD": "cheap"}),
    "another currency": lambda rows: [row.update(pricePerUnit={"CNY": "1"}) for row in rows],
    "another currency in one range": lambda rows: rows[1].update(pricePerUnit={"CNY": "1"}),
    "two units": lambda rows: rows[1].update(unit="other"),
}


@case("a sku at fault is left out with a warning that counts and names, the rest is priced; --strict makes it an error")
def sku_at_fault(tool):
    for what, change in FAULTS.items():
        text = json.dumps(faulty(change))
        process, outcome = run(tool, "price", text, events=(t3_micro(1), usage(X, "AmazonEC2", "BoxUsage:t3.small", "2",
                                                                              public_on_demand_rate="0.5")))
        expect(f"exit code with {what}", 0, process.returncode)
        expect(f"warning of {what}: {process.stderr}", True,
               "warning" in process.stderr and "SKUBOXUSAGET3SM" in process.stderr and "1 sku is left out" in process.stderr)
        expect_amount(f"cost with {what}", "1.21248", outcome.total())  # 0.0104 × 1.2 + 2 × 0.5 × 1.2
        for command in ("check", "price"):
            process, outcome = run(tool, command, text, "--strict")
            expect(f"strict {command} with {what}", (2, None), (process.returncode, outcome))


@case("ten thousand skus at fault are counted, the first are named")
def many_at_fault(tool):
    bad = json.loads(json.dumps(T3_MICRO))
    for number in range(10000):
        sku = f"BAD{number:05d}"
        bad["products"][sku] = {"sku": sku, "attributes": {"servicecode": "AmazonEC2", "usagetype": sku}}
        bad["terms"]["OnDemand"][sku] = {"t": {"priceDimensions": {"d": {"pricePerUnit": {"USD": "x"}}}}}
    process, outcome = run(tool, "price", json.dumps(bad))
    expect("exit code", 0, process.returncode)
    expect("count", True, "10000 skus are left out" in process.stderr)
    expect("lines", True, len(process.stderr.splitlines()) < 20)
    expect_amount("cost", "0.01248", outcome.total())


@case("a list with nothing sound in it is an error")
def nothing_sound(tool):
    for text in (json.dumps(T3_MICRO).replace('"0.0104"', '"cheap"'), json.dumps(T3_MICRO).replace("USD", "CNY")):
        for command in ("check", "price"):
            process, outcome = run(tool, command, text)
            expect("exit code", (2, None), (process.returncode, outcome))
            expect(f"names the list: {process.stderr}", True, "list.json" in process.stderr)


@case("a JSON without products says what it is")
def no_products(tool):
    for content, word in (({"offers": {"AmazonEC2": {"currentVersionUrl": "/x"}}}, "index of offer files"),
                          ({"regions": {"eu-west-1": {}}}, "index of regions"),
                          ({"versions": {"1": {}}}, "index of versions"), ({}, "no products"), ({"a": [1, 2]}, "no products"),
                          (one_group().document, "conductor document")):
        for indent in (None, 1):
            process, outcome = run(tool, "price", json.dumps(content, indent=indent))
            expect("exit code", (2, None), (process.returncode, outcome))
            expect(f"{word}: {process.stderr}", True, word in process.stderr and "list.json" in process.stderr)


@case("an answer or a file without a single product is an error, whatever its form")
def nothing_in_it(tool):
    for text in ('{"PriceList": []}', "[]", '{"products": {}, "terms": {"OnDemand": {}}}', '[{"PriceList": []}]', csv_text()):
        for command in ("check", "price"):
            process, outcome = run(tool, command, text)
            expect(f"{command} of {text[:30]}", (2, None), (process.returncode, outcome))
            expect(f"named: {process.stderr}", True, "list.json: is an offer file without products" in process.stderr)


def items(*files):
    """An offer file's skus as get-products gives them."""
    result = []
    for file in files:
        for sku, product in file["products"].items():
            result.append({"product": product, "serviceCode": "AmazonEC2",
                           "terms": {"OnDemand": file["terms"]["OnDemand"][sku]}, "version": "1"})
    return result


def expect_both(tool, text, name="list.json"):
    """Both sizes are priced: (0.0104 + 2 × 0.0208) × 1.2."""
    process, outcome = run(tool, "price", text, name=name,
                           events=(t3_micro(1), usage(X, "AmazonEC2", "BoxUsage:t3.small", "2")))
    expect(f"exit code {process.stderr}", (0, ""), (process.returncode, process.stderr))
    expect_amount("cost", "0.0624", outcome.total())


@case("of an item's several terms the one in force as the month begins counts, in any order and form")
def terms_of_items(tool):
    (item,) = items(T3_MICRO)
    sku = item["product"]["sku"]
    (dimension,) = dimensions(T3_MICRO)
    dates = (("A", "2024-06-02T00:00:00Z", "9"), ("B", "2024-05-15T00:00:00Z", "3"), ("C", "2023-01-01T00:00:00Z", "5"))
    for order in (dates, dates[::-1]):
        item["terms"] = {"OnDemand": {f"{sku}.{code}": {
            "offerTermCode": code, "sku": sku, "effectiveDate": date,
            "priceDimensions": {f"{sku}.{code}.1": {**dimension, "pricePerUnit": {"USD": rate}}}} for code, date, rate in order}}
        for content in ({"PriceList": [json.dumps(item)]}, {"PriceList": [item]}, [item], item):
            process, outcome = run(tool, "price", json.dumps(content))
            expect(f"exit code {process.stderr}", 0, process.returncode)
            expect_amount("3 x 1.2", "3.6", outcome.total())


@case("replies of get-products: items as texts or parsed, in pages, in arrays, one behind another, compressed")
def get_products(tool):
    both = items(T3_MICRO, SMALL)
    texts = [json.dumps(item) for item in both]
    for indent in (None, 1):
        expect_both(tool, json.dumps({"FormatVersion": "aws_v1", "PriceList": texts}, indent=indent))
        expect_both(tool, json.dumps({"PriceList": both}, indent=indent))
        expect_both(tool, json.dumps(texts, indent=indent))
        expect_both(tool, json.dumps(both, indent=indent))
        pages = [{"PriceList": texts[:1], "NextToken": "t"}, {"PriceList": texts[1:]}]
        expect_both(tool, "\n".join(json.dumps(page, indent=indent) for page in pages))
        expect_both(tool, json.dumps(pages, indent=indent))
        expect_both(tool, "\n".join(json.dumps(item, indent=indent) for item in both))
    expect_both(tool, gzip.compress(json.dumps({"PriceList": texts}).encode()))
    process, _ = run(tool, "check", json.dumps({"PriceList": texts, "NextToken": "t"}))
    expect(f"a page alone: {process.stderr}", (0, True), (process.returncode, "get-products --starting-token" in process.stderr))


CSV_HEADINGS = ("SKU", "OfferTermCode", "RateCode", "TermType", "PriceDescription", "EffectiveDate", "StartingRange",
                "EndingRange", "Unit", "PricePerUnit", "Currency", "serviceCode", "usageType", "operation")


def csv_text(*rows):
    about = (("FormatVersion", "v1.0"), ("Disclaimer", "prices, as they are"), ("Publication Date", "2024-01-01T00:00:00Z"),
             ("Version", "1"), ("OfferCode", "AmazonEC2"))
    return "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in (*about, CSV_HEADINGS, *rows))


def csv_row(sku, usage_type, begin, end, rate, currency="USD", kind="OnDemand"):
    return (sku, "JRTCKXETXF", f"{sku}.x", kind, f"{rate}, each", "2024-01-01", begin, end, "Hrs", rate, currency,
            "AmazonEC2", usage_type, "RunInstances")


@case("the CSV form of an offer file, tiers in any order, reserved rows beside them, skus at fault left out")
def csv_form(tool):
    micro = csv_row("A1", "BoxUsage:t3.micro", "0", "Inf", "0.0104000000")
    small = (csv_row("B2", "BoxUsage:t3.small", "1", "Inf", "0.0100000000"),
             csv_row("B2", "BoxUsage:t3.small", "0", "1", "0.0316000000"))
    reserved = csv_row("A1", "BoxUsage:t3.micro", "0", "Inf", "0.005", kind="Reserved")
    for text in (csv_text(small[0], micro, reserved, small[1]), "\ufeff" + csv_text(micro, *small),
                 csv_text(micro, *small).replace("\n", "\r\n")):
        expect_both(tool, text, name="list.csv")  # 0.0316 + 0.01 = 2 × 0.0208
    rows = [CSV_HEADINGS, micro, *small]
    spaced = {"OfferTermCode": "Offer Term Code", "usageType": "Usage Type", "serviceCode": "SERVICE CODE", "SKU": "sku"}
    for rewritten in ([row[::-1] for row in rows], [row[3:] + row[:3] for row in rows],
                      [tuple(spaced.get(cell, cell) for cell in row) for row in rows],
                      [row + (more,) for row, more in zip(rows, ("Sku Group", "a, \"\"b", "", "x"))]):
        expect_both(tool, "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rewritten), name="list.csv")
    for twice in ("PricePerUnit", "usagetype", "Unit"):
        process, outcome = run(tool, "price", csv_text(micro).replace('"operation"', f'"operation","{twice}"').replace(
            '"RunInstances"', '"RunInstances","9"'), name="list.csv")
        expect(f"{twice} twice: {process.stderr}", (2, None, True), (process.returncode, outcome, "comes twice" in process.stderr))
    gap = csv_row("B2", "BoxUsage:t3.small", "2", "Inf", "0.01")
    process, outcome = run(tool, "price", csv_text(micro, gap, small[1]), name="list.csv")
    expect("exit code", 0, process.returncode)
    expect(f"warning: {process.stderr}", True, "B2" in process.stderr and "1 sku is left out" in process.stderr)
    expect_amount("cost", "0.01248", outcome.total())
    process, _ = run(tool, "check", csv_text(micro).replace('"usageType"', '"use"'), name="list.csv")
    expect(f"a heading that is none: {process.stderr}", (2, True), (process.returncode, "lacks usageType" in process.stderr))


def main():
    return run_cases(proforma_argument(__doc__.splitlines()[0]), CASES)


if __name__ == "__main__":
    sys.exit(main())
