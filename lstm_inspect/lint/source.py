"""One file as it is read: its tree and its lines; of a notebook, the code of all cells as one program."""

import ast
import json
import re
import warnings
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from lstm_inspect.mistakes.finding import Finding

RECURRENT: Final = re.compile(r"LSTM|GRU|RNN")
"""A file without these words builds no recurrent layer: it is not parsed."""
_MAGIC: Final = re.compile(r"^(\s*)(?:[%!?]|[\w.]+\?{1,2}\s*$|\w+\s*=\s*[%!]).*", re.MULTILINE)
_LONGEST: Final = 2_000_000  # characters; generated files, not programs
_LONGEST_IMPORTED: Final = 200_000
_PARENTS: Final = 4  # folders above a file in which an absolute import is looked for

written: Final = lru_cache(maxsize=4096)(ast.unparse)
"""A node as Python."""


class Unreadable(Exception):  # noqa: N818 - a message, not a fault of ours
    """A file that can't be read as Python; the message says why."""


@dataclass(eq=False, slots=True)
class Source:
    """A parsed file."""

    path: str  #: its name, as findings give it.
    text: str
    tree: ast.Module
    place: Path | None = None  #: the file, for what it imports; None if it has none.
    starts: list[int] = field(default_factory=list)  #: the lines that a notebook's cells start on, counted from 0.
    lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = self.text.splitlines()

    def placed(self, found: Finding) -> Finding:
        """A finding of a notebook by its cell, counted from 1, and the line in it: ``model.ipynb:cell 3``."""
        if not self.starts:
            return found
        line = found.line or 1
        cell = bisect_right(self.starts, line - 1)
        return replace(found, file=f"{found.file}:cell {cell}", line=line - self.starts[cell - 1])


def parse(text: str, path: str, place: Path | None = None) -> Source:
    """Read a file's text.

    Raises:
        Unreadable: it is not Python, or nests too deep to be read.
    """
    text, starts = program(text) if path.endswith(".ipynb") else (text, [])
    if len(text) > _LONGEST:
        raise Unreadable(f"longer than {_LONGEST:,} characters: not read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape sequence of theirs
            return Source(path, text, ast.parse(text), place, starts)
    except SyntaxError as error:
        raise Unreadable(f"not Python: {error.msg}{f' (line {error.lineno})' if error.lineno else ''}") from None
    except ValueError as error:  # null bytes
        raise Unreadable(f"not Python: {error}") from None
    except (RecursionError, MemoryError):
        raise Unreadable("nests too deep to be read") from None


def program(text: str) -> tuple[str, list[int]]:
    """The code of all cells of a notebook, and the line that each cell starts on, counted from 0; of other cells too.

    Raises:
        Unreadable: the text is no notebook.
    """
    try:
        codes = [_code(cell) for cell in json.loads(text)["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"no notebook: {type(error).__name__}") from None
    starts = [0]
    for code in codes:
        starts.append(starts[-1] + code.count("\n") + 1)
    return "\n".join(codes) + "\n", starts[:-1]


def _code(cell: dict[str, Any]) -> str:
    """A cell's Python; its magics and shell lines do nothing here."""
    source = "".join(cell["source"]) if cell["cell_type"] == "code" else ""
    return "" if source.startswith("%%") else _MAGIC.sub(r"\1pass", source)


@lru_cache(maxsize=256)
def _parsed(place: Path) -> Source | None:
    """A file that another one imports; None if it can't be read."""
    try:
        return parse(place.read_text("utf-8"), str(place), place) if place.stat().st_size <= _LONGEST_IMPORTED else None
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
    for folder in place.parents[level - 1 : level] if level else place.parents[:_PARENTS]:
        if parts[0] != "__init__" and not (folder / parts[0]).is_dir() and not (folder / f"{parts[0]}.py").is_file():
            continue
        for candidate in (folder.joinpath(*parts).with_suffix(".py"), folder.joinpath(*parts, "__init__.py")):
            if candidate.is_file() and candidate != place:
                return _parsed(candidate)
    return None
