"""weights(spec) -> Weights: every parameter, the work and the memory of one run, other frameworks' layouts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from lstm_inspect.theory import footprint, frameworks, multiply_adds
from lstm_inspect.theory import parameters as theory
from lstm_inspect.theory.expressions import constructor
from lstm_inspect.theory.memory import weight_bytes
from lstm_inspect.theory.shown import Shown
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.warnings import SpecWarning, spec_warnings
from lstm_inspect.verdict import contract
from lstm_inspect.verdict.guard import refuse_uncountable

if TYPE_CHECKING:
    from lstm_inspect.experiment.parameters import Measured

_OF_THE_MODULE = ("dropout-one-layer",)  # the other warnings speak of shapes that hide a swap


@dataclass(frozen=True, slots=True)
class Weights(Shown):
    """A module's parameters and what they cost; with ``measured``, held against torch."""

    view: ClassVar[Literal["parameters"]] = "parameters"
    spec: LSTMSpec
    measured: Measured | None = None
    environment: dict[str, Any] | None = None

    @property
    def parameters(self) -> theory.Parameters:
        """Every parameter, in the order of ``named_parameters()``."""
        return theory.parameters(self.spec)

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

    def to_dict(self) -> dict[str, Any]:
        """The account by the JSON contract, schema lstm-inspect/1."""
        spec = self.spec
        return {
            **contract.header("weights"),
            "mode": "predict" if self.measured is None else "run",
            "spec": spec.to_dict(),
            "constructor": constructor(spec),
            "environment": self.environment,
            "parameters": [_parameter_dict(self, parameter) for parameter in self.parameters],
            "gates": [asdict(gate) for gate in theory.gates(spec)],
            "totals": {"parameters": len(self.parameters), "count": self.count, "bytes": self.bytes},
            "two_biases": theory.WHY_TWO_BIASES if spec.bias else None,
            "projection": theory.WHY_PROJECTION if spec.proj_size else None,
            "multiply_adds": _multiply_adds_dict(self),
            "memory": _memory_dict(spec),
            "frameworks": _frameworks_dict(spec),
            "differences": list(self.differences),
            "warnings": [asdict(warning) for warning in self.warnings],
            "verified": self.verified,
        }


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


def _parameter_dict(found: Weights, parameter: theory.Parameter) -> dict[str, Any]:
    actual = None if found.measured is None else found.measured.shapes.get(parameter.name)
    return {
        "name": parameter.name,
        "layer": parameter.layer,
        "direction": parameter.direction,
        "formula": parameter.formula,
        "predicted": list(parameter.shape),
        "actual": None if actual is None else list(actual),
        "gated": parameter.gated,
        "count": parameter.count,
        "bytes": parameter.count * found.spec.itemsize,
    }


def _multiply_adds_dict(found: Weights) -> dict[str, Any]:
    spec, measured = found.spec, found.measured
    return {
        "convention": multiply_adds.CONVENTION,
        "formula": multiply_adds.formula(spec),
        "runs": [_work_dict(spec, work) for work in multiply_adds.works(spec)],
        "counted": None
        if measured is None
        else {
            "num_layers": measured.counted.num_layers,
            "steps": measured.counted.valid_steps,
            "predicted": multiply_adds.multiply_adds(measured.counted),
            "actual": measured.multiply_adds,
        },
    }


def _work_dict(spec: LSTMSpec, work: multiply_adds.Work) -> dict[str, Any]:
    layers = [multiply_adds.layer_multiply_adds(spec, layer, work.steps) for layer in range(spec.num_layers)]
    return {**asdict(work), "by_layer": layers, "total": multiply_adds.multiply_adds(spec, work.steps)}


def _memory_dict(spec: LSTMSpec) -> dict[str, Any]:
    items = footprint.footprint(spec)
    return {
        "convention": footprint.CONVENTION,
        "items": [asdict(item) for item in items],
        "inference": sum(item.inference for item in items),
        "training": sum(item.training for item in items),
        "adam": footprint.adam_bytes(spec),
    }


def _frameworks_dict(spec: LSTMSpec) -> dict[str, Any]:
    return {
        "layouts": [asdict(layout) for layout in frameworks.LAYOUTS],
        "conversions": [asdict(conversion) for conversion in frameworks.conversions(spec)],
    }
