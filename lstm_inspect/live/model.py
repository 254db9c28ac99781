"""inspect_model: a whole model, found by its factory, run once, and every LSTM in it reported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import torch

from lstm_inspect.errors import LSTMInspectError, TargetError
from lstm_inspect.experiment import devices
from lstm_inspect.live.report import ModelReport, NotCalled, NotCovered
from lstm_inspect.live.seeing import seeing
from lstm_inspect.live.spec_of import spec_of_module
from lstm_inspect.live.target import ModelCall, Target, factory_of, imported, model_call, parse_target
from lstm_inspect.live.user_code import running
from lstm_inspect.live.watch import watch
from lstm_inspect.theory.expressions import constructor

_RECURRENT: Final = re.compile(r"LSTM|GRU|RNN")


def inspect_model(
    target: str | Target,
    *,
    reference: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    tf32: bool = False,
    seed: int = 0,
) -> ModelReport:
    """Run a model once, in eval mode and without gradients, and report every LSTM in it.

    Args:
        target: ``path/to/file.py:factory`` or ``package.module:factory``; the factory takes nothing and
            returns (model, args) or (model, args, kwargs).
        reference: whether each call is held against the equations in float64.
        rtol, atol: the tolerance of the inexact checks; the dtype's own where left out.
        tf32: whether cuDNN may use TF32 in float32.
        seed: of torch's random numbers when the factory is called; the caller's are as they were afterwards.

    Raises:
        TargetError: the target names no factory, or one that does not return a model and its call.
        UserCodeError: the user's code raised an exception.
    """
    wanted = parse_target(target) if isinstance(target, str) else target
    with torch.random.fork_rng(), devices.tf32(tf32):
        torch.manual_seed(seed)
        with seeing(_Nobody()), running(wanted.text), imported(wanted) as module:
            found = model_call(wanted, factory_of(wanted, module)())
            return _run(wanted, found, reference=reference, rtol=rtol, atol=atol)


class _Nobody:
    """Looks at nothing, and keeps torch's forwards wrapped: a module may keep its own for later while it is built."""

    before = after = failed = lambda *_: None


def _run(target: Target, call: ModelCall, *, reference: bool, rtol: float | None, atol: float | None) -> ModelReport:
    model = call.model.eval()
    lstms = {name: module for name, module in model.named_modules() if isinstance(module, torch.nn.RNNBase)}
    not_covered = list(others(model))
    if not lstms and not not_covered:
        instead = "a model that holds an nn.LSTM, as a module of its own or inside another"
        raise TargetError(target.text, f"returned a {type(model).__name__}", "there is no nn.LSTM in it", instead)
    with running(target.text, model), torch.no_grad(), watch(model, reference=reference, rtol=rtol, atol=atol) as calls:
        model(*call.args, **call.kwargs)
    called = {made.name for made in calls}
    not_called = [NotCalled(name, _constructor(lstm)) for name, lstm in lstms.items() if name not in called]
    return ModelReport(target.text, type(model).__name__, calls, not_called, not_covered)


def others(model: torch.nn.Module) -> Iterator[NotCovered]:
    """Recurrent modules of torch that are counted at most: the cells, quantized and scripted ones.

    >>> [module.kind for module in others(torch.nn.ModuleList([torch.nn.GRUCell(4, 8), torch.nn.LSTM(4, 8)]))]
    ['GRUCell']
    """
    for name, module in model.named_modules():
        kind = _kind(module)
        if kind is not None:
            yield NotCovered(name, kind)


def _kind(module: torch.nn.Module) -> str | None:
    if isinstance(module, torch.nn.RNNBase):
        return None
    if isinstance(module, torch.nn.RNNCellBase):
        return type(module).__name__
    scripted = getattr(module, "original_name", None)
    if isinstance(module, torch.jit.ScriptModule) and isinstance(scripted, str) and _RECURRENT.match(scripted):
        return f"{scripted} (TorchScript)"
    from_torch = type(module).__module__.startswith("torch.ao.nn.") and _RECURRENT.search(type(module).__name__)
    return f"{type(module).__name__} (quantized)" if from_torch else None


def _constructor(lstm: torch.nn.RNNBase) -> str:
    if not isinstance(lstm, torch.nn.LSTM):
        return f"torch.nn.{lstm}"
    try:
        return constructor(spec_of_module(lstm))
    except LSTMInspectError:
        return str(lstm)  # of a dtype or a device that is not covered
