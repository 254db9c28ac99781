"""inspect_model: a live model and a call of it: what it reads of its LSTMs' results, and each sequence alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from lstm_inspect.live.alone import Alone, alone_of
from lstm_inspect.live.alone_runs import restored
from lstm_inspect.live.reads import Traced, traced
from lstm_inspect.mistakes.finding import Finding


@dataclass(frozen=True, slots=True)
class Use:
    """What was seen of a model's use of its recurrent modules.

    Attributes:
        traced: what is read; None if it was not asked for.
        alone: each sequence alone; None if it was not asked for.
        mistakes: of both.
    """

    traced: Traced | None
    alone: Alone | None
    mistakes: tuple[Finding, ...]


def use_of(
    model: nn.Module,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    reads: bool = True,
    alone: bool = True,
    batch_axis: int | None = None,
) -> Use:
    """Run a model and say how it uses its recurrent modules; the model is in eval mode already, without gradients."""
    found: Traced | None = None
    mistakes: list[Finding] = []
    if reads:
        with restored(model):
            found = traced(model, lambda: model(*args, **kwargs))[1]
        mistakes += found.mistakes
    if not alone:
        return Use(found, None, tuple(mistakes))
    seen, more = alone_of(model, args, kwargs, batch_axis)
    return Use(found, seen, tuple(_with_causes(mistakes, more)))


def _with_causes(mistakes: list[Finding], more: tuple[Finding, ...]) -> Iterator[Finding]:
    """One finding a cause: rows that are mixed are why sequences aren't independent, a swapped axis why one is read."""
    swapped = {finding.module for finding in more if finding.id == "batch-first-forgotten"}
    yield from (finding for finding in mistakes if finding.id != "last-sequence" or finding.module not in swapped)
    explained = any(finding.level == "error" or finding.id == "padding-averaged" for finding in mistakes)
    yield from (finding for finding in more if finding.id != "sequences-not-independent" or not explained)


@contextmanager
def in_eval_mode(model: nn.Module) -> Iterator[None]:
    """Eval mode, no gradients and random numbers of its own while the context lasts; all as it was afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    with torch.random.fork_rng(), torch.no_grad():
        model.eval()
        try:
            yield
        finally:
            for module, mode in modes:
                module.training = mode
