"""Which files are read: those that are named, and what stands in the folders that are named."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from lstm_inspect.errors import FileError, literal

SUFFIXES: Final = (".py", ".pyi", ".ipynb")
_LEFT_OUT: Final = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "env", "build", "dist"})


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
            more = tuple(_rule(str(path.resolve()), each) for each in exclude)
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
        folders[:] = sorted(
            name for name in folders if not _left_out(here / name) and not _ignored(rules, here, name, True)
        )
        for name in sorted(files):
            if name.endswith(SUFFIXES) and not _ignored(rules, here, name, False):
                yield here / name


def _left_out(folder: Path) -> bool:
    """Hidden folders, virtual environments, what tools build."""
    return folder.name.startswith(".") or folder.name in _LEFT_OUT or (folder / "pyvenv.cfg").exists()


@dataclass(frozen=True, slots=True)
class _Rule:
    """One line of a .gitignore, as a pattern over paths below its folder."""

    base: str
    pattern: re.Pattern[str]
    folders_only: bool
    kept: bool


@lru_cache(maxsize=4096)
def _rules_of(folder: Path) -> tuple[_Rule, ...]:
    """The rules that hold in a folder: those of the repository's folders above it first."""
    above = () if (folder / ".git").exists() or folder.parent == folder else _rules_of(folder.parent)
    try:
        lines = (folder / ".gitignore").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return above
    return above + tuple(_rule(str(folder), line.strip()) for line in lines if line.strip() and line[0] != "#")


def _rule(base: str, line: str) -> _Rule:
    kept, line = line.startswith("!"), line.removeprefix("!")
    folders_only, line = line.endswith("/"), line.rstrip("/")
    start = "" if "/" in line else "(?:.*/)?"
    pieces = re.split(r"(\*\*/|/\*\*|\*|\?)", line.removeprefix("/"))
    signs = {"**/": "(?:.*/)?", "/**": "/.*", "*": "[^/]*", "?": "[^/]"}
    pattern = start + "".join(signs.get(piece, re.escape(piece)) for piece in pieces)
    return _Rule(base, re.compile(pattern), folders_only, kept)


def _ignored(rules: tuple[_Rule, ...], folder: Path, name: str, is_folder: bool) -> bool:
    """Whether git would leave a file or folder out; the last rule that fits decides."""
    if not rules:
        return False
    path = str(folder.resolve() / name)
    for rule in reversed(rules):
        if (is_folder or not rule.folders_only) and rule.pattern.fullmatch(os.path.relpath(path, rule.base)):
            return not rule.kept
    return False
