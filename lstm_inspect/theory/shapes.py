"""The expected shape and the axes of every tensor of one call."""

import math

from lstm_inspect.theory.contract import record
from lstm_inspect.theory.letters import in_letters
from lstm_inspect.theory.spec import LSTMSpec

Shape = tuple[int, ...]


@record("name axes formula predicted=shape meaning actual dtype")
class TensorReport:
    """One tensor: what was predicted of it and, after a run, what was measured."""

    name: str
    axes: tuple[str, ...]
    shape: Shape
    meaning: str
    dtype: str
    actual: Shape | None = None

    @property
    def otherwise(self) -> Shape | None:
        """The measured shape, where it is not the predicted one."""
        return None if self.actual == self.shape else self.actual

    @property
    def expression(self) -> str:
        """The tensor itself: a PackedSequence's data."""
        return f"{self.name}.data" if self.name.startswith("packed_") else self.name

    @property
    def letters(self) -> tuple[str, ...]:
        """The letter of each axis."""
        return tuple(map(in_letters, self.axes))

    @property
    def formula(self) -> str:
        """The axes in letters: (T, B, I) of input."""
        return format_tuple(self.letters)


def format_tuple(parts: tuple[object, ...]) -> str:
    """A tuple as Python writes it, text in it without quotes: (5, 3), (T,)."""
    return f"({', '.join(str(part) for part in parts)}{',' if len(parts) == 1 else ''})"


def tensors(spec: LSTMSpec) -> dict[str, TensorReport]:
    """Every tensor of ``output, (hn, cn) = lstm(input, (h0, c0))`` by its name, in the contract's order.

    >>> tensors(LSTMSpec(bidirectional=True))["output"].shape
    (5, 3, 40)
    """
    hidden = "proj_size" if spec.proj_size else "hidden_size"
    output = f"num_directions * {hidden}"
    top = "the top layer's hidden state, each step"
    if spec.bidirectional:
        top = "top layer, each step: forward, then reverse"
    if spec.lengths:
        top += "; padded after each sequence's end"
    features = "the padded batch of sequences" if spec.lengths else "the features of every time step"
    h, c = _state_axes(spec, hidden), _state_axes(spec, "hidden_size")
    table = [
        ("input", _sequence_axes(spec, "input_size"), features),
        ("h0", h, "initial hidden state by layer and direction"),
        ("c0", c, "initial cell state by layer and direction"),
        ("output", _sequence_axes(spec, output), top),
        ("hn", h, "final hidden state by layer and direction"),
        ("cn", c, "final cell state by layer and direction"),
    ]
    if spec.lengths:
        valid, order = "sum of lengths", "packed_input.data: the valid steps alone, time step by time step"
        table.append(("packed_input", (valid, "input_size"), order))
        table.append(("packed_output", (valid, output), "packed_output.data: output's valid steps in the same order"))
    return {
        name: TensorReport(name, axes, tuple(axis_size(spec, axis) for axis in axes), meaning, spec.dtype)
        for name, axes, meaning in table
    }


def _sequence_axes(spec: LSTMSpec, features: str) -> tuple[str, ...]:
    if not spec.batched:
        return ("seq_len", features)
    return ("batch_size", "seq_len", features) if spec.batch_first else ("seq_len", "batch_size", features)


def _state_axes(spec: LSTMSpec, features: str) -> tuple[str, ...]:
    rows = "num_layers * num_directions"
    return (rows, "batch_size", features) if spec.batched else (rows, features)


def axis_size(spec: LSTMSpec, axis: str) -> int:
    """The size of an axis named as in the JSON contract."""
    if axis == "sum of lengths":
        return spec.valid_steps
    return math.prod(getattr(spec, factor) for factor in axis.split(" * "))
