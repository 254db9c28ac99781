"""A call that was just made, proved: held against what must come out, while its tensors and weights are there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lstm_inspect.experiment import devices
from lstm_inspect.live.call import DROPOUT, as_torch_sorts, call, report_of, run_of
from lstm_inspect.live.spec_of import Input, NotCoveredError, State, check_weights, spec_of_call
from lstm_inspect.live.standin import aside, standin_of, unhooked
from lstm_inspect.theory.warnings import SpecWarning
from lstm_inspect.verdict.guard import refuse_too_large_again
from lstm_inspect.verdict.report import Options, Report


@dataclass(frozen=True, slots=True)
class Under:
    """What a call was made under.

    Attributes:
        training: the module's mode.
        gradients: whether the call was recorded for them.
        computed_in: the dtype that autocast computes in on the input's device; None without autocast.
    """

    training: bool
    gradients: bool
    computed_in: str | None


def under(module: nn.Module, input: Any) -> Under:
    """What a call of a module is made under, in this thread and now."""
    data = input.data if isinstance(input, PackedSequence) else input
    device = data.device.type if isinstance(data, Tensor) else "cpu"
    known = device in ("cpu", "cuda") and torch.is_autocast_enabled(device)
    dtype = str(torch.get_autocast_dtype(device)).removeprefix("torch.") if known else None
    return Under(module.training, torch.is_grad_enabled(), dtype)


def arguments_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Input and state of a call of torch's own forward.

    >>> arguments_of((1,), {"hx": 2}), arguments_of((), {"input": 1})
    ((1, 2), (1, None))
    """
    given = (*args[:2], *(kwargs.get(name) for name in ("input", "hx")[len(args) :]))
    return given[0], given[1]


def prove(module: nn.LSTM, input: Input, hx: State, results: Any, options: Options) -> Report:
    """The report of a call that was just made.

    Raises:
        CallError: the call does not fit its module; torch took it by mistake.
        NotCoveredError: it has no numbers to check, or a form that is not covered.
        LSTMInspectError: it can't be checked, for want of memory for one.
    """
    check_has_numbers(input)
    was = under(module, input)
    standin = cast(nn.LSTM, standin_of(module))
    warnings = [*_said(module, was), *_autocast(was, results, standin)]
    with aside():
        spec = spec_of_call(standin, input, hx)
        check_weights(standin, spec)
        refuse_too_large_again(spec, reference=options.reference)
        made = run_of(spec, unhooked(standin), input, hx, results)
        again = made
        sorted_anew = as_torch_sorts(spec, input)
        if was.training or was.gradients or was.computed_in or sorted_anew is not input:
            again = call(spec, unhooked(standin), *_as_the_weights(standin, sorted_anew, hx))
        return report_of(
            spec,
            replace(options, tf32=devices.tf32_allowed()),  # as the user's own process has it
            made,
            again,
            computed_in=was.computed_in if any(warning.id == "autocast" for warning in warnings) else spec.dtype,
            state_given=hx is not None,
            warnings=warnings,
        )


def check_has_numbers(input: Any) -> None:
    """Refuse a call whose tensors stand for others: there is nothing to check.

    Raises:
        NotCoveredError: with what the call was made under.
    """
    data = input.data if isinstance(input, PackedSequence) else input
    came = None
    if type(data) not in (Tensor, nn.Parameter):
        came = f"is of {type(data).__name__}"
    elif torch._C._functorch.is_functorch_wrapped_tensor(data):
        came = "was made under torch.func"
    elif data.is_cuda and torch.cuda.is_current_stream_capturing():
        came = "is captured in a CUDA graph"
    if came is not None:
        raise NotCoveredError("this call", came, "it has no numbers of its own to check", "a plain call of it")


def _said(module: nn.LSTM, was: Under) -> Iterator[SpecWarning]:
    if was.training and module.dropout > 0 and module.num_layers > 1:
        message = (
            f"dropout={module.dropout:g} was at work in this call and its numbers are random: "
            "the equations were held against the same call in eval mode"
        )
        yield SpecWarning(DROPOUT, message)
    if not all(isinstance(weight, nn.Parameter) for weight in module._flat_weights):
        message = (
            "the weights of this call were computed (weight dropout, a parametrization, a functional call): "
            "it is held against those very weights"
        )
        yield SpecWarning("weights-computed", message)


def _autocast(was: Under, results: Any, standin: nn.LSTM) -> list[SpecWarning]:
    """A word where a call computed in another dtype than its weights' because autocast says so."""
    output = results[0] if isinstance(results, tuple) and len(results) == 2 else None
    data = output.data if isinstance(output, PackedSequence) else output
    weights = str(next(standin.parameters()).dtype).removeprefix("torch.")
    came = str(data.dtype).removeprefix("torch.") if isinstance(data, Tensor) else weights
    if came == weights or came != was.computed_in:
        return []
    message = f"the call computed in {came}, the weights are {weights}: it is held to the tolerance of {came}"
    return [SpecWarning("autocast", message)]


def _as_the_weights(standin: nn.LSTM, input: Input, hx: State) -> tuple[Input, State]:
    """The arguments in the weights' dtype: under autocast they may have come in another."""
    dtype = next(standin.parameters()).dtype
    converted = input._replace(data=input.data.to(dtype)) if isinstance(input, PackedSequence) else input.to(dtype)
    return converted, None if hx is None else (hx[0].to(dtype), hx[1].to(dtype))
