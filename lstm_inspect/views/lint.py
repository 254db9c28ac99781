"""What lint found as text: each finding with its line, a mark under it, and the line to write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lstm_inspect.lint.lint import Linted
from lstm_inspect.mistakes.finding import LEVELS, Finding


def text(linted: Linted) -> str:
    """All findings, the files that could not be read, and one line that counts.

    >>> print(text(Linted(files=3)))
    3 files: nothing found.
    """
    parts = [_shown(found, linted) for found in linted.findings]
    parts += [f"{_plain(each.file)}: {_plain(each.reason)}" for each in linted.unread]
    return "\n".join([*parts, _counted(linted)])


def _shown(found: Finding, linted: Linted) -> str:
    head = f"{_plain(found.file or '')}:{found.line}:{found.column}: {found.level} {found.id} {found.what}"
    line = linted.lines.get((found.file or "", found.line or 0))
    return "\n".join([head, *(_marked(found, line) if line is not None else ()), *_advice(found), ""])


def _marked(found: Finding, line: str) -> Iterator[str]:
    """The line, and a caret under the expression."""
    shown = _plain(line.expandtabs(1)).strip()
    indent = len(line) - len(line.lstrip())
    yield f"    {shown}"
    yield f"    {' ' * max((found.column or 1) - 1 - indent, 0)}^"


def _advice(found: Finding) -> Iterator[str]:
    if found.instead is not None:
        yield f"    write: {_plain(found.instead)}"
    yield f"    shown: {found.explain}"


def _counted(linted: Linted) -> str:
    """How much was found in how many files."""
    levels = Counter(found.level for found in linted.findings)
    found = ", ".join(_plural(levels[level], level) for level in LEVELS if levels[level]) or "nothing found"
    unread = f"; {_plural(len(linted.unread), 'file')} not read" if linted.unread else ""
    return f"{_plural(linted.files, 'file')}: {found}{unread}."


def statistics(linted: Linted) -> str:
    """How often each mistake was found.

    >>> print(statistics(Linted(findings=[Finding(id="first-layer", level="error", what="..")])))
        1 first-layer
    """
    ids = Counter(found.id for found in linted.findings)
    return "\n".join(f"{number:5} {name}" for name, number in ids.most_common())


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _plain(foreign: str) -> str:
    """Somebody else's text on one line, its control characters escaped."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in foreign)
