"""Where a call is made: the module's name in the outermost module that was called, and the line of the user's code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Final, cast

import torch
from torch import nn

_OURS: Final = str(Path(__file__).resolve().parents[1])
_NOT_THE_USERS: Final = (str(Path(torch.__file__).parent), _OURS, "<frozen")
_CALLS: Final[CodeType] = nn.Module._call_impl.__code__


@dataclass(frozen=True, slots=True)
class Place:
    """Where a module was called.

    Attributes:
        name: its qualified name in the outermost module that was called; that one's own name in the script
            where it is itself the outermost; "" if it has none.
        model: the class of the outermost module.
        file, line: of the user's code that called it; None if torch's own code did, in a backward pass for one.
    """

    name: str
    model: str
    file: str | None = None
    line: int | None = None


def place_of(module: nn.Module) -> Place:
    """Where a module is being called: read off the frames that are running, and changing none of them."""
    frames = list(_frames(sys._getframe(1)))
    user = next((frame for frame in frames if not frame.f_code.co_filename.startswith(_NOT_THE_USERS)), None)
    callers = [cast(nn.Module, frame.f_locals["self"]) for frame in reversed(frames) if frame.f_code is _CALLS]
    for outermost in callers:
        name = next((name for name, each in outermost.named_modules() if each is module), None)
        if name is not None:
            break
    else:
        outermost, name = module, ""
    name = name or _variable(module, frames)
    if user is None:
        return Place(name, type(outermost).__name__)
    return Place(name, type(outermost).__name__, user.f_code.co_filename, user.f_lineno)


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _variable(module: nn.Module, frames: list[FrameType]) -> str:
    """The name of a module among a script's global variables; locals are left alone: to read them would keep them."""
    for frame in frames:
        if not frame.f_code.co_filename.startswith(_NOT_THE_USERS):
            names = (name for name, value in list(frame.f_globals.items()) if value is module)
            found = next(names, None)
            if found is not None:
                return found
    return ""
