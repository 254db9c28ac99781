"""Lists of whole numbers as they are typed: lengths, in a file or on standard input too, and shapes."""

import re
from typing import Final

from lstm_inspect.cli.streams import opened
from lstm_inspect.errors import SpecError, literal
from lstm_inspect.theory.shapes import Shape

_TOKEN: Final = re.compile(r"[^\s,]+")
_WHOLE: Final = re.compile(r"[+-]?\d+(?:_\d+)*")
_SHAPE: Final = re.compile(r"(?:torch\.)?(?:Size)?[(\[\s]*((?:\d+(?:\s*[,x\s]\s*)?)*)[)\]\s]*", re.IGNORECASE)
_MOST_SHOWN: Final = 40
_MOST_DIGITS: Final = 18
_MOST_READ: Final = 10_000_000


def parse_lengths(text: str) -> tuple[int, ...]:
    """The lengths that a flag's value names.

    Args:
        text: ``8,9,10``, ``@FILE``, or ``-`` for standard input.

    Raises:
        SpecError: a token is not a whole number, or there is none.
        FileError: the file is missing, a folder, binary or has a bad token; standard input is a terminal.

    >>> parse_lengths("8, 9 10")
    (8, 9, 10)
    """
    if text == "-" or text.startswith("@"):
        return _in_a_file(text.removeprefix("@"))
    tokens, bad, got = _TOKEN.findall(text), _bad(text), text[:_MOST_SHOWN]
    if not tokens:
        raise SpecError("lengths", repr(text), "at least one whole number from 1", "{lengths=8,9,10}")
    empty = next((place for place, entry in enumerate(text.split(",")) if not entry.strip()), None)
    if empty is not None:
        instead = f"{{lengths={literal(','.join(tokens)[:_MOST_SHOWN])}}}"
        raise SpecError("lengths", literal(repr(got)), f"whole numbers from 1, but entry {empty} is empty", instead)
    if bad is not None:
        raise SpecError("lengths", got, f"whole numbers from 1, but {bad} is not one", "{lengths=8,9,10}")
    return tuple(map(int, tokens))


def _in_a_file(source: str) -> tuple[int, ...]:
    """The lengths in a file, if it ends within what any batch could need."""
    with opened(source, "{lengths}", "a text file of whole numbers, separated by commas, spaces or new lines") as file:
        text = file.read(_MOST_READ + 1)
        if len(text) > _MOST_READ:
            raise ValueError(f"it holds more than {_MOST_READ:,} characters")
        for number, line in enumerate(text.splitlines(), start=1):
            if bad := _bad(line):
                raise ValueError(f"line {number}: {bad} is not a whole number")
        tokens = _TOKEN.findall(text)
        if not tokens:
            raise ValueError("it holds no number")
    return tuple(map(int, tokens))


def _bad(text: str) -> str | None:
    """The first token that is no whole number of a size that torch can count to, as it is shown."""
    bad = (token for token in _TOKEN.findall(text) if len(token) > _MOST_DIGITS or not _WHOLE.fullmatch(token))
    return next((literal(repr(token[:_MOST_SHOWN])) for token in bad), None)


def parse_any_lengths(text: str | None) -> tuple[float, ...] | None:
    """Lengths as they were passed to torch: fractions, zeros and negative ones too, as they are what is looked for.

    Raises:
        SpecError: a token is not a number, or there is none.
        FileError: the file can't be read.
    """
    if text is None:
        return None
    if text.startswith("@") or text == "-":
        return parse_lengths(text)
    try:
        numbers = tuple(_number(token) for token in _TOKEN.findall(text.strip("()[] ")))
    except ValueError:
        numbers = ()
    if not numbers:
        raise SpecError("lengths", repr(text), "numbers separated by commas", "{lengths=8,9,10}")
    return numbers


def _number(token: str) -> float:
    value = float(token)
    if abs(value) > 2**62:  # inf and nan too: neither is smaller
        raise ValueError(token)
    return int(value) if value == int(value) else value


def parse_shape(name: str, text: str | None) -> Shape | None:
    """A shape as it is typed or pasted.

    Raises:
        SpecError: it is none.

    >>> parse_shape("input_shape", "3,5,10"), parse_shape("input_shape", "torch.Size([3, 5, 10])")
    ((3, 5, 10), (3, 5, 10))
    """
    if text is None:
        return None
    found = _SHAPE.fullmatch(text.strip())
    sizes = re.findall(r"\d+", found[1]) if found else []
    if not sizes or any(len(size) > _MOST_DIGITS for size in sizes):
        raise SpecError(name, repr(text), "whole numbers separated by commas", f"{{{name}=3,5,10}}")
    return tuple(int(size) for size in sizes)
