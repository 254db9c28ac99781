"""weights(spec) -> Weights: every parameter, the work and the memory of one run, other frameworks' layouts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lstm_inspect.theory import frameworks, multiply_adds
from lstm_inspect.theory import parameters as theory
from lstm_inspect.theory.contract import Environment, Natural, written
from lstm_inspect.theory.memory import Memory, memory, weight_bytes
from lstm_inspect.theory.shapes import Shape
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.warnings import SpecWarning, spec_warnings
from lstm_inspect.verdict.guard import refuse_uncountable
from lstm_inspect.verdict.of_spec import SpecReport

if TYPE_CHECKING:
    from lstm_inspect.experiment.parameters import Measured

_OF_THE_MODULE = ("dropout-one-layer",)  # the other warnings speak of shapes that hide a swap


@written("*parameter actual bytes")
@dataclass(frozen=True, slots=True)
class ParameterReport:
    """One parameter, and what torch says of it."""

    parameter: theory.Parameter
    actual: Shape | None  #: its shape in torch; None if torch was not asked, or not for this layer.
    bytes: Natural


@written("parameters count bytes")
@dataclass(frozen=True, slots=True)
class Totals:
    """How many parameters there are, their numbers and their bytes."""

    parameters: Natural
    count: Natural
    bytes: Natural


@written("num_layers steps predicted actual")
@dataclass(frozen=True, slots=True)
class Counted:
    """The run whose multiply-adds torch counted."""

    num_layers: Natural
    steps: Natural
    predicted: Natural
    actual: Natural


@written("convention formula runs counted")
@dataclass(frozen=True, slots=True)
class MultiplyAdds:
    """The multiply-adds of one run, for each form of the input."""

    convention: str
    formula: str
    runs: Sequence[multiply_adds.Work]
    counted: Counted | None


@written("layouts conversions")
@dataclass(frozen=True, slots=True)
class Frameworks:
    """How other frameworks lay the weights out, and what converts them."""

    layouts: Sequence[frameworks.Layout]
    conversions: Sequence[frameworks.Conversion]


@written(
    "mode spec constructor environment parameters=parameter_reports gates totals two_biases projection"
    " multiply_adds memory frameworks differences warnings verified",
    command="weights",
)
@dataclass(frozen=True, slots=True)
class Weights(SpecReport):
    """A module's parameters and what they cost; with ``measured``, held against torch."""

    view = "parameters"
    spec: LSTMSpec
    measured: Measured | None = None
    environment: Environment | None = None

    @property
    def count(self) -> int:
        """Numbers in all parameters."""
        return theory.parameter_count(self.spec)

    @property
    def bytes(self) -> int:
        """Bytes of all parameters."""
        return weight_bytes(self.spec)

    @property
    def differences(self) -> tuple[str, ...]:
        """What torch says otherwise, one sentence each; empty if nothing was measured."""
        return () if self.measured is None else tuple(_differences(self.measured))

    @property
    def verified(self) -> bool | None:
        """Whether torch says the same of names, order, shapes, bytes and multiply-adds; None if it was not asked."""
        return None if self.measured is None else not self.differences

    @property
    def warnings(self) -> tuple[SpecWarning, ...]:
        """The spec's warnings that speak of the module."""
        return tuple(warning for warning in spec_warnings(self.spec) if warning.id in _OF_THE_MODULE)

    @property
    def parameter_reports(self) -> Sequence[ParameterReport]:
        """Every parameter with what torch says of it."""
        shapes = {} if self.measured is None else self.measured.shapes
        size, found = self.spec.itemsize, theory.parameters(self.spec)
        return [ParameterReport(each, shapes.get(each.name), each.count * size) for each in found]

    @property
    def gates(self) -> Sequence[theory.Gate]:
        """The gates in the order of their rows."""
        return theory.gates(self.spec)

    @property
    def totals(self) -> Totals:
        """The sums over all parameters."""
        return Totals(theory.how_many(self.spec), self.count, self.bytes)

    @property
    def two_biases(self) -> str | None:
        """Why there are two biases; None if there are none."""
        return theory.WHY_TWO_BIASES if self.spec.bias else None

    @property
    def projection(self) -> str | None:
        """What the projection is; None without one."""
        return theory.WHY_PROJECTION if self.spec.proj_size else None

    @property
    def multiply_adds(self) -> MultiplyAdds:
        """The work of one run."""
        counted = None if self.measured is None else _counted(self.measured)
        works = multiply_adds.works(self.spec)
        return MultiplyAdds(multiply_adds.CONVENTION, multiply_adds.formula(self.spec), works, counted)

    @property
    def memory(self) -> Memory:
        """The memory of one run."""
        return memory(self.spec)

    @property
    def frameworks(self) -> Frameworks:
        """The same weights in other frameworks."""
        return Frameworks(frameworks.LAYOUTS, frameworks.conversions(self.spec))


def _counted(measured: Measured) -> Counted:
    spec = measured.counted
    return Counted(spec.num_layers, spec.valid_steps, multiply_adds.multiply_adds(spec), measured.multiply_adds)


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
        return Weights(spec)
    refuse_uncountable(spec, "without {check}: theory alone")
    from lstm_inspect.experiment.devices import environment
    from lstm_inspect.experiment.parameters import measure

    return Weights(spec, measure(spec), environment("meta", tf32=False))


def _differences(measured: Measured) -> Iterable[str]:
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
    work = multiply_adds.multiply_adds(measured.counted)
    if measured.multiply_adds != work:
        yield f"torch counts {measured.multiply_adds:,} multiply-adds, not {work:,}"
