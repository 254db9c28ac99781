"""A call that was just made, proved: held against what must come out, while its tensors and weights are there."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, cast

import torch
from torch import Tensor, nn

from lstm_inspect.experiment import devices
from lstm_inspect.experiment.run import Run
from lstm_inspect.experiment.verify import Verifier
from lstm_inspect.live.call import DROPOUT, as_torch_sorts, call, dtype_checks, report_of, run_of
from lstm_inspect.live.report import Measured, RecurrentReport
from lstm_inspect.live.seeing import kind_of
from lstm_inspect.live.spec_of import (
    Input,
    NotCoveredError,
    State,
    batch_of,
    check_weights,
    data_of,
    dtype_of,
    spec_of_call,
)
from lstm_inspect.live.standin import aside, by_torch, standin_of
from lstm_inspect.theory.claim import Claim
from lstm_inspect.theory.claims import claims, worked_out
from lstm_inspect.theory.costs import need_again
from lstm_inspect.theory.shapes import tensors
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.warnings import SpecWarning
from lstm_inspect.verdict.guard import refuse
from lstm_inspect.verdict.report import Options, Report

_OF_AN_LSTM_ALONE: Final = re.compile(r"\b(c0|cn|lstm|reference)\b")


def arguments_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Input and state of a call of torch's own forward.

    >>> arguments_of((1,), {"hx": 2}), arguments_of((), {"input": 1})
    ((1, 2), (1, None))
    """
    given = dict(zip(("input", "hx"), args, strict=False)) | kwargs
    return given.get("input"), given.get("hx")


def prove(module: nn.LSTM, input: Input, hx: State, results: Any, options: Options) -> Report:
    """The report of a call of an nn.LSTM that was just made.

    Raises:
        CallError: the call does not fit its module; torch took it by mistake.
        NotCoveredError: it has no numbers to check, or a form that is not covered.
        LSTMInspectError: it can't be checked, for want of memory for one.
    """
    _check_has_numbers(input)
    autocast = _autocast_dtype(input)
    other_kernel = module.training or torch.is_grad_enabled() or autocast is not None
    standin = by_torch(standin_of(module))
    with aside():
        spec = spec_of_call(standin, input, hx)
        check_weights(standin, spec)
        refuse(need_again(spec, reference=options.reference))
        made = run_of(spec, standin, input, hx, results)
        computed_in = _computed_in(made, autocast, spec.dtype)
        sorted_anew = as_torch_sorts(spec, input)
        if other_kernel or sorted_anew is not input:
            made = replace(made, again=call(spec, standin, sorted_anew, hx))
        options = replace(options, tf32=devices.tf32_allowed())  # as the user's own process has it
        warnings = list(_warnings(module, computed_in, spec.dtype))
        return report_of(spec, options, made, computed_in=computed_in, warnings=warnings)


def prove_recurrent(module: nn.RNNBase, input: Any, hx: Tensor | None, results: Any) -> RecurrentReport:
    """The report of a call of an nn.GRU or nn.RNN that was just made.

    They have the output and hn of an nn.LSTM, so the same shapes and equalities, without the equations.

    Raises:
        CallError: the results are not (output, hn).
        NotCoveredError: the call has no numbers to check.
    """
    _check_has_numbers(input)
    autocast = _autocast_dtype(input)
    with aside():
        alike = ("input_size", "hidden_size", "num_layers", "batch_first", "bidirectional")
        sizes = {name: getattr(module, name) for name in alike} | batch_of(module, input)
        spec = LSTMSpec(**sizes, state="zeros" if hx is None else "random")
        run = run_of(spec, by_torch(standin_of(module)), input, hx, results)
        dtype = _computed_in(run, autocast, dtype_of(cast(Tensor, module._flat_weights[0])))
        checks = [*_checks_without_a_cell(spec), *dtype_checks(dtype, ("output", "hn"))]
        verifier = Verifier(run)
        found = list(map(verifier.check, checks))
    not_there = {"c0", "cn"} | ({"input", "output"} if spec.lengths else set()) | ({"h0"} if hx is None else set())
    shown = [Measured(name, tuple(run.tensor(name).shape)) for name in tensors(spec) if name not in not_there]
    return RecurrentReport(f"torch.nn.{kind_of(module)}({module.extra_repr()})", shown, found)


def _checks_without_a_cell(spec: LSTMSpec) -> Iterator[Claim]:
    """The checks of an nn.LSTM that name no cell state and call nothing anew."""
    for claim in claims(worked_out(spec), reference=False):
        if not _OF_AN_LSTM_ALONE.search(f"{claim.left} {claim.right}"):
            yield claim


def _check_has_numbers(input: Any) -> None:
    """Refuse a call whose tensors stand for others: there is nothing to check."""
    data = data_of(input)
    came = None
    if type(data) not in (Tensor, nn.Parameter):
        came = f"is of {type(data).__name__}"
    elif torch._C._functorch.is_functorch_wrapped_tensor(data):
        came = "was made under torch.func"
    elif data.is_cuda and torch.cuda.is_current_stream_capturing():
        came = "is captured in a CUDA graph"
    if came is not None:
        raise NotCoveredError("this call", came, "it has no numbers of its own to check", "a plain call of it")


def _autocast_dtype(input: Input) -> str | None:
    """The dtype that autocast computes in on the input's device, in this thread and now; None without autocast."""
    device = data_of(input).device.type
    known = device in ("cpu", "cuda") and torch.is_autocast_enabled(device)
    return str(torch.get_autocast_dtype(device)).removeprefix("torch.") if known else None


def _computed_in(run: Run, autocast: str | None, weights: str) -> str:
    """The dtype that the results must have: the weights', or autocast's where they are of it."""
    return weights if autocast is None or dtype_of(run.tensor("output")) != autocast else autocast


def _warnings(module: nn.LSTM, computed_in: str, weights: str) -> Iterator[SpecWarning]:
    if module.training and module.dropout > 0 and module.num_layers > 1:
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
    if computed_in != weights:
        took = f"it is held to the tolerance of {computed_in}"
        yield SpecWarning("autocast", f"the call computed in {computed_in}, the weights are {weights}: {took}")
