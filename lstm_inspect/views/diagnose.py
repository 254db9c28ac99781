"""A diagnosis as a page: the argument and the axis, what was expected and what came, the causes, the lines to write."""

import ast
import textwrap
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lstm_inspect.diagnosis.finding import Diagnosis, Kind, LikelyCause, Values
from lstm_inspect.errors import Spell
from lstm_inspect.theory.letters import LETTERS, meaning
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.views import look
from lstm_inspect.views.look import Signs
from lstm_inspect.views.page import Detail

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
    needed = [_marked("-", Text(need)) for need in found.needed(spell)]
    needs = [look.section("To say more, this would have to be known", *needed)] if needed else []
    return Group(*(_found(found) if found.matched else _other(found)), *needs)


def _other(found: Diagnosis) -> Iterator[RenderableType]:
    """No LSTM's, or nobody knows: what the words mean in general, and the causes if they came out of one."""
    meaning = f"In general: {found.means}." if found.means else "No LSTM is named where it was raised."
    said = (*_raised(found), look.sentence(meaning))
    if found.if_lstm:
        yield look.section("Other code raises this too", *said)
        yield look.section("If it came out of an LSTM", _where(found), *_causes(found.if_lstm))
    elif found.message:
        yield look.section("Not recognised as an LSTM's", *said)
    else:
        yield look.sentence(_NOTHING[found.of_a_message], look.TITLE)


def _found(found: Diagnosis) -> Iterator[RenderableType]:
    """What is wrong, and what is easily read wrongly."""
    shown = (found, *found.further)
    yield from (_mistake(each) for each in shown if each.kind != "trap")
    traps = [each.causes[0] for each in shown if each.kind == "trap"]
    if traps:
        ids = ", ".join(mistake.id for mistake in found.mistakes if mistake.level == "note")
        explain = look.sentence(f"lstm-inspect explain ID shows one on an nn.LSTM: {ids}", look.FAINT)
        listed = (Group(_marked("-", Text(trap.cause)), _to_write(trap.fix)) for trap in traps)
        yield look.section("Easily read wrongly", *listed, explain)


def _mistake(found: Diagnosis) -> RenderableType:
    kind = found.kind or "refused"
    note = [look.sentence(found.note, look.FAINT)] if found.note else []
    title = "Cause" if len(found.causes) == 1 else "Likely causes, the likeliest first"
    return Group(
        look.section(_TITLES[kind], *_raised(found), _where(found), *note),
        look.section(title, *_causes(found.causes)),
    )


def _raised(found: Diagnosis) -> Iterator[RenderableType]:
    """The message, if torch would raise it, and the user's own line that led to it."""
    if found.message and found.kind in (None, "refused"):
        cut = "" if len(found.message) <= _MOST_OF_A_MESSAGE else " .."
        yield look.sentence(found.message[:_MOST_OF_A_MESSAGE] + cut, look.FAINT)
    frame = found.where
    if frame is not None:
        line = "" if frame.line is None else f":{frame.line}"
        place = f"{frame.file}{line}" + (f" in {frame.function}" if frame.function else "")
        yield Text.assemble((f"{place}  ", look.FAINT), look.code(frame.code))


def _where(found: Diagnosis) -> RenderableType:
    """The argument and the axis; the two shapes, if there are two, axis by axis."""
    place = look.code(found.argument or "the call")
    expected, got = found.expected, found.got
    if expected is not None and got is not None and len(expected) == len(got) > 1:
        wrong = [axis for axis, (a, b) in enumerate(zip(expected, got, strict=True)) if a != b]
        place.append(_axes_named(found, wrong), style="")
        return Group(place, look.Fitted(partial(_axes, found, expected, got)), *_letters(found))
    place.append(_axes_named(found, []), style="")
    known = [(name, values) for name, values in (("expected", expected), ("got", got)) if values is not None]
    text = "; ".join(f"{name} {values[0] if len(values) == 1 else format_tuple(values)}" for name, values in known)
    return Text(": ").join([place, Text(text)]) if text else place


def _axes_named(found: Diagnosis, differ: Sequence[int]) -> str:
    """The axes that are wrong: all that differ, where two shapes are held against each other."""
    if found.axis is None:
        return ""
    wrong = differ or [found.axis]
    letters = [found.letters[axis] for axis in wrong if -len(found.letters) <= axis < len(found.letters)]
    named = ", ".join(letter for letter in letters if letter != ".")
    axes = f"{'axis' if len(wrong) == 1 else 'axes'} {' and '.join(map(str, wrong))}"
    return f", {axes} ({named})" if named else f", {axes}"


def _letters(found: Diagnosis) -> Iterator[RenderableType]:
    """What the letters over a table stand for."""
    meant = [f"{letters}: {meaning(letters)}" for letters in found.letters if set(letters) <= {*LETTERS, "*"}]
    if meant:
        yield look.sentence(", ".join(meant), look.FAINT)


def _axes(found: Diagnosis, expected: Values, got: Values, width: int, signs: Signs) -> Table:
    """Both shapes in letters and numbers, a sign under each axis that differs."""
    letters = found.letters if len(found.letters) == len(expected) else tuple(f"axis {n}" for n in range(len(expected)))
    differ = [a != b for a, b in zip(expected, got, strict=True)]
    table = look.table("", *letters)
    table.add_row("expected", *map(str, expected))
    table.add_row("got", *(Text(str(n), style=look.BAD if bad else "") for n, bad in zip(got, differ, strict=True)))
    marks = {True: Text(signs.bad, style=look.BAD), False: Text(signs.good, style=look.GOOD)}
    table.add_row("", *(marks[bad] for bad in differ))
    return table


def _causes(causes: Sequence[LikelyCause]) -> Iterator[RenderableType]:
    """Each cause: what was done, what would decide for it, the line to write."""
    for number, cause in enumerate(causes, start=1):
        decides = [Text(f"if {cause.likely_if}", style=look.FAINT)] if cause.likely_if else []
        yield Group(_marked(f"{number}.", Text(cause.cause), *decides), _to_write(cause.fix))


def _marked(mark: str, *lines: Text) -> Table:
    """Lines with a mark before the first."""
    table = Table.grid(padding=(0, 1))
    for number, line in enumerate(lines):
        table.add_row(Text("" if number else mark), line)
    return table


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
        return [ast.get_source_segment(code, each) or "" for each in ast.parse(code).body]
    except SyntaxError:  # a part of a function: return ..
        return [code]
