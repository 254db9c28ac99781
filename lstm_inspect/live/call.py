"""A live call as a Run, and its report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from lstm_inspect.errors import CallError, RunError, literal, spell_arguments
from lstm_inspect.experiment.run import Run
from lstm_inspect.live.judge import judged
from lstm_inspect.live.spec_of import Input, State
from lstm_inspect.live.standin import aside
from lstm_inspect.theory.claim import CheckResult, Claim, PitfallResult
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.tolerance import tolerance
from lstm_inspect.theory.warnings import SpecWarning
from lstm_inspect.verdict.report import Options, Report, measured, predicted

COMMAND: Final = "model"
"""The command that reports of live modules bear."""
DROPOUT: Final = "dropout-active"
"""The warning's id where dropout was at work in a call."""
Result = TypeVar("Result", CheckResult, PitfallResult)


def call(spec: LSTMSpec, lstm: torch.nn.LSTM, input: Input, hx: State) -> Run:
    """Call a live module, with the zeros written out where no state is given.

    Raises:
        RunError: torch can't run it.
        CallError: an overridden forward returns something else than an LSTM does.
    """
    try:
        results = lstm(input, hx or _zeros(spec, input))
    except (RuntimeError, TypeError, ValueError, MemoryError) as error:
        raise RunError(
            "torch", "can't run this call", literal(str(error)), "the same call alone: lstm(input, hx)"
        ) from error
    return run_of(spec, lstm, input, hx, results)


def as_torch_sorts(spec: LSTMSpec, input: Input) -> Input:
    """The same sequences, equals in the order that torch sorts them in; the very input if they stand so already.

    A PackedSequence made by hand may have another order. In another row of a batch a sequence comes out
    the same to rounding alone, so what is called anew has to start from the same order.
    """
    if not isinstance(input, PackedSequence) or input.sorted_indices is None or input.sorted_indices.is_meta:
        return input
    lengths = torch.tensor(spec.lengths)
    if input.sorted_indices.tolist() == torch.argsort(lengths, descending=True).tolist():
        return input
    padded = unpacked(spec, _detached(input))
    return pack_padded_sequence(padded, lengths, batch_first=spec.batch_first, enforce_sorted=False)


def _zeros(spec: LSTMSpec, input: Input) -> tuple[Tensor, Tensor]:
    like = input.data if isinstance(input, PackedSequence) else input
    rows = (spec.num_states,) if spec.batch_size is None else (spec.num_states, spec.batch_size)
    return like.new_zeros(*rows, spec.state_size), like.new_zeros(*rows, spec.hidden_size)


def run_of(spec: LSTMSpec, lstm: torch.nn.LSTM, input: Input, hx: State, results: Any) -> Run:
    """A call that was made, as a Run: every tensor by the name that expressions use.

    Raises:
        CallError: the results are not (output, (hn, cn)), output packed if and only if input is.
    """
    output, (hn, cn) = _results(lstm, results, packed=isinstance(input, PackedSequence))
    h0, c0 = hx or _zeros(spec, input)
    states = {"h0": h0.detach(), "c0": c0.detach(), "hn": hn.detach(), "cn": cn.detach()}
    if not isinstance(input, PackedSequence):
        return Run(lstm, {"input": input.detach(), "output": output.detach(), **states})
    packed = {"packed_input": _detached(input), "packed_output": _detached(output)}
    padded = {name.removeprefix("packed_"): unpacked(spec, each) for name, each in packed.items()}
    return Run(lstm, {**padded, **states, **packed, "lengths": torch.tensor(spec.lengths)})


def _results(lstm: torch.nn.LSTM, results: Any, *, packed: bool) -> tuple[Any, tuple[Tensor, Tensor]]:
    form = PackedSequence if packed else Tensor
    match results:
        case (output, (Tensor() as hn, Tensor() as cn)) if isinstance(output, form):
            return output, (hn, cn)
    allowed = f"an LSTM returns output, (hn, cn), and output is a {form.__name__} here"
    name = type(results).__name__
    raise CallError(f"{lstm.__class__.__qualname__}.forward", f"returned a {name}", allowed, "return output, (hn, cn)")


def _detached(packed: PackedSequence) -> PackedSequence:
    return packed._replace(data=packed.data.detach())


def unpacked(spec: LSTMSpec, packed: PackedSequence) -> Tensor:
    """The padded batch that a PackedSequence stands for."""
    padded, _ = pad_packed_sequence(packed, batch_first=spec.batch_first)
    return padded


def report_of(
    spec: LSTMSpec,
    options: Options,
    call: Run,
    again: Run,
    *,
    computed_in: str | None = None,
    state_given: bool = True,
    warnings: Sequence[SpecWarning] = (),
) -> Report:
    """The report of a live call.

    Args:
        spec: of the call.
        options: how it is checked; tolerances that are left out are those of the dtype that it computed in.
        call: the call itself; what one call's tensors say of each other is checked on it.
        again: the same call in eval mode without gradients, where it is called anew: what calls the module
            once more is checked on it, because a call for gradients may run another kernel. Where dropout
            was at work in the call, the equations are held against it too.
        computed_in: the dtype that the results must have; the weights' where left out, autocast's under it.
        state_given: whether h0 and c0 were the caller's: zeros that nobody gave were not measured.
        warnings: to stand in the report beside the spec's own.
    """
    dtype = computed_in or spec.dtype
    report = predicted(spec, COMMAND, _tolerances(options, dtype, spec))
    said = [replace(warning, message=spell_arguments(warning.message)) for warning in (*report.warnings, *warnings)]
    report = replace(report, checks=[*report.checks, *dtype_checks(dtype)], warnings=said)
    dropout = any(warning.id == DROPOUT for warning in warnings)
    found = _measured_in_two(report, call, again, dropout=dropout)
    return judged(_as_it_was_called(found, state_given=state_given), again if dropout else call)


def dtype_checks(dtype: str, names: Sequence[str] = ("output", "hn", "cn")) -> list[CheckResult]:
    """What sees that each result is of the dtype that the call computed in."""
    why = "a result is of the dtype that the call computes in"
    return [CheckResult(Claim(f"dtype-{name}", "shape", f"{name}.dtype", f"torch.{dtype}", why)) for name in names]


def _as_it_was_called(report: Report, *, state_given: bool) -> Report:
    """The report without sizes of what the caller neither gave nor got: default states, the padded form of packed."""
    not_there = set() if state_given else {"h0", "c0"}
    not_there |= {"input", "output"} if report.spec.lengths is not None else set()
    tensors = [replace(each, actual=None) if each.theory.name in not_there else each for each in report.tensors]
    return replace(report, tensors=tensors)


def _measured_in_two(report: Report, call: Run, again: Run, *, dropout: bool) -> Report:
    if call is again:
        return measured(report, call, aside)
    parts = (
        measured(_part(report, anew=False, dropout=dropout), call, aside),
        measured(_part(report, anew=True, dropout=dropout), again, aside),
    )
    return replace(
        parts[0],
        checks=_in_the_order_of(report.checks, [check for part in parts for check in part.checks]),
        pitfalls=_in_the_order_of(report.pitfalls, [pitfall for part in parts for pitfall in part.pitfalls]),
        warnings=list(dict.fromkeys(warning for part in parts for warning in part.warnings)),
    )


def _tolerances(options: Options, dtype: str, spec: LSTMSpec) -> Options:
    """Under autocast a call computes in another dtype than its weights', and is held to that one's tolerance."""
    if dtype == spec.dtype:
        return options
    default = tolerance(dtype)
    rtol = default.rtol if options.rtol is None else options.rtol
    return replace(options, rtol=rtol, atol=default.atol if options.atol is None else options.atol)


def _part(report: Report, *, anew: bool, dropout: bool) -> Report:
    """What of a report calls the module anew, or the rest of it."""
    checks = [check for check in report.checks if _is_anew(check, dropout=dropout) == anew]
    pitfalls = [result for result in report.pitfalls if result.pitfall.reruns == anew]
    return replace(report, checks=checks, pitfalls=pitfalls)


def _is_anew(check: CheckResult, *, dropout: bool) -> bool:
    return check.claim.reruns or (dropout and check.claim.kind == "reference")


def _id(result: CheckResult | PitfallResult) -> str:
    return result.claim.id if isinstance(result, CheckResult) else result.pitfall.id


def _in_the_order_of(predicted: Sequence[Result], measured: Sequence[Result]) -> list[Result]:
    by_id = {_id(result): result for result in measured}
    return [by_id[_id(result)] for result in predicted if _id(result) in by_id]
