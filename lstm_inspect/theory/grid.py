"""Every structure that nn.LSTM can have, at small sizes that all differ."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from lstm_inspect.theory.spec import LSTMSpec

_SIZES: Final = {"input_size": 5, "hidden_size": 8, "seq_len": 7, "batch_size": 3}
_LENGTHS: Final = (4, 7, 2)

BATCHES: Final[Mapping[str, Mapping[str, Any]]] = {
    "batched": {},
    "unbatched": {"batch_size": None},
    "packed-sorted": {"lengths": tuple(sorted(_LENGTHS, reverse=True)), "enforce_sorted": True},
    "packed-unsorted": {"lengths": _LENGTHS},
}
"""The kinds of input: what each changes of a spec."""


@dataclass(frozen=True, slots=True)
class Axes:
    """The values that a grid takes of each of its axes; every combination is one spec.

    >>> len(list(specs(Axes()))), len(list(specs(Axes(num_layers=(1,), dtype=("float32",)))))
    (1536, 128)
    """

    num_layers: Sequence[int] = (1, 2, 3)
    bidirectional: Sequence[bool] = (False, True)
    batch_first: Sequence[bool] = (False, True)
    bias: Sequence[bool] = (True, False)
    proj_size: Sequence[int] = (0, 4)
    batch: Sequence[str] = tuple(BATCHES)
    state: Sequence[str] = ("random", "zeros")
    dtype: Sequence[str] = ("float32", "float64", "float16", "bfloat16")


QUICK: Final = Axes(num_layers=(1, 2), bias=(True,), dtype=("float32",))
FULL: Final = Axes()
GRIDS: Final = {"quick": QUICK, "full": FULL}


def size(axes: Axes) -> int:
    """How many specs a grid has."""
    return math.prod(len(getattr(axes, name)) for name in Axes.__slots__)


def specs(axes: Axes, *, device: str = "cpu", seed: int = 0) -> Iterator[LSTMSpec]:
    """Every spec of a grid, structure by structure."""
    names = [name for name in Axes.__slots__ if name != "batch"]
    for batch, *values in product(axes.batch, *(getattr(axes, name) for name in names)):
        changes = {**_SIZES, **dict(zip(names, values, strict=True)), **BATCHES[batch]}
        yield LSTMSpec(**changes, device=device, seed=seed)
