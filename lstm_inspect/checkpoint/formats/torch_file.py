"""The tensors of a file that torch.save or torch.jit.save wrote, and of any other pickle, without their numbers."""

import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

from lstm_inspect.checkpoint.content import STATE_DICT, Content, UnreadableError
from lstm_inspect.checkpoint.formats.held import dtype_bytes, stored, tensors
from lstm_inspect.checkpoint.formats.unpickle import Pickled, unpickle
from lstm_inspect.theory.warnings import SpecWarning

_MOST_BYTES: Final = 2**28
_MOST_CODE: Final = 2**20  # bytes of TorchScript's code for one class
_NUMEL_BYTES: Final = 8  # the old format's count before each storage
_MAGIC: Final = 0x1950A86A20F9469CFC6C  # torch.serialization.MAGIC_NUMBER
_HARMLESS: Final = re.compile(
    r"torch\.(\w+\.)*\w*(Storage|Tensor)|torch\.(_utils|_tensor)\._rebuild_\w+|torch\.\w*\d+\w*|torch\.bool"
    r"|torch\.(Size|device|nn\.parameter\.Parameter|serialization\._get_layout|per_\w+|_utils\._get_\w+)"
    r"|collections\.(OrderedDict|defaultdict|Counter|deque)|_codecs\.encode"
    r"|builtins\.(set|frozenset|bytearray|complex|list|dict|tuple|int|float|str|bool|bytes|slice|range|object|long)"
    r"|numpy\.(ndarray|dtype|(_?core|_core)\.(multiarray|numeric)\.(_reconstruct|scalar|_frombuffer))|numpy\.dtypes\.\w+"
    r"|__torch__\..*|torch\.jit\._pickle\.\w+"
)
"""Globals of tensors, arrays and plain containers, and TorchScript's own."""

_FROZEN: Final = (
    "its tensors are constants of the code, without names, as torch.jit.freeze leaves weights: "
    "save it before it is frozen"
)
_PADDED_CALL: Final = re.compile(
    r"torch\.lstm\(.*, \d+, (?P<dropout>\d+\.?\d*(?:e-?\d+)?), \w+, (?:True|False), (?P<batch_first>True|False)\)"
)


def pickle_content(path: Path) -> tuple[str, Content]:
    """The format and the tensors of a pickle: torch's before 1.6, which is five pickles in a row, or any other."""
    with path.open("rb") as file:
        pickled = unpickle(file)
        if pickled.held != _MAGIC:
            return "pickle", _content(pickled)
        _, _, pickled, _ = (unpickle(file) for _ in range(4))  # protocol, system, the object, the storages' keys
        content = _content(pickled)
        need = file.tell() + sum(size + _NUMEL_BYTES for size in _bytes_by_storage(pickled).values())
    _refuse_too_short(need, path.stat().st_size)
    return "torch.save (legacy)", content


def zip_content(path: Path) -> Content:
    """The tensors of a file of torch.save since 1.6, or of torch.jit.save."""
    with zipfile.ZipFile(path) as archive:
        records = {record.filename.partition("/")[2]: record for record in archive.infolist()}
        text, sound = _read(archive, records["data.pkl"])
        pickled = unpickle(io.BytesIO(text))
        content = _content(pickled)
        held = {name: record.file_size for name, record in records.items()}
        need = _bytes_by_storage(pickled)
        _refuse_too_short(sum(need.values()), sum(min(size, held.get(f"data/{key}", 0)) for key, size in need.items()))
        if not content.entries and "constants.pkl" in records:
            content.entries = tensors(unpickle(io.BytesIO(_read(archive, records["constants.pkl"])[0])).held).entries
            content.warnings += [SpecWarning("frozen", _FROZEN)] if content.entries else []
        content.attributes |= {place: _of_code(archive, records, name) for place, name in content.scripted.items()}
    if not sound:
        what = "bytes of it went bad, or it was saved with torch.serialization.set_crc32_options(False)"
        content.warnings.append(SpecWarning("checksum", f"the names and shapes don't fit their checksum: {what}"))
    return content


def _content(pickled: Pickled) -> Content:
    content = tensors(pickled.held)
    content.runs = tuple(name for name in pickled.names if not _HARMLESS.fullmatch(name))
    return content


def _bytes_by_storage(pickled: Pickled) -> dict[str, int]:
    try:
        ids = [storage for storage in pickled.outside if type(storage.id) is tuple and storage.id[:1] == ("storage",)]
        return {str(storage.id[2]): dtype_bytes(*stored(storage)) for storage in ids}
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise UnreadableError(f"it is damaged ({type(error).__name__} amid the storages)") from None


def _refuse_too_short(need: int, have: int) -> None:
    if need > have:
        raise UnreadableError(f"it is truncated or damaged: its tensors take {need:,} bytes, {have:,} are there")


def _read(archive: zipfile.ZipFile, record: zipfile.ZipInfo) -> tuple[bytes, bool]:
    """The pickle of a zip, and whether it fits its checksum."""
    if record.compress_type != zipfile.ZIP_STORED:
        raise UnreadableError("it is a compressed zip, and torch.save compresses nothing", STATE_DICT)
    if record.file_size > _MOST_BYTES:
        size = f"{record.file_size:,} bytes"
        raise UnreadableError(f"what it holds beside its tensors takes {size}, more than is read here", STATE_DICT)
    checksum = record.CRC
    del record.CRC  # which zipfile does not check then: what is off is said, not refused
    try:
        with archive.open(record) as file:
            content = file.read(_MOST_BYTES)
    except Exception as error:  # a damaged archive may raise anything
        raise UnreadableError(f"it is damaged ({type(error).__name__} in the zip)") from None
    return content, zlib.crc32(content) == checksum


def _of_code(archive: zipfile.ZipFile, records: dict[str, zipfile.ZipInfo], name: str) -> dict[str, Any]:
    """What the code of a TorchScript class says of the one call of torch.lstm in it."""
    module, _, class_name = name.rpartition(".")
    record = records.get(f"code/{module.replace('.', '/')}.py")
    if record is None or record.file_size > _MOST_CODE:
        return {}
    try:
        code = archive.read(record).decode()
    except Exception:  # damaged: it is no more than a hint
        return {}
    own = code.partition(f"class {class_name}(")[2].partition("\nclass ")[0]
    calls = {(call["dropout"], call["batch_first"]) for call in _PADDED_CALL.finditer(own)}
    if len(calls) != 1:
        return {}
    [(dropout, batch_first)] = calls
    return {"batch_first": batch_first == "True", "dropout": float(dropout)}
