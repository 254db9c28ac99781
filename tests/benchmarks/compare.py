"""Measure the commands as whole processes, in turn with the scripts that one would write instead.

Usage: python tests/benchmarks/compare.py [--repeat 7] [--grid full] [--only NAME] [--json FILE]

Prints a table of ratios of medians and says which limit is missed; the exit status is 1 then. Machines are
shared and noisy: what is compared runs in turn, and only ratios count. Where there is nothing to compare with,
the limit is in seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rows import Row, rows


@dataclass(frozen=True)
class Figures:
    """Medians of one command: seconds, and MiB at the peak."""

    seconds: float
    mebibytes: float


@dataclass(frozen=True)
class Result:
    """What came of one row, and whether its limits are met."""

    name: str
    figures: tuple[Figures, ...]
    limits: str
    met: bool

    @property
    def cells(self) -> tuple[str, ...]:
        """Time and memory as ratios, and the seconds that they are made of."""
        first, last = self.figures[0], self.figures[-1]
        alone = len(self.figures) == 1
        ratios = (
            ("", "") if alone else (f"{first.seconds / last.seconds:.3g}", f"{first.mebibytes / last.mebibytes:.3g}")
        )
        seconds = " / ".join(f"{each.seconds:.3g}" for each in self.figures)
        return self.name, *ratios, seconds, self.limits, "met" if self.met else "MISSED"


def run_once(command: Sequence[str]) -> Figures:
    """One whole process: wall-clock seconds and its peak resident memory."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    kibibytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Figures(time.perf_counter() - start, kibibytes / 1024)


def measure(commands: Sequence[Sequence[str]], repeat: int) -> tuple[Figures, ...]:
    """The medians of several commands, run in turn."""
    taken = [[run_once(command) for command in commands] for _ in range(repeat)]
    return tuple(
        Figures(statistics.median(f.seconds for f in each), statistics.median(f.mebibytes for f in each))
        for each in zip(*taken, strict=True)
    )


def result(row: Row, repeat: int) -> Result:
    figures = measure([row.ours] if row.theirs is None else [row.ours, row.theirs], repeat)
    ours, theirs = figures[0], figures[-1]
    asked = [
        ("time", row.time, ours.seconds / theirs.seconds),
        ("memory", row.memory, ours.mebibytes / theirs.mebibytes),
        ("seconds", row.seconds, ours.seconds),
    ]
    limits = ", ".join(f"{name} {limit:g}" for name, limit, _ in asked if limit is not None)
    return Result(row.name, figures, limits, all(limit is None or came <= limit for _, limit, came in asked))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--grid", default="full")
    parser.add_argument("--only", default="", help="rows whose name holds this")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    print("| what | time | memory | seconds | at most | |\n| --- | --- | --- | --- | --- | --- |")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(Path(folder), arguments.grid):
            if arguments.only in row.name:
                found.append(result(row, arguments.repeat))
                print(f"| {' | '.join(found[-1].cells)} |", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(each) for each in found], indent=2) + "\n", encoding="utf-8")
    return 0 if all(each.met for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
