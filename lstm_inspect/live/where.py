"""Where a call is made: the module's name in the outermost module that was called, and the line of the user's code."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Final, TypeAlias, cast

import torch
from torch import nn

from lstm_inspect.live.report import Call

_NOT_THE_USERS: Final = (str(Path(torch.__file__).parent), str(Path(__file__).parents[1]), "<frozen")
_COMMAND_LINE: Final = str(Path(__file__).parents[1] / "cli")
_CALLS: Final[CodeType] = nn.Module._call_impl.__code__
Line: TypeAlias = tuple[str, int]
"""A file, and a line of it."""


def call_of(module: nn.Module) -> Call:
    """The call of a module that is being made: read off the frames that are running, and changing none of them.

    Its name is the qualified one in the outermost module that was called; that one's own name in the script where
    it is itself the outermost; "" if it has none. It has no file where torch's own code calls, in a backward pass.
    """
    running = list(frames())
    users = list(filter(is_users, running))
    callers = [each for each in map(called_in, reversed(running)) if each is not None]
    for outermost in callers:
        name = next((name for name, each in outermost.named_modules() if each is module), None)
        if name is not None:
            break
    else:
        outermost, name = module, ""
    file, line = (users[0].f_code.co_filename, users[0].f_lineno) if users else (None, None)
    model, kind = type(outermost).__name__, type(module).__name__
    return Call(name=name or _variable(module, users), index=0, kind=kind, model=model, file=file, line=line)


def _variable(module: nn.Module, users: list[FrameType]) -> str:
    """The name of a module among a script's global variables; locals are left alone: to read them would keep them."""
    return next((name for frame in users for name, value in list(frame.f_globals.items()) if value is module), "")


def line_now() -> Line | None:
    """The line of the user's code that runs now; None if torch's own code does."""
    return next(((frame.f_code.co_filename, frame.f_lineno) for frame in frames() if is_users(frame)), None)


def frames() -> Iterator[FrameType]:
    """The frames that are running, the innermost first; those that run the command line are nobody's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not frame.f_code.co_filename.startswith(_COMMAND_LINE):
        yield frame
        frame = frame.f_back


def is_users(frame: FrameType) -> bool:
    """Whether a frame is neither torch's nor ours."""
    return not frame.f_code.co_filename.startswith(_NOT_THE_USERS)


def called_in(frame: FrameType) -> nn.Module | None:
    """The module that a frame of torch's calls; of ``Module._call_impl`` alone the local variables are read.

    To read another frame's would keep them alive.
    """
    return cast(nn.Module, frame.f_locals["self"]) if frame.f_code is _CALLS else None
