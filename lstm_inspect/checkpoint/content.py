"""What a reader of a format gives: the tensors of a file, or why they can't be read."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lstm_inspect.errors import FileError, one_line
from lstm_inspect.theory.shapes import Shape
from lstm_inspect.theory.warnings import SpecWarning

STATE_DICT: Final = "torch.save(model.state_dict(), 'weights.pt') where the model itself is at hand"

_MOST_CHARACTERS: Final = 300

Container = tuple["str | int", ...]
"""The keys that lead from what a file holds to one of its state dicts; empty if it is one itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One tensor of a file: its state dict, its name there, its shape and dtype ("float32").

    The place is where its numbers lie, the same for two names of one tensor; None where a format keeps each apart.
    """

    container: Container
    name: str
    shape: Shape
    dtype: str
    place: Hashable = None


@dataclass(slots=True)
class Content:
    """What was read of a file."""

    entries: list[Entry] = field(default_factory=list)  #: every tensor.
    #: of whole recurrent modules, by container and name: what a state dict can't say.
    attributes: dict[tuple[Container, str], dict[str, Any]] = field(default_factory=dict)
    scripted: dict[tuple[Container, str], str] = field(default_factory=dict)  #: the classes of TorchScript's objects.
    #: pairs of paths that lead to one thing: the first, and another one.
    again: list[tuple[Container, Container]] = field(default_factory=list)
    runs: tuple[str, ...] = ()  #: the globals that it asks for beyond those of tensors and plain containers.
    warnings: list[SpecWarning] = field(default_factory=list)  #: what to know of how it was read.


class UnreadableError(Exception):
    """Why a file is not read, and what to do or to name instead; whoever knows the file says which it is."""

    def __init__(self, reason: str, instead: str = "copying or saving it again") -> None:
        super().__init__(reason)
        self.reason, self.instead = reason, instead

    def of(self, path: Path) -> FileError:
        """The error for whoever named the file."""
        shown = self.reason if len(self.reason) <= _MOST_CHARACTERS else f"{self.reason[:_MOST_CHARACTERS]}..."
        return FileError("file", one_line(str(path)), shown, one_line(self.instead))
