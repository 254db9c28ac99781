"""Gate order and layout of other frameworks beside torch's, and the expressions that convert one into the other.

Sources: the operator page of ONNX (https://onnx.ai/onnx/operators/onnx__LSTM.html), Keras 3
(keras/src/layers/rnn/lstm.py) and Flax linen (flax/linen/recurrent.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lstm_inspect.errors import SpecError
from lstm_inspect.theory.contract import written
from lstm_inspect.theory.expressions import constructor
from lstm_inspect.theory.parameters import GATES, gates
from lstm_inspect.theory.spec import LSTMSpec

NO_PROJECTION: Final = "LSTM there has no projection: proj_size has no counterpart, so there is nothing to convert to"

_ONNX_GATES: Final = ("i", "o", "f", "g")
_FROM_TORCH: Final = tuple(GATES.index(gate) for gate in _ONNX_GATES)
_TO_TORCH: Final = tuple(_ONNX_GATES.index(gate) for gate in GATES)


@written("framework gates kernels bias state")
@dataclass(frozen=True, slots=True)
class Layout:
    """How one framework lays an LSTM's weights out.

    Attributes:
        framework: its name.
        gates: the gates in its order, by its own letters.
        kernels, bias, state: their layout, in letters; in is what the layer reads.
    """

    framework: str
    gates: str
    kernels: str
    bias: str
    state: str


LAYOUTS: Final = (
    Layout("torch", "i f g o", "weight_ih (4H, in), weight_hh (4H, R)", "two, (4H,) each, added", "(h, c)"),
    Layout(
        "Keras",
        "i f c o (c is torch's g): the same order",
        "transposed: kernel (in, 4H), recurrent_kernel (H, 4H)",
        "one, (4H,); its forget part starts at 1",
        "[h, c]",
    ),
    Layout(
        "ONNX",
        "i o f c (c is torch's g)",
        "W (D, 4H, in), R (D, 4H, H)",
        "B (D, 8H): W's 4H, then R's",
        "initial_h, initial_c (D, B, H); Y (T, D, B, H)",
    ),
    Layout(
        "Flax linen",
        "i f g o, a kernel for each",
        "transposed: ii, if, ig, io (in, H), hi, hf, hg, ho (H, H)",
        "one, on the h side: hi, hf, hg, ho (H,)",
        "(c, h)",
    ),
)


@written("name expression")
@dataclass(frozen=True, slots=True)
class Assignment:
    """A name in one framework and the expression over the other's names that gives its value."""

    name: str
    expression: str


@written("framework from_torch to_torch result note")
@dataclass(frozen=True, slots=True)
class Conversion:
    """One layer's weights from torch to a framework and back.

    Attributes:
        framework: its name, as in ``LAYOUTS``.
        from_torch: what the framework takes, over ``torch lstm h0 c0``.
        to_torch: what ``lstm.load_state_dict`` takes, over ``torch`` and the framework's own names, as tensors.
        result: what torch calls output, over the framework's own result; None if it has that form already.
        note: what else there is to know.
    """

    framework: str
    from_torch: tuple[Assignment, ...]
    to_torch: tuple[Assignment, ...]
    result: Assignment | None
    note: str


def conversions(spec: LSTMSpec, layer: int = 0, direction: int = 0) -> tuple[Conversion, ...]:
    """The conversions of one layer; none with a projection, which only torch has.

    Args:
        spec: the LSTM.
        layer: from 0.
        direction: 0 forward, 1 reverse; ONNX keeps all directions of a layer in one tensor.

    >>> conversions(LSTMSpec())[0].from_torch[0]
    Assignment(name='kernel', expression='lstm.weight_ih_l0.T')
    """
    if spec.proj_size:
        return ()
    keras, onnx, flax = _HANDINGS.values()
    return keras.conversion(spec, layer, direction), _onnx(spec, layer, onnx), flax.conversion(spec, layer, direction)


def code(spec: LSTMSpec, framework: str) -> str:
    """Functions that convert every layer and direction, to a framework and back: Python to paste.

    Args:
        spec: the LSTM.
        framework: one of FRAMEWORKS.

    Raises:
        SpecError: it has a projection, which only torch has.

    >>> names = {}
    >>> exec(code(LSTMSpec(), "keras"), names)
    >>> sorted(name for name in names if name.startswith("lstm"))
    ['lstm_from_keras', 'lstm_to_keras']
    """
    if spec.proj_size:
        raise SpecError("proj_size", str(spec.proj_size), f"0: {NO_PROJECTION}", "{proj_size=0}")
    handing = _HANDINGS[framework]
    there, back = handing.expressions(spec)
    names = "params" if handing.start else ", ".join(there)
    parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")[: 4 if spec.bias else 2]
    lines = [handing.start] * bool(handing.start) + [f"{name} = {expression}" for name, expression in there.items()]
    return handing.helper + _CODE.format(
        framework=framework,
        constructor=constructor(spec.replace(batch_first=False, dropout=0.0)),
        ends='"", "_reverse"' if spec.bidirectional else '"",',
        layers=spec.num_layers,
        parts=", ".join(parts),
        quoted=", ".join(f'"{part}"' for part in parts),
        exact=".float()" if spec.dtype == "bfloat16" else "",  # numpy has no such dtype
        told=handing.told,
        there="".join(f"            {line}\n" for line in lines),
        names=names,
        join=handing.join,
        take=handing.take.format(names=names, count=len(there)),
        back="".join(f'            state["{name}" + place] = {each}\n' for name, each in back.items()),
    )


_CODE: Final = """

def tensor(array):
    return torch.from_numpy(numpy.array(array))


def lstm_to_{framework}(lstm):
    # {told}
    state, layers = lstm.state_dict(), []
    for layer in range({layers}):
        directions = []
        for end in ({ends}):
            {parts} = (
                state[f"{{name}}_l{{layer}}{{end}}"].cpu(){exact}
                for name in ({quoted})
            )
{there}            directions.append(({names},))
        layers.append({join})
    return layers


def lstm_from_{framework}(layers):
    # Of what lstm_to_{framework} gives, what load_state_dict takes of
    # {constructor}.
    state = {{}}
    for layer, given in enumerate(layers):
        for direction, end in enumerate(({ends})):
            place = f"_l{{layer}}{{end}}"
            {take}
{back}    return state
"""
_PART: Final = re.compile(r"\b(?:weight|bias)_[ih]h\b")
_INPUT: Final = re.compile(r"\b[WRB]\b")
_KERNELS: Final = (("W", "ih"), ("R", "hh"))
_SIDES: Final = (("i", "ih"), ("h", "hh"))
_Expressions = tuple[dict[str, str], dict[str, str]]
"""One layer and direction: a framework's parts over torch's names without their place, and torch's over its parts."""


@dataclass(frozen=True, slots=True)
class _Handing:
    """How a framework is handed the weights of an LSTM.

    Attributes:
        framework: its name.
        told: what the functions of ``code`` give and take.
        expressions: what it calls each part.
        join: the directions of a layer, each a tuple of parts, as it takes them.
        take: one direction out of a layer that it gives.
        state: what it calls an initial state, and its expression over a row of h0 and c0.
        note, without_bias: what else there is to know.
        start: a line before the parts. helper: what those lines need.
    """

    framework: str
    told: str
    expressions: Callable[[LSTMSpec], _Expressions]
    join: str
    take: str
    state: tuple[str, str]
    note: str
    without_bias: str
    start: str = ""
    helper: str = "import numpy\nimport torch\n"

    def conversion(self, spec: LSTMSpec, layer: int, direction: int) -> Conversion:
        """The conversion of one layer and direction."""
        there, back = self.expressions(spec)
        end, row = _suffix(layer, direction), layer * spec.num_directions + direction
        name, state = self.state
        there = {**_of_torch(there, end), name: state.format(row=row)}
        return Conversion(self.framework, _assign(there), _assign(_into_torch(back, end)), None, self.noted(spec))

    def noted(self, spec: LSTMSpec) -> str:
        """What there is to know of a spec."""
        return self.note + ("" if spec.bias else f"; {self.without_bias}")


def _suffix(layer: int, direction: int) -> str:
    return f"_l{layer}" + ("_reverse" if direction else "")


def _of_torch(there: dict[str, str], end: str) -> dict[str, str]:
    """The same expressions over a module's parameters of one layer and direction."""
    return {name: _PART.sub(rf"lstm.\g<0>{end}", expression) for name, expression in there.items()}


def _into_torch(back: dict[str, str], end: str) -> dict[str, str]:
    return {name + end: expression for name, expression in back.items()}


def _assign(pairs: dict[str, str]) -> tuple[Assignment, ...]:
    return tuple(Assignment(name, expression) for name, expression in pairs.items())


def _keras_expressions(spec: LSTMSpec) -> _Expressions:
    there = {"kernel": "weight_ih.T", "recurrent_kernel": "weight_hh.T"}
    back = {"weight_ih": "kernel.T", "weight_hh": "recurrent_kernel.T"}
    if spec.bias:
        there["bias"] = "bias_ih + bias_hh"
        back |= {"bias_ih": "bias", "bias_hh": f"torch.zeros({4 * spec.hidden_size})"}
    return there, back


def _onnx_expressions(spec: LSTMSpec) -> _Expressions:
    there = {name: f"torch.cat([weight_{part}.chunk(4)[gate] for gate in {_FROM_TORCH}])" for name, part in _KERNELS}
    back = {f"weight_{part}": f"torch.cat([{name}.chunk(4)[gate] for gate in {_TO_TORCH}])" for name, part in _KERNELS}
    if spec.bias:
        there["B"] = f"torch.cat([bias.chunk(4)[gate] for bias in (bias_ih, bias_hh) for gate in {_FROM_TORCH}])"
        of_hh = tuple(4 + gate for gate in _TO_TORCH)  # after the four of W
        back |= {
            f"bias_{part}": f"torch.cat([B.chunk(8)[gate] for gate in {order}])"
            for part, order in (("ih", _TO_TORCH), ("hh", of_hh))
        }
    return there, back


def _onnx(spec: LSTMSpec, layer: int, handing: _Handing) -> Conversion:
    """All directions of a layer, which ONNX keeps in one tensor."""
    ends = [_suffix(layer, direction) for direction in range(spec.num_directions)]
    there, back = handing.expressions(spec)
    each = [_of_torch(there, end) for end in ends]
    stacked = {name: f"torch.stack([{', '.join(one[name] for one in each)}])" for name in there}
    rows = f"{layer * len(ends)}:{(layer + 1) * len(ends)}"
    stacked |= {f"initial_{name}": f"{name}0[{rows}]" for name in ("h", "c")}
    apart = {
        name + end: _INPUT.sub(rf"\g<0>[{direction}]", expression)
        for direction, end in enumerate(ends)
        for name, expression in back.items()
    }
    result = Assignment("output", "Y.transpose(1, 2).flatten(2)")
    return Conversion(handing.framework, _assign(stacked), _assign(apart), result, handing.noted(spec))


def _flax_expressions(spec: LSTMSpec) -> _Expressions:
    there = {
        f'params["{side}{gate.letter}"]["kernel"]': f"{gate.of(f'weight_{part}')}.T"
        for side, part in _SIDES
        for gate in gates(spec)
    }
    for gate in gates(spec):
        both = gate.of("(bias_ih + bias_hh)") if spec.bias else f"torch.zeros({spec.hidden_size})"
        there[f'params["h{gate.letter}"]["bias"]'] = both
    back = {f"weight_{part}": _joined(side, "kernel", ".T") for side, part in _SIDES}
    if spec.bias:
        back |= {"bias_ih": f"torch.zeros({4 * spec.hidden_size})", "bias_hh": _joined("h", "bias")}
    return there, back


def _joined(side: str, leaf: str, transposed: str = "") -> str:
    names = ", ".join(f'"{side}{gate}"' for gate in GATES)
    return f'torch.cat([params[gate]["{leaf}"]{transposed} for gate in ({names})])'


_HANDINGS: Final = {
    "keras": _Handing(
        "Keras",
        "What each layer's set_weights takes; of Bidirectional, forward first.",
        _keras_expressions,
        "[each.numpy() for one in directions for each in one]",
        "{names} = map(tensor, given[{count} * direction :][:{count}])",
        ("initial_state", "[h0[{row}], c0[{row}]]"),
        "layer.get_weights() gives these arrays in this order",
        "use_bias=False",
    ),
    "onnx": _Handing(
        "ONNX",
        "The inputs W, R and B of one LSTM node a layer; no B without bias.",
        _onnx_expressions,
        "[torch.stack(each).numpy() for each in zip(*directions)]",
        "{names} = (tensor(each[direction]) for each in given)",
        ("", ""),
        'one LSTM node a layer; direction="bidirectional" with two',
        "no input B",
    ),
    "flax": _Handing(
        "Flax linen",
        "The params of one LSTMCell a layer and direction.",
        _flax_expressions,
        "[nested(torch.Tensor.numpy, params) for (params,) in directions]",
        "params = nested(tensor, given[direction])",
        ("carry", "(c0[{row}], h0[{row}])"),
        "LSTMCell and OptimizedLSTMCell share these names",
        "its biases must be zeros",
        'params = {side + gate: {} for side in "ih" for gate in "ifgo"}',
        """import numpy
import torch


def nested(change, params):
    return {
        name: {leaf: change(value) for leaf, value in gate.items()}
        for name, gate in params.items()
    }
""",
    ),
}
FRAMEWORKS: Final = tuple(_HANDINGS)
"""The frameworks that ``code`` knows."""
