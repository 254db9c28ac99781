"""What a file is, by its first bytes: its suffix is only what somebody called it."""

import codecs
import stat
import zipfile
from pathlib import Path
from typing import Final

from lstm_inspect.checkpoint.content import STATE_DICT, UnreadableError
from lstm_inspect.checkpoint.formats.unpickle import unpickle

_HEAD: Final = 4096
_CHECKPOINTS: Final = (".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".onnx", ".npz", ".h5", ".keras")
_MOST_OLD: Final = 2**28  # bytes
_MOST_HEADER: Final = 100_000_000  # bytes of a safetensors header, by that format's own rule


def recognise(path: Path) -> str:
    """How a checkpoint was written, one of the report's FORMATS; "pickle" of every file that begins with one."""
    size, head = _size_and_head(path)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(path)
    if head.startswith(b"\x89HDF"):
        return "HDF5"
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _MOST_HEADER:
        return "safetensors"
    if head[:1] == b"\x80":
        return "pickle"
    import tomllib  # late: what most people have needs no table

    others = tomllib.loads(Path(__file__).with_name("others.toml").read_text(encoding="utf-8"))
    begins = (each for each in others["begins"] if head.startswith(each["bytes"].encode("latin-1"), each.get("at", 0)))
    other = next(begins, None)
    if other is None and head[:1] in b"(]}c" and size <= _MOST_OLD and _is_whole_pickle(path):
        return "pickle"  # of protocol 0 or 1, which begin with no mark of their own
    suffix = path.suffix.lower()
    if other is None and head[:1] == b"\x08" and (head[2:3] == b"\x12" or suffix == ".onnx"):
        return "ONNX"  # it begins with ir_version and producer_name; without a producer its suffix must say so
    other = other or others["suffix"].get(suffix) or others["looks_like"][_looks_like(head)]
    raise UnreadableError(other["what"], other.get("instead", f"one of {', '.join(_CHECKPOINTS)}"))


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
    if "archive_format" in inside:
        instead = f"torch.save(torch.export.load({str(path)!r}).state_dict, 'weights.pt')"
        raise UnreadableError("it is a program of torch.export", instead)
    raise UnreadableError("it is a zip archive, but not one of torch.save: no data.pkl in it", STATE_DICT)


def _looks_like(head: bytes) -> str:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # which may end amid a sign
    except UnicodeDecodeError:
        text = ""
    return (
        "binary"
        if not text or "\x00" in text
        else "index"
        if text.lstrip()[:1] == "{" and '"weight_map"' in text
        else "text"
    )


def _is_whole_pickle(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return unpickle(file) is not None
    except UnreadableError:
        return False


def _size_and_head(path: Path) -> tuple[int, bytes]:
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
