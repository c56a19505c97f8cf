#!/usr/bin/env python3
"""AWS's files as they come: containers, manifests, encodings, Athena's and CUR 2.0's spellings.

What is usage is priced, to an amount worked out by hand; what is not is named as what it is, with the way out, and
nothing is left behind that looks like a result.

    python3 tests/golden/inputs.py --proforma build/processor/proforma
"""
import csv
import gzip
import io
import json
import re
import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from bad_input import CSV_HEADER, csv_row, expect_fatal, good_event, line, start_run
from golden import PAYER, PERIOD, T3_MICRO, X, Outcome, expect, expect_amount, one_group, proforma_argument, run_cases

CASES = []
ASSEMBLY = "0f3a7a10-1111-4222-8333-444455556666"
TWO_HOURS = CSV_HEADER + csv_row(1) + csv_row(2)  # of a t3.micro: 0.0208


def case(title):
    def register(function):
        CASES.append((title, function))
        return function
    return register


def price(tool, files, names, *options):
    """Writes files (name may hold folders), prices those named; returns the output folder and the process."""
    folder = tool.new_folder()
    inputs = tool.write_inputs(folder, one_group(), [T3_MICRO])
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    process = tool.execute("price", *inputs, "--out", folder / "out", *options, *(folder / name for name in names))
    return folder / "out", process


def expect_priced(tool, files, names, total="0.0208", events=2):
    out, process = price(tool, files, names)
    expect(f"exit code ({process.stderr.strip()[-300:]})", 0, process.returncode)
    summary = json.loads((out / "summary.json").read_text())
    expect("events", (events, events, 0), tuple(summary[name] for name in ("events_in", "priced", "dead")))
    expect_amount("cost", total, Outcome(out, "").total())
    return out


def expect_named(tool, files, names, *words):
    out, process = price(tool, files, names)
    expect_fatal(process, out, (1,), *words)


def zipped(members, **options):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return data.getvalue()


# --- containers -------------------------------------------------------------------------------------------------

@case("a zip archive, its members one by one, under whatever name")
def zip_members(tool):
    one, two = CSV_HEADER + csv_row(1), CSV_HEADER + csv_row(2)
    archives = {"cur.csv.zip": zipped([("cur-1.csv", one), ("cur-2.csv.gz", gzip.compress(two))]),
                "named.csv": zipped([("folder/", b""), ("folder/a.csv", TWO_HOURS), ("__MACOSX/._a.csv", b"x")]),
                "stored.zip": zipped([("a.jsonl", line(good_event()) + line(good_event()))])}
    for name, data in archives.items():
        expect_priced(tool, {name: data}, [name])
    later = two.replace(b"T00:00:00Z,", b"T01:00:00Z,")
    expect_priced(tool, {"a.zip": zipped([("1.csv", one)]), "b.zip": zipped([("1.csv", later)])}, ["a.zip", "b.zip"])


@case("a zip archive of many members")
def many_members(tool):
    members = [(f"{number}.csv", CSV_HEADER + csv_row(number)) for number in range(500)]
    expect_priced(tool, {"many.zip": zipped(members)}, ["many.zip"], "5.2", 500)


@case("a dead letter in a zip archive says in which member it stands")
def dead_in_zip(tool):
    folder, process = start_run(tool, [("cur.zip", zipped([("1.csv", TWO_HOURS + csv_row(3, amount="x"))]))])
    expect("exit code", 0, process.returncode)
    letter = json.loads((folder / "out" / "dead-letters.jsonl").read_text())
    expect("source and line", (True, 4), (letter["source"].endswith("cur.zip/1.csv"), letter["line"]))


@case("a zip archive that cannot be read is named with what is wrong")
def bad_zips(tool):
    whole = zipped([("a.csv", TWO_HOURS)])
    encrypted = bytearray(whole)
    encrypted[6] |= 1
    encrypted[whole.index(b"PK\1\2") + 8] |= 1
    for data, *words in ((whole[:-30], "damaged"), (bytes(encrypted), "a.csv is encrypted"),
                         (zipped([("readme.txt", b"x")]), "holds no usage"), (zipped([]), "holds no usage"),
                         (whole[:4] + b"\0" * 40, "damaged")):
        expect_named(tool, {"bad.zip": data}, ["bad.zip"], "bad.zip", *words)


@case("gzip under a name that does not say so, gzip twice, gzip that is not")
def lying_names(tool):
    expect_priced(tool, {"cur.csv": gzip.compress(TWO_HOURS)}, ["cur.csv"])
    expect_priced(tool, {"cur.csv.gz": gzip.compress(gzip.compress(TWO_HOURS))}, ["cur.csv.gz"])
    expect_priced(tool, {"cur.csv.gz": TWO_HOURS}, ["cur.csv.gz"])
    expect_priced(tool, {"cur.gz": zipped([("a.csv", TWO_HOURS)])}, ["cur.gz"])


# --- manifests --------------------------------------------------------------------------------------------------

def manifest(*keys, indent=None, **members):
    return json.dumps({"assemblyId": ASSEMBLY, "bucket": "billing", "columns": [{"category": "a", "name": "b"}] * 200,
                       "reportKeys": list(keys), **members}, indent=indent).encode()


@case("a manifest stands for its files, one or many, wherever a copy of the bucket has them")
def manifests(tool):
    one, two = CSV_HEADER + csv_row(1), gzip.compress(CSV_HEADER + csv_row(2))
    tail = f"cur/rep/20240601-20240701/{ASSEMBLY}"
    keys = (f"{tail}/rep-00001.csv", f"{tail}/rep-00002.csv.gz")
    for indent in (None, 1):
        for folder in ("", f"{ASSEMBLY}/", f"{tail}/", f"rep/20240601-20240701/{ASSEMBLY}/"):
            expect_priced(tool, {"rep-Manifest.json": manifest(*keys, indent=indent), f"{folder}rep-00001.csv": one,
                                 f"{folder}rep-00002.csv.gz": two}, ["rep-Manifest.json"])
    expect_priced(tool, {"odd.json": manifest(keys[0]), "rep-00001.csv": TWO_HOURS}, ["odd.json"])
    expect_priced(tool, {"rep-Manifest.json": manifest("a/rep.csv.zip"), "rep.csv.zip": zipped([("rep.csv", TWO_HOURS)])},
                  ["rep-Manifest.json"])


@case("a manifest's keys with spaces, escapes, slashes of an empty prefix stand for the files of a copy")
def odd_keys(tool):
    data = gzip.compress(TWO_HOURS)
    for key, name in (("cur/my report/r-1.csv.gz", "my report/r-1.csv.gz"), ("cur/my%20report/r%2B1.csv.gz", "my report/r+1.csv.gz"),
                      ("cur/my+report/r-1.csv.gz", "my report/r-1.csv.gz"), ("cur/a%20b.csv.gz", "a%20b.csv.gz"),
                      ("cur/r%C3%A9p.csv.gz", "rép.csv.gz"), ("/rep/r-1.csv.gz", "rep/r-1.csv.gz"),
                      ("cur//rep/r-1.csv.gz", "cur/rep/r-1.csv.gz"), ("p/data/BILLING_PERIOD%3D2024-06/r.csv.gz",
                                                                      "data/BILLING_PERIOD=2024-06/r.csv.gz")):
        expect_priced(tool, {"rep-Manifest.json": manifest(key), name: data}, ["rep-Manifest.json"])
    expect_named(tool, {"rep-Manifest.json": manifest("/cur/%2e%2e/r-1.csv"), "r.csv": TWO_HOURS}, ["rep-Manifest.json"],
                 "s3://billing//cur/%2e%2e/r-1.csv")


@case("the manifest of a data export finds the data beside the metadata")
def data_export(tool):
    key = "s3://billing/pre/exp/data/BILLING_PERIOD=2024-06/exp-00001.csv.gz"
    name = "exp/metadata/BILLING_PERIOD=2024-06/exp-Manifest.json"
    expect_priced(tool, {name: json.dumps({"dataFiles": [key]}).encode(),
                         "exp/data/BILLING_PERIOD=2024-06/exp-00001.csv.gz": gzip.compress(TWO_HOURS)}, [name])


@case("a manifest that cannot be followed is named with what is missing")
def bad_manifests(tool):
    good = {"rep-00001.csv": TWO_HOURS}
    for data, *words in ((manifest("k/rep-00001.csv", "k/rep-00002.csv"), "file 2 of 2", "s3://billing/k/rep-00002.csv"),
                         (manifest(), "reportKeys is empty"), (b"{", "no manifest"), (b"[]", "no reportKeys"),
                         (manifest("../rep-00001.csv"), "reportKeys[0]"),
                         (manifest("k/rep-00001.csv", "k/rep-00001.csv"), "twice")):
        expect_named(tool, {"rep-Manifest.json": data, **good}, ["rep-Manifest.json"], "rep-Manifest.json", *words)
    expect_named(tool, {"rep-Manifest.json": manifest("k/rep.snappy.parquet"), "rep.snappy.parquet": b"PAR1..PAR1"},
                 ["rep-Manifest.json"], "rep.snappy.parquet", "Parquet")
    expect_named(tool, {"rep-Manifest.json": manifest("k/rep-00001.csv"), **good}, ["rep-Manifest.json", "rep-00001.csv"],
                 "comes twice")


# --- what is no usage -------------------------------------------------------------------------------------------

@case("an empty file, a heading alone, records none of which is usage")
def no_usage(tool):
    good = {"good.csv": TWO_HOURS}
    expect_named(tool, {"empty.jsonl": b""}, ["empty.jsonl"], "no usage")
    expect_priced(tool, {"empty.jsonl": b"", **good}, ["empty.jsonl", "good.csv"])
    for name in ("empty.csv", "empty.avro", "empty"):
        expect_named(tool, {name: b""}, [name], name, "is empty")
        expect_named(tool, {name: b"", **good}, ["good.csv", name], name, "is empty")
    expect_named(tool, {"empty.csv.gz": gzip.compress(b"")}, ["empty.csv.gz"], "empty.csv.gz", "is empty")
    expect_named(tool, {"blank.csv": b"\n\r\n"}, ["blank.csv"], "blank.csv", "is empty")
    expect_named(tool, {"heading.csv": CSV_HEADER}, ["heading.csv"], "no usage")
    expect_named(tool, {"zip.zip": zipped([("a.csv", b"")])}, ["zip.zip"], "a.csv", "is empty")
    dead = {"dead.csv": CSV_HEADER + csv_row(1, amount="x") + csv_row(2, amount="y")}
    expect_named(tool, dead, ["dead.csv"], "none of 2 records", "line 2", "BAD_NUMBER")
    out, process = price(tool, {**dead, **good}, ["good.csv", "dead.csv"])
    expect("dead letters beside usage", (0, 2), (process.returncode, json.loads((out / "summary.json").read_text())["dead"]))
    document = json.dumps(one_group().document, indent=1).encode()
    expect_named(tool, {"conductor2.json": document, **good}, ["good.csv", "conductor2.json"], "conductor2.json",
                 "holds no usage")
    expect_named(tool, {"conductor2.json": json.dumps(one_group().document, indent=1).encode()}, ["conductor2.json"],
                 "holds no usage")
    expect_priced(tool, {"heading.csv": CSV_HEADER, **good}, ["heading.csv", "good.csv"])


@case("files of other formats are named as what they are, with the command that converts them")
def foreign(tool):
    text = TWO_HOURS.decode()
    for name, data, *words in (
            ("a.parquet", b"PAR1\x15\x04PAR1", "Parquet", "duckdb"),
            ("a.csv", b"PAR1\x15\x04PAR1", "Parquet", "duckdb"),
            ("a.csv", text.encode("utf-16"), "UTF-16", "iconv"),
            ("a.csv", text.encode("utf-16-be"), "UTF-16", "iconv -f UTF-16BE"),
            ("a.jsonl", line(good_event()).decode().encode("utf-16"), "UTF-16", "iconv"),
            ("a.csv", text.replace(",", ";").encode(), "semicolons", "python3"),
            ("a.csv", text.replace(",", "\t").encode(), "tabs", "python3"),
            ("a.csv", text.replace(",", "|").encode(), "bars", "python3"),
            ("a.csv.gz", gzip.compress(text.replace(",", ";").encode()), "semicolons"),
            ("a.csv", ('"' + text.strip().replace(",", '";"').replace("\n", '"\n"') + '"\n').encode(), "semicolons", "python3"),
            ("a.csv", ('"' + text.strip().replace(",", '"\t"').replace("\n", '"\n"') + '"\n').encode(), "tabs", "python3"),
            ("a.csv", b'"identity/LineItemId"x"lineItem/UsageAccountId"\n1\n', "commas between its quotation marks"),
            ("a.csv", b"BilledCost,BillingAccountId,ChargeCategory,ListCost\n1,2,Usage,3\n", "FOCUS", "CUR 2.0"),
            ("a.csv", b'"InvoiceID","PayerAccountId","LinkedAccountId","RecordType"\n"1","2","3","LineItem"\n',
             "detailed billing report"),
            ("a.csv", csv_row(1) + csv_row(2), "line 1 is a row"),
            ("a.csv", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML or HTML"),
            ("a.csv.zst", b"\x28\xb5\x2f\xfd....", "zstd"),
            ("a.csv", gzip.compress(zipped([("a.csv", TWO_HOURS)])), "zip archive", "unzip")):
        expect_named(tool, {name: data}, [name], name, *words)


@case("a heading given twice is named")
def heading_twice(tool):
    for more in ("lineItem/UsageAmount", "LINEITEM/usageamount", "line_item_usage_amount", "identity/LineItemId"):
        data = CSV_HEADER.strip() + f",{more}\n".encode() + csv_row(1).strip() + b",2\n"
        expect_named(tool, {"twice.csv": data}, ["twice.csv"], "twice.csv", more, "twice")
    for columns in ("a/b,c,a/b", "resourceTags/user:env,resourceTags/user:env"):
        data = CSV_HEADER.strip() + f",{columns}\n".encode() + csv_row(1).strip() + b"," * (columns.count(",") + 1) + b"\n"
        expect_named(tool, {"twice.csv": data}, ["twice.csv"], "twice.csv", columns.split(",")[0])


# --- deliveries -------------------------------------------------------------------------------------------------

PAYER = "100000000001"
OTHER_ASSEMBLY = "1f3a7a10-1111-4222-8333-444455556666"
CUR2 = ("identity_line_item_id", "identity_time_interval", "line_item_usage_account_id", "line_item_product_code",
        "line_item_usage_type", "line_item_operation", "line_item_usage_start_date", "line_item_usage_amount",
        "line_item_line_item_type", "line_item_line_item_description")


def report(hours, prefix="a", *, headings=None, more=None, month="2024-06", payer=PAYER):
    """Hours of a t3.micro of one payer; ids are the delivery's own."""
    heading = (",".join(headings) if headings else CSV_HEADER.decode().strip()) + ",bill/PayerAccountId"
    if headings:
        heading = heading.replace("bill/PayerAccountId", "bill_payer_account_id")
    rows = [heading + (f",{more}" if more else "")]
    for hour in hours:
        start = f"{month}-{1 + hour // 24:02d}T{hour % 24:02d}:00:00Z"
        rows.append(f"{prefix}{hour},{start}/{start},{X},AmazonEC2,BoxUsage:t3.micro,RunInstances,{start},1,Usage,per hour,{payer}"
                    + ("," if more else ""))
    return ("\n".join(rows) + "\n").encode()


@case("two deliveries of one payer's month are refused: other ids, styles, columns, assemblies, many rows or one")
def two_deliveries(tool):
    def expect_refused(files, *words):
        for names in (list(files), list(files)[::-1]):
            expect_named(tool, files, names, "2024-06 of payer 100000000001", "two deliveries", *words)
    expect_refused({"a.csv": report([0]), "b.csv": report([0], "b")}, "same rows")
    expect_refused({"a.csv": report(range(100)), "b.csv": report(range(300), "b")}, "same rows")
    expect_refused({"a.csv": report(range(300)), "b.csv": report(range(400, 700)), "c.csv": report(range(600), "c")}, "same rows")
    expect_refused({"a.csv": report(range(10)), "b.csv": report(range(10, 20), headings=CUR2)}, "two styles")
    expect_refused({"a.csv": report(range(10)), "b.csv": report(range(10, 20), more="product/vcpu")}, "different columns")
    expect_refused({f"{ASSEMBLY}/r-1.csv": report(range(10)), f"{OTHER_ASSEMBLY}/r-1.csv": report(range(10, 20))}, ASSEMBLY,
                   OTHER_ASSEMBLY)
    expect_refused({"a.zip": zipped([("a.csv", report(range(200)))]), "b.csv.gz": gzip.compress(report(range(200), "b"))},
                   "same rows")
    expect_named(tool, {"all.zip": zipped([("a.csv", report(range(200))), ("b.csv", report(range(300), "b"))])}, ["all.zip"],
                 "same rows")
    expect_named(tool, {"a-Manifest.json": manifest("k/a.csv"), "a.csv": report([1]), "b-Manifest.json":
                        manifest("k/b.csv", assemblyId=OTHER_ASSEMBLY), "b.csv": report([2])},
                 ["a-Manifest.json", "b-Manifest.json"], ASSEMBLY, OTHER_ASSEMBLY)


@case("a large month that comes twice is found by a sample of its rows")
def large_deliveries(tool):
    def large(prefix, count):
        start = "2024-06-01T00:00:00Z"
        rows = [CSV_HEADER.decode().strip() + ",lineItem/ResourceId"]
        rows += [f"{prefix}{n},{start}/{start},{X},AmazonEC2,BoxUsage:t3.micro,RunInstances,{start},1,Usage,per hour,i-{n}"
                 for n in range(count)]
        return ("\n".join(rows) + "\n").encode()
    expect_named(tool, {"a.csv": large("a", 200000), "b.csv": large("b", 150000)}, ["a.csv", "b.csv"], "same rows")


@case("chunks of one delivery, two months, two payers, a file named twice and usage of one's own are priced")
def one_delivery(tool):
    first, second = report(range(24)), report(range(24, 48), "b")
    total, events = "0.4992", 48  # 48 × 0.0104
    expect_priced(tool, {"r-1.csv": first, "r-2.csv": second}, ["r-1.csv", "r-2.csv"], total, events)
    expect_priced(tool, {f"{ASSEMBLY}/r-1.csv": report(range(24)), f"{ASSEMBLY}/r-2.csv": report(range(24, 48), more="x/y")},
                  [f"{ASSEMBLY}/r-1.csv", f"{ASSEMBLY}/r-2.csv"], total, events)
    expect_priced(tool, {"june.csv": first, "own.jsonl": line(good_event()) * 1}, ["june.csv", "own.jsonl"], "0.26", 25)
    expect_priced(tool, {"june.csv": first, "other.csv": report(range(24), "b", payer="100000000002", more="x/y")},
                  ["june.csv", "other.csv"], total, events)
    out, process = price(tool, {"june.csv": first, "july.csv": report(range(24), "b", month="2024-07", more="x/y")},
                         ["june.csv", "july.csv"])
    expect(f"two months {process.stderr}", 0, process.returncode)
    out, process = price(tool, {"r-1.csv": first}, ["r-1.csv", "r-1.csv"])
    expect(f"twice {process.stderr}", (0, 24), (process.returncode, json.loads((out / "summary.json").read_text())["duplicate"]))


# --- spellings --------------------------------------------------------------------------------------------------

def expect_tags(tool, headings, cells, expected):
    quoted = ",".join('"' + cell.replace('"', '""') + '"' if cell else "" for cell in cells)
    data = CSV_HEADER.strip() + f",{headings}\n".encode() + csv_row(1).strip() + f",{quoted}\n".encode()
    out = expect_priced(tool, {"tags.csv": data}, ["tags.csv"], "0.0104", 1)
    expect(f"tags of {cells}", expected, json.loads((out / "line-items.jsonl").read_text()).get("tags"))


@case("tags as columns, as JSON, as Athena prints maps, none; each kind under its prefix")
def tags(tool):
    expect_tags(tool, "resource_tags_user_team,resource_tags_aws_created_by", ("a", "Root"),
                {"user_team": "a", "aws_created_by": "Root"})
    expect_tags(tool, "resource_tags", ("{user_team=a, user_env=b}",), {"user_team": "a", "user_env": "b"})
    expect_tags(tool, "resource_tags", ('{"user_team":"a"}',), {"user_team": "a"})
    for nothing in ("null", "{}", ""):
        expect_tags(tool, "resource_tags", (nothing,), None)
    expect_tags(tool, "resource_tags,cost_category,tags",
                ('{"user_team":"a"}', '{"Dept":"X"}', '{"accountTag/owner":"Zed","userAttribute/y":"1"}'),
                {"user_team": "a", "costCategory/Dept": "X", "accountTag/owner": "Zed", "userAttribute/y": "1"})
    expect_tags(tool, "costCategory/Dept,resourceTags/user:team", ("X", "a"), {"costCategory/Dept": "X", "user:team": "a"})
    expect_tags(tool, "cost_category_dept", ("X",), {"costCategory/dept": "X"})


@case("times as Athena and others print them, null in cells, a byte order mark, line ends of Windows")
def cells(tool):
    for text in ("2024-06-01 00:00:00.000 UTC", "2024-06-01 00:00:00.000", "2024-06-01 00:00:00+00"):
        data = TWO_HOURS.replace(b",2024-06-01T00:00:00Z,", f",{text},".encode())
        expect_priced(tool, {"time.csv": data}, ["time.csv"])
    data = CSV_HEADER.strip() + b",lineItem/ResourceId,lineItem/UnblendedCost\n" + csv_row(1).strip() + b",null,NULL\n"
    expect_priced(tool, {"null.csv": data}, ["null.csv"], "0.0104", 1)
    expect_priced(tool, {"mark.csv": b"\xef\xbb\xbf" + TWO_HOURS.replace(b"\n", b"\r\n")}, ["mark.csv"])
    expect_priced(tool, {"mark.jsonl": b"\xef\xbb\xbf" + line(good_event()) + line(good_event())}, ["mark.jsonl"])


@case("a map that names a key twice is a dead letter that says so")
def key_twice(tool):
    data = CSV_HEADER.strip() + b",resource_tags\n" + csv_row(1).strip() + b',"{""a"":""1"",""a"":""2""}"\n' + csv_row(2).strip() + b",\n"
    out, process = price(tool, {"twice.csv": data}, ["twice.csv"])
    expect("exit code", 0, process.returncode)
    letter = json.loads((out / "dead-letters.jsonl").read_text())
    expect("reason", (2, "BAD_FIELD", "tags"), (letter["line"], letter["reason"], letter["field"]))
    expect("detail", True, "duplicate object key" in letter["detail"])


def forms(text):
    """One report in other clothes: (name, bytes)."""
    rows = list(csv.reader(io.StringIO(text)))
    heading, body = rows[0], rows[1:]

    def written(rows, **options):
        out = io.StringIO()
        csv.writer(out, **{"lineterminator": "\n", **options}).writerows(rows)
        return out.getvalue().encode()

    yield "compressed.csv.gz", gzip.compress(text.encode())
    yield "packed.csv.zip", zipped([("cur/report.csv", text)])
    yield "packed-twice.zip", zipped([("cur/report.csv.gz", gzip.compress(text.encode()))])
    yield "windows.csv", written(rows, lineterminator="\r\n")
    yield "marked.csv", b"\xef\xbb\xbf" + text.encode()
    yield "quoted.csv", written(rows, quoting=csv.QUOTE_ALL)
    yield "upper.csv", written([[name.upper() for name in heading]] + body)
    yield "turned.csv", written([row[::-1] for row in rows])
    yield "backwards.csv", written([heading] + body[::-1])
    yield "empty-columns.csv", written([heading + ["pricing/Foo", "splitLineItem/ParentResourceId"]] + [row + ["", ""] for row in body])
    yield "notes.csv", written([heading + ["lineItem/Note"]] + [row + ['two\nlines, "quoted"'] for row in body])
    yield "blank-lines.csv", text.encode() + b"\n\n"
    snake = [re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).replace("/", "_").lower() for name in heading]
    yield "export.csv", written([snake] + body)


@case("a report is the same bill in whatever form it comes, two months, two payers and two currencies in it")
def any_form(tool):
    """Two hours of a t3.micro at 0.0104 are June's; the hour in yuan has no price, tax and credit are left out, the other payer's
    account is in no group, the late hour of May is on June's bill: 3 x 0.0104."""
    heading = ("identity/LineItemId,identity/TimeInterval,bill/PayerAccountId,bill/BillingPeriodStartDate,lineItem/UsageAccountId,"
               "lineItem/LineItemType,lineItem/UsageStartDate,lineItem/ProductCode,lineItem/UsageType,lineItem/Operation,"
               "lineItem/UsageAmount,lineItem/CurrencyCode,lineItem/UnblendedCost")
    month, hour = f"{PERIOD}-01T00:00:00Z", f"{PERIOD}-10T00:00:00Z"
    usage = "AmazonEC2,BoxUsage:t3.micro,RunInstances,1"
    rows = [f"a,t,{PAYER},{month},{X},Usage,{hour},{usage},USD,0.01", f"b,t,{PAYER},{month},{X},Usage,{hour},{usage},,0.02",
            f"c,t,{PAYER},{month},{X},Usage,2024-05-31T23:00:00Z,{usage},USD,0.03",
            f"d,t,{PAYER},{month},{X},Usage,{hour},{usage},CNY,5", f"e,t,{PAYER},{month},{X},Tax,{month},AmazonEC2,,,,USD,0.5",
            f"f,t,{PAYER},{month},{X},Credit,{month},AmazonEC2,,,,USD,-0.04",
            f"g,t,900000000009,{month},900000000001,Usage,{hour},{usage},USD,7"]
    for name, data in [("plain.csv", ("\n".join([heading, *rows]) + "\n").encode()), *forms("\n".join([heading, *rows]) + "\n")]:
        out, process = price(tool, {name: data}, [name])
        expect(f"exit code of {name} ({process.stderr.strip()[-300:]})", 0, process.returncode)
        summary = json.loads((out / "summary.json").read_text())
        counts = ("events_in", "priced", "left_out", "unmonitored", "unpriced", "dead")
        expect(name, (7, 3, 2, 1, 1, 0), tuple(summary[count] for count in counts))
        group = next(group for group in summary["groups"] if group["billing_group"])
        found = tuple(str(group[member]) for member in ("billing_period", "cost", "billable_cost", "tax"))
        expect(name, (PERIOD, "0.0312", "0.02", "0.5"), found)


def main():
    return run_cases(proforma_argument(__doc__.splitlines()[0]), CASES)


if __name__ == "__main__":
    sys.exit(main())
