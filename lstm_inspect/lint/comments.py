"""``# lstm-inspect: ignore[id, id] reason``: a line that is meant as it stands."""

from __future__ import annotations

import io
import re
import tokenize
from typing import Final

from lstm_inspect.lint.source import Source
from lstm_inspect.mistakes.finding import Finding

_COMMENT: Final = re.compile(r"#\s*lstm-inspect:\s*ignore(?:\[([\w\s,-]*)\])?")
UNUSED: Final = "unused-ignore"


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
