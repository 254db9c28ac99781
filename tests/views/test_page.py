"""Every report shows itself: to print(), in a notebook, to rich, as JSON."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import torch

import lstm_inspect
from lstm_inspect import checkpoint, diagnose, explain, inspect, watch
from lstm_inspect.errors import Spell
from lstm_inspect.live.report import Calls
from lstm_inspect.theory.shown import Shown
from lstm_inspect.verdict.explanation import Catalogue
from lstm_inspect.verdict.parameters import weights
from lstm_inspect.verdict.structures import overview
from lstm_inspect.verdict.survey import Survey
from lstm_inspect.views.page import Detail

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


def reports() -> list[type[Shown]]:
    """Every class of a report: those that name a view, wherever they stand."""
    for module in pkgutil.walk_packages(lstm_inspect.__path__, "lstm_inspect."):
        if ".views" not in module.name and "__main__" not in module.name:
            import_module(module.name)
    found, new = set(), {Shown}
    while new:
        found |= new
        new = {kind for base in new for kind in base.__subclasses__()} - found
    return [kind for kind in found if "view" in vars(kind)]


def test_the_view_of_every_report_has_a_page_for_it() -> None:
    assert len(reports()) >= 13
    for kind in reports():
        page = import_module(f"lstm_inspect.views.{kind.view}").page
        shown, spell, detail, *more = signature(page).parameters.values()
        types = get_type_hints(page)
        shows = get_args(types[shown.name]) or (types[shown.name],)
        assert kind.__name__ in {each.__name__ for each in shows}  # by name: slots make a class a second time
        assert (types[spell.name], types[detail.name]) == (Spell, Detail)
        assert all(each.kind is each.KEYWORD_ONLY for each in more)
