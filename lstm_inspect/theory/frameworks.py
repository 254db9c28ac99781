"""Gate order and layout of other frameworks beside torch's, and the expressions that convert one into the other.

Sources: the operator page of ONNX (https://onnx.ai/onnx/operators/onnx__LSTM.html), Keras 3
(keras/src/layers/rnn/lstm.py) and Flax linen (flax/linen/recurrent.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lstm_inspect.theory.contract import written
from lstm_inspect.theory.parameters import GATES, gates
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.theory.spec import LSTMSpec

NO_PROJECTION: Final = "LSTM there has no projection: proj_size has no counterpart, so there is nothing to convert to"

_ONNX_GATES: Final = ("i", "o", "f", "g")
_FROM_TORCH: Final = [GATES.index(gate) for gate in _ONNX_GATES]
_TO_TORCH: Final = [_ONNX_GATES.index(gate) for gate in GATES]


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
    return _keras(spec, layer, direction), _onnx(spec, layer), _flax(spec, layer, direction)


def _suffix(layer: int, direction: int) -> str:
    return f"_l{layer}" + ("_reverse" if direction else "")


def _assign(pairs: dict[str, str]) -> tuple[Assignment, ...]:
    return tuple(Assignment(name, expression) for name, expression in pairs.items())


def _keras(spec: LSTMSpec, layer: int, direction: int) -> Conversion:
    end, row = _suffix(layer, direction), layer * spec.num_directions + direction
    there = {"kernel": f"lstm.weight_ih{end}.T", "recurrent_kernel": f"lstm.weight_hh{end}.T"}
    back = {f"weight_ih{end}": "kernel.T", f"weight_hh{end}": "recurrent_kernel.T"}
    if spec.bias:
        there["bias"] = f"lstm.bias_ih{end} + lstm.bias_hh{end}"
        back |= {f"bias_ih{end}": "bias", f"bias_hh{end}": f"torch.zeros({4 * spec.hidden_size})"}
    there["initial_state"] = f"[h0[{row}], c0[{row}]]"
    note = "layer.get_weights() gives these arrays in this order" + ("" if spec.bias else "; use_bias=False")
    return Conversion("Keras", _assign(there), _assign(back), None, note)


def _onnx(spec: LSTMSpec, layer: int) -> Conversion:
    size, directions = spec.hidden_size, spec.num_directions
    ends = [_suffix(layer, direction) for direction in range(directions)]
    regate = f".view({directions}, 4, {size}, -1)[:, {_FROM_TORCH}].flatten(1, 2)"
    there = {name: f"{_stack('weight_' + part, ends)}{regate}" for name, part in (("W", "ih"), ("R", "hh"))}
    back = {}
    for direction, end in enumerate(ends):
        for name, part in (("W", "ih"), ("R", "hh")):
            back[f"weight_{part}{end}"] = f"{name}[{direction}].view(4, {size}, -1)[{_TO_TORCH}].flatten(0, 1)"
    if spec.bias:
        biases = format_tuple(tuple(f"lstm.bias_{part}{end}" for end in ends for part in ("ih", "hh")))
        there["B"] = f"torch.stack({biases}).view({directions}, 2, 4, {size})[:, :, {_FROM_TORCH}].flatten(1)"
        for direction, end in enumerate(ends):
            for place, part in enumerate(("ih", "hh")):
                rows = f"B[{direction}].view(2, 4, {size})[{place}, {_TO_TORCH}]"
                back[f"bias_{part}{end}"] = f"{rows}.flatten()"
    first = layer * directions
    there |= {f"initial_{name}": f"{name}0[{first}:{first + directions}]" for name in ("h", "c")}
    note = 'one LSTM node a layer; direction="bidirectional" with two' + ("" if spec.bias else "; no input B")
    return Conversion("ONNX", _assign(there), _assign(back), Assignment("output", "Y.transpose(1, 2).flatten(2)"), note)


def _stack(parameter: str, ends: list[str]) -> str:
    names = tuple(f"lstm.{parameter}{end}" for end in ends)
    return names[0] if len(names) == 1 else f"torch.stack({format_tuple(names)})"


def _flax(spec: LSTMSpec, layer: int, direction: int) -> Conversion:
    end, row = _suffix(layer, direction), layer * spec.num_directions + direction
    there = {}
    for side, part in (("i", "ih"), ("h", "hh")):
        for gate in gates(spec):
            there[f'params["{side}{gate.letter}"]["kernel"]'] = f"lstm.{gate.of(f'weight_{part}{end}')}.T"
    for gate in gates(spec):
        both = gate.of(f"(lstm.bias_ih{end} + lstm.bias_hh{end})")
        there[f'params["h{gate.letter}"]["bias"]'] = both if spec.bias else f"torch.zeros({spec.hidden_size})"
    there["carry"] = f"(c0[{row}], h0[{row}])"
    back = {f"weight_{part}{end}": _joined(side, "kernel", ".T") for side, part in (("i", "ih"), ("h", "hh"))}
    if spec.bias:
        back |= {f"bias_ih{end}": f"torch.zeros({4 * spec.hidden_size})", f"bias_hh{end}": _joined("h", "bias")}
    note = "LSTMCell and OptimizedLSTMCell share these names" + ("" if spec.bias else "; its biases must be zeros")
    return Conversion("Flax linen", _assign(there), _assign(back), None, note)


def _joined(side: str, leaf: str, transposed: str = "") -> str:
    names = ", ".join(f'"{side}{gate}"' for gate in GATES)
    return f'torch.cat([params[gate]["{leaf}"]{transposed} for gate in ({names})])'
