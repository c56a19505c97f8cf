"""One broker or three, each with a proxy in front of a second listener: what goes through it can be delayed, cut and held."""
import base64
import contextlib
import random
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kafka"))
from kafka_tools import Broker, free_ports  # noqa: E402
from proxy import Proxy  # noqa: E402

HEAP = {1: "512m", 3: "256m"}


class Cluster:
    """brokers, proxies and, for processes: bootstrap (direct) and proxied."""

    def __init__(self, count, folder):
        self.count = count
        ports = free_ports(4 * count)
        self.plain, self.behind, self.before, controllers = (ports[i * count:(i + 1) * count] for i in range(4))
        cluster = base64.urlsafe_b64encode(b"k" + random.randbytes(15)).decode().rstrip("=")
        voters = ",".join(f"{i + 1}@127.0.0.1:{port}" for i, port in enumerate(controllers))
        self.brokers = []
        for i in range(count):
            address = "127.0.0.1"
            properties = {
                "node.id": i + 1, "controller.quorum.voters": voters,
                "listeners": f"PLAINTEXT://{address}:{self.plain[i]},PROXIED://{address}:{self.behind[i]},"
                             f"CONTROLLER://{address}:{controllers[i]}",
                "advertised.listeners": f"PLAINTEXT://{address}:{self.plain[i]},PROXIED://{address}:{self.before[i]}",
                "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
                "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
                "group.min.session.timeout.ms": 1000,
            }
            if count == 3:
                properties.update({"offsets.topic.replication.factor": 3, "transaction.state.log.replication.factor": 3,
                                   "transaction.state.log.min.isr": 2, "default.replication.factor": 3, "min.insync.replicas": 2,
                                   "controller.quorum.election.timeout.ms": 500, "controller.quorum.fetch.timeout.ms": 1000})
            self.brokers.append(Broker(folder / f"broker-{i + 1}", port=self.plain[i], properties=properties,
                                       environment={"BROKER_CLUSTER": cluster, "BROKER_HEAP": HEAP[count]}))
        self.proxies = [Proxy(behind, before) for behind, before in zip(self.behind, self.before)]

    @property
    def bootstrap(self):
        return ",".join(f"127.0.0.1:{port}" for port in self.plain)

    @property
    def proxied(self):
        return ",".join(f"127.0.0.1:{port}" for port in self.before)

    def _all(self, action):
        """A quorum comes up together."""
        failures = []

        def one(broker):
            try:
                action(broker)
            except BaseException as failure:  # handed on below
                failures.append(failure)

        threads = [threading.Thread(target=one, args=(broker,)) for broker in self.brokers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def restart_all(self):
        self._all(lambda broker: broker.restart())

    def heal(self):
        """What a scenario that failed may have left behind."""
        for proxy in self.proxies:
            proxy.release()
            proxy.open()
            proxy.delay = 0.0
        self._all(lambda broker: broker.pid is None and broker.restart())

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        try:
            self._all(lambda broker: broker.start())
            for proxy in self.proxies:
                self._stack.enter_context(proxy)
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, *ignored):
        self._stack.close()
        self._all(lambda broker: broker.stop())
