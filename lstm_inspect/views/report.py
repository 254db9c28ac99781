"""A whole report, from the call to the verdict."""

from __future__ import annotations

from rich.console import Group, RenderableType

from lstm_inspect.errors import Spell
from lstm_inspect.verdict.report import Report
from lstm_inspect.views import diagram, tables
from lstm_inspect.views.detail import Detail


def page(report: Report, spell: Spell, detail: Detail) -> RenderableType:
    """A report to look at; a packed run is told step by step."""
    if report.command == "pack":
        from lstm_inspect.views import pack

        return pack.page(report, spell, detail)
    whole = detail.all
    parts = [tables.constructor(report), tables.tensors(report), diagram.unrolled(report.spec)]
    parts += [tables.states(report, whole=whole), tables.checks(report, whole=whole)]
    parts += [tables.pitfalls(report), tables.recipes(report)]
    return Group(*parts, *tables.warnings(report, spell, detail), tables.verdict(report, spell))
