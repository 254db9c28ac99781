"""Which files are read: those that are named, and what stands in the folders that are named."""

import os
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

from lstm_inspect.errors import FileError, literal

SUFFIXES: Final = (".py", ".pyi", ".ipynb")
_LEFT_OUT: Final = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "env", "build", "dist"})
_SIGNS: Final = {"**/": "(?:.*/)?", "/**": "/.*", "*": "[^/]*", "?": "[^/]"}
_Rule: TypeAlias = tuple[re.Pattern[str], bool]
"""One line of a .gitignore, as a pattern over paths, those of folders with a slash behind; False: ``!``, it is kept."""


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
    """The files of a folder and of those in it."""
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
