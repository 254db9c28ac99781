"""A whole model as a tree: module, parameters, output; the rows of hn under each recurrent module."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from lstm_inspect.live.report import TreeRow
from lstm_inspect.views import look
from lstm_inspect.views.look import Signs

_MOST: Final = 60
_MOST_ROWS: Final = 8


def section(title: str, tree: Sequence[TreeRow]) -> RenderableType:
    """The tree under the model's name."""
    return look.section(title, look.Fitted(partial(_table, tree[:_MOST])), *_more(len(tree) - _MOST))


def _more(count: int) -> list[RenderableType]:
    return [look.sentence(f"and {count:,} more modules", look.FAINT)] if count > 0 else []


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
    names = ("forward", "reverse") if row.directions == 2 else ("forward",)
    for index in range(min(count, _MOST_ROWS)):
        layer, direction = divmod(index, row.directions)
        yield f"hn[{index}] layer {layer}" + (f", {names[direction]}" if row.directions == 2 else "")
    if count > _MOST_ROWS:
        yield f".. hn[{count - 1}]"
