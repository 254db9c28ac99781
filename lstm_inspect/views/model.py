"""Every LSTM of a model: what it is, the shapes of its calls, what was checked."""

from collections.abc import Iterator
from itertools import chain, product
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell
from lstm_inspect.live.report import Listing, ModelReport, TreeRow, named
from lstm_inspect.views import calls, look, tables
from lstm_inspect.views.page import Detail

_MOST: Final = 60  # modules
_MOST_ROWS: Final = 8  # of hn


def page(report: ModelReport | Listing, spell: Spell, detail: Detail) -> RenderableType:
    """A model's LSTMs to look at; with ``detail.all`` each call's whole page. Or what can be inspected in a file."""
    if isinstance(report, Listing):
        return _listing(report)
    parts = [*_tree(report), *calls.parts(report.calls, spell, detail)]
    if report.not_called:
        lines = [Text(f"{named(each.name)}: {each.constructor}") for each in report.not_called]
        parts.append(look.section("Not called in this run", *lines))
    if report.not_covered:
        lines = [Text(f"{named(each.name)}: {each.kind}") for each in report.not_covered]
        note = look.faint("lstm-inspect knows no cell, nor what is quantized or scripted")
        parts.append(look.section("Not covered", *lines, note))
    parts += [*calls.uses(report.calls, report.alone), *tables.warnings(report, spell, detail)]
    left = [f"{named(each.name)}, which was not called" for each in report.not_called]
    left += [f"{named(each.name)} ({each.kind})" for each in report.not_covered]
    return Group(*parts, *calls.verdict(report.calls, report.alone, left))


def _listing(listing: Listing) -> RenderableType:
    if not listing.found:
        return look.sentence(f"{listing.target} holds no model, no class of one and no function without arguments.")
    parts: list[RenderableType] = []
    for each in listing.found:
        parts += [Text(f"{each.name}, a {each.kind}"), look.code(each.command), Text()]
    note = "A class is called with random numbers of the shapes that --input names; a function returns model, args"
    return Group(Text(f"To inspect in {listing.target}", style=look.TITLE), *parts, look.faint(note))


def _tree(report: ModelReport) -> Iterator[RenderableType]:
    """The whole model: module, parameters, output; the rows of hn under each recurrent module."""
    if report.tree:
        more = len(report.tree) - _MOST
        note = [look.faint(f"and {more:,} more modules")] if more > 0 else []
        rows = chain.from_iterable(map(_rows, report.tree[:_MOST]))
        table = look.table("module", "parameters", "output", rows=rows, numbers=[1])
        yield look.section(report.model, table, *note)


def _rows(row: TreeRow) -> Iterator[tuple[RenderableType, ...]]:
    parts = row.name.split(".") if row.name else []
    margin, own = "  " * len(parts), "".join(parts[-1:])
    label = Text(f"{margin}{own}{': ' if own else ''}").append(row.kind, look.CODE)
    yield label, f"{row.parameters:,}", row.output or look.faint("not called")
    yield from ((look.faint(f"{margin}  {line}"), "", "") for line in _states(row))


def _states(row: TreeRow) -> Iterator[str]:
    directions = (", forward", ", reverse") if row.directions == 2 else ("",)
    rows = [f"layer {layer}{direction}" for layer, direction in product(range(row.layers), directions)]
    yield from (f"hn[{index}] {said}" for index, said in enumerate(rows[:_MOST_ROWS]))
    if len(rows) > _MOST_ROWS:
        yield f".. hn[{len(rows) - 1}]"
