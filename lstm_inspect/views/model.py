"""Every LSTM of a model: what it is, the shapes of its calls, what was checked."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell
from lstm_inspect.live.report import ModelReport, shown
from lstm_inspect.views import calls, look, reads, tables, tree
from lstm_inspect.views.detail import Detail


def page(report: ModelReport, spell: Spell, detail: Detail) -> RenderableType:
    """A model's LSTMs to look at; with ``detail.all`` each call's whole page."""
    parts = [tree.section(report.model, report.tree)] if report.tree else []
    parts += [*calls.parts(report.calls, spell, detail), _not_called(report), _not_covered(report)]
    parts += reads.parts(report.reads, report.mistakes, report.alone, report.not_traced)
    left = [f"{shown(each.name)}, which was not called" for each in report.not_called]
    left += [f"{shown(each.name)} ({each.kind})" for each in report.not_covered]
    verdict = [
        *calls.verdict(report.calls, left),
        *reads.verdict(report.reads, report.mistakes, report.alone, report.not_traced),
    ]
    return Group(*parts, *tables.warnings(report, spell, detail), *verdict)


def _not_called(report: ModelReport) -> RenderableType:
    if not report.not_called:
        return Group()
    lines: list[RenderableType] = [Text(f"{shown(each.name)}: {each.constructor}") for each in report.not_called]
    return look.section("Not called in this run", *lines)


def _not_covered(report: ModelReport) -> RenderableType:
    if not report.not_covered:
        return Group()
    lines: list[RenderableType] = [Text(f"{shown(each.name)}: {each.kind}") for each in report.not_covered]
    note = look.sentence("lstm-inspect knows no cell, nor what is quantized or scripted", look.FAINT)
    return look.section("Not covered", *lines, note)
