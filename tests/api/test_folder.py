#!/usr/bin/env python3
"""serve --out: who may see what, signatures, the wire, proforma's own reads. No broker."""
import gzip
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kafka"))
from botocore.auth import SigV4Auth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402
from kafka_tools import free_ports  # noqa: E402

from api_tools import Server, cases, client, command_line, get, refused, request  # noqa: E402

DATA = Path(__file__).resolve().parent.parent / "data"
PAYER, GROUP, MEMBER, STRANGER, OTHER = "100000000001", "200000000011", "200000000012", "200000000041", "200000000021"
MONTH = "2026-06"
KEYS = {"payer": PAYER, "primary": GROUP, "member": MEMBER, "stranger": STRANGER}
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLE"
BILLABLE = ("billable_cost", "margin", "margin_percentage", "unblended_cost", "net_unblended_cost")


class Context:
    def __init__(self, arguments, folder):
        self.folder, self.proforma = folder, arguments.proforma
        self.out = folder / "out"
        lists = [part for name in ("AmazonS3", "AmazonEC2") for part in ("--price-list", DATA / f"pricelist/{name}.json")]
        self.run("price", "--conductor", DATA / "conductor.json", *lists, "--resource-ids", "--close", MONTH, "--out", self.out,
                 DATA / "cur_2026-06_hourly_normalized.csv.gz")
        self.keys = folder / "credentials"
        self.keys.write_text("# who may ask\n" + "".join(
            f"[{name}]\naws_access_key_id = AKIA{name.upper()}\naws_secret_access_key={SECRET}\nregion = eu-west-1\n"
            f"account={account}\n" + ("role = payer\n" if name == "payer" else "") for name, account in KEYS.items()))
        self.bills = [json.loads(line) for line in (self.out / "bills.jsonl").open()]
        self.items = [json.loads(line) for line in (self.out / "line-items.jsonl").open()]
        open_port, keyed_port = free_ports(2)
        self.open = self.server(open_port)
        self.keyed = self.server(keyed_port, "--set", f"api.credentials={self.keys}")

    def run(self, *words, code=0):
        done = subprocess.run([self.proforma, *map(str, words)], capture_output=True, text=True, timeout=120)
        assert done.returncode == code, (done.returncode, done.stderr)
        return done

    def server(self, port, *more):
        return Server(self.proforma, ["--out", self.out, "--set", f"api.listen=127.0.0.1:{port}", *more], self.folder / "log")

    def as_caller(self, name, path, method="GET", body=b"", headers=None):
        """Status and answer of a request that the caller signs."""
        wanted = AWSRequest(method=method, url=self.keyed.url + path, data=body, headers=headers or {})
        SigV4Auth(Credentials(f"AKIA{name.upper()}", SECRET), "billingconductor", "eu-west-1").add_auth(wanted)
        return request(self.keyed.url + path, method, body or None, dict(wanted.headers))

    def list(self, name, path, member):
        rows, token = [], None
        while True:
            status, _, body = self.as_caller(name, path + (f"&next={token}" if token else ""))
            assert status == 200, body
            answer = json.loads(body)
            rows += answer[member]
            token = answer.get("next")
            if not token:
                return rows


# ---- reads ----

def case_reads_show_what_price_wrote(context):
    url = context.open.url
    assert get(f"{url}/v1/periods") == {"periods": [{"period": MONTH, "state": "closed", "document": MONTH}]}
    shown = get(f"{url}/v1/bills?period={MONTH}")["bills"]
    assert sorted(map(str, shown)) == sorted(map(str, context.bills))
    one = get(f"{url}/v1/bills?period=2026-6&group={GROUP}")["bills"]
    assert len(one) == len([b for b in context.bills if b["billing_group"] == GROUP]) > 10
    items, token = [], ""
    while token is not None:
        page = get(f"{url}/v1/line-items?period={MONTH}&next={token}")
        items, token = items + page["line_items"], page.get("next")
    assert len(items) == len(context.items) and {i["line_item_id"] for i in items} == {i["line_item_id"] for i in context.items}
    wanted = [i for i in context.items if i["usage_account_id"] == MEMBER and i["product_code"] == "AmazonEC2"]
    shown = get(f"{url}/v1/line-items?period={MONTH}&account={MEMBER}&service=AmazonEC2")["line_items"]
    assert len(shown) == min(len(wanted), 1000) and all(i in wanted for i in shown[:20])


def case_days_add_up_to_the_bill(context):
    rows = get(f"{context.open.url}/v1/daily?period={MONTH}&group={GROUP}")["daily"]
    total = next(b for b in context.bills if b["billing_group"] == GROUP and not b["usage_account_id"] and not b["product_code"])
    assert sum(Decimal(r["cost"]) for r in rows) == Decimal(total["cost"])
    assert sum(Decimal(r["billable_cost"]) for r in rows) == Decimal(total["billable_cost"])
    assert {r["day"][:8] for r in rows} == {"2026-06-"} and len({r["day"] for r in rows}) == 30


def case_the_state_is_the_summary_s(context):
    state = get(f"{context.open.url}/v1/state")
    summary = json.loads((context.out / "summary.json").read_text())
    assert state["counts"] == {k: v for k, v in summary.items() if isinstance(v, int)} and state["counts"]["priced"] == 10992
    assert state["dead_letters"] == []
    assert [context.as_caller(name, "/v1/state")[0] for name in KEYS] == [200, 403, 403, 403]


def case_a_line_item_explains_itself(context):
    item = next(i for i in context.items if i.get("tier") == 2)
    shown = get(f"{context.open.url}/v1/line-items/{item['line_item_id']}")
    assert shown["pricing_rule"] in shown["explanation"] and "(checked)" in shown["explanation"]
    assert {k: v for k, v in shown.items() if k != "explanation"} == item
    for unknown in ("a" * 26, "short", "A" * 26, "..", "a/b"):
        assert request(f"{context.open.url}/v1/line-items/{unknown}")[0] == 404


def case_reports_are_the_files(context):
    url = context.open.url
    reports = get(f"{url}/v1/reports?period={MONTH}")["reports"]
    files = sorted(str(p.relative_to(context.out / "cur")) for p in context.out.glob("cur/**/*.csv.gz"))
    assert len(reports) == len(files) == 9
    for report in reports:
        status, headers, body = request(url + report["path"])
        assert status == 200 and headers["Content-Type"] == "application/gzip" and not headers["Content-Encoding"]
        assert gzip.decompress(body).startswith(b"bill/") or b"\n" in gzip.decompress(body)
    assert request(url + reports[0]["path"])[2] == (context.out / "cur" / files[0]).read_bytes() or len(files) > 1
    assert get(f"{url}/v1/reports?period=2026-05") == {"reports": []}
    for unknown in (f"{MONTH}/..", f"{MONTH}/{GROUP}/../x", "2026-13/x", f"{MONTH}/nobody", f"{MONTH}/%2e%2e"):
        assert request(f"{url}/v1/reports/{unknown}")[0] == 404, unknown


def case_bad_questions_are_refused(context):
    url = context.open.url
    for path in ("/v1/bills", "/v1/bills?period=", "/v1/bills?period=2026-13", "/v1/bills?period=x", "/v1/daily?period=2026-00",
                 f"/v1/bills?period={MONTH}&period={MONTH}", f"/v1/bills?period={MONTH}&group=%zz",
                 f"/v1/bills?period={MONTH}&group=%00", f"/v1/line-items?period={MONTH}&next=junk",
                 f"/v1/line-items?period={MONTH}&next={'0' * 40}", "/v1/reports"):
        status, headers, body = request(url + path)
        assert status == 400 and json.loads(body)["Reason"], (path, status, body)
    for path in ("/v1/nothing", "/v1/", "/v1/bills/", "/v1//bills", "/V1/bills", "/nothing", "/list-billing-groups/"):
        status, headers, body = request(url + path)
        assert status == 404 and headers["x-amzn-ErrorType"] == "UnknownOperationException", (path, status)
    for method in ("POST", "DELETE", "PUT"):
        assert request(f"{url}/v1/bills?period={MONTH}", method)[0] == 405
    assert request(f"{url}/list-billing-groups", "GET")[0] == 405
    token = get(f"{url}/v1/line-items?period={MONTH}")["next"]
    assert request(f"{url}/v1/line-items?period={MONTH}&group={GROUP}&next={token}")[0] == 400


# ---- roles ----

def case_each_role_sees_its_own(context):
    """The matrix: what each caller gets of bills, days, line items and reports."""
    wanted = {
        "payer": lambda group, account: True,
        "primary": lambda group, account: group == GROUP,
        "member": lambda group, account: group == GROUP and account == MEMBER,
        "stranger": lambda group, account: False,
    }
    for name, may_see in wanted.items():
        bills = context.list(name, f"/v1/bills?period={MONTH}", "bills")
        expected = [b for b in context.bills if may_see(b["billing_group"], b["usage_account_id"])]
        assert len(bills) == len(expected), name
        items = context.list(name, f"/v1/line-items?period={MONTH}", "line_items")
        assert len(items) == len([i for i in context.items if may_see(i.get("billing_group", ""), i["usage_account_id"])]), name
        days = context.list(name, f"/v1/daily?period={MONTH}", "daily")
        assert all(may_see(d["billing_group"], d["usage_account_id"]) for d in days) and bool(days) == (name != "stranger")
        for row in bills + items + days:
            shown = [member for member in BILLABLE if member in row]
            assert name == "payer" or not shown, (name, shown)
        assert all("tax" in b for b in bills)
        reports = context.list(name, f"/v1/reports?period={MONTH}", "reports")
        assert {(r["billing_group"], r["usage_account_id"]) for r in reports} == {
            (g, a) for g, a in ((r["billing_group"], r["usage_account_id"]) for r in
                                context.list("payer", f"/v1/reports?period={MONTH}", "reports")) if may_see(g, a)}
        assert bool(context.list(name, f"/v1/periods?", "periods")) == (name != "stranger")


def case_what_is_another_s_looks_like_nothing(context):
    for name in ("primary", "member", "stranger"):
        for path, member in ((f"/v1/bills?period={MONTH}&group={OTHER}", "bills"),
                             (f"/v1/daily?period={MONTH}&group={OTHER}", "daily"),
                             (f"/v1/line-items?period={MONTH}&account={STRANGER}", "line_items")):
            if name == "stranger" and member == "line_items":
                continue
            assert context.list(name, path, member) == [], (name, path)
        foreign = next(i for i in context.items if i.get("billing_group") == OTHER)["line_item_id"]
        a = context.as_caller(name, f"/v1/line-items/{foreign}")
        b = context.as_caller(name, f"/v1/line-items/{'a' * 26}")
        assert (a[0], a[2]) == (b[0], b[2]) and a[0] == 404
        a = context.as_caller(name, f"/v1/reports/{MONTH}/{OTHER}")
        b = context.as_caller(name, f"/v1/reports/{MONTH}/nobody")
        assert (a[0], a[2]) == (b[0], b[2]) and a[0] == 404
    assert context.as_caller("member", f"/v1/reports/{MONTH}/{GROUP}")[0] == 404
    assert context.as_caller("member", f"/v1/reports/{MONTH}/{GROUP}/{MEMBER}")[0] == 200
    assert context.as_caller("primary", f"/v1/reports/{MONTH}/{GROUP}/{MEMBER}")[0] == 200


def case_a_customer_s_explanation_says_nothing_of_aws_s_bill(context):
    for base in {i.get("base") for i in context.items if i.get("billing_group") == GROUP}:
        item = next(i for i in context.items if i.get("base") == base and i.get("billing_group") == GROUP)
        status, _, body = context.as_caller("primary", f"/v1/line-items/{item['line_item_id']}")
        assert status == 200 and "AWS bills" not in json.loads(body)["explanation"]


def case_operations_are_the_payer_s(context):
    for path in ("/list-billing-groups", "/list-pricing-rules", "/create-pricing-rule", "/delete-billing-group"):
        for name in KEYS:
            status, headers, body = context.as_caller(name, path, "POST", b"{not json", {"Content-Type": "application/json"})
            expected = (400, "ValidationException") if name == "payer" else (403, "AccessDeniedException")
            assert (status, headers["x-amzn-ErrorType"]) == expected, (name, path, status, body)


def case_a_folder_cannot_be_changed(context):
    c = client(context.open.url)
    refused("AccessDeniedException", None, c.delete_billing_group, Arn=GROUP)
    # Nor can what a change would do be asked: rows of a folder need not be a whole month's, nor its prices at hand.
    change = {"Operation": "DeleteBillingGroup", "Input": {"Arn": GROUP}}
    status, headers, body = request(f"{context.open.url}/v1/preview", "POST", json.dumps({"Changes": [change]}).encode(),
                                    {"Content-Type": "application/json"})
    assert (status, headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException") and b"no change to preview" in body, body
    assert context.as_caller("primary", "/v1/preview", "POST", b"{}", {"Content-Type": "application/json"})[0] == 403


# ---- signatures ----

def case_boto3_signs_in_any_region(context):
    for region in ("us-east-1", "eu-central-1", "cn-north-1"):
        c = client(context.keyed.url, "AKIAPAYER", SECRET, region)
        arn = c.list_billing_groups()["BillingGroups"][0]["Arn"]
        assert c.list_tags_for_resource(ResourceArn=arn)["Tags"] == {}


def case_wrong_signatures_have_their_names(context):
    url = context.keyed.url

    def code(c, call="list_billing_groups", **arguments):
        try:
            getattr(c, call)(**arguments)
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
            return error.response["Error"]["Code"]
        return "signed"
    assert code(client(url, "AKIAPAYER", SECRET)) == "signed"
    assert code(client(url, "AKIANOBODY", SECRET)) == "UnrecognizedClientException"
    assert code(client(url, "AKIAPAYER", SECRET[:-1] + "f")) == "InvalidSignatureException"
    status, headers, body = request(f"{url}/list-billing-groups", "POST")
    assert status == 403 and headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException" and b'"message"' in body
    assert request(f"{url}/nothing")[0] == 403, "a bad signature is told before an unknown path"
    for header in ("Basic abc", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, Signature=" + "0" * 64,
                   "AWS4-HMAC-SHA256 Credential=AKIAPAYER/x, SignedHeaders=host, Signature=" + "0" * 64):
        status, headers, _ = request(f"{url}/v1/periods", headers={"Authorization": header, "X-Amz-Date": "20260601T000000Z"})
        assert (status, headers["x-amzn-ErrorType"]) == (403, "IncompleteSignatureException"), header


def signed(context, method="POST", path="/list-billing-groups", body=b"{}", shift=0, service="billingconductor", **headers):
    """Headers of a signed request; its time may lie off."""
    import botocore.auth
    headers = {"Content-Type": "application/json", **headers}
    wanted = AWSRequest(method=method, url=context.keyed.url + path, data=body, headers=headers)
    signer = SigV4Auth(Credentials("AKIAPAYER", SECRET), service, "us-east-1")
    true_now = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: true_now(remove_tzinfo) + __import__("datetime").timedelta(
        seconds=shift)
    try:
        signer.add_auth(wanted)
    finally:
        botocore.auth.get_current_datetime = true_now
    return dict(wanted.headers)


def case_nothing_that_is_signed_can_be_swapped(context):
    url = context.keyed.url
    good = signed(context)

    def status(method="POST", path="/list-billing-groups", body=b"{}", headers=good):
        code, answer, _ = request(url + path, method, body, headers)
        return code, answer["x-amzn-ErrorType"]
    wrong = (403, "InvalidSignatureException")
    assert status()[0] == 200 and status()[0] == 200
    assert status(path="/list-pricing-rules") == wrong
    assert status(path="/list-billing-groups?a=b") == wrong
    assert status(method="PUT") == wrong
    assert status(body=b'{"MaxResults":1}') == wrong
    assert status(headers={**good, "X-Amz-Security-Token": "unsigned"}) == wrong
    assert status(headers={**good, "Unsigned": "may come"})[0] == 200
    for shift in (-16 * 60, 16 * 60, -86400):
        assert status(headers=signed(context, shift=shift)) == wrong
    for shift in (-14 * 60, 14 * 60):
        assert status(headers=signed(context, shift=shift))[0] == 200
    assert status(headers=signed(context, service="billing")) == wrong
    assert status(headers=signed(context, **{"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"})) == wrong
    assert status(path="/v1/bills?group=a%20b&period=2026-06&a=%2B", method="GET", body=None, headers=signed(
        context, "GET", "/v1/bills?group=a%20b&period=2026-06&a=%2B", b""))[0] == 200


def case_credentials_are_checked_at_the_start(context):
    for text, expected in (("", "no section"), ("[a]\naws_access_key_id=A\n", "lacks"), ("x=y\n", "before the first section"),
                           ("[a]\naws_access_key_id=A\naws_secret_access_key=hush-hush\naccount=12\n", "12 digits"),
                           ("[a]\naws_access_key_id=A\naws_secret_access_key=hush-hush\naccount=123456789012\nrole=admin\n", "payer")):
        bad = context.folder / "bad"
        bad.write_text(text)
        done = context.run("serve", "--out", context.out, "--set", f"api.credentials={bad}", code=2)
        assert expected in done.stderr and "hush-hush" not in done.stderr, done.stderr
    for address in ("0.0.0.0:9465", "[::]:9465", "192.0.2.1:9465"):
        assert "api.credentials" in context.run("serve", "--out", context.out, "--set", f"api.listen={address}", code=2).stderr
        assert "tls" in context.run("serve", "--out", context.out, "--set", f"api.listen={address}", "--set",
                                    f"api.credentials={context.keys}", code=2).stderr


def case_a_page_from_elsewhere_is_turned_away(context):
    url = context.open.url
    assert request(f"{url}/v1/periods", headers={"Origin": "http://evil.example"})[0] == 403
    assert request(f"{url}/v1/periods", headers={"Host": "rebound.example"})[0] == 403
    assert request(f"{url}/v1/periods", headers={"Origin": url})[0] == 200


def case_tls_is_spoken_with_a_certificate(context):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", "tls.key", "-out", "tls.pem"], cwd=context.folder, check=True,
                   capture_output=True)
    port = free_ports(1)[0]
    pair = ["--set", f"api.tls.certificate={context.folder / 'tls.pem'}", "--set", f"api.tls.key={context.folder / 'tls.key'}"]
    with context.server(port, *pair) as server:
        assert server.url.startswith("https://")
        trust = ssl.create_default_context(cafile=context.folder / "tls.pem")
        with urllib.request.urlopen(f"https://127.0.0.1:{port}/v1/periods", context=trust, timeout=30) as answer:
            assert json.loads(answer.read())["periods"]
        assert raw_to(port, b"GET /v1/periods HTTP/1.1\r\nHost: localhost\r\n\r\n").find(b"HTTP/1.1 200") < 0
    assert "both or neither" in context.run("serve", "--out", context.out, *pair[:2], code=2).stderr


# ---- the wire ----

def raw(context, data, seconds=10):
    return raw_to(int(context.open.url.rsplit(":")[-1]), data, seconds)


def raw_to(port, data, seconds=10):
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(data)
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except ConnectionResetError:
            return answer
        except TimeoutError:
            return answer + b"(open)"
    return answer


def case_framing_with_two_readings_is_refused_and_ends(context):
    post = b"POST /list-billing-groups HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    for head in (post + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", post + b"Content-Length: -1\r\n\r\n",
                 post + b"Content-Length: x\r\n\r\n", post + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
                 b"POST /list-billing-groups HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
                 post + b"Host: other\r\nContent-Length: 0\r\n\r\n", post + b"Bad Name: x\r\nContent-Length: 0\r\n\r\n",
                 post + b"Na\0me: x\r\nContent-Length: 0\r\n\r\n", post + b"Content-Length : 2\r\n\r\n{}"):
        answer = raw(context, head)
        assert answer.startswith(b"HTTP/1.1 400") and not answer.endswith(b"(open)"), (head, answer[:200])
    assert raw(context, b"nonsense\r\n\r\n") == b"", "what is no HTTP at all is hung up on"
    assert request(f"{context.open.url}/v1/periods")[0] == 200


def case_bodies_are_bounded_and_read_as_json(context):
    url = f"{context.open.url}/list-billing-groups"
    kind = {"Content-Type": "application/json"}

    def answer(body, headers=kind):
        status, _, text = request(url, "POST", body, headers)
        return status, json.loads(text).get("Reason")
    assert answer(b"")[0] == answer(b"{}")[0] == answer(b' {"MaxResults": null, "New": [1]} ')[0] == 200
    assert answer(b"{}", {"Content-Type": "APPLICATION/JSON; charset=utf-8"})[0] == 200
    for body in (b"{", b"[]", b"1", b'{"a":NaN}', b'{"a":1e999}', b"\xff", b'{"a":"\\ud800"}', b"[" * 100000, b'{"a":1,"a":2}'):
        assert answer(body) == (400, "CANNOT_PARSE"), body[:20]
    for body in (b'{"MaxResults":"1"}', b'{"MaxResults":1.5}', b'{"MaxResults":0}', b'{"MaxResults":true}',
                 b'{"Filters":[]}', b'{"Filters":{"AutoAssociate":"true"}}', b'{"BillingPeriod":"2026-13"}',
                 b'{"BillingPeriod":"2026-06\\n"}', b'{"BillingPeriod":"2026-06\\u0000"}', b'{"Filters":{"Arns":[]}}'):
        assert answer(body) == (400, "FIELD_VALIDATION_FAILED"), body
    fields = json.loads(request(url, "POST", b'{"Filters":{"Arns":["x"],"Statuses":["A"]},"MaxResults":0}', kind)[2])["Fields"]
    assert {f["Name"] for f in fields} == {"Filters.Arns[0]", "Filters.Statuses[0]", "MaxResults"}
    assert answer(b"{}", {"Content-Type": "text/plain"})[0] in (400, 415)
    assert request(url, "POST", b" " * (1024 * 1024 + 1), kind)[0] == 413
    assert request(url, "POST", b" " * (1024 * 1024), kind)[0] == 200
    chunked = http.client.HTTPConnection(context.open.url.split("//")[1])
    chunked.request("POST", "/list-billing-groups", iter([b"{", b"}"]), kind, encode_chunked=True)
    reply = chunked.getresponse()
    assert reply.status in (200, 411) and reply.getheader("Date") and reply.getheader("x-amzn-RequestId")


def case_idle_and_half_sent_connections_hold_up_nobody(context):
    host, port = context.open.url.split("//")[1].split(":")
    held = [socket.create_connection((host, int(port))) for _ in range(60)]
    for i, connection in enumerate(held):
        if i % 2:
            connection.sendall(b"POST /list-billing-groups HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
    for _ in range(20):
        assert request(f"{context.open.url}/v1/periods")[0] == 200
    for connection in held:
        connection.close()


def case_events_flow_and_live(context):
    host = context.open.url.split("//")[1]
    connection = http.client.HTTPConnection(host, timeout=20)
    connection.request("GET", "/v1/events")
    reply = connection.getresponse()
    assert reply.status == 200 and reply.getheader("Content-Type") == "text/event-stream"
    assert reply.fp.readline() and b"retry" in reply.fp.readline()
    connection.close()


def case_load_ends_without_error_or_growth(context):
    """Four clients on kept connections: every answer whole and equal, memory as it was."""
    path = f"/v1/bills?period={MONTH}&group={GROUP}"
    expected = request(context.open.url + path)[2]
    wrong = []

    def ask(count):
        connection = http.client.HTTPConnection(context.open.url.split("//")[1])
        for _ in range(count):
            connection.request("GET", path)
            if connection.getresponse().read() != expected:
                wrong.append(1)
    def round_of(count):
        threads = [threading.Thread(target=ask, args=(count,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    round_of(300)
    before = context.open.memory_kib()
    begun = time.monotonic()
    round_of(1000)
    print(f"  {4000 / (time.monotonic() - begun):.0f} requests/s through a client in Python")
    assert not wrong and context.open.memory_kib() < before + 16 * 1024


def main():
    arguments = command_line()
    with tempfile.TemporaryDirectory() as name:
        os.environ["TMPDIR"] = name
        context = Context(arguments, Path(name))
        with context.open, context.keyed:
            failed = cases(globals(), context, arguments.only)
        assert not list(Path(name).glob("proforma-serve-*")), "a temporary folder is left"
    return failed


if __name__ == "__main__":
    sys.exit(main())
