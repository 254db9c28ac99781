"""A file that can't be read as weights: one message, whatever the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lstm_inspect.errors import FileError

STATE_DICT: Final = "torch.save(model.state_dict(), 'weights.pt') where the model itself is at hand"
AGAIN: Final = "copying or saving it again"

_MOST_CHARACTERS: Final = 300


def refused(path: Path, reason: str, instead: str) -> FileError:
    """The error that says why a file was not read."""
    shown = reason if len(reason) <= _MOST_CHARACTERS else f"{reason[:_MOST_CHARACTERS]}..."
    return FileError("file", printable(str(path)), shown, printable(instead))


def printable(text: str) -> str:
    """Foreign text as a terminal may show it: control characters and lone surrogates escaped.

    >>> printable("lstm\\x1b[31m")
    'lstm\\\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
