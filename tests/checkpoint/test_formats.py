"""Files of NumPy, ONNX and Keras, written by those libraries themselves; and what becomes of damaged ones."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import jsonschema
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from lstm_inspect import LSTMInspectError, checkpoint
from lstm_inspect.errors import FileError
from lstm_inspect.theory.contract import json_schema, to_json
from lstm_inspect.theory.frameworks import code
from lstm_inspect.theory.spec import LSTMSpec

VALID = jsonschema.Draft202012Validator(json_schema())
IN, H = 3, 5


def weights(framework: str, spec: LSTMSpec) -> tuple[torch.nn.LSTM, list[Any]]:
    """A module, and its weights as a framework takes them."""
    names: dict[str, Any] = {}
    exec(code(spec, framework), names)
    lstm = torch.nn.LSTM(IN, H, spec.num_layers, bias=spec.bias, bidirectional=spec.bidirectional)
    return lstm, names[f"lstm_to_{framework}"](lstm)


def onnx_file(file: Path, spec: LSTMSpec, *, op: str = "LSTM", **attributes: Any) -> torch.nn.LSTM:
    """Layers that read one another, as torch's exporter chains them."""
    lstm, layers = weights("onnx", spec)
    direction = "bidirectional" if spec.bidirectional else "forward"
    nodes, tensors, data = [], [], "X"
    for layer, inputs in enumerate(layers):
        names = [f"{name}{layer}" for name in ("W", "R", "B")[: len(inputs)]]
        gates = {"LSTM": 20, "GRU": 15, "RNN": 5}[op]
        tensors += [
            numpy_helper.from_array(np.ascontiguousarray(each[:, :gates] if each.ndim == 3 else each), name)
            for name, each in zip(names, inputs, strict=True)
        ]
        said = {"hidden_size": H, "direction": direction, **attributes}
        nodes += [
            helper.make_node(op, [data, *names], [f"Y{layer}"], name=f"rnn{layer}", **said),
            helper.make_node("Transpose", [f"Y{layer}"], [f"T{layer}"], perm=[0, 2, 1, 3]),
            helper.make_node("Reshape", [f"T{layer}", "flat"], [f"out{layer}"]),
        ]
        data = f"out{layer}"
    tensors.append(numpy_helper.from_array(np.array([0, 0, -1]), "flat"))
    wanted = [helper.make_tensor_value_info(data, TensorProto.FLOAT, None)]
    given = [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["T", "B", IN])]
    graph = helper.make_graph(nodes, "g", given, wanted, tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8), file)
    return lstm


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("num_layers", [1, 3])
def test_onnx_layers_that_read_one_another_are_one_module(
    tmp_path: Path, num_layers: int, bidirectional: bool, bias: bool
) -> None:
    spec = LSTMSpec(IN, H, num_layers=num_layers, bidirectional=bidirectional, bias=bias)
    onnx_file(tmp_path / "m.onnx", spec)
    report = checkpoint(tmp_path / "m.onnx")
    [lstm] = report.lstms
    assert lstm.spec is not None and report.format == "ONNX" and report.sound
    assert {name: getattr(lstm.spec, name) for name in ("num_layers", "bidirectional", "bias")} == {
        "num_layers": num_layers,
        "bidirectional": bidirectional,
        "bias": bias,
    }
    assert [p.stored_as for p in lstm.parameters][:2] == ["W0", "R0"]
    assert lstm.known_by["input_size"] == "shape" and lstm.known_by["bidirectional"] == "attribute"
    VALID.validate(json.loads(to_json(report.to_dict())))


def test_a_layer_whose_output_is_read_elsewhere_too_is_a_module_of_its_own(tmp_path: Path) -> None:
    onnx_file(tmp_path / "m.onnx", LSTMSpec(IN, H, num_layers=2))
    model = onnx.load(tmp_path / "m.onnx")
    model.graph.output.append(helper.make_tensor_value_info("out0", TensorProto.FLOAT, None))
    onnx.save(model, tmp_path / "m.onnx")
    assert [lstm.name for lstm in checkpoint(tmp_path / "m.onnx").lstms] == ["rnn0", "rnn1"]


ODD = [
    ({"direction": "reverse"}, "direction"),
    ({"activations": ["Sigmoid", "Relu", "Tanh"]}, "activations are Sigmoid, Relu, Tanh"),
    ({"clip": 3.0}, "clip"),
    ({"input_forget": 1}, "input_forget"),
]


@pytest.mark.parametrize(("attributes", "said"), ODD)
def test_what_onnx_does_and_torch_does_not_is_said(tmp_path: Path, attributes: dict[str, Any], said: str) -> None:
    onnx_file(tmp_path / "m.onnx", LSTMSpec(IN, H), **attributes)
    report = checkpoint(tmp_path / "m.onnx")
    assert not report.sound and said in report.lstms[0].problems[0].message


@pytest.mark.parametrize("op", ["GRU", "RNN"])
def test_onnx_tells_other_modules_apart(tmp_path: Path, op: str) -> None:
    onnx_file(tmp_path / "m.onnx", LSTMSpec(IN, H, bias=False), op=op)
    report = checkpoint(tmp_path / "m.onnx")
    assert not report.lstms and [other.kind for other in report.others] == [op]


def test_npz_by_torchs_names(tmp_path: Path) -> None:
    held = {f"rnn.{name}": tensor.numpy() for name, tensor in torch.nn.LSTM(IN, H).state_dict().items()}
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "m.npz", **held, scalar=np.float64(1), text=np.array(["a"]))
        report = checkpoint(tmp_path / "m.npz")
        assert report.format == "NumPy (.npz)" and report.lstms[0].constructor == "torch.nn.LSTM(3, 5)"
        assert ("scalar", (), "float64") in {(entry.name, entry.shape, entry.dtype) for entry in report.entries}


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("keras")


def keras_model(keras: Any, **options: Any) -> Any:
    """Two directions, then one; a GRU and a dense layer beside them."""
    layers = keras.layers
    first = layers.Bidirectional(layers.LSTM(H, return_sequences=True, **options), name="both")
    second = layers.LSTM(4, return_sequences=True, name="one", **options)
    inputs = keras.Input((7, IN))
    return keras.Model(inputs, layers.Dense(2)(layers.GRU(6, name="gru")(second(first(inputs)))))


SUFFIXES = [(".keras", "Keras (.keras)"), (".h5", "HDF5"), (".weights.h5", "HDF5")]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("suffix", "name"), SUFFIXES)
def test_keras_files(tmp_path: Path, keras: Any, suffix: str, name: str, bias: bool) -> None:
    model, file = keras_model(keras, use_bias=bias), tmp_path / f"m{suffix}"
    (model.save_weights if "weights" in suffix else model.save)(file)
    report = checkpoint(file)
    assert report.format == name and report.sound
    more = "" if bias else ", bias=False"
    assert {lstm.constructor for lstm in report.lstms} == {
        f"torch.nn.LSTM(3, 5{more}, batch_first=True, bidirectional=True)",
        f"torch.nn.LSTM(10, 4{more}, batch_first=True)",
    }
    assert [other.kind for other in report.others] == ["GRU"]
    assert all(bool(lstm.notes) == (suffix == ".weights.h5") for lstm in report.lstms)
    VALID.validate(json.loads(to_json(report.to_dict())))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"recurrent_activation": "hard_sigmoid"}, "recurrent_activation is hard_sigmoid"),
        ({"activation": "relu"}, "relu"),
    ],
)
@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_what_keras_does_and_torch_does_not_is_said(
    tmp_path: Path, keras: Any, options: dict[str, Any], said: str, suffix: str
) -> None:
    keras_model(keras, **options).save(tmp_path / f"m{suffix}")
    assert all(said in lstm.problems[0].message for lstm in checkpoint(tmp_path / f"m{suffix}").lstms)


@pytest.mark.filterwarnings("ignore")
def test_an_old_keras_had_another_default(tmp_path: Path, keras: Any) -> None:
    import h5py

    keras_model(keras).save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        file.attrs["keras_version"] = b"2.1.5"
    assert checkpoint(tmp_path / "m.h5").sound  # its configuration is there
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        del file.attrs["model_config"]
    assert "hard_sigmoid" in checkpoint(tmp_path / "m.h5").lstms[0].problems[0].message


def files(folder: Path, keras: Any) -> Iterator[Path]:
    onnx_file(folder / "m.onnx", LSTMSpec(IN, H))
    np.savez(folder / "m.npz", a=np.zeros(3))
    keras_model(keras).save(folder / "m.h5")
    keras_model(keras).save(folder / "m.keras")
    yield from (folder / name for name in ("m.onnx", "m.npz", "m.h5", "m.keras"))


@pytest.mark.filterwarnings("ignore")
def test_damaged_files_end_in_an_answer_or_one_sentence(tmp_path: Path, keras: Any) -> None:
    dice, refused = np.random.default_rng(0), 0
    for file in files(tmp_path, keras):
        sound = file.read_bytes()
        for _ in range(25):
            bad = bytearray(sound)
            for place in dice.integers(0, min(len(bad), 4000), 6):
                bad[place] = dice.integers(256)
            file.write_bytes(bad[: dice.integers(1, len(bad))] if dice.integers(2) else bad)
            try:
                checkpoint(file).to_dict()
            except LSTMInspectError as error:
                assert "\n" not in error.message()
                refused += 1
    assert refused > 30


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("library", "suffix"), [("onnx", "onnx"), ("h5py", "h5")])
def test_a_library_that_is_not_there_is_named(tmp_path: Path, keras: Any, library: str, suffix: str) -> None:
    file = next(file for file in files(tmp_path, keras) if file.suffix == f".{suffix}")
    with patch.dict(sys.modules, {library: None}), pytest.raises(FileError, match=r"pip install .lstm-inspect\["):
        checkpoint(file)
