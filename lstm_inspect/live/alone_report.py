"""What came of running each sequence alone: data, without torch."""

from __future__ import annotations

from dataclasses import dataclass

from lstm_inspect.theory.contract import Natural, written


@written("passed reason axis result_axis sequences checked largest replaced")
@dataclass(frozen=True, slots=True)
class Alone:
    """Whether each sequence alone gives what it gives in the batch.

    Attributes:
        passed: None if that could not be decided.
        reason: why not, or what differs.
        axis, result_axis: along which the arguments and the result are taken apart.
        sequences: in the batch.
        checked: how many of them were run alone.
        largest: the largest difference of any element.
        replaced: whether the others were replaced by copies of the one, as the model can't run on one alone.
    """

    passed: bool | None
    reason: str | None = None
    axis: Natural | None = None
    result_axis: Natural | None = None
    sequences: Natural | None = None
    checked: Natural = 0
    largest: float | None = None
    replaced: bool = False
