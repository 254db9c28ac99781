"""weights(spec) -> Weights: every parameter, the work and the memory of one run, other frameworks' layouts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lstm_inspect.theory import costs, frameworks
from lstm_inspect.theory import parameters as theory
from lstm_inspect.theory.contract import Environment, Natural, record
from lstm_inspect.theory.costs import Memory, memory, weight_bytes
from lstm_inspect.theory.shown import SpecReport
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.warnings import SpecWarning, spec_warnings
from lstm_inspect.verdict.guard import refuse_uncountable

if TYPE_CHECKING:
    from lstm_inspect.experiment.parameters import Measured

_OF_THE_MODULE = ("dropout-one-layer",)  # the other warnings speak of shapes that hide a swap


@record()
class Totals:
    """How many parameters there are, their numbers and their bytes."""

    parameters: Natural
    count: Natural
    bytes: Natural


@record()
class Counted:
    """The run whose multiply-adds torch counted."""

    num_layers: Natural
    steps: Natural
    predicted: Natural
    actual: Natural


@record()
class MultiplyAdds:
    """The multiply-adds of one run, for each form of the input."""

    convention: str
    formula: str
    runs: Sequence[costs.Work]
    counted: Counted | None


@record()
class Frameworks:
    """How other frameworks lay the weights out, and what converts them."""

    layouts: Sequence[frameworks.Layout]
    conversions: Sequence[frameworks.Conversion]


@record(
    "mode spec constructor environment parameters gates totals two_biases projection"
    " multiply_adds memory frameworks differences warnings verified",
    command="weights",
)
class Weights(SpecReport):
    """A module's parameters and what they cost; with ``measured``, held against torch."""

    view = "parameters"
    spec: LSTMSpec
    measured: Measured | None
    environment: Environment | None
    gates: Sequence[theory.Gate]  #: The gates in the order of their rows.
    totals: Totals  #: The sums over all parameters.
    two_biases: str | None  #: Why there are two biases; None if there are none.
    projection: str | None  #: What the projection is; None without one.
    multiply_adds: MultiplyAdds  #: The work of one run.
    memory: Memory  #: The memory of one run.
    frameworks: Frameworks  #: The same weights in other frameworks.
    differences: Sequence[str]  #: What torch says otherwise, one sentence each; empty if nothing was measured.
    warnings: Sequence[SpecWarning]  #: The spec's warnings that speak of the module.

    @property
    def count(self) -> int:
        """Numbers in all parameters."""
        return self.totals.count

    @property
    def bytes(self) -> int:
        """Bytes of all parameters."""
        return self.totals.bytes

    @property
    def verified(self) -> bool | None:
        """Whether torch says the same of names, order, shapes, bytes and multiply-adds; None if it was not asked."""
        return None if self.measured is None else not self.differences

    @property
    def parameters(self) -> Sequence[theory.Parameter]:
        """Every parameter with what torch says of it."""
        shapes = {} if self.measured is None else self.measured.shapes
        return [replace(each, actual=shapes.get(each.name)) for each in theory.parameters(self.spec)]


def weights(spec: LSTMSpec | None = None, *, check: bool = False) -> Weights:
    """Work out a module's parameters, and the work and the memory of one run.

    Args:
        spec: the LSTM and its batch; LSTMSpec() if left out.
        check: hold it against torch, on the meta device; else torch is not imported.

    Raises:
        MemoryNeedError: with check, a parameter is larger than torch can count.

    >>> weights(LSTMSpec(num_layers=2, bidirectional=True)).count
    15040
    """
    spec = LSTMSpec() if spec is None else spec
    if not check:
        return _account(spec)
    refuse_uncountable(spec, "without {check}: theory alone")
    from lstm_inspect.experiment.devices import environment
    from lstm_inspect.experiment.parameters import measure

    return _account(spec, measure(spec), environment("meta", tf32=False))


def _account(spec: LSTMSpec, measured: Measured | None = None, environment: Environment | None = None) -> Weights:
    counted, differences = None, []
    if measured is not None:
        run, predicted = measured.counted, costs.multiply_adds(measured.counted)
        counted = Counted(run.num_layers, run.valid_steps, predicted, measured.multiply_adds)
        differences = list(_differences(measured, counted))
    formula, works = costs.formula(spec), costs.works(spec)
    return Weights(
        spec,
        measured,
        environment,
        gates=theory.gates(spec),
        totals=Totals(theory.how_many(spec), theory.parameter_count(spec), weight_bytes(spec)),
        two_biases=theory.WHY_TWO_BIASES if spec.bias else None,
        projection=theory.WHY_PROJECTION if spec.proj_size else None,
        multiply_adds=MultiplyAdds(costs.CONVENTION, formula, works, counted),
        memory=memory(spec),
        frameworks=Frameworks(frameworks.LAYOUTS, frameworks.conversions(spec)),
        differences=differences,
        warnings=[warning for warning in spec_warnings(spec) if warning.id in _OF_THE_MODULE],
    )


def _differences(measured: Measured, counted: Counted) -> Iterable[str]:
    predicted = {parameter.name: parameter.shape for parameter in theory.parameters(measured.built)}
    if list(predicted) != list(measured.shapes):
        odd = [name for name in (*predicted, *measured.shapes) if (name in predicted) != (name in measured.shapes)]
        yield f"torch has other parameters, or another order: {', '.join(odd[:4]) or 'the same names'}"
    for name, shape in predicted.items():
        if measured.shapes.get(name, shape) != shape:
            yield f"{name} is {measured.shapes[name]} in torch, not {shape}"
    size = weight_bytes(measured.built)
    if measured.bytes != size:
        yield f"the parameters take {measured.bytes:,} bytes in torch, not {size:,}"
    if counted.actual != counted.predicted:
        yield f"torch counts {counted.actual:,} multiply-adds, not {counted.predicted:,}"
