"""What a claim is."""

from typing import Annotated, Final

from lstm_inspect.theory.contract import Limit, record
from lstm_inspect.theory.dtypes import EXACT, Tolerance

KINDS: Final = {
    "shape": "predicted shape == measured shape",
    "equality": "the same numbers in another place of one call, bit for bit",
    "packing": "what packing promises",
    "reference": "within |a - b| <= atol + rtol * |b| of the LSTM equations in float64",
}
"""Each kind of check, and when one passes."""


@record("id kind left right why identical max_abs_diff *tolerance noticed passed worst error")
class Claim:
    """Two expressions that must come out the same, and what came of it; None where nothing ran."""

    id: str  #: stable name, unique in a report.
    kind: Annotated[str, Limit(enum=list(KINDS))]  #: "shape", "equality", "packing" or "reference".
    #: a Python expression over ``torch lstm input h0 c0 output hn cn lengths packed_input packed_output`` and,
    #: in kind "reference", ``reference``.
    left: str
    right: str  #: a Python expression over the same names.
    why: str  #: the reason, in words.
    exact: bool = True  #: whether every number must be the same to the bit; else within the dtype's tolerance.
    reruns: bool = False  #: whether an expression calls the module anew.
    tolerance: Tolerance = EXACT
    identical: bool | None = None  #: the same shape, dtype and numbers.
    #: the largest difference of any element; None if there is none to take (shapes, a NaN).
    max_abs_diff: float | None = None
    passed: bool | None = None
    worst: tuple[int, ...] | None = None  #: the index of that element; None if there is none.
    error: str | None = None  #: what evaluating an expression raised; the check has failed then.
    noticed: float | None = None  #: any element off by more would have failed the check; None where every bit counts.


@record("id tempting instead why max_abs_diff tempting_shape instead_shape passed error")
class Pitfall:
    """An expression that looks right and is not, and how far off it is; ``passed`` if its two sides differ."""

    id: str  #: stable name, unique in a report.
    tempting: str  #: what is often written.
    instead: str  #: what was meant.
    why: str  #: what the tempting one really is.
    #: whether both sides are numbers of one run, so that any difference counts; else they must differ by more
    #: than the dtype's tolerance.
    exact: bool = True
    tolerance: Tolerance = EXACT
    max_abs_diff: float | None = None  #: the largest difference of any element; None where the shapes differ already.
    tempting_shape: tuple[int, ...] | None = None
    instead_shape: tuple[int, ...] | None = None
    passed: bool | None = None
    error: str | None = None
    hidden: bool = False  #: whether these numbers can't show it: by the equations too its two sides are the same.

    @property
    def reruns(self) -> bool:
        """Whether the tempting expression calls the module anew: two runs are never exact."""
        return not self.exact
