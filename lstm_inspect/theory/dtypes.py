"""The dtypes that are inspected: their sizes, their largest number, and how far a run in them may be off."""

import math
import sys
from collections.abc import Iterable
from typing import Final, NamedTuple

from lstm_inspect.errors import SpecError
from lstm_inspect.theory.contract import record


class DType(NamedTuple):
    """One dtype."""

    bytes: int  #: of one element.
    bits: int  #: of its significand, the hidden one included.
    largest: float  #: its largest number.
    rtol: float  #: how far a run may be from the equations in float64, relatively (see tolerance),
    atol: float  #: and absolutely.
    #: what both are times sqrt(H) in wide layers, whose numbers are smaller; None: the same at any H.
    wide: float | None = None
    summed: float = 0.0  #: the rounding of one product in a gate's sum; the narrow dtypes are summed in float32.


DTYPES: Final = {
    "float32": DType(4, 24, math.ldexp(1 - 2.0**-24, 128), 1e-5, 1e-5, summed=2.0**-23),
    "float64": DType(8, 53, sys.float_info.max, 1e-11, 1e-12, summed=2.0**-52),
    "float16": DType(2, 11, 65504.0, 1e-2, 1e-2),
    "bfloat16": DType(2, 8, math.ldexp(1 - 2.0**-8, 128), 5e-2, 5e-2, wide=0.5),
}


@record()
class Tolerance:
    """|left - right| <= atol + rtol * |right|, as torch.allclose has it."""

    rtol: float = 0.0
    atol: float = 0.0


EXACT: Final = Tolerance()
"""Bit for bit."""

_TF32: Final = Tolerance(1e-2, 1e-2)
_LEAST_OF_WIDE: Final = 1e-2  # of wide layers in a narrow dtype: the rounding of one number does not shrink with H
_LARGEST_ROUNDING: Final = 1e-2  # far enough below what a wrong row is off by


def tolerance(dtype: str, *, tf32: bool = False, terms: int = 0, hidden_size: int = 1) -> Tolerance:
    """The tolerance of a dtype.

    Args:
        dtype: what ran.
        tf32: whether float32 products were rounded to TF32.
        terms: the most products that one gate sums, inputs and recurrent ones together.
        hidden_size: H; torch draws weights from -1/sqrt(H) to 1/sqrt(H).

    Measured on torch 2.13.0 (CPU) over L 1-3, both directions, P 0 and 8, T 1-150 and H 20, the
    largest difference of any element was 3e-7 in float32, 4e-16 in float64, 1.5e-3 in float16 and
    1.1e-2 in bfloat16. It grows with the sizes, hence the room that is left; a wrong row, step or
    gate is off by 0.1 to 0.5, far above all of them. TF32 is about 1e-3 off.

    The wider a layer, the smaller are its weights and its biases: 1/sqrt(H). A missing bias of H 1000 moves
    results in bfloat16 by 0.02 to 0.04 and of H 2000 by 0.03, honest ones were off by at most 8e-3; so from
    H 100 on bfloat16 is held to 0.5/sqrt(H), and at most to 0.01.

    Summing n such products one after the other is off by about epsilon * n / sqrt(6 H), which
    passes the figures above from about a thousand inputs on (I 10,000 and H 20: measured 2.5e-5).

    >>> tolerance("float32")
    Tolerance(rtol=1e-05, atol=1e-05)
    """
    of = DTYPES[dtype]
    usual = _TF32 if tf32 and dtype == "float32" else Tolerance(of.rtol, of.atol)
    if of.wide is not None:
        wide = max(_LEAST_OF_WIDE, of.wide / math.isqrt(hidden_size))
        usual = Tolerance(min(usual.rtol, wide), min(usual.atol, wide))
    rounding = of.summed * (min(terms, 2**53) / math.isqrt(6 * hidden_size))
    return Tolerance(usual.rtol, max(usual.atol, min(rounding, _LARGEST_ROUNDING)))


def validate_tolerance(**given: float | None) -> None:
    """Refuse an rtol or atol that is no finite number from 0; None stands for the dtype's own.

    Raises:
        SpecError: naming the first such argument.
    """
    for name, value in given.items():
        if value is not None and not (is_number(value) and 0 <= value < math.inf):
            raise SpecError(name, str(value), "a finite number from 0", f"{{{name}=1e-5}}")


def is_number(value: object) -> bool:
    """Whether it is an int or a float: True and False are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def largest(found: Iterable[float | None]) -> float | None:
    """The largest of the numbers that are known; None if none is."""
    return max((each for each in found if each is not None), default=None)
