"""What kind of recurrent module a group of parameters is, and its sizes: by vote, so that one bad shape is outvoted."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from lstm_inspect.checkpoint.groups import Slot
from lstm_inspect.theory.contract import Natural, Positive, record
from lstm_inspect.theory.dtypes import DTYPES
from lstm_inspect.theory.shapes import Shape
from lstm_inspect.theory.spec import LSTMSpec

GATE_COUNTS: Final = {"LSTM": 4, "GRU": 3, "RNN": 1}
"""Gates of each kind of module: weight_hh has so many times hidden_size rows (torch.nn's documentation)."""

KIND_OF: Final = {count: kind for kind, count in GATE_COUNTS.items()}
"""The kind of module that has so many gates."""

T = TypeVar("T")


@record("input_size hidden_size num_layers bidirectional bias proj_size dtype")
class Sizes:
    """What most of a module's parameters agree on."""

    kind: str  #: "LSTM", "GRU" or "RNN".
    input_size: Positive | None  #: None if there is no weight_ih of layer 0.
    hidden_size: Positive
    num_layers: Positive  #: the highest layer's number + 1; 1 in a cell.
    bidirectional: bool
    bias: bool
    dtype: str
    proj_size: Natural = 0
    assumed: bool = False  #: whether no weight_hh tells the kind, and it is taken for an LSTM.

    def spec(self, attributes: Mapping[str, Any]) -> LSTMSpec:
        """The LSTM of these sizes, with what attributes say of it; 1 and float32 stand for what it can't have.

        Raises:
            SpecError: there is none.
        """
        return LSTMSpec(
            input_size=1 if self.input_size is None else self.input_size,
            hidden_size=self.hidden_size,
            num_layers=self.num_layers,
            bias=self.bias,
            bidirectional=self.bidirectional,
            proj_size=self.proj_size,
            dtype=self.dtype if self.dtype in DTYPES else "float32",
            **attributes,
        )


def sizes(shapes: Mapping[Slot, Shape], dtypes: Iterable[str]) -> Sizes | None:
    """The kind and the sizes of a module by its parameters; None if their shapes fit no LSTM, GRU or RNN."""
    directions = 1 + any(slot.reverse for slot in shapes)
    projected = any(slot.kind == "weight_hr" for slot in shapes)
    sound = [(slot, shape) for slot, shape in shapes.items() if _is_sound(slot, shape)]
    inputs, recurrent, projections = (
        [(slot.layer, shape[0], shape[1]) for slot, shape in sound if slot.kind == kind]
        for kind in ("weight_ih", "weight_hh", "weight_hr")
    )
    square = [_gates(rows, columns) for _, rows, columns in recurrent]
    above = [_gates(rows * directions, columns) for layer, rows, columns in inputs if layer]
    told = GATE_COUNTS["LSTM"] if projected else _most_common(square) or _most_common(above)
    gates = told or GATE_COUNTS["LSTM"]
    gate_rows = [shape[0] for slot, shape in sound if slot.kind != "weight_hr"]
    seen_rows = set(gate_rows)
    columns_of = [columns for _, _, columns in recurrent]
    hidden = [rows // gates for rows in gate_rows if rows % gates == 0]
    hidden += [columns for _, _, columns in projections]
    if not projected:
        hidden += [columns for columns in columns_of if columns * gates in seen_rows]
    hidden_size = _most_common(hidden)
    if hidden_size is None:
        return None
    return Sizes(
        kind=KIND_OF[gates],
        input_size=_most_common(columns for layer, _, columns in inputs if not layer),
        hidden_size=hidden_size,
        num_layers=1 + max(slot.layer or 0 for slot in shapes),
        bidirectional=directions == 2,
        bias=any(slot.kind.startswith("bias") for slot in shapes),
        dtype=_most_common(dtypes) or "",
        proj_size=_most_common([rows for _, rows, _ in projections] + columns_of) or 0 if projected else 0,
        assumed=told is None,
    )


def _is_sound(slot: Slot, shape: Shape) -> bool:
    """Whether a shape has as many axes as it should, none of them empty."""
    return len(shape) == (1 if slot.kind.startswith("bias") else 2) and all(size > 0 for size in shape)


def _gates(rows: int, columns: int) -> int | None:
    """The gates that rows make for each hidden feature, which is a column; None if no kind has so many."""
    gates, rest = divmod(rows, columns)
    return gates if rest == 0 and gates in KIND_OF else None


def _most_common(votes: Iterable[T | None]) -> T | None:
    """The value with most votes; of several the one that came first."""
    counted = Counter(vote for vote in votes if vote is not None).most_common(1)
    return counted[0][0] if counted else None
