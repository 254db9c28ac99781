"""A diagnosis as a page: the argument and the axis, what was expected and what came, the causes, the lines to write."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lstm_inspect.diagnosis.finding import Diagnosis, Kind, LikelyCause, Values
from lstm_inspect.diagnosis.origin import Frame
from lstm_inspect.errors import Spell
from lstm_inspect.theory.letters import LETTERS, meaning
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
    if found.if_lstm:
        return Group(*_perhaps(found), *_needs(found, spell))
    if not found.matched:
        return Group(*_nothing(found), *_needs(found, spell))
    shown = (found, *found.further)
    mistakes = [each for each in shown if each.kind != "trap"]
    traps = [each for each in shown if each.kind == "trap"]
    parts = [_mistake(each) for each in mistakes]
    if traps:
        ids = ", ".join(mistake.id for mistake in found.mistakes if mistake.level == "note")
        explain = look.sentence(f"lstm-inspect explain ID shows one on an nn.LSTM: {ids}", look.FAINT)
        parts.append(look.section("Easily read wrongly", *(_trap(each) for each in traps), explain))
    return Group(*parts, *_needs(found, spell))


def _nothing(found: Diagnosis) -> Iterator[RenderableType]:
    """No LSTM's: said, and what the words mean in general, if there are such words."""
    if not found.message:
        yield look.sentence(_NOTHING[found.of_a_message], look.TITLE)
        return
    yield look.section("Not recognised as an LSTM's", *_raised(found), look.sentence(_meaning(found)))


def _perhaps(found: Diagnosis) -> Iterator[RenderableType]:
    """Words that other code says too: what they mean, and the causes if they came out of an LSTM."""
    yield look.section("Other code raises this too", *_raised(found), look.sentence(_meaning(found)))
    causes = [_cause(number, cause) for number, cause in enumerate(found.if_lstm, start=1)]
    yield look.section("If it came out of an LSTM", _where(found), *causes)


def _meaning(found: Diagnosis) -> str:
    return f"In general: {found.means}." if found.means else "No LSTM is named where it was raised."


def _raised(found: Diagnosis) -> Iterator[RenderableType]:
    """The message, and the user's own line that led to it."""
    if found.message and not _is_short(found):
        yield look.sentence(_cut(found.message), look.FAINT)
    if found.where is not None:
        yield Text.assemble((f"{_place(found.where)}  ", look.FAINT), look.code(found.where.code))


def _place(frame: Frame) -> str:
    line = "" if frame.line is None else f":{frame.line}"
    return f"{frame.file}{line}" + (f" in {frame.function}" if frame.function else "")


def _mistake(found: Diagnosis) -> RenderableType:
    parts: list[RenderableType] = [*_raised(found), _where(found)]
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
    expected, got = found.expected, found.got
    both = expected is not None and got is not None and len(expected) == len(got) > 1
    place.append(_axes_named(found, both=both), style="")
    if both and expected is not None and got is not None:
        return Group(place, look.Fitted(partial(_axes, found, expected, got)), *_letters(found))
    known = [(name, values) for name, values in (("expected", expected), ("got", got)) if values is not None]
    text = "; ".join(f"{name} {_values(values)}" for name, values in known)
    return Text(": ").join([place, Text(text)]) if text else place


def _axes_named(found: Diagnosis, *, both: bool) -> str:
    """The axes that are wrong: all that differ, where two shapes are held against each other."""
    if found.axis is None:
        return ""
    wrong = [found.axis]
    if both and found.expected is not None and found.got is not None:
        wrong = [axis for axis, (a, b) in enumerate(zip(found.expected, found.got, strict=True)) if a != b] or wrong
    known = [found.letters[axis] for axis in wrong if -len(found.letters) <= axis < len(found.letters)]
    letters = [letter for letter in known if letter != "."]
    named = f" ({', '.join(letters)})" if letters else ""
    return f", {'axis' if len(wrong) == 1 else 'axes'} {' and '.join(map(str, wrong))}{named}"


def _letters(found: Diagnosis) -> Iterator[RenderableType]:
    """What the letters over a table stand for."""
    meant = [f"{letters}: {meaning(letters)}" for letters in found.letters if set(letters) <= {*LETTERS, "*"}]
    if meant:
        yield look.sentence(", ".join(meant), look.FAINT)


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
    if cause.likely_if:
        head.add_row(Text(), Text(f"if {cause.likely_if}", style=look.FAINT))
    return Group(head, _to_write(cause.fix))


def _to_write(line: str) -> RenderableType:
    """A line to write, broken as code is; what is said beside it stands above it."""
    code, _, comment = line.partition("  # ")
    block = look.block(*_statements(code), indent=_INDENT)
    return Group(look.Fitted(partial(_comment, comment)), block) if comment else block


def _comment(text: str, width: int, signs: Signs) -> Text:
    margin = " " * _INDENT + "# "
    lines = textwrap.wrap(text, width, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False)
    return Text("\n".join(lines), style=look.FAINT)


def _statements(code: str) -> list[str]:
    """The statements of a line, where it is no more than several in a row."""
    try:
        body = ast.parse(code).body
    except SyntaxError:  # a part of a function: return ..
        return [code]
    return [code] if len(body) == 1 else [code[each.col_offset : each.end_col_offset] for each in body]


def _trap(found: Diagnosis) -> RenderableType:
    cause = found.causes[0]
    head = Table.grid(padding=(0, 1))
    head.add_row(Text("-"), Text(cause.cause))
    return Group(head, _to_write(cause.fix))


def _needs(found: Diagnosis, spell: Spell) -> Sequence[RenderableType]:
    needed = found.needed(spell)
    if not needed:
        return ()
    return [look.section("To say more, this would have to be known", *(_item(need) for need in needed))]


def _item(need: str) -> RenderableType:
    line = Table.grid(padding=(0, 1))
    line.add_row(Text("-"), Text(need))
    return line
