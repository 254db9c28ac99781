"""The header of a .safetensors file: eight bytes of length, then JSON (huggingface.co/docs/safetensors).

It is read here, with json and without the safetensors library: the header is all that is wanted, reading it
takes no dependency and no torch, and what is wrong with a damaged one can be said in words.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lstm_inspect.checkpoint.formats.refusal import UnreadableError, printable
from lstm_inspect.checkpoint.groups import Entry

_DTYPES: Final = {
    **{"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "C64": "complex64"},
    **{"I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool"},
    **{"F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2"},
}
_LONGEST_NAME: Final = 500
_BITS: Final = re.compile(r"\d+")
Placed = tuple[Entry, int, int]
"""A tensor, where its numbers begin, and where they end."""


def entries(path: Path) -> list[Entry]:
    """Every tensor that the header names.

    Raises:
        UnreadableError: the header is cut off, is not JSON, or contradicts itself or the file.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        text = file.read(length)
    if len(text) < length:
        raise UnreadableError(f"it is truncated: its header has {length:,} bytes, {len(text):,} are there")
    try:
        placed = list(_tensors(json.loads(text, object_pairs_hook=_object)))
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise UnreadableError("its header is damaged: it is not JSON") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = printable(f"no {error}" if isinstance(error, KeyError) else str(error))
        raise UnreadableError(f"its header is damaged: {reason}") from None
    _check_bytes(sorted(placed, key=lambda each: each[1:]), path.stat().st_size - 8 - length)
    return [entry for entry, _, _ in placed]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{twice} stands in it twice")
    return found


def _tensors(header: dict[str, Any]) -> Iterator[Placed]:
    if not isinstance(header, dict):
        raise TypeError("it is not a JSON object")
    for name, tensor in header.items():
        if name == "__metadata__":
            continue
        if len(name) > _LONGEST_NAME:
            raise ValueError(f"a name of {len(name):,} characters")
        shape, (start, end) = tuple(tensor["shape"]), tensor["data_offsets"]
        if not all(type(number) is int and number >= 0 for number in (*shape, start, end)) or start > end:
            raise ValueError(f"{name}: shape {list(shape)}, bytes {start} to {end}")
        dtype = str(tensor["dtype"])
        digits = _BITS.search(dtype)
        if math.prod(shape) * int(digits[0] if digits else 8) != 8 * (end - start):
            raise ValueError(f"{name}: shape {list(shape)} of {dtype} takes no {end - start:,} bytes")
        yield Entry((), printable(name), shape, _DTYPES.get(dtype, printable(dtype))), start, end


def _check_bytes(placed: list[Placed], data: int) -> None:
    """Every byte of the data belongs to one tensor."""
    last = max((end for _, _, end in placed), default=0)
    if last > data:
        raise UnreadableError(f"it is truncated: its tensors end at byte {last:,}, the data at {data:,}")
    before = 0
    for entry, start, end in placed:
        if start != before:
            what = "shares bytes with another tensor" if start < before else "begins after bytes of no tensor"
            raise UnreadableError(f"its header is damaged: {entry.name} {what} (byte {start:,})")
        before = end
    if before < data:
        raise UnreadableError(f"its header is damaged: the last {data - before:,} bytes belong to no tensor")
