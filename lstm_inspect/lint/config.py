"""What is looked for: the command line's choice, that of [tool.lstm-inspect] in pyproject.toml, and what comments say.

``# lstm-inspect: ignore[id, id] reason``: a line that is meant as it stands.
"""

import io
import re
import tokenize
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lstm_inspect.errors import FileError, SpecError, literal
from lstm_inspect.lint.source import Source
from lstm_inspect.mistakes.catalogue import BY_ID
from lstm_inspect.mistakes.finding import Finding

_COMMENT: Final = re.compile(r"#\s*lstm-inspect:\s*ignore(?:\[([\w\s,-]*)\])?")
UNUSED: Final = "unused-ignore"
RULES: Final = (*(mistake.id for mistake in BY_ID.values() if mistake.lint is not None), UNUSED)
ALL: Final = "all"
_LISTS: Final = ("select", "ignore", "exclude")
_OFF: Final = frozenset({"dropout-one-layer"})  # torch itself warns


@dataclass(frozen=True, slots=True)
class Choice:
    """Which mistakes are looked for, in which files."""

    select: tuple[str, ...] = ()  #: these alone; all but the noisy ones if it is empty.
    ignore: tuple[str, ...] = ()  #: not these.
    exclude: tuple[str, ...] = ()  #: patterns of files and folders, as .gitignore has them.
    strict: bool = False  #: whether a warning fails as an error does.

    def takes(self, mistake: str) -> bool:
        """Whether a mistake is asked for."""
        asked = ALL in self.select or mistake in self.select if self.select else mistake not in _OFF
        return asked and mistake not in self.ignore


def checked(name: str, ids: Collection[str]) -> tuple[str, ...]:
    """Ids, if all of them are rules of the linter.

    Raises:
        SpecError: one is not.
    """
    for each in ids:
        if each not in RULES and each != ALL:
            raise SpecError(name, each, f"one of {', '.join(RULES)} or {ALL}", f"{{{name}={RULES[0]}}}")
    return tuple(ids)


def configured(start: Path) -> Choice:
    """The choice of the pyproject.toml in a folder or the nearest one above it.

    Raises:
        FileError, SpecError: it says what can't be.
    """
    here = start.resolve()
    files = (folder / "pyproject.toml" for folder in (here, *here.parents))
    file = next((each for each in files if each.is_file()), None)
    if file is None:
        return Choice()
    try:
        table: dict[str, Any] = tomllib.loads(file.read_text("utf-8")).get("tool", {}).get("lstm-inspect", {})
    except (OSError, ValueError) as error:
        raise FileError(literal(str(file)), "can't be read", literal(str(error)), "TOML") from error
    return Choice(**{key: _value(file, key, value) for key, value in table.items()})


def _value(file: Path, key: str, value: Any) -> Any:
    if key == "strict":
        fits, allowed = isinstance(value, bool), "strict is true or false"
    elif key in _LISTS:
        fits = isinstance(value, list) and all(isinstance(each, str) for each in value)
        allowed = f"{key} is a list of strings"
    else:
        fits, allowed = False, ", ".join((*_LISTS, "strict"))
    if not fits:
        got = f"has {literal(key)} = {literal(repr(value))} in [tool.lstm-inspect]"
        raise FileError(literal(str(file)), got, allowed, f'select = ["{RULES[0]}"]')
    return checked(key, value) if key in ("select", "ignore") else value if key == "strict" else tuple(value)


def without_ignored(findings: list[Finding], source: Source) -> list[Finding]:
    """The findings that no comment takes back, and a note for each comment that takes none back."""
    if "lstm-inspect" not in source.text:
        return findings
    kept, notes = findings, []
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):  # what stands in strings is no comment
        match = _COMMENT.search(token.string) if token.type == tokenize.COMMENT else None
        if match:
            line, ids = token.start[0], (match[1] or "").replace(",", " ").split()  # no ids: all of them
            covered = [each for each in findings if each.line == line and (not ids or each.id in ids)]
            kept = [each for each in kept if each not in covered]
            notes += [] if covered else [_note(match[0], line, token.start[1] + match.start() + 1, source.path)]
    return [*kept, *notes]


def _note(comment: str, line: int, column: int, path: str) -> Finding:
    return Finding(
        id=UNUSED,
        level="note",
        file=path,
        line=line,
        column=column,
        expression=comment,
        what="an ignore that takes nothing back: there is no such finding on this line",
        explain="lstm-inspect lint --help",
    )
