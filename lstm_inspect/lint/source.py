"""What is read: the files that are named or stand in folders; of each its tree, of a notebook that of all its cells."""

import ast
import json
import os
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from lstm_inspect.errors import FileError, literal
from lstm_inspect.mistakes.finding import Finding

RECURRENT: Final = re.compile(r"LSTM|GRU|RNN")
"""A file without these words builds no recurrent layer: it is not parsed."""
_MAGIC: Final = re.compile(r"^(\s*)(?:[%!?]|[\w.]+\?{1,2}\s*$|\w+\s*=\s*[%!]).*", re.MULTILINE)
_LONGEST: Final = 2_000_000  # characters; generated files, not programs
_LONGEST_IMPORTED: Final = 200_000
_PARENTS: Final = 4  # folders above a file in which an absolute import is looked for
SUFFIXES: Final = (".py", ".pyi", ".ipynb")
_LEFT_OUT: Final = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "env", "build", "dist"})
_SIGNS: Final = {"**/": "(?:.*/)?", "/**": "/.*", "*": "[^/]*", "?": "[^/]"}
_Rule: TypeAlias = tuple[re.Pattern[str], bool]
"""One line of a .gitignore, as a pattern over paths, those of folders with a slash behind; False: ``!``, it is kept."""

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


# files and folders


def discover(paths: Iterable[str | Path], exclude: Iterable[str] = ()) -> list[Path]:
    """The files that paths name, each once: those of a folder in order, without what git ignores.

    Args:
        exclude: more patterns like those of a .gitignore.

    Raises:
        FileError: a path is not there.
    """
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if path.is_dir():
            more = tuple(_rule(path.resolve(), each) for each in exclude)
            found.update(dict.fromkeys(_inside(path, more)))
        elif path.exists():
            found[path] = None
        else:
            name = literal(str(path))
            raise FileError(name, "can't be read", "no such file or folder", "the name of a file or folder, or - ")
    return list(found)


def _inside(folder: Path, more: tuple[_Rule, ...]) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        here = Path(place)
        rules = _rules_of(here.resolve()) + more
        names = [each for each in sorted(folders) if not _left_out(here / each)]
        folders[:] = [each for each in names if not _ignored(rules, here, f"{each}/")]
        names = [each for each in sorted(files) if each.endswith(SUFFIXES)]
        yield from (here / each for each in names if not _ignored(rules, here, each))


def _left_out(folder: Path) -> bool:
    """Hidden folders, virtual environments, what tools build."""
    return folder.name.startswith(".") or folder.name in _LEFT_OUT or (folder / "pyvenv.cfg").exists()


@lru_cache(maxsize=4096)
def _rules_of(folder: Path) -> tuple[_Rule, ...]:
    """The rules that hold in a folder: those of the repository's folders above it first."""
    above = () if (folder / ".git").exists() or folder.parent == folder else _rules_of(folder.parent)
    try:
        lines = (folder / ".gitignore").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return above
    return above + tuple(_rule(folder, line.strip()) for line in lines if line.strip() and line[0] != "#")


def _rule(base: Path, line: str) -> _Rule:
    name = line.removeprefix("!").rstrip("/")
    pieces = re.split(r"(\*\*/|/\*\*|\*|\?)", name.removeprefix("/"))
    pattern = "".join(_SIGNS.get(piece, re.escape(piece)) for piece in pieces)
    start = re.escape(base.as_posix().rstrip("/") + "/") + ("" if "/" in name else "(?:.*/)?")
    return re.compile(start + pattern + ("/" if line.endswith("/") else "/?")), not line.startswith("!")


def _ignored(rules: tuple[_Rule, ...], folder: Path, name: str) -> bool:
    """Whether git would leave a file or folder out; the last rule that fits decides."""
    path = f"{folder.resolve().as_posix().rstrip('/')}/{name}" if rules else ""
    return next((ignored for pattern, ignored in reversed(rules) if pattern.fullmatch(path)), False)
