"""A finding in words: what the catalogue says, the line to write, and the command that shows it."""

from __future__ import annotations

import ast
import re

from lstm_inspect.lint import values as v
from lstm_inspect.lint.source import Source
from lstm_inspect.lint.uses import Draft
from lstm_inspect.mistakes.catalogue import BY_ID
from lstm_inspect.mistakes.finding import Finding


def finding(draft: Draft, source: Source) -> Finding:
    """What is said of a mistake."""
    mistake = BY_ID[draft.id]
    node = draft.node
    assert isinstance(node, ast.expr)
    return Finding(
        id=draft.id,
        level=draft.level,
        file=source.path,
        line=node.lineno,
        column=_column(source, node),
        module=_module(draft),
        expression=ast.unparse(node),
        what=(draft.what or mistake.what) + (f" (if {draft.depends})" if draft.depends else ""),
        instead=_line(draft, source) or mistake.instead,
        explain=_command(draft),
    )


def _column(source: Source, node: ast.expr) -> int:
    """ast counts bytes, people count characters."""
    line = source.lines[node.lineno - 1] if node.lineno <= len(source.lines) else ""
    return len(line.encode()[: node.col_offset].decode(errors="ignore")) + 1


def _module(draft: Draft) -> str | None:
    if draft.call is None:
        return None
    return ast.unparse(draft.call.node.func).removeprefix("self.").removesuffix(".forward")


def _command(draft: Draft) -> str:
    """The command that shows the mistake for the flags that were found."""
    flags = [f"--layers {draft.num_layers}"] if draft.num_layers is not None and draft.num_layers > 1 else []
    flags += ["--bidir"] if draft.bidirectional else []
    flags += ["--batch-first"] if draft.call and draft.call.module.batch_first == v.Constant(True) else []
    return " ".join([f"lstm-inspect explain {draft.id}", *flags])


def replacement(draft: Draft) -> str | None:
    """The expression to write in place of the one that was found; None if it takes more than one."""
    node, hn = draft.node, draft.hn or "hn"
    both = f"torch.cat(({hn}[-2], {hn}[-1]), dim=-1)"
    owner = node.value if isinstance(node, ast.Subscript) else getattr(getattr(node, "func", None), "value", None)
    base = ast.unparse(owner) if isinstance(owner, ast.expr) else ""
    match draft.id:
        case "last-step-bidirectional" | "padding-as-last-step" if isinstance(draft.of, v.Result):
            mixed = draft.of.mixed or draft.of.axes != ("batch", "features")
            return None if mixed or draft.bidirectional is None else both if draft.bidirectional else f"{hn}[-1]"
        case "cell-for-hidden":
            return f"{base}[0]"
        case "one-direction-of-two" | "first-layer" if draft.hn:
            return both if draft.bidirectional else f"{hn}[-1]"
        case "sequences-mixed" if base and draft.what is None:
            return f"{base}.transpose(0, 1).flatten(1)"
        case "random-initial-state":
            zeros = re.sub(r"\b(randn|rand|normal)(?=\b|_like)|\b\w+_(?=\()", _zeros, ast.unparse(node), count=1)
            return zeros if zeros != ast.unparse(node) else None
    return None


def _zeros(drawn: re.Match[str]) -> str:
    return "zeros_" if drawn[0].endswith("_") else "zeros"


def _line(draft: Draft, source: Source) -> str | None:
    """The line to write; where hn has no name yet, with the call that gives it one."""
    assert isinstance(draft.node, ast.expr)
    line = _replaced(source, draft.node, replacement(draft))
    if line is None or draft.call is None or draft.hn is not None or "hn[" not in line:
        return line
    results = "output, (hn, cn)" if draft.call.module.kind == "LSTM" else "output, hn"
    return f"{line}  # {results} = {ast.unparse(draft.call.node.func)}(..)"


def _replaced(source: Source, node: ast.expr, expression: str | None) -> str | None:
    """The line with an expression replaced; the expression alone if it runs over several lines."""
    if expression is None or node.end_lineno != node.lineno or node.end_col_offset is None:
        return expression
    line = source.lines[node.lineno - 1].encode()
    new = line[: node.col_offset] + expression.encode() + line[node.end_col_offset :]
    return new.decode(errors="replace").partition("  #")[0].strip()
