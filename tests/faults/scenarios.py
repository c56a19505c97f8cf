"""The faults, by the numbers of their matrix. Each hurts an installation in its own way and then says what must be true.

A scenario is a function of a World. Its first line of text says what it does; `@needs` says on how many brokers it is of use
and whether it is short enough for every build, or so long that it has to be named.
"""
import datetime
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from decimal import Decimal

from kafka_tools import Failed, record
from proxy import END_TXN
from test_month import DATA, check_bills, check_deltas, check_reports, latest
from world import Installation, rest

SCENARIOS = {}


def needs(brokers=(1, 3), quick=False, long=False):
    def keep(scenario):
        SCENARIOS[scenario.__name__] = (scenario, brokers, quick, long)
        return scenario
    return keep


# ---- F1 to F9: kill -9 at a named point ----


def crash_again_and_again(world, name, points, **settings):
    """A part of the usage for each crash, and the last ones while the month closes."""
    case = Installation(world, name, **settings)
    case.begin(0.3)
    came = 0
    for number, point in enumerate(points):
        came += case.crash_at(point)
        case.more(0.3 + 0.7 * (number + 1) / len(points))
    case.ask_close()
    for point in points[:2]:
        came += case.crash_at(point, seconds=4)
    assert came >= len(points) // 2, f"only {came} of {len(points) + 2} processes came to {points}"
    case.finish()


@needs(quick=True)
def f01_killed_with_records_in_hand(world):
    """Records have been taken from the broker and nothing is done with them."""
    crash_again_and_again(world, "f01", ["poll:1", "poll:2", "poll:3"])


@needs(quick=True)
def f02_killed_amid_a_transaction(world):
    """Some of its records are on the broker: nobody may ever see them."""
    case = Installation(world, "f02")
    case.begin()
    assert case.crash_at("produce:50")
    assert case.aborted() > 0, "nothing was on the broker when it was killed"
    items = [json.loads(row["value"]) for row in case.topic("line-items")]
    assert all(item["status"] == "MARKER" for item in items), items  # an earlier transaction had no rows
    assert case.crash_at("produce:1") and case.crash_at("produce:2000")
    case.finish()
    assert case.aborted() > 0


@needs(quick=True)
def f03_killed_before_its_offsets(world):
    """All records of a transaction are there, its offsets are not."""
    crash_again_and_again(world, "f03", ["offsets:1", "offsets:2", "offsets:5"])


@needs(quick=True)
def f04_killed_before_the_end(world):
    """Records and offsets are there, the end is not: the committed offset is what it was."""
    case = Installation(world, "f04")
    case.begin()
    assert case.crash_at("end:1")
    assert set(case.topics.offsets(case.name, f"{case.name}.usage").values()) == {None}
    assert case.crash_at("end:2")
    case.finish()


@needs(quick=True)
def f05_killed_with_the_end_on_its_way(world):
    """The broker has ended the transaction, the process never hears of it and is killed."""
    case = Installation(world, "f05", proxied=True)
    case.begin()
    for proxy in world.cluster.proxies:
        proxy.swallow_replies(END_TXN)
    process = case.start()
    case.wait_for("a reply that was swallowed", lambda: any(proxy.swallowed for proxy in world.cluster.proxies), 60)
    case.kill(process)
    for proxy in world.cluster.proxies:
        proxy.release()
        proxy.swallowed = 0
    assert case.topic("line-items"), "the broker has not committed"
    case.finish()


@needs(quick=True)
def f06_killed_behind_a_commit(world):
    """The transaction is committed, and local state does not know."""
    crash_again_and_again(world, "f06", ["committed:1", "committed:2", "committed:7", "store:1"])


@needs()
def f07_killed_while_state_is_written(world):
    """Before, behind and within what RocksDB writes; then by the clock, while it works in the background."""
    chance = random.Random(world.seed)
    crash_again_and_again(world, "f07", ["store:1", "stored:1", "flush:1", "stored:2"])
    again = Installation(world, "f07b")
    again.begin()
    for _ in range(6):
        process = again.start()
        rest(chance.uniform(0.3, 2))
        again.kill(process)
    again.finish()


@needs(quick=True)
def f08_killed_in_a_restore_of_a_restore(world):
    """And with its state gone, so that all comes from the topics."""
    case = Installation(world, "f08")
    case.begin()
    process = case.start()
    case.wait_taken()
    case.kill(process)
    came = 0
    for number in (1, 2, 3, 5):
        shutil.rmtree(case.state, ignore_errors=True)
        came += case.crash_at(f"restore:{number}", seconds=5)
    assert came >= 2
    case.finish()


@needs()
def f09_killed_while_partitions_come_and_go(world):
    """Inside the callbacks of a rebalance, with another process there to take over."""
    case = Installation(world, "f09")
    case.begin(0.5)
    came = case.crash_at("assign:1")
    other = case.start(instance=None)
    case.wait_taken()
    for point in ("revoke:1", "assign:2"):
        process = case.start(instance=None, crash=point)
        rest(2)
        third = case.start(instance=None)
        rest(3)
        came += case.ends(process, 10) == -signal.SIGKILL
        if process in case.processes:
            case.kill(process)
        case.kill(third)
    assert came >= 1
    assert other.poll() is None, case.log.read_text()[-3000:]
    case.finish(start=False)


# ---- F10, F11: who is it ----


@needs(quick=True)
def f10_asleep_for_longer_than_its_session(world):
    """Stopped amid a transaction, woken when others have its partitions: what it still does is not seen."""
    case = Installation(world, "f10")
    case.begin(0.6)
    zombie = case.start(instance=None, crash="end:2:stop")
    case.wait_for("sleep", lambda: case.crash_file.exists(), 60)
    other = case.start(instance=None)
    case.more(1.0)
    case.wait_for("the other one", lambda: case.priced() >= len(world.expected.line_items) * 9 // 10, 60)
    zombie.send_signal(signal.SIGCONT)
    rest(4)
    if zombie.poll() is not None:
        assert case.ends(zombie) == 5, case.log.read_text()[-3000:]
    assert other.poll() is None
    case.finish(start=False)


@needs(quick=True)
def f11_two_of_one_name(world):
    """Two processes with one instance.id, on two machines: one goes on, the other leaves with exit 5."""
    case = Installation(world, "f11")
    case.begin(0.5)
    processes = [case.start()]
    case.wait_taken()
    processes.append(case.start(extra=["--set", f"state.dir={world.scratch}/state-f11-other-{world.round}"]))
    end = time.monotonic() + 60
    while time.monotonic() < end and all(process.poll() is None for process in processes):
        rest(0.3)
    ended = [process for process in processes if process.poll() is not None]
    assert len(ended) == 1, f"{len(ended)} of two have ended"
    assert case.ends(ended[0]) == 5, case.log.read_text()[-3000:]
    case.finish(start=False)


# ---- F12 to F18: brokers and the way to them ----


@needs()
def f12_brokers_restart_in_order(world):
    """While usage comes in, and while the month closes."""
    case = Installation(world, "f12")
    case.begin(0.4)
    case.start()
    case.wait_taken()
    for number, broker in enumerate(world.cluster.brokers):
        broker.restart()
        case.more(0.4 + 0.5 * (number + 1) / world.cluster.count)
    case.wait_taken(90)
    case.finish(start=False)


@needs()
def f12_brokers_are_killed(world):
    """kill -9 of a broker at a time, amid transactions."""
    chance = random.Random(world.seed)
    case = Installation(world, "f12k")
    case.begin(0.2)
    case.start()
    case.wait_taken()
    for number in range(4):
        broker = chance.choice(world.cluster.brokers)
        rest(chance.uniform(0.1, 1))
        broker.kill()
        rest(chance.uniform(0, 3))
        broker.restart()
        case.more(0.2 + 0.2 * (number + 1))
    case.wait_taken(90)
    case.finish(start=False)


@needs(brokers=(3,))
def f13_coordinators_and_leaders_move(world):
    """F13 and F14: each broker in turn is killed, and with it coordinators of transactions and groups and leaders of topics."""
    case = Installation(world, "f13")
    case.begin(0.1)
    case.start()
    case.wait_taken()
    for number, broker in enumerate(world.cluster.brokers):
        broker.kill()
        case.more(0.1 + 0.3 * (number + 1))
        case.wait_taken(90)
        broker.restart()
        rest(2)
    case.finish(start=False)


@needs()
def f15_cut_off(world):
    """Connections end; then nothing gets through, in one direction or both, for less and for more than a transaction lives."""
    case = Installation(world, "f15", proxied=True, **{"transaction.timeout": "3s"})
    case.begin(0.1)
    case.start()
    case.wait_taken()
    for number, (direction, seconds) in enumerate([("both", 1), ("up", 2), ("down", 2), ("both", 9), ("down", 9)]):
        case.more(0.1 + 0.15 * (number + 1))
        for proxy in world.cluster.proxies:
            proxy.close_to(direction)
        rest(seconds)
        for proxy in world.cluster.proxies:
            proxy.open()
            if number % 2:
                proxy.cut()
        gone = [process for process in case.processes if process.poll() is not None]
        assert not gone, f"{direction} {seconds} s: ended with {gone[0].returncode}:\n{case.log.read_text()[-3000:]}"
        case.wait_taken(120)
    case.finish(start=False)


@needs(quick=True)
def f16_an_end_that_comes_late(world):
    """The end of a transaction is held back until its sender has begun anew; then it arrives."""
    case = Installation(world, "f16", proxied=True, **{"transaction.timeout": "3s"})
    case.begin(0.5)
    first = case.start()
    case.wait_taken()
    for proxy in world.cluster.proxies:
        proxy.hold_requests(END_TXN)
    case.more(1.0)
    case.wait_for("an end that is held", lambda: any(proxy.held for proxy in world.cluster.proxies), 60)
    case.kill(first)
    case.start(extra=["--set", f"kafka.bootstrap.servers={world.cluster.bootstrap}"])
    rest(3)
    for proxy in world.cluster.proxies:
        proxy.release()
        proxy.held = 0
    case.finish(start=False)


@needs()
def f17_slow_brokers(world):
    """Half a second there and back."""
    case = Installation(world, "f17", proxied=True, **{"transaction.timeout": "10s", "commit.interval": "200ms"})
    case.begin()
    for proxy in world.cluster.proxies:
        proxy.delay = 0.25
    try:
        case.start()
        case.finish(start=False, seconds=300)
    finally:
        for proxy in world.cluster.proxies:
            proxy.delay = 0.0


@needs(brokers=(3,))
def f18_too_few_replicas(world):
    """Two of three brokers are gone for longer than a transaction lives: nothing is written, nobody gives up."""
    case = Installation(world, "f18")
    case.begin(0.3)
    process = case.start()
    case.wait_taken()
    gone = world.cluster.brokers[1:]
    for broker in gone:
        broker.kill()
    rest(15)
    still = process.poll()
    threads = [threading.Thread(target=broker.restart) for broker in gone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert still is None, f"ended with {still}:\n{case.log.read_text()[-3000:]}"
    case.more(0.6)
    case.wait_taken(120)
    case.finish(start=False)


# ---- F19 to F21: state ----


@needs(brokers=(1,), quick=True)
def f19_a_disk_that_is_full(world):
    """State on a small file system that fills: it goes on, or waits, and then goes on; nothing is lost."""
    disk = world.scratch / f"disk-{world.round}"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode != 0:
        return f"not shown: mounting a small file system needs root ({mounted.stderr.strip()})"
    try:
        case = Installation(world, "f19", **{"state.dir": disk / "state"})
        case.begin(0.3)
        process = case.start()
        case.wait_taken()
        with open(disk / "filler", "wb") as filler:
            try:
                while filler.write(b"x" * 65536):
                    filler.flush()
            except OSError:
                pass
        case.more(0.8)
        rest(8)
        assert process.poll() is None, f"ended with {process.returncode}:\n{case.log.read_text()[-3000:]}"
        (disk / "filler").unlink()
        case.finish(start=False)
    finally:
        for process in case.processes:
            process.kill()
            process.wait()
        subprocess.run(["umount", disk], check=True)
    return None


def stores_of(case):
    return sorted(path for path in case.state.glob("*/*/task-*") if path.is_dir())


def flip_bytes(case, chance):
    for file in case.state.glob("*/*/task-*/*.sst"):
        content = bytearray(file.read_bytes())
        for _ in range(4):
            content[chance.randrange(len(content))] ^= 0x55
        file.write_bytes(content)


def truncate_manifests(case, chance):
    for file in case.state.glob("*/*/task-*/MANIFEST-*"):
        os.truncate(file, file.stat().st_size // 2)


def delete_current(case, chance):
    for file in case.state.glob("*/*/task-*/CURRENT"):
        file.unlink()


def fill_with_nonsense(case, chance):
    for file in case.state.glob("*/*/task-*/*"):
        if file.is_file() and chance.random() < 0.5:
            file.write_bytes(chance.randbytes(1000))


def swap_tasks(case, chance):
    usage = stores_of(case)[-3:]
    for path in usage:
        path.rename(path.with_suffix(".moved"))
    for path, other in zip(usage, usage[1:] + usage[:1]):
        path.with_suffix(".moved").rename(other)


def delete_one_file(case, chance):
    for store in stores_of(case):
        files = list(store.glob("*.sst"))
        if files:
            chance.choice(files).unlink()


@needs(brokers=(1,), quick=True)
def f20_state_that_is_damaged(world):
    """Flipped bytes, a cut manifest, a lost CURRENT, nonsense, another task's folder, a file that is gone."""
    chance = random.Random(world.seed)
    case = Installation(world, "f20")
    case.begin(0.4)
    harms = [flip_bytes, truncate_manifests, delete_current, fill_with_nonsense, swap_tasks, delete_one_file]
    for number, harm in enumerate(harms):
        case.start()
        case.wait_taken()
        rest(0.5)
        case.stop()
        assert stores_of(case), "there is no state to damage"
        harm(case, chance)
        case.more(0.4 + 0.1 * (number + 1))
    case.finish()


@needs(brokers=(1,), quick=True)
def f21_a_ledger_without_its_beginning(world):
    """Records of line-items are deleted while their month is open: the task says so and does not start without them."""
    case = Installation(world, "f21")
    case.begin(0.5)
    case.start()
    case.wait_for("usage", lambda: case.priced() > 300, 60)
    case.stop()
    ends = case.topics.watermarks(f"{case.name}.line-items")
    hurt = max(ends, key=lambda partition: ends[partition][1])
    before = case.written()
    case.topics.delete_records(f"{case.name}.line-items", hurt, ends[hurt][1] - 3)
    shutil.rmtree(case.state)
    process = case.start()
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None and not case.said("task_stopped"):
        rest(0.3)
    rest(2)
    told = case.log.read_text()
    rows = [row for row in case.topic("line-items") if row["partition"] == hurt and not row["key"].startswith("#")]
    assert "task_stopped" in told or process.poll() not in (None, 0), told[-3000:]
    assert len(rows) <= 3 and case.written() >= before, "the task went on without its rows"
    assert f"task={hurt}" in told or process.poll() is not None, told[-3000:]
    case.kill_all()


@needs(brokers=(1,), quick=True)
def offsets_that_expired(world):
    """All processes were away for longer than the broker keeps offsets: the markers say where to go on."""
    case = Installation(world, "expired")
    case.begin(0.5)
    case.start()
    case.wait_for("usage", lambda: case.priced() > 300, 60)
    rest(1)
    case.stop()
    case.wait_for("an empty group", lambda: try_delete_group(case), 30)
    assert set(case.topics.offsets(case.name, f"{case.name}.usage").values()) == {None}
    case.finish()


def try_delete_group(case):
    try:
        case.topics.delete_group(case.name)
        return True
    except Failed:
        return False


# ---- F22 to F25: what comes in ----


@needs(brokers=(1,), quick=True)
def f22_poison(world):
    """A tenth of what comes in is no usage; each piece is a dead letter, and memory does not grow with it."""
    chance = random.Random(world.seed)
    case = Installation(world, "f22")
    poison = [b"", b"{", b"[]", b"\xff\xfe", b"null", b"\0\0\0\0\1", b"\0" + b"\xff" * 12, b'{"event_id":1e999}',
              b'{"event_id":' + b"[" * 5000, b'{"tags":' + b'{"a":' * 2000, chance.randbytes(300), b"x" * 300000,
              world.events[0][:200], b'{"event_id":"a","event_id":"b"}']
    case.begin(0)
    bad = [chance.choice(poison) for _ in range(len(world.events) // 10)]
    case.topics.produce(f"{case.name}.usage", [record(value, partition=chance.randrange(3)) for value in bad])
    case.start()
    case.wait_for("dead letters", lambda: len(case.topic("dead-letters")) == len(bad), 60)
    case.ask_close()
    case.wait_for("the close", case.is_closed)
    case.stop()
    assert len(case.topic("dead-letters")) == len(bad)
    check_reports(case, world.expected)
    check_bills(case, world.expected)
    check_deltas(case.topic("line-items"))


@needs(brokers=(1,), quick=True)
def f23_duplicates(world):
    """The same event again: in one batch, in another, behind a crash and behind a restore; and an id with other content."""
    chance = random.Random(world.seed)
    case = Installation(world, "f23")
    case.begin(0.5)
    case.produce(world.events[:50] * 2)
    assert case.crash_at("committed:2")
    case.produce(chance.sample(world.events[:case.given], 200))
    process = case.start()
    case.wait_taken()
    case.kill(process)
    shutil.rmtree(case.state, ignore_errors=True)
    case.produce(chance.sample(world.events[:case.given], 200))
    case.more(1.0)
    changed = []
    for event in chance.sample(world.events[:case.given], 20):
        value = json.loads(event)
        value["description"] = "something else"
        changed.append(json.dumps(value).encode())
    case.produce(changed)
    case.start()
    case.ask_close()
    case.wait_for("the close", case.is_closed)
    case.stop()
    assert [letter["headers"]["reason"] for letter in case.topic("dead-letters")] == ["EVENT_ID_REUSED"] * 20
    check_reports(case, world.expected)
    check_bills(case, world.expected)


@needs(brokers=(1,), quick=True)
def f24_order_late_and_idle(world):
    """Usage in any order, a partition that gets none, and usage that comes when the month is closed."""
    chance = random.Random(world.seed)
    case = Installation(world, "f24", **{"partitions.usage": 4})
    case.begin(0)
    events = list(world.events)
    chance.shuffle(events)
    case.produce(events)  # to three of four partitions
    case.given = len(world.events)
    case.start()
    case.ask_close()
    case.wait_for("the close", case.is_closed)
    event = json.loads(world.events[1])
    event["event_id"] = "late"
    case.produce([json.dumps(event).encode()])
    case.wait_for("a bill of July", lambda: any(bill["billing_period"] == "2026-07" for bill in latest(case.topic("bills")).values()))
    rest(3)  # bills go out once a second
    case.stop()
    check_reports(case, world.expected)
    assert case.command("verify", "--period", "2026-06", check=False).returncode == 0
    assert case.command("verify", "--period", "2026-07", check=False).returncode == 0


# ---- F26 to F30: processes ----


@needs()
def f26_a_storm_of_rebalances(world):
    """Six processes; every second or two one leaves, in order or not, and one comes. Usage is priced meanwhile."""
    chance = random.Random(world.seed)
    case = Installation(world, "f26")
    case.begin(0.1)
    for _ in range(3):
        case.start(instance=None)
    case.wait_taken()
    rounds, written = 12, 0
    for number in range(rounds):
        before = case.written()
        leaving = chance.choice(case.processes)
        if chance.random() < 0.5:
            case.kill(leaving)
        else:
            leaving.send_signal(signal.SIGTERM)
            assert case.ends(leaving, 60) == 0, case.log.read_text()[-3000:]
        case.start(instance=None)
        case.more(0.1 + 0.9 * (number + 1) / rounds)
        rest(chance.uniform(1, 3))
        written += case.written() > before
    assert written > 0, "nothing was priced in the storm"
    case.finish(start=False)


@needs(brokers=(1,), quick=True)
def f28_a_clock_that_is_wrong(world):
    """An hour ahead, an hour behind, a year, and steps while it runs: no price and no month depends on it."""
    case = Installation(world, "f28")
    clock = world.scratch / "clock"
    case.begin(0.2)
    for number, seconds in enumerate([3600, -3600, 400 * 86400]):
        clock.write_text(str(seconds))
        case.start(clock=clock)
        case.wait_taken()
        clock.write_text(str(-seconds))
        case.more(0.2 + 0.2 * (number + 1))
        case.wait_taken()
        case.stop()
    assert not any(json.loads(row["value"]).get("barrier") == "closed" for row in case.topic("subtotals") if row["value"])
    case.finish()


@needs(brokers=(1,))
def f29_out_of_memory(world):
    """With less and less of it: it ends at once or does its work; then, with enough, all is there once."""
    case = Installation(world, "f29", **{"memory.limit": "32MiB", "dedup.memory": "8MiB"})
    case.begin()
    ended = 0
    for megabytes in (700, 550, 450, 400, 350, 300, 250):
        process = case.start(limit=megabytes * 2**20)
        code = case.ends(process, 6)
        if code is None:
            case.kill(process)
        else:
            ended += 1
            assert code != 0, f"{megabytes} MiB: ended with 0"
    assert ended > 0, "it never ran out of memory"
    case.finish()


@needs(quick=True)
def f30_asked_to_stop(world):
    """SIGTERM at any time, once or twice: it commits and ends with 0, soon."""
    chance = random.Random(world.seed)
    case = Installation(world, "f30")
    case.begin(0.2)
    for number in range(5):
        process = case.start()
        rest(chance.uniform(0.02, 1.5))
        process.send_signal(signal.SIGTERM)
        if number % 2:
            process.send_signal(signal.SIGTERM)
        code = case.ends(process, 30)
        # A signal that comes before the program listens for it ends it as it ends any other.
        assert code in (0, -signal.SIGTERM), f"{code}:\n{case.log.read_text()[-3000:]}"
        case.more(0.2 + 0.16 * (number + 1))
    case.finish()


# ---- closes ----


@needs(brokers=(1,), quick=True)
def two_months_back_to_back(world):
    """Two processes, one of them asleep while May and June are closed; both months close, each with its own usage."""
    case = Installation(world, "months")
    may = world.scratch / f"may-{world.round}.csv"
    may.write_text(world.usage.read_text().replace("2026-06", "2026-05").replace("2026-07-01", "2026-06-01"))
    document = json.loads((DATA / "conductor.json").read_text())
    document["BillingPeriod"] = "2026-05"
    conductor = world.scratch / "conductor-may.json"
    conductor.write_text(json.dumps(document))
    lists = [part for name in ("AmazonS3", "AmazonEC2")
             for part in ("--price-list", str(DATA / f"pricelist/{name}.json"))]
    case.command("topics", "create")
    case.command("apply", "--conductor", conductor, *lists)
    case.start(instance="a")
    asleep = case.start(instance="b")
    case.command("import", may)
    case.command("import", world.usage)
    case.wait_taken()
    rest(2)
    asleep.send_signal(signal.SIGSTOP)
    case.command("close", "--period", "2026-05")
    case.command("close", "--period", "2026-06")
    rest(3)
    asleep.send_signal(signal.SIGCONT)

    def both():
        months = {key.split("/")[1] for key in case.manifests()}
        return months == {"2026-05", "2026-06"} and sum("2026-06" in key for key in case.manifests()) == \
            sum("2026-05" in key for key in case.manifests())

    case.wait_for("both months", both, 90)
    rest(1)
    case.stop()
    for period in ("2026-05", "2026-06"):
        done = case.command("verify", "--period", period, check=False)
        assert done.returncode == 0, done.stdout[-2000:]


def large_document(accounts, groups):
    """A group for each hundred accounts or so, all under one plan of one rule."""
    numbers = [f"{300000000000 + number}" for number in range(accounts)]
    arn = "arn:aws:billingconductor::100000000001"
    return numbers, {
        "BillingPeriod": "2026-06",
        "PricingRules": [{"Arn": f"{arn}:pricingrule/Up12345678", "Name": "up", "Scope": "GLOBAL", "Type": "MARKUP",
                          "ModifierPercentage": 10.0}],
        "PricingPlans": [{"Arn": f"{arn}:pricingplan/Pl12345678", "Name": "plan"}],
        "PricingRulesAssociatedToPricingPlan": [{"PricingPlanArn": f"{arn}:pricingplan/Pl12345678",
                                                 "PricingRuleArns": [f"{arn}:pricingrule/Up12345678"]}],
        "BillingGroups": [{"Arn": f"{arn}:billinggroup/{numbers[group]}", "Name": f"group-{group}", "Status": "ACTIVE",
                           "PrimaryAccountId": numbers[group],
                           "ComputationPreference": {"PricingPlanArn": f"{arn}:pricingplan/Pl12345678"}}
                          for group in range(groups)],
        "LinkedAccounts": [{"AccountId": account, "BillingGroupArn": f"{arn}:billinggroup/{numbers[place % groups]}"}
                               for place, account in enumerate(numbers)],
    }


def large_usage(path, accounts, hours):
    """An hour of usage each, of as many hours as asked; accounts begin at different ones."""
    start = datetime.datetime(2026, 6, 1, tzinfo=datetime.timezone.utc)
    begins = [(start + datetime.timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ") for hour in range(hours + 100)]
    with open(path, "w") as out:
        for number, account in enumerate(accounts):
            for hour in range(hours):
                out.write(f'{{"event_id":"{hour}","usage_account_id":"{account}","payer_account_id":"100000000001",'
                          '"product_code":"AmazonEC2","usage_type":"BoxUsage:m5.large","operation":"RunInstances",'
                          f'"usage_start":"{begins[hour + number % 100]}","usage_amount":"1","unit":"Hrs",'
                          '"public_on_demand_rate":"0.096","unblended_cost":"0.096"}\n')


def close_large_month(world, name, count, groups, hours, during=None, seconds=300, **settings):
    """Usage first, and only when all of it is committed the close; `during` may hurt the process meanwhile."""
    accounts, document = large_document(count, groups)
    conductor, usage = world.scratch / f"{name}.json", world.scratch / f"{name}.jsonl"
    conductor.write_text(json.dumps(document))
    large_usage(usage, accounts, hours)
    case = Installation(world, name, **{"transaction.timeout": "10s", "commit.interval": "100ms", "store.lag": 100000,
                                        "partitions.usage": 4, "report.resource.ids": "false", **settings})
    case.command("topics", "create")
    case.command("apply", "--conductor", conductor)
    case.start()
    begun = time.monotonic()
    case.command("import", usage)
    case.wait_taken(seconds)
    rest(2)
    print(f"    {count * hours} rows taken within {time.monotonic() - begun:.0f} s", flush=True)

    def manifests():
        return sum(high - low for low, high in case.topics.watermarks(f"{case.name}.cur-manifests").values())

    case.command("close", "--period", "2026-06")
    begun = time.monotonic()
    if during:
        during(case, manifests)
    case.wait_for("the close", lambda: manifests() >= count + groups, seconds)
    print(f"    closed within {time.monotonic() - begun:.0f} s of being asked", flush=True)
    case.wait_for("the end of the close", lambda: "closed" in case.command("status").stdout, seconds)
    assert during or not case.said("transaction_aborted"), "a transaction took too long"
    case.stop()
    done = case.command("verify", "--period", "2026-06", check=False)
    assert done.returncode == 0 and "2026-06 is closed" in done.stdout, done.stdout[-2000:] + done.stderr
    total = next(bill for key, bill in latest(case.topic("bills")).items() if key == f"{accounts[0]}/2026-06///")
    assert Decimal(total["cost"]) == Decimal("0.096") * Decimal("1.1") * hours * (count // groups), total
    return case


@needs(brokers=(1,))
def a_month_of_ten_thousand_accounts(world):
    """300,000 rows in a hundred groups: it closes in bounded steps, with transactions of ten seconds."""
    close_large_month(world, "large", 10000, 100, 30)


@needs(brokers=(1,))
def a_group_of_a_hundred_thousand_accounts(world):
    """Its bills and manifests go out in bounded steps, too; killed when some manifests are out."""
    def kill(case, manifests):
        case.wait_for("manifests", lambda: manifests() > 0, 300)
        case.kill(case.processes[0])
        case.start()

    close_large_month(world, "group", 100000, 1, 3, during=kill)


@needs(brokers=(1,), long=True)
def a_month_of_a_hundred_thousand_accounts(world):
    """3,000,000 rows in a thousand groups, with memory for less than half of them."""
    close_large_month(world, "larger", 100000, 1000, 30, seconds=1800, **{"memory.limit": "1GiB"})
