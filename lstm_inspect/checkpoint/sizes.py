"""What kind of recurrent module a group of parameters is, and its sizes: by vote, so that one bad shape is outvoted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from lstm_inspect.checkpoint.groups import Group
from lstm_inspect.theory.contract import Natural, Positive, written
from lstm_inspect.theory.shapes import Shape

GATE_COUNTS: Final = {"LSTM": 4, "GRU": 3, "RNN": 1}
"""Gates of each kind of module: weight_hh has so many times hidden_size rows (torch.nn's documentation)."""

_KIND_OF: Final = {count: kind for kind, count in GATE_COUNTS.items()}
_GATED: Final = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")

T = TypeVar("T")


@written("input_size hidden_size num_layers bidirectional bias proj_size dtype")
@dataclass(frozen=True, slots=True)
class Sizes:
    """What most of a module's parameters agree on.

    Attributes:
        kind: "LSTM", "GRU" or "RNN".
        assumed: whether no weight_hh tells the kind, and it is taken for an LSTM.
        input_size: None if there is no weight_ih of layer 0.
        num_layers: the highest layer's number + 1; 1 in a cell.
    """

    kind: str
    assumed: bool
    input_size: Positive | None
    hidden_size: Positive
    num_layers: Positive
    bidirectional: bool
    bias: bool
    proj_size: Natural
    dtype: str


def sizes(group: Group) -> Sizes | None:
    """The kind and the sizes of a module; None if its shapes fit no LSTM, GRU or RNN."""
    known = _gates(group)
    gates = known or GATE_COUNTS["LSTM"]
    hidden = _most_common(_hidden_votes(group, gates))
    if hidden is None:
        return None
    slots = list(group.parameters)
    return Sizes(
        kind=_KIND_OF[gates],
        assumed=known is None,
        input_size=_most_common(_input_votes(group)),
        hidden_size=hidden,
        num_layers=1 + max(slot.layer or 0 for slot in slots),
        bidirectional=_bidirectional(group),
        bias=any(slot.kind.startswith("bias") for slot in slots),
        proj_size=_most_common(_projection_votes(group)) or 0,
        dtype=_most_common(stored.entry.dtype for stored in group.parameters.values()) or "",
    )


def _bidirectional(group: Group) -> bool:
    return any(slot.reverse for slot in group.parameters)


def _projected(group: Group) -> bool:
    return any(slot.kind == "weight_hr" for slot in group.parameters)


def _shapes(group: Group, *kinds: str, axes: int | None = None) -> Iterator[tuple[int | None, Shape]]:
    """Layer and shape of the parameters of some kinds, if they have as many axes as they should."""
    for slot, stored in group.parameters.items():
        shape = stored.entry.shape
        wanted = axes or (1 if slot.kind.startswith("bias") else 2)
        if slot.kind in kinds and len(shape) == wanted and all(size > 0 for size in shape):
            yield slot.layer, shape


def _gates(group: Group) -> int | None:
    """The gates a weight_hh has for each hidden feature; the layers above the first tell it too."""
    if _projected(group):
        return GATE_COUNTS["LSTM"]
    square = (_ratio(rows, columns) for _, (rows, columns) in _shapes(group, "weight_hh"))
    directions = 2 if _bidirectional(group) else 1
    above = (_ratio(rows * directions, columns) for layer, (rows, columns) in _shapes(group, "weight_ih") if layer)
    return _most_common(ratio for ratio in square if ratio) or _most_common(ratio for ratio in above if ratio)


def _ratio(rows: int, columns: int) -> int | None:
    gates, rest = divmod(rows, columns)
    return gates if rest == 0 and gates in _KIND_OF else None


def _hidden_votes(group: Group, gates: int) -> Iterator[int]:
    for _, (rows, *_) in _shapes(group, *_GATED):
        if rows % gates == 0:
            yield rows // gates
    if not _projected(group):
        yield from (columns for _, (_, columns) in _shapes(group, "weight_hh") if columns * gates in _rows(group))
    yield from (columns for _, (_, columns) in _shapes(group, "weight_hr"))


def _rows(group: Group) -> set[int]:
    return {shape[0] for _, shape in _shapes(group, *_GATED)}


def _input_votes(group: Group) -> Iterator[int]:
    return (columns for layer, (_, columns) in _shapes(group, "weight_ih") if not layer)


def _projection_votes(group: Group) -> Iterator[int]:
    if _projected(group):
        yield from (rows for _, (rows, _) in _shapes(group, "weight_hr"))
        yield from (columns for _, (_, columns) in _shapes(group, "weight_hh"))


def _most_common(votes: Iterable[T]) -> T | None:
    """The value with most votes; of several the one that came first."""
    counted = Counter(votes).most_common(1)
    return counted[0][0] if counted else None
