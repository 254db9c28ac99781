"""What a picture is made of: places, words and roles. No colours, and nothing of the library that draws it.

Lengths are inches, x from the left, y from the top.
"""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

Point: TypeAlias = tuple[float, float]

LINE: Final = 0.19
"""From one line of small text to the next."""
MARK: Final = 0.26
"""How wide and how high a cell of the stack is."""
POINTS: Final = 72
"""In an inch."""


@dataclass(frozen=True, slots=True)
class Type:
    """How words are set: points, how wide a letter is at most in parts of that, whether each is, whether bold."""

    size: float
    em: float = 0.6
    mono: bool = False
    bold: bool = False

    def width(self, text: str) -> float:
        """Inches that a line takes, at most."""
        return len(text) * self.em * self.size / POINTS


_MONO: Final = 0.603
_BOLD: Final = 0.68
_SENTENCE: Final = 0.54  # its narrow letters and blanks make up for the wide ones

TYPES: Final = {
    "title": Type(11, _BOLD, bold=True),
    "call": Type(9, _MONO, mono=True),
    "name": Type(9.5, _BOLD, bold=True),
    "small": Type(8.5),
    "meaning": Type(8.5, _SENTENCE),
    "note": Type(8.5, _SENTENCE),
    "faint": Type(8.5),
    "axis": Type(9, 0.64),
    "expression": Type(9, _MONO, mono=True, bold=True),
    "tag": Type(8.5, _MONO, mono=True),
    "number": Type(7.5, _MONO, mono=True),
    "cell": Type(7.5, _MONO, mono=True),
    "gate": Type(9.5, _MONO, mono=True, bold=True),
    "more": Type(9.5, 1.0),
    "count": Type(8.5, _MONO, mono=True, bold=True),
}
"""The roles that words play."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a place that can be pointed at holds, as Python; all places with the same expression light up together.

    Those of ``also`` light up too: there its numbers stand in another order.
    """

    expression: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Area:
    """A shape around its centre: a cell, a slice of output, a box; its role decides its form and its fill."""

    x: float
    y: float
    width: float
    height: float
    role: str
    meaning: Meaning | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """A line through points; with a head it is an arrow."""

    points: tuple[Point, ...]
    role: str
    head: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """One line of words, its middle height at y, its left end, middle or right end at x."""

    x: float
    y: float
    text: str
    role: str
    align: str = "left"
    upward: bool = False

    @property
    def width(self) -> float:
        """Inches that it takes."""
        return TYPES[self.role].width(self.text)


Item: TypeAlias = Area | Path | Label


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a picture, its own corner at (0, 0)."""

    width: float
    height: float
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Scene(Part):
    """A whole picture, with its title and its description in words."""

    title: str
    description: str

    @property
    def meanings(self) -> list[Meaning]:
        """What its places hold, in the order of its items."""
        return [item.meaning for item in self.items if isinstance(item, Area) and item.meaning]


def more(x: float, y: float, *, down: bool = False) -> Label:
    """What stands for the cells left out, to the right or downward."""
    return Label(x, y, "⋮" if down else "⋯", "more", "center")


def lines(texts: Iterable[str], role: str, top: float, width: float) -> tuple[Label, ...]:
    """Small text under an upper edge, broken into lines of at most that width; code goes on further in."""
    kind = TYPES[role]
    wrapper = textwrap.TextWrapper(int(width / kind.width("0")), subsequent_indent="    " if kind.mono else "")
    broken = (line for text in texts for line in wrapper.wrap(text))
    return tuple(Label(0, top + (place + 0.5) * LINE, text, role) for place, text in enumerate(broken))


def moved(items: Iterable[Item], x: float, y: float) -> Iterator[Item]:
    """The same items, further right and further down."""
    for item in items:
        if isinstance(item, Path):
            yield replace(item, points=tuple((px + x, py + y) for px, py in item.points))
        else:
            yield replace(item, x=item.x + x, y=item.y + y)
