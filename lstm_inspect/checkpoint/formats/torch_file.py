"""The tensors of a file that torch.save wrote, zip or legacy, without their numbers.

torch reads it itself, with ``weights_only=True``: nothing but tensors and plain containers is ever built. On the meta
device and under ``skip_data`` it reads names and shapes and skips the numbers, in either format. A file of the zip
format is looked over first, so that torch is not made to unpack a compressed one.
"""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

import torch
from torch.serialization import skip_data

import lstm_inspect.experiment  # noqa: F401  the quick way to import torch
from lstm_inspect.checkpoint.formats.pickled import globals_of, has_storage_views
from lstm_inspect.checkpoint.formats.refusal import AGAIN, STATE_DICT, printable, refused
from lstm_inspect.checkpoint.groups import Container, Entry
from lstm_inspect.errors import FileError

_MOST_PICKLED: Final = 2**28  # bytes; torch holds the pickle of a zip file in memory
_DEEPEST: Final = 500
_GLOBAL: Final = re.compile(r"GLOBAL ([^\s,]+)")
_FRAME: Final = "Unsupported operand 149"  # what every pickle of protocol 4 or 5 opens with
_DETAIL: Final = re.compile(r"WeightsUnpickler error:\s*([^\n]+)")
_HARMLESS: Final = ("torch.", "collections.")
_NUMEL_BYTES: Final = 8  # the legacy format's count before each storage


def zip_entries(path: Path) -> list[Entry]:
    """Every tensor of a file in the format of torch 1.6 and after.

    Raises:
        FileError: it is truncated, not torch.save's, or asks for more than tensors and plain containers.
    """
    _look_over(path)
    tensors, _ = _read(path)
    _refuse_too_short(path, sum(_storage_bytes(tensors)))
    return _entries(tensors)


def legacy_entries(path: Path) -> list[Entry]:
    """Every tensor of a file in the format before torch 1.6, or of ``_use_new_zipfile_serialization=False``.

    Raises:
        FileError: it is truncated, not torch.save's, or asks for more than tensors and plain containers.
    """
    tensors, end_of_header = _read(path)
    sizes = _storage_bytes(tensors)
    if end_of_header + sum(sizes) > path.stat().st_size and _views(path):
        sizes = [max(sizes)]  # the others may be parts of it
    _refuse_too_short(path, end_of_header + sum(size + _NUMEL_BYTES for size in sizes))
    return _entries(tensors)


def _views(path: Path) -> bool:
    """Whether its storages are parts of others; not so where pickletools, stricter than torch, can't read it."""
    try:
        with path.open("rb") as file:
            return has_storage_views(file)
    except ValueError:
        return False


def _entries(tensors: Iterable[tuple[Container, torch.Tensor]]) -> list[Entry]:
    return [
        Entry(keys[:-1], str(keys[-1]) if keys else "", tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))
        for keys, tensor in tensors
    ]


def _look_over(path: Path) -> None:
    """See by its table of contents that a zip file is one of torch.save."""
    try:
        with zipfile.ZipFile(path) as archive:
            records = {record.filename.partition("/")[2]: record for record in archive.infolist()}
    except Exception:  # a damaged archive may raise anything
        raise refused(
            path, "it is truncated or damaged: the table at the end of the zip can't be read", AGAIN
        ) from None
    if "constants.pkl" in records:
        raise refused(path, "it is a TorchScript archive: its weights are part of a program", STATE_DICT)
    if "data.pkl" not in records:
        raise refused(path, "it is a zip archive, but not one of torch.save: no data.pkl in it", STATE_DICT)
    if any(record.compress_type != zipfile.ZIP_STORED for record in records.values()):
        raise refused(path, "it is a compressed zip, and torch.save compresses nothing", STATE_DICT)
    if records["data.pkl"].file_size > _MOST_PICKLED:
        size = f"{records['data.pkl'].file_size:,} bytes"
        raise refused(path, f"what it holds beside its tensors takes {size}, more than is read here", STATE_DICT)


def _read(path: Path) -> tuple[list[tuple[Container, torch.Tensor]], int]:
    """The tensors with the keys that lead to them, and where their data begin in a file of the old format.

    That is where torch stopped reading; where it had to read the data too, they are all there, and it is 0.
    """
    with path.open("rb") as file:
        try:
            held, with_data = _load(file)
        except Exception as error:  # a damaged pickle may raise anything at all
            raise _explained(path, file, error) from None
        return list(_tensors(held)), 0 if with_data else file.tell()


def _load(file: IO[bytes]) -> tuple[Any, bool]:
    """What the file holds, and whether its data were read: on meta without them, else on the CPU, else with them.

    Quantized tensors can't live on meta, nor sparse ones from torch 2.15 on; and sparse ones can't be made
    without their indices.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about pickle protocols and deprecated storages: not the reader's doing
        for device, data in (("meta", skip_data()), ("cpu", skip_data())):
            try:
                with data:
                    return torch.load(file, map_location=device, weights_only=True), False
            except (NotImplementedError, RuntimeError) as error:
                if not _is_about_layout(error):
                    raise
                file.seek(0)
        return torch.load(file, map_location="cpu", weights_only=True), True


def _is_about_layout(error: Exception) -> bool:
    """Whether torch could make every tensor but those of another layout than rows of numbers."""
    return isinstance(error, NotImplementedError) or any(word in str(error) for word in ("sparse", "coalesced", "nnz"))


def _tensors(held: Any) -> Iterator[tuple[Container, torch.Tensor]]:
    """Every tensor in mappings and sequences, each container once: a pickle may hold itself."""
    waiting: list[tuple[Container, Any]] = [((), held)]
    seen: set[int] = set()
    while waiting:
        keys, value = waiting.pop()
        if isinstance(value, torch.Tensor):
            yield keys, value
        elif isinstance(value, Mapping | list | tuple) and id(value) not in seen and len(keys) < _DEEPEST:
            seen.add(id(value))
            items = value.items() if isinstance(value, Mapping) else enumerate(value)
            waiting += [((*keys, _key(key)), item) for key, item in reversed(list(items))]


def _key(key: object) -> str | int:
    return key if type(key) is int else printable(str(key))


def _storage_bytes(tensors: Iterable[tuple[Container, torch.Tensor]]) -> Iterable[int]:
    """The bytes of each storage, once however many tensors share it; sparse tensors have none of their own.

    A storage without numbers grows to whatever a tensor asks of it, until torch's own count of bytes overflows:
    the tensor's size and strides tell how far it reaches.
    """
    need: dict[int, int] = {}
    for _, tensor in tensors:
        if tensor.layout is torch.strided:
            storage = tensor.untyped_storage()
            need[storage._cdata] = max(need.get(storage._cdata, 0), storage.nbytes(), _reach(tensor))
    return need.values()


def _reach(tensor: torch.Tensor) -> int:
    """Bytes from the start of a tensor's storage to the end of its last element."""
    if 0 in tensor.shape:
        return 0
    steps = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    return (int(tensor.storage_offset()) + steps + 1) * tensor.element_size()


def _refuse_too_short(path: Path, need: int) -> None:
    size = path.stat().st_size
    if need > size:
        raise refused(
            path, f"it is truncated or damaged: its tensors take {need:,} bytes, the file has {size:,}", AGAIN
        )


def _explained(path: Path, file: IO[bytes], error: Exception) -> FileError:
    """Why torch did not read a file, in one sentence; torch's own text tells people to run it anyway."""
    if isinstance(error, pickle.UnpicklingError):
        return _refused_pickle(path, str(error))
    if "Invalid magic number" in str(error):
        return refused(path, "it is a pickle, but not one of torch.save", STATE_DICT)
    if isinstance(error, EOFError) or not file.read(1):
        return refused(path, "it is truncated: it ends amid the names and shapes", AGAIN)
    if isinstance(error, MemoryError):
        return refused(path, "reading its names and shapes takes more memory than there is", STATE_DICT)
    first_line = printable(str(error).partition("\n")[0])
    return refused(path, f"it is damaged ({type(error).__name__}: {first_line})", AGAIN)


def _refused_pickle(path: Path, message: str) -> FileError:
    asked = _asked_for(path)
    named = _GLOBAL.search(message)
    culprit = named[1] if named else next((name for name in asked if not name.startswith(_HARMLESS)), None)
    if culprit is None and _FRAME in message:
        reason = "it was written with pickle protocol 4 or 5, and torch reads weights safely from 2 and 3 alone"
        return refused(path, reason, "saving it without pickle_protocol=")
    if culprit is None:
        detail = _DETAIL.search(message)
        return refused(path, f"it is damaged ({printable(detail[1]) if detail else 'not a pickle'})", AGAIN)
    return unsafe(path, culprit, asked)


def unsafe(path: Path, culprit: str, asked: Iterable[str]) -> FileError:
    """A file that asks for code: named, and not run."""
    what, instead = "reading it would run code", STATE_DICT
    if culprit.endswith("torch.ScriptObject"):
        what = "it holds packed weights, as a quantized model does"
        instead = "the state dict of the model before it was quantized"
    elif any(name.startswith("torch.nn.modules.") for name in asked):
        what = "it is a whole pickled module, not its weights"
    reason = f"it asks for the global {printable(culprit)}: {what}. Nothing of it was run"
    return refused(path, reason, instead)


def _asked_for(path: Path) -> list[str]:
    """The globals that a file's pickle imports; none where it can't be reached."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            return globals_of(file)
    try:
        with zipfile.ZipFile(path) as archive:
            record = next(name for name in archive.namelist() if name.partition("/")[2] == "data.pkl")
            with archive.open(record) as pickled:
                return globals_of(pickled)
    except Exception:  # a damaged archive may raise anything; the file is refused in any case
        return []
