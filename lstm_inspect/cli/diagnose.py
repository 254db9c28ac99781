"""lstm-inspect diagnose"""

import re
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Final

from lstm_inspect.cli.deliver import deliver
from lstm_inspect.cli.flags import Values, argument, command, text
from lstm_inspect.cli.lengths import parse_any_lengths, parse_shape
from lstm_inspect.cli.options import BATCH_FLAGS, JSON, LSTM_FLAGS
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.text import MOST_READ, read_end
from lstm_inspect.errors import FileError, SpecError, literal

_SHAPES: Final = "The shapes of the call"
_SHAPE_FLAGS: Final = (
    text(_SHAPES, "input_shape", "--input-shape", help="Of the input, padded if it is packed.", metavar="3,5,10"),
    text(_SHAPES, "h0_shape", "--h0-shape", help="Of the initial hidden state.", metavar="2,5,20"),
    text(_SHAPES, "c0_shape", "--c0-shape", help="Of the initial cell state.", metavar="2,5,20"),
)
_MESSAGE: Final = argument(
    "message",
    metavar="MESSAGE|FILE|-",
    help="An error message, or a file that holds one somewhere (@FILE too). -, or nothing at all: standard input.",
    default="",
)
_FACTS: Final = tuple(flag.left_open() for flag in (*LSTM_FLAGS, *BATCH_FLAGS) if flag.name != "padding_value")
"""Unknown where they are not given: here a default is no fact. Padding changes numbers, no shape."""
_MOST_OF_A_PATH: Final = 1024
_NAMES_A_LOG: Final = re.compile(r"[^\s*?\"']+\.(?:log|txt|out|err)", re.IGNORECASE)


@command(_MESSAGE, _SHAPE_FLAGS, _FACTS, JSON)
def diagnose(values: Values) -> int:
    """What an error of an LSTM means, or what a call would get wrong: the argument, the axis, the line to write.

    python train.py 2>&1 | lstm-inspect diagnose finds the last such error. Flags say what else is known; one that is
    not given is unknown. With shapes alone the call is checked before it is made (- reads a message beside them).
    Status 1: not recognised as an LSTM's, or the call is wrong.
    """
    if values["lengths"] == "-" == values["message"]:
        raise SpecError("lengths", "-", "a list or a file where the message is piped in", "{lengths=@FILE}")
    known = known_of(values)
    message = _message(values["message"], known)
    from lstm_inspect.diagnosis.check_call import check_call, diagnose_call

    found = check_call(known) if message is None else diagnose_call(message, known)
    source = values["message"].removeprefix("@")
    if re.fullmatch(r"\S+\.py", source) and not (found.matched or found.message):
        ask = f"what Python printed: {literal(source)} is source code; lstm-inspect lint {literal(source)} reads that"
        found = replace(found, asks=(ask, *found.asks))
    return deliver(found, values)


def known_of(values: Values) -> Known:
    """What a command line says of a call.

    Raises:
        SpecError: a shape or a length is none, or two flags contradict each other.
    """
    shapes = {name: parse_shape(name, values[name]) for name in ("input_shape", "h0_shape", "c0_shape")}
    typed = {**values, **shapes, "lengths": parse_any_lengths(values["lengths"])}
    if typed["unbatched"] and typed["batch_size"] is not None:
        raise SpecError("batch_size", str(typed["batch_size"]), "left out with {batch_size=None}", "one of the two")
    return Known(**{field.name: typed.get(field.name) for field in fields(Known)})


def _message(typed: str, known: Known) -> str | None:
    """The text that is to be explained: typed, in a file or piped in; None where none is needed."""
    if typed not in ("", "-"):
        named = typed[1:] if typed.startswith("@") and typed != "@" else typed if _is_a_path(typed) else None
        return typed if named is None else _read_file(named)
    facts, call = known != Known(), known.input_shape or known.h0_shape or known.c0_shape or known.lengths
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
