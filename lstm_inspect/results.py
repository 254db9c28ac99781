"""What came of a claim or of a pitfall: data, with or without a run."""

from __future__ import annotations

from dataclasses import dataclass

from lstm_inspect.theory.claim import Claim
from lstm_inspect.theory.pitfalls import Pitfall
from lstm_inspect.theory.tolerance import EXACT, Tolerance


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A claim and what came of it; the measured fields are None where nothing ran.

    Attributes:
        identical: the same shape, dtype and numbers.
        max_abs_diff: the largest difference of any element; None if there is none to take (shapes, a NaN).
        worst: the index of that element; None if there is none.
        error: what evaluating an expression raised; the check has failed then.
    """

    claim: Claim
    tolerance: Tolerance = EXACT
    identical: bool | None = None
    max_abs_diff: float | None = None
    passed: bool | None = None
    worst: tuple[int, ...] | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PitfallResult:
    """A pitfall and how far off it is; ``passed`` if its two sides came out different, as they must.

    Attributes:
        max_abs_diff: the largest difference of any element; None where the shapes differ already.
    """

    pitfall: Pitfall
    tolerance: Tolerance = EXACT
    max_abs_diff: float | None = None
    tempting_shape: tuple[int, ...] | None = None
    instead_shape: tuple[int, ...] | None = None
    passed: bool | None = None
    error: str | None = None
