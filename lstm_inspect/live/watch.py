"""watch(): every nn.LSTM that is called while it lasts, one proof a kind of call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from weakref import WeakKeyDictionary

import torch

from lstm_inspect.errors import CallError, SpecError
from lstm_inspect.live.reads import Tracer, following
from lstm_inspect.live.record import Recorder
from lstm_inspect.live.report import Calls
from lstm_inspect.live.seeing import seeing
from lstm_inspect.live.where import Place, place_of
from lstm_inspect.mistakes.finding import Findings
from lstm_inspect.verdict.report import Options


@contextmanager
def watch(
    model: torch.nn.Module | None = None,
    *,
    every: int | None = None,
    reads: bool = True,
    reference: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
) -> Iterator[Calls]:
    """Record the calls of every nn.LSTM, nn.GRU and nn.RNN while the context lasts, and prove them.

    The first call of each kind is proved at once, on the tensors of that very call and the weights that made
    it; the others are counted. A kind is a module, the shapes of its arguments, packed or not, its mode,
    whether gradients are recorded, and the dtype. Some checks call the module anew: on a stand-in that shares
    its weights and nothing else, without gradients or random numbers. No tensor is kept. What can't be checked
    is recorded with the reason, and a call that torch refuses with what its message means.

    The program that runs meanwhile is not touched: no hook is set, and nothing is raised into it.

    Args:
        model: the module whose nn.LSTMs are watched, itself or inside; every nn.LSTM that is called if left out.
        every: prove each so-many-th call of a kind as well; 1 for all of them.
        reads: whether the first calls of each kind of model are followed: who reads what of the results.
        reference: whether each call is held against the equations in float64.
        rtol, atol: the tolerance of the inexact checks; the dtype's own where left out.

    Raises:
        CallError: the model is not an nn.Module.
        SpecError: ``every`` is not a whole number from 1, or a tolerance is none.

    >>> import torch
    >>> model = torch.nn.ModuleDict({"encoder": torch.nn.LSTM(4, 8)})
    >>> with watch(model) as calls:
    ...     for _ in range(3):
    ...         output, state = model["encoder"](torch.randn(7, 2, 4))
    >>> calls[0].name, calls[0].report.spec.seq_len, calls[0].verified, calls[0].times
    ('encoder', 7, True, 3)
    """
    if model is not None and not isinstance(model, torch.nn.Module):
        raise CallError("model", f"is a {type(model).__name__}", "it must be a torch.nn.Module", "watch(model)")
    if every is not None and (not isinstance(every, int) or every < 1):
        raise SpecError("every", repr(every), "a whole number from 1", "{every=1}: all calls are proved")
    options = Options(reference=reference, rtol=rtol, atol=atol)
    calls = Calls()
    recorder = Recorder(calls, options, every, place_of if model is None else _In(model))
    tracer = Tracer(model)
    try:
        with seeing(recorder.after, recorder.failed) as calls.faults, following(tracer) if reads else nullcontext():
            yield calls
    finally:
        recorder.settle()
        _tell(calls, tracer)


def _tell(calls: Calls, tracer: Tracer) -> None:
    """What was read, beside the calls that it was read of."""
    calls.reads, calls.not_traced, calls.mistakes = tracer.reads, tracer.not_traced, Findings(tracer.mistakes)
    for place, call in enumerate(calls):
        here = tuple(read for read in calls.reads if (read.module, read.call) == (call.name, call.index))
        calls[place] = replace(call, reads=here)


class _In:
    """Where a module of a model is called, under its name in the model; None for a module that is not in it."""

    def __init__(self, model: torch.nn.Module) -> None:
        self._model = model
        self._names: WeakKeyDictionary[torch.nn.Module, str | None] = WeakKeyDictionary()

    def __call__(self, module: torch.nn.Module) -> Place | None:
        if module not in self._names:
            self._names[module] = None
            self._names.update({each: name for name, each in self._model.named_modules()})
        name = self._names[module]
        return None if name is None else replace(place_of(module), name=name)
