"""A report on one screen: the call, the tensors, the stack, the rows, what to use, the mistakes near at hand."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell
from lstm_inspect.verdict.report import Report
from lstm_inspect.views import diagram, tables
from lstm_inspect.views.detail import Detail


def page(report: Report, spell: Spell, detail: Detail) -> RenderableType:
    """A report to look at; a packed run is told step by step."""
    if report.command == "pack":
        from lstm_inspect.views import pack

        return pack.page(report, spell, detail)
    return Group(
        tables.calls(report.spec),
        Text(),
        tables.tensors(report),
        Text(),
        diagram.drawn(report.spec),
        Text(),
        *tables.states(report, spell, detail),
        Text(),
        *tables.recipes(report, detail),
        *tables.mistakes(report, detail),
        Text(),
        *tables.checks(report, spell, detail),
        *tables.warnings(report, spell, detail),
        tables.verdict(report, spell, detail),
    )
