"""Hold one result against another: identical, how far apart, within the tolerance or not."""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lstm_inspect.theory.dtypes import EXACT, Tolerance, largest


class Comparison(NamedTuple):
    """How two results compare."""

    identical: bool  #: the same shape, dtype and numbers.
    #: the largest difference of any element; None if there is none to take (other shapes, not numbers, a
    #: NaN).
    max_abs_diff: float | None
    worst: tuple[int, ...] | None  #: the index of that element; None if identical or not to be had.
    passed: bool  #: within the tolerance everywhere.
    noticed: float | None = None  #: any element off by more would not have passed; None where every bit counts.


def compare(left: Any, right: Any, allowed: Tolerance = EXACT) -> Comparison:
    """Compare tensors, or tuples of them to any depth; whatever else must be equal.

    >>> compare(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.5])).max_abs_diff
    0.5
    """
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        return _compare_tensors(left, right, allowed)
    holds_tensors = isinstance(left, tuple) and any(isinstance(each, (Tensor, tuple)) for each in left)
    if holds_tensors and isinstance(right, tuple) and len(left) == len(right):
        return _worst_of([compare(*pair, allowed) for pair in zip(left, right, strict=True)])
    same = bool(left == right)
    return Comparison(same, None, None, same)


def _worst_of(parts: list[Comparison]) -> Comparison:
    failed = [part for part in parts if not part.passed]
    undefined = any(part.max_abs_diff is None for part in failed)
    furthest = None if undefined else largest(part.max_abs_diff for part in parts)
    noticed = largest(part.noticed for part in parts)
    worst = failed[0].worst if failed else None
    return Comparison(all(part.identical for part in parts), furthest, worst, not failed, noticed)


def _compare_tensors(left: Tensor, right: Tensor, allowed: Tolerance) -> Comparison:
    if left.shape != right.shape:
        return Comparison(False, None, None, False)
    noticed = None if allowed == EXACT else _largest_slack(right, allowed)
    if left.dtype == right.dtype and left.device == right.device and torch.equal(left, right):
        return Comparison(True, 0.0, None, True, noticed)
    difference = left.to("cpu", torch.float64, copy=True).sub_(right.to("cpu")).abs_()
    furthest = difference.max().item()
    if not math.isfinite(furthest):
        return Comparison(False, None, None, False, noticed)
    worst = _index_of_largest(difference)
    passed = allowed != EXACT and (furthest <= allowed.atol or bool(difference.le(_slack(right, allowed)).all()))
    return Comparison(False, furthest, worst, passed, noticed)


def _largest_slack(right: Tensor, allowed: Tolerance) -> float | None:
    """The most that an element of the other side may be off, from its two ends: no copy of it is made for that."""
    if allowed.rtol and not right.numel():
        return None
    size = max(abs(end.item()) for end in torch.aminmax(right)) if allowed.rtol else 0.0
    slack = size * allowed.rtol + allowed.atol
    return slack if math.isfinite(slack) else None


def _slack(right: Tensor, allowed: Tolerance) -> Tensor:
    """How far each element of the other side may be off."""
    return right.to("cpu", torch.float64, copy=True).abs_().mul_(allowed.rtol).add_(allowed.atol)


def _index_of_largest(difference: Tensor) -> tuple[int, ...]:
    place, index = int(difference.argmax()), []
    for size in reversed(difference.shape):
        place, here = divmod(place, size)
        index.append(here)
    return tuple(reversed(index))
