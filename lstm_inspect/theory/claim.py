"""What a claim is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from lstm_inspect.theory.contract import Limit, written
from lstm_inspect.theory.tolerance import EXACT, Tolerance

KINDS: Final = {
    "shape": "predicted shape == measured shape",
    "equality": "the same numbers in another place of one call, bit for bit",
    "packing": "what packing promises",
    "reference": "within |a - b| <= atol + rtol * |b| of the LSTM equations in float64",
}
"""Each kind of check, and when one passes."""


@written("id kind left right why")
@dataclass(frozen=True, slots=True)
class Claim:
    """Two expressions that must come out the same.

    Attributes:
        id: stable name, unique in a report.
        kind: "shape", "equality", "packing" or "reference".
        left, right: Python expressions over ``torch lstm input h0 c0 output hn cn lengths packed_input
            packed_output`` and, in kind "reference", ``reference``.
        why: the reason, in words.
        exact: whether every number must be the same to the bit; else within the dtype's tolerance.
        reruns: whether an expression calls the module anew.
    """

    id: str
    kind: Annotated[str, Limit(enum=list(KINDS))]
    left: str
    right: str
    why: str
    exact: bool = True
    reruns: bool = False


@written("id tempting instead why")
@dataclass(frozen=True, slots=True)
class Pitfall:
    """An expression that looks right and is not.

    Attributes:
        id: stable name, unique in a report.
        tempting: what is often written.
        instead: what was meant.
        why: what the tempting one really is.
        exact: whether both sides are numbers of one run, so that any difference counts; else they must
            differ by more than the dtype's tolerance.
    """

    id: str
    tempting: str
    instead: str
    why: str
    exact: bool = True

    @property
    def reruns(self) -> bool:
        """Whether the tempting expression calls the module anew: two runs are never exact."""
        return not self.exact


@written("*claim identical max_abs_diff *tolerance noticed passed worst error")
@dataclass(frozen=True, slots=True)
class CheckResult:
    """A claim and what came of it; the measured fields are None where nothing ran.

    Attributes:
        identical: the same shape, dtype and numbers.
        max_abs_diff: the largest difference of any element; None if there is none to take (shapes, a NaN).
        worst: the index of that element; None if there is none.
        noticed: any element off by more would have failed the check; None where every bit counts.
        error: what evaluating an expression raised; the check has failed then.
    """

    claim: Claim
    tolerance: Tolerance = EXACT
    identical: bool | None = None
    max_abs_diff: float | None = None
    passed: bool | None = None
    worst: tuple[int, ...] | None = None
    error: str | None = None
    noticed: float | None = None


@written("*pitfall max_abs_diff tempting_shape instead_shape passed error")
@dataclass(frozen=True, slots=True)
class PitfallResult:
    """A pitfall and how far off it is; ``passed`` if its two sides came out different, as they must.

    Attributes:
        max_abs_diff: the largest difference of any element; None where the shapes differ already.
        hidden: whether these numbers can't show it: by the equations too its two sides are the same.
    """

    pitfall: Pitfall
    tolerance: Tolerance = EXACT
    max_abs_diff: float | None = None
    tempting_shape: tuple[int, ...] | None = None
    instead_shape: tuple[int, ...] | None = None
    passed: bool | None = None
    error: str | None = None
    hidden: bool = False
