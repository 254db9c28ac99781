"""Each command where torch is not installed: it works without it, or says in one line what to do instead."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

RUNS_TORCH = {
    "shapes": ", or --predict: theory alone.",
    "pack": ", or --predict: theory alone.",
    "overview": ", or --predict: theory alone.",
    "explain first-layer": ", or --predict: theory alone.",
    "weights --check": ", or leave out --check.",
    "verify": ".",
    "model net.py:Net": ".",
}
NEEDS_NO_TORCH = (
    "shapes --predict",
    "pack --predict",
    "overview --predict",
    "explain first-layer --predict",
    "weights",
    "draw",
    "code",
    "explain",
    "checkpoint weights.npz",
    "diagnose --input-shape 3,5,10",
    "lint plain.py",
    "schema",
)
ALL = """
import contextlib, io, json, sys
from lstm_inspect.cli import run
found = {}
for line in json.loads(sys.argv[1]):
    sys.argv[1:] = line.split()
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            status = run(line.split())
        except SystemExit as left:
            status = left.code or 0
    found[line] = status, out.getvalue(), err.getvalue()
try:
    import lstm_inspect
    lstm_inspect.inspect()
except ModuleNotFoundError as error:
    found["inspect()"] = 1, error.name, str(error)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    import numpy

    folder = tmp_path_factory.mktemp("without-torch")
    (folder / "torch").mkdir()
    missing = "raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')\n"
    (folder / "torch" / "__init__.py").write_text(missing)
    (folder / "plain.py").write_text("print('no torch here')\n")
    (folder / "net.py").write_text("import torch\n\nNet = torch.nn.LSTM\n")
    numpy.savez(folder / "weights.npz", weight_ih_l0=numpy.zeros((16, 3)), weight_hh_l0=numpy.zeros((16, 4)))
    (folder / "all.py").write_text(ALL)  # its folder comes first in sys.path, and so does the torch in it
    program = subprocess.run(
        [sys.executable, "-m", "lstm_inspect", "run", "plain.py"],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    process = subprocess.run(
        [sys.executable, "all.py", json.dumps([*RUNS_TORCH, *NEEDS_NO_TORCH])],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    found = {line: tuple(each) for line, each in json.loads(process.stdout).items()}
    return {**found, "run plain.py": (program.returncode, program.stdout, program.stderr)}


@pytest.mark.parametrize("line", RUNS_TORCH)
def test_what_runs_torch_says_what_to_do(outcomes: dict[str, tuple[int, str, str]], line: str) -> None:
    command = line.partition(" ")[0]
    way = f"Try pip install torch{RUNS_TORCH[line]}"
    assert outcomes[line] == (2, "", f"error: {command} runs torch, which is not installed here. {way}\n")


@pytest.mark.parametrize("line", [*NEEDS_NO_TORCH, "run plain.py"])
def test_what_needs_no_torch_works(outcomes: dict[str, tuple[int, str, str]], line: str) -> None:
    status, stdout, stderr = outcomes[line]
    assert (status, "torch, which is not installed" in stderr, "Traceback" in stderr) == (0, False, False)
    assert stdout


def test_in_python_it_is_said_as_well(outcomes: dict[str, tuple[int, str, str]]) -> None:
    _, name, said = outcomes["inspect()"]
    assert name == "torch"
    assert "pip install torch" in said
    assert "predict=True" in said
