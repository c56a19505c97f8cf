#!/usr/bin/env python3
"""Bad input: what is wrong with one record must not touch the others, what is wrong with a run must stop it cleanly.

A bad record becomes one dead letter that says where it was and why; the rest is priced. A run that cannot go on
says so in one message, exits with the right code and leaves nothing behind that looks like a result.

    python3 tests/golden/bad_input.py --proforma build/processor/proforma
"""
import gzip
import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from golden import (T3_MICRO, X, Conductor, Outcome, expect, expect_amount, one_group, proforma_argument, run_cases,
                    usage)

OVERLONG_BYTES = 256 * 1024 + 1
CASES = []


# --- files ------------------------------------------------------------------------------------------------------

def good_event(**members):
    """One hour of a t3.micro: 0.0104."""
    return usage(X, "AmazonEC2", "BoxUsage:t3.micro", "1", **members)


def line(event):
    return json.dumps(event).encode() + b"\n"


def without(event, name):
    return {key: value for key, value in event.items() if key != name}


HEADINGS = ("identity/LineItemId", "identity/TimeInterval", "lineItem/UsageAccountId", "lineItem/ProductCode",
            "lineItem/UsageType", "lineItem/Operation", "lineItem/UsageStartDate", "lineItem/UsageAmount",
            "lineItem/LineItemType", "lineItem/LineItemDescription")


def csv_row(number, *, amount="1", description="per hour"):
    return ",".join((f"id{number}", "2024-06-01T00:00:00Z/2024-06-01T01:00:00Z", X, "AmazonEC2", "BoxUsage:t3.micro",
                     "RunInstances", "2024-06-01T00:00:00Z", amount, "Usage", description)).encode() + b"\n"


CSV_HEADER = ",".join(HEADINGS).encode() + b"\n"


# --- one bad record among good ones -----------------------------------------------------------------------------

def start_run(tool, files, *options, conductor=None):
    """Prices files of the given names and bytes; returns the folder and the finished process."""
    folder = tool.new_folder()
    inputs = tool.write_inputs(folder, conductor or one_group(), [T3_MICRO])
    paths = []
    for name, data in files:
        (folder / name).write_bytes(data)
        paths.append(folder / name)
    return folder, tool.execute("price", *inputs, "--out", folder / "out", *options, *paths)


def dead_letters(folder):
    return [json.loads(text) for text in (folder / "out" / "dead-letters.jsonl").read_text().splitlines()]


def expect_where(letter, source, number):
    """A dead letter says which file, which line or byte, and what was wrong."""
    expect("source ends in the file's name", True, str(letter.get("source", "")).endswith(source))
    expect("line or offset is given", True, letter.get("line") is not None or letter.get("offset") is not None)
    if number is not None and letter.get("line") is not None:
        expect("line", number, int(letter["line"]))
    expect("detail is given", True, bool(letter.get("detail")))


def expect_one_dead(tool, name, data, reasons, priced, number=None, field=None, value=None):
    """The file has one bad record and `priced` good ones."""
    folder, process = start_run(tool, [(name, data)])
    expect(f"exit code ({process.stderr.strip()[-300:]})", 0, process.returncode)
    letters, summary = dead_letters(folder), json.loads((folder / "out" / "summary.json").read_text())
    expect("reasons", True, [letter["reason"] for letter in letters] in [[reason] for reason in reasons])
    expect_where(letters[0], name, number)
    for member, wanted in (("field", field), ("value", value)):
        if wanted is not None:
            expect(member, wanted, letters[0].get(member))
    counts = {counter: summary[counter] for counter in ("events_in", "priced", "dead")}
    expect("summary", {"events_in": priced + 1, "priced": priced, "dead": 1}, counts)
    expect_amount("cost of the rest", {2: "0.0208", 3: "0.0312"}[priced], Outcome(folder / "out", "").total())


def bad_record(title, *reasons, field=None, value=None):
    """Registers a case: the function gives the bytes of a bad line, which is put between two good ones."""
    def register(function):
        def run(tool):
            data = line(good_event()) + function() + line(good_event())
            expect_one_dead(tool, "usage.jsonl", data, reasons, 2, 2, field, value)
        CASES.append((title, run))
        return function
    return register


def case(title):
    def register(function):
        CASES.append((title, function))
        return function
    return register


@bad_record("a line that is no JSON", "MALFORMED")
def no_json():
    return b"{this is not JSON}\n"


@bad_record("a line that is JSON but no object", "MALFORMED")
def no_object():
    return b'["event_id", "e1"]\n'


@bad_record("a line cut off in the middle", "MALFORMED", "TRUNCATED")
def cut_line():
    return line(good_event())[:60] + b"\n"


@bad_record("a required field that is missing", "MISSING_FIELD", field="usage_type")
def missing_field():
    return line(without(good_event(), "usage_type"))


@bad_record("a required field that is empty", "MISSING_FIELD", field="event_id")
def empty_field():
    return line(good_event(event_id=""))


@bad_record("a number that is none", "BAD_NUMBER", field="usage_amount", value="12,5")
def bad_number():
    return line(good_event(usage_amount="12,5"))


@bad_record("a number that does not fit", "NUMBER_TOO_LARGE", field="usage_amount", value="1e30")
def number_too_large():
    return line(good_event(usage_amount="1e30"))


@bad_record("a number with an absurd exponent", "NUMBER_TOO_LARGE", field="unblended_cost")
def absurd_exponent():
    return line(good_event(unblended_cost="1e999999999"))


@bad_record("an account that is no account", "BAD_ACCOUNT", value="12345")
def bad_account():
    return line(good_event(usage_account_id="12345"))


@bad_record("a time that is none", "BAD_TIME", field="usage_start", value="2024-06-31T00:00:00Z")
def bad_time():
    return line(good_event(usage_start="2024-06-31T00:00:00Z"))


@bad_record("an end before the start", "END_BEFORE_START")
def end_before_start():
    return line(good_event(usage_end="2024-05-31T23:00:00Z"))


@bad_record("a NUL byte", "NUL_BYTE")
def nul_byte():
    return line(good_event(description="a-b")).replace(b"a-b", b"a\0b")


@bad_record("bytes that are no UTF-8", "BAD_ENCODING")
def bad_encoding():
    return line(good_event(description="a-b")).replace(b"a-b", b"a\xff\xfeb")


@bad_record("a line longer than an event may be", "TOO_LARGE")
def over_long_line():
    return line(good_event(description="x" * OVERLONG_BYTES))


@case("an id that is used again for something else")
def reused_id(tool):
    pair = line(good_event(event_id="twice")) + line(good_event(event_id="twice", usage_amount="2"))
    expect_one_dead(tool, "usage.jsonl", line(good_event()) + pair + line(good_event()), ["EVENT_ID_REUSED"], 3, 3)


@case("a last line that is cut off and has no end")
def cut_end(tool):
    data = line(good_event()) + line(good_event()) + line(good_event())[:60]
    expect_one_dead(tool, "usage.jsonl", data, ["MALFORMED", "TRUNCATED"], 2, 3)


@case("a gzip file that is cut off")
def truncated_gzip(tool):
    """How much of it can be read is the decompressor's affair; all that was read is accounted for."""
    noise = random.Random(1)
    events = [good_event(description=f"{noise.getrandbits(400):x}") for _ in range(200)]
    data = gzip.compress(b"".join(map(line, events)))
    good = line(good_event()) + line(good_event())
    folder, process = start_run(tool, [("cut.jsonl.gz", data[:len(data) // 2]), ("good.jsonl", good)])
    expect(f"exit code ({process.stderr.strip()[-300:]})", 0, process.returncode)
    letters, summary = dead_letters(folder), json.loads((folder / "out" / "summary.json").read_text())
    expect("reasons", ["TRUNCATED"], [letter["reason"] for letter in letters])
    expect_where(letters[0], "cut.jsonl.gz", None)
    expect("events are priced or dead", summary["events_in"], summary["priced"] + summary["dead"])
    expect("the rest is priced", True, 2 < summary["priced"] < 202)


@case("a CSV row with a quote that is never closed")
def unbalanced_quotes(tool):
    data = CSV_HEADER + csv_row(1) + csv_row(2) + csv_row(3, description='"per hour')
    expect_one_dead(tool, "usage.csv", data, ["MALFORMED", "TRUNCATED"], 2, 4)


@case("a CSV row with too few columns")
def too_few_columns(tool):
    data = CSV_HEADER + csv_row(1) + b"id2,2024-06-01T00:00:00Z/2024-06-01T01:00:00Z," + X.encode() + b"\n" + csv_row(3)
    expect_one_dead(tool, "usage.csv", data, ["MALFORMED"], 2, 3)


@case("a CSV row with a bad number")
def bad_csv_number(tool):
    data = CSV_HEADER + csv_row(1) + csv_row(2, amount="abc") + csv_row(3)
    expect_one_dead(tool, "usage.csv", data, ["BAD_NUMBER"], 2, 3, value="abc")


@case("a CSV row with a NUL byte")
def csv_nul(tool):
    data = CSV_HEADER + csv_row(1) + csv_row(2, description="a\0b") + csv_row(3)
    expect_one_dead(tool, "usage.csv", data, ["NUL_BYTE"], 2, 3)


@case("a CSV row that is over-long")
def csv_over_long(tool):
    data = CSV_HEADER + csv_row(1) + csv_row(2, description="x" * OVERLONG_BYTES) + csv_row(3)
    expect_one_dead(tool, "usage.csv", data, ["TOO_LARGE"], 2, 3)


# --- strict -----------------------------------------------------------------------------------------------------

@case("--strict exits 3 when something is dead or unpriced, 0 when all is well")
def strict(tool):
    priced = line(good_event())
    unpriced = line(usage(X, "AmazonVPC", "NoPriceAtAll"))
    for what, data, expected in (("all is well", priced, 0), ("a dead letter", priced + b"{\n", 3),
                                 ("no price", priced + unpriced, 3)):
        folder, process = start_run(tool, [("usage.jsonl", data)], "--strict")
        expect(f"exit code with {what}", expected, process.returncode)
        expect(f"summary with {what}", True, (folder / "out" / "summary.json").exists())


# --- runs that cannot go on -------------------------------------------------------------------------------------

MESSAGE_LINES_MAX = 3


def expect_fatal(process, out, codes, *words):
    """One message on standard error that names the culprit, the right code, and no result."""
    expect(f"exit code {process.returncode} is one of {codes} ({process.stderr.strip()[-300:]})", True,
           process.returncode in codes)
    for word in words:
        expect(f"message names {word}: {process.stderr.strip()[-300:]!r}", True, word in process.stderr)
    expect("there is a message", True, bool(process.stderr.strip()))
    left = sorted(str(path.relative_to(out)) for path in out.rglob("*")) if out.exists() else []
    expect("files left in the output folder", [], left)


def expect_short(process):
    lines = [text for text in process.stderr.splitlines() if text.strip()]
    expect(f"message is short: {process.stderr!r}", True, len(lines) <= MESSAGE_LINES_MAX)


@case("a usage file that does not exist, after one that does")
def missing_usage(tool):
    folder = tool.new_folder()
    inputs = tool.write_inputs(folder, one_group(), [T3_MICRO])
    (folder / "good.jsonl").write_bytes(line(good_event()))
    process = tool.execute("price", *inputs, "--out", folder / "out", folder / "good.jsonl", folder / "nowhere.jsonl")
    expect_fatal(process, folder / "out", (1,), "nowhere.jsonl")
    expect_short(process)


@case("a folder in place of a usage file")
def folder_as_usage(tool):
    folder = tool.new_folder()
    inputs = tool.write_inputs(folder, one_group(), [T3_MICRO])
    (folder / "folder.jsonl").mkdir()
    process = tool.execute("price", *inputs, "--out", folder / "out", folder / "folder.jsonl")
    expect_fatal(process, folder / "out", (1,), "folder.jsonl")
    expect_short(process)


def price_with(tool, document=None, offer=None):
    """A run whose document or price list has the given text."""
    folder = tool.new_folder()
    inputs = tool.write_inputs(folder, one_group(), [T3_MICRO])
    for name, text in (("conductor.json", document), ("offer0.json", offer)):
        if text is not None:
            (folder / name).write_text(text)
    (folder / "usage.jsonl").write_bytes(line(good_event()))
    return folder, tool.execute("price", *inputs, "--out", folder / "out", folder / "usage.jsonl")


@case("a conductor document that is no JSON")
def malformed_document(tool):
    folder, process = price_with(tool, document='{"BillingGroups": [')
    expect_fatal(process, folder / "out", (2,), "conductor.json")
    expect_short(process)


@case("a conductor document whose group has a plan that is not there")
def missing_plan(tool):
    conductor = Conductor()
    conductor.group(X, plan="arn:aws:billingconductor::100000000001:pricingplan/planNowher")
    folder, process = price_with(tool, document=json.dumps(conductor.document))
    expect_fatal(process, folder / "out", (2,), "MISSING_PRICINGPLAN")


@case("a conductor document that does not exist")
def missing_document(tool):
    folder = tool.new_folder()
    (folder / "usage.jsonl").write_bytes(line(good_event()))
    process = tool.execute("price", "--conductor", folder / "nowhere.json", "--out", folder / "out",
                           folder / "usage.jsonl")
    expect_fatal(process, folder / "out", (1, 2), "nowhere.json")
    expect_short(process)


@case("a price list that is no JSON")
def malformed_price_list(tool):
    folder, process = price_with(tool, offer="<html>not found</html>")
    expect_fatal(process, folder / "out", (2,), "offer0.json")
    expect_short(process)


@case("a price list with a rate that is no number")
def bad_price_list(tool):
    folder, process = price_with(tool, offer=json.dumps(T3_MICRO).replace('"0.0104"', '"cheap"'))
    expect_fatal(process, folder / "out", (2,), "offer0.json")


@case("an output folder that is not empty")
def occupied_output(tool):
    folder = tool.new_folder()
    inputs = tool.write_inputs(folder, one_group(), [T3_MICRO])
    (folder / "usage.jsonl").write_bytes(line(good_event()))
    out = folder / "out"
    out.mkdir()
    (out / "bills.jsonl").write_text("of last month\n")
    process = tool.execute("price", *inputs, "--out", out, folder / "usage.jsonl")
    expect("exit code is 1 or 2", True, process.returncode in (1, 2))
    expect("message names the folder", True, str(out) in process.stderr)
    expect("files of the folder", ["bills.jsonl"], [path.name for path in out.iterdir()])
    expect("the file that was there", "of last month\n", (out / "bills.jsonl").read_text())
    expect_short(process)


@case("wrong usage of the command line")
def wrong_usage(tool):
    folder = tool.new_folder()
    inputs = tool.write_inputs(folder, one_group(), [T3_MICRO])
    events, out = folder / "usage.jsonl", folder / "out"
    events.write_bytes(line(good_event()))
    for arguments, word in (
            (("price", *inputs, "--out", out), ""),
            (("price", *inputs, "--out", out, "--frobnicate", events), "--frobnicate"),
            (("price", *inputs, "--out", out, "--granularity", "weekly", events), "weekly"),
            (("price", *inputs, "--out", out, "--close", "June", events), "June"),
            (("price", *inputs, events), "--out"), (("price", "--out", out, events), "--conductor"),
            (("frobnicate",), "frobnicate"), ((), "")):
        expect_fatal(tool.execute(*arguments), out, (2,), word)


def main():
    return run_cases(proforma_argument(__doc__.splitlines()[0]), CASES)


if __name__ == "__main__":
    sys.exit(main())
