"""Every report's page, with one signature. A report names its view; only that one is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from lstm_inspect.errors import Spell, spell_python
from lstm_inspect.theory.cell_labels import LABELS

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lstm_inspect.theory.shown import Shown


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of a report a reader asked to see; a view takes from it what it knows."""

    all: bool = False  #: every row of every table, and each check.
    checks: bool = False  #: each check with its reason and its tolerance.
    warnings: bool = True  #: the warnings too; the command line writes them to stderr instead.
    values: str = LABELS  #: what stands in the cells of a packed batch, as ``pack --values`` takes it.
    by_hand: bool = False  #: sorting by hand, beside torch's own.
    framework: str | None = None  #: whose conversions are shown instead: "keras", "onnx" or "flax".


PLAIN: Final = Detail()


def page(report: Shown, spell: Spell = spell_python, detail: Detail = PLAIN) -> RenderableType:
    """A report to look at.

    Args:
        report: any; a test sees to it that the view of each class has a page for it.
        spell: how its reader types what the page advises.
        detail: how much of it is shown.
    """
    shown: RenderableType = import_module(f"lstm_inspect.views.{report.view}").page(report, spell, detail)
    return shown
