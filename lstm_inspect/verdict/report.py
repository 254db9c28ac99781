"""inspect(spec) -> Report: theory held against experiment, as frozen data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lstm_inspect.mistakes.pitfalls import pitfalls
from lstm_inspect.theory.cell_labels import numbers_claim
from lstm_inspect.theory.claim import Claim, Pitfall
from lstm_inspect.theory.claims import claims, tolerance_of, worked_out
from lstm_inspect.theory.contract import Environment, Positive, record
from lstm_inspect.theory.dtypes import Tolerance, validate_tolerance
from lstm_inspect.theory.packing import Packing, has_free_order, pack, sorts
from lstm_inspect.theory.recipes import Recipe
from lstm_inspect.theory.shapes import TensorReport
from lstm_inspect.theory.shown import SpecReport
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import StateRow
from lstm_inspect.theory.warnings import SpecWarning
from lstm_inspect.verdict.guard import a_spec, refuse_too_large

if TYPE_CHECKING:
    from lstm_inspect.experiment.run import Run


@dataclass(frozen=True, slots=True)
class Options:
    """How a spec is inspected."""

    predict: bool = False  #: theory alone; torch is not imported.
    reference: bool = True  #: whether the run is held against the equations in float64.
    rtol: float | None = None  #: the tolerance of the inexact checks, from 0; the dtype's own where left out.
    atol: float | None = None  #: the tolerance of the inexact checks, from 0; the dtype's own where left out.
    tf32: bool = False  #: whether cuDNN may use TF32 in float32.
    numbers: bool = False  #: whether a batch of small numbers is packed too, to be shown.

    def __post_init__(self) -> None:
        validate_tolerance(rtol=self.rtol, atol=self.atol)

    def arguments(self) -> dict[str, Any]:
        """Those that don't stand at their default."""
        default = Options()
        return {name: value for name, value in asdict(self).items() if value != getattr(default, name)}


@record(
    "mode spec constructor environment tensors states checks pitfalls recipes packing warnings noticed verified line?",
    command="shapes pack verify model",
)
class Report(SpecReport):
    """Everything known of one call of one nn.LSTM: frozen data, the same for text, JSON and Python."""

    view = "report"
    command: str
    spec: LSTMSpec
    tensors: Sequence[TensorReport]
    states: Sequence[StateRow]
    checks: Sequence[Claim]
    pitfalls: Sequence[Pitfall]
    recipes: Sequence[Recipe]
    packing: Packing | None = None
    warnings: Sequence[SpecWarning] = ()
    environment: Environment | None = None
    options: Options = field(default_factory=Options)
    line: Positive | None = None  #: verify --specs: the line that the spec stands on, from 1.

    @property
    def verified(self) -> bool | None:
        """Whether every check held and every pitfall came out different; None if nothing ran."""
        if self.options.predict:
            return None
        return self.failed == 0

    @property
    def failed(self) -> int:
        """How many checks did not hold, pitfalls came out the same and tensors have another dtype than the spec's."""
        results: list[Claim | Pitfall] = [*self.checks, *self.pitfalls]
        own = self.command == "model"  # what a user's module computes in is checked where its call is known
        others = 0 if own else sum(each.dtype != self.spec.dtype for each in self.tensors)
        return sum(not result.passed for result in results) + others

    @property
    def noticed(self) -> float | None:
        """Any element of output, hn or cn off by more would have been noticed; None if the equations weren't run."""
        found = []
        for check in self.checks:
            if check.kind == "reference" and check.noticed is not None:
                padded = self.packing is not None and check.left == "output" and not self.spec.proj_size
                # of padded output that of its valid steps, where |h| < 1: the padding is held to the bit besides
                valid = check.tolerance.atol + check.tolerance.rtol
                found.append(min(check.noticed, valid) if padded else check.noticed)
        return max(found, default=None)

    @property
    def seed(self) -> int | None:
        """Of the weights and the input; None where they are the user's own."""
        return None if self.command == "model" else self.spec.seed


def inspect(
    spec: LSTMSpec | None = None,
    *,
    command: str = "shapes",
    predict: bool = False,
    reference: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    tf32: bool = False,
    numbers: bool = False,
) -> Report:
    """Work out what a spec must give, run it, and hold the one against the other.

    Args:
        spec: the LSTM and its batch; LSTMSpec() if left out.
        command: the name that the report bears.
        predict, reference, rtol, atol, tf32, numbers: see Options.

    Raises:
        SpecError: a tolerance is negative or not a number.
        MemoryNeedError: the spec needs more memory than is free.
        DeviceError: the spec's device is not there.

    >>> inspect(LSTMSpec(num_layers=2, bidirectional=True)).verified
    True
    """
    options = Options(predict, reference, rtol, atol, tf32, numbers)
    spec = LSTMSpec() if spec is None else a_spec(spec)
    refuse_too_large(spec, predict=predict, reference=reference)
    if predict:
        return predicted(spec, command, options)
    from lstm_inspect.experiment import devices
    from lstm_inspect.experiment.run import run

    spec = devices.on_device(spec)
    with devices.tf32(tf32, spec.device):
        return measured(predicted(spec, command, options), run(spec))


def predicted(spec: LSTMSpec, command: str, options: Options) -> Report:
    """A spec's report by theory alone."""
    theory, default = worked_out(spec), tolerance_of(spec, tf32=options.tf32)
    rtol = default.rtol if options.rtol is None else options.rtol
    allowed = Tolerance(rtol, default.atol if options.atol is None else options.atol)
    found = claims(theory, reference=options.reference)
    if options.numbers and theory.packing is not None:
        found += (numbers_claim(spec, theory.packing),)
    return Report(
        command=command,
        spec=spec,
        tensors=list(theory.tensors.values()),
        states=theory.states,
        checks=[claim if claim.exact else replace(claim, tolerance=allowed) for claim in found],
        pitfalls=[each if each.exact else replace(each, tolerance=allowed) for each in pitfalls(spec)],
        recipes=theory.recipes,
        packing=theory.packing,
        warnings=theory.warnings,
        options=options,
    )


def measured(report: Report, run: Run, *within: Callable[[], AbstractContextManager[None]]) -> Report:
    """The same report, held against a run; ``within`` is the context of it, where it is not verify's own."""
    from lstm_inspect.experiment.devices import environment
    from lstm_inspect.experiment.verify import verify

    checks, pitfall_results = verify(run, report.checks, report.pitfalls, *within)
    hidden = [cannot_show(result) for result in pitfall_results if result.hidden]
    return replace(
        report,
        tensors=[measured_tensor(tensor, run) for tensor in report.tensors],
        checks=checks,
        pitfalls=[result for result in pitfall_results if not result.hidden],
        warnings=(*report.warnings, *hidden),
        packing=_measured_packing(report, run),
        environment=environment(report.spec.device, tf32=report.options.tf32),
    )


def cannot_show(pitfall: Pitfall) -> SpecWarning:
    """What is said of a pitfall that is left out, because a run's numbers can't show it."""
    message = f"{pitfall.tempting} is {pitfall.instead} on these numbers alone: they can't show that it is a pitfall"
    return SpecWarning(f"hidden-{pitfall.id}", message)


def _measured_packing(report: Report, run: Run) -> Packing | None:
    """The packing with equals in the order that torch gave them; as predicted if that order does not sort."""
    lengths = report.spec.lengths
    if lengths is None or not has_free_order(report.spec) or not report.spec.has_values:
        return report.packing
    order = run.tensors["packed_input"].sorted_indices.tolist()
    return pack(lengths, report.spec.seq_len, order) if sorts(order, lengths) else report.packing


def measured_tensor(tensor: TensorReport, run: Run) -> TensorReport:
    """The same tensor with what a run gave."""
    actual = run.tensor(tensor.name)
    return replace(tensor, dtype=str(actual.dtype).removeprefix("torch."), actual=tuple(actual.shape))
