"""The arrays of .safetensors and .npz files, by their headers: no number is read, and nothing is unpickled.

A .safetensors file begins with eight bytes of length and JSON (huggingface.co/docs/safetensors). That is read here
without the safetensors library: it takes no dependency and no torch, and what is wrong with a damaged one can be
said in words. Each record of an .npz file begins with a Python dict (numpy.org/doc: NEP 1).
"""

import ast
import json
import math
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lstm_inspect.checkpoint.content import Entry, UnreadableError
from lstm_inspect.checkpoint.formats.held import numpy_dtype, sizes_of
from lstm_inspect.errors import one_line

_MOST_HEADER: Final = 2**16  # bytes of an array's header in .npz
_DTYPES: Final = {
    **{"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "C64": "complex64"},
    **{"I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool"},
    **{"F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2"},
}
_LONGEST_NAME: Final = 500
_BITS: Final = re.compile(r"\d+")


def safetensors_entries(path: Path) -> list[Entry]:
    """Every tensor that the header names, held against the file's size and the other tensors' bytes."""
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
        reason = one_line(f"no {error}" if isinstance(error, KeyError) else str(error))
        raise UnreadableError(f"its header is damaged: {reason}") from None
    _check_that_each_byte_is_of_one_tensor(sorted(placed, key=lambda each: each[1:]), path.stat().st_size - 8 - length)
    return [entry for entry, _, _ in placed]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{twice} stands in it twice")
    return found


def _tensors(header: dict[str, Any]) -> Iterator[tuple[Entry, int, int]]:
    """Each with the bytes where its numbers begin and end."""
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
        yield Entry((), one_line(name), shape, _DTYPES.get(dtype, one_line(dtype))), start, end


def _check_that_each_byte_is_of_one_tensor(placed: list[tuple[Entry, int, int]], data: int) -> None:
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


def npz_entries(path: Path) -> list[Entry]:
    """Every array of the file, none of them longer than its record."""
    with zipfile.ZipFile(path) as archive:
        try:
            return [_entry(archive, each) for each in archive.infolist() if each.filename.endswith(".npy")]
        except Exception as error:  # a damaged archive may raise anything
            raise UnreadableError(f"it is damaged ({type(error).__name__} amid the headers of its arrays)") from None


def _entry(archive: zipfile.ZipFile, record: zipfile.ZipInfo) -> Entry:
    with archive.open(record) as file:
        magic = file.read(8)
        width = 2 if magic[6] == 1 else 4
        length = int.from_bytes(file.read(width), "little")
        if magic[:6] != b"\x93NUMPY" or length > _MOST_HEADER:
            raise ValueError
        header = ast.literal_eval(file.read(length).decode("latin-1").strip())
    shape, (kind, size) = sizes_of(header["shape"]), numpy_dtype(header["descr"])
    if 8 + width + length + math.prod(shape) * size > record.file_size and kind != "object":
        raise EOFError
    return Entry((), one_line(record.filename.removesuffix(".npy")), shape, kind)
