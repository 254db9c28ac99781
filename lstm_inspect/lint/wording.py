"""A finding in words: what the catalogue says, the line to write, and the command that shows it."""

from __future__ import annotations

import ast
from typing import Final

from lstm_inspect.lint.source import Source
from lstm_inspect.lint.uses import Draft, Names, Uses
from lstm_inspect.lint.values import Constant, Rows, Step
from lstm_inspect.mistakes.catalogue import BY_ID
from lstm_inspect.mistakes.finding import Finding

_STEPS: Final = ("last-step-bidirectional", "padding-as-last-step")


def finding(draft: Draft, source: Source, uses: Uses) -> Finding:
    """What is said of a mistake."""
    mistake = BY_ID[draft.id]
    names = uses.names.get(draft.call.node, Names()) if draft.call else Names()
    what = mistake.what if draft.depends is None else f"{mistake.what} (if {draft.depends})"
    node = draft.node
    assert isinstance(node, ast.expr | ast.stmt)
    return Finding(
        id=draft.id,
        level=draft.level,
        file=source.path,
        line=node.lineno,
        column=_column(source, node),
        module=_module(draft),
        expression=ast.unparse(node),
        what=what,
        instead=replaced(source, node, replacement(draft, names)) or mistake.instead,
        explain=_command(draft),
    )


def _column(source: Source, node: ast.expr | ast.stmt) -> int:
    """ast counts bytes, people count characters."""
    line = source.lines[node.lineno - 1] if node.lineno <= len(source.lines) else ""
    return len(line.encode()[: node.col_offset].decode(errors="ignore")) + 1


def _module(draft: Draft) -> str | None:
    if draft.call is None or not isinstance(draft.call.node, ast.Call):
        return None
    return ast.unparse(draft.call.node.func).removeprefix("self.").removesuffix(".forward")


def _command(draft: Draft) -> str:
    """The command that shows the mistake for the flags that were found."""
    flags = []
    if draft.num_layers is not None and draft.num_layers > 1:
        flags.append(f"--layers {draft.num_layers}")
    if draft.bidirectional:
        flags.append("--bidir")
    if draft.call is not None and draft.call.module.batch_first == Constant(True):
        flags.append("--batch-first")
    return " ".join([f"lstm-inspect explain {draft.id}", *flags])


def replacement(draft: Draft, names: Names) -> str | None:
    """The expression to write in place of the one that was found; None if it takes more than one."""
    match draft.of:
        case Step() if draft.id in _STEPS and draft.of.output is not None and not draft.of.output.mixed:
            hn = names.hn or (f"{names.pair}[0]" if names.pair else "hn")
            if draft.bidirectional:
                return f"torch.cat(({hn}[-2], {hn}[-1]), dim=-1)"
            return f"{hn}[-1]" if draft.bidirectional is False else None
        case Rows(tempting=ast.Subscript() as place):
            return f"{ast.unparse(place.value)}[0]"
    if draft.id == "random-initial-state" and isinstance(draft.node, ast.Call):
        function = ast.unparse(draft.node.func)
        drawn = next((name for name in ("randn_like", "rand_like", "randn", "rand") if function.endswith(name)), None)
        return (
            ast.unparse(draft.node).replace(drawn, drawn.replace("randn", "zeros").replace("rand", "zeros"), 1)
            if drawn
            else None
        )
    return None


def bound(draft: Draft, names: Names) -> bool:
    """Whether the source has a name for all that the replacement reads."""
    return draft.id not in _STEPS or names.hn is not None or names.pair is not None


def replaced(source: Source, node: ast.expr | ast.stmt, expression: str | None) -> str | None:
    """The line with an expression replaced; the expression alone if it runs over several lines."""
    if expression is None:
        return None
    if node.end_lineno != node.lineno or node.end_col_offset is None:
        return expression
    line = source.lines[node.lineno - 1].encode()
    new = line[: node.col_offset] + expression.encode() + line[node.end_col_offset :]
    return new.decode(errors="replace").partition("  #")[0].strip()
