"""watch(): every nn.LSTM that is called while it lasts, one proof a kind of call; and ``%%lstm`` in a notebook."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import torch

from lstm_inspect.errors import CallError, SpecError
from lstm_inspect.live.reads import Tracer, following
from lstm_inspect.live.record import Recorder
from lstm_inspect.live.report import Call, Calls
from lstm_inspect.live.seeing import seeing
from lstm_inspect.live.where import call_of
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
    whether gradients are recorded, and the dtype. What calls the module anew does so on a stand-in that shares
    its weights and nothing else. What can't be checked is recorded with the reason, and a call that torch
    refuses with what its message means. The program that runs meanwhile is not touched: no hook is set, no
    tensor kept, no random number drawn, and nothing raised into it.

    Args:
        model: the module whose nn.LSTMs are watched, itself or inside; every nn.LSTM that is called if left out.
        every: prove each so-many-th call of a kind as well; 1 for all of them.
        reads: whether the first calls of each kind of model are followed: who reads what of the results.
        reference, rtol, atol: as for ``inspect``.

    Raises:
        CallError: the model is not an nn.Module.
        SpecError: ``every`` is not a whole number from 1, or a tolerance is none.

    >>> lstm = torch.nn.LSTM(4, 8)
    >>> with watch() as calls:
    ...     results = [lstm(torch.randn(7, 2, 4)) for _ in range(3)]
    >>> calls[0].report.spec.seq_len, calls[0].verified, calls[0].times
    (7, True, 3)
    """
    _check(model, every)
    calls, tracer = Calls(), Tracer(model)
    options = Options(reference=reference, rtol=rtol, atol=atol)
    recorder = Recorder(calls, options, every, call_of if model is None else _call_in(model))
    try:
        with seeing(recorder.after, recorder.failed) as calls.faults, following(tracer) if reads else nullcontext():
            yield calls
    finally:
        recorder.settle()
        _tell(calls, tracer)


def _check(model: object, every: object) -> None:
    if model is not None and not isinstance(model, torch.nn.Module):
        raise CallError("model", f"is a {type(model).__name__}", "it must be a torch.nn.Module", "watch(model)")
    if every is not None and (not isinstance(every, int) or every < 1):
        raise SpecError("every", repr(every), "a whole number from 1", "{every=1}: all calls are proved")


def _tell(calls: Calls, tracer: Tracer) -> None:
    calls.reads, calls.not_traced, calls.mistakes = tuple(tracer.reads), tracer.not_traced, Findings(tracer.mistakes)
    for place, call in enumerate(calls):
        here = tuple(read for read in calls.reads if (read.module, read.call) == (call.name, call.index))
        calls[place] = replace(call, reads=here)


def _call_in(model: torch.nn.Module) -> Callable[[torch.nn.Module], Call | None]:
    """What finds the call of a module of a model, under its name in the model; None for a module not in it."""
    names: WeakKeyDictionary[torch.nn.Module, str | None] = WeakKeyDictionary()

    def find(module: torch.nn.Module) -> Call | None:
        if module not in names:
            names[module] = None
            names.update({each: name for name, each in model.named_modules()})
        name = names[module]
        return None if name is None else replace(call_of(module), name=name)

    return find


def load_ipython_extension(shell: Any) -> None:
    """Give a notebook the cell magic ``%%lstm``, by ``%load_ext lstm_inspect``.

    ``%%lstm`` on top of a cell runs it and shows the calls of every nn.LSTM that it made, ``%%lstm calls`` keeps them
    under that name too.

    Args:
        shell: IPython's own.
    """

    def lstm(line: str, cell: str) -> Calls:
        with watch() as calls:
            shell.run_cell(cell, store_history=False)
        if line.strip():
            shell.push({line.strip(): calls})
        return calls

    shell.register_magic_function(lstm, "cell", "lstm")
