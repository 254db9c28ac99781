"""``# lstm-inspect: ignore[id, id] reason``: a line that is meant as it stands."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from lstm_inspect.lint.source import Source
from lstm_inspect.mistakes.finding import Finding

_COMMENT: Final = re.compile(r"#\s*lstm-inspect:\s*ignore(?:\[([\w\s,-]*)\])?")
UNUSED: Final = "unused-ignore"


@dataclass(slots=True)
class _Ignore:
    line: int
    column: int
    text: str
    ids: frozenset[str]  # none: all of them
    used: bool = field(default=False)

    def covers(self, found: Finding) -> bool:
        """Whether it stands on a finding's line and names it."""
        return found.line == self.line and (not self.ids or found.id in self.ids)


def without_ignored(findings: list[Finding], source: Source) -> list[Finding]:
    """The findings that no comment takes back, and a note for each comment that takes none back."""
    if "lstm-inspect" not in source.text:
        return findings
    ignores = list(_ignores(source.text))
    kept = []
    for found in findings:
        covering = [each for each in ignores if each.covers(found)]
        for each in covering:
            each.used = True
        kept += [] if covering else [found]
    return [*kept, *(_note(each, source) for each in ignores if not each.used)]


def _ignores(text: str) -> Iterator[_Ignore]:
    """The comments of a program; what stands in its strings is none."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        match = _COMMENT.search(token.string) if token.type == tokenize.COMMENT else None
        if match:
            ids = frozenset((match[1] or "").replace(",", " ").split())
            yield _Ignore(token.start[0], token.start[1] + match.start() + 1, match[0], ids)


def _note(unused: _Ignore, source: Source) -> Finding:
    return Finding(
        id=UNUSED,
        level="note",
        file=source.path,
        line=unused.line,
        column=unused.column,
        expression=unused.text,
        what="an ignore that takes nothing back: there is no such finding on this line",
        explain="lstm-inspect lint --help",
    )
