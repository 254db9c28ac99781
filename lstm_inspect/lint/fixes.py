"""--fix: the replacements that keep every shape and read only what the source has a name for."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from lstm_inspect.lint.source import Source
from lstm_inspect.lint.uses import Draft


@dataclass(frozen=True, slots=True)
class Fix:
    """A piece of one line, in bytes, and what stands there instead."""

    line: int
    start: int
    end: int
    text: str


def fix_of(draft: Draft, expression: str | None, source: Source) -> Fix | None:
    """The fix of a mistake; None if it takes more than an expression of one line, or is not certain."""
    node = draft.node
    if expression is None or draft.level != "error" or not isinstance(node, ast.expr):
        return None
    if node.lineno != node.end_lineno or node.end_col_offset is None or not _safe(draft, source):
        return None
    return Fix(node.lineno, node.col_offset, node.end_col_offset, expression)


def _safe(draft: Draft, source: Source) -> bool:
    if draft.id == "cell-for-hidden":
        return True
    step = draft.of
    if draft.id != "last-step-bidirectional" or step is None or draft.hn is None:
        return False
    plain = not step.touched and isinstance(draft.node, ast.Subscript)
    return plain and step.at == "last" and step.axes == ("batch", "features") and _has_torch(source)


def _has_torch(source: Source) -> bool:
    return any(
        isinstance(node, ast.Import) and any(name.name == "torch" and not name.asname for name in node.names)
        for node in source.tree.body
    )


def fixed(text: str, fixes: Iterable[Fix]) -> str:
    """A text with its fixes made, from its end to its start.

    >>> fixed("x = state[-1]", [Fix(1, 4, 13, "state[0]")])
    'x = state[0]'
    """
    lines = text.encode().splitlines(keepends=True)
    for fix in sorted(set(fixes), key=lambda each: (each.line, each.start), reverse=True):
        line = lines[fix.line - 1]
        lines[fix.line - 1] = line[: fix.start] + fix.text.encode() + line[fix.end :]
    return b"".join(lines).decode()
