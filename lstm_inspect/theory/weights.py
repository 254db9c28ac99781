"""The module's parameters, their counts and bytes, and the multiply-adds of one run."""

from __future__ import annotations

from dataclasses import dataclass

from lstm_inspect.theory.shapes import Shape
from lstm_inspect.theory.spec import LSTMSpec

GATES = ("i", "f", "g", "o")
"""The gates in the order of their rows: input, forget, cell candidate, output (torch's nn.LSTM documentation)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of nn.LSTM.

    Attributes:
        name: torch's name, such as ``weight_ih_l0_reverse``.
        layer: from 0.
        direction: "forward" or "reverse".
        formula: the axes in letters.
        shape: the axes in numbers.
    """

    name: str
    layer: int
    direction: str
    formula: str
    shape: Shape

    @property
    def count(self) -> int:
        """How many numbers it holds."""
        return self.shape[0] * (self.shape[1] if len(self.shape) > 1 else 1)


def parameters(spec: LSTMSpec) -> tuple[Parameter, ...]:
    """Every parameter, in the order of ``module.named_parameters()``.

    >>> [(parameter.name, parameter.shape) for parameter in parameters(LSTMSpec(bias=False))]
    [('weight_ih_l0', (80, 10)), ('weight_hh_l0', (80, 20))]
    """
    layers = ((layer, direction) for layer in range(spec.num_layers) for direction in spec.directions)
    return tuple(parameter for layer, direction in layers for parameter in layer_parameters(spec, layer, direction))


def layer_parameters(spec: LSTMSpec, layer: int, direction: str) -> tuple[Parameter, ...]:
    """The parameters of one layer and direction."""
    gate_rows, recurrent = 4 * spec.hidden_size, spec.state_size
    width, letter = (spec.input_size, "I") if layer == 0 else (spec.output_size, _output_letter(spec))
    shapes: list[tuple[str, str, Shape]] = [
        ("weight_ih", f"(4*H, {letter})", (gate_rows, width)),
        ("weight_hh", f"(4*H, {_state_letter(spec)})", (gate_rows, recurrent)),
    ]
    if spec.bias:
        shapes += [("bias_ih", "(4*H,)", (gate_rows,)), ("bias_hh", "(4*H,)", (gate_rows,))]
    if spec.proj_size:
        shapes.append(("weight_hr", "(P, H)", (spec.proj_size, spec.hidden_size)))
    suffix = f"_l{layer}" + ("_reverse" if direction == "reverse" else "")
    return tuple(Parameter(name + suffix, layer, direction, formula, shape) for name, formula, shape in shapes)


def _state_letter(spec: LSTMSpec) -> str:
    return "P" if spec.proj_size else "H"


def _output_letter(spec: LSTMSpec) -> str:
    return f"{'2*' if spec.bidirectional else ''}{_state_letter(spec)}"


def input_width(spec: LSTMSpec, layer: int) -> int:
    """Features that a layer reads: I for layer 0, D * R after.

    >>> input_width(LSTMSpec(), 0), input_width(LSTMSpec(bidirectional=True), 1)
    (10, 40)
    """
    return spec.input_size if layer == 0 else spec.output_size


def terms_of_a_gate(spec: LSTMSpec) -> int:
    """The most products that one gate of any layer sums: its inputs and the R recurrent ones.

    >>> terms_of_a_gate(LSTMSpec(num_layers=2, bidirectional=True))
    60
    """
    return max(input_width(spec, 0), input_width(spec, spec.num_layers - 1)) + spec.state_size


def layer_parameter_count(spec: LSTMSpec, layer: int) -> int:
    """Numbers in one layer, all directions: D * (4H*in + 4H*R + 8H + P*H)."""
    one = sum(parameter.count for parameter in layer_parameters(spec, layer, "forward"))
    return spec.num_directions * one


def parameter_count(spec: LSTMSpec) -> int:
    """Numbers in the whole module.

    >>> parameter_count(LSTMSpec(num_layers=2, bidirectional=True))
    15040
    """
    above = (spec.num_layers - 1) * layer_parameter_count(spec, 1)
    return layer_parameter_count(spec, 0) + above


def layer_multiply_adds(spec: LSTMSpec, layer: int, steps: int | None = None) -> int:
    """Multiply-adds of one layer's matrix products over ``steps`` computed time steps (valid ones if left out)."""
    hidden, recurrent = spec.hidden_size, spec.state_size
    one = 4 * hidden * (input_width(spec, layer) + recurrent) + spec.proj_size * hidden
    return (spec.valid_steps if steps is None else steps) * spec.num_directions * one


def multiply_adds(spec: LSTMSpec, steps: int | None = None) -> int:
    """Multiply-adds of one run's matrix products, over all layers.

    The convention: the matrix products alone, no elementwise work; the padded steps of a packed batch
    are not computed.

    >>> multiply_adds(LSTMSpec(num_layers=2, bidirectional=True))
    216000
    """
    above = (spec.num_layers - 1) * layer_multiply_adds(spec, 1, steps)
    return layer_multiply_adds(spec, 0, steps) + above
