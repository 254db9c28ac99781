"""A traceback or a whole log as text to search: cleaned, and cut into windows that are read from the end."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from lstm_inspect.diagnosis.evidence import Trace

MOST_READ: Final = 64 * 2**20
"""Bytes of a log that are kept: its end."""
_CHUNK: Final = 2**20
_WINDOW: Final = 2**18
_OVERLAP: Final = 2**15  # more than a traceback with its message takes

_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)|[@-Z\\-_])")
_STRAIGHT: Final = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " "}
_NO_CONTROLS: Final = bytes(32 if code < 32 or code == 127 else code for code in range(256))
_HEADER: Final = re.compile(r"Traceback \(most recent call last\)")
_LSTM: Final = re.compile(r"(?i)lstm|\brnn\b|rnn\.py|RNN\.cpp|pack_padded|pad_packed|packed|pack_sequence|pad_sequence")
_FOLDERS: Final = re.compile(r"(?i)(?:[\w.~:-]*[/\\])+(?=[\w.-]+)")
_HIDDEN: Final = re.compile(r'File "<(?:string|stdin)>"')
_ELSEWHERE: Final = re.compile(
    r"(?i)dataloader\.py|collate|_utils/fetch\.py|pandas|sklearn|torchvision|transformers|resnet|\bvit\b"
    r"|\bconv(?:\.py|\d?\()|attention\.py|transformer\.py|numpy/|json/|csv\.py|argparse\.py|urllib|socket\.py"
)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of text, white space as single blanks.

    Attributes:
        text: the stretch.
        words: its words.
        sure_from: where matches start to have their whole traceback before them.
        headers: where its tracebacks start.
    """

    text: str
    words: frozenset[str]
    sure_from: int
    headers: tuple[int, ...]

    def traceback_at(self, position: int) -> int | None:
        """Where the traceback starts that leads to a position; None if none does."""
        before = bisect_left(self.headers, position)
        return self.headers[before - 1] if before else None


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
    return " ".join(_words(text))


def _words(text: str) -> list[str]:
    """The words of a text. What is not ASCII is no part of torch's messages: frames, arrows, bytes of a binary file."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if not text.isascii():
        for curly, straight in _STRAIGHT.items():
            text = text.replace(curly, straight)
    return text.encode("ascii", errors="ignore").translate(_NO_CONTROLS).decode("ascii").split()


def windows(text: str) -> Iterator[Window]:
    """The stretches of a text, the last one first; each overlaps the one before it."""
    end = len(text)
    while True:
        start = max(0, end - _WINDOW)
        sure = 0 if start == 0 else len(clean(text[start : start + _OVERLAP]))
        words = _words(text[start:end])
        joined = " ".join(words)
        yield Window(joined, frozenset(words), sure, tuple(found.start() for found in _HEADER.finditer(joined)))
        if start == 0:
            return
        end = start + _OVERLAP


def trace_of(context: str) -> Trace:
    """What a traceback says of where it comes from."""
    if not context:
        return "none"
    if _LSTM.search(_FOLDERS.sub("", context)):
        return "lstm"
    if _ELSEWHERE.search(context):
        return "elsewhere"
    return "hidden" if _HIDDEN.search(context) else "silent"
