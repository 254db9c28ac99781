"""A traceback or a whole log as text to search: cleaned, and cut into windows that are read from the end."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import accumulate
from typing import BinaryIO, Final

MOST_READ: Final = 64 * 2**20
"""Bytes of a log that are kept: its end."""
_CHUNK: Final = 2**20
_WINDOW: Final = 2**18
_OVERLAP: Final = 2**15  # more than a traceback with its message takes

_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)|[@-Z\\-_])")
_STRAIGHT: Final = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " "}
_NO_CONTROLS: Final = bytes(32 if (code < 32 and code != 10) or code == 127 else code for code in range(256))


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a text."""

    start: int  #: where it starts in the text.
    text: str  #: what it says, white space as single blanks.
    words: Set[str]  #: its words.
    sure_from: int  #: where matches start to have their whole traceback before them.
    lines: Sequence[str]  #: its lines, without empty ones.
    starts: Sequence[int]  #: where each line starts in ``text``.

    def line_at(self, position: int) -> int:
        """The number of the line that a position of the text is in."""
        return bisect_right(self.starts, position) - 1


def decode(data: bytes) -> str:
    """Bytes as text: UTF-8, or UTF-16 if they open so (PowerShell's redirection); what is neither is replaced."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    return data.decode("utf-8", errors="replace")


def read_end(stream: BinaryIO) -> str:
    """The end of a stream as text; never more than MOST_READ bytes are kept, however much comes."""
    chunks: list[bytes] = []
    while chunk := stream.read(_CHUNK):
        chunks.append(chunk)
        if len(chunks) > 2 * MOST_READ // _CHUNK:
            chunks = [b"".join(chunks)[-MOST_READ:]]
    return decode(b"".join(chunks)[-MOST_READ:])


def clean(text: str) -> str:
    """Text without colours, frames, control characters and curly quotes, its white space as single blanks.

    >>> clean("\\x1b[31mRuntimeError\\x1b[0m:\\r\\n  got 3")
    'RuntimeError: got 3'
    """
    return " ".join(_lines(text))


def _lines(text: str) -> list[str]:
    """Its lines, without empty ones. What is not ASCII is no part of torch's messages: frames, arrows, binary files."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if not text.isascii():
        for curly, straight in _STRAIGHT.items():
            text = text.replace(curly, straight)
    plain = text.encode("ascii", errors="ignore").translate(_NO_CONTROLS).decode("ascii")
    return [" ".join(words) for line in plain.split("\n") if (words := line.split())]


def windows(text: str) -> Iterator[Window]:
    """The stretches of a text, the last one first; each overlaps the one before it."""
    end = len(text)
    while end > 0:
        start = max(0, end - _WINDOW)
        sure = len(clean(text[start : start + _OVERLAP])) if start else 0
        lines = _lines(text[start:end])
        starts = [0, *accumulate(len(line) + 1 for line in lines)]
        joined = " ".join(lines)
        yield Window(start, joined, frozenset(joined.split(" ")), sure, lines, starts)
        end = start + _OVERLAP if start else 0
