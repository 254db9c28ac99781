"""Where an error message comes from: typed, in a file, or piped in."""

import re
import sys
from pathlib import Path
from typing import Final

from lstm_inspect.diagnosis.text import MOST_READ, read_end
from lstm_inspect.errors import FileError

_MOST_OF_A_PATH: Final = 1024
_NAMES_A_LOG: Final = re.compile(r"[^\s*?\"']+\.(?:log|txt|out|err)", re.IGNORECASE)


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
    if typed not in ("", "-"):
        named = typed[1:] if typed.startswith("@") and typed != "@" else typed if _is_a_path(typed) else None
        return typed if named is None else _read_file(named)
    if typed == "" and call:
        return None
    if sys.stdin is None or sys.stdin.isatty():
        if typed == "" and facts:
            return None
        what = "no message, and standard input is a terminal: nothing is piped in"
        instead = "a message, a file, a pipe (python train.py 2>&1 | lstm-inspect diagnose), or {input_shape=3,5,10}"
        raise FileError("diagnose", "", what, instead)
    binary = getattr(sys.stdin, "buffer", None)
    piped = sys.stdin.read()[-MOST_READ:] if binary is None else read_end(binary)
    return piped if piped.strip() or not facts else None


def _is_a_path(typed: str) -> bool:
    if len(typed) > _MOST_OF_A_PATH or "\n" in typed or "\0" in typed:
        return False
    return _NAMES_A_LOG.fullmatch(typed) is not None or Path(typed).exists()


def _read_file(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            if file.seekable():  # a named pipe is not
                file.seek(max(0, file.seek(0, 2) - MOST_READ))
            return read_end(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileError(name, "can't be read", reason, "a file that can be read, or the message itself") from None
