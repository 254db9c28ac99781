"""Files that can't be read as weights: each its own sentence, and nothing of any is run."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import nn

from lstm_inspect import LSTMInspectError, checkpoint
from lstm_inspect.checkpoint.formats.unpickle import unpickle
from lstm_inspect.errors import FileError

LSTM = {f"lstm.{name}": tensor for name, tensor in nn.LSTM(3, 5).state_dict().items()}


class Command:
    """Runs a shell command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


def refusal(file: Path) -> str:
    with pytest.raises(FileError) as caught:
        checkpoint(file)
    message = caught.value.message()
    assert message.startswith(f"file {file}: ")
    assert "\n" not in message
    assert "weights_only=False" not in message  # the way to run it blindly
    return message.removeprefix(f"file {file}: ")


def damaged(kind: str, folder: Path) -> Path:
    file = folder / f"{kind}.pt"
    DAMAGED[kind][0](file)
    return file


def _save(held: Any, **options: Any) -> Callable[[Path], None]:
    return lambda file: torch.save(held, file, **options)


def _cut(share: float, *, legacy: bool = False) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        torch.save(LSTM, file, _use_new_zipfile_serialization=not legacy)
        content = file.read_bytes()
        file.write_bytes(content[: int(len(content) * share)])

    return write


def _bytes(content: bytes) -> Callable[[Path], None]:
    return lambda file: void(file.write_bytes(content))


def void(_: object) -> None:
    """Say that a result is not wanted."""


def _zip(records: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        with zipfile.ZipFile(file, "w", compression) as archive:
            for name, content in records.items():
                archive.writestr(name, content)

    return write


def _safetensors(header: object, data: bytes = b"") -> Callable[[Path], None]:
    text = json.dumps(header).encode() if not isinstance(header, bytes) else header
    return _bytes(len(text).to_bytes(8, "little") + text + data)


def _tensor(shape: object, end: object = 4) -> dict[str, Any]:
    return {"weight_ih_l0": {"dtype": "F32", "shape": shape, "data_offsets": [0, end]}}


def _tar(file: Path) -> None:
    with tarfile.open(file, "w") as archive:
        archive.addfile(tarfile.TarInfo("storages"), io.BytesIO())


def _short_record(file: Path) -> None:
    """A storage that says that it is larger than the whole file."""
    torch.save(LSTM, file)
    with zipfile.ZipFile(file) as archive:
        records = {name: archive.read(name) for name in archive.namelist()}
    pickled = next(name for name in records if name.endswith("data.pkl"))
    assert records[pickled].count(b"K<") > 0  # weight_ih_l0's 60 numbers, BININT1
    records[pickled] = records[pickled].replace(b"K<", b"J\xff\xff\xff\x7f", 1)
    _zip(records)(file)


DAMAGED: dict[str, tuple[Callable[[Path], None], str]] = {
    "empty": (_bytes(b""), "it is empty (0 bytes)"),
    "text": (_bytes(b"epoch 1, loss 0.5\n" * 9), "it is a text file, not a checkpoint"),
    "accented text": (_bytes("überall Löwen\n".encode() * 500), "it is a text file, not a checkpoint"),
    "binary": (_bytes(bytes(range(32, 160)) * 9), "it is no checkpoint"),
    "web page": (_bytes(b"<!DOCTYPE html><html>"), "it is a web page"),
    "Git LFS": (_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "it is a Git LFS pointer"),
    "tesseract": (_bytes(b"\x18\0\0\0" + bytes(99)), "it is no checkpoint"),
    "TensorFlow Lite": (_bytes(b"\x1c\0\0\0TFL3" + bytes(99)), "it is a TensorFlow Lite model"),
    "index": (_bytes(b'{"weight_map": {"a": "model-00001-of-00002.safetensors"}}'), "it is an index"),
    "code that reads one": (_bytes(b'names = json.load(file)["weight_map"]\n'), "it is a text file, not a checkpoint"),
    "torch.export": (_zip({"m/archive_format": b"pt2"}), "it is a program of torch.export"),
    "gzip": (_bytes(b"\x1f\x8b" + bytes(99)), "it is compressed (gzip)"),
    "tar": (_tar, "it is a tar archive"),
    "other zip": (_zip({"word/document.xml": b"<x/>"}), "it is a zip archive, but not one of torch.save"),
    "empty zip": (_zip({}), "it is a zip archive, but not one of torch.save"),
    "zip bomb": (_zip({"a/data.pkl": bytes(10**8)}, zipfile.ZIP_DEFLATED), "it is a compressed zip"),
    "no pickle in the zip": (_zip({"a/data.pkl": b"", "a/version": b"3"}), "it is truncated"),
    "cut zip": (_cut(0.9), "it is truncated or damaged: the table at the end of the zip"),
    "zip cut early": (_cut(0.1), "it is truncated or damaged: the table at the end of the zip"),
    "cut legacy": (_cut(0.99, legacy=True), "it is truncated or damaged: its tensors take"),
    "legacy cut early": (_cut(0.1, legacy=True), "it is truncated: it ends amid the names and shapes"),
    "larger than its file": (_short_record, "it is truncated or damaged: its tensors take 8,589,9"),
    "safetensors cut in its header": (_bytes((10**6).to_bytes(8, "little") + b'{"a": '), "it is truncated: its header"),
    "safetensors cut after it": (_safetensors(_tensor([80, 10], 3200)), "it is truncated: its tensors end at byte"),
    "safetensors, no JSON": (_safetensors(b"{oh dear}"), "its header is damaged: it is not JSON"),
    "safetensors, endless": (_safetensors(b'{"a":' + b"[" * 10**5), "its header is damaged"),
    "safetensors, negative shape": (
        _safetensors(_tensor([-1, 4])),
        "its header is damaged: weight_ih_l0: shape [-1, 4]",
    ),
    "safetensors, shape in words": (_safetensors(_tensor(["a"])), "its header is damaged"),
    "safetensors, no shape": (_safetensors({"a": {"dtype": "F32"}}), "its header is damaged: no 'shape'"),
    "safetensors, no tensor": (_safetensors({"a": 1}), "its header is damaged"),
    "safetensors, a shape of other bytes": (
        _safetensors(_tensor([80, 10])),
        "weight_ih_l0: shape [80, 10] of F32 takes no 4 bytes",
    ),
    "safetensors, bytes of two": (
        _safetensors({name: {"dtype": "U8", "shape": [3], "data_offsets": [0, 3]} for name in "ab"}, bytes(4)),
        "b shares bytes with another tensor (byte 0)",
    ),
    "safetensors, bytes of none": (
        _safetensors({"a": {"dtype": "U8", "shape": [1], "data_offsets": [3, 4]}}, bytes(4)),
        "a begins after bytes of no tensor (byte 3)",
    ),
    "safetensors, bytes after all": (
        _safetensors({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}, bytes(4)),
        "the last 3 bytes belong to no tensor",
    ),
    "safetensors, a name twice": (
        _safetensors(b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "a": 1}'),
        "its header is damaged: a stands in it twice",
    ),
    "safetensors, bytes backwards": (_safetensors(_tensor([1], -4)), "its header is damaged"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_each_damage_has_its_own_sentence(tmp_path: Path, kind: str) -> None:
    assert DAMAGED[kind][1] in refusal(damaged(kind, tmp_path))


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    "held", [lambda evil: evil, lambda evil: {"state_dict": LSTM, "epoch": evil}], ids=["all", "beside"]
)
def test_a_malicious_checkpoint_is_named_and_not_run(
    tmp_path: Path, held: Callable[[Command], Any], legacy: bool
) -> None:
    witness, file = tmp_path / "it-ran", tmp_path / "evil.pt"
    torch.save(held(Command(f"touch {witness}")), file, _use_new_zipfile_serialization=not legacy)
    report = checkpoint(file)
    assert report.runs == (f"{os.name}.system",)
    assert "would import and call" in report.warnings[0].message
    assert not witness.exists()
    torch.load(file, weights_only=False)
    assert witness.exists()  # the file does bite whoever loads it so


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_malicious_plain_pickle_is_named_and_not_run(tmp_path: Path, protocol: int) -> None:
    witness, file = tmp_path / "it-ran", tmp_path / "evil.pt"
    file.write_bytes(pickle.dumps(Command(f"touch {witness}"), protocol))
    assert checkpoint(file).runs == (f"{os.name}.system",)
    assert not witness.exists()


def test_a_suffix_names_what_the_first_bytes_do_not(tmp_path: Path) -> None:
    (tmp_path / "eng.traineddata").write_bytes(b"\x18\0\0\0" + bytes(99))
    assert "it is a file of Tesseract" in refusal(tmp_path / "eng.traineddata")


def test_a_missing_file_and_what_is_there_instead(tmp_path: Path) -> None:
    torch.save(LSTM, tmp_path / "there.pt")
    assert refusal(tmp_path / "gone.pt") == f"there is no such file. Try {tmp_path / 'there.pt'}."
    assert "there is no such file" in refusal(tmp_path / "no" / "gone.pt")
    assert "it can't be read" in refusal(tmp_path / "there.pt" / "x.pt")
    assert "it can't be read" in refusal(tmp_path / ("x" * 5000))


def test_a_folder_and_what_is_in_it(tmp_path: Path) -> None:
    assert refusal(tmp_path).startswith("it is a folder, not a file. Try a file in it")
    (tmp_path / "model.safetensors").touch()
    assert refusal(tmp_path) == f"it is a folder, not a file. Try {tmp_path / 'model.safetensors'}."


def test_a_device_is_not_waited_for() -> None:
    assert "it is a pipe or a device" in refusal(Path(os.devnull))


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(LSTM, tmp_path / "m.pt")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may read whatever it likes
    assert "it can't be read (Permission denied)" in refusal(tmp_path / "m.pt")


@pytest.mark.parametrize("numel", [2**31, 2**62, 2**70])
@pytest.mark.parametrize("shape", [(5,), (-5,), (2**40, 2**40), (2**70,), ("a",), ()])
def test_absurd_sizes_of_a_hand_made_file(tmp_path: Path, numel: int, shape: tuple[Any, ...]) -> None:
    _zip(_by_hand(numel, shape))(tmp_path / "m.pt")
    refusal(tmp_path / "m.pt")


@pytest.mark.parametrize("numel", [5, 0, -1, -(2**40)])
@pytest.mark.parametrize("shape", [(-5,), (2**40, 2**40), (2**62,), (2**70,), ("a",), (1.5,), None])
def test_absurd_shapes_of_a_hand_made_file(tmp_path: Path, numel: int, shape: Any) -> None:
    _zip(_by_hand(numel, shape))(tmp_path / "m.pt")
    refusal(tmp_path / "m.pt")


def test_a_sane_file_made_by_hand_is_read(tmp_path: Path) -> None:
    _zip(_by_hand(5, (5,)))(tmp_path / "m.pt")
    assert [(entry.name, entry.shape) for entry in checkpoint(tmp_path / "m.pt").entries] == [("x", (5,))]


class _Storage:
    """Pickled as torch's persistent id of a storage."""

    def __init__(self, numel: int) -> None:
        self.numel = numel


class _Handmade:
    """A tensor's rebuilding, with whatever shape."""

    def __init__(self, numel: int, shape: tuple[Any, ...]) -> None:
        self.numel, self.shape = numel, shape

    def __reduce__(self) -> tuple[Any, ...]:
        from torch._utils import _rebuild_tensor_v2

        return _rebuild_tensor_v2, (_Storage(self.numel), 0, self.shape, (1,) * len(self.shape or ()), False, {})


class _Pickler(pickle.Pickler):
    def persistent_id(self, held: object) -> object:
        return ("storage", torch.FloatStorage, "0", "cpu", held.numel) if isinstance(held, _Storage) else None


def _by_hand(numel: int, shape: tuple[Any, ...]) -> dict[str, bytes]:
    pickled = io.BytesIO()
    _Pickler(pickled, 2).dump({"x": _Handmade(numel, shape)})
    return {"a/data.pkl": pickled.getvalue(), "a/byteorder": b"little", "a/data/0": bytes(20), "a/version": b"3\n"}


@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
def test_bytes_that_went_bad_never_end_in_a_traceback(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "m.pt"
    if kind == "safetensors":
        safetensors.torch.save_file(LSTM, file)
    else:
        torch.save(LSTM, file, _use_new_zipfile_serialization=kind == "zip")
    sound, dice, refused = file.read_bytes(), random.Random(0), 0  # noqa: S311 - not for secrets
    for _ in range(150):
        bad = bytearray(sound)
        for _ in range(dice.choice([1, 2, 8])):
            bad[dice.randrange(min(len(bad), 2000))] = dice.randrange(256)
        file.write_bytes(bad[: dice.choice([len(bad), dice.randrange(len(bad))])])
        try:
            checkpoint(file).to_dict()
        except LSTMInspectError:
            refused += 1
    assert refused > 50  # the bytes did go bad


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_a_pickle_asks_for(protocol: int) -> None:
    pickled = io.BytesIO(pickle.dumps([Command("x"), Command("y"), 1, "a.b"], protocol))
    names = [name for name in unpickle(pickled).names if not name.startswith(("builtins", "copyreg"))]
    assert names == [f"{os.name}.system"]
