"""The examples run and say what they promise."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_final_states(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / "final_states.py"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [
        "torch.nn.LSTM(10, 20, num_layers=2, bidirectional=True)",
        "    torch.cat((hn[-2], hn[-1]), dim=-1)  (3, 40)",
    ]
