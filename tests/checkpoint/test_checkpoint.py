"""Checkpoints of every kind that people have, written by torch.save and by safetensors itself."""

from __future__ import annotations

import io
import json
import pickle
import struct
import tracemalloc
from pathlib import Path
from typing import Any
from unittest.mock import patch

import jsonschema
import pytest
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.serialization import MAGIC_NUMBER, PROTOCOL_VERSION

from lstm_inspect import checkpoint
from lstm_inspect.errors import FileError
from lstm_inspect.theory.contract import json_schema, to_json

StateDict = dict[str, Tensor]
VALID = jsonschema.Draft202012Validator(json_schema())
CONSTRUCTOR = "torch.nn.LSTM(10, 20, num_layers=2, bidirectional=True)"


def state_dict(prefix: str = "", module: nn.Module | None = None) -> StateDict:
    module = module or nn.LSTM(10, 20, num_layers=2, bidirectional=True)
    return {prefix + name: tensor for name, tensor in module.state_dict().items()}


def trained() -> dict[str, Any]:
    """What a training loop saves: the model, the optimizer that went a step with it, and numbers."""
    model = nn.LSTM(10, 20, num_layers=2, bidirectional=True)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.rand(5, 3, 10))[0].sum().backward()
    optimizer.step()
    return {"epoch": 3, "model": model.state_dict(), "optimizer": optimizer.state_dict(), "loss": 0.5}


LIGHTNING = {
    "epoch": 1,
    "pytorch-lightning_version": "2.4.0",
    "state_dict": state_dict("model.lstm.") | {"model.fc.weight": torch.rand(2, 40)},
    "optimizer_states": [
        {"state": {0: {"exp_avg": torch.rand(80, 10)}}, "param_groups": [{"lr": 1e-3, "params": [0]}]}
    ],
    "hyper_parameters": {"hidden_size": 20},
}

KINDS: list[tuple[str, Any, tuple[str | int, ...], str]] = [
    ("bare", state_dict(), (), ""),
    ("inside a model", state_dict("encoder.lstm.") | {"fc.weight": torch.rand(2, 40)}, (), "encoder.lstm"),
    ("in nn.Sequential", state_dict("1."), (), "1"),
    ("under state_dict", {"state_dict": state_dict("lstm.")}, ("state_dict",), "lstm"),
    ("with its optimizer", trained(), ("model",), ""),
    ("Lightning", LIGHTNING, ("state_dict",), "model.lstm"),
    ("DataParallel", {"model_state_dict": state_dict("module.lstm.")}, ("model_state_dict",), "lstm"),
    ("compiled, then wrapped", state_dict("module._orig_mod.lstm."), (), "lstm"),
    ("averaged", state_dict("module.lstm.") | {"n_averaged": torch.tensor(3)}, (), "lstm"),
    ("deep", {"a": {"b": [0, {"c": (state_dict("x."),)}]}}, ("a", "b", 1, "c", 0), "x"),
    ("nested by module", {"lstm": state_dict()}, ("lstm",), ""),
    ("as Parameters", {name: nn.Parameter(tensor) for name, tensor in state_dict("lstm.").items()}, (), "lstm"),
]


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize(("held", "container", "name"), [kind[1:] for kind in KINDS], ids=[kind[0] for kind in KINDS])
def test_every_kind(tmp_path: Path, held: Any, container: tuple[str | int, ...], name: str, legacy: bool) -> None:
    file = tmp_path / "model.pt"
    torch.save(held, file, _use_new_zipfile_serialization=not legacy)
    report = checkpoint(file)
    [lstm] = report.lstms
    assert report.sound
    assert report.format == ("torch.save (legacy)" if legacy else "torch.save (zip)")
    assert (lstm.container, lstm.name, lstm.constructor) == (container, name, CONSTRUCTOR)
    assert lstm.parameter_count == 15_040
    VALID.validate(json.loads(to_json(report.to_dict())))


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".bin", ".model", "", ".safetensors"])
def test_the_suffix_decides_nothing(tmp_path: Path, suffix: str) -> None:
    torch.save(state_dict("lstm."), tmp_path / f"model{suffix}")
    assert checkpoint(tmp_path / f"model{suffix}").sound


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_safetensors(tmp_path: Path, suffix: str, dtype: torch.dtype) -> None:
    held = {name: tensor.to(dtype) for name, tensor in state_dict("rnn.").items()}
    safetensors.torch.save_file(held, tmp_path / f"model{suffix}", metadata={"format": "pt"})
    report = checkpoint(tmp_path / f"model{suffix}")
    [lstm] = report.lstms
    assert report.format == "safetensors"
    assert report.sound
    assert lstm.sizes.dtype == str(dtype).removeprefix("torch.")
    assert {(entry.name, entry.shape) for entry in report.entries} == {(n, tuple(t.shape)) for n, t in held.items()}


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_saved_on_a_gpu_that_is_not_here(tmp_path: Path, legacy: bool) -> None:
    with patch("torch.serialization.location_tag", lambda storage: "cuda:3"):
        torch.save(state_dict("lstm."), tmp_path / "gpu.pt", _use_new_zipfile_serialization=not legacy)
    with pytest.raises(RuntimeError, match="CUDA"):  # it does ask for the GPU
        torch.load(tmp_path / "gpu.pt", weights_only=True)
    assert checkpoint(tmp_path / "gpu.pt").sound


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support", "ignore:torch.quantize_per_tensor")
@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_tensors_of_every_other_layout_do_no_harm(tmp_path: Path, legacy: bool) -> None:
    beside = {
        "sparse": torch.eye(3).to_sparse(),
        "rows": torch.eye(3).to_sparse_csr(),
        "quantized": torch.quantize_per_tensor(torch.rand(4, 4), 0.1, 0, torch.qint8),
        "view": torch.rand(100)[3:5],
        "expanded": torch.rand(1).expand(10**9),
        "scalar": torch.tensor(1.0),
        "empty": torch.empty(0),
        "shared": nn.Embedding(3, 3).weight,
    }
    torch.save(state_dict("lstm.") | beside, tmp_path / "m.pt", _use_new_zipfile_serialization=not legacy)
    report = checkpoint(tmp_path / "m.pt")
    assert report.sound
    shapes = {entry.name: (entry.shape, entry.dtype) for entry in report.entries}
    assert shapes["expanded"] == ((10**9,), "float32")
    assert shapes["quantized"] == ((4, 4), "qint8")


class _View:
    """Pickled as torch before 0.4 did it: the id of a part of a storage."""

    def __init__(self, key: str, offset: int, numel: int) -> None:
        self.part = (key, offset, numel)


class _Part:
    """A tensor in such a part."""

    def __init__(self, view: _View, shape: tuple[int, int]) -> None:
        self.view, self.shape = view, shape

    def __reduce__(self) -> tuple[Any, ...]:
        return torch._utils._rebuild_tensor, (self.view, 0, self.shape, (self.shape[1], 1))


class _OldPickler(pickle.Pickler):
    def persistent_id(self, held: object) -> object:
        return ("storage", torch.FloatStorage, "root", "cpu", 240, held.part) if isinstance(held, _View) else None


def _of_old_torch(file: Path) -> None:
    """Two weights, one after the other in one storage of 240 numbers, and both once more together."""
    weights = {
        "weight_ih_l0": _Part(_View("a", 0, 60), (20, 3)),
        "weight_hh_l0": _Part(_View("b", 60, 100), (20, 5)),
        "both": _Part(_View("c", 0, 240), (2, 120)),
    }
    with file.open("wb") as out:
        for head in (MAGIC_NUMBER, PROTOCOL_VERSION, {"protocol_version": 1001, "little_endian": True}):
            pickle.dump(head, out, 2)
        _OldPickler(out, 2).dump(weights)
        pickle.dump(["root"], out, 2)
        out.write(struct.pack("<q", 240) + bytes(960))


def test_weights_that_share_a_storage_as_torch_before_0_4_wrote_them(tmp_path: Path) -> None:
    _of_old_torch(tmp_path / "old.pt")
    shapes = {name: tuple(tensor.shape) for name, tensor in torch.load(tmp_path / "old.pt", weights_only=True).items()}
    assert {entry.name: entry.shape for entry in checkpoint(tmp_path / "old.pt").entries} == shapes
    (tmp_path / "cut.pt").write_bytes((tmp_path / "old.pt").read_bytes()[:-400])
    with pytest.raises(FileError, match="truncated"):
        checkpoint(tmp_path / "cut.pt")


def test_several_state_dicts_of_one_file(tmp_path: Path) -> None:
    held = {"encoder": state_dict("rnn."), "decoder": state_dict("rnn.", nn.LSTM(40, 8, proj_size=3))}
    torch.save(held, tmp_path / "seq2seq.pt")
    found = [(lstm.container, lstm.constructor) for lstm in checkpoint(tmp_path / "seq2seq.pt").lstms]
    assert found == [(("encoder",), CONSTRUCTOR), (("decoder",), "torch.nn.LSTM(40, 8, proj_size=3)")]


def test_a_wrapper_is_said_and_its_prefix_kept(tmp_path: Path) -> None:
    torch.save(state_dict("module.lstm."), tmp_path / "m.pt")
    report = checkpoint(tmp_path / "m.pt")
    assert [warning.id for warning in report.warnings] == ["wrapped"]
    assert "DataParallel" in report.warnings[0].message
    assert report.lstms[0].prefix == "module.lstm."


def test_a_module_called_module_beside_others_is_no_wrapper(tmp_path: Path) -> None:
    torch.save(state_dict("module.lstm.") | {"fc.weight": torch.rand(2, 2)}, tmp_path / "m.pt")
    report = checkpoint(tmp_path / "m.pt")
    assert (report.lstms[0].name, report.warnings) == ("module.lstm", ())


def test_what_holds_itself_ends(tmp_path: Path) -> None:
    held: dict[str, Any] = {"state_dict": state_dict("lstm.")}
    held["again"], held["list"] = held, [held, held]
    bomb: list[Any] = []
    for _ in range(100):
        bomb = [bomb] * 2  # 2 ** 100 lists, if each were walked each time
    torch.save({**held, "self": held, "bomb": bomb}, tmp_path / "m.pt")
    assert len(checkpoint(tmp_path / "m.pt").lstms) == 1


def test_keys_of_any_kind(tmp_path: Path) -> None:
    torch.save(
        {1: state_dict("a."), None: state_dict("b."), (1, 2): 3, 2.5: {}, "\x1b[31m": {"c": torch.rand(1)}},
        tmp_path / "m.pt",
    )
    report = checkpoint(tmp_path / "m.pt")
    assert [lstm.container for lstm in report.lstms] == [(1,), ("None",)]
    assert "\x1b" not in to_json(report.to_dict()) + "".join(str(entry) for entry in report.entries)


@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
def test_no_more_of_a_large_file_is_read_than_of_a_small_one(tmp_path: Path, kind: str) -> None:
    small, large = (_saved(tmp_path / f"{count}.pt", kind, count) for count in (1, 2_000_000))
    assert large.stat().st_size > 1000 * small.stat().st_size / 10
    peaks = [_peak(file) for file in (small, small, large)]
    assert peaks[2] < peaks[1] + 100_000
    read = [_bytes_read(file) for file in (small, large)]
    assert read[1] < read[0] + 100_000


def _saved(file: Path, kind: str, count: int) -> Path:
    held = state_dict("lstm.", nn.LSTM(2, 3)) | {"embedding.weight": torch.zeros(count, 4)}
    if kind == "safetensors":
        safetensors.torch.save_file(held, file)
    else:
        torch.save(held, file, _use_new_zipfile_serialization=kind == "zip")
    return file


def _peak(file: Path) -> int:
    tracemalloc.start()
    try:
        assert checkpoint(file).sound
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _bytes_read(file: Path) -> int:
    """What goes through the file objects that Python opens meanwhile."""
    total = 0

    class Counted(io.FileIO):
        def readinto(self, buffer: Any, /) -> int | None:
            nonlocal total
            count = super().readinto(buffer)
            total += count or 0
            return count

        def readall(self) -> bytes:
            nonlocal total
            content = super().readall()
            total += len(content)
            return content

    with patch("io.open", lambda name, mode="r", *_, **__: io.BufferedReader(Counted(name, "rb"))):
        assert checkpoint(file).sound
    return total


def test_python_goes_on_with_inspect(tmp_path: Path) -> None:
    torch.save(state_dict("lstm."), tmp_path / "m.pt")
    [lstm] = checkpoint(str(tmp_path / "m.pt")).to_dict()["lstms"]
    assert lstm["next"] == "inspect(LSTMSpec(input_size=10, hidden_size=20, num_layers=2, bidirectional=True))"
    assert lstm["unknown"] == ["batch_first", "dropout"]


def test_the_weights_go_into_the_constructor_that_is_given(tmp_path: Path) -> None:
    torch.save({"state_dict": state_dict("module.lstm.")}, tmp_path / "m.pt")
    [lstm] = checkpoint(tmp_path / "m.pt").lstms
    assert lstm.constructor is not None
    built: nn.LSTM = eval(lstm.constructor, {"torch": torch})
    held = torch.load(tmp_path / "m.pt", weights_only=True)
    for key in lstm.container:
        held = held[key]
    built.load_state_dict({parameter.name: held[parameter.stored_as] for parameter in lstm.parameters})
    assert all(parameter.stored_as == lstm.prefix + parameter.name for parameter in lstm.parameters)


def test_what_averages_a_model_is_named(tmp_path: Path) -> None:
    averaged = torch.optim.swa_utils.AveragedModel(torch.nn.Sequential(torch.nn.LSTM(3, 5)))
    torch.save(averaged.state_dict(), tmp_path / "m.pt")
    [warning] = checkpoint(tmp_path / "m.pt").warnings
    assert "every name but n_averaged begins with 'module.', put there by AveragedModel" in warning.message


def test_each_state_dict_is_told_who_wrapped_it(tmp_path: Path) -> None:
    average, parallel, model = torch.optim.swa_utils.AveragedModel, nn.DataParallel, nn.Sequential(nn.LSTM(3, 5))
    held = {"model": parallel(model), "ema": average(model), "both": average(parallel(model))}
    torch.save({name: each.state_dict() for name, each in held.items()}, tmp_path / "m.pt")
    assert [each.message.partition(":")[0] for each in checkpoint(tmp_path / "m.pt").warnings] == [
        "every name begins with 'module.', put there by DataParallel or DistributedDataParallel",
        "every name but n_averaged begins with 'module.', put there by AveragedModel",
        "every name but n_averaged begins with 'module.module.', "
        "put there by AveragedModel and DataParallel or DistributedDataParallel",
    ]
