#!/usr/bin/env python3
"""Runs faults on real brokers, each by name; tests/faults/README.md says which there are and what cannot be shown."""
import argparse
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kafka"))
from kafka_tools import SKIPPED, Failed, Unavailable  # noqa: E402
from cluster import Cluster  # noqa: E402
from scenarios import SCENARIOS  # noqa: E402
from world import World  # noqa: E402


def chosen(arguments, brokers):
    for name, (scenario, on, quick, long) in SCENARIOS.items():
        if brokers not in on or (arguments.names and not any(part in name for part in arguments.names)):
            continue
        if long and not arguments.names:
            continue
        if arguments.quick and not (quick and (brokers == 1 or on == (3,))):
            continue
        yield name, scenario


def run_on(world, brokers, arguments, counts):
    scenarios = list(chosen(arguments, brokers))
    if not scenarios:
        return
    with Cluster(brokers, world.scratch / f"cluster-{brokers}") as cluster:
        world.serve(cluster)
        for name, scenario in scenarios:
            begun = time.monotonic()
            row = f"{name} on {brokers} broker{'s' if brokers > 1 else ''}"
            try:
                reason = scenario(world)
                counts["skipped" if reason else "passed"] += 1
                print(f"{reason or 'passed'}: {row} ({time.monotonic() - begun:.0f} s)", flush=True)
            except (AssertionError, subprocess.SubprocessError, Failed, KeyError, OSError, RuntimeError, StopIteration) as error:
                counts["failed"] += 1
                detail = getattr(error, "stderr", None) or error
                print(f"FAILED: {row} ({time.monotonic() - begun:.0f} s): {str(detail)[:4000]}", flush=True)
                if not str(error):
                    traceback.print_exc()
            finally:
                world.end_processes()
                cluster.heal()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of scenarios, or parts of names; none: all")
    parser.add_argument("--quick", action="store_true", help="what every build runs: short ones, most on one broker")
    parser.add_argument("--brokers", type=int, choices=(1, 3), help="on so many only")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    for program in ("proforma", "kafka-cat", "crash-points", "generate-month"):
        parser.add_argument(f"--{program}", required=True)
    arguments = parser.parse_args()
    if arguments.list:
        for name, (scenario, brokers, quick, long) in SCENARIOS.items():
            print(f"{name:45} {'quick' if quick else 'long ' if long else '     '} {brokers}  {scenario.__doc__.splitlines()[0]}")
        return 0
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    print(f"seed {arguments.seed}", flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix="faults-") as scratch:
            world = World(arguments, Path(scratch))
            for brokers in (1, 3):
                if arguments.brokers in (None, brokers):
                    run_on(world, brokers, arguments, counts)
    except Unavailable as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    print(", ".join(f"{number} {word}" for word, number in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
