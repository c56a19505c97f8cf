#!/usr/bin/env python3
"""Every constraint of the service's own model, at its border and one beyond, on the raw wire: an SDK would not send it.

A folder is served, so what passes validation is refused as a change, or finds nothing: neither names the field."""
import http.client
import json
import re
import sys
import tempfile
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kafka"))
import botocore.session  # noqa: E402

from api_tools import cases, command_line  # noqa: E402
from test_folder import Context  # noqa: E402

MODEL = botocore.session.get_session().get_service_model("billingconductor")
OWN, TEN = "arn:aws:billingconductor::100000000001:", "zzzzzzzzzz"
SAMPLES = [TEN, "300000000001", "2026-06", f"{OWN}pricingplan/{TEN}", f"{OWN}pricingrule/{TEN}", f"{OWN}billinggroup/300000000001",
           f"{OWN}customlineitem/{TEN}",
           "arn:aws:organizations::100000000001:transfer/o-abcdefghij/billing/inbound/rt-12345678"]
STRANGE = ["", "a", *("a" * n for n in range(9, 14)), *("1" * n for n in range(11, 14)), "2026-1", "2026-00", "2026-13", "2026-011",
           "20266-1", "\u0662\u0660\u0662\u0666-01", "a\0a", "é" * 10,
           *(f"{prefix}{kind}/{name}" for prefix in (OWN, OWN.replace("aws", "aws-cn", 1), OWN.replace("100000000001", "aws"), OWN[1:])
             for kind in ("pricingplan", "pricingrule", "billinggroup", "customlineitem")
             for name in (TEN, TEN + "z", "300000000001", TEN + "zzz", "BasicPricingPlan", "", "a/b"))]
OTHER_TYPES = {"structure": ["x", 1, [], True], "list": ["x", 1, {}, True], "map": ["x", 1, [], True], "boolean": ["true", 1, 0, [], {}],
               "integer": ["1", 1.5, True, [], {}], "double": ["1", True, [], {}], "string": [1, True, [], {}, 1.5]}


def sample(shape):
    """The least that the model lets through."""
    limits = shape.metadata
    if shape.type_name == "structure":
        return {name: sample(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "list":
        return [sample(shape.member)] * max(1, limits.get("min", 0))
    if shape.type_name == "map":
        return {"k": "v"}
    if shape.type_name == "boolean":
        return True
    if shape.type_name != "string":
        return limits.get("min", 1)
    if shape.enum:
        return shape.enum[0]
    fitting = [s for s in SAMPLES if re.fullmatch(limits.get("pattern", ".*"), s)]
    return fitting[0]


def texts(shape):
    limits, usual = shape.metadata, sample(shape)
    low, high, pattern = limits.get("min", 0), limits.get("max"), limits.get("pattern")
    if shape.enum:
        return [(word, True) for word in shape.enum] + [(word, False) for word in ("", usual.lower(), usual + " ", usual + "\n")]
    tried = [*STRANGE, usual, usual + "\n", "\n" + usual, usual + " ", *("a" * n for n in (low, low - 1) if n > 0)]
    if high:
        tried += [letter * n for n in (high, high + 1) for letter in ("a", "1", "é", "\U0001f600")]
    return [(text, "\0" not in text and low <= len(text) <= (high or sys.maxsize) and
             (pattern is None or re.fullmatch(pattern, text, re.ASCII) is not None)) for text in tried]


def numbers(shape):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    tried = [] if low is None else [(low, True), (low - 1, False)]
    tried += [] if high is None else [(high, True), (high + 1, False)]
    if shape.type_name == "double":
        tried += [] if low is None else [(-1e-300, False), (-0.0, True)]
        tried += [] if high is None else [(high + 1e-6, False), (1e300, False)]
    return tried


def values(shape):
    """Each with whether the model lets it through."""
    tried = [(value, False) for value in OTHER_TYPES[shape.type_name]]
    if shape.type_name == "string":
        tried += texts(shape)
    elif shape.type_name in ("integer", "double"):
        tried += numbers(shape)
    elif shape.type_name == "list":
        low, high, element = shape.metadata.get("min", 0), shape.metadata.get("max"), sample(shape.member)
        tried += [([], low == 0)] + ([([element] * high, True), ([element] * (high + 1), False)] if high else [])
    elif shape.type_name == "map":
        tried += [({}, False), ({f"k{i}": "" for i in range(200)}, True), ({f"k{i}": "" for i in range(201)}, False),
                  ({"é" * 128: "é" * 256}, True), ({"k" * 129: "v"}, False), ({"k": "v" * 257}, False), ({"": "v"}, False),
                  ({"k": 1}, False)]
    return tried


def places(shape, path=()):
    """Each member within, as the names and indices that lead to it."""
    if path:
        yield path, shape
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from places(member, path + (name,))
    elif shape.type_name == "list":
        yield from places(shape.member, path + (0,))


def put(given, shape, path, value):
    for step in path[:-1]:
        shape = shape.members[step] if shape.type_name == "structure" else shape.member
        if not isinstance(given, list) and step not in given:
            given[step] = sample(shape)
        given = given[step]
    given[path[-1]] = value


def name_of(path):
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


class Wire:
    def __init__(self, url):
        self.connection = http.client.HTTPConnection(url.split("//")[1], timeout=30)

    def send(self, operation, given):
        """Status and answer; None: it cannot be put on the wire."""
        headers, path, query, body = {"Content-Type": "application/json"}, operation.http["requestUri"], "", dict(given)
        for name, shape in operation.input_shape.members.items():
            location = shape.serialization.get("location")
            if location is None or name not in body:
                continue
            value = body.pop(name)
            flat = value if isinstance(value, list) else [value]
            if not all(isinstance(one, str) and one.strip() == one for one in flat) or isinstance(value, list) != (
                    location == "querystring"):
                return None
            if location == "header":
                if not re.fullmatch(r"[\x20-\x7e]*", value):
                    return None
                headers[shape.serialization["name"]] = value
            elif location == "uri":
                if not value or "\0" in value or value.endswith("/"):
                    return None
                path = path.replace("{ResourceArn}", urllib.parse.quote(value, safe=""))
            else:
                query = "?" + "&".join(f"tagKeys={urllib.parse.quote(one, safe='')}" for one in value)
        method = operation.http["method"]
        self.connection.request(method, path + query, json.dumps(body) if method in ("POST", "PUT") else None, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}


def names_field(answer, field):
    status, body = answer
    return status == 400 and body["Reason"] == "FIELD_VALIDATION_FAILED" and any(f["Name"].startswith(field) for f in body["Fields"])


def case_what_is_required_is_asked_for(context):
    tried = 0
    for name in MODEL.operation_names:
        operation = MODEL.operation_model(name)
        shape = operation.input_shape
        for path, inner in [((), shape), *places(shape)]:
            for member in inner.required_members if inner.type_name == "structure" else ():
                if inner.members[member].serialization.get("location") == "uri":
                    continue
                given = sample(shape)
                put(given, shape, path + (member,), None) if path else given.pop(member)
                answer = context.wire.send(operation, given)
                assert names_field(answer, name_of(path + (member,))) and len(answer[1]["Fields"]) == 1, (name, path, member, answer)
                tried += 1
    assert tried > 60, tried


def case_every_border_of_every_member_is_held_to(context):
    tried = 0
    for name in MODEL.operation_names:
        operation = MODEL.operation_model(name)
        shape = operation.input_shape
        for path, inner in places(shape):
            for value, passes in values(inner):
                if passes and name_of(path) == "NextToken":
                    continue  # made up, and told so
                given = sample(shape)
                put(given, shape, path, value)
                answer = context.wire.send(operation, given)
                if answer is None:
                    continue
                assert answer[0] < 500 and names_field(answer, name_of(path)) != passes, (name, name_of(path), value, passes, answer)
                tried += 1
    assert tried > 9000, tried


def main():
    arguments = command_line()
    with tempfile.TemporaryDirectory() as name:
        context = Context(arguments, Path(name))
        with context.open:
            context.wire = Wire(context.open.url)
            return cases(globals(), context, arguments.only)


if __name__ == "__main__":
    sys.exit(main())
