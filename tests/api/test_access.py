#!/usr/bin/env python3
"""serve --out: every operation and path by every role and method; signatures that were moved, made up or are of another kind;
connections that are many, slow or left."""
import datetime
import http.client
import json
import os
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kafka"))
import botocore.session  # noqa: E402
from botocore.auth import SigV4Auth, SigV4QueryAuth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402

from kafka_tools import free_ports  # noqa: E402

from api_tools import cases, command_line, request, wait_for  # noqa: E402
from test_folder import BILLABLE, GROUP, KEYS, MEMBER, MONTH, OTHER, SECRET, Context, raw_to  # noqa: E402

MODEL = botocore.session.get_session().get_service_model("billingconductor")
ARN = f"arn%3Aaws%3Abillingconductor%3A%3A100000000001%3Abillinggroup%2F{GROUP}"
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW")


def operations():
    """Name, method and path of each, as the SDKs have them."""
    for name in MODEL.operation_names:
        http_part = MODEL.operation_model(name).http
        yield name, http_part["method"], http_part["requestUri"].replace("{ResourceArn}", ARN)


def reads(context):
    item = next(i for i in context.items if i.get("billing_group") == GROUP and i["usage_account_id"] == MEMBER)["line_item_id"]
    foreign = next(i for i in context.items if i.get("billing_group") == OTHER)["line_item_id"]
    # path, who gets 200 (others: what the last member says)
    return [
        ("/v1/periods", KEYS, 200), (f"/v1/bills?period={MONTH}", KEYS, 200), (f"/v1/daily?period={MONTH}", KEYS, 200),
        (f"/v1/line-items?period={MONTH}", KEYS, 200), (f"/v1/reports?period={MONTH}", KEYS, 200), ("/v1/caller", KEYS, 200),
        ("/v1/state", ["payer"], 403),
        (f"/v1/line-items/{item}", ["payer", "primary", "member"], 404), (f"/v1/line-items/{foreign}", ["payer"], 404),
        (f"/v1/reports/{MONTH}/{GROUP}", ["payer", "primary"], 404), (f"/v1/reports/{MONTH}/{OTHER}", ["payer"], 404),
        (f"/v1/reports/{MONTH}/{GROUP}/{MEMBER}", ["payer", "primary", "member"], 404),
        (f"/v1/reports/{MONTH}/{GROUP}/{GROUP}", ["payer", "primary"], 404), ("/v1/unknown", [], 404),
    ]


# ---- who may call what ----

def case_operations_are_the_payer_s_whatever_the_body(context):
    assert len(list(operations())) == 34
    for name, method, path in operations():
        for caller in KEYS:
            for body in (b"{}", b"{not json"):
                status, headers, answer = context.as_caller(caller, path, method, body if method in ("POST", "PUT") else b"",
                                                            {"Content-Type": "application/json"})
                kind = headers["x-amzn-ErrorType"]
                if caller == "payer":
                    assert status != 403 or b"nothing can be changed" in answer, (name, status, answer)
                else:
                    assert (status, kind) == (403, "AccessDeniedException"), (name, caller, status)
                    assert answer == context.as_caller("stranger", "/list-billing-groups", "POST", b"{}")[2], "one answer for all"


def case_previews_are_the_payer_s(context):
    for caller in KEYS:
        status, headers, body = context.as_caller(caller, "/v1/preview", "POST", b'{"Changes":[]}', {"Content-Type": "application/json"})
        assert (status, headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException"), "a folder cannot be changed by anybody"
        assert (b"folder" in body) == (caller == "payer")
        assert context.as_caller(caller, "/v1/preview")[0] == 405


def case_other_methods_of_an_operation_are_not_known(context):
    by_path = {}
    for _, method, path in operations():
        by_path.setdefault(path, set()).add(method)
    for path, known in by_path.items():
        for method in set(METHODS) - known:
            status, headers, body = context.as_caller("payer", path, method)
            assert status == 405 and set(headers["Allow"].split(", ")) == known, (path, method, status, headers["Allow"])
            assert headers["x-amzn-ErrorType"] == "UnknownOperationException" and (method == "HEAD" or json.loads(body))
            assert context.as_caller("primary", path, method)[0] in (403, 405), (path, method)


def case_the_page_and_health_are_read_and_nothing_else(context):
    for path in ("/", "/index.html", "/app.js", "/healthz", "/readyz"):
        assert request(context.open.url + path)[2] and request(context.open.url + path, "HEAD")[::2] == (200, b"")
        for method in set(METHODS) - {"GET", "HEAD"}:
            status, headers, _ = request(context.open.url + path, method)
            assert (status, headers["Allow"], headers["x-amzn-ErrorType"]) == (405, "GET, HEAD", "UnknownOperationException"), (path, method)
            assert request(context.keyed.url + path, method)[0] == 403, (path, method)


def case_each_read_by_each_role_and_method(context):
    for path, allowed, otherwise in reads(context):
        for caller in KEYS:
            expected = 200 if caller in allowed else otherwise
            status, headers, body = context.as_caller(caller, path)
            assert status == expected, (path, caller, status, body[:200])
            head = context.as_caller(caller, path, "HEAD")
            assert (head[0], head[2]) == (expected, b"") and head[1]["Content-Length"] == str(len(body)), (path, caller)
            if caller != "payer":
                says_nothing_of_aws(body, headers, (path, caller))
            for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
                status, headers, body = context.as_caller(caller, path, method)
                assert status == (404 if path == "/v1/unknown" else 405), (path, caller, method, status)


def says_nothing_of_aws(body, headers, what):
    """No figure and no name of one that is the payer's alone, wherever it may stand: members, words, a report's columns."""
    import gzip
    text = (gzip.decompress(body) if headers["Content-Type"] == "application/gzip" else body).decode()
    for name in BILLABLE:
        if headers["Content-Type"] != "application/gzip":
            assert f'"{name}"' not in text, (what, name)
    for words in ("AWS bills", "billable", "margin", "Margin"):
        assert words not in text, (what, words)


def case_figures_of_aws_are_nowhere_in_what_a_customer_gets(context):
    """Every figure that only the payer's records have is looked for in all that a customer can ask for."""
    secret = set()
    for bill in context.bills:
        secret |= {bill[m] for m in ("billable_cost", "margin") if bill["billing_group"] == GROUP and bill[m] not in ("0", bill["cost"])}
    for row in context.items:
        if row.get("billing_group") == GROUP:
            secret |= {row[m] for m in ("billable_cost",) if row.get(m) not in (None, "0", row["cost"], row.get("public_cost"))}
    shown = {row[m] for row in context.items if row.get("billing_group") == GROUP
             for m in ("cost", "public_cost", "public_on_demand_cost", "rate", "public_rate", "cost_delta", "usage_amount") if row.get(m)}
    shown |= {b["cost"] for b in context.bills} | {b["public_cost"] for b in context.bills}
    secret = {figure for figure in secret - shown if len(figure) > 8}
    assert len(secret) > 10, secret
    pages = [context.as_caller("primary", path)[2].decode() for path in (f"/v1/bills?period={MONTH}", "/v1/caller", "/v1/periods")]
    pages += [json.dumps(row) for row in context.list("primary", f"/v1/line-items?period={MONTH}", "line_items")]
    pages += [json.dumps(row) for row in context.list("primary", f"/v1/daily?period={MONTH}", "daily")]
    for row in [i for i in context.items if i.get("billing_group") == GROUP][::400]:
        pages.append(context.as_caller("primary", f"/v1/line-items/{row['line_item_id']}")[2].decode())
    text = "\n".join(pages)
    found = [figure for figure in secret if f'"{figure}"' in text or f" {figure} " in text]
    assert not found, found[:5]


def case_a_commitment_that_is_not_the_group_s_is_hidden_as_in_its_cur(context):
    """What AWS takes for the row would follow from its effective cost, and whose it is from its ARN."""
    keys = context.folder / "other-keys"
    keys.write_text(f"[other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = {SECRET}\naccount = {OTHER}\n")
    rows = [i for i in context.items if i.get("billing_group") == OTHER and "reservation_effective_cost" in i]
    assert rows and all(i["base"] != "UNBLENDED_COST" for i in rows)
    path = f"/v1/line-items/{rows[0]['line_item_id']}"
    with context.server(free_ports(1)[0], "--set", f"api.credentials={keys}") as server:
        wanted = AWSRequest(method="GET", url=server.url + path)
        SigV4Auth(Credentials("AKIAOTHER", SECRET), "billingconductor", "eu-west-1").add_auth(wanted)
        status, _, body = request(server.url + path, headers=dict(wanted.headers))
    shown = json.loads(body)
    assert status == 200 and shown["cost"] == rows[0]["cost"]
    assert not [m for m in shown if m.startswith(("reservation_", "savings_plan_"))], shown
    assert rows[0]["reservation_arn"] not in shown["explanation"]
    assert "reservation_effective_cost" in json.loads(context.as_caller("payer", path)[2])


def case_the_stream_tells_a_customer_of_its_own_group_alone(context):
    for caller in ("primary", "member", "stranger"):
        status, headers, body = stream(context, caller)
        assert status == 200 and headers["Content-Type"] == "text/event-stream"
        assert body == b'retry: 2000\n\nevent: state\ndata: {"health":"ready"}\n\n', body


def stream(context, caller):
    headers = sign(context, caller, "/v1/events")
    connection = http.client.HTTPConnection(context.keyed.url.split("//")[1], timeout=20)
    connection.request("GET", "/v1/events", headers=headers)
    reply = connection.getresponse()
    body = reply.read1(4096)
    connection.close()
    return reply.status, reply.headers, body


def case_without_a_key_nothing_is_told_but_the_page(context):
    url = context.keyed.url
    for path in ["/v1/periods", "/v1/events", "/v1/caller", "/nothing", "/v1/nothing"] + [p for _, _, p in operations()]:
        for method in METHODS:
            status, headers, _ = request(url + path, method)
            assert (status, headers["x-amzn-ErrorType"]) == (403, "MissingAuthenticationTokenException"), (path, method, status)
    assert request(url + "/")[0] == 200 and request(url + "/app.js")[0] == 200


# ---- signatures ----

def sign(context, caller, path, method="GET", body=b"", headers=None, token=None, auth=SigV4Auth, service="billingconductor"):
    wanted = AWSRequest(method=method, url=context.keyed.url + path, data=body, headers=headers or {})
    auth(Credentials(f"AKIA{caller.upper()}", SECRET, token), service, "eu-west-1").add_auth(wanted)
    return dict(wanted.headers)


def verdict(context, path, headers, method="GET", body=None):
    status, answer, text = request(context.keyed.url + path, method, body, headers)
    return answer["x-amzn-ErrorType"] or status


def case_a_session_token_is_refused_as_aws_refuses_one_of_a_lasting_key(context):
    good = sign(context, "payer", "/v1/periods")
    assert verdict(context, "/v1/periods", good) == 200
    assert verdict(context, "/v1/periods", sign(context, "payer", "/v1/periods", token="FwoGZXIvYXdzEXAMPLE")) == \
        "UnrecognizedClientException"
    assert verdict(context, "/v1/periods", {**good, "X-Amz-Security-Token": "not signed"}) == "InvalidSignatureException"


def case_a_presigned_address_is_no_signature(context):
    wanted = AWSRequest(method="GET", url=context.keyed.url + "/v1/periods")
    SigV4QueryAuth(Credentials("AKIAPAYER", SECRET), "billingconductor", "eu-west-1", 60).add_auth(wanted)
    assert "X-Amz-Signature=" in wanted.url
    assert verdict(context, wanted.url[len(context.keyed.url):], {}) == "MissingAuthenticationTokenException"


def case_a_signature_of_one_request_is_none_of_another(context):
    """Moved to each other path, query, method and body that the server knows."""
    post = {"Content-Type": "application/json"}
    signed = sign(context, "payer", "/list-billing-groups", "POST", b'{"MaxResults":1}', post)
    assert verdict(context, "/list-billing-groups", signed, "POST", b'{"MaxResults":1}') == 200
    wrong = "InvalidSignatureException"
    for name, method, path in operations():
        if path != "/list-billing-groups":
            assert verdict(context, path, signed, method, b'{"MaxResults":1}' if method in ("POST", "PUT") else None) == wrong, name
    for body in (b"", b"{}", b'{"MaxResults":2}', b'{"MaxResults":1} ', b'{"MaxResults":1}\0'):
        assert verdict(context, "/list-billing-groups", signed, "POST", body) == wrong, body
    for path in ("/list-billing-groups?", "/list-billing-groups?a"):
        expected = 200 if path.endswith("?") else wrong  # an empty query is none
        assert verdict(context, path, signed, "POST", b'{"MaxResults":1}') == expected, path
    get = sign(context, "payer", f"/v1/bills?period={MONTH}&group={GROUP}")
    for path in (f"/v1/bills?period={MONTH}&group={OTHER}", f"/v1/bills?period={MONTH}", f"/v1/daily?period={MONTH}&group={GROUP}",
                 f"/v1/bills?period={MONTH}&group={GROUP}&group={GROUP}", f"/v1/bills?period={MONTH}&group={GROUP}&x"):
        assert verdict(context, path, get) == wrong, path
    for other in (f"/v1/bills?group={GROUP}&period={MONTH}", f"/v1/bills?period={MONTH}&group=%32{GROUP[1:]}"):
        assert verdict(context, other, get) == 200, "the same question in other words"


def case_keys_and_scopes_are_not_mixed(context):
    good = sign(context, "primary", "/v1/periods")
    header = good["Authorization"]
    wrong = "InvalidSignatureException"
    day = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d")
    for change, expected in (
            (("AKIAPRIMARY", "akiaprimary"), "UnrecognizedClientException"),
            (("eu-west-1", "eu-west-2"), wrong), (("billingconductor", "BillingConductor"), wrong),
            (("aws4_request", "aws4_requests"), wrong), ((day, "20200101"), wrong), (("Signature=", "Signature=00"), "IncompleteSignatureException"),
            (("SignedHeaders=host;x-amz-date", "SignedHeaders=x-amz-date"), wrong),
            (("SignedHeaders=host;x-amz-date", "SignedHeaders=x-amz-date;host"), wrong),
            (("SignedHeaders=host;x-amz-date", "SignedHeaders=Host;X-Amz-Date"), wrong),
            (("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "IncompleteSignatureException")):
        assert change[0] in header, (change, header)
        assert verdict(context, "/v1/periods", {**good, "Authorization": header.replace(*change)}) == expected, change
    assert verdict(context, "/v1/periods", sign(context, "primary", "/v1/periods", service="sts")) == wrong


def case_names_of_headers_are_equal_in_any_case_and_queries_with_a_key_twice_are_signed(context):
    host, port = context.keyed.url.split("//")[1].split(":")
    path = "/v1/periods?b=2&a=1&a=%2B&a=&A=x"
    headers = sign(context, "payer", path)
    for change in (str.lower, str.upper, str.title):
        lines = "".join(f"{change(name)}: {value}\r\n" for name, value in headers.items())
        answer = raw_to(int(port), f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{lines}Connection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 200"), (change, answer[:200])
    spread = sign(context, "payer", path, headers={"X-Amz-Note": "a b"})
    lines = "".join(f"{name}: {value}\r\n" for name, value in spread.items() if name != "X-Amz-Note")
    for value, expected in (("  a   b ", b"200"), ("a\tb", b"200"), ("ab", b"403"), ("a b c", b"403")):
        answer = raw_to(int(port), f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{lines}X-Amz-Note: {value}\r\n"
                                   "Connection: close\r\n\r\n".encode())
        assert answer.split()[1] == expected, (value, answer[:200])
    doubled = sign(context, "payer", "/v1/periods")
    lines = "".join(f"{name}: {value}\r\n" for name, value in doubled.items())
    twice = raw_to(int(port), f"GET /v1/periods HTTP/1.1\r\nHost: {host}:{port}\r\n{lines}Authorization: x\r\nConnection: close\r\n\r\n"
                   .encode())
    assert b"IncompleteSignatureException" in twice


def said_to(server, request_line, headers, body=b""):
    """Status and JSON of a request whose line is as given."""
    host, port = server.url.split("//")[1].split(":")
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    answer = raw_to(int(port), f"{request_line} HTTP/1.1\r\nHost: {host}:{port}\r\n{lines}Content-Length: {len(body)}\r\n"
                               "Connection: close\r\n\r\n".encode() + body)
    head, _, text = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(text or b"{}")


def case_a_target_in_absolute_form_is_its_path_also_to_the_signature(context):
    post = {"Content-Type": "application/json"}
    for path, method, body, kind in ((f"/v1/bills?period={MONTH}&group={GROUP}", "GET", b"", {}), ("/list-billing-groups", "POST", b"{}", post),
                                     (f"/tags/{ARN}", "GET", b"", {})):
        headers = sign(context, "payer", path, method, body, kind)
        _, expected = said_to(context.keyed, f"{method} {path}", headers, body)
        for base in (context.keyed.url, "HTTPS://elsewhere", "http://user:word@[::1]:1"):
            assert said_to(context.keyed, f"{method} {base}{path}", headers, body) == (200, expected), (base, path)
        assert said_to(context.keyed, f"{method} {context.keyed.url}/{path}", headers, body)[0] == 403, "two slashes are another path"
        assert said_to(context.open, f"{method} {context.open.url}{path}", kind, body) == (200, expected)
    assert said_to(context.open, f"GET {context.open.url}/nothing", {})[0] == 404
    assert said_to(context.open, f"OPTIONS {context.open.url}", {})[0] == 405, "the page"
    assert said_to(context.open, "OPTIONS *", {})[0] == said_to(context.open, "CONNECT localhost:80", {})[0] == 404


def case_an_arn_in_a_path_is_decoded_once_and_a_query_s_values_may_be_empty(context):
    arn = f"arn:aws:billingconductor::100000000001:billinggroup/{GROUP}"
    for path, expected in ((arn, 200), (ARN, 200), (ARN.lower(), 200), (arn.replace("a", "%61"), 200), (ARN.replace("%", "%25"), 400),
                           (ARN + "%", 404), (ARN + "%zz", 404), (ARN + "%2", 404), (ARN + "%00", 404), (ARN + "%20", 400), (ARN + "+", 400),
                           (ARN + "/", 404), (ARN + "%2F", 400), ("", 404), ("%2e%2e", 400), ("%C3%A9", 400), ("%ff", 400)):
        path = f"/tags/{path}"
        for answer in (said_to(context.open, f"GET {path}", {}), said_to(context.keyed, f"GET {path}", sign(context, "payer", path))):
            assert answer[0] == expected, (path, answer)
    path = f"/tags/{ARN}"
    for query in ("", "tagKeys", "tagKeys=", "tagKeys=&tagKeys=a", "tagkeys=a", "tagKeys=" + "a" * 129, "tagKeys=%FF"):
        headers = sign(context, "payer", f"{path}?{query}", "DELETE")
        status, answer = said_to(context.keyed, f"DELETE {path}?{query}", headers)
        assert said_to(context.open, f"DELETE {path}?{query}", {}) == (status, answer), query
        assert status == 400 and answer["__type"] == "ValidationException", (query, status, answer)
    assert said_to(context.open, f"DELETE {path}?tagKeys=%00", {})[0] == 400
    whole = said_to(context.open, f"GET /v1/bills?period={MONTH}", {})
    for query in (f"period={MONTH}&group=&account=&service=&next=", f"group&period={MONTH}&x="):
        headers = sign(context, "payer", f"/v1/bills?{query}")
        assert said_to(context.keyed, f"GET /v1/bills?{query}", headers) == whole, query
    assert said_to(context.open, f"GET /v1/bills?&&period={MONTH}&", {}) == whole
    assert said_to(context.open, f"GET /v1/bills?period={MONTH.replace('-', '%2D')}", {}) == whole
    for query in ("", "period", "period=", f"period={MONTH}&period={MONTH}", "period=%25", f"period={MONTH}%00", "period=2026-6x"):
        assert said_to(context.open, f"GET /v1/bills?{query}", {})[0] == 400, query


def case_no_answer_holds_a_secret(context):
    for path, headers in (("/v1/periods", {}), ("/v1/periods", {"Authorization": "AWS4-HMAC-SHA256 x"}), ("/nothing", {}),
                          ("/v1/periods", {**sign(context, "payer", "/v1/periods"), "X-Amz-Date": "20200101T000000Z"})):
        _, answer, body = request(context.keyed.url + path, headers=headers)
        assert SECRET not in body.decode() + str(answer) and "canonical" not in body.decode().lower()


# ---- connections ----

def case_the_wire_s_own_questions(context):
    port = int(context.open.url.rsplit(":")[-1])
    post = b"POST /list-billing-groups HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
    answer = raw_to(port, post + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n{}")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "), answer[:200]
    answer = raw_to(port, post + b"Content-Length: 2000000\r\nExpect: 100-continue\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 "), "who asks first is told first"
    block = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    for blocks, expected in ((31, b"200"), (33, b"413"), (200, b"413")):
        answer = raw_to(port, post + b"Transfer-Encoding: chunked\r\n\r\n" + block * blocks + b"2\r\n{}\r\n0\r\n\r\n")
        assert answer.split()[1] == expected, (blocks, answer[:100])
    for bad in (b"X: " + b"a" * 70000, b"X: a\r\n" * 120 + b"Y: b"):
        assert raw_to(port, b"GET /v1/periods HTTP/1.1\r\nHost: localhost\r\n" + bad + b"\r\n\r\n").split()[1] in (b"400", b"431")
    assert raw_to(port, b"GET /v1/periods?" + b"a" * 70000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n").split()[1] == b"414"
    assert request(f"{context.open.url}/v1/periods")[0] == 200


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


POST = b"POST /list-billing-groups HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
GET = b"GET /v1/periods HTTP/1.1\r\nHost: localhost\r\n"
# What is no HTTP, and the statuses of which one answers it: b"" where the connection just ends. libmicrohttpd answers some
# of them itself, in words of its own.
MALFORMED = [
    (b"nonsense\r\n\r\n", b""),
    (b"A" * 70000, b"414"), (b"GET /\r\n\r\n", b"400"), (b"GET / http/1.1\r\nHost: localhost\r\n\r\n", b"400"),
    (b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", b"505"), (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"505"),
    (b"GET /v1/periods HTTP/1.1\r\n\r\n", b"400"), (GET + b"no colon\r\n\r\n", b"400"),
    (b"GET /v1/periods HTTP/1.1\r\n folded: a\r\nHost: localhost\r\n\r\n", b"400"), (GET + b"X: \x01\r\n\r\n", b"400"),
    (GET + b"X: " + b"a" * 70000 + b"\r\n\r\n", b"431 400"), (GET + b"X: a\r\n" * 5000 + b"\r\n", b"431 400"),
    (b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"414"),
    (POST + b"Content-Length: -1\r\n\r\n", b"400"), (POST + b"Content-Length: 0x2\r\n\r\n{}", b"400"),
    (POST + b"Content-Length: " + b"9" * 23 + b"\r\n\r\n{}", b"413"), (POST + b"Content-Length: 9\r\nContent-Length: 2\r\n\r\n{}", b"400"),
    (POST + b"Transfer-Encoding: gzip\r\n\r\n{}", b"400"), (CHUNKED + b"zz\r\n", b"400"), (CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n", b"400"),
    (CHUNKED + b"f" * 20 + b"\r\n", b"413 400"), (CHUNKED + b"2\r\n{}x\r\n0\r\n\r\n", b"400"),
    (CHUNKED + b"2" + b";a" * 40000 + b"\r\n{}\r\n0\r\n\r\n", b"400 413 500"),
]


def said_and_gone(port, data):
    """What is answered to somebody who says no more; fails if the connection is left open."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        answer = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                answer += chunk
        except (ConnectionResetError, BrokenPipeError, OSError) as error:
            assert not isinstance(error, TimeoutError), data[:200]
        return answer


def case_what_is_no_http_ends_its_own_connection_and_nothing_else(context):
    port, before = int(context.open.url.rsplit(":")[-1]), descriptors(context.open)
    for _ in range(3):
        for data, statuses in MALFORMED:
            answer = said_and_gone(port, data)
            # An answer may be lost where the connection ends before all that was sent has been read.
            status = answer.split()[1] if answer else b""
            assert status in statuses.split() or not status, (data[:200], answer[:300])
            assert b"200" != status and SECRET.encode() not in answer
            assert request(f"{context.open.url}/v1/periods")[0] == 200, data[:200]
    wait_for(lambda: descriptors(context.open) <= before)


def case_hundreds_of_connections_hold_up_nobody(context):
    """Idle ones, half a line, half a header, half a body, a byte now and then."""
    host, port = context.open.url.split("//")[1].split(":")
    before = descriptors(context.open)
    parts = (b"", b"GET /v1/per", b"GET / HTTP/1.1\r\nHost: loc", b"POST /list-billing-groups HTTP/1.1\r\nHost: localhost\r\n"
             b"Content-Length: 100\r\n\r\n{")
    held = [socket.create_connection((host, int(port))) for _ in range(600)]
    for i, connection in enumerate(held):
        connection.sendall(parts[i % len(parts)])
    for _ in range(20):
        begun = time.monotonic()
        assert request(f"{context.open.url}/v1/periods")[0] == 200
        assert time.monotonic() - begun < 10
    for connection in held:
        connection.close()
    wait_for(lambda: descriptors(context.open) <= before + 2)


def case_streams_that_are_left_are_let_go_of_at_once(context):
    host, port = context.open.url.split("//")[1].split(":")
    before = descriptors(context.open)
    for _ in range(3):
        streams = [socket.create_connection((host, int(port))) for _ in range(300)]
        for one in streams:
            one.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert one.recv(300).startswith(b"HTTP/1.1 200")
        for one in streams:
            one.close()
        wait_for(lambda: descriptors(context.open) <= before + 2, 10)


def case_readers_that_are_slow_get_it_all(context):
    host, port = context.open.url.split("//")[1].split(":")
    path = f"/v1/line-items?period={MONTH}"
    whole = request(context.open.url + path)[2]

    def read_slowly():
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((host, int(port)))
            connection.settimeout(60)
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while part := connection.recv(65536):
                answer += part
                time.sleep(0.002)
            answers.append(answer.split(b"\r\n\r\n", 1)[1])
    answers = []
    threads = [threading.Thread(target=read_slowly) for _ in range(20)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        assert request(f"{context.open.url}/v1/periods")[0] == 200
    for thread in threads:
        thread.join()
    assert len(answers) == 20 and set(answers) == {whole}


def main():
    arguments = command_line()
    with tempfile.TemporaryDirectory() as name:
        os.environ["TMPDIR"] = name
        context = Context(arguments, Path(name))
        with context.open, context.keyed:
            return cases(globals(), context, arguments.only)


if __name__ == "__main__":
    sys.exit(main())
