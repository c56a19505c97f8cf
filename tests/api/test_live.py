#!/usr/bin/env python3
"""serve beside a running processor: bills as usage arrives, events, a close and its reports, views that are deleted, brokers
that are away, dead letters, months that were closed long ago."""
import gzip
import http.client
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kafka"))
from kafka_tools import SKIPPED, Broker, Topics, Unavailable, free_ports, record  # noqa: E402

from api_tools import Server, cases, client, command_line, get, refused, request, wait_for  # noqa: E402

DATA = Path(__file__).resolve().parent.parent / "data"
MONTH, GROUP = "2026-06", "200000000011"
LISTS = [part for name in ("AmazonS3", "AmazonEC2") for part in ("--price-list", DATA / f"pricelist/{name}.json")]
USAGE = DATA / "cur_2026-06_hourly_normalized.csv.gz"


class Context:
    def __init__(self, arguments, folder, broker):
        self.folder, self.proforma, self.broker = folder, arguments.proforma, broker
        self.topics = Topics(broker, arguments.kafka_cat)
        settings = {"kafka.bootstrap.servers": broker.bootstrap, "replication.factor": 1, "partitions.usage": 3,
                    "partitions.tier": 2, "partitions.bill": 2, "workers": 1, "http.listen": "", "state.dir": folder / "state",
                    "api.listen": f"127.0.0.1:{free_ports(1)[0]}"}
        self.config = folder / "proforma.conf"
        self.config.write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        self.out = folder / "out"
        self.run("price", "--conductor", DATA / "conductor.json", *LISTS, "--resource-ids", "--close", MONTH, "--out", self.out, USAGE)
        self.expected = {self.key(b): b for b in map(json.loads, (self.out / "bills.jsonl").open())}
        self.command("topics", "create")
        self.command("apply", "--conductor", DATA / "conductor.json", *LISTS)
        self.server = Server(self.proforma, ["--config", self.config], folder / "serve.log")

    @staticmethod
    def key(bill):
        return tuple(bill[m] for m in ("billing_group", "usage_account_id", "product_code", "line_item_type"))

    def run(self, *words):
        done = subprocess.run([self.proforma, *map(str, words)], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def command(self, *words):
        return self.run(*words, "--config", self.config)

    def bills(self):
        rows, token = [], ""
        while token is not None:
            page = get(f"{self.server.url}/v1/bills?period={MONTH}&next={token}")
            rows, token = rows + page["bills"], page.get("next")
        return {self.key(b): b for b in rows}

    def has_all(self):
        """All usage is in the bills. What an allowance covers in which account is settled at the close only."""
        shown = self.bills()
        return all(k in shown and shown[k]["usage_events"] == b["usage_events"] and
                   Decimal(shown[k]["billable_cost"]) == Decimal(b["billable_cost"])
                   for k, b in self.expected.items() if not any(k[1:]))

    def agrees(self):
        """To the last digit, with what price makes of the same month."""
        shown = self.bills()
        return len(shown) == len(self.expected) and all(
            k in shown and Decimal(shown[k][m]) == Decimal(b[m]) for k, b in self.expected.items()
            for m in ("cost", "billable_cost", "margin"))


def case_bills_are_live_and_events_tell(context):
    assert context.bills() == {}
    events = []

    def listen():
        connection = http.client.HTTPConnection(context.server.url.split("//")[1], timeout=60)
        connection.request("GET", "/v1/events")
        reply = connection.getresponse()
        while len(events) < 200:
            line = reply.fp.readline()
            if not line:
                return
            if line.startswith(b"data: "):
                events.append(json.loads(line[6:]))
    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    context.processor = subprocess.Popen([context.proforma, "run", "--config", context.config],
                                         stderr=open(context.folder / "run.log", "ab"))
    context.command("import", USAGE)
    wait_for(context.has_all, 120)
    wait_for(lambda: any(e == {"period": MONTH, "group": GROUP} for e in events))

    # Bills and line items are topics of their own: which of them is read first is nobody's promise.
    def days_and_bill_agree():
        rows = get(f"{context.server.url}/v1/daily?period={MONTH}&group={GROUP}")["daily"]
        total = context.bills()[(GROUP, "", "", "")]
        return sum(Decimal(r["cost"]) for r in rows) == Decimal(total["cost"]) and total
    total = wait_for(days_and_bill_agree)
    item = get(f"{context.server.url}/v1/line-items?period={MONTH}&group={GROUP}")["line_items"][0]
    shown = get(f"{context.server.url}/v1/line-items/{item['line_item_id']}")
    assert shown["line_item_id"] == item["line_item_id"] and shown["explanation"]
    report = client(context.server.url).list_billing_group_cost_reports(BillingPeriod=MONTH)["BillingGroupCostReports"]
    assert {r["Arn"].rsplit("/")[-1]: r["ProformaCost"] for r in report}[GROUP] == total["cost"]


def case_a_view_goes_on_and_is_made_anew_when_deleted(context):
    before = wait_for(lambda: (first := context.bills()) and not time.sleep(2) and first == context.bills() and first)
    for delete in (False, True):
        context.server.stop(signal.SIGKILL)
        if delete:
            shutil.rmtree(context.folder / "state" / "serve")
        context.server.start()
        assert context.bills() == before, delete


def case_a_view_that_is_deleted_while_it_runs_is_made_anew_and_nothing_half_is_shown(context):
    before = context.bills()
    views = list((context.folder / "state" / "serve").rglob("CURRENT"))
    assert len(views) == 1
    pid = context.server.process.pid
    for folder in (views[0].parent, context.folder / "state" / "serve"):
        shutil.rmtree(folder)
        seen = set()

        def is_back():
            status, _, body = request(f"{context.server.url}/v1/bills?period={MONTH}")
            seen.add(status)
            assert status == 500 or (status == 200 and context_bills(body) == before), (status, body[:200])
            return views[0].exists() and request(f"{context.server.url}/readyz")[0] == 200 and status == 200
        wait_for(is_back)
        assert seen <= {200, 500}
    assert context.bills() == before and context.server.process.pid == pid and context.server.process.poll() is None


def context_bills(body):
    answer = json.loads(body)
    assert "next" not in answer
    return {Context.key(b): b for b in answer["bills"]}


def case_dead_letters_are_counted_by_reason_and_go_on_being_counted(context):
    def letters():
        state = get(f"{context.server.url}/v1/state")
        assert state["health"] == "ready"
        return {row["reason"]: row["count"] for row in state["dead_letters"]}
    assert letters() == {}

    def send(*values):
        context.topics.produce("proforma.usage", [record(value, partition=0) for value in values])
    send(b"{", b"[]", b'{"event_id":"x","usage_account_id":"12","product_code":"a","usage_start":"2026-06-01T00:00:00Z"}')
    first = wait_for(lambda: sum((found := letters()).values()) == 3 and found)
    assert all(reason.isupper() or "_" in reason for reason in first) and len(first) >= 1
    context.server.stop(signal.SIGKILL)
    context.server.start()
    assert letters() == first
    send(b"nonsense")
    wait_for(lambda: sum(letters().values()) == 4)
    shutil.rmtree(context.folder / "state" / "serve")
    wait_for(lambda: list((context.folder / "state" / "serve").rglob("CURRENT")) and request(
        f"{context.server.url}/readyz")[0] == 200 and sum(letters().values()) == 4)


def case_while_brokers_are_away_it_says_so_and_answers_on(context):
    url = context.server.url
    before, groups = context.bills(), client(url).list_billing_groups()["BillingGroups"]
    assert [request(f"{url}/{path}")[0] for path in ("healthz", "readyz")] == [200, 200]
    context.broker.stop()
    wait_for(lambda: request(f"{url}/readyz")[0] == 503, 90)
    assert b"brokers do not answer" in request(f"{url}/readyz")[2] and request(f"{url}/healthz")[0] == 200
    assert get(f"{url}/v1/state")["health"] == "away"
    for _ in range(20):
        assert context.bills() == before and client(url).list_billing_groups()["BillingGroups"] == groups
    status, headers, body = request(f"{url}/create-pricing-plan", "POST", b'{"Name":"while-away"}', {"Content-Type": "application/json"})
    assert (status, headers["x-amzn-ErrorType"]) == (500, "InternalServerException") and headers["Retry-After"], body
    context.broker.restart()
    wait_for(lambda: request(f"{url}/readyz")[0] == 200, 90)
    assert context.bills() == before
    # The document is of June, and no month since is closed: the running month has its own from here on.
    made = client(url).create_pricing_plan(Name="while-away")["Arn"]
    assert made in [plan["Arn"] for plan in client(url).list_pricing_plans()["PricingPlans"]]
    assert made not in [plan["Arn"] for plan in client(url).list_pricing_plans(BillingPeriod=MONTH)["PricingPlans"]]


def case_a_server_that_starts_before_the_brokers_waits_for_them(context):
    """Its own view is there from before, another's is not: either way nothing is shown that may be old or less."""
    before = context.bills()
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    fresh = [context.proforma, "serve", "--config", context.config, "--set", f"api.listen={url.split('//')[1]}",
             "--set", f"state.dir={context.folder / 'early'}"]
    context.broker.stop()
    context.server.stop()

    def answers(what):
        try:
            return request(f"{what}/healthz")[0] == 200
        except OSError:
            return False
    early = subprocess.Popen(fresh, stdout=subprocess.PIPE, stderr=open(context.folder / "early.log", "ab"), text=True)
    try:
        wait_for(lambda: answers(url), 30)
        context.server.start()
        for each in (url, context.server.url):
            for path in ("readyz", f"v1/bills?period={MONTH}", "v1/state", "v1/events", "list-billing-groups", "nothing"):
                status, headers, body = request(f"{each}/{path}", "POST" if path.startswith("list") else "GET")
                assert status == 503 and b"brokers have not answered" in body, (path, status, body)
                if path != "readyz":
                    assert headers["x-amzn-ErrorType"] == json.loads(body)["__type"] == "ServiceUnavailable", body
                    assert int(headers["Retry-After"]) > 0
            answer = refused("ServiceUnavailable", None, client(each).create_pricing_plan, Name="early")
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
            assert request(f"{each}/")[0] == request(f"{each}/healthz")[0] == 200
        # Who is asked to end while it waits ends.
        context.server.stop()
        context.server.start()
        assert early.stdout.readline().strip() == f"{url}/"
        context.broker.restart()
        for each in (url, context.server.url):
            wait_for(lambda: request(f"{each}/readyz")[0] == 200, 120)
            assert context_bills(request(f"{each}/v1/bills?period={MONTH}")[2]) == before
            # The document is of June; the running month gets its own.
            assert client(each).create_pricing_plan(Name=f"early-{each.split(':')[-1]}")["Arn"]
    finally:
        early.send_signal(signal.SIGTERM)
        assert early.wait(timeout=60) == 0
        early.stdout.close()


def case_a_closed_month_has_its_reports(context):
    assert get(f"{context.server.url}/v1/periods")["periods"][0]["state"] == "open"
    assert get(f"{context.server.url}/v1/reports?period={MONTH}")["reports"] == []
    context.command("close", "--period", MONTH)
    reports = wait_for(lambda: len(found := get(f"{context.server.url}/v1/reports?period={MONTH}")["reports"]) == 9 and found, 120)
    assert wait_for(lambda: get(f"{context.server.url}/v1/periods")["periods"][0]["state"] == "closed")
    for report in reports:
        account = report["usage_account_id"]
        folder = context.out / "cur" / report["billing_group"] / (f"accounts/{account}" if account else "") / "20260601-20260701"
        status, headers, body = request(context.server.url + report["path"])
        assert status == 200 and headers["Content-Type"] == "application/gzip"
        assert gzip.decompress(body) == gzip.decompress(next(folder.glob("*.csv.gz")).read_bytes()), report
    assert wait_for(context.agrees)


def case_a_month_that_closed_long_ago_leaves_the_view_but_for_its_reports(context):
    """api.months: here the running month and the one before; the sample's is older, and closed."""
    port = free_ports(1)[0]
    small = Server(context.proforma, ["--config", context.config, "--set", f"api.listen=127.0.0.1:{port}", "--set", "api.months=2",
                                      "--set", f"state.dir={context.folder / 'small'}"], context.folder / "small.log")
    with small:
        def is_gone():
            bills = get(f"{small.url}/v1/bills?period={MONTH}")["bills"]
            items = get(f"{small.url}/v1/line-items?period={MONTH}")["line_items"]
            days = get(f"{small.url}/v1/daily?period={MONTH}")["daily"]
            periods = [month["period"] for month in get(f"{small.url}/v1/periods")["periods"]]
            return not bills and not items and not days and MONTH not in periods
        wait_for(is_gone)
        item = get(f"{context.server.url}/v1/line-items?period={MONTH}&group={GROUP}")["line_items"][0]["line_item_id"]
        assert request(f"{small.url}/v1/line-items/{item}")[0] == 404
        reports = get(f"{small.url}/v1/reports?period={MONTH}")["reports"]
        assert len(reports) == 9
        whole = next(r for r in reports if r["billing_group"] == GROUP and not r["usage_account_id"])
        assert gzip.decompress(request(small.url + whole["path"])[2])
        assert client(small.url).list_billing_groups(BillingPeriod=MONTH)["BillingGroups"]
        small.stop(signal.SIGTERM)
        small.start()  # what is read again does not bring it back
        wait_for(is_gone)
    assert context.agrees()


def case_the_processor_ends(context):
    context.processor.send_signal(signal.SIGTERM)
    assert context.processor.wait(timeout=60) == 0


def main():
    arguments = command_line("--kafka-cat")
    try:
        with tempfile.TemporaryDirectory() as name, Broker(Path(name) / "broker") as broker:
            context = Context(arguments, Path(name), broker)
            with context.server:
                try:
                    return cases(globals(), context, arguments.only)
                finally:
                    if getattr(context, "processor", None) and context.processor.poll() is None:
                        context.processor.kill()
    except Unavailable as reason:
        print(f"skipped: {reason}")
        return SKIPPED


if __name__ == "__main__":
    sys.exit(main())
