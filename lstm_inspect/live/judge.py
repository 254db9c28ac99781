"""What a user's own numbers can't show is left out with a word: it says nothing against the module."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, cast

import torch
from torch import Tensor

from lstm_inspect.experiment.run import Run
from lstm_inspect.experiment.verify import reference_of
from lstm_inspect.theory.claim import Claim
from lstm_inspect.theory.dtypes import largest
from lstm_inspect.theory.warnings import SpecWarning
from lstm_inspect.verdict.report import Report, cannot_show

_ROUNDINGS: Final = 100  # how many roundings' effect a result may be off by, where they grow


def judged(report: Report, equations: Run) -> Report:
    """A live call's report without what its numbers can't decide; the equations were held against that run."""
    return _without_coincidences(_without_chaos(_without_nan(report, equations), equations))


def _failed(report: Report) -> list[Claim]:
    return [check for check in report.checks if check.passed is False and check.error is None]


def _left_out(report: Report, left: Sequence[Claim], id: str, message: str) -> Report:
    checks = [check for check in report.checks if check not in left]
    return replace(report, checks=checks, warnings=(*report.warnings, SpecWarning(id, message)))


def _without_nan(report: Report, run: Run) -> Report:
    """NaN equals nothing, itself neither; where the user's numbers hold some, the checks that meet it say nothing."""
    names = [name for name in ("input", "h0", "c0") if _holds_nan_or_inf(run.tensor(name))]
    if any(map(_holds_nan_or_inf, run.lstm.parameters())):
        names.append("the weights")
    if not names:
        return report
    met = [check for check in _failed(report) if check.kind != "shape" and check.max_abs_diff is None]
    message = f"NaN or infinity in {' and '.join(names)}: they equal nothing, and {len(met)} checks that met them"
    return _left_out(report, met, "not-finite", f"{message} were left out")


def _holds_nan_or_inf(tensor: Tensor) -> bool:
    return not tensor.is_meta and not bool(tensor.isfinite().all())


def _without_chaos(report: Report, run: Run) -> Report:
    """Where the module makes of a rounding as large a difference as was measured, the equations can't judge it.

    Tolerances of the caller's own are held to all the same.
    """
    failed = [check for check in _failed(report) if check.kind == "reference"]
    off = largest(check.max_abs_diff for check in failed)
    if off is None or (report.options.rtol, report.options.atol) != (None, None):
        return report
    moved = _moved_by_a_rounding(run)
    if off > _ROUNDINGS * moved:
        return report
    message = (
        f"rounding grows in this call: weights that differ in their last bit move the results by {moved:.1g}, "
        f"so the equations, {off:.1g} away, can't judge it; {len(failed)} checks were left out"
    )
    return _left_out(report, failed, "rounding-grows", message)


class _Nudged:
    """A module whose every weight is a rounding larger, in float64."""

    def __init__(self, lstm: torch.nn.LSTM, factor: float) -> None:
        self._lstm, self._factor = lstm, factor

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._lstm, name)
        return value.to("cpu", torch.float64) * self._factor if isinstance(value, Tensor) else value


def _moved_by_a_rounding(run: Run) -> float:
    """How far the equations' results move if each weight does."""
    factor = 1 + torch.finfo(next(run.lstm.parameters()).dtype).eps
    nudged = replace(run, lstm=cast(torch.nn.LSTM, _Nudged(run.lstm, factor)))
    with torch.inference_mode():
        one, other = reference_of(run), reference_of(nudged)
        return max(float((getattr(one, name) - getattr(other, name)).abs().max()) for name in ("output", "hn", "cn"))


def _without_coincidences(report: Report) -> Report:
    """Leave out the pitfalls that a user's numbers hide: a module of zeros, a batch of one sequence twice."""
    hidden = [result for result in report.pitfalls if result.passed is False and result.error is None]
    if not hidden:
        return report
    shown = [result for result in report.pitfalls if result not in hidden]
    warnings = (cannot_show(result) for result in hidden)
    return replace(report, pitfalls=shown, warnings=(*report.warnings, *warnings))
