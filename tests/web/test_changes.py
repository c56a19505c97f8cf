#!/usr/bin/env python3
"""A real browser on `serve --config`: an empty system's first steps, errors beside their fields, a bill that appears and moves
while usage arrives and is restated when a rule is changed in its form; what changes of every kind do is shown first, and is
what they then do; the state of tasks; months with documents of their own.
    test_changes.py --proforma PROGRAM --data FOLDER
"""

import json
import signal
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kafka"))
from kafka_tools import SKIPPED, Broker, Unavailable  # noqa: E402

from browser import Browser, Served, command_line, run_cases  # noqa: E402
from test_page import expect, is_accessible, is_quiet  # noqa: E402

GROUP = "200000000021"  # Platform: everything at +20 %
APART = "200000000041"  # listed, in no group
FIRST = datetime.now(timezone.utc).replace(day=1)
MONTH = FIRST.strftime("%Y-%m")
BEFORE = (FIRST - timedelta(days=1)).strftime("%Y-%m")
NEXT = (FIRST + timedelta(days=32)).strftime("%Y-%m")


class System:
    def __init__(self, proforma, data, folder, broker):
        self.proforma, self.folder = proforma, folder
        self.config = folder / "proforma.conf"
        self.config.write_text(f"""kafka.bootstrap.servers = {broker.bootstrap}
replication.factor = 1
partitions.usage = 2
partitions.tier = 1
partitions.bill = 1
workers = 1
http.listen =
state.dir = {folder / "state"}
""")
        document = json.loads((data / "conductor.json").read_text())
        document["BillingPeriod"] = MONTH
        for version in document["CustomLineItemVersions"]:
            version["StartBillingPeriod"] = MONTH
        self.document = folder / "conductor.json"
        self.document.write_text(json.dumps(document))
        self.processor = None

    def command(self, *words):
        done = subprocess.run(
            [str(self.proforma), *map(str, words), "--config", str(self.config)], capture_output=True, text=True, timeout=120
        )
        if done.returncode != 0:
            raise AssertionError(f"{words}: {done.stderr}")
        return done.stdout

    def start_processor(self):
        self.processor = subprocess.Popen(
            [str(self.proforma), "run", "--config", str(self.config)],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "run.log").open("w"),
        )

    def stop_processor(self):
        if self.processor and self.processor.poll() is None:
            self.processor.send_signal(signal.SIGTERM)
            self.processor.wait(timeout=60)

    def use(self, name, amount, month=MONTH):
        """So many dollars' worth of usage, at public prices."""
        event = {
            "event_id": name,
            "payer_account_id": "100000000001",
            "usage_account_id": GROUP,
            "product_code": "AmazonVPC",
            "usage_type": "VpnHours",
            "operation": "CreateVpnConnection",
            "usage_start": f"{month}-01T00:00:00Z",
            "usage_amount": str(amount),
            "unit": "Hrs",
            "public_on_demand_rate": "1",
            "unblended_cost": str(amount),
        }
        path = self.folder / f"{name}.jsonl"
        path.write_text(json.dumps(event) + "\n")
        self.command("import", "--again", path)


def an_empty_system_explains_its_first_step(browser, system):
    browser.go()
    expect(browser.text("h1"), "No bills yet", "the heading of nothing")
    expect("proforma apply --conductor" in browser.text("main"), True, "the first step")
    is_accessible(browser, "the first steps")
    is_quiet(browser, "the first steps")
    system.command("apply", "--conductor", system.document)
    # A page of the document is drawn once: it is opened anew until the server has read what was applied.
    browser.wait(
        "what was applied",
        lambda: browser.go("#/rules") or any("plus-20" in row[0] for row in browser.rows("Pricing rules") or []),
    )


def open_rule(browser, name):
    browser.click("header nav a", "Pricing rules")
    browser.settle()
    browser.wait("the rules", lambda: any(name in row[0] for row in browser.rows("Pricing rules") or []))
    browser.click("tbody button.link", name)


def an_error_stands_beside_its_field(browser, _):
    browser.go("#/rules")
    open_rule(browser, "everything-plus-20")
    browser.fill("Percent", "lots")
    browser.click("dialog button", "Review the change")
    expect("A number is expected" in browser.text("dialog .error:not([hidden])"), True, "what is said of a word")
    browser.fill("Percent", "25")
    browser.fill("Name", "dns-minus-15")
    browser.click("dialog button", "Review the change")  # what would be refused is told before it is asked for
    browser.wait(
        "the server's words", lambda: [one for one in browser.all("dialog .error") if one.is_displayed() and one.text]
    )
    expect(
        browser.run("return document.querySelector('dialog [aria-invalid=true]').value"),
        "dns-minus-15",
        "the field that is at fault",
    )
    is_accessible(browser, "an error", "dialog")
    browser.click("dialog button", "Cancel")
    browser.complaints()  # a refusal is told on the console too


def a_rule_is_changed_with_a_few_clicks(browser, system):
    browser.go("#/rules")
    open_rule(browser, "everything-plus-20")
    browser.fill("Percent", "25")
    browser.click("dialog button", "Review the change")
    expect("20 → 25" in browser.text("dialog .facts"), True, "what changes")
    browser.wait("the effect", lambda: "no group's total changes" in browser.text("dialog"))
    is_accessible(browser, "the review", "dialog")
    browser.click("dialog button", "Apply")
    browser.wait(
        "the new percentage",
        lambda: any("everything-plus-20" in row[0] and row[2] == "+25 %" for row in browser.rows("Pricing rules")),
    )
    is_quiet(browser, "a change")
    rules = json.loads(system.command("export"))["PricingRules"]
    expect(
        [float(rule["ModifierPercentage"]) for rule in rules if rule["Name"] == "everything-plus-20"],
        [25.0],
        "the document in force",
    )


def a_bill_appears_and_moves_while_usage_arrives(browser, system):
    system.start_processor()
    system.use("first", 100)
    browser.go()
    figure = lambda: browser.text(".figures dd").split()[0]
    browser.wait("the groups' bills", lambda: browser.all(".figures") and figure() not in ("–", "0.00"))
    browser.go(f"#/bills?group={GROUP}")
    browser.wait(
        "100 at +25 %, and no credit of 40",
        lambda: ["AmazonVPC", "125.00"] == [browser.rows("Services")[0][0].lstrip("›"), browser.rows("Services")[0][2]],
    )
    browser.wait("the stream", lambda: browser.text(".tag") == "Live")
    browser.click("button.twig", "AmazonVPC")
    system.use("second", 60)
    browser.wait("160 at +25 %, where it stood", lambda: browser.rows("Services")[0][2] == "200.00")
    expect(
        browser.run("return document.querySelector('button.twig').getAttribute('aria-expanded')"), "true", "what was open"
    )
    is_quiet(browser, "a bill that moves")


def effect_of(browser, wanted):
    """Reviews the open form: groups with what they pay now, then, and the difference. A credit of 40 is in Platform's totals."""
    browser.click("dialog button", "Review the change")
    browser.wait(f"the effect {wanted}", lambda: sorted(browser.rows("What it does") or []) == sorted(wanted))


def a_change_in_the_form_restates_the_bill(browser, _):
    open_rule(browser, "everything-plus-20")
    browser.fill("Percent", "10")
    effect_of(browser, [["Platform", "160.00", "136.00", "−24.00"]])
    is_accessible(browser, "an effect", "dialog")
    browser.click("dialog button", "Apply")
    browser.wait("the form's end", lambda: not browser.all("dialog"))
    browser.go(f"#/bills?group={GROUP}")
    browser.wait("160 at +10 %", lambda: (browser.rows("Services") or [[0, 0, 0]])[0][2] == "176.00")
    browser.wait("the end of restating", lambda: not browser.one("#restating").is_displayed())
    is_quiet(browser, "a bill that is restated")


def open_row(browser, page, caption, name):
    browser.go(page)
    browser.wait(name, lambda: any(name in row[0] for row in browser.rows(caption) or []))
    browser.click("tbody button.link", name)


def choose(browser, label, text):
    browser.run(
        """
        const label = [...document.querySelectorAll('dialog label')].find((one) => one.textContent === arguments[0]);
        const list = label.control;
        list.value = [...list.options].find((one) => one.text.startsWith(arguments[1])).value;
        list.dispatchEvent(new Event('change'));""",
        label,
        text,
    )


def leave(browser):
    browser.click("dialog button", "Back")
    browser.click("dialog button", "Cancel")


def what_other_changes_do_is_shown_first(browser, _):
    open_row(browser, "#/groups", "Billing groups", "Platform")
    choose(browser, "Pricing plan", "Basic")
    effect_of(browser, [["Platform", "136.00", "120.00", "−16.00"]])
    leave(browser)
    open_row(browser, "#/plans", "Pricing plans", "Platform")
    browser.click("dialog label.check", "everything-plus-20")  # out of the plan
    effect_of(browser, [["Platform", "136.00", "120.00", "−16.00"]])
    leave(browser)
    open_row(browser, "#/rules", "Pricing rules", "everything-plus-20")
    choose(browser, "Price", "Discount")
    browser.fill("Percent", "50")
    effect_of(browser, [["Platform", "136.00", "40.00", "−96.00"]])
    leave(browser)
    browser.go("#/custom-line-items")
    browser.click("button.first", "New custom line item")
    browser.fill("Name", "support")
    browser.fill("Description", "Support")
    choose(browser, "Billing group", "Platform")
    choose(browser, "Amount is", "A percentage")
    browser.fill("Amount", "12.5")
    effect_of(browser, [["Platform", "136.00", "158.00", "22.00"]])
    is_accessible(browser, "the effect of a custom line item", "dialog")
    leave(browser)
    open_row(browser, "#/groups", "Billing groups", "Platform")
    browser.click("dialog button.danger", "Delete")
    browser.wait(
        "what is gone", lambda: [row[:3] for row in browser.rows("What it does") or []] == [["Platform", "136.00", "–"]]
    )
    leave(browser)
    is_quiet(browser, "effects")


def a_group_that_is_founded_is_shown_with_its_total(browser, system):
    event = json.loads((system.folder / "first.jsonl").read_text())
    path = system.folder / "apart.jsonl"
    path.write_text(json.dumps(event | {"event_id": "apart", "usage_account_id": APART, "usage_amount": "7", "unblended_cost": "7"}))
    system.command("import", "--again", path)
    browser.go("#/groups")
    browser.click("button.first", "New group")
    browser.fill("Name", "Apart")
    browser.fill("Primary account", APART)
    choose(browser, "Pricing plan", "Basic")

    def shown():
        browser.click("dialog button", "Review the change")
        browser.wait("an answer", lambda: "anew" not in browser.text("dialog [role=status]"))
        if browser.rows("What it does") == [["Apart", "–", "7.00", "7.00"]]:
            return True
        browser.click("dialog button", "Back")
        return False

    browser.wait("the new group's total", shown)
    leave(browser)


def rule(browser, name):
    return next((row for row in browser.rows("Pricing rules") or [] if row[0] == name), [None] * 4)


def apply_for(system, month, percent):
    """The document for that month, with so much on everything of Platform."""
    document = json.loads(system.document.read_text())
    document["BillingPeriod"] = month
    for one in document["PricingRules"]:
        if one["Name"] == "everything-plus-20":
            one["ModifierPercentage"] = percent
    for version in document["CustomLineItemVersions"]:
        version["StartBillingPeriod"] = month
    path = system.folder / f"{month}.json"
    path.write_text(json.dumps(document))
    system.command("apply", "--conductor", path)


def each_open_month_shows_the_document_that_is_its_own(browser, system):
    apply_for(system, BEFORE, "30")
    apply_for(system, NEXT, "40")
    system.use("earlier", 10, BEFORE)
    browser.go(f"#/bills?group={GROUP}&period={BEFORE}")
    browser.wait("10 at +30 %", lambda: [row[2:3] for row in browser.rows("Services") or []][:1] == [["13.00"]])
    browser.wait("the month before to be live, too", lambda: browser.text(".tag") == "Live")
    browser.go("#/bills")
    expect(MONTH in browser.text(".title"), True, "the month that bills begin with")
    browser.go("#/rules")
    expect(rule(browser, "everything-plus-20")[2], "+10 %", "the running month's rule")
    note = browser.text("p.month")
    expect(f"The document of {MONTH}, the running month." in note, True, f"whose document it is: {note}")
    expect(f"{NEXT} has a document of its own, which stays as it is." in note, True, f"which others there are: {note}")
    is_accessible(browser, "the running month's document")


def a_change_is_made_in_the_running_month_only(browser, _):
    for month, percent, standing in ((BEFORE, "+30 %", "still open"), (NEXT, "+40 %", "still to come")):
        browser.go(f"#/rules?period={month}")
        expect(rule(browser, "everything-plus-20")[2], percent, f"the rule of {month}")
        expect(f"The document of {month}, which is {standing}." in browser.text(".note-box"), True, f"what {month} is")
        expect(browser.all("button.first"), [], f"buttons to create in {month}")
        browser.click("tbody button.link", "everything-plus-20")
        expect(MONTH in browser.text("dialog"), True, f"where changes go, in a form of {month}")
        fixed = "return [...document.querySelectorAll('dialog input, dialog select')].every((one) => one.disabled)"
        expect(browser.run(fixed), True, f"fields of {month} are fixed")
        browser.click("dialog button", "Close")
        is_accessible(browser, f"the document of {month}")
    browser.click(".note-box a", f"show {MONTH}")
    browser.wait("the running month's rule", lambda: rule(browser, "everything-plus-20")[2] == "+10 %")
    browser.go(f"#/custom-line-items?period={BEFORE}")
    browser.click("button.first", "New custom line item")  # which the month before may still get
    expect(browser.fill("Name", "late").is_enabled(), True, "fields of a new item")
    expect(browser.fill("First month", BEFORE).get_attribute("value"), BEFORE, "the month that it begins in")
    browser.click("dialog button", "Cancel")
    is_quiet(browser, "months")


def the_state_shows_every_task(browser, _):
    browser.go("#/state")
    expect(sorted(row[0] for row in browser.rows("Tasks")), ["subtotals 0", "tiered 0", "usage 0", "usage 1"], "tasks")
    is_accessible(browser, "the state")
    is_quiet(browser, "the state")


CASES = [
    an_empty_system_explains_its_first_step,
    an_error_stands_beside_its_field,
    a_rule_is_changed_with_a_few_clicks,
    a_bill_appears_and_moves_while_usage_arrives,
    a_change_in_the_form_restates_the_bill,
    what_other_changes_do_is_shown_first,
    a_group_that_is_founded_is_shown_with_its_total,
    the_state_shows_every_task,
    each_open_month_shows_the_document_that_is_its_own,
    a_change_is_made_in_the_running_month_only,
]


def walk_on_broker(cases, make_broker, begin):
    """`begin(system)` is what there is before `serve --config` and the page are."""
    options = command_line()
    try:
        with tempfile.TemporaryDirectory() as folder, make_broker() as broker:
            system = System(options.proforma, options.data, Path(folder), broker)
            system.broker = broker
            begin(system)
            try:
                with Served(options.proforma, ["--config", system.config]) as served, Browser(served.address) as browser:
                    system.served = served
                    run_cases(cases, browser, system)
            finally:
                system.stop_processor()
    except Unavailable as reason:
        print(f"skipped: {reason}", file=sys.stderr)
        return SKIPPED
    return 0


def main():
    return walk_on_broker(CASES, Broker, lambda system: system.command("topics", "create"))


if __name__ == "__main__":
    sys.exit(main())
