"""A diagnosis as a page: the argument and the axis, what was expected and what came, the causes, the lines to write."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lstm_inspect.diagnosis.finding import Diagnosis, Kind, LikelyCause, Values
from lstm_inspect.errors import Spell
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.views import look
from lstm_inspect.views.detail import Detail
from lstm_inspect.views.look import Signs

_TITLES: Final[dict[Kind, str]] = {
    "refused": "torch refuses this",
    "wrong": "torch does not check this, and it is wrong",
    "trap": "torch runs this; its results are easily read wrongly",
}
_NOTHING: Final = {
    True: "Not recognised: no error here that an LSTM, its packing or what reads its results raises.",
    False: "Nothing that is known of this call is wrong.",
}
_INDENT: Final = 3
_MOST_OF_A_MESSAGE: Final = 300


def page(found: Diagnosis, spell: Spell, detail: Detail) -> RenderableType:
    """A diagnosis to look at: of an error message, or of a call's shapes alone."""
    if not found.matched:
        return Group(look.sentence(_NOTHING[found.of_a_message], look.TITLE), *_needs(found))
    shown = (found, *found.further)
    mistakes = [each for each in shown if each.kind != "trap"]
    traps = [each for each in shown if each.kind == "trap"]
    parts = [_mistake(each) for each in mistakes]
    if traps:
        parts.append(look.section("Easily read wrongly", *(_trap(each) for each in traps)))
    return Group(*parts, *_needs(found))


def _mistake(found: Diagnosis) -> RenderableType:
    parts: list[RenderableType] = []
    if found.message and not _is_short(found):
        parts.append(look.sentence(_cut(found.message), look.FAINT))
    parts.append(_where(found))
    if found.note:
        parts.append(look.sentence(found.note, look.FAINT))
    causes = [_cause(number, cause) for number, cause in enumerate(found.causes, start=1)]
    title = "Cause" if len(causes) == 1 else "Likely causes, the likeliest first"
    return Group(look.section(_TITLES[found.kind], *parts), look.section(title, *causes))


def _is_short(found: Diagnosis) -> bool:
    return found.kind != "refused"


def _cut(message: str) -> str:
    return message if len(message) <= _MOST_OF_A_MESSAGE else f"{message[:_MOST_OF_A_MESSAGE]} .."


def _where(found: Diagnosis) -> RenderableType:
    """The argument and the axis; the two shapes, if there are two, axis by axis."""
    place = look.code(found.argument or "the call", whole=True)
    if found.axis is not None:
        letter = f" ({found.letter})" if found.letter else ""
        place.append(f", axis {found.axis}{letter}", style="")
    expected, got = found.expected, found.got
    if expected is not None and got is not None and len(expected) == len(got) > 1:
        return Group(place, look.Fitted(partial(_axes, found, expected, got)))
    known = [(name, values) for name, values in (("expected", expected), ("got", got)) if values is not None]
    text = "; ".join(f"{name} {_values(values)}" for name, values in known)
    return Text(": ").join([place, Text(text)]) if text else place


def _values(values: Values) -> str:
    return str(values[0]) if len(values) == 1 else format_tuple(values)


def _axes(found: Diagnosis, expected: Values, got: Values, width: int, signs: Signs) -> Table:
    """Both shapes in letters and numbers, a sign under each axis that differs."""
    letters = found.letters if len(found.letters) == len(expected) else tuple(f"axis {n}" for n in range(len(expected)))
    table = look.table("", *letters)
    table.add_row("expected", *(str(size) for size in expected))
    differ = [a != b for a, b in zip(expected, got, strict=True)]
    cells = [Text(str(size), style=look.BAD if wrong else "") for size, wrong in zip(got, differ, strict=True)]
    table.add_row("got", *cells)
    marks = [Text(signs.bad, style=look.BAD) if wrong else Text(signs.good, style=look.GOOD) for wrong in differ]
    table.add_row("", *marks)
    return table


def _cause(number: int, cause: LikelyCause) -> RenderableType:
    """One cause: what was done, what would decide for it, the line to write."""
    head = Table.grid(padding=(0, 1))
    head.add_row(Text(f"{number}."), Text(cause.cause))
    lines = Table.grid(padding=(0, 1))
    if cause.likely_if:
        lines.add_row(Text("if", style=look.FAINT), Text(cause.likely_if, style=look.FAINT))
    lines.add_row(Text("write", style=look.FAINT), look.code(cause.fix, whole=True))
    return Group(head, Padding(lines, (0, 0, 0, _INDENT)))


def _trap(found: Diagnosis) -> RenderableType:
    cause = found.causes[0]
    lines = Table.grid(padding=(0, 1))
    lines.add_row(Text("-"), Text(cause.cause))
    lines.add_row(Text(), look.code(cause.fix, whole=True))
    return lines


def _needs(found: Diagnosis) -> Sequence[RenderableType]:
    if not found.needs:
        return ()
    return [look.section("To say more, this would have to be known", *(_item(need) for need in found.needs))]


def _item(need: str) -> RenderableType:
    line = Table.grid(padding=(0, 1))
    line.add_row(Text("-"), Text(need))
    return line
