"""What a claim is."""

from __future__ import annotations

from dataclasses import dataclass


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
    """

    id: str
    kind: str
    left: str
    right: str
    why: str
    exact: bool = True
