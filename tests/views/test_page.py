"""Every report shows itself: to print(), in a notebook, to rich, as JSON."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from lstm_inspect import checkpoint, diagnose, explain, inspect, watch
from lstm_inspect.live.report import Calls
from lstm_inspect.verdict.explanation import Catalogue
from lstm_inspect.verdict.parameters import weights
from lstm_inspect.verdict.structures import overview
from lstm_inspect.verdict.survey import Survey

REFUSED = "RuntimeError: Expected hidden[0] size (1, 5, 4), got [5, 1, 4]"


def recorded() -> Calls:
    lstm = torch.nn.LSTM(4, 8)
    with watch(lstm) as calls:
        lstm(torch.randn(7, 2, 4))
    return calls


def surveyed() -> Survey:
    survey = Survey()
    survey.add(inspect())
    return survey


def saved(folder: Path) -> Any:
    torch.save(torch.nn.LSTM(4, 8).state_dict(), folder / "lstm.pt")
    return checkpoint(str(folder / "lstm.pt"))


REPORTS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "shapes": (lambda folder: inspect(), "Verified"),
    "overview": (lambda folder: overview(predict=True), "batch_first=True"),
    "weights": (lambda folder: weights(), "weight_ih_l0"),
    "survey": (lambda folder: surveyed(), "By structure"),
    "explanation": (lambda folder: explain("first-layer"), "Verified: they differ"),
    "catalogue": (lambda folder: Catalogue(), "first-layer"),
    "calls": (lambda folder: recorded(), "lstm"),
    "call": (lambda folder: recorded()[0], "lstm"),
    "checkpoint": (saved, "nn.LSTM(4, 8)"),
    "diagnosis": (lambda folder: diagnose(REFUSED), "h0, axes 0 and 1"),
    "not recognised": (lambda folder: diagnose("no such thing"), "Not recognised"),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_shows_itself(name: str, tmp_path: Path) -> None:
    make, words = REPORTS[name]
    report = make(tmp_path)
    assert words in str(report)
    assert max(map(len, str(report).splitlines())) <= 80
    assert "--" not in str(report)  # Python is answered in Python's words
    assert "<html" in report._repr_html_()
    assert report.__rich__() is not None


def test_the_width_is_the_readers() -> None:
    assert max(map(len, inspect().page(60).splitlines())) <= 60


def test_what_is_imported_before_a_report_is_shown() -> None:
    code = "import sys, lstm_inspect; lstm_inspect.diagnose('x'); print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "'rich" not in loaded
    assert "lstm_inspect.views" not in loaded
