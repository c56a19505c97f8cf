#!/usr/bin/env python3
"""The broker, kafka_cat and kafka_tools.py themselves: what the tests against a real Kafka rely on."""
import functools
import sys
import tempfile
from pathlib import Path

from kafka_tools import Broker, Failed, case_parser, record, run_on_broker


class Wrong(Exception):
    """A test failed."""


def expect(found, wanted):
    if found != wanted:
        raise Wrong(f"expected {wanted!r}, found {found!r}")


def values(records):
    return [item["value"].decode() for item in records]


def refused(call, *words):
    try:
        call()
    except Failed as error:
        if not all(word in str(error) for word in words):
            raise Wrong(f"the message lacks {words}: {error}") from None
    else:
        raise Wrong("nothing failed")


def records_come_back_as_they_were_written(broker, topics):
    topics.create("whole", 3)
    binary = bytes(range(256))
    headers = {"h": "1", "b": b"\xff\x00", "none": None}
    written = [record("a", key="k", headers=headers, partition=2, timestamp=1780000000123),
               record(binary, key=b"\xfe", partition=2), record(None, key="deleted", partition=0),
               record("", partition=0), record("zoë\u2028\n", key="", partition=0)]
    topics.produce("whole", written)
    read = sorted(topics.consume("whole"), key=lambda item: (item["partition"], item["offset"]))
    expect([(item["partition"], item["offset"], item["key"], item["value"]) for item in read],
           [(0, 0, "deleted", None), (0, 1, None, b""), (0, 2, "", "zoë\u2028\n".encode()), (2, 0, "k", b"a"),
            (2, 1, b"\xfe", binary)])
    expect(read[3]["headers"], headers)
    expect(read[3]["timestamp"], 1780000000123)
    expect(topics.watermarks("whole"), {0: (0, 3), 1: (0, 0), 2: (0, 2)})


def keys_go_where_the_java_clients_send_them(broker, topics):
    topics.create("keys", 8)
    topics.produce("keys", [record("", key=key) for key in ("21", "foobar", "a-little-bit-long-string")])
    # The hashes that the tests of the Java client name, without their sign, modulo 8.
    hashes = {"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536}
    expect({item["key"]: item["partition"] for item in topics.consume("keys")},
           {key: (value & 0x7FFFFFFF) % 8 for key, value in hashes.items()})


def an_aborted_transaction_is_not_visible(broker, topics):
    topics.create("transactions")
    topics.produce("transactions", [record("one"), record("two")], transactional="t1")
    topics.produce("transactions", [record("never")] * 3, transactional="t1", abort=True)
    expect(values(topics.consume("transactions")), ["one", "two"])
    expect(values(topics.consume("transactions", uncommitted=True)), ["one", "two"] + ["never"] * 3)
    topics.produce("transactions", [record("three")], transactional="t1")
    expect(values(topics.consume("transactions")), ["one", "two", "three"])
    # The ends of the three transactions take offsets too.
    expect(topics.watermarks("transactions"), {0: (0, 9)})


def a_killed_broker_comes_back_with_its_records(broker, topics):
    topics.create("crash", 4)
    topics.produce("crash", [record(f"value {number}", key=str(number)) for number in range(5000)])
    topics.produce("crash", [record("aborted")], transactional="t2", abort=True)
    before = sorted(topics.consume("crash"), key=lambda item: (item["partition"], item["offset"]))
    expect(len(before), 5000)
    address, pid = broker.bootstrap, broker.pid
    for _ in range(2):
        broker.kill()
        expect(broker.pid, None)
        expect(Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes() != b"", False)
        broker.restart()
        pid = broker.pid
        expect(broker.bootstrap, address)
        expect(sorted(topics.consume("crash"), key=lambda item: (item["partition"], item["offset"])), before)
    topics.produce("crash", [record("after")], transactional="t2")
    expect(len(topics.consume("crash")), 5001)


def an_orderly_restart_keeps_the_records_and_takes_properties(broker, topics):
    topics.create("orderly")
    topics.produce("orderly", [record("kept")])
    broker.stop()
    broker.stop()
    broker.restart(properties={"message.max.bytes": 2000})
    expect(values(topics.consume("orderly")), ["kept"])
    refused(lambda: topics.produce("orderly", [record("x" * 5000)]), "not acknowledged", "size")


def a_group_without_commits_has_no_offsets(broker, topics):
    topics.create("groups", 2)
    expect(topics.offsets("nobody", "groups"), {0: None, 1: None})


def mistakes_are_told(broker, topics):
    topics.create("once")
    refused(lambda: topics.create("once"), "already exists")
    refused(lambda: topics.create("config", 1, no_such="1"), "config")
    topics.create("compact", 1, cleanup_policy="compact")
    refused(lambda: topics.produce("compact", [record("no key")]), "not acknowledged")
    refused(lambda: topics.consume("nowhere"), "no such topic")
    refused(lambda: topics.produce("once", [{"valeu": "typo"}]), "line 1", "valeu")
    refused(lambda: topics.produce("once", [{"value_base64": "?"}]), "base64")
    refused(lambda: topics.produce("once", [record("x", partition=7)]), "partition")
    expect(topics.consume("once"), [])
    refused(lambda: Broker(broker.folder).start(), "restart")
    with tempfile.TemporaryDirectory() as empty:
        refused(lambda: Broker(empty).restart(), "start")


CASES = [records_come_back_as_they_were_written, keys_go_where_the_java_clients_send_them,
         an_aborted_transaction_is_not_visible, a_killed_broker_comes_back_with_its_records,
         a_group_without_commits_has_no_offsets, mistakes_are_told,
         an_orderly_restart_keeps_the_records_and_takes_properties]


def case_of(case):
    return functools.wraps(case)(lambda context: case(context.broker, context.topics))


def main():
    return run_on_broker(map(case_of, CASES), case_parser(__doc__, proforma=False, seed=False).parse_args())


if __name__ == "__main__":
    sys.exit(main())
