"""What a tensor holds of a result, on a sample of few steps and sequences: all that is done with it is really done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from typing import Final

STEPS: Final = 5
SEQUENCES: Final = 3
FEATURES: Final = 7  # of each direction
OWN: Final = -1
"""The step that is each sequence's own last."""
STEP: Final = 0
ROW: Final = 0
SEQUENCE: Final = 1
FEATURE: Final = 2


@dataclass(frozen=True, slots=True)
class Array:
    """The elements of a tensor, by where each of them stands in output, hn or cn.

    >>> full(4, 3, 2).turned([1, 0, 2]).viewed([3, 8]).along(0) == SEQUENCE
    True
    """

    shape: tuple[int, ...] = ()
    labels: tuple[tuple[int, int, int], ...] = ()  #: of each element its step or row, its sequence and its feature.

    def picked(self, places: Sequence[int | Sequence[int]]) -> "Array":
        """These places of each axis; a single number takes the axis away.

        >>> full(5, 3, 7).picked([4, range(3), [0]]).shape
        (3, 1)
        """
        each_axis = [[each] if isinstance(each, int) else each for each in places]
        strides = self._strides()
        offsets = [[place * stride for place in each] for each, stride in zip(each_axis, strides, strict=True)]
        return self._gathered(offsets).viewed(len(each) for each in places if not isinstance(each, int))

    def turned(self, order: Sequence[int | None]) -> "Array":
        """Its axes in another order; None is a new axis of one element, and an axis of one element may be left out."""
        strides = self._strides()
        return self._gathered([[0] if k is None else [i * strides[k] for i in range(self.shape[k])] for k in order])

    def viewed(self, shape: Iterable[int]) -> "Array":
        """The same elements in another shape."""
        return Array(tuple(shape), self.labels)

    def along(self, axis: int) -> int | None:
        """What an axis counts: STEP or ROW, SEQUENCE, FEATURE; None if it has one element, or counts several things."""
        line = self.picked([range(size) if place == axis else 0 for place, size in enumerate(self.shape)]).labels
        changing = [place for place, column in enumerate(zip(*line, strict=True)) if len(set(column)) > 1]
        return changing[0] if len(changing) == 1 else None

    def all(self, what: int) -> set[int]:
        """All its steps, rows, sequences or features."""
        return {label[what] for label in self.labels}

    def _strides(self) -> list[int]:
        return [prod(self.shape[axis + 1 :]) for axis in range(len(self.shape))]

    def _gathered(self, offsets: Sequence[Sequence[int]]) -> "Array":
        return Array(tuple(map(len, offsets)), tuple(self.labels[sum(each)] for each in product(*offsets)))


@lru_cache
def full(places: int, sequences: int, features: int) -> Array:
    """A whole result: output with its steps first, or hn with its rows."""
    shape = places, sequences, features
    return Array(shape, tuple((place, one, other) for place, one, other in product(*map(range, shape))))
