"""What lint found: as text with each line and a mark under it, for GitHub's annotations, and as SARIF."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from lstm_inspect._version import __version__
from lstm_inspect.errors import one_line
from lstm_inspect.lint.lint import Linted
from lstm_inspect.mistakes.catalogue import BY_ID
from lstm_inspect.mistakes.finding import LEVELS, Finding
from lstm_inspect.theory.words import plural


def text(linted: Linted) -> str:
    """All findings, the files that could not be read, and one line that counts.

    >>> print(text(Linted(files=3)))
    3 files: nothing found.
    """
    parts = [_shown(found, linted) for found in linted.findings]
    parts += [f"{one_line(each.file)}: {one_line(each.reason)}" for each in linted.unread]
    return "\n".join([*parts, _counted(linted)])


def _shown(found: Finding, linted: Linted) -> str:
    shown = [f"{one_line(found.file or '')}:{found.line}:{found.column}: {found.level} {found.id} {found.what}"]
    line = linted.lines.get((found.file or "", found.line or 0))
    if line is not None:
        before = line[: (found.column or 1) - 1].lstrip()
        shown += [one_line(line.strip()), " " * len(one_line(before)) + "^"]
    shown += [f"write: {one_line(found.instead)}"] if found.instead is not None else []
    return "\n    ".join([*shown, f"shown: {found.explain}"]) + "\n"


def _counted(linted: Linted) -> str:
    levels = Counter(found.level for found in linted.findings)
    found = ", ".join(plural(levels[level], level) for level in LEVELS if levels[level]) or "nothing found"
    unread = f"; {plural(len(linted.unread), 'file')} not read" if linted.unread else ""
    return f"{plural(linted.files, 'file')}: {found}{unread}."


def statistics(linted: Linted) -> str:
    """How often each mistake was found.

    >>> print(statistics(Linted(findings=[Finding(id="first-layer", level="error", what="..")], files=1)))
        1 first-layer
    1 file: 1 error.
    """
    ids = Counter(found.id for found in linted.findings)
    return "\n".join([*(f"{number:5} {name}" for name, number in ids.most_common()), _counted(linted)])


def github(linted: Linted) -> str:
    """Annotations of a pull request, by GitHub's workflow commands."""
    lines = [_annotation(found) for found in linted.findings]
    lines += [f"::warning file={_escaped(each.file)}::{_line(each.reason)}" for each in linted.unread]
    return "\n".join([*lines, _counted(linted)])


def _annotation(found: Finding) -> str:
    level = "notice" if found.level == "note" else found.level
    place = f"file={_escaped(found.file or '')},line={found.line},col={found.column}"
    return f"::{level} {place},title=lstm-inspect {found.id}::{_line(found.what)}"


def _line(foreign: str) -> str:
    return foreign.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped(foreign: str) -> str:
    """A property's value: the signs that part one from the next are written out too."""
    return _line(foreign).replace(",", "%2C").replace(":", "%3A")


def sarif(linted: Linted) -> str:
    """SARIF 2.1.0, which GitHub's code scanning and editors read."""
    rules = [_rule(each) for each in sorted({found.id for found in linted.findings})]
    driver = {"name": "lstm-inspect", "version": __version__, "rules": rules}
    run = {"tool": {"driver": driver}, "results": [_result(each) for each in linted.findings]}
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2)


def _rule(id: str) -> dict[str, Any]:
    return {"id": id, "shortDescription": {"text": BY_ID[id].title if id in BY_ID else id}}


def _result(found: Finding) -> dict[str, Any]:
    file = {"uri": (found.file or "").replace("\\", "/")}
    region = {"startLine": found.line, "startColumn": found.column}
    places = [{"physicalLocation": {"artifactLocation": file, "region": region}}]
    message = f"{found.what}. Write: {found.instead}" if found.instead else found.what
    return {"ruleId": found.id, "level": found.level, "message": {"text": message}, "locations": places}


FORMATS: Final[dict[str, Callable[[Linted], str]]] = {"text": text, "github": github, "sarif": sarif}
