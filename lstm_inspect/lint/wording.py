"""A finding in words: what the catalogue says, the line to write, the command that shows it, and --fix."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from lstm_inspect.lint import values as v
from lstm_inspect.lint.arrays import STEPS
from lstm_inspect.lint.source import Source
from lstm_inspect.lint.uses import Draft
from lstm_inspect.mistakes.catalogue import BY_ID
from lstm_inspect.mistakes.finding import Finding


@dataclass(frozen=True, slots=True)
class Fix:
    """A piece of one line, in bytes, and what stands there instead."""

    line: int
    start: int
    end: int
    text: str


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


def finding(draft: Draft, source: Source) -> Finding:
    """What is said of a mistake."""
    mistake, node, call = BY_ID[draft.id], draft.node, draft.call
    before = source.lines[node.lineno - 1].encode()[: node.col_offset] if node.lineno <= len(source.lines) else b""
    return Finding(
        id=draft.id,
        level=draft.level,
        file=source.path,
        line=node.lineno,
        column=len(before.decode(errors="ignore")) + 1,  # ast counts bytes, people count characters
        module=ast.unparse(call.node.func).removeprefix("self.").removesuffix(".forward") if call else None,
        expression=ast.unparse(node),
        what=(draft.what or mistake.what) + (f" (if {draft.depends})" if draft.depends else ""),
        instead=_line(draft, source) or mistake.instead,
        explain=_command(draft),
    )


def _command(draft: Draft) -> str:
    """The command that shows the mistake for the flags that were found."""
    flags = [f"--layers {draft.num_layers}"] if draft.num_layers is not None and draft.num_layers > 1 else []
    flags += ["--bidir"] if draft.bidirectional else []
    flags += ["--batch-first"] if draft.call and draft.call.module.batch_first == v.Constant(True) else []
    return " ".join([f"lstm-inspect explain {draft.id}", *flags])


def _replacement(draft: Draft) -> str | None:
    """The expression to write in place of the one that was found; None if it takes more than one."""
    node, hn = draft.node, draft.hn or "hn"
    rows = f"torch.cat(({hn}[-2], {hn}[-1]), dim=-1)" if draft.bidirectional else f"{hn}[-1]"
    owner = node.value if isinstance(node, ast.Subscript) else getattr(getattr(node, "func", None), "value", None)
    base = ast.unparse(owner) if isinstance(owner, ast.expr) else ""
    match draft.id:
        case "last-step-bidirectional" | "padding-as-last-step" if draft.of and draft.bidirectional is not None:
            return None if draft.of.mixed or not draft.of.plain else rows
        case "cell-for-hidden":
            return f"{base}[0]"
        case "one-direction-of-two" | "first-layer" if draft.hn:
            return rows
        case "sequences-mixed" if base and draft.what is None:
            return f"{base}.transpose(0, 1).flatten(1)"
        case "random-initial-state":
            drawn = ast.unparse(node)
            zeros = re.sub(r"\b(randn|rand|normal)(?=\b|_like)|\b\w+(?=_\()", "zeros", drawn, count=1)
            return zeros if zeros != drawn else None
    return None


def _on_its_line(draft: Draft) -> Fix | None:
    """What is written instead, if it stands on one line."""
    node, new = draft.node, _replacement(draft)
    one_line = node.end_lineno == node.lineno and node.end_col_offset is not None
    return Fix(node.lineno, node.col_offset, node.end_col_offset or 0, new) if new is not None and one_line else None


def _line(draft: Draft, source: Source) -> str | None:
    """The line to write, or the expression if it runs over several; where hn has no name yet, with its call."""
    new, fix = _replacement(draft), _on_its_line(draft)
    if fix is not None:
        line = source.lines[fix.line - 1].encode()
        whole = line[: fix.start] + fix.text.encode() + line[fix.end :]
        new = whole.decode(errors="replace").partition("  #")[0].strip()
    if new is None or draft.call is None or draft.hn is not None or "hn[" not in new:
        return new
    results = "output, (hn, cn)" if draft.call.module.kind == "LSTM" else "output, hn"
    return f"{new}  # {results} = {ast.unparse(draft.call.node.func)}(..)"


def fix_of(draft: Draft, source: Source) -> Fix | None:
    """The fix of a mistake; None if it takes more than an expression of one line, or is not certain."""
    if draft.level != "error" or draft.of is None:
        return None
    imports = [each for node in source.tree.body if isinstance(node, ast.Import) for each in node.names]
    has_torch = any(each.name == "torch" and not each.asname for each in imports)
    last = draft.id == "last-step-bidirectional" and draft.of.step == STEPS - 1 and draft.hn is not None
    plain = isinstance(draft.node, ast.Subscript) and draft.of.plain and not draft.of.touched
    return _on_its_line(draft) if draft.id == "cell-for-hidden" or (last and plain and has_torch) else None
