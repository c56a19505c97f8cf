"""What every fault has in common: a month of usage, processes that are hurt, and what must be true in the end."""
import gzip
import itertools
import json
import os
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kafka"))
from kafka_tools import Failed, Topics, record  # noqa: E402
from test_month import DATA, DOCUMENTS, Case, Expected, check_equals  # noqa: E402

PARTITIONS = 3
ROWS = 2500


class World:
    """The broker or brokers, the programs, the usage and what `proforma price` makes of it. `cluster` and `topics` change."""

    def __init__(self, arguments, scratch):
        self.proforma = os.path.abspath(arguments.proforma)
        self.kafka_cat = os.path.abspath(arguments.kafka_cat)
        self.crash_points = os.path.abspath(arguments.crash_points)
        self.generate_month = os.path.abspath(arguments.generate_month)
        self.seed = arguments.seed
        self.installations = []
        self.scratch = scratch
        self.usage = scratch / "usage.csv"
        with gzip.open(DATA / "cur_2026-06_hourly_normalized.csv.gz", "rt") as month:
            lines = list(itertools.islice(month, ROWS))
        self.usage.write_text("".join(lines))
        self.expected = Expected(self.proforma, scratch / "expected", self.usage)

    def end_processes(self):
        """Those of a scenario that failed must not go on."""
        for installation in self.installations:
            for process in installation.processes:
                if process.poll() is None:
                    process.send_signal(signal.SIGCONT)
            installation.kill_all()
        self.installations = []

    def serve(self, cluster):
        self.cluster = self.broker = cluster
        self.topics = Topics(cluster, self.kafka_cat)
        self.round = f"on{cluster.count}"
        if not hasattr(self, "events"):
            case = Installation(self, "events")
            case.command("topics", "create")
            case.command("import", self.usage)
            self.events = [row["value"] for row in case.topic("usage")]


class Installation(Case):
    """A prefix of topics and its processes. Commands go to the brokers directly, processes through the proxies if so asked."""

    def __init__(self, world, name, proxied=False, **settings):
        self.world, self.asked = world, False
        world.installations.append(self)
        name = f"{name}-{world.round}"
        settings = {"replication.factor": world.cluster.count, "state.dir": world.scratch / f"state-{name}",
                    "commit.interval": "20ms", "store.lag": 1000, "session.timeout": "6s", "transaction.timeout": "5s",
                    "partitions.usage": PARTITIONS, **settings}
        super().__init__(world, name, **settings)
        self.state = Path(settings["state.dir"])
        self.through = ["--set", f"kafka.bootstrap.servers={world.cluster.proxied}"] if proxied else []
        self.crash_file = world.scratch / f"{name}.crash"

    def start(self, instance="k", crash=None, clock=None, limit=None, extra=()):
        """crash: a point of crash_points.c. clock: a file with seconds. limit: bytes of address space."""
        environment = dict(os.environ)
        if crash or clock:
            environment["LD_PRELOAD"] = self.world.crash_points
        if crash:
            environment.update(PROFORMA_CRASH=crash, PROFORMA_CRASH_FILE=str(self.crash_file))
        if clock:
            environment["PROFORMA_CLOCK"] = str(clock)
        sets = ["--set", f"instance.id={instance}"] if instance else []
        prefix = ["prlimit", f"--as={limit}"] if limit else []
        with open(self.log, "ab") as log:
            process = subprocess.Popen([*prefix, self.world.proforma, "run", *self.sets, *self.through, *sets, *extra],
                                       stdout=log, stderr=log, env=environment)
        self.processes.append(process)
        return process

    def produce(self, events):
        """As import does: all usage of an account in one partition."""
        lines = []
        for event in events:
            account = json.loads(event)["usage_account_id"]
            lines.append(record(event, key=account, partition=zlib.crc32(account.encode()) % PARTITIONS))
        self.topics.produce(f"{self.name}.usage", lines)

    def begin(self, part=1.0):
        """Topics, a document, and some of the usage; `finish` brings the rest."""
        self.prepare()
        self.given = int(len(self.world.events) * part)
        self.produce(self.world.events[:self.given])

    def more(self, part):
        until = int(len(self.world.events) * part)
        self.produce(self.world.events[self.given:until])
        self.given = until

    def ask_close(self):
        self.more(1.0)
        if not self.asked:
            self.command("close", "--period", "2026-06")
        self.asked = True

    def is_closed(self):
        return len(self.manifests()) == len(self.world.expected.manifests)

    def finish(self, start=True, seconds=120):
        """Nothing is hurt any more: the month closes, processes end in order, and all is as if nothing had happened."""
        if start:
            self.start()
        self.ask_close()
        self.wait_for("the close", self.is_closed, seconds)
        self.stop()
        self.check()

    def check(self):
        check_equals(self)
        done = self.command("verify", "--period", "2026-06", check=False)
        assert done.returncode == 0, f"verify: {done.stdout[-2000:]}{done.stderr[-500:]}"
        assert "2026-06 is closed" in done.stdout and "all agree" in done.stdout, done.stdout

    # ---- processes ----

    def ends(self, process, seconds=30):
        """Its exit code, or None where it goes on; then it is no longer among those that must live."""
        try:
            code = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None
        self.processes.remove(process)
        return code

    def kill(self, process):
        process.kill()
        process.wait()
        self.processes.remove(process)

    def crash_at(self, point, seconds=10):
        """Starts a process that dies there. False: it did not come there in time, and was killed."""
        process = self.start(crash=point)
        code = self.ends(process, seconds)
        if code is None:
            self.kill(process)
            return False
        assert code == -signal.SIGKILL, f"{point}: ended with {code}:\n{self.log.read_text()[-3000:]}"
        return True

    def written(self):
        """Offsets of line-items, aborted records and marks among them."""
        return sum(high for _, high in self.patiently(lambda: self.topics.watermarks(f"{self.name}.line-items")).values())

    def is_taken(self):
        """All usage that there is has been taken and committed."""
        usage = f"{self.name}.usage"
        taken = self.patiently(lambda: self.topics.offsets(self.name, usage))
        return all((taken[partition] or 0) >= high
                   for partition, (_, high) in self.patiently(lambda: self.topics.watermarks(usage)).items())

    def wait_taken(self, seconds=60):
        self.wait_for("all usage", self.is_taken, seconds)

    @staticmethod
    def patiently(ask):
        """Leaders and coordinators may be on the move."""
        for attempt in itertools.count():
            try:
                return ask()
            except Failed:
                if attempt == 20:
                    raise
                time.sleep(0.5)

    def priced(self):
        return len({row["key"] for row in self.topic("line-items") if not row["key"].startswith("#")})

    def said(self, word):
        return word in self.log.read_text()

    def aborted(self):
        """How many records of line-items nobody may see."""
        name = f"{self.name}.line-items"
        return len(self.topics.consume(name, uncommitted=True)) - len(self.topics.consume(name))


def rest(seconds):
    time.sleep(seconds)
