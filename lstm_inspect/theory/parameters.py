"""The module's parameters, the rows of their gates, and how many numbers they hold."""

import math
from typing import Annotated, Final

from lstm_inspect.theory.contract import Direction, Limit, Natural, record
from lstm_inspect.theory.shapes import Shape
from lstm_inspect.theory.spec import LSTMSpec

_GATES: Final = (
    ("i", "input gate", "how much of the candidate enters the cell"),
    ("f", "forget gate", "how much of the old cell state stays"),
    ("g", "cell candidate", "what would enter the cell: tanh, the others are sigmoids"),
    ("o", "output gate", "how much of the cell state is shown as h"),
)
GATES: Final = tuple(letter for letter, *_ in _GATES)
"""The gates in the order of their rows: input, forget, cell candidate, output (torch's nn.LSTM documentation)."""

WHY_TWO_BIASES: Final = (
    "bias_ih and bias_hh are only ever added together, so one would do: the second is there because cuDNN has two "
    "(torch's own comment in nn/modules/rnn.py). Where one is wanted, take their sum."
)
WHY_PROJECTION: Final = (
    "weight_hr (P, H) makes h from the cell: h = weight_hr @ (o * tanh(c)). So h, hn and output are P wide, weight_hh "
    "reads P, and cn stays H wide; it has no gate rows and no bias."
)


@record()
class Gate:
    """One gate and the rows that it has in weight_ih, weight_hh, bias_ih and bias_hh."""

    letter: Annotated[str, Limit(enum=list(GATES))]  #: i, f, g or o, as in the equations.
    name: str  #: its name.
    meaning: str  #: what it does.
    start: Natural  #: its first row.
    stop: Natural  #: the row behind its last one.

    def of(self, parameter: str) -> str:
        """The gate's rows of a parameter, as an expression."""
        return f"{parameter}[{self.start}:{self.stop}]"


def gates(spec: LSTMSpec) -> tuple[Gate, ...]:
    """The gates in the order of their rows: H rows each."""
    rows = spec.hidden_size
    return tuple(Gate(*gate, start=place * rows, stop=(place + 1) * rows) for place, gate in enumerate(_GATES))


@record("name layer direction formula predicted=shape gated count actual bytes")
class Parameter:
    """One parameter of nn.LSTM: what was predicted of it and, where torch was asked, what it says."""

    name: str  #: torch's name, such as ``weight_ih_l0_reverse``.
    layer: Natural  #: from 0.
    direction: Direction  #: "forward" or "reverse".
    formula: str  #: the axes in letters.
    shape: Shape  #: the axes in numbers.
    itemsize: int  #: bytes of one of its numbers.
    actual: Shape | None = None  #: its shape in torch; None if torch was not asked, or not for this layer.

    @property
    def count(self) -> Natural:
        """How many numbers it holds."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> Natural:
        """The bytes of those numbers."""
        return self.count * self.itemsize

    @property
    def gated(self) -> bool:
        """Whether its rows are those of the four gates: all but weight_hr's."""
        return not self.name.startswith("weight_hr")


def parameters(spec: LSTMSpec) -> list[Parameter]:
    """Every parameter, in the order of ``module.named_parameters()``."""
    places = ((layer, direction) for layer in range(spec.num_layers) for direction in spec.directions)
    return [parameter for place in places for parameter in layer_parameters(spec, *place)]


def how_many(spec: LSTMSpec) -> int:
    """How many parameters there are."""
    return spec.num_states * len(layer_parameters(spec, 0, "forward"))


def parameter(spec: LSTMSpec, place: int) -> Parameter:
    """The parameter at a place of ``parameters``, without making the others."""
    row, column = divmod(place, how_many(spec) // spec.num_states)
    layer, direction = divmod(row, spec.num_directions)
    return layer_parameters(spec, layer, spec.directions[direction])[column]


def layer_parameters(spec: LSTMSpec, layer: int, direction: str) -> tuple[Parameter, ...]:
    """The parameters of one layer and direction."""
    rows, state = len(GATES) * spec.hidden_size, "P" if spec.proj_size else "H"
    read = "I" if layer == 0 else f"2*{state}" if spec.bidirectional else state
    shapes: list[tuple[str, str, Shape]] = [
        ("weight_ih", f"(4*H, {read})", (rows, input_width(spec, layer))),
        ("weight_hh", f"(4*H, {state})", (rows, spec.state_size)),
    ]
    if spec.bias:
        shapes += [("bias_ih", "(4*H,)", (rows,)), ("bias_hh", "(4*H,)", (rows,))]
    if spec.proj_size:
        shapes.append(("weight_hr", "(P, H)", (spec.proj_size, spec.hidden_size)))
    suffix, size = f"_l{layer}" + ("_reverse" if direction == "reverse" else ""), spec.itemsize
    return tuple(Parameter(name + suffix, layer, direction, letters, shape, size) for name, letters, shape in shapes)


def input_width(spec: LSTMSpec, layer: int) -> int:
    """Features that a layer reads: I for layer 0, D * R after."""
    return spec.input_size if layer == 0 else spec.output_size


def widest_input(spec: LSTMSpec) -> int:
    """The most features that a layer reads."""
    return max(input_width(spec, 0), input_width(spec, spec.num_layers - 1))


def layer_parameter_count(spec: LSTMSpec, layer: int) -> int:
    """Numbers in one layer, all directions: D * (4H*in + 4H*R + 8H + P*H)."""
    return spec.num_directions * sum(parameter.count for parameter in layer_parameters(spec, layer, "forward"))


def parameter_count(spec: LSTMSpec) -> int:
    """Numbers in the whole module."""
    return layer_parameter_count(spec, 0) + (spec.num_layers - 1) * layer_parameter_count(spec, 1)
