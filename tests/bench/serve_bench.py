#!/usr/bin/env python3
"""Load and soak of `proforma serve --out` on loopback; tests/bench/serve.sh tells of the options."""
import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
MONTH = "2026-06"
GROWTH_MAX = 16 * 1024  # KiB that a soak may leave: allocators keep some


class Server:
    def __init__(self, proforma, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen([proforma, "serve", "--out", str(folder), "--set", f"api.listen=127.0.0.1:{self.port}"],
                                        stdout=subprocess.PIPE, text=True)
        if not self.process.stdout.readline().startswith("http"):
            sys.exit("serve did not start")

    def memory_kib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")")[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(timeout=60) != 0:
            sys.exit("serve did not end well")


def load(server, program, seconds, connections, paths):
    before = server.cpu_seconds()
    done = subprocess.run([program, str(server.port), str(seconds), str(connections), *paths], capture_output=True, text=True)
    spent = server.cpu_seconds() - before
    if done.returncode != 0:
        sys.exit(f"serve_load: {done.stdout}{done.stderr}")
    requests = int(done.stdout.split()[0])
    print(f"  {done.stdout.strip()}; {requests / max(spent, 0.01):.0f} requests per second of its processor time", flush=True)


def first_pages(server):
    for path in (f"/v1/bills?period={MONTH}", "/v1/periods"):
        begun = time.monotonic()
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=60) as answer:
            size = len(answer.read())
        print(f"  {path}: {size} bytes in {(time.monotonic() - begun) * 1000:.0f} ms")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--proforma", required=True)
    parser.add_argument("--serve-load", required=True)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--groups", type=int, default=10000)
    parser.add_argument("--rows", type=int, default=1000000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "out"
        subprocess.run([sys.executable, str(HERE / "generate_bills.py"), str(folder), "--groups", str(arguments.groups), "--rows",
                        str(arguments.rows)], check=True)
        os.environ["TMPDIR"] = name
        begun = time.monotonic()
        server = Server(arguments.proforma, folder)
        print(f"{arguments.groups} groups, {arguments.rows} bill rows: read in {time.monotonic() - begun:.1f} s, "
              f"{server.memory_kib() // 1024} MiB", flush=True)
        first_pages(server)
        one = [f"/v1/bills?period={MONTH}&group={200000000000 + i * 7919 % arguments.groups}" for i in range(50)]
        load(server, arguments.serve_load, arguments.seconds / 6, arguments.connections, one)
        memory, descriptors = server.memory_kib(), server.descriptors()
        print("bills of one group, of groups in turn:", flush=True)
        load(server, arguments.serve_load, arguments.seconds, arguments.connections, one)
        print("the same with months, days and the page between them:", flush=True)
        mixed = one[:5] + ["/v1/periods", f"/v1/daily?period={MONTH}", "/v1/state", "/", "/app.js", f"/v1/reports?period={MONTH}"]
        load(server, arguments.serve_load, arguments.seconds / 3, arguments.connections, mixed)
        time.sleep(1)
        grown, left = server.memory_kib() - memory, server.descriptors() - descriptors
        print(f"memory {memory} KiB before, {grown:+} KiB after; descriptors {descriptors} before, {left:+} after")
        server.stop()
        if grown > GROWTH_MAX or left > 2:
            sys.exit("serve has grown")
    return 0


if __name__ == "__main__":
    sys.exit(main())
