"""Every report's page, with one signature. A report names its view; only that one is loaded."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lstm_inspect.errors import Spell, spell_python
from lstm_inspect.views.detail import PLAIN, Detail

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lstm_inspect.theory.shown import Shown


def page(report: Shown, spell: Spell = spell_python, detail: Detail = PLAIN) -> RenderableType:
    """A report to look at.

    Args:
        report: any; a test sees to it that the view of each class has a page for it.
        spell: how its reader types what the page advises.
        detail: how much of it is shown.
    """
    shown: RenderableType = import_module(f"lstm_inspect.views.{report.view}").page(report, spell, detail)
    return shown
