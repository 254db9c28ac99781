"""What a file is, by its first bytes: its suffix is only what somebody called it."""

from __future__ import annotations

import io
import re
import stat
from pathlib import Path
from typing import Final

from lstm_inspect.checkpoint.formats.pickled import globals_of
from lstm_inspect.checkpoint.formats.refusal import AGAIN, STATE_DICT, refused
from lstm_inspect.errors import FileError

_HEAD: Final = 4096
_CHECKPOINTS: Final = (".safetensors", ".pt", ".pth", ".ckpt", ".bin")
_MOST_HEADER: Final = 100_000_000  # bytes of a safetensors header, by that format's own rule

_DOTTED: Final = re.compile(r"[^\W\d]\w*(\.\w+)+")

_FOREIGN: Final = (
    (0, b"version https://git-lfs", "it is a Git LFS pointer, not the file that it stands for", "git lfs pull"),
    (0, b"<!DOCTYPE", "it is a web page: the download got a page instead of the file", "downloading it again"),
    (0, b"<html", "it is a web page: the download got a page instead of the file", "downloading it again"),
    (0, b"\x89HDF", "it is an HDF5 file, as Keras writes them", "a .safetensors file or one of torch.save"),
    (0, b"\x93NUMPY", "it is a NumPy array without names", "a state dict, whose parameters have names"),
    (0, b"GGUF", "it is a GGUF file", "a .safetensors file or one of torch.save"),
    (0, b"\x1f\x8b", "it is compressed (gzip)", "gunzip first"),
    (0, b"BZh", "it is compressed (bzip2)", "bunzip2 first"),
    (0, b"\xfd7zXZ", "it is compressed (xz)", "unxz first"),
    (0, b"\x28\xb5\x2f\xfd", "it is compressed (zstd)", "unzstd first"),
    (257, b"ustar", "it is a tar archive: torch before 0.1.10 wrote them, and nothing reads them safely", STATE_DICT),
)
"""Where in a file what bytes stand, what that says of it, and what to do."""


def recognise(path: Path) -> str:
    """How a checkpoint was written: "zip", "pickle" or "safetensors".

    Raises:
        FileError: it is none of them, it is missing, empty, a folder, or can't be read.
    """
    size, head = _open(path)
    if not size:
        raise refused(path, "it is empty (0 bytes)", AGAIN)
    for place, magic, what, instead in _FOREIGN:
        if head[place:].startswith(magic):
            raise refused(path, what, instead)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _MOST_HEADER:
        return "safetensors"
    if head[:1] == b"\x80":
        return "pickle"
    raise _unknown(path, head)


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
    accepted = "a file of torch.save, or a .safetensors file"
    asked = [name for name in globals_of(io.BytesIO(head)) if _DOTTED.fullmatch(name)]
    if asked:
        reason = f"it is a pickle of an old protocol that asks for the global {asked[0]}. Nothing of it was run"
        return refused(path, reason, STATE_DICT)
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        text = head[: error.start].decode("utf-8") if error.start > _HEAD - 4 else ""
    if not text or "\x00" in text:
        return refused(path, "it is no checkpoint: neither a zip, nor a pickle, nor safetensors", accepted)
    if '"weight_map"' in text:
        return refused(
            path, "it is an index that names the files of a checkpoint, without shapes", "each file it names"
        )
    return refused(path, "it is a text file, not a checkpoint", accepted)
