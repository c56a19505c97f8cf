"""A real Kafka broker and its topics, for the integration tests.

    with Broker() as broker:
        topics = Topics(broker, kafka_cat)
        topics.create("usage", 4)
        topics.produce("usage", [record("value", key="a")])
        broker.kill()
        broker.restart()
        records = topics.consume("usage")

broker.sh runs the broker, kafka_cat (kafka_cat.c) talks to it. broker.sh calls this file for what a shell cannot:
    kafka_tools.py ports COUNT | cluster-id | wait BOOTSTRAP PID SECONDS
"""
import argparse
import base64
import json
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

SCRIPT = Path(__file__).resolve().with_name("broker.sh")
# Where Kafka cannot be had a test is skipped, and says so; a CI run must not pass without it.
NOT_TO_BE_HAD = 77  # broker.sh's answer
SKIPPED = 1 if os.environ.get("CI") == "true" else 77


class Unavailable(Exception):
    """There is no Kafka here and it cannot be fetched: a test ends with SKIPPED."""


class Failed(Exception):
    """A helper failed; its own words are the message."""


class Broker:
    """One broker in a folder. The with block starts it, stops it and removes the folder, which a failure keeps."""

    def __init__(self, folder=None, port=None, properties=None, environment=None):
        """environment: what broker.sh takes besides, as BROKER_CLUSTER."""
        self.environment = environment or {}
        self.owned = folder is None
        self.folder = Path(folder or tempfile.mkdtemp(prefix="kafka-"))
        self.port = port
        self.properties = properties or {}

    @property
    def bootstrap(self):
        return (self.folder / "bootstrap").read_text().strip()

    @property
    def pid(self):
        """None when it does not run."""
        path = self.folder / "pid"
        return int(path.read_text()) if path.exists() else None

    def start(self):
        self._run("start", *([str(self.port)] if self.port else []), properties=self.properties)

    def stop(self):
        self._run("stop")

    def kill(self):
        """Not a clean stop: what was not yet on its disk may be lost, as in a crash of the process."""
        self._run("kill")

    def restart(self, properties=None):
        """On the same data and port; properties, if any, are added to those it has."""
        self._run("restart", properties=properties or {})

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, error, trace):
        self.stop()
        if self.owned and kind in (None, Unavailable):
            shutil.rmtree(self.folder, ignore_errors=True)
        elif self.owned:
            print(f"the broker's folder is kept: {self.folder}", file=sys.stderr)

    def _run(self, action, *arguments, properties=None):
        environment = dict(os.environ, BROKER_OWNER=str(os.getpid()), **self.environment)
        lines = [f"{name}={value}" for name, value in (properties or {}).items()]
        environment["BROKER_PROPERTIES"] = "\n".join(lines)
        done = subprocess.run([SCRIPT, action, self.folder, *arguments], env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode == NOT_TO_BE_HAD:
            raise Unavailable(done.stderr.strip())
        if done.returncode != 0:
            raise Failed(done.stderr.strip())


def record(value, key=None, headers=None, partition=None, timestamp=None):
    """A record as Topics.produce takes it; value, key and the values of headers are str, bytes or None."""
    fields = {"key": _encoded(key), "partition": partition, "timestamp": timestamp,
              "headers": {name: _encoded(text) for name, text in (headers or {}).items()},
              "value_base64": None if value is None else base64.b64encode(_bytes(value)).decode()}
    return {name: field for name, field in fields.items() if field is not None}


class Topics:
    """The topics of a broker. A record that was read has: partition, offset, key, headers, timestamp, value (bytes).

    A key or header is a str, or bytes where it is not UTF-8. Records of one partition are in order.
    """

    def __init__(self, broker, kafka_cat):
        self.broker = broker
        self.kafka_cat = kafka_cat

    def create(self, topic, partitions=1, **config):
        """Configuration such as cleanup_policy="compact": an underscore is a dot."""
        pairs = [f"{name.replace('_', '.')}={value}" for name, value in config.items()]
        self._run("create", topic, str(partitions), *pairs)

    def produce(self, topic, records, transactional=None, abort=False):
        """Returns when all are acknowledged. transactional: an id; they are one transaction, aborted if so asked."""
        options = ["--transactional", transactional] if transactional else []
        options += ["--abort"] if abort else []
        lines = "".join(json.dumps(item) + "\n" for item in records)
        self._run("produce", topic, *options, stdin=lines)

    def consume(self, topic, uncommitted=False):
        """All records up to the end, as it is when it is reached; committed ones only unless asked otherwise."""
        read = self._run("consume", topic, *(["--uncommitted"] if uncommitted else []))
        for item in read:
            text = item.pop("value_base64")
            item["value"] = None if text is None else base64.b64decode(text)
            item["key"] = _decoded(item["key"])
            item["headers"] = {name: _decoded(text) for name, text in item["headers"].items()}
        return read

    def wait_for(self, topic, count, seconds=30):
        """Reads until there are so many committed records; returns what there is when the time is over."""
        end = time.monotonic() + seconds
        while True:
            records = self.consume(topic)
            if len(records) >= count or time.monotonic() > end:
                return records
            time.sleep(0.1)

    def offsets(self, group, topic):
        """{partition: offset}; None for a partition where the group committed nothing."""
        return {item["partition"]: item["offset"] for item in self._run("offsets", group, topic)}

    def commit(self, group, topic, partition, offset):
        """Moves the offset of a group that has no members."""
        self._run("commit", group, topic, str(partition), str(offset))

    def delete_records(self, topic, partition, offset):
        """Those before the offset; -1: all that there are."""
        self._run("delete-records", topic, str(partition), str(offset))

    def delete_group(self, group):
        """As a broker does when a group has been away for longer than it keeps offsets."""
        self._run("delete-group", group)

    def grant(self, principal, kind, name, operation):
        """An ACL of a broker that has an authorizer; kind: topic or group."""
        self._run("grant", principal, kind, name, operation)

    def watermarks(self, topic):
        """{partition: (first offset, next offset)}."""
        return {item["partition"]: (item["low"], item["high"]) for item in self._run("watermarks", topic)}

    def _run(self, command, *arguments, stdin=""):
        done = subprocess.run([self.kafka_cat, command, self.broker.bootstrap, *arguments], input=stdin, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        if done.returncode != 0:
            raise Failed(f"kafka_cat {command} {' '.join(arguments)}: {done.stderr.strip()}")
        # Not splitlines(): a key may hold other characters that end a line to Python.
        return [json.loads(line) for line in done.stdout.split("\n") if line]


def _bytes(text):
    return text.encode() if isinstance(text, str) else text


def _encoded(text):
    return {"base64": base64.b64encode(text).decode()} if isinstance(text, bytes) else text


def _decoded(text):
    return base64.b64decode(text["base64"]) if isinstance(text, dict) else text


def free_ports(count):
    """Ports that nobody listens on, below those the system gives to clients.

    A client that keeps trying a port of that range while the broker is down may be given that very port and connect to
    itself, and the broker could not come back on it.
    """
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    candidates = list(range(10000, lowest)) if lowest > 11000 else list(range(lowest, 65536))
    random.shuffle(candidates)
    ports = []
    for port in candidates:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == count:
            return ports
    raise Failed("no free port")


def answers(bootstrap):
    """Whether the broker answers a metadata request (version 1, for no topic) and names itself as alive."""
    host, port = bootstrap.rsplit(":", 1)
    body = struct.pack(">hhih", 3, 1, 7, -1) + struct.pack(">i", 0)
    try:
        with socket.create_connection((host, int(port)), timeout=5) as link, link.makefile("rb") as reply:
            link.sendall(struct.pack(">i", len(body)) + body)
            size = struct.unpack(">i", reply.read(4))[0]
            correlation, brokers = struct.unpack(">ii", reply.read(size)[:8])
            return correlation == 7 and brokers > 0
    except (OSError, struct.error):
        return False


def wait(bootstrap, pid, seconds):
    """Waits until the broker answers; False when its process or the time ends before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answers(bootstrap):
            return True
        # Who waits is not its parent, so an ended broker is gone or, until it is collected, a zombie.
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return False
        except OSError:
            return False
        time.sleep(0.05)
    return False


# ---- tests that are lists of cases ----

def case_parser(words, proforma=True, seed=True):
    """Their arguments. What is parsed of them is the cases' context."""
    parser = argparse.ArgumentParser(description=words.splitlines()[0])
    if proforma:
        parser.add_argument("--proforma", required=True, type=os.path.abspath)
    parser.add_argument("--kafka-cat", required=True)
    if seed:
        parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", action="append", default=[], help="cases whose names hold this; may be given more than once")
    parser.add_argument("--skip", action="append", default=[], help="cases whose names do not hold this")
    return parser


def is_wanted(case, context):
    name = case.__name__
    return (not context.only or any(part in name for part in context.only)) and not any(part in name for part in context.skip)


def why(error):
    """What a command that failed said, and where in the test that was."""
    said = getattr(error, "stderr", None) or ""
    said = said.decode(errors="replace") if isinstance(said, bytes) else said
    return f"{said[:3000]}\n{''.join(traceback.format_exception(error))[-3000:]}".strip()


def run_cases(cases, context):
    """Calls those that are wanted with the context, prints a line a case and a last one. Returns the exit code."""
    passed = failed = 0
    if "seed" in context:
        print(f"seed {context.seed}", flush=True)
    for case in cases:
        if not is_wanted(case, context):
            continue
        begun = time.monotonic()
        try:
            case(context)
            passed += 1
            print(f"passed {case.__name__} ({time.monotonic() - begun:.0f} s)", flush=True)
        except Unavailable:
            raise
        except Exception as error:
            failed += 1
            print(f"FAILED {case.__name__}: {why(error)}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def run_on_broker(cases, context, prepare=None, **broker):
    """
    The same on a broker of their own, which is made of what `broker` gives it: the context gets `broker`, `topics` and a
    folder, `scratch`, and then what `prepare` gives it.
    """
    try:
        with tempfile.TemporaryDirectory() as scratch, Broker(**broker) as running:
            context.scratch, context.broker = Path(scratch), running
            context.topics = Topics(running, context.kafka_cat)
            if prepare:
                prepare(context)
            return run_cases(cases, context)
    except Unavailable as reason:
        print(f"skipped: {reason}")
        return SKIPPED


def main(arguments):
    if arguments[:1] == ["ports"]:
        print(*free_ports(int(arguments[1])))
    elif arguments == ["cluster-id"]:
        print(base64.urlsafe_b64encode(b"k" + random.randbytes(15)).decode().rstrip("="))
    elif arguments[:1] == ["wait"]:
        return 0 if wait(arguments[1], int(arguments[2]), float(arguments[3])) else 1
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
