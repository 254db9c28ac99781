"""The examples run and say what they promise."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def in_shell(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the shell example with this interpreter's lstm-inspect first on the PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", str(EXAMPLES / "shapes_in_ci.sh"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PATH": path}, check=False)


def test_shapes_in_ci_passes_while_the_shape_holds() -> None:
    done = in_shell("5,3,40", "--layers", "2", "--bidir")
    assert (done.returncode, done.stdout) == (0, "output [5, 3, 40]\n")


def test_shapes_in_ci_fails_when_the_shape_changed() -> None:
    done = in_shell("5,3,40", "--layers", "2")
    assert done.returncode == 1
    assert "output is [5, 3, 20], the model was written for [5, 3, 40]" in done.stderr


def test_shapes_in_ci_fails_on_a_bad_flag() -> None:
    done = in_shell("5,3,40", "--layers", "0")
    assert done.returncode != 0
    assert "--layers 0: must be a whole number from 1" in done.stderr


def test_final_states(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / "final_states.py"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [
        "torch.nn.LSTM(10, 20, num_layers=2, bidirectional=True)",
        "    torch.cat((hn[-2], hn[-1]), dim=-1)  (3, 40)",
    ]
