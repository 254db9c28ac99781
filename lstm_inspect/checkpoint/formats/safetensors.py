"""The header of a .safetensors file: eight bytes of length, then JSON (huggingface.co/docs/safetensors).

It is read here, with json and without the safetensors library: the header is all that is wanted, reading it
takes no dependency and no torch, and what is wrong with a damaged one can be said in words.
"""

from __future__ import annotations

import json
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
        header = json.loads(text)
        named = list(_tensors(header))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise refused(path, f"its header is damaged: {_reason(error)}", AGAIN) from None
    end = 8 + length + max((last for _, last in named), default=0)
    if end > size:
        raise refused(path, f"it is truncated: its tensors end at byte {end:,}, the file at {size:,}", AGAIN)
    return [entry for entry, _ in named]


def _tensors(header: dict[str, Any]) -> Iterator[tuple[Entry, int]]:
    """Each tensor, and where its numbers end."""
    if not isinstance(header, dict):
        raise TypeError("it is not a JSON object")
    for name, tensor in header.items():
        if name != "__metadata__":
            shape, (start, end) = tuple(tensor["shape"]), tensor["data_offsets"]
            if not all(type(number) is int and number >= 0 for number in (*shape, start, end)) or start > end:
                raise ValueError(f"{name}: shape {list(shape)}, bytes {start} to {end}")
            dtype = str(tensor["dtype"])
            yield Entry((), printable(name), shape, _DTYPES.get(dtype, printable(dtype))), end


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return "it is not JSON"
    return printable(f"no {error}" if isinstance(error, KeyError) else str(error))
