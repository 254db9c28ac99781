"""The looks that the views share: styles for dark and light backgrounds, signs with an ASCII twin."""

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from typing import Any, Final, TypeVar

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from lstm_inspect.errors import Spell, printable, spell_arguments
from lstm_inspect.theory.words import plural
from lstm_inspect.views.layout import lay_out, lay_out_lines

Row = TypeVar("Row")

# Yellow and white vanish on a light background, blue on a dark one: none of them is used.
TITLE: Final = "bold"
FAINT: Final = "dim"
GOOD: Final = "green"
BAD: Final = "bold red"
CODE: Final = "cyan"
CELL: Final = "cyan"
NAME: Final = "magenta"
STATE: Final = "bold magenta"

NARROWEST: Final = 60
"""Columns that every page needs."""
NARROW: Final = 70
"""Columns under which a table keeps only what can't stand elsewhere."""
BETWEEN: Final = 2
"""Columns between two cells of a table."""

_MOST_ROWS: Final = 16
_NARROWEST_WORDS: Final = 26  # a column of sentences
_MOST_BESIDE: Final = 44  # code that is longer stands under its row


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


@dataclass(frozen=True, slots=True)
class Clean:
    """A page as it is shown: no line ends in blanks, and foreign text can't command the terminal."""

    page: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in console.render_lines(self.page, options, pad=False):
            while line and not line[-1].text.strip():
                line.pop()
            if line:
                line[-1] = Segment(line[-1].text.rstrip(), line[-1].style)
            yield from (Segment(printable(segment.text), segment.style) for segment in line)
            yield Segment.line()


def section(title: str, *parts: RenderableType) -> RenderableType:
    """A titled part of a page, with a blank line after it."""
    return Group(Text(title, style=TITLE), *parts, Text())


def table(
    *headers: str | Text,
    rows: Iterable[Iterable[RenderableType]] = (),
    numbers: Iterable[int] = (),
    whole: Iterable[int] = (),
) -> Table:
    """A table of the house's look, without a line of headers where all are empty.

    Its columns fold rather than cut; those of numbers stand flush right, and like the whole ones are never broken.
    """
    made = Table(box=None, pad_edge=False, padding=(0, BETWEEN, 0, 0), header_style=FAINT, show_header=any(headers))
    for header in headers:
        titled = isinstance(header, Text) and header.style == TITLE
        made.add_column(header, overflow="fold", header_style="not dim" if titled else "")
    for column in numbers:
        made.columns[column].justify = "right"
    for column in (*numbers, *whole):
        made.columns[column].no_wrap = True
    for row in rows:
        made.add_row(*row)
    return made


def name(text: str) -> Text:
    """What something is called, where it is not meant to be copied."""
    return Text.assemble((text, NAME))


def code(expression: str) -> Text:
    """A Python expression, broken by whoever knows the room for it."""
    return Text.assemble((expression, CODE))  # the style is the expression's alone, not of what is appended to it


def block(*statements: str, indent: int = 0) -> RenderableType:
    """Python on lines of its own, broken inside brackets where it is too long, with nothing beside it."""
    return Fitted(partial(_block, statements, indent))


def beside(word: str, statement: str) -> RenderableType:
    """A word and the Python that it speaks of, which stands last."""
    line = Table.grid(padding=(0, 1))
    line.add_row(faint(word), block(statement))
    return line


def _block(statements: Sequence[str], indent: int, width: int, signs: Signs) -> RenderableType:
    margin = " " * indent
    return Group(*(code(textwrap.indent(lay_out_lines(each, width - indent), margin)) for each in statements))


@dataclass(frozen=True, slots=True)
class Item:
    """A row of a listing: cells of words, and code at its end or, where there is no room for it, below."""

    cells: Sequence[str]  #: words; each wraps in its column.
    code: str = ""  #: Python; empty if there is none.
    words: str = ""  #: what stands in the code's place.
    style: str = ""  #: of the cells.


def listing(title: str, headers: Sequence[str], items: Sequence[Item]) -> RenderableType:
    """Rows that end in code, which can be copied: nothing stands to its right. The last header is the code's."""
    return Fitted(partial(_listing, title, headers, items))


def _listing(title: str, headers: Sequence[str], items: Sequence[Item], width: int, signs: Signs) -> RenderableType:
    heads = (title, *headers)[:-1]
    widths = [max(len(head), *(len(item.cells[at]) for item in items)) for at, head in enumerate(heads)]
    beside = max((len(item.code) for item in items if len(item.code) <= _MOST_BESIDE), default=0)
    room = width - sum(widths) - BETWEEN * len(widths)
    widest = max(range(len(widths)), key=widths.__getitem__)
    lack = min(max(0, beside - room), max(0, widths[widest] - _NARROWEST_WORDS))
    widths[widest], room = widths[widest] - lack, room + lack
    head = Text.assemble((f"{title:<{widths[0]}}", TITLE))
    for text, column in zip(headers, [*widths[1:], 0], strict=True):
        head.append(" " * BETWEEN).append(f"{text:<{column}}", style=FAINT)
    return Group(head, *(line for item in items for line in _item(item, widths, room, width)))


def _item(item: Item, widths: Sequence[int], room: int, width: int) -> Iterator[Text]:
    fits = len(item.code) <= room
    columns = [textwrap.wrap(cell, column) or [""] for cell, column in zip(item.cells, widths, strict=True)]
    last = [item.code] if fits and item.code else textwrap.wrap(item.words, max(room, _NARROWEST_WORDS // 2))
    for at, cells in enumerate(zip_longest(*columns, last, fillvalue="")):
        words = (" " * BETWEEN).join(f"{cell:<{column}}" for cell, column in zip(cells, widths, strict=False))
        line = Text.assemble((words, item.style), " " * BETWEEN)
        yield line + (code(cells[-1]) if item.code and fits and at == 0 else Text(cells[-1], style=FAINT))
    if not fits:
        yield code(textwrap.indent(lay_out(item.code, width - BETWEEN), " " * BETWEEN))


def sentence(text: str, style: str = "") -> Text:
    """Plain words, never read as markup."""
    return Text(text, style=style)


def faint(text: str) -> Text:
    """A remark."""
    return Text(text, style=FAINT)


def mark(passed: bool | None, signs: Signs) -> Text:
    """Whether something holds, as a sign."""
    if passed is None:
        return faint("?")
    return Text(signs.good, style=GOOD) if passed else Text(signs.bad, style=BAD)


def verdict(said: str, where: str, *, good: bool | None) -> Text:
    """A page's last line: what held, in colour, and on what."""
    style = {True: f"bold {GOOD}", False: BAD, None: TITLE}[good]
    return Text.assemble((said, style), f".\n{where}." if where else ".")


def noticed(smallest: float | None) -> str:
    """The smallest error that would have been seen, in words; nothing where the equations were not run."""
    return "" if smallest is None else f". Any element off by more than {smallest:.2g} would have been noticed"


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


def left_out(count: int, spell: Spell) -> tuple[Text, ...]:
    """The line under a table that was cut; none under a whole one."""
    said = f"{plural(count, 'row')} left out in the middle: {{all=True}} shows all"
    return (faint(spell_arguments(said, spell)),) if count else ()
