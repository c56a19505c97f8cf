"""Container files between us and fastavro, in both directions, under several writer schemas and codecs.

usage: avro_fastavro.py AVRO_CAT SCHEMA_DIR [SEED]
"""
import copy
import datetime
import decimal
import json
import os
import random
import subprocess
import sys
import tempfile

import fastavro

decimal.getcontext().prec = 80
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
CONTEXT = decimal.Context(prec=80, rounding=decimal.ROUND_HALF_EVEN)


def bare(schema):
    """The type of a field without null."""
    return schema[1] if isinstance(schema, list) else schema


def scale_of(schema):
    schema = bare(schema)
    return schema["scale"] if isinstance(schema, dict) and schema.get("logicalType") == "decimal" else None


def is_time(schema):
    schema = bare(schema)
    return isinstance(schema, dict) and schema.get("logicalType", "").startswith("timestamp")


def is_map(schema):
    schema = bare(schema)
    return isinstance(schema, dict) and schema["type"] == "map"


def escape(text):
    out = []
    for byte in text.encode():
        plain = byte > 0x20 and byte != 0x7F and chr(byte) not in "%=:,"
        out.append(bytes([byte]) if plain else b"%%%02x" % byte)
    return b"".join(out)


def plain_number(number):
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return b"0" if text in ("-0", "") else text.encode()


def milliseconds(time):
    return (time - EPOCH) // datetime.timedelta(milliseconds=1)


def line_of(fields, event):
    """The line that avro_cat prints for the event; `fields` are the shipped schema's."""
    parts = []
    for field in fields:
        value = event.get(field["name"])
        if value is None or value == "" or value == {}:
            continue
        if scale_of(field["type"]) is not None:
            step = decimal.Decimal(1).scaleb(-scale_of(field["type"]))
            text = plain_number(value.quantize(step, context=CONTEXT))
        elif is_time(field["type"]):
            text = b"%d" % milliseconds(value)
        elif is_map(field["type"]):
            items = sorted((key.encode(), item) for key, item in value.items() if key and item)
            text = b",".join(escape(key.decode()) + b":" + escape(item) for key, item in items)
            if not text:
                continue
        else:
            text = escape(value)
        parts.append(field["name"].encode() + b"=" + text)
    return b" ".join(parts)


def random_text(rng):
    alphabet = "abcXYZ019-_./: =%,äß€😀"
    return "".join(rng.choice(alphabet) for _ in range(rng.choice((1, 1, 5, 12, 70))))


def random_number(rng, scale):
    digits = rng.choice((0, 1, 2, 9, 17, 18, 30, 38))
    number = rng.choice((0, 1, 10 ** digits, 10 ** digits - 1, rng.randrange(10 ** 12)))
    return decimal.Decimal(min(number, 10 ** 38 - 1) * rng.choice((1, -1))).scaleb(-scale)


def random_event(rng, fields, micros=False):
    event = {}
    for field in fields:
        if isinstance(field["type"], list) and rng.random() < 0.4:
            event[field["name"]] = None
        elif scale_of(field["type"]) is not None:
            event[field["name"]] = random_number(rng, scale_of(field["type"]))
        elif is_time(field["type"]):
            time = EPOCH + datetime.timedelta(milliseconds=rng.choice((0, 1, 253402300799999, rng.randrange(10 ** 12))))
            event[field["name"]] = time + datetime.timedelta(microseconds=rng.randrange(1000) if micros else 0)
        elif is_map(field["type"]):
            event[field["name"]] = {random_text(rng): rng.choice(("", "v", random_text(rng))) for _ in range(rng.randrange(5))}
        else:
            event[field["name"]] = rng.choice(("Usage", "Tax", random_text(rng)))
    return event


EXTRA = [
    {"name": "node", "type": {"type": "record", "name": "Node", "fields": [
        {"name": "weight", "type": "double"}, {"name": "next", "type": ["null", "Node"]}]}},
    {"name": "many", "type": {"type": "array", "items": ["null", "long", {"type": "map", "values": "float"}]}},
    {"name": "color", "type": {"type": "enum", "name": "Color", "symbols": ["RED", "GREEN"]}},
    {"name": "digest", "type": {"type": "fixed", "name": "Digest", "size": 5}},
    {"name": "colors", "type": {"type": "array", "items": "Color"}},
]


def extra_values(rng):
    node = None
    for _ in range(rng.randrange(1, 9)):
        node = {"weight": rng.random(), "next": node}
    many = [rng.choice((None, rng.randrange(-2 ** 40, 2 ** 40), {"k": 0.5})) for _ in range(rng.randrange(4))]
    return {"node": node, "many": many, "color": "GREEN", "digest": b"12345", "colors": ["RED"] * rng.randrange(3)}


def shipped(schema, rng):
    events = [random_event(rng, schema["fields"]) for _ in range(300)]
    return schema, events, events


def reordered_with_unknown_fields(schema, rng):
    writer = copy.deepcopy(schema)
    writer["name"], writer["namespace"] = "Metered", "org.example"
    writer["fields"] += copy.deepcopy(EXTRA)[:-1]
    head, tail = writer["fields"][:6], writer["fields"][6:]
    rng.shuffle(tail)
    writer["fields"] = tail + head + [EXTRA[-1]]
    events = [random_event(rng, schema["fields"]) for _ in range(300)]
    return writer, [{**event, **extra_values(rng)} for event in events], events


def fewer_fields(schema, rng):
    writer = copy.deepcopy(schema)
    writer["fields"] = [field for i, field in enumerate(writer["fields"]) if not isinstance(field["type"], list) or i % 2]
    events = [random_event(rng, writer["fields"]) for _ in range(300)]
    return writer, events, events


def other_types(schema, rng):
    """Unions turned round, micros, other scales on bytes and fixed, bytes and enum for text."""
    writer = copy.deepcopy(schema)
    by_name = {field["name"]: field for field in writer["fields"]}
    for field in writer["fields"]:
        if is_time(field["type"]):
            bare(field["type"])["logicalType"] = "timestamp-micros"
        field.pop("default", None)
    by_name["usage_amount"]["type"][1]["scale"] = 12
    by_name["unblended_cost"]["type"][1] = {"type": "fixed", "name": "Money", "size": 16, "logicalType": "decimal",
                                            "precision": 38, "scale": 6}
    by_name["line_item_type"]["type"] = ["string", "null", {"type": "enum", "name": "Kind", "symbols": ["Usage", "Tax"]}]
    by_name["product_code"]["type"] = "bytes"
    events, written = [], []
    for _ in range(300):
        event = random_event(rng, schema["fields"], micros=True)
        event["line_item_type"] = rng.choice((None, "Usage", "Tax", "Other"))
        event["usage_amount"] = decimal.Decimal(rng.randrange(-10 ** 15, 10 ** 15)).scaleb(-12)
        event["unblended_cost"] = decimal.Decimal(rng.randrange(-10 ** 15, 10 ** 15)).scaleb(-6)
        event["product_code"] = event["product_code"] or "x"
        events.append(event)
        written.append({**event, "product_code": event["product_code"].encode()})
    for field in writer["fields"]:
        if isinstance(field["type"], list) and field["type"][0] == "null":
            field["type"].reverse()
    return writer, written, events


def check(expected, found, what):
    if expected == found:
        return
    for number, (left, right) in enumerate(zip(expected, found)):
        if left != right:
            sys.exit("%s, record %d:\n  expected %r\n  found    %r" % (what, number, left, right))
    sys.exit("%s: %d records, expected %d" % (what, len(found), len(expected)))


def theirs_to_us(avro_cat, schema, rng, directory):
    for case in (shipped, reordered_with_unknown_fields, fewer_fields, other_types):
        for codec in ("null", "deflate"):
            writer, written, events = case(schema, rng)
            path = os.path.join(directory, "theirs.avro")
            with open(path, "wb") as out:
                fastavro.writer(out, fastavro.parse_schema(copy.deepcopy(writer)), written, codec=codec, sync_interval=4000)
            printed = subprocess.run([avro_cat, "read", path], check=True, capture_output=True).stdout
            expected = [line_of(schema["fields"], event) for event in events]
            check(expected, printed.split(b"\n")[:-1], "fastavro to us, %s, %s" % (case.__name__, codec))


def normal(schema, event):
    """As fastavro gives it back: empty is absent, and a required text is then empty."""
    kept = {}
    for field in schema["fields"]:
        value = event[field["name"]]
        if isinstance(value, dict):
            value = {key: item for key, item in value.items() if key and item}
        absent = "" if field["type"] == "string" else None
        kept[field["name"]] = absent if value in (None, "", {}) else value
    return kept


def ours_to_them(avro_cat, schema, rng, directory):
    events = [random_event(rng, schema["fields"]) for _ in range(1000)]
    lines = b"".join(line_of(schema["fields"], event) + b"\n" for event in events)
    for codec in ("null", "deflate"):
        path = os.path.join(directory, "ours.avro")
        subprocess.run([avro_cat, "write", path, codec], check=True, input=lines)
        with open(path, "rb") as file:
            reader = fastavro.reader(file)
            found = list(reader)
            assert reader.codec == codec, reader.codec
        check([normal(schema, event) for event in events], found, "us to fastavro, %s" % codec)


def unsupported_codec_is_named(avro_cat, schema, rng, directory):
    path = os.path.join(directory, "bzip2.avro")
    with open(path, "wb") as out:
        fastavro.writer(out, fastavro.parse_schema(copy.deepcopy(schema)), [random_event(rng, schema["fields"])], codec="bzip2")
    result = subprocess.run([avro_cat, "read", path], capture_output=True)
    assert result.returncode == 1 and b"the Avro codec is bzip2, supported are null and deflate" in result.stderr, result


def main():
    avro_cat, schema_dir = sys.argv[1:3]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 20260601
    print("seed", seed)
    rng = random.Random(seed)
    with open(os.path.join(schema_dir, "UsageEvent.avsc")) as file:
        schema = json.load(file)
    with tempfile.TemporaryDirectory() as directory:
        theirs_to_us(avro_cat, schema, rng, directory)
        ours_to_them(avro_cat, schema, rng, directory)
        unsupported_codec_is_named(avro_cat, schema, rng, directory)


main()
