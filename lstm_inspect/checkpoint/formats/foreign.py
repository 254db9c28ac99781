"""LSTMs of other frameworks as torch's nn.LSTM: which of their arrays become which parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from lstm_inspect.checkpoint.found import FoundLSTM, FoundParameter, Problem
from lstm_inspect.checkpoint.others import OtherModule, other_module
from lstm_inspect.checkpoint.sizes import GATE_COUNTS, Sizes
from lstm_inspect.theory.dtypes import DTYPES
from lstm_inspect.theory.shapes import Shape
from lstm_inspect.theory.spec import LSTMSpec

Part = tuple[str, Shape, str]
"""An array: its name in the file, its shape, its dtype."""

Direction = dict[str, Part]
"""The arrays of one layer and direction, by the parameter of torch that they become."""

QUANTIZED: Final = "DynamicQuantizeLSTM"
KINDS: Final = {count: kind for kind, count in GATE_COUNTS.items()}


@dataclass(slots=True)
class Foreign:
    """A recurrent module of another framework.

    Attributes:
        input_size: None if nothing tells it.
        layers: from the lowest, each with its directions, forward first.
        batch_first: whether it reads (B, T, I).
        by_attribute: what the file says in words, where torch's names or shapes would have said it.
        obstacles: what it does that torch's module does not.
    """

    name: str
    kind: str
    input_size: int | None
    hidden_size: int
    layers: list[list[Direction]]
    batch_first: bool
    by_attribute: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)


def modules(found: Sequence[Foreign]) -> tuple[list[FoundLSTM], list[OtherModule]]:
    """The LSTMs among them, and the others."""
    return [_lstm(each) for each in found if each.kind == "LSTM"], [
        _other(each) for each in found if each.kind != "LSTM"
    ]


def _other(module: Foreign) -> OtherModule:
    if module.kind == QUANTIZED:
        message = "an LSTM of ONNX Runtime, quantized: its weights are int8, with scales beside them"
        return OtherModule((), module.name, "", "quantized LSTM", None, message)
    return other_module(module.name, module.kind, _sizes(module))


def _sizes(module: Foreign) -> Sizes:
    dtypes = [dtype for layer in module.layers for direction in layer for _, _, dtype in direction.values()]
    return Sizes(
        kind=module.kind,
        assumed=False,
        input_size=module.input_size,
        hidden_size=module.hidden_size,
        num_layers=len(module.layers),
        bidirectional=len(module.layers[0]) == 2,
        bias="bias_ih" in module.layers[0][0],
        proj_size=0,
        dtype=dtypes[0] if dtypes else "float32",
    )


def _lstm(module: Foreign) -> FoundLSTM:
    agreed = _sizes(module)
    told = dict.fromkeys(("input_size", "hidden_size"), "shape")
    told |= dict.fromkeys(("num_layers", "bidirectional", "bias"), "name")
    told |= dict.fromkeys((*module.by_attribute, "batch_first"), "attribute")
    spec = LSTMSpec(
        input_size=module.input_size or 1,
        hidden_size=module.hidden_size,
        num_layers=len(module.layers),
        bias=agreed.bias,
        bidirectional=agreed.bidirectional,
        batch_first=module.batch_first,
        dtype=agreed.dtype if agreed.dtype in DTYPES else "float32",
    )
    parameters = [
        FoundParameter(f"{kind}_l{layer}{end}", name, shape, dtype)
        for layer, directions in enumerate(module.layers)
        for end, direction in zip(("", "_reverse"), directions, strict=False)
        for kind, (name, shape, dtype) in direction.items()
    ]
    problems = [Problem("foreign", obstacle) for obstacle in module.obstacles]
    known = None if module.input_size is None else spec
    return FoundLSTM((), module.name, "", agreed, known, parameters, told, module.notes, problems)
