"""What the benches share: running a program and what it took, a table, and JSON."""
import json
import os
import resource
import subprocess
import sys
import time


class Took:
    """Seconds on the clock and of CPU, and the most memory, of a program that has ended."""

    def __init__(self, wall, usage):
        self.wall = wall
        self.cpu = usage.ru_utime + usage.ru_stime
        self.mib = usage.ru_maxrss / 1024


def run(command, **options):
    """Runs a program to its end; what it prints is shown only if it fails."""
    begun = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    took = Took(time.monotonic() - begun, usage)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(str(part) for part in command)}: exit {process.returncode}\n"
                         + output.decode(errors="replace"))
    return took


def cpu_of(pid):
    """CPU seconds of a process that runs, all threads."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid):
    """(now, most) MiB of a process that runs."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file)
    return tuple(int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Table:
    """A line a case, at once; and an object a case, appended to a file where one is asked for ("-": standard output)."""

    def __init__(self, columns, bench, path=None):
        self.columns, self.bench, self.path = columns, bench, path
        self.widths = [max(len(name), 10 if i else 22) for i, name in enumerate(columns)]
        self.print(columns)

    def print(self, cells):
        print("  ".join(str(cell).ljust(width) if i == 0 else str(cell).rjust(width)
                        for i, (cell, width) in enumerate(zip(cells, self.widths))).rstrip(), flush=True)

    def line(self, cells, **figures):
        self.print(cells)
        if self.path is None:
            return
        text = json.dumps({"bench": self.bench, **figures})
        if self.path == "-":
            print(text, flush=True)
            return
        with open(self.path, "a", encoding="ascii") as file:
            file.write(text + "\n")


def note(text):
    print(text, file=sys.stderr, flush=True)


def short(number):
    """A figure with three digits that count."""
    if number is None:
        return "-"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"
