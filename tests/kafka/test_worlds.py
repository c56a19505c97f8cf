#!/usr/bin/env python3
"""Random worlds of the model through Kafka: what AWS's files are made of (allowances, free usage, net costs, invoice months,
service codes, split costs, commitments) ends as `proforma price` has it, once the month is closed. Usage comes in two imports,
some of it twice; now and then the process is killed and its state is lost.

    build/python/bin/python3 tests/kafka/test_worlds.py --proforma build/processor/proforma --kafka-cat build/tests/kafka_cat
"""
import itertools
import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from kafka_tools import case_parser, run_on_broker
from test_month import Case, check_deltas, content, latest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "model"))
import generate  # noqa: E402
import reference  # noqa: E402


def worlds(first):
    """Of one month: others would have to be closed before it."""
    for seed in range(first, first + 1000):
        world = generate.generate(seed)
        months = {month for month in (month_of(event) for event in world.usage) if month}
        if len(world.usage) >= 40 and world.document["BillingGroups"] and max(months, key=lambda month: sum(month_of(e) == month for e in world.usage)) == world.close:
            yield seed, world


def month_of(event):
    try:
        return reference.invoice_month(reference.decode(event))
    except reference.Dead:
        return None


def events_of(world):
    """What decodes, of the month that is closed; and each id once, so that it does not matter who comes first."""
    seen, events = set(), []
    for event in world.usage:
        if month_of(event) != world.close or (event["usage_account_id"], event["event_id"]) in seen:
            continue
        seen.add((event["usage_account_id"], event["event_id"]))
        events.append(reference.of_parent(event))
    return events


def write(folder, world, events):
    (folder / "conductor.json").write_text(json.dumps(world.document))
    documents = ["--conductor", str(folder / "conductor.json")]
    for offer in world.offers:
        path = folder / f"{offer['offerCode']}.json"
        path.write_text(json.dumps(offer))
        documents += ["--price-list", str(path)]
    (folder / "usage.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    return documents


def expect(found, wanted, what):
    only_found, only_wanted = [item for item in found if item not in wanted], [item for item in wanted if item not in found]
    assert found == wanted, f"{what}: {len(only_found)} are not expected, {len(only_wanted)} are not there:\n" + "\n".join(
        map(str, only_found[:1] + only_wanted[:1]))


def bills_of(rows):
    return sorted(json.dumps({name: value for name, value in row.items() if name != "as_of" and value is not None}, sort_keys=True)
                  for row in rows if any(row.get(name) not in (0, "0", None) for name in ("usage_events", "cost", "billable_cost",
                                                                                         "tax", "public_cost")))


def a_world_ends_as_price_has_it(context, seed, world):
    rng = random.Random(seed)
    folder = context.scratch / f"world{seed}"
    folder.mkdir()
    events = events_of(world)
    documents = write(folder, world, events)
    grain = ["--granularity", world.granularity, *(["--resource-ids"] if world.resource_ids else [])]
    subprocess.run([context.proforma, "price", *documents, *grain, "--close", world.close, "--out", str(folder / "out"),
                    str(folder / "usage.jsonl")], check=True, capture_output=True)
    case = Case(context, f"world{seed}", workers=rng.choice((1, 2)), **{
        "report.time.granularity": world.granularity, "report.resource.ids": str(world.resource_ids).lower(), "store.lag": 1000,
        "state.dir": folder / "state"})
    case.command("topics", "create")
    case.command("apply", *documents)
    case.start()
    half = len(events) // 2
    for number, part in enumerate((events[:half], events[half:] + rng.sample(events, 5))):
        path = folder / f"part{number}.jsonl"
        path.write_text("".join(json.dumps(event) + "\n" for event in part))
        case.command("import", "--again", path)
    if rng.random() < 0.5:
        time.sleep(rng.random())
        case.kill_all()
        shutil.rmtree(folder / "state", ignore_errors=True)
        case.start()
    case.command("close", "--period", world.close, "--early")
    wanted_manifests = len(list((folder / "out/cur").glob("**/*-Manifest.json")))
    case.wait_for("manifests", lambda: len(case.manifests()) == wanted_manifests)
    case.stop()
    records = case.topic("line-items")
    check_deltas(records)
    price_items = [json.loads(line) for line in (folder / "out/line-items.jsonl").open()]
    expect(sorted(content(item) for item in latest(records).values() if item["status"] != "MARKER"),
           sorted(map(content, price_items)), "line items")
    expect(bills_of(latest(case.topic("bills")).values()), bills_of(map(json.loads, (folder / "out/bills.jsonl").open())), "bills")
    for path in (folder / "out/cur").glob("**/*-Manifest.json"):
        parts = path.relative_to(folder / "out/cur").parts
        key = f"{parts[0]}/{world.close}/{parts[2] if parts[1] == 'accounts' else ''}"
        assert case.manifests()[key]["checksum"] == json.loads(path.read_text())["checksum"], key


def case_of(seed, world):
    def case(context):
        a_world_ends_as_price_has_it(context, seed, world)
    case.__name__ = f"the world of seed {seed}"
    return case


def main():
    parser = case_parser(__doc__)
    parser.set_defaults(seed=int(time.time()) % 1000000)
    parser.add_argument("--worlds", type=int, default=4)
    context = parser.parse_args()
    chosen = itertools.islice(worlds(context.seed), context.worlds)
    return run_on_broker((case_of(seed, world) for seed, world in chosen), context)


if __name__ == "__main__":
    sys.exit(main())
