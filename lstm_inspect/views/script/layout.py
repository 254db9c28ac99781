"""Lay one Python statement out as ``ruff format`` does, for the statements that a generated script is made of.

What is broken are brackets, from the left: one stays whole if it and what follows, up to the next place
where a line may end, still fit. A broken call or index keeps its arguments on one line if they fit there;
a broken list or tuple never does. An operator inside brackets begins a line (https://docs.astral.sh/ruff/formatter/).
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

WIDTH: Final = 88
"""Characters in a line: ruff's default."""

_INDENT: Final = 4
_TOKEN: Final = re.compile(r"""\"[^\"]*\"|[()\[\]]|,\ ?|[^\"()\[\],]+""", re.VERBOSE)
_CLOSING: Final = {"(": ")", "[": "]"}
_HEAD: Final = re.compile(r"assert |[^=\"\[]+ = |")
_OPERATOR: Final = re.compile(r"([^ =]*) ([-+*/<>]|[<>=!]=) ([^ ]*)")
_EQUALS: Final = " == "


@dataclass(frozen=True, slots=True)
class _Bracket:
    """A pair of brackets that holds something.

    Attributes:
        items: what its commas separate.
        one_tuple: whether its only item keeps its comma: ``(5,)``.
        applied: whether it is a call's or an index's; else it is a list or a tuple.
        flat: the whole of it on one line.
    """

    opening: str
    items: tuple[_Parts, ...]
    one_tuple: bool
    applied: bool
    flat: str

    @property
    def inner(self) -> str:
        return self.flat[1:-1]


_Parts: TypeAlias = Sequence[str | _Bracket]


class _CannotBreakError(Exception):
    """The statement has no bracket that could be broken as ruff would: operators, loops, long chains of calls."""


def lay_out(statement: str) -> str:
    """A statement on as many lines as ruff's formatter would give it.

    Args:
        statement: an assignment, an assert or a call on one line, spaced and quoted as ruff does. One that
            is too long and has to be broken somewhere else than in brackets stays whole, and ruff is told so.

    >>> print(lay_out("assert torch.equal(torch.cat((hn[-2], hn[-1]), dim=-1), output[torch.arange(3), lengths - 1])"))
    assert torch.equal(
        torch.cat((hn[-2], hn[-1]), dim=-1), output[torch.arange(3), lengths - 1]
    )
    """
    if len(statement) <= WIDTH:
        return statement
    head = _HEAD.match(statement)
    assert head is not None  # it matches nothing, at the least
    try:
        return _Printer(head[0]).statement(_parse(statement[head.end() :]))
    except _CannotBreakError:
        return f"{statement}  # fmt: skip"


def comprehension(name: str, element: str, loop: str) -> str:
    """``name = [element loop]`` on one line, three or four.

    >>> comprehension("sequences", "torch.randn(length, 10)", "for length in lengths")
    'sequences = [torch.randn(length, 10) for length in lengths]'
    """
    inner = f"{element} {loop}"
    if len(name) + len(inner) + len(" = []") <= WIDTH:
        return f"{name} = [{inner}]"
    indent = " " * _INDENT
    body = inner if _INDENT + len(inner) <= WIDTH else f"{element}\n{indent}{loop}"
    return f"{name} = [\n{indent}{body}\n]"


def commented(statement: str, comment: str) -> str:
    """A statement with a comment behind it, or above it where that would make the line too long; none if empty.

    >>> commented("assert hn.shape == (1, 3, 20)", "(L*D, B, H)")
    'assert hn.shape == (1, 3, 20)  # (L*D, B, H)'
    """
    beside = f"{statement}  # {comment}"
    if not comment or len(beside) > WIDTH:
        return "\n".join([*wrapped(comment), lay_out(statement)])
    return beside


def wrapped(comment: str, *, hanging: str = "") -> list[str]:
    """A comment on as many lines as it takes; blanks at its beginning stay, ``hanging`` begins its other lines.

    >>> wrapped("hn[0]: layer 0")
    ['# hn[0]: layer 0']
    """
    wrapper = textwrap.TextWrapper(WIDTH, break_long_words=False, break_on_hyphens=False)
    wrapper.initial_indent, wrapper.subsequent_indent = "# ", f"# {hanging}"
    return wrapper.wrap(comment)


def _parse(text: str) -> _Parts:
    tokens = (match[0] for match in _TOKEN.finditer(text))
    items, _ = _items(tokens, "")
    assert len(items) == 1  # commas outside brackets stand in the head alone
    return items[0]


def _items(tokens: Iterator[str], closing: str) -> tuple[tuple[_Parts, ...], bool]:
    """What stands before a closing bracket, split at its commas; and whether a comma stands last."""
    items: list[list[str | _Bracket]] = [[]]
    for token in tokens:
        if token == closing:
            break
        if token in _CLOSING:
            items[-1].append(_bracket(tokens, token, applied=_applies(items[-1])))
        elif token.startswith(","):
            items.append([])
        else:
            items[-1].append(token)
    trailing = len(items) > 1 and not items[-1]
    return tuple(item for item in items if item), trailing


def _bracket(tokens: Iterator[str], opening: str, *, applied: bool) -> str | _Bracket:
    items, trailing = _items(tokens, _CLOSING[opening])
    inner = ", ".join("".join(map(_flat, item)) for item in items)
    flat = f"{opening}{inner}{',' if trailing else ''}{_CLOSING[opening]}"
    return _Bracket(opening, items, trailing, applied, flat) if items else flat


def _applies(before: _Parts) -> bool:
    """Whether a bracket calls or indexes what stands before it."""
    return bool(before) and (isinstance(before[-1], _Bracket) or before[-1][-1] not in " =-*~")


def _flat(part: str | _Bracket) -> str:
    return part if isinstance(part, str) else part.flat


class _Printer:
    def __init__(self, head: str) -> None:
        self._done: list[str] = []
        self._line = head

    def statement(self, parts: _Parts) -> str:
        """The whole statement; after ``assert`` it may compare something with a list or a tuple."""
        compared = _EQUALS in "".join(part for part in parts if isinstance(part, str))
        if not isinstance(parts[-1], _Bracket) and (compared or len(parts) == 1):
            raise _CannotBreakError
        self._write(parts, 0, "", compared=compared)
        return "\n".join([*self._done, self._line])

    def _write(self, parts: _Parts, indent: int, tail: str, *, compared: bool = False) -> None:
        """Append parts to the current line, breaking the brackets that don't fit; ``tail`` will follow them."""
        flat = "".join(map(_flat, parts))
        if len(self._line) + len(flat) + len(tail) <= WIDTH:
            self._line += flat
            return
        if not compared and indent and (sides := _sides(parts)):
            self._at_operator(*sides, indent, tail)
            return
        _refuse_other_breaks(parts, compared=compared)
        for place, part in enumerate(parts):
            if isinstance(part, str) or self._fits(part.flat, parts[place + 1 :], tail):
                self._line += _flat(part)
            else:
                self._break(part, indent)

    def _at_operator(self, left: _Parts, operator: str, right: _Parts, indent: int, tail: str) -> None:
        self._write(left, indent, "")
        self._new_line(indent)
        self._line += f"{operator} "
        self._write(right, indent, tail)

    def _fits(self, flat: str, rest: _Parts, tail: str) -> bool:
        return len(self._line) + len(flat) + _width_to_next_break(rest, tail) <= WIDTH

    def _break(self, bracket: _Bracket, indent: int) -> None:
        self._line += bracket.opening
        if len(self._line) > WIDTH:
            raise _CannotBreakError
        self._new_line(indent + _INDENT)
        if bracket.applied and len(self._line) + len(bracket.inner) <= WIDTH:
            self._line += bracket.inner
        else:
            self._one_a_line(bracket, indent + _INDENT)
        self._new_line(indent)
        self._line += _CLOSING[bracket.opening]

    def _one_a_line(self, bracket: _Bracket, indent: int) -> None:
        comma = "," if len(bracket.items) > 1 or bracket.one_tuple else ""
        for number, item in enumerate(bracket.items):
            if number:
                self._new_line(indent)
            self._write(item, indent, comma)
            self._line += comma

    def _new_line(self, indent: int) -> None:
        self._done.append(self._line)
        self._line = " " * indent


def _width_to_next_break(rest: _Parts, tail: str) -> int:
    width = 0
    for part in rest:
        if not isinstance(part, str):
            return width + len(part.opening)
        width += len(part)
    return width + len(tail)


def _sides(parts: _Parts) -> tuple[_Parts, str, _Parts] | None:
    """The two sides of the one operator that stands outside brackets; None if there is none, or more than one."""
    places = [place for place, part in enumerate(parts) if isinstance(part, str) and " " in part]
    if len(places) != 1:
        return None
    place = places[0]
    text = parts[place]
    assert isinstance(text, str)
    found = _OPERATOR.fullmatch(text)
    if found is None:
        return None
    left, operator, right = found.groups()
    before, after = [*parts[:place], *([left] if left else [])], [*([right] if right else []), *parts[place + 1 :]]
    return before, operator, after


def _refuse_other_breaks(parts: _Parts, *, compared: bool) -> None:
    """Raise where ruff would break at an operator, a loop or the dots of a chain of calls."""
    texts = [part for part in parts if isinstance(part, str)]
    spaced = any(" " in (text.replace(_EQUALS, "", 1) if compared else text) for text in texts)
    chained = sum(text.startswith(".") for text in texts) > 1
    if spaced or (chained and not compared):
        raise _CannotBreakError
