"""What a file is, by its first bytes: its suffix is only what somebody called it."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path
from typing import Final

from lstm_inspect.checkpoint.formats.refusal import STATE_DICT, UnreadableError
from lstm_inspect.checkpoint.formats.unpickle import unpickle

_HEAD: Final = 4096
_CHECKPOINTS: Final = (".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".onnx", ".npz", ".h5", ".keras")
_MOST_OLD: Final = 2**28  # bytes
_MOST_HEADER: Final = 100_000_000  # bytes of a safetensors header, by that format's own rule

_KERAS: Final = "the .keras or .h5 file of the model it was made from"
_TORCHS: Final = "a .safetensors file or one of torch.save"
_PAGE: Final = ("it is a web page: the download got a page instead of the file", "downloading it again")
_FOREIGN: Final = (
    (0, b"version https://git-lfs", "it is a Git LFS pointer, not the file that it stands for", "git lfs pull"),
    (0, b"<!DOCTYPE", *_PAGE),
    (0, b"<html", *_PAGE),
    (0, b"\x93NUMPY", "it is a NumPy array without names", "a state dict, whose parameters have names"),
    (4, b"TFL3", "it is a TensorFlow Lite model: its weights are part of a program", _KERAS),
    (4, b"ORTM", "it is a model of ONNX Runtime's own format", "the .onnx file that it was made from"),
    (0, b"GGUF", "it is a GGUF file", _TORCHS),
    (0, b"\x1f\x8b", "it is compressed (gzip)", "gunzip first"),
    (0, b"BZh", "it is compressed (bzip2)", "bunzip2 first"),
    (0, b"\xfd7zXZ", "it is compressed (xz)", "unxz first"),
    (0, b"\x28\xb5\x2f\xfd", "it is compressed (zstd)", "unzstd first"),
    (257, b"ustar", "it is a tar archive: torch before 0.1.10 wrote them, and nothing reads them safely", STATE_DICT),
)
"""Where in a file what bytes stand, what that says of it, and what to do."""

_BY_SUFFIX: Final = {
    ".traineddata": ("it is a file of Tesseract, whose LSTM is laid out in no way of torch's", "combine_tessdata -u"),
    ".pb": ("it is a graph of TensorFlow: its weights are part of a program", _KERAS),
    ".index": ("it is the index of a checkpoint of TensorFlow", _KERAS),
    ".caffemodel": ("it is a model of Caffe", _TORCHS),
}
"""What a file is by its suffix, where its first bytes say nothing."""


def recognise(path: Path) -> str:
    """How a checkpoint was written, one of the report's FORMATS; "pickle" of every file that begins with one.

    Raises:
        UnreadableError: it is none of them, it is missing, empty, a folder, or can't be read.
    """
    size, head = _open(path)
    for place, magic, what, instead in _FOREIGN:
        if head[place:].startswith(magic):
            raise UnreadableError(what, instead)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(path)
    if head.startswith(b"\x89HDF"):
        return "HDF5"
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _MOST_HEADER:
        return "safetensors"
    if head[:1] == b"\x80" or (head[:1] in b"(]}c" and size <= _MOST_OLD and _is_pickle(path)):
        return "pickle"
    # ONNX begins with ir_version and producer_name; without a producer its suffix must say so
    if head[:1] == b"\x08" and (head[2:3] == b"\x12" or path.suffix.lower() == ".onnx"):
        return "ONNX"
    raise _unknown(path, head)


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # a damaged archive may raise anything
        raise UnreadableError("it is truncated or damaged: the table at the end of the zip can't be read") from None
    inside = {name.partition("/")[2] for name in names}
    if "data.pkl" in inside:
        return "TorchScript" if "constants.pkl" in inside else "torch.save (zip)"
    if "model.weights.h5" in names:
        return "Keras (.keras)"
    if any(name.endswith(".npy") for name in names):
        return "NumPy (.npz)"
    raise UnreadableError("it is a zip archive, but not one of torch.save: no data.pkl in it", STATE_DICT)


def _is_pickle(path: Path) -> bool:
    """Whether it is a whole pickle: protocols 0 and 1 begin with no mark of their own."""
    try:
        with path.open("rb") as file:
            unpickle(file)
    except UnreadableError:
        return False
    return True


def _open(path: Path) -> tuple[int, bytes]:
    """A file's size and first bytes."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableError(
                "it is a folder, not a file", _first_in(path) or f"a file in it, such as {path / 'model.pt'}"
            )
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError("it is a pipe or a device: a checkpoint is read from several places", "a file")
        if not status.st_size:
            raise UnreadableError("it is empty (0 bytes)")
        with path.open("rb") as file:
            return status.st_size, file.read(_HEAD)
    except FileNotFoundError:
        raise UnreadableError("there is no such file", _beside(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableError(f"it can't be read ({reason})", "a file that can be read") from None


def _first_in(folder: Path) -> str:
    """The first checkpoint of a folder, as an example of what to name instead; empty if there is none to be seen."""
    try:
        return min((str(child) for child in folder.iterdir() if child.suffix in _CHECKPOINTS), default="")
    except OSError:
        return ""


def _beside(path: Path) -> str:
    if not path.parent.is_dir():
        return f"a folder that is there: {path.parent} is not"
    return _first_in(path.parent) or "the path of a .pt, .pth, .ckpt, .bin or .safetensors file"


def _unknown(path: Path, head: bytes) -> UnreadableError:
    accepted = f"one of {', '.join(_CHECKPOINTS)}"
    if path.suffix.lower() in _BY_SUFFIX:
        return UnreadableError(*_BY_SUFFIX[path.suffix.lower()])
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        text = head[: error.start].decode("utf-8") if error.start > _HEAD - 4 else ""
    if not text or "\x00" in text:
        return UnreadableError(
            "it is no checkpoint: its first bytes are those of no format that is read here", accepted
        )
    if '"weight_map"' in text:
        return UnreadableError(
            "it is an index that names the files of a checkpoint, without shapes", "each file it names"
        )
    return UnreadableError("it is a text file, not a checkpoint", accepted)
