"""Weights of every format written as torch's own: loaded, and compared by value with the module they came from."""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import onnx
import pytest
import safetensors.torch
import torch
from onnx import TensorProto, helper, numpy_helper
from support import Cli
from torch import nn

from lstm_inspect import checkpoint
from lstm_inspect.checkpoint import convert as conversion
from lstm_inspect.checkpoint.convert import convert, saved
from lstm_inspect.errors import FileError
from lstm_inspect.theory.frameworks import code
from lstm_inspect.theory.spec import LSTMSpec

IN, H = 3, 5
SAVEZ: Any = np.savez
State = dict[str, torch.Tensor]
Write = Callable[[nn.LSTM, Path], None]


def as_framework(lstm: nn.LSTM, framework: str) -> list[Any]:
    names: dict[str, Any] = {}
    spec = LSTMSpec(IN, H, num_layers=lstm.num_layers, bidirectional=lstm.bidirectional, bias=lstm.bias)
    exec(code(spec, framework), names)
    found: list[Any] = names[f"lstm_to_{framework}"](lstm)
    return found


def write_onnx(lstm: nn.LSTM, file: Path) -> None:
    nodes, tensors, data = [], [numpy_helper.from_array(np.array([0, 0, -1]), "flat")], "X"
    direction = "bidirectional" if lstm.bidirectional else "forward"
    for layer, inputs in enumerate(as_framework(lstm, "onnx")):
        names = [f"{name}{layer}" for name in ("W", "R", "B")[: len(inputs)]]
        tensors += [numpy_helper.from_array(each, name) for each, name in zip(inputs, names, strict=True)]
        nodes += [
            helper.make_node("LSTM", [data, *names], [f"Y{layer}"], hidden_size=H, direction=direction),
            helper.make_node("Transpose", [f"Y{layer}"], [f"T{layer}"], perm=[0, 2, 1, 3]),
            helper.make_node("Reshape", [f"T{layer}", "flat"], [f"out{layer}"]),
        ]
        data = f"out{layer}"
    given = [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["T", "B", IN])]
    graph = helper.make_graph(
        nodes, "g", given, [helper.make_tensor_value_info(data, TensorProto.FLOAT, None)], tensors
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8), file)


def write_keras(lstm: nn.LSTM, file: Path) -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras = pytest.importorskip("keras")
        inputs = keras.Input((7, IN))
        layer = keras.layers.LSTM(H, return_sequences=True, use_bias=lstm.bias)
        layer = keras.layers.Bidirectional(layer) if lstm.bidirectional else layer
        model = keras.Model(inputs, layer(inputs))
        [arrays] = as_framework(lstm, "keras")
        layer.set_weights(arrays)
        (model.save_weights if ".weights." in file.name else model.save)(file)


def prefixed(lstm: nn.LSTM) -> State:
    return {f"net.lstm.{name}": tensor for name, tensor in lstm.state_dict().items()}


WRITERS: dict[str, Write] = {
    "m.pt": lambda lstm, file: torch.save({"model": prefixed(lstm)}, file),
    "parameters.pt": lambda lstm, file: torch.save({name: nn.Parameter(t) for name, t in prefixed(lstm).items()}, file),
    "m.safetensors": lambda lstm, file: safetensors.torch.save_file(prefixed(lstm), file),
    "m.npz": lambda lstm, file: SAVEZ(file, **{name: each.numpy() for name, each in prefixed(lstm).items()}),
    "m.onnx": write_onnx,
    "m.h5": write_keras,
    "m.keras": write_keras,
    "m.weights.h5": write_keras,
}


def read(content: bytes, folder: Path) -> Any:
    (folder / "read.pt").write_bytes(content)
    return torch.load(folder / "read.pt", weights_only=True)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_computes_what_the_module_did(
    tmp_path: Path, name: str, bidirectional: bool, bias: bool
) -> None:
    layers = 1 if WRITERS[name] is write_keras else 2
    lstm, file = nn.LSTM(IN, H, num_layers=layers, bidirectional=bidirectional, bias=bias), tmp_path / name
    WRITERS[name](lstm, file)
    [converted] = convert(checkpoint(file), file)
    built: nn.LSTM = eval(converted.constructor, {"torch": torch})
    built.load_state_dict(read(saved([converted]), tmp_path), strict=True)
    x = torch.rand(4, 2, IN)
    output = built(x.transpose(0, 1))[0].transpose(0, 1) if built.batch_first else built(x)[0]
    torch.testing.assert_close(output, lstm(x)[0], rtol=0, atol=1e-6)
    assert converted.furthest < 1e-12


def test_projections_and_half_precision_come_along(tmp_path: Path) -> None:
    lstm = nn.LSTM(IN, H, proj_size=2, bidirectional=True).half()
    torch.save(lstm.state_dict(), tmp_path / "m.pt")
    [converted] = convert(checkpoint(tmp_path / "m.pt"), tmp_path / "m.pt")
    assert "proj_size=2" in converted.constructor and "float16" in converted.constructor
    assert all(torch.equal(value, converted.state_dict[name]) for name, value in lstm.state_dict().items())


@pytest.mark.parametrize("framework", ["onnx", "torch"])
def test_gates_in_another_order_are_never_written(tmp_path: Path, framework: str) -> None:
    """The proof by value sees what shapes don't show."""
    name = "m.onnx" if framework == "onnx" else "m.pt"
    WRITERS[name](nn.LSTM(IN, H), tmp_path / name)
    wrong = {"onnx": "ONNX", "torch": "torch"}[framework]
    with patch.dict(conversion._GATES, {wrong: "figo"}), pytest.raises(FileError, match="it was not written"):
        convert(checkpoint(tmp_path / name), tmp_path / name)


def test_several_are_written_by_name(tmp_path: Path) -> None:
    held = {"a": prefixed(nn.LSTM(IN, H)), "b": prefixed(nn.LSTM(IN, H))}
    torch.save(held, tmp_path / "m.pt")
    written = read(saved(convert(checkpoint(tmp_path / "m.pt"), tmp_path / "m.pt")), tmp_path)
    assert list(written) == ["a.net.lstm", "b.net.lstm"]
    assert torch.equal(written["b.net.lstm"]["weight_ih_l0"], held["b"]["net.lstm.weight_ih_l0"])


def normed() -> State:
    found: State = nn.utils.parametrizations.weight_norm(nn.LSTM(IN, H), "weight_hh_l0").state_dict()
    return found


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "code": (lambda: {"args": argparse.Namespace(), "model": nn.LSTM(IN, H).state_dict()}, "its numbers are not read"),
    "a whole module": (lambda: nn.LSTM(IN, H), "its numbers are not read"),
    "a parametrization": (normed, "is not the weight itself"),
    "no LSTM": (lambda: nn.GRU(IN, H).state_dict(), "there is nothing to convert"),
    "a problem": (lambda: {"weight_ih_l0": torch.rand(20, 3), "weight_hh_l0": torch.rand(20, 4)}, "nothing to convert"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_never_written(tmp_path: Path, kind: str) -> None:
    torch.save(REFUSED[kind][0](), tmp_path / "m.pt")
    with pytest.raises(FileError, match=REFUSED[kind][1]):
        convert(checkpoint(tmp_path / "m.pt"), tmp_path / "m.pt")


def test_weights_that_a_graph_works_out_have_shapes_and_no_numbers(tmp_path: Path) -> None:
    write_onnx(nn.LSTM(IN, H), tmp_path / "m.onnx")
    model = onnx.load(tmp_path / "m.onnx")
    node = next(node for node in model.graph.node if node.op_type == "LSTM")
    model.graph.node.insert(0, helper.make_node("Neg", [node.input[1]], ["minus W"]))
    node.input[1] = "minus W"
    onnx.save(model, tmp_path / "m.onnx")
    report = checkpoint(tmp_path / "m.onnx")
    assert report.lstms[0].constructor == "torch.nn.LSTM(3, 5)" and "worked out" in report.lstms[0].notes[0]
    with pytest.raises(FileError, match="minus W is worked out in the graph"):
        convert(report, tmp_path / "m.onnx")


def test_on_the_command_line(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_onnx(nn.LSTM(IN, H), Path("m.onnx"))
    outcome = cli("checkpoint", "m.onnx", "--output", "lstm.pt")
    assert outcome.status == 0 and "torch.nn.LSTM(3, 5) takes it with strict=True" in outcome.stderr
    assert cli("checkpoint", "lstm.pt").status == 0
    again = cli("checkpoint", "m.onnx", "--output", "lstm.pt")
    assert (again.status, again.stdout) == (2, "")
    torch.save(nn.LSTM(IN, H), "whole.pt")
    refused = cli("checkpoint", "whole.pt", "--output", "new.pt")
    assert (refused.status, refused.stdout) == (2, "") and not Path("new.pt").exists()
