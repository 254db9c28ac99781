"""The dtypes that are inspected: their sizes, their largest number, and how far a run in them may be off."""

import math
import sys
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class DType:
    """One dtype."""

    bytes: int  #: of one element.
    bits: int  #: of its significand, the hidden one included.
    largest: float  #: its largest number.
    rtol: float  #: how far a run may be from the equations in float64, relatively (theory.tolerance says where from),
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
