#!/usr/bin/env python3
"""A real browser walks each page of `serve --out` on the sample month: figures, sorting, filtering, explanations, downloads,
what a customer sees, light and dark, narrow and wide; no word on the console, nothing that axe objects to.
    test_page.py --proforma PROGRAM --data FOLDER
"""

import csv
import gzip
import json
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

from browser import Browser, Served, command_line, price_sample, run_cases

RETAIL = "200000000011"
PAGES = [
    "#/bills",
    f"#/bills?group={RETAIL}",
    f"#/line-items?group={RETAIL}&service=AWSBillingConductor",
    "#/groups",
    "#/plans",
    "#/rules",
    "#/custom-line-items",
    "#/state",
]
CREDENTIALS = """[payer]
account = 100000000001
role = payer
aws_access_key_id = AKIAPAYER0000001
aws_secret_access_key = payer+secret/with=signs

[retail]
account = 200000000011
aws_access_key_id = AKIARETAIL000001
aws_secret_access_key = retailsecret

[data]
account = 200000000012
aws_access_key_id = AKIADATA00000001
aws_secret_access_key = datasecret
"""


def expect(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: found {found!r}, expected {wanted!r}")


def is_quiet(browser, where):
    expect(browser.complaints(), [], f"the console on {where}")


def is_accessible(browser, where, within="body"):
    expect(browser.accessibility(within), [], f"what axe objects to on {where}")


class Sample:
    """What the pages must show, from the files themselves."""

    def __init__(self, out):
        self.out = out
        self.bills = [json.loads(line) for line in (out / "bills.jsonl").read_text().splitlines()]
        self.summary = json.loads((out / "summary.json").read_text())

    def total(self, group):
        return next(
            bill
            for bill in self.bills
            if bill["billing_group"] == group and not bill["usage_account_id"] and not bill["product_code"]
        )

    def services(self, group):
        found = [
            bill
            for bill in self.bills
            if bill["billing_group"] == group and not bill["usage_account_id"] and bill["product_code"]
        ]
        return sorted(found, key=lambda bill: -Decimal(bill["cost"]))


def money(text):
    return f"{Decimal(text):,.2f}".replace("-", "−")


def plain(text):
    return text.replace(",", "").replace("−", "-")


def shows_all_groups_with_their_margins(browser, sample):
    browser.go("#/bills")
    groups = [one for one in sample.summary["groups"] if one["billing_group"]]
    expected = [
        [one["name"], one["billing_group"], money(one["cost"]), money(one["billable_cost"]), money(one["margin"])]
        for one in sorted(groups, key=lambda one: -Decimal(one["cost"]))
    ]
    browser.wait("three groups", lambda: len(browser.rows("Billing groups") or []) == len(groups))
    expect([row[:5] for row in browser.rows("Billing groups")], expected, "the groups")
    shown = [plain(one.text.split()[0]) for one in browser.all(".figures dd")]
    total = sum(Decimal(one["cost"]) for one in groups)
    expect(shown[0], str(round(total, 2)), "the sum of all groups")
    is_quiet(browser, "all groups")


def opens_a_group_down_to_line_item_types(browser, sample):
    browser.click("tbody button.link", "Retail")
    browser.settle()
    browser.wait("the group's name", lambda: browser.text("h1") == "Retail")
    expect(
        [row[0].lstrip("›") for row in browser.rows("Services")],
        [one["product_code"] for one in sample.services(RETAIL)],
        "services by cost",
    )
    browser.click("button.twig", "AmazonEC2")
    browser.wait("an account's name", lambda: any("retail-data" in row[0] for row in browser.rows("Services")))
    browser.click(".level-1 button.twig", "retail-data")
    expect([row[0] for row in browser.rows("Services")][2:4], ["Usage", "SavingsPlanNegation"], "types of an account")
    is_accessible(browser, "an open bill")


def sorts_and_filters_by_keyboard(browser, sample):
    browser.go(f"#/bills?group={RETAIL}")
    names = [one["product_code"] for one in sample.services(RETAIL)]
    heading = browser.wait(
        "a heading", lambda: [one for one in browser.all("thead button") if one.text.startswith("Service")]
    )[0]
    browser.run("arguments[0].focus()", heading)
    browser.press("\n")
    expect([row[0].lstrip("›") for row in browser.rows("Services")], sorted(names, key=str.lower), "services by name")
    expect(
        browser.run("return document.activeElement.closest('th').getAttribute('aria-sort')"),
        "ascending",
        "the sorted column",
    )
    browser.one("input[type=search]").send_keys("rds")
    expect([row[0].lstrip("›") for row in browser.rows("Services")], ["AmazonRDS"], "filtered services")
    browser.one("input[type=search]").send_keys(" nothing")
    expect(browser.rows("Services"), [["Nothing matches the filter."]], "a filter that nothing has")


def shows_all_digits_on_demand(browser, sample):
    browser.go(f"#/bills?group={RETAIL}")
    total = sample.total(RETAIL)
    expect(browser.one(".figures dd").get_attribute("title"), total["cost"], "the digits behind a figure")
    browser.click("label.check", "All digits")
    browser.wait("all digits", lambda: plain(browser.one(".figures dd").text.split()[0]) == total["cost"])
    shown = sum(Decimal(plain(row[2])) for row in browser.rows("Services"))
    expect(shown, Decimal(total["cost"]), "the sum of what the services show")
    browser.click("label.check", "All digits")


def draws_the_days(browser, _):
    browser.go(f"#/bills?group={RETAIL}")
    browser.wait(
        "bars",
        lambda: browser.run(
            """
        const canvas = document.querySelector('canvas');
        return canvas && canvas.width > 0 && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte > 0)"""
        ),
    )
    browser.click("summary")
    expect(len(browser.rows("Cost by day")), 30, "days of June")


def saves_the_bill_and_the_report(browser, sample):
    browser.go(f"#/bills?group={RETAIL}")
    browser.click("button", "Download CSV")
    path = Path(browser.folder) / f"{RETAIL}-2026-06.csv"
    browser.wait("the CSV", path.exists)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    expect(sum(Decimal(row["cost"]) for row in rows), Decimal(sample.total(RETAIL)["cost"]), "the CSV's sum")
    browser.click("button.link", "Download CSV.gz")
    report = Path(browser.folder) / f"{RETAIL}-2026-06.csv.gz"
    browser.wait("the report", report.exists)
    written = next((sample.out / "cur" / RETAIL).glob("2026*/*.csv.gz"))
    expect(gzip.decompress(report.read_bytes()), gzip.decompress(written.read_bytes()), "the report's bytes")


DECIMALS = [  # expression, what it is to the last digit
    ("format('1234567.895')", "1,234,567.90"),
    ("format('0.125')", "0.12"),
    ("format('0.135')", "0.14"),
    ("format('-0.005')", "0.00"),
    ("format('-1234.5')", "−1,234.50"),
    ("format('1e-4', null)", "0.0001"),
    ("format('1.0416666667E-4', null)", "0.00010416666667"),
    ("format('99999999999999.999999999999999999999999', null)", "99,999,999,999,999.999999999999999999999999"),
    ("toText(sum(['0.1', '0.2', '-0.3']))", "0"),
    ("toText(add('0.000000000000000000000001', '1'))", "1.000000000000000000000001"),
    ("toText(subtract('5008.240666412027532', '4782.775258064'))", "225.465408348027532"),
    ("toText(percentage('225.465408348027532', '5008.240666412027532'))", "4.5018884548"),
    ("percentage('1', '0')", None),
    ("toText(percentage('-1', '3'))", "-33.3333333333"),
    ("compare('0.10', '0.1')", 0),
    ("compare('-2', '1')", -1),
    ("parse('12,5')", None),
    ("parse('')", None),
    ("parse('.')", None),
    ("parse('0x10')", None),
    ("toText('007.50')", "7.5"),
]


# The page's policy forbids eval: the call is taken apart.
CALL = r"""
    const [text, done] = arguments;
    const list = (words) => JSON.parse('[' + words.replaceAll("'", '"') + ']');
    import('/decimal.js').then((all) => {
        const both = /^toText\((\w+)\((.*)\)\)$/.exec(text);
        const one = /^(\w+)\((.*)\)$/.exec(text);
        done(both ? all.toText(all[both[1]](...list(both[2]))) : all[one[1]](...list(one[2])));
    });"""


def counts_in_exact_decimals(browser, _):
    browser.go("#/state")
    for expression, wanted in DECIMALS:
        found = browser.driver.execute_async_script(CALL, expression)
        expect(found, wanted, expression)


def explains_a_line_item_in_words(browser, _):
    browser.go(f"#/line-items?group={RETAIL}&account=200000000012&service=AmazonEC2")
    expect(len(browser.rows("Line items")), 100, "rows of a page")
    browser.click("nav button", "Next")
    browser.wait("the second page", lambda: browser.text("nav [role=status]").startswith("101 to 200"))
    browser.click("nav button", "Previous")
    browser.wait("the first page", lambda: browser.text("nav [role=status]").startswith("1 to 100"))
    browser.click("tbody tr:last-child button.link", "DataTransfer")
    browser.wait("the sum", lambda: browser.text("dialog .sum .result").startswith("= 3.1535"))
    words = browser.text("dialog")
    for wanted in ("40 GB × 0.0788375 USD", "−7.25 % by the rule", "(checked)", "planRetail"):
        expect(wanted in words, True, f"{wanted!r} in the explanation")
    is_accessible(browser, "an explanation", "dialog")
    browser.click("dialog button", "Close")
    expect(browser.all("dialog"), [], "dialogs that stay")


def every_page_is_quiet_and_accessible(browser, _):
    for scheme, width in (("light", 1280), ("dark", 390)):
        browser.look(width, 900, scheme)
        for page in PAGES:
            browser.go(page)
            where = f"{page}, {scheme}, {width} wide"
            expect(len(browser.all("h1")), 1, f"headings on {where}")
            is_accessible(browser, where)
            is_quiet(browser, where)
            wide = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
            expect(wide, 0, f"what sticks out on {where}")
    browser.look(1280, 900, "light")


def forms_can_be_read_where_nothing_can_be_changed(browser, _):
    for page in ("#/groups", "#/plans", "#/rules", "#/custom-line-items"):
        browser.go(page)
        expect([one.text for one in browser.all("button.first")], [], f"buttons to create on {page}")
        browser.click("tbody button.link")
        browser.one("dialog form")
        expect(
            browser.run("return [...document.querySelectorAll('dialog input, dialog select')].every((one) => one.disabled)"),
            True,
            "fields are fixed",
        )
        is_accessible(browser, f"the form of {page}", "dialog")
    is_quiet(browser, "forms")


RESEARCH = "200000000031"  # pays public prices


def price_two_months(proforma, data, folder):
    """May at 100, June at 150, both open."""
    document = json.loads((data / "conductor.json").read_text())
    document["BillingPeriod"] = "2026-05"
    (folder / "two.json").write_text(json.dumps(document))
    event = {"usage_account_id": RESEARCH, "product_code": "AmazonVPC", "usage_type": "VpnHours", "operation": "CreateVpn"}
    price = {"public_on_demand_rate": "1", "unblended_cost": "80"}
    events = [
        event | price | {"event_id": month, "usage_start": f"2026-{month}-03T00:00:00Z", "usage_amount": amount}
        for month, amount in (("05", "100"), ("06", "150"))
    ]
    (folder / "two.jsonl").write_text("".join(json.dumps(one) + "\n" for one in events))
    words = ["price", "--conductor", folder / "two.json", "--out", folder / "two", folder / "two.jsonl"]
    subprocess.run([str(proforma), *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder / "two"


def shows_the_difference_to_the_month_before(browser, _):
    browser.go(f"#/bills?group={RESEARCH}")
    expect(browser.text(".figures dd.note"), "+50.00 (+50.0 %) on 2026-05", "the difference on top")
    expect(browser.rows("Services")[0][-2], "50.00", "the service's difference")
    browser.go("#/bills")
    browser.wait("the groups", lambda: any(row[0] == "Research" and row[-1] == "50.00" for row in browser.rows("Billing groups")))
    is_accessible(browser, "two months")
    browser.go(f"#/bills?group={RESEARCH}&period=2026-05")
    expect(browser.all(".figures dd.note"), [], "a first month's difference")
    browser.run("document.querySelector('.tools select').focus()")
    browser.press("2026-06")
    browser.wait("the month that was chosen", lambda: "2026-06" in browser.text(".title p"))
    browser.settle()
    held = "const field = document.activeElement; return field.labels && field.labels[0].textContent + ' ' + field.value"
    expect(browser.run(held), "Billing period 2026-06", "the field that a keyboard stands in")
    browser.go(f"#/bills?group={RESEARCH}&period=2026-05")
    expect(browser.text(".tag"), "Open", "a month of a folder, in which nothing moves")
    browser.go("#/state")
    months = [["2026-06", "open", "2026-05", "–"], ["2026-05", "open", "2026-05", "–"]]
    expect(browser.rows("Months"), months, "months and the documents in force")
    is_quiet(browser, "two months")


def sign_in(browser, key, secret):
    browser.driver.get("about:blank")
    browser.driver.get(browser.address)
    browser.run("sessionStorage.clear()")
    browser.driver.refresh()
    browser.fill("Access key ID", key)
    browser.fill("Secret access key", secret)
    browser.click("button.first", "Sign in")


def asks_for_keys_and_signs_with_them(browser, sample):
    sign_in(browser, "AKIAPAYER0000001", "wrong")
    browser.wait("a refusal", lambda: "refused" in browser.text("[role=alert]"))
    browser.complaints()  # a 403 is told on the console too
    is_accessible(browser, "the sign-in")
    sign_in(browser, "AKIAPAYER0000001", "payer+secret/with=signs")
    browser.wait("the groups", lambda: len(browser.rows("Billing groups") or []) == 3)
    browser.go(f"#/line-items?group={RETAIL}&service=AmazonEC2")
    expect(len(browser.rows("Line items")), 100, "rows that a signed query gives")
    browser.complaints()


def a_customer_sees_its_cost_alone(browser, sample):
    sign_in(browser, "AKIARETAIL000001", "retailsecret")
    browser.wait("the bill", lambda: len(browser.rows("Services") or []) > 1)
    browser.settle()
    expect([one.text for one in browser.all("header nav a")], ["Bills", "Line items"], "a customer's pages")
    expect(plain(browser.text(".figures dd").split()[0]), str(round(Decimal(sample.total(RETAIL)["cost"]), 2)), "its cost")
    words = browser.text("main")
    for hidden in ("AWS cost", "Margin", money(sample.total(RETAIL)["billable_cost"])):
        expect(hidden in words, False, f"{hidden!r} for a customer")
    is_accessible(browser, "a customer's bill")
    sign_in(browser, "AKIADATA00000001", "datasecret")
    browser.wait("the account's services", lambda: len(browser.rows("Services") or []) == 3)
    own = sum(Decimal(bill["cost"]) for bill in sample.bills if bill["usage_account_id"] == "200000000012")
    expect(plain(browser.text(".figures dd").split()[0]), str(round(own, 2)), "a member's cost")


def main():
    options = command_line()
    open_cases = [
        shows_all_groups_with_their_margins,
        opens_a_group_down_to_line_item_types,
        sorts_and_filters_by_keyboard,
        shows_all_digits_on_demand,
        counts_in_exact_decimals,
        draws_the_days,
        saves_the_bill_and_the_report,
        explains_a_line_item_in_words,
        forms_can_be_read_where_nothing_can_be_changed,
        every_page_is_quiet_and_accessible,
    ]
    signed_cases = [asks_for_keys_and_signs_with_them, a_customer_sees_its_cost_alone]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        price_sample(options.proforma, options.data, out)
        sample = Sample(out)
        keys = Path(folder) / "credentials"
        keys.write_text(CREDENTIALS)
        two_months = price_two_months(options.proforma, options.data, Path(folder))
        runs = (
            (out, open_cases, []),
            (out, signed_cases, [f"api.credentials={keys}"]),
            (two_months, [shows_the_difference_to_the_month_before], []),
        )
        for shown, cases, settings in runs:
            with Served(options.proforma, ["--out", shown], settings) as served, Browser(served.address) as browser:
                run_cases(cases, browser, sample)
    return 0


if __name__ == "__main__":
    sys.exit(main())
