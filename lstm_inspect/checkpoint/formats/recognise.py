"""What a file is, by its first bytes: its suffix is only what somebody called it."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path
from typing import Final

from lstm_inspect.checkpoint.formats.refusal import AGAIN, STATE_DICT, refused
from lstm_inspect.checkpoint.formats.unpickle import PickleError, unpickle
from lstm_inspect.errors import FileError

_HEAD: Final = 4096
_CHECKPOINTS: Final = (".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".onnx", ".npz", ".h5", ".keras")
_MOST_OLD: Final = 2**28  # bytes
_MOST_HEADER: Final = 100_000_000  # bytes of a safetensors header, by that format's own rule

_KERAS: Final = "the .keras or .h5 file of the model it was made from"
_FOREIGN: Final = (
    (0, b"version https://git-lfs", "it is a Git LFS pointer, not the file that it stands for", "git lfs pull"),
    (0, b"<!DOCTYPE", "it is a web page: the download got a page instead of the file", "downloading it again"),
    (0, b"<html", "it is a web page: the download got a page instead of the file", "downloading it again"),
    (0, b"\x93NUMPY", "it is a NumPy array without names", "a state dict, whose parameters have names"),
    (4, b"TFL3", "it is a TensorFlow Lite model: its weights are part of a program", _KERAS),
    (4, b"ORTM", "it is a model of ONNX Runtime's own format", "the .onnx file that it was made from"),
    (0, b"GGUF", "it is a GGUF file", "a .safetensors file or one of torch.save"),
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
    ".caffemodel": ("it is a model of Caffe", "a .safetensors file or one of torch.save"),
}
"""What a file is by its suffix, where its first bytes say nothing."""


def recognise(path: Path) -> str:
    """How a checkpoint was written: "zip", "torchscript", "npz", "keras", "hdf5", "pickle", "safetensors" or "onnx".

    Raises:
        FileError: it is none of them, it is missing, empty, a folder, or can't be read.
    """
    size, head = _open(path)
    if not size:
        raise refused(path, "it is empty (0 bytes)", AGAIN)
    for place, magic, what, instead in _FOREIGN:
        if head[place:].startswith(magic):
            raise refused(path, what, instead)
    kind = _kind(path, head)
    if kind is None:
        raise _unknown(path, head)
    return kind


def _kind(path: Path, head: bytes) -> str | None:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(path)
    if head.startswith(b"\x89HDF"):
        return "hdf5"
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _MOST_HEADER:
        return "safetensors"
    if head[:1] == b"\x80" or _is_old_pickle(path, head):
        return "pickle"
    return "onnx" if _is_onnx(path, head) else None


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # a damaged archive may raise anything
        reason = "it is truncated or damaged: the table at the end of the zip can't be read"
        raise refused(path, reason, AGAIN) from None
    inside = {name.partition("/")[2] for name in names}
    if "data.pkl" in inside:
        return "torchscript" if "constants.pkl" in inside else "zip"
    if "model.weights.h5" in names:
        return "keras"
    if any(name.endswith(".npy") for name in names):
        return "npz"
    raise refused(path, "it is a zip archive, but not one of torch.save: no data.pkl in it", STATE_DICT)


def _is_onnx(path: Path, head: bytes) -> bool:
    """Whether it begins as ONNX does, with ir_version and producer_name; without a producer its suffix must say so."""
    return head[:1] == b"\x08" and (head[2:3] == b"\x12" or path.suffix.lower() == ".onnx")


def _is_old_pickle(path: Path, head: bytes) -> bool:
    """Whether it is a whole pickle of protocol 0 or 1, which begins with no mark of its own."""
    if head[:1] not in b"(]}c" or path.stat().st_size > _MOST_OLD:
        return False
    try:
        with path.open("rb") as file:
            unpickle(file)
    except PickleError:
        return False
    return True


def _open(path: Path) -> tuple[int, bytes]:
    """A file's size and first bytes."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise refused(path, "it is a folder, not a file", _inside(path))
        if not stat.S_ISREG(status.st_mode):
            raise refused(path, "it is a pipe or a device: a checkpoint is read from several places", "a file")
        with path.open("rb") as file:
            return status.st_size, file.read(_HEAD)
    except FileNotFoundError:
        raise refused(path, "there is no such file", _beside(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refused(path, f"it can't be read ({reason})", "a file that can be read") from None


def _inside(folder: Path) -> str:
    """The first checkpoint of a folder, as an example of what to name instead."""
    try:
        names = sorted(child for child in folder.iterdir() if child.suffix in _CHECKPOINTS)
    except OSError:
        names = []
    return str(names[0]) if names else f"a file in it, such as {folder / 'model.pt'}"


def _beside(path: Path) -> str:
    try:
        names = sorted(child.name for child in path.parent.iterdir() if child.suffix in _CHECKPOINTS)
    except OSError:
        return f"a folder that is there: {path.parent} is not"
    return str(path.parent / names[0]) if names else "the path of a .pt, .pth, .ckpt, .bin or .safetensors file"


def _unknown(path: Path, head: bytes) -> FileError:
    accepted = f"one of {', '.join(_CHECKPOINTS)}"
    if path.suffix.lower() in _BY_SUFFIX:
        return refused(path, *_BY_SUFFIX[path.suffix.lower()])
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        text = head[: error.start].decode("utf-8") if error.start > _HEAD - 4 else ""
    if not text or "\x00" in text:
        return refused(path, "it is no checkpoint: its first bytes are those of no format that is read here", accepted)
    if '"weight_map"' in text:
        return refused(
            path, "it is an index that names the files of a checkpoint, without shapes", "each file it names"
        )
    return refused(path, "it is a text file, not a checkpoint", accepted)
