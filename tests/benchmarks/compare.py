"""Measure the commands as whole processes, in turn with the scripts that one would write instead.

Usage: python tests/benchmarks/compare.py [--repeat 7] [--grid full] [--json FILE] [--markdown FILE]

Prints a table of ratios of medians and says which limit is missed; the exit status is 1 then. Machines are
shared and noisy: what is compared runs in turn, and only ratios count.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

SCRIPTS: Final = Path(__file__).parent / "scripts"
LARGE: Final = [
    "--seq-len",
    "256",
    "--batch",
    "32",
    "--input-size",
    "512",
    "--hidden-size",
    "512",
    "--layers",
    "2",
    "--bidir",
]


@dataclass(frozen=True)
class Row:
    """One line of the speed table: what is measured, against what, and the limits of the two ratios."""

    name: str
    ours: list[str]
    theirs: list[str]
    time_limit: float | None = None
    memory_limit: float | None = None


@dataclass(frozen=True)
class Figures:
    """Medians of one command: seconds, and MiB at the peak."""

    seconds: float
    mebibytes: float


def script(name: str, *arguments: str) -> list[str]:
    return [sys.executable, str(SCRIPTS / name), *arguments]


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "lstm_inspect", *arguments]


def rows(folder: Path, grid: str) -> list[Row]:
    """The speed table of the design."""
    small, large = (
        script("bare.py", *["5", "3", "10", "20", "1", "0"]),
        script("bare.py", *["256", "32", "512", "512", "2", "1"]),
    )
    packed, typer = script("bare_packed.py"), script("empty_typer.py", "--help")
    few, many = (
        program("pack", "--lengths", f"@{lengths_file(folder, n)}", "--predict", "--json") for n in (10**4, 10**5)
    )
    found = [
        Row(f"{command} --help", program(command, "--help"), typer, 1.5) for command in ("shapes", "pack", "verify")
    ]
    found += [
        Row("--help", program("--help"), typer, 1.5),
        Row("usage error", program("shapes", "--layers", "two"), script("empty_typer.py", "--two"), 1.5),
        Row("shapes --predict", program("shapes", "--predict"), small, 0.2),
        Row("pack --predict", program("pack", "--predict"), packed, 0.2),
        Row("shapes", program("shapes"), small, 0.9),
        Row("pack", program("pack"), packed, 0.9),
        Row("shapes, large, --no-reference", program("shapes", *LARGE, "--no-reference"), large, 0.8, 0.7),
        Row("shapes, large", program("shapes", *LARGE), large, 1.6, 1.5),
        Row(f"verify --grid {grid}", program("verify", "--grid", grid), script("bare_loop.py", grid), 4.0),
        Row("pack, 100,000 lengths against 10,000", many, few, 12.0),
    ]
    if find_spec("torchinfo"):
        found.append(Row("torchinfo, for comparison", script("with_torchinfo.py"), small))
    return found


def lengths_file(folder: Path, count: int) -> Path:
    path = folder / f"lengths-{count}"
    draw = random.Random(0)
    path.write_text(",".join(str(draw.randint(1, 10)) for _ in range(count)), encoding="ascii")
    return path


def run_once(command: Sequence[str]) -> Figures:
    """One whole process: wall-clock seconds and its peak resident memory."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    kibibytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Figures(time.perf_counter() - start, kibibytes / 1024)


def measure(commands: Sequence[Sequence[str]], repeat: int) -> list[Figures]:
    """The medians of several commands, run in turn."""
    taken: list[list[Figures]] = [[] for _ in commands]
    for _ in range(repeat):
        for place, command in enumerate(commands):
            taken[place].append(run_once(command))
    return [
        Figures(statistics.median(f.seconds for f in figures), statistics.median(f.mebibytes for f in figures))
        for figures in taken
    ]


def compare(row: Row, repeat: int) -> dict[str, object]:
    ours, theirs = measure([row.ours, row.theirs], repeat)
    ratios = {"time": ours.seconds / theirs.seconds, "memory": ours.mebibytes / theirs.mebibytes}
    limits = {"time": row.time_limit, "memory": row.memory_limit}
    met = all(limit is None or ratios[name] <= limit for name, limit in limits.items())
    return {
        "name": row.name,
        **{f"{name}_ratio": round(ratio, 3) for name, ratio in ratios.items()},
        **{f"{name}_limit": limit for name, limit in limits.items()},
        "seconds": [round(ours.seconds, 3), round(theirs.seconds, 3)],
        "mebibytes": [round(ours.mebibytes), round(theirs.mebibytes)],
        "met": met,
    }


def markdown(found: Sequence[dict[str, object]]) -> str:
    lines = ["| what | time | at most | memory | at most | seconds | |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for each in found:
        limits = ["" if each[f"{name}_limit"] is None else each[f"{name}_limit"] for name in ("time", "memory")]
        verdict = "" if each["time_limit"] is None else "met" if each["met"] else "MISSED"
        cells = (each["name"], each["time_ratio"], limits[0], each["memory_ratio"], limits[1], each["seconds"], verdict)
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--grid", default="full")
    parser.add_argument("--only", default="", help="rows whose name holds this")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        chosen = [row for row in rows(Path(folder), arguments.grid) if arguments.only in row.name]
        found = [compare(row, arguments.repeat) for row in chosen]
    table = markdown(found)
    print(table)
    missed = [str(each["name"]) for each in found if not each["met"]]
    print(f"\nmissed: {', '.join(missed)}" if missed else "\nevery limit is met")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if arguments.markdown:
        arguments.markdown.write_text(table + "\n", encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
