"""--lengths: whole numbers separated by commas, spaces or new lines, typed, in a file or on standard input."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TextIO

from lstm_inspect.cli.streams import piped_in
from lstm_inspect.errors import FileError, SpecError, literal

_SEPARATORS = re.compile(r"[\s,]+")
_MOST_SHOWN = 40
_MOST_DIGITS = 18
_MOST_READ = 10_000_000


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
    if text == "-":
        return _parse_file("standard input", _read_stdin())
    if text.startswith("@"):
        return _parse_file(text[1:], _read_file(text[1:]))
    if not _tokens(text):
        raise SpecError("lengths", repr(text), "at least one whole number from 1", "{lengths=8,9,10}")
    entries = text.split(",")
    if "" in map(str.strip, entries):
        empty = next(place for place, entry in enumerate(entries) if not entry.strip())
        whole = ",".join(_tokens(text))
        allowed = f"whole numbers from 1, but entry {empty} is empty"
        raise SpecError(
            "lengths", literal(repr(text[:_MOST_SHOWN])), allowed, f"{{lengths={literal(whole[:_MOST_SHOWN])}}}"
        )
    try:
        return tuple(_integer(token) for token in _tokens(text))
    except ValueError:
        bad = next(token for token in _tokens(text) if not _is_integer(token))
        raise SpecError(
            "lengths",
            text[:_MOST_SHOWN],
            f"whole numbers from 1, but {literal(repr(bad[:_MOST_SHOWN]))} is not one",
            "{lengths=8,9,10}",
        ) from None


def _parse_file(name: str, text: str) -> tuple[int, ...]:
    try:
        lengths = tuple(_integer(token) for token in _tokens(text))
    except ValueError:
        raise _bad_token(name, text) from None
    if not lengths:
        raise FileError("{lengths}", f"from {name}", "it holds no number", "a file of whole numbers, such as 8,9,10")
    return lengths


def _bad_token(name: str, text: str) -> FileError:
    for number, line in enumerate(text.splitlines(), start=1):
        for token in _tokens(line):
            if not _is_integer(token):
                where = f"line {number}: {literal(repr(token[:_MOST_SHOWN]))} is not a whole number"
                return FileError("{lengths}", f"from {name}", where, "numbers separated by commas, spaces or new lines")
    raise AssertionError("some token is bad")


def _tokens(text: str) -> list[str]:
    return [token for token in _SEPARATORS.split(text) if token]


def _integer(token: str) -> int:
    """A whole number of a size that torch can count to."""
    if len(token) > _MOST_DIGITS:
        raise ValueError(token)
    return int(token)


def _is_integer(token: str) -> bool:
    try:
        _integer(token)
    except ValueError:
        return False
    return True


def _read_stdin() -> str:
    return _read("standard input", piped_in("{lengths=-}", "{lengths=8,9,10}, {lengths=@FILE}"))


def _read(name: str, file: TextIO) -> str:
    """All of a file, if it ends within what any batch could need."""
    text = file.read(_MOST_READ + 1)
    if len(text) > _MOST_READ:
        what = f"it holds more than {_MOST_READ:,} characters"
        raise FileError("{lengths}", f"from {name}", what, "a file of whole numbers, such as 8,9,10")
    return text


def _read_file(name: str) -> str:
    try:
        with Path(name).open(encoding="utf-8") as file:
            return _read(name, file)
    except UnicodeDecodeError:
        raise FileError("{lengths}", f"from {name}", "it is binary, not text", "a text file of whole numbers") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FileError("{lengths}", f"from {name}", reason, "{lengths=@FILE} with a file that can be read") from None
