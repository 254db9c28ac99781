"""watch(model): every call of every nn.LSTM inside a model, with its report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from lstm_inspect.errors import CallError, LSTMInspectError, RunError
from lstm_inspect.experiment import devices
from lstm_inspect.live.call import DROPOUT, as_torch_sorts, call, report_of, run_of
from lstm_inspect.live.report import Call, Calls
from lstm_inspect.live.spec_of import Input, State, see_that_weights_fit, spec_of_call
from lstm_inspect.live.untouched import argument_names, untouched
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.warnings import SpecWarning
from lstm_inspect.verdict.guard import refuse_too_large_again
from lstm_inspect.verdict.report import Options, Report


@contextmanager
def watch(
    model: torch.nn.Module, *, reference: bool = True, rtol: float | None = None, atol: float | None = None
) -> Iterator[Calls]:
    """Record every call of every nn.LSTM inside a model while the context lasts.

    Each report is made at once, on the tensors of that very call and the weights that made it: what a
    model does to them later (an in-place ReLU, an optimizer's step) changes nothing. No tensor is kept.
    Some checks call the module anew; those run in eval mode, without gradients, hooks or random numbers.
    Where dropout is at work in a call, its numbers are random: the equations are then held against a
    call in eval mode, and a warning says so. What can't be checked is recorded with the reason.

    The hooks are taken off when the context ends, by an exception too; nothing is left to cost time.

    Args:
        model: any module; itself an nn.LSTM, or with some inside. Those added later are not watched.
        reference: whether each call is held against the equations in float64.
        rtol, atol: the tolerance of the inexact checks; the dtype's own where left out.

    Raises:
        CallError: the model is not an nn.Module.

    >>> import torch
    >>> model = torch.nn.ModuleDict({"encoder": torch.nn.LSTM(4, 8)})
    >>> with watch(model) as calls:
    ...     output, state = model["encoder"](torch.randn(7, 2, 4))
    >>> calls[0].name, calls[0].index, calls[0].report.spec.seq_len, calls[0].verified
    ('encoder', 0, 7, True)
    """
    if not isinstance(model, torch.nn.Module):
        raise CallError("model", f"is a {type(model).__name__}", "it must be a torch.nn.Module", "watch(model)")
    calls = Calls()
    handles = []
    try:
        for name, lstm in model.named_modules():
            if isinstance(lstm, torch.nn.LSTM):
                recorder = _Recorder(name, calls, Options(reference=reference, rtol=rtol, atol=atol))
                handles.append(lstm.register_forward_hook(recorder, with_kwargs=True))
        yield calls
    finally:
        for handle in handles:
            handle.remove()


@dataclass(frozen=True, slots=True)
class _Recorder:
    """The forward hook of one nn.LSTM; it never changes what the call returns, and never raises into the model."""

    name: str
    calls: Calls
    options: Options
    indices: Iterator[int] = field(default_factory=count)

    def __call__(self, lstm: torch.nn.LSTM, args: tuple[Any, ...], kwargs: dict[str, Any], results: Any) -> None:
        report, error = None, None
        try:
            _see_that_it_ran()
            report = report_of_call(lstm, args, kwargs, results, self.options)
        except LSTMInspectError as refused:
            error = str(refused)  # as text: the exception itself would keep the tensors alive
        except (RuntimeError, MemoryError) as failed:
            error = str(RunError("torch", "can't check this call", str(failed), "watch(model, reference=False)"))
        self.calls.append(Call(self.name, next(self.indices), report, error))


def _see_that_it_ran() -> None:
    if torch.jit.is_tracing() or torch.compiler.is_compiling():  # type: ignore[attr-defined, no-untyped-call]
        allowed = "it has no numbers of its own to check"
        raise CallError("this call", "was traced, not run", allowed, "watch(model) before the model is compiled")


def report_of_call(
    lstm: torch.nn.LSTM, args: tuple[Any, ...], kwargs: dict[str, Any], results: Any, options: Options
) -> Report:
    """The report of a call that was just made.

    Raises:
        LSTMInspectError: it can't be checked: a dtype that is not covered, a state that torch took by
            mistake, a forward that returns something else.
    """
    input, hx = arguments_of(lstm, args, kwargs)
    spec = spec_of_call(lstm, input, hx)
    refuse_too_large_again(spec, reference=options.reference)
    warnings = _warnings(lstm, spec)
    with untouched(lstm) as unhooked:
        see_that_weights_fit(unhooked, spec)
        made = run_of(spec, unhooked, input, hx, results)
        again = call(spec, unhooked, *_as_the_weights(lstm, as_torch_sorts(spec, input), hx))
        warnings += _autocast(made.tensor("output"), spec)
        return report_of(spec, _with_tf32(options), made, again, warnings)


def arguments_of(lstm: torch.nn.LSTM, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Input and state of a call: forward's first argument and its second, under whatever names.

    >>> arguments_of(torch.nn.LSTM(4, 8), (1,), {"hx": 2})
    (1, 2)
    """
    given = [*args[:2], *(kwargs.get(name) for name in argument_names(lstm)[len(args) :])]
    return given[0], given[1]


def _warnings(lstm: torch.nn.LSTM, spec: LSTMSpec) -> list[SpecWarning]:
    if not (lstm.training and spec.dropout > 0 and spec.num_layers > 1):
        return []
    message = (
        f"dropout={spec.dropout:g} was at work in this call and its numbers are random: "
        "the equations were held against the same call in eval mode"
    )
    return [SpecWarning(DROPOUT, message)]


def _autocast(output: Tensor, spec: LSTMSpec) -> list[SpecWarning]:
    came = str(output.dtype).removeprefix("torch.")
    if came == spec.dtype:
        return []
    message = f"the call computed in {came}, the weights are {spec.dtype}: it is held to the tolerance of {came}"
    return [SpecWarning("autocast", message)]


def _as_the_weights(lstm: torch.nn.LSTM, input: Input, hx: State) -> tuple[Input, State]:
    """The arguments in the weights' dtype: under autocast they may have come in another."""
    dtype = next(lstm.parameters()).dtype
    converted = input._replace(data=input.data.to(dtype)) if isinstance(input, PackedSequence) else input.to(dtype)
    return converted, None if hx is None else (hx[0].to(dtype), hx[1].to(dtype))


def _with_tf32(options: Options) -> Options:
    """The options with TF32 as the user's own process has it: the call was made under it."""
    return Options(options.predict, options.reference, options.rtol, options.atol, devices.tf32_allowed())
