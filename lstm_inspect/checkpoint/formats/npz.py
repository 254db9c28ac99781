"""The arrays of an .npz file, by the headers of its records (numpy.org/doc: NEP 1); none is unpickled."""

from __future__ import annotations

import ast
import math
import zipfile
from pathlib import Path
from typing import Final

from lstm_inspect.checkpoint.formats.held import numpy_dtype, sizes_of
from lstm_inspect.checkpoint.formats.refusal import UnreadableError, printable
from lstm_inspect.checkpoint.groups import Entry

_MOST_HEADER: Final = 2**16  # bytes


def entries(path: Path) -> list[Entry]:
    """Every array of the file.

    Raises:
        UnreadableError: a header is damaged, or a record shorter than its header says.
    """
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
    return Entry((), printable(record.filename.removesuffix(".npy")), shape, kind)
