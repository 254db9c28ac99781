"""The looks that the views share: styles for dark and light backgrounds, signs with an ASCII twin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

Row = TypeVar("Row")

# Yellow and white vanish on a light background, blue on a dark one: none of them is used.
TITLE: Final = "bold"
FAINT: Final = "dim"
GOOD: Final = "green"
BAD: Final = "bold red"
CODE: Final = "cyan"
STATE: Final = "bold magenta"

WIDE: Final = 110
"""Columns from which meanings stand beside what they explain."""
NARROW: Final = 70
"""Columns under which a table keeps only what can't stand elsewhere."""

BETWEEN: Final = 3
"""Columns between two cells of a table."""

_MOST_ROWS: Final = 16
_MOST_CHARACTERS: Final = 200
_RESULT_WIDTH: Final = 29  # what the columns beside two expressions take


@dataclass(frozen=True, slots=True)
class Signs:
    """Signs for a terminal that knows Unicode, or their ASCII twins."""

    good: str = "✓"
    bad: str = "✗"
    up: str = "▲"
    right: str = "▶"
    left: str = "◀"
    dash: str = "─"
    output: str = "●"
    output_and_state: str = "◆"
    state: str = "◇"
    cell: str = "○"
    input: str = "▪"
    more: str = "⋯"
    more_down: str = "⋮"
    valid: str = "■"
    padded: str = "·"


UNICODE: Final = Signs()
ASCII: Final = Signs("ok", "NO", "^", ">", "<", "-", "#", "@", "*", "o", "x", "~", ":", "#", ".")


@dataclass(frozen=True, slots=True)
class Fitted:
    """A renderable made for the width and the signs of the terminal that it meets."""

    make: Callable[[int, Signs], RenderableType]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.make(options.max_width, ASCII if options.ascii_only else UNICODE)


def section(title: str, *parts: RenderableType) -> RenderableType:
    """A titled part of a page, with a blank line after it."""
    return Group(Text(title, style=TITLE), *parts, Text())


def table(*headers: str) -> Table:
    """An empty table of the house's look; every column folds rather than cuts."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style=FAINT)
    for header in headers:
        made.add_column(header, overflow="fold")
    return made


def code(expression: str, *, whole: bool = False) -> Text:
    """A Python expression; a very long one is cut in the middle unless it is wanted whole."""
    if len(expression) > _MOST_CHARACTERS and not whole:
        half = _MOST_CHARACTERS // 2
        expression = f"{expression[:half]} ... {expression[-half:]}"
    return Text.assemble((expression, CODE))  # the style is the expression's alone, not of what is appended to it


def sides(left: str, sign: str, right: str, width: int, *, whole: bool = False) -> Text:
    """Two expressions and the sign between them; on two lines where one would be broken inside an expression."""
    both = Text(f" {sign} ").join([code(left, whole=whole), code(right, whole=whole)])
    if len(both) <= width - _RESULT_WIDTH:
        return both
    return Text.assemble(code(left, whole=whole), f"\n  {sign} ", code(right, whole=whole))


def with_reason(main: Text, reason: str) -> Text:
    """A cell's own text and, under it, the reason in a fainter voice."""
    return Text.assemble(main, "\n", (reason, FAINT)) if reason else main


def sentence(text: str, style: str = "") -> Text:
    """Plain words, never read as markup."""
    return Text(text, style=style)


def verdict(said: str, where: str, *, good: bool | None) -> Text:
    """A page's last line: what held, in colour, and on what."""
    style = {True: f"bold {GOOD}", False: BAD, None: TITLE}[good]
    return Text.assemble((said, style), f". {where}." if where else ".")


def where(environment: Mapping[str, Any]) -> str:
    """What ran it, in words."""
    return f"torch {environment['torch']}, {environment['device_name']}"


def first_and_last(
    rows: Sequence[Row], *, whole: bool, always: Callable[[Row], bool] | None = None, most: int = _MOST_ROWS
) -> tuple[Sequence[Row], int]:
    """The rows to show and how many are left out: those in the middle, but for those that are always shown.

    Where none is always shown the middle is not even looked at: rows may be made when they are asked for.
    """
    if whole or len(rows) <= most:
        return rows, 0
    start, end = most // 2, len(rows) - most // 2
    middle = [row for row in rows[start:end] if always(row)][:most] if always else []
    shown = [*rows[:start], *middle, *rows[end:]]
    return shown, len(rows) - len(shown)


def left_out(count: int) -> tuple[Text, ...]:
    """The line under a table that was cut; none under a whole one."""
    rows = "1 row" if count == 1 else f"{count:,} rows"
    return (Text(f"{rows} left out in the middle: --all shows all", style=FAINT),) if count else ()
