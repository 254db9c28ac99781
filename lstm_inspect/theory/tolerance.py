"""How far a run may be from the equations in float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Tolerance:
    """|left - right| <= atol + rtol * |right|, as torch.allclose has it."""

    rtol: float = 0.0
    atol: float = 0.0


EXACT: Final = Tolerance()
"""Bit for bit."""

_BY_DTYPE: Final = {
    "float64": Tolerance(1e-11, 1e-12),
    "float32": Tolerance(1e-5, 1e-5),
    "float16": Tolerance(1e-2, 1e-2),
    "bfloat16": Tolerance(5e-2, 5e-2),
}
_TF32: Final = Tolerance(1e-2, 1e-2)


def tolerance(dtype: str, *, tf32: bool = False) -> Tolerance:
    """The tolerance of a dtype.

    Measured on torch 2.13.0 (CPU) over L 1-3, both directions, P 0 and 8, T 1-150 and H 20, the
    largest difference of any element was 3e-7 in float32, 4e-16 in float64, 1.5e-3 in float16 and
    1.1e-2 in bfloat16. It grows with the sizes, hence the room that is left; a wrong row, step or
    gate is off by 0.1 to 0.5, far above all of them. TF32 is about 1e-3 off.

    >>> tolerance("float32")
    Tolerance(rtol=1e-05, atol=1e-05)
    """
    return _TF32 if tf32 and dtype == "float32" else _BY_DTYPE[dtype]
