"""A file that can't be read as weights: one message, whatever the reason."""

from pathlib import Path
from typing import Final

from lstm_inspect.errors import FileError

STATE_DICT: Final = "torch.save(model.state_dict(), 'weights.pt') where the model itself is at hand"
AGAIN: Final = "copying or saving it again"

_MOST_CHARACTERS: Final = 300


class UnreadableError(Exception):
    """Why a file is not read, and what to do or to name instead; whoever knows the file says which it is."""

    def __init__(self, reason: str, instead: str = AGAIN) -> None:
        super().__init__(reason)
        self.reason, self.instead = reason, instead

    def of(self, path: Path) -> FileError:
        """The error for whoever named the file."""
        shown = self.reason if len(self.reason) <= _MOST_CHARACTERS else f"{self.reason[:_MOST_CHARACTERS]}..."
        return FileError("file", printable(str(path)), shown, printable(self.instead))


def printable(text: str) -> str:
    """Foreign text as a terminal may show it: control characters and lone surrogates escaped.

    >>> printable("lstm\\x1b[31m")
    'lstm\\\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
