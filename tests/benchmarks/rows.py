"""The speed table: what is measured, against what, and the limits; and the files that the rows need."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
from collections import UserString
from collections.abc import Iterator
from dataclasses import dataclass
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
USES_AN_LSTM: Final = '''"""Model {number}."""
import torch
from torch import nn


class Model{number}(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers={layers}):
        super().__init__()
        self.rnn = nn.LSTM(input_size, hidden_size, num_layers, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden_size, {number} + 1)

    def forward(self, x):
        output, (hn, cn) = self.rnn(x)
        return self.fc(torch.cat((hn[-2], hn[-1]), dim=-1))
'''
USES_NONE: Final = '"""Module {number}."""\n\n' + "\n\n".join(
    f"def function_{place}(a, b={place}):\n    return [a * b + {place} for a in range(b) if a % {place + 1}]"
    for place in range(30)
)


@dataclass(frozen=True)
class Row:
    """One line of the table: ours against theirs as ratios, or ours alone in seconds."""

    name: str
    ours: list[str]
    theirs: list[str] | None = None
    time: float | None = None
    memory: float | None = None
    seconds: float | None = None


def script(name: str, *arguments: object) -> list[str]:
    return [sys.executable, str(SCRIPTS / name), *map(str, arguments)]


def program(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "lstm_inspect", *map(str, arguments)]


def rows(folder: Path, grid: str) -> Iterator[Row]:
    typer = script("empty_typer.py", "--help")
    small, large = script("bare.py", 5, 3, 10, 20, 1, 0), script("bare.py", 256, 32, 512, 512, 2, 1)
    packed = script("bare_packed.py")
    for command in ("", "shapes", "pack", "verify", "run", "lint"):
        yield Row(f"{command} --help".strip(), program(*command.split(), "--help"), typer, 1.5)
    yield Row("usage error", program("shapes", "--layers", "two"), script("empty_typer.py", "--two"), 1.5)
    yield Row("explain --predict", program("explain", "last-step-bidirectional", "--predict"), typer, 1.5)
    yield Row("shapes --predict", program("shapes", "--predict"), small, 0.2)
    yield Row("pack --predict", program("pack", "--predict"), packed, 0.2)
    yield Row("shapes", program("shapes"), small, 0.85)
    yield Row("pack", program("pack"), packed, 0.85)
    yield Row("shapes, large, --no-reference", program("shapes", *LARGE, "--no-reference"), large, 0.8, 0.7)
    yield Row("shapes, large", program("shapes", *LARGE), large, 1.8)
    yield Row(f"verify --grid {grid}", program("verify", "--grid", grid), script("bare_loop.py", grid), 2.5)
    few, many = (program("pack", "--lengths", f"@{lengths(folder, count)}", "--predict") for count in (10**4, 10**5))
    yield Row("pack, 100,000 lengths against 10,000", many, few, 12.0)
    train = SCRIPTS / "train.py"
    yield Row("run, 2,500 training steps", program("run", train), script("train.py"), 1.10)
    yield Row("model", program("model", f"{SCRIPTS / 'model.py'}:make"), script("model.py"), 1.0)
    state_dict = saved(folder)
    yield Row("checkpoint", program("checkpoint", state_dict), script("bare_checkpoint.py", state_dict), 0.25)
    yield Row("checkpoint, a foreign pickle of 50 MB", program("checkpoint", foreign(folder)), seconds=1.0)
    yield Row("lint, 1,000 files with LSTMs", program("lint", sources(folder / "all", 1000)), seconds=5.0)
    yield Row("lint, 1,000 files, 20 with LSTMs", program("lint", sources(folder / "few", 20)), seconds=1.0)
    yield Row("diagnose, 1 MiB", program("diagnose", text(folder)), seconds=1.0)


def lengths(folder: Path, count: int) -> Path:
    path, draw = folder / f"lengths-{count}", random.Random(0)
    path.write_text(",".join(str(draw.randint(1, 10)) for _ in range(count)), encoding="ascii")
    return path


def saved(folder: Path) -> Path:
    """A state dict of some 100 MB, written by a process of its own: this one stays without torch."""
    path = folder / "saved.pt"
    save = "import sys, torch; torch.save(torch.nn.LSTM(512, 1024, 3, bidirectional=True).state_dict(), sys.argv[1])"
    subprocess.run([sys.executable, "-c", save, str(path)], check=True)
    return path


def foreign(folder: Path) -> Path:
    """A pickle of classes that no checkpoint holds."""
    path = folder / "foreign.pkl"
    path.write_bytes(pickle.dumps([UserString(f"{number:40}") for number in range(700_000)]))
    return path


def sources(folder: Path, with_lstms: int) -> Path:
    folder.mkdir()
    for number in range(1000):
        source = (USES_AN_LSTM if number < with_lstms else USES_NONE).replace("{number}", str(number))
        (folder / f"module_{number}.py").write_text(source.replace("{layers}", str(number % 4 + 1)), encoding="utf-8")
    return folder


def text(folder: Path) -> Path:
    """A traceback's header, a very long line of slashes, and a message."""
    path = folder / "log.txt"
    lines = ["Traceback (most recent call last):", "/" * 2**20, "RuntimeError: no such thing"]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
