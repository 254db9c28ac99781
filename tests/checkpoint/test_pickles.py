"""Pickles of every kind that people have: read without running them, their storages counted by key."""

from __future__ import annotations

import argparse
import collections
import io
import pickle
import struct
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lstm_inspect import LSTMInspectError, checkpoint
from lstm_inspect.checkpoint.content import UnreadableError
from lstm_inspect.checkpoint.formats import held as walk
from lstm_inspect.checkpoint.formats import unpickle as reader
from lstm_inspect.checkpoint.formats.unpickle import unpickle
from lstm_inspect.errors import FileError

TRACE: Any = torch.jit.trace
CONSTRUCTOR = "torch.nn.LSTM(3, 5, num_layers=2)"


def lstm(**options: Any) -> nn.LSTM:
    return nn.LSTM(3, 5, num_layers=2, **options)


def flat() -> dict[str, Any]:
    """A state dict whose tensors are views of one storage, as cuDNN keeps them."""
    held = lstm().state_dict()
    buffer = torch.cat([tensor.flatten() for tensor in held.values()])
    pieces = torch.split(buffer, [tensor.numel() for tensor in held.values()])
    return {f"lstm.{name}": piece.view(t.shape) for (name, t), piece in zip(held.items(), pieces, strict=True)}


class Tagger(nn.Module):
    """A user's model, for pickling whole."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = lstm(batch_first=True, dropout=0.25)
        self.fc = nn.Linear(5, 2)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.fc(self.lstm(input)[0])
        return output


class Tied(nn.Module):
    """One LSTM under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = self.decoder = lstm()


def prefixed(module: nn.Module) -> dict[str, Any]:
    return {f"lstm.{name}": tensor for name, tensor in module.state_dict().items()}


STATE = prefixed(lstm())
HELD: dict[str, Callable[[], Any]] = {
    "a flat buffer": flat,
    "one state dict under two keys": lambda: {"model": STATE, "best": STATE},
    "a weight beside its transpose": lambda: {**STATE, "t": STATE["lstm.weight_ih_l0"].t()},
    "float8 beside it": lambda: {**STATE, "scale": torch.zeros(2).to(torch.float8_e4m3fn)},
    "argparse": lambda: {"args": argparse.Namespace(hidden=5), "model": STATE},
    "a defaultdict": lambda: collections.defaultdict(dict, {"model": STATE}),
    "a whole module": Tagger,
    "a whole module, wrapped": lambda: nn.DataParallel(Tagger()),
    "a whole module in a dict": lambda: {"epoch": 3, "model": Tagger()},
    "an object with a module": lambda: argparse.Namespace(model=Tagger()),
    "numpy arrays": lambda: {name: tensor.numpy() for name, tensor in STATE.items()},
}


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("kind", HELD)
def test_every_kind_is_described(tmp_path: Path, kind: str, legacy: bool) -> None:
    torch.save(HELD[kind](), tmp_path / "m.pt", _use_new_zipfile_serialization=not legacy)
    [found] = checkpoint(tmp_path / "m.pt").lstms
    whole = "module" in kind
    assert found.name == "lstm" and found.problems == ()
    assert found.constructor == (CONSTRUCTOR[:-1] + ", batch_first=True, dropout=0.25)" if whole else CONSTRUCTOR)
    assert found.unknown == ([] if whole else ["batch_first", "dropout"])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_numpy_pickles_of_every_protocol(tmp_path: Path, protocol: int) -> None:
    held = HELD["numpy arrays"]()
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(held, protocol))
    report = checkpoint(tmp_path / "m.pkl")
    assert (report.format, report.lstms[0].constructor, report.runs) == ("pickle", CONSTRUCTOR, ())
    assert {(entry.name, entry.shape) for entry in report.entries} == {(n, a.shape) for n, a in held.items()}


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_a_truncated_flat_buffer_is_told(tmp_path: Path, legacy: bool) -> None:
    torch.save(flat(), tmp_path / "m.pt", _use_new_zipfile_serialization=not legacy)
    content = (tmp_path / "m.pt").read_bytes()
    (tmp_path / "m.pt").write_bytes(content[:-100])
    with pytest.raises(FileError, match="it is truncated"):
        checkpoint(tmp_path / "m.pt")


def test_a_storage_that_is_not_in_the_zip_is_missed(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "m.pt")
    with zipfile.ZipFile(tmp_path / "m.pt") as archive:
        records = {name: archive.read(name) for name in archive.namelist() if not name.endswith("data/0")}
    with zipfile.ZipFile(tmp_path / "m.pt", "w") as archive:
        for name, content in records.items():
            archive.writestr(name, content)
    with pytest.raises(FileError, match="its tensors take"):
        checkpoint(tmp_path / "m.pt")


@pytest.mark.parametrize("held", [lambda: {"model": STATE, "best": STATE}, Tied, lambda: Tied().state_dict()])
def test_what_stands_there_twice_is_one_and_said_so(tmp_path: Path, held: Callable[[], Any]) -> None:
    torch.save(held(), tmp_path / "m.pt")
    [found] = checkpoint(tmp_path / "m.pt").lstms
    assert len(found.notes) == 1 and "the same numbers, counted once" in found.notes[0]


def test_a_parameter_under_two_names_is_said_to_be_one(tmp_path: Path) -> None:
    held = nn.ModuleDict({"a": lstm(), "b": lstm()})
    held["b"].weight_hh_l0 = held["a"].weight_hh_l0
    torch.save(held.state_dict(), tmp_path / "m.pt")
    first, second = checkpoint(tmp_path / "m.pt").lstms
    assert not first.notes
    assert second.notes == ("b.weight_hh_l0 and a.weight_hh_l0 are one tensor under two names",)


def test_packed_weights_are_said_to_be_packed(tmp_path: Path) -> None:
    (tmp_path / "q.pt").write_bytes(b"\x80\x02ctorch\nScriptObject\n.")
    assert "packed" in [warning.id for warning in checkpoint(tmp_path / "q.pt").warnings]


def test_equal_numbers_in_two_places_are_two(tmp_path: Path) -> None:
    torch.save({"model": STATE, "ema": {name: tensor.clone() for name, tensor in STATE.items()}}, tmp_path / "m.pt")
    assert [each.container for each in checkpoint(tmp_path / "m.pt").lstms] == [("model",), ("ema",)]


def test_what_would_run_is_named_and_what_is_plain_is_not(tmp_path: Path) -> None:
    torch.save({"args": argparse.Namespace(a=1), "model": STATE, "d": collections.defaultdict(int)}, tmp_path / "m.pt")
    assert checkpoint(tmp_path / "m.pt").runs == ("argparse.Namespace",)
    torch.save({**STATE, "q": torch.zeros(2).to(torch.float8_e5m2), "c": torch.zeros(2).to_sparse()}, tmp_path / "n.pt")
    assert checkpoint(tmp_path / "n.pt").runs == ()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("traced", [False, True])
def test_torchscript(tmp_path: Path, traced: bool) -> None:
    model = Tagger().eval()
    scripted = TRACE(model, torch.rand(2, 4, 3)) if traced else torch.jit.script(model)
    torch.jit.save(scripted, tmp_path / "m.pt")
    report = checkpoint(tmp_path / "m.pt")
    [found] = report.lstms
    assert (report.format, report.runs, found.name) == ("TorchScript", (), "lstm")
    told = found.constructor == CONSTRUCTOR[:-1] + ", batch_first=True, dropout=0.25)"
    assert told or (traced and found.unknown)  # tracing inlines the call where it likes


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_pickle_taken_out_of_a_torchscript_file(tmp_path: Path) -> None:
    """The code is not beside it, so what it says of the call is not known."""
    torch.jit.save(torch.jit.script(Tagger().eval()), tmp_path / "m.pt")
    with zipfile.ZipFile(tmp_path / "m.pt") as archive:
        (tmp_path / "data.pkl").write_bytes(archive.read("m/data.pkl"))
    [found] = checkpoint(tmp_path / "data.pkl").lstms
    assert (found.name, found.constructor) == ("lstm", CONSTRUCTOR)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_the_weights_of_a_frozen_program_are_counted_and_have_no_names(tmp_path: Path) -> None:
    model = Tagger().eval()
    torch.jit.save(torch.jit.freeze(TRACE(model, torch.rand(2, 4, 3))), tmp_path / "m.pt")
    report = checkpoint(tmp_path / "m.pt")
    assert {entry.shape for entry in report.entries} == {tuple(tensor.shape) for tensor in model.state_dict().values()}
    assert [warning.id for warning in report.warnings] == ["frozen"] and not report.lstms


@pytest.mark.filterwarnings("ignore")  # torch.export's own
def test_what_is_to_be_typed_for_a_program_of_torch_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.export.save(torch.export.export(nn.Linear(3, 5), (torch.rand(2, 3),)), "m.pt2")
    with pytest.raises(FileError) as refused:
        checkpoint("m.pt2")
    exec(refused.value.instead, {"torch": torch})
    assert [entry.name for entry in checkpoint("weights.pt").entries] == ["weight", "bias"]


def test_fsdp_keeps_no_shapes_and_that_is_said(tmp_path: Path) -> None:
    torch.save({"_fsdp_wrapped_module.lstm._flat_param": torch.zeros(99)}, tmp_path / "m.pt")
    assert [warning.id for warning in checkpoint(tmp_path / "m.pt").warnings] == ["flat-parameter"]


def test_a_checksum_that_is_off_is_said(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "m.pt")
    content = (tmp_path / "m.pt").read_bytes()
    (tmp_path / "m.pt").write_bytes(content.replace(b"lstm.weight_ih_l0q", b"lstm.wEight_ih_l0q", 1))
    assert "checksum" in [warning.id for warning in checkpoint(tmp_path / "m.pt").warnings]


def _class_out_of_a_tuple() -> bytes:
    """NEWOBJ on what a call made, where Python's own unpickler wants a type."""
    return b"\x80\x02cposix\nsystem\n)R)\x81}(X\x01\x00\x00\x00ncnumpy\nfloat32\nub."


def _shared(thing: bytes, use: bytes) -> bytes:
    """A list of many things that share one; each of them would have been walked anew."""
    return b"\x80\x02" + thing + b"q\x000](" + use * 20_000 + b"e."


_STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQ"
_TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n(" + _STORAGE + b"K\x00h\x00h\x00tR"
_OBJECT = b"cargparse\nNamespace\n)\x81h\x00b"
HOSTILE = {
    "a key that takes for ever to hash": b"\x80\x02})q\x00" + b"h\x00h\x00\x86q\x00" * 99 + b"h\x00K\x01s.",
    "NEWOBJ on no type": _class_out_of_a_tuple(),
    "a list that holds itself": b"\x80\x02]q\x00h\x00a.",
    "a tensor of itself": b"\x80\x02ctorch._utils\n_rebuild_parameter\n]q\x00(h\x00h\x00eR.",
    "ten thousand deep": b"\x80\x02" + b"]" * 10_000 + b"a" * 9_999 + b".",
    "a length beyond the file": b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x.",
    "an array beyond the file": b"\x80\x05\x96" + struct.pack("<Q", 2**62) + b"x.",
    "an empty stack": b"\x80\x02.",
    "a memo that is not there": b"\x80\x02h\x05.",
    "a place too large": b"(lp99999999999999999999\n.",
    "too many digits": b"\x80\x02I" + b"9" * 10_000 + b"\n.",
    "one wide shape for many tensors": _shared(b"(" + b"K\x01" * 50_000 + b"t", _TENSOR),
    "one large state for many objects": _shared(b"}(" + b"X\x01\x00\x00\x00aN" * 20_000 + b"u", _OBJECT),
    "one list in many places": _shared(b"](" + b"N" * 10 + b"e", b"h\x00"),
    "an outside buffer": b"\x80\x05\x97\x98.",
    "an extension": b"\x80\x02\x82\x01.",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_pickles_end_quickly_and_in_one_sentence(tmp_path: Path, kind: str) -> None:
    (tmp_path / "m.pkl").write_bytes(HOSTILE[kind])
    try:
        checkpoint(tmp_path / "m.pkl").to_dict()
    except FileError as error:
        assert "\n" not in error.message()


@pytest.mark.parametrize(("limit", "sentence"), [("_MOST_INSTRUCTIONS", "instructions"), ("_MOST_BYTES", "bytes")])
def test_each_bound_has_its_sentence(monkeypatch: pytest.MonkeyPatch, limit: str, sentence: str) -> None:
    pickled = pickle.dumps([{str(number): number} for number in range(50)])
    unpickle(io.BytesIO(pickled))
    monkeypatch.setattr(reader, limit, 99)
    with pytest.raises(UnreadableError, match=f"takes more than 99 {sentence}"):
        unpickle(io.BytesIO(pickled))


def test_what_lies_too_deep_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "_DEEPEST", 9)
    held: Any = dict(STATE)
    for _ in range(9):
        held = [held]
    torch.save({"deep": held, "model": STATE}, tmp_path / "m.pt")
    report = checkpoint(tmp_path / "m.pt")
    assert [warning.id for warning in report.warnings] == ["too-deep"] and len(report.lstms) == 1


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=3),
)


def as_data(value: Any) -> Any:
    """Stand-ins as what they stand for."""
    if isinstance(value, reader.Pairs):
        return {key: as_data(item) for key, item in value}
    if isinstance(value, list | tuple):
        return type(value)(as_data(item) for item in value)
    if isinstance(value, reader.Made):  # bytes before protocol 3
        return value.arguments[0].encode(value.arguments[1]) if value.arguments else b""
    return value


@settings(deadline=None)
@given(PLAIN, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_plain_data_is_what_pickle_says_it_is(value: Any, protocol: int) -> None:
    assert as_data(unpickle(io.BytesIO(pickle.dumps(value, protocol))).held) == value


SOUND = [pickle.dumps(HELD["numpy arrays"](), 2), pickle.dumps(argparse.Namespace(a={"b": [1.5, b"c"]}), 4)]


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(SOUND), st.data())
def test_mutated_pickles_end_in_an_answer_or_one_sentence(sound: bytes, data: st.DataObject) -> None:
    bad = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 4))):
        bad[data.draw(st.integers(0, len(bad) - 1))] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            unpickle(io.BytesIO(bytes(bad[: data.draw(st.integers(1, len(bad)))])))
        except UnreadableError as error:
            assert str(error)


@pytest.mark.parametrize("held", [STATE, Tagger()], ids=["state dict", "whole module"])
def test_zips_that_went_bad_end_in_an_answer_or_one_sentence(tmp_path: Path, held: Any) -> None:
    torch.save(held, tmp_path / "m.pt")
    sound, dice = (tmp_path / "m.pt").read_bytes(), np.random.default_rng(0)
    for _ in range(100):
        bad = bytearray(sound)
        start = int(dice.integers(len(bad)))
        stop = start + int(dice.integers(1, 64))
        bad[start:stop] = bytes(len(bad[start:stop]))
        (tmp_path / "m.pt").write_bytes(bad)
        try:
            checkpoint(tmp_path / "m.pt").to_dict()
        except LSTMInspectError as error:
            assert "\n" not in error.message()


def test_no_torch_is_loaded(tmp_path: Path) -> None:
    torch.save({"args": argparse.Namespace(), "model": STATE}, tmp_path / "m.pt")
    code = "import sys; from lstm_inspect.cli import run; run(sys.argv[1:]); print('torch' in sys.modules)"
    command = [sys.executable, "-c", code, "checkpoint", str(tmp_path / "m.pt")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "False" and CONSTRUCTOR in said
