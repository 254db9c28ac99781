"""A whole report, from the call to the verdict."""

from __future__ import annotations

from rich.console import Group, RenderableType

from lstm_inspect.verdict.report import Report
from lstm_inspect.views import diagram, tables


def page(report: Report, *, whole: bool = False, warnings: bool = True) -> RenderableType:
    """A report to look at.

    Args:
        report: what to show.
        whole: show every row of every table.
        warnings: show the warnings too; the command line writes them to stderr instead.
    """
    parts = [tables.constructor(report), tables.tensors(report), diagram.unrolled(report.spec)]
    parts += [tables.states(report, whole=whole), tables.checks(report, whole=whole)]
    parts += [tables.pitfalls(report), tables.recipes(report)]
    if warnings and report.warnings:
        parts.append(tables.warnings(report))
    return Group(*parts, tables.verdict(report))
