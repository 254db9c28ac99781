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

from lstm_inspect.checkpoint.formats.refusal import AGAIN, printable, refused
from lstm_inspect.checkpoint.groups import Entry

_DTYPES: Final = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "C64": "complex64",
}
_LONGEST_NAME: Final = 500
_BITS: Final = re.compile(r"\d+")
Bytes = tuple[int, int]
"""Where a tensor's numbers begin, and where they end."""


def entries(path: Path) -> list[Entry]:
    """Every tensor that the header names.

    Raises:
        FileError: the header is cut off, is not JSON, or contradicts itself or the file.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        text = file.read(length)
    if len(text) < length:
        raise refused(path, f"it is truncated: its header has {length:,} bytes, {len(text):,} are there", AGAIN)
    try:
        header = json.loads(text, object_pairs_hook=_object)
        named = sorted(_tensors(header), key=lambda tensor: tensor[1])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise refused(path, f"its header is damaged: {_reason(error)}", AGAIN) from None
    data = size - 8 - length
    end = max((end for _, (_, end) in named), default=0)
    if end > data:
        raise refused(path, f"it is truncated: its tensors end at byte {end:,}, the data at {data:,}", AGAIN)
    _refuse_gaps(path, named, data)
    order = {name: place for place, name in enumerate(header)}
    return sorted((entry for entry, _ in named), key=lambda entry: order[entry.name])


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{twice} stands in it twice")
    return found


def _tensors(header: dict[str, Any]) -> Iterator[tuple[Entry, Bytes]]:
    """Each tensor, and where its numbers stand."""
    if not isinstance(header, dict):
        raise TypeError("it is not a JSON object")
    for name, tensor in header.items():
        if name != "__metadata__":
            if len(name) > _LONGEST_NAME:
                raise ValueError(f"a name of {len(name):,} characters")
            shape, (start, end) = tuple(tensor["shape"]), tensor["data_offsets"]
            if not all(type(number) is int and number >= 0 for number in (*shape, start, end)) or start > end:
                raise ValueError(f"{name}: shape {list(shape)}, bytes {start} to {end}")
            dtype = str(tensor["dtype"])
            digits = _BITS.search(dtype)
            bits = int(digits[0]) if digits else 8
            if math.prod(shape) * bits != 8 * (end - start):
                raise ValueError(f"{name}: shape {list(shape)} of {dtype} takes no {end - start:,} bytes")
            yield Entry((), printable(name), shape, _DTYPES.get(dtype, printable(dtype))), (start, end)


def _refuse_gaps(path: Path, named: list[tuple[Entry, Bytes]], data: int) -> None:
    """Every byte of the data belongs to one tensor."""
    before = 0
    for entry, (start, end) in named:
        if start != before:
            what = "shares bytes with another tensor" if start < before else "begins after bytes of no tensor"
            raise refused(path, f"its header is damaged: {entry.name} {what} (byte {start:,})", AGAIN)
        before = end
    if before < data:
        raise refused(path, f"its header is damaged: the last {data - before:,} bytes belong to no tensor", AGAIN)


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return "it is not JSON"
    return printable(f"no {error}" if isinstance(error, KeyError) else str(error))
