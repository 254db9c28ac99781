"""Where an error message comes from: typed, in a file, or piped in; and the shapes and lengths beside it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from lstm_inspect.cli.lengths import parse_lengths
from lstm_inspect.errors import FileError, SpecError
from lstm_inspect.theory.shapes import Shape

_MOST_OF_A_PATH: Final = 1024
_NAMES_A_LOG: Final = re.compile(r"[^\s*?\"']+\.(?:log|txt|out|err)", re.IGNORECASE)
_SHAPE: Final = re.compile(r"(?:torch\.)?(?:Size)?[(\[\s]*((?:\d+(?:\s*[,x\s]\s*)?)*)[)\]\s]*", re.IGNORECASE)
_TOKENS: Final = re.compile(r"[\s,]+")


def message_of(typed: str, *, call: bool, facts: bool) -> str | None:
    """The text that is to be explained; None if there is none, and none is needed.

    Standard input is read where ``-`` asks for it, and where nothing else is given that could be looked at.

    Args:
        typed: the message itself, ``@FILE``, the path of a file that exists, ``-`` for standard input, or nothing.
        call: whether there is a call to check.
        facts: whether anything is known beside the message.

    Raises:
        FileError: the file can't be read, or nothing is given while standard input is a terminal.
    """
    if typed.startswith("@") and len(typed) > 1:
        return _read_file(typed[1:])
    if typed not in ("", "-"):
        return _read_file(typed) if _is_a_path(typed) else typed
    if typed == "" and call:
        return None
    if sys.stdin is None or sys.stdin.isatty():
        if typed == "" and facts:
            return None
        what = "no message, and standard input is a terminal: nothing is piped in"
        instead = "a message, a file, a pipe (python train.py 2>&1 | lstm-inspect diagnose), or {input_shape=3,5,10}"
        raise FileError("diagnose", "", what, instead)
    piped = _read_stdin()
    return piped if piped.strip() or not facts else None


def source_of(typed: str) -> str | None:
    """The Python file that was given for a log; None if it is another text.

    >>> source_of("@net.py"), source_of("train.log"), source_of("No module named net.py")
    ('net.py', None, None)
    """
    name = typed.removeprefix("@")
    return name if name.endswith(".py") and not any(character.isspace() for character in name) else None


def _read_stdin() -> str:
    from lstm_inspect.diagnosis.text import MOST_READ, read_end

    binary = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read()[-MOST_READ:] if binary is None else read_end(binary)


def _is_a_path(typed: str) -> bool:
    if len(typed) > _MOST_OF_A_PATH or "\n" in typed or "\0" in typed:
        return False
    return _NAMES_A_LOG.fullmatch(typed) is not None or Path(typed).exists()


def _read_file(name: str) -> str:
    from lstm_inspect.diagnosis.text import MOST_READ, read_end

    try:
        with Path(name).open("rb") as file:
            if file.seekable():  # a named pipe is not
                file.seek(max(0, file.seek(0, 2) - MOST_READ))
            return read_end(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileError(name, "can't be read", reason, "a file that can be read, or the message itself") from None


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
    if not sizes or any(len(size) > 18 for size in sizes):
        raise SpecError(name, repr(text), "whole numbers separated by commas", f"{{{name}=3,5,10}}")
    return tuple(int(size) for size in sizes)


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
        numbers = tuple(_number(token) for token in _TOKENS.split(text.strip("()[] ")) if token)
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
