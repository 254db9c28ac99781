"""What is read, as Python: the known expression whose elements stand at the very same addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from lstm_inspect.live.addresses import KINDS, Ledger
from lstm_inspect.mistakes.read import Source


def expressions(source: Source) -> Iterator[str]:
    """Expressions over output, hn and cn that people write, right or wrong."""
    rows, sequences, size = source.layers * source.directions, len(source.lengths), source.size
    yield from ("output", "hn", "cn")
    at = "output[:, {}]" if source.batched and source.batch_first else "output[{}]"
    lead = "" if source.batch_first or not source.batched else ":, "
    yield from (at.format(step) for step in (-1, 0))
    yield "output[-1]"
    yield from (f"hn[{row}]" for row in (-1, -2, *range(rows)) if row >= -rows)
    yield from (f"cn[{row}]" for row in (-1, -2, *range(rows)) if row >= -rows)
    if source.directions == 2:
        last, first = (at.format(f"{step}, {lead}" if lead else f"{step}, ").replace(", ]", "{}]") for step in (-1, 0))
        forward, reverse = last.replace("{}", f", :{size}"), first.replace("{}", f", {size}:")
        yield from (f"output[..., :{size}]", f"output[..., {size}:]", forward, reverse)
        yield from (last.replace("{}", f", {size}:"), first.replace("{}", f", :{size}"))
        yield f"torch.cat(({forward}, {reverse}), dim=-1)"
    if rows > 1:
        yield from (f"torch.cat(({name}[{a}], {name}[{b}]), dim=-1)"
                    for name in ("hn", "cn") for a, b in ((-2, -1), (-1, -2), (0, 1), (0, -1)))  # fmt: skip
    if source.batched:
        yield from ("hn.transpose(0, 1).flatten(1)", f"hn.view({sequences}, -1)", f"output.reshape({sequences}, -1)")
        yield "output[torch.arange(len(lengths)), lengths - 1]" if source.batch_first else \
            "output[lengths - 1, torch.arange(len(lengths))]"  # fmt: skip


def expression_of(ledger: Ledger, parts: Sequence[Tensor]) -> str | None:
    """The expression that gives what was read, its axes of size 1 aside; None if none of the known ones does."""
    wanted = parts[0]
    if len(parts) != 1 or wanted.numel() == 0 or bool((wanted == 0).any()):
        return None
    head = int(wanted.flatten()[0]) >> 40
    number = (head - 1) // 3
    names: dict[str, Any] = {kind: ledger.addresses(number, kind).to(wanted.device) for kind in KINDS}
    source = ledger.sources[number]
    names |= {"torch": torch, "lengths": torch.tensor(source.lengths)}
    shape = [size for size in wanted.shape if size != 1]
    for expression in expressions(source):
        if (source.kind == "LSTM" or "cn" not in expression) and _gives(expression, names, wanted, shape):
            return expression
    return None


def _gives(expression: str, names: dict[str, Any], wanted: Tensor, shape: list[int]) -> bool:
    try:
        made: Tensor = eval(expression, names)  # noqa: S307 - one of the expressions above
    except (RuntimeError, IndexError):
        return False  # a view that this shape does not have
    return [size for size in made.shape if size != 1] == shape and torch.equal(made.reshape(wanted.shape), wanted)
