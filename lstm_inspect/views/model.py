"""Every LSTM of a model: what it is, the shapes of its calls, what was checked."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell
from lstm_inspect.live.report import ModelReport, TreeRow, shown
from lstm_inspect.views import calls, look, tables
from lstm_inspect.views.look import Signs
from lstm_inspect.views.page import Detail

_MOST: Final = 60  # modules
_MOST_ROWS: Final = 8  # of hn


def page(report: ModelReport, spell: Spell, detail: Detail) -> RenderableType:
    """A model's LSTMs to look at; with ``detail.all`` each call's whole page."""
    parts = [*_tree(report), *calls.parts(report.calls, spell, detail)]
    if report.not_called:
        lines = [Text(f"{shown(each.name)}: {each.constructor}") for each in report.not_called]
        parts.append(look.section("Not called in this run", *lines))
    if report.not_covered:
        lines = [Text(f"{shown(each.name)}: {each.kind}") for each in report.not_covered]
        note = look.sentence("lstm-inspect knows no cell, nor what is quantized or scripted", look.FAINT)
        parts.append(look.section("Not covered", *lines, note))
    parts += [*calls.uses(report.calls, report.alone), *tables.warnings(report, spell, detail)]
    left = [f"{shown(each.name)}, which was not called" for each in report.not_called]
    left += [f"{shown(each.name)} ({each.kind})" for each in report.not_covered]
    return Group(*parts, *calls.verdict(report.calls, report.alone, left))


def _tree(report: ModelReport) -> Iterator[RenderableType]:
    """The whole model: module, parameters, output; the rows of hn under each recurrent module."""
    if report.tree:
        more = len(report.tree) - _MOST
        note = [look.sentence(f"and {more:,} more modules", look.FAINT)] if more > 0 else []
        yield look.section(report.model, look.Fitted(partial(_table, report.tree[:_MOST])), *note)


def _table(tree: Sequence[TreeRow], width: int, signs: Signs) -> RenderableType:
    table = look.table("module", "parameters", "output")
    table.columns[1].justify = "right"
    for row in tree:
        depth = row.name.count(".") + 1 if row.name else 0
        own = row.name.rpartition(".")[2]
        label = Text(f"{'  ' * depth}{own}{': ' if own else ''}").append(row.kind, look.CODE)
        table.add_row(label, f"{row.parameters:,}", row.output or Text("not called", look.FAINT))
        for line in _rows(row):
            table.add_row(Text(f"{'  ' * (depth + 1)}{line}", look.FAINT), "", "")
    return table


def _rows(row: TreeRow) -> Iterator[str]:
    """Which row of hn is which layer and direction."""
    count = row.layers * row.directions
    for index in range(min(count, _MOST_ROWS)):
        layer, direction = divmod(index, row.directions)
        yield f"hn[{index}] layer {layer}" + (f", {('forward', 'reverse')[direction]}" if row.directions == 2 else "")
    if count > _MOST_ROWS:
        yield f".. hn[{count - 1}]"
