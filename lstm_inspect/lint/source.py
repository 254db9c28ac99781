"""One file as it is read: its tree, what its names were imported as, and its lines."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

RECURRENT: Final = re.compile(r"LSTM|GRU|RNN")
"""A file without these words builds no recurrent layer: it is not parsed."""
_LONGEST: Final = 2_000_000  # characters; generated files, not programs
_LONGEST_IMPORTED: Final = 200_000
_PARENTS: Final = 4  # folders above a file in which an absolute import is looked for


class Unreadable(Exception):  # noqa: N818 - a message, not a fault of ours
    """A file that can't be read as Python; the message says why."""


@dataclass(eq=False, slots=True)
class Source:
    """A parsed file.

    Attributes:
        path: its name, as findings give it.
        place: the file, for what it imports; None if it has none.
    """

    path: str
    text: str
    tree: ast.Module
    place: Path | None = None
    lines: list[str] = field(default_factory=list)


def parse(text: str, path: str, place: Path | None = None) -> Source:
    """Read a file's text.

    Raises:
        Unreadable: it is not Python, or nests too deep to be read.
    """
    if len(text) > _LONGEST:
        raise Unreadable(f"longer than {_LONGEST:,} characters: not read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape sequence of theirs
            tree = ast.parse(text)
    except SyntaxError as error:
        raise Unreadable(f"not Python: {error.msg}{f' (line {error.lineno})' if error.lineno else ''}") from None
    except ValueError as error:  # null bytes
        raise Unreadable(f"not Python: {error}") from None
    except (RecursionError, MemoryError):
        raise Unreadable("nests too deep to be read") from None
    return Source(path, text, tree, place, text.splitlines())


@lru_cache(maxsize=256)
def _parsed(place: Path) -> Source | None:
    """A file that another one imports; None if it can't be read."""
    try:
        if place.stat().st_size > _LONGEST_IMPORTED:
            return None
        return parse(place.read_text("utf-8"), str(place), place)
    except (OSError, UnicodeDecodeError, Unreadable):
        return None


@lru_cache(maxsize=4096)
def imported(dotted: str, level: int, place: Path | None) -> Source | None:
    """The file of the same package that an import names; None if it is not there.

    Args:
        dotted: the module: "models.encoder".
        level: how many dots stand before it.
        place: the file that imports it.
    """
    if place is None:
        return None
    parts = dotted.split(".") if dotted else ["__init__"]
    folders = place.parents[level - 1 : level] if level else place.parents[:_PARENTS]
    for folder in folders:
        if parts[0] != "__init__" and not (folder / parts[0]).is_dir() and not (folder / f"{parts[0]}.py").is_file():
            continue
        for candidate in (folder.joinpath(*parts).with_suffix(".py"), folder.joinpath(*parts, "__init__.py")):
            if candidate.is_file() and candidate != place:
                return _parsed(candidate)
    return None
