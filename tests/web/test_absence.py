#!/usr/bin/env python3
"""A real browser on `serve --config` while nothing new can be told: before the brokers are there, while they are away, while the
server is killed or hangs. The page says so in words, keeps what it shows without calling it live, and goes on by itself.
    test_absence.py --proforma PROGRAM --data FOLDER
"""

import signal
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "kafka"))
from kafka_tools import Broker, free_ports  # noqa: E402

from test_changes import GROUP, walk_on_broker  # noqa: E402
from test_page import expect, is_accessible, is_quiet  # noqa: E402


def cost(browser):
    return [row[2:3] for row in browser.rows("Services") or []][:1]


def says(browser, words):
    browser.wait(words, lambda: words in browser.one("#connection").text)
    expect("This page goes on by itself." in browser.text("#connection"), True, "what is said to whoever waits")


def is_live_again(browser, wanted):
    browser.wait(f"{wanted} again", lambda: cost(browser) == [[wanted]])
    browser.wait("the stream", lambda: browser.text(".tag") == "Live")
    expect(browser.one("#connection").is_displayed(), False, "what was said is gone")
    browser.complaints()  # what fails meanwhile is told on the console too


def before_the_brokers_are_there_it_waits_for_them(browser, system):
    browser.driver.get(browser.address)
    expect(browser.text("h1"), "Not ready yet", "the heading")
    expect(browser.text("main p"), "The brokers have not answered yet. This page goes on by itself.", "what is waited for")
    is_accessible(browser, "a page that waits")
    system.broker.start()
    system.command("topics", "create")
    browser.wait("the first steps", lambda: browser.text("h1") == "No bills yet")
    browser.complaints()
    system.command("apply", "--conductor", system.document)
    system.start_processor()
    system.use("first", 100)
    browser.go(f"#/bills?group={GROUP}")
    is_live_again(browser, "120.00")


def a_server_that_is_killed_leaves_what_is_shown(browser, system):
    system.served.process.kill()
    system.served.process.wait()
    says(browser, "The server does not answer. What is shown is as of ")
    expect(browser.text(".tag"), "Open", "a month that is not live")
    expect(cost(browser), [["120.00"]], "what was shown")
    for scheme in ("light", "dark"):
        browser.look(1280, 900, scheme)
        is_accessible(browser, f"what is said of a lost server, {scheme}")
    system.use("second", 50)
    start_again(system)
    is_live_again(browser, "180.00")


def a_page_that_was_asked_for_meanwhile_comes_by_itself(browser, system):
    stop(system)
    browser.run("location.hash = '#/rules'")
    browser.wait("a note", lambda: "could not be read: the server does not answer. It is asked for again" in browser.text(".page"))
    start_again(system)
    browser.wait("the rules", lambda: len(browser.rows("Pricing rules") or []) > 3)
    expect(browser.all(".note-box.bad"), [], "what was said of the failure")
    browser.complaints()
    is_quiet(browser, "a page that came by itself")


def a_form_says_that_what_it_did_is_not_known(browser, system):
    browser.click("tbody button.link", "everything-plus-20")
    browser.fill("Percent", "30")
    browser.click("dialog button", "Review the change")
    browser.wait("the effect", lambda: browser.rows("What it does"))
    stop(system)
    browser.click("dialog button", "Apply")
    browser.wait("words", lambda: "whether the change is made is not known" in browser.text("dialog"))
    browser.click("dialog button", "Cancel")
    start_again(system)
    browser.go(f"#/bills?group={GROUP}")
    is_live_again(browser, "180.00")


def a_server_that_hangs_is_not_taken_for_live(browser, system):
    system.served.process.send_signal(signal.SIGSTOP)
    try:
        says(browser, "The server does not answer.")
        expect(cost(browser), [["180.00"]], "what was shown")
    finally:
        system.served.process.send_signal(signal.SIGCONT)
    is_live_again(browser, "180.00")


def brokers_that_go_away_leave_what_they_told(browser, system):
    system.broker.kill()
    says(browser, "The brokers do not answer. What is shown is what they told last.")
    expect(browser.text(".tag"), "Open", "a month that is not live")
    expect(cost(browser), [["180.00"]], "what was shown")
    browser.go(f"#/bills?group={GROUP}")  # and whoever comes now is told, too
    says(browser, "The brokers do not answer.")
    system.broker.restart()
    is_live_again(browser, "180.00")
    system.use("third", 10)
    is_live_again(browser, "192.00")


def figures_that_are_read_anew_are_said_to_be(browser, _):
    browser.run("import('/connection.js').then((connection) => connection.tell('unread'))")
    says(browser, "Bills and line items are being read anew. They are shown when they are whole.")


CASES = [
    before_the_brokers_are_there_it_waits_for_them,
    a_server_that_is_killed_leaves_what_is_shown,
    a_page_that_was_asked_for_meanwhile_comes_by_itself,
    a_form_says_that_what_it_did_is_not_known,
    a_server_that_hangs_is_not_taken_for_live,
    brokers_that_go_away_leave_what_they_told,
    figures_that_are_read_anew_are_said_to_be,
]


def stop(system):
    system.served.__exit__()


def start_again(system):
    system.served.__enter__()


class Absent(Broker):
    """A broker whose address is known before it is there."""

    def __enter__(self):
        return self

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self.port}"


def main():
    return walk_on_broker(CASES, lambda: Absent(port=free_ports(1)[0]), lambda system: None)


if __name__ == "__main__":
    sys.exit(main())
