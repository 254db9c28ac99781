"""The functions to paste: run as they stand, against Keras, ONNX Runtime and Flax themselves, by value."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper

from lstm_inspect.errors import SpecError
from lstm_inspect.theory.frameworks import FRAMEWORKS, code
from lstm_inspect.theory.spec import LSTMSpec

T, B, IN, H = 4, 3, 5, 6
Array = NDArray[np.float32]
Run = Callable[[LSTMSpec, Sequence[Any], Array], Array]
CLOSE: Any = {"rtol": 0, "atol": 1e-5}


def functions(spec: LSTMSpec, framework: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(code(spec, framework), names)
    return names


def module(spec: LSTMSpec) -> torch.nn.LSTM:
    torch.manual_seed(0)
    return torch.nn.LSTM(IN, H, spec.num_layers, bias=spec.bias, bidirectional=spec.bidirectional)


def keras(spec: LSTMSpec, weights: Sequence[Any], x: Array) -> Array:
    """The output (B, T, D * H) of Keras' own layers."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layers = pytest.importorskip("keras").layers
        for arrays in weights:
            layer = layers.LSTM(H, return_sequences=True, use_bias=spec.bias)
            layer = layers.Bidirectional(layer) if spec.bidirectional else layer
            layer.build(x.shape)
            assert [each.shape for each in layer.get_weights()] == [each.shape for each in arrays]
            layer.set_weights(arrays)
            x = layer(x).detach().cpu().numpy()
    return x


def onnxruntime(spec: LSTMSpec, weights: Sequence[Any], x: Array) -> Array:
    """The output of one LSTM node a layer, run by ONNX Runtime."""
    runtime = pytest.importorskip("onnxruntime")
    data = x.swapaxes(0, 1)
    for inputs in weights:
        given = dict(zip(("X", "W", "R", "B"), (data, *inputs), strict=False))
        direction = "bidirectional" if spec.bidirectional else "forward"
        node = helper.make_node("LSTM", list(given), ["Y"], hidden_size=H, direction=direction)
        described = [helper.make_tensor_value_info(name, TensorProto.FLOAT, each.shape) for name, each in given.items()]
        result = helper.make_tensor_value_info("Y", TensorProto.FLOAT, [T, spec.num_directions, B, H])
        graph = helper.make_graph([node], "one", described, [result])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
        onnx.checker.check_model(model)
        session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        [y] = session.run(None, {name: np.ascontiguousarray(each) for name, each in given.items()})
        data = y.swapaxes(1, 2).reshape(T, B, -1)
    return np.asarray(data).swapaxes(0, 1)


def flax(spec: LSTMSpec, weights: Sequence[Any], x: Array) -> Array:
    """The output of Flax linen's own RNN over its LSTMCell, each direction on its own."""
    linen = pytest.importorskip("flax.linen")
    for directions in weights:
        rnns = [linen.RNN(linen.LSTMCell(H), reverse=reverse, keep_order=True) for reverse in (False, True)]
        halves = [rnn.apply({"params": {"cell": params}}, x) for rnn, params in zip(rnns, directions, strict=False)]
        x = np.concatenate(halves, axis=-1)
    return x


RUNS: dict[str, Run] = {"keras": keras, "onnx": onnxruntime, "flax": flax}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_they_give_torchs_numbers_and_come_back(framework: str, bidirectional: bool, bias: bool) -> None:
    spec = LSTMSpec(IN, H, num_layers=2, bidirectional=bidirectional, bias=bias, batch_first=True, dropout=0.5)
    lstm, names = module(spec), functions(spec, framework)
    x = torch.randn(T, B, IN, generator=torch.Generator().manual_seed(1))
    output, _ = lstm(x)
    weights = names[f"lstm_to_{framework}"](lstm)
    back = module(spec)
    with torch.no_grad():
        for parameter in back.parameters():
            parameter.fill_(7.0)
    back.load_state_dict(names[f"lstm_from_{framework}"](weights))  # strict: every name, every shape
    torch.testing.assert_close(back(x)[0], output, **CLOSE)
    theirs = RUNS[framework](spec, weights, x.transpose(0, 1).numpy())
    np.testing.assert_allclose(theirs.swapaxes(0, 1), output.detach().numpy(), **CLOSE)


@pytest.mark.parametrize("framework", ["keras", "onnx"])
def test_directions_the_wrong_way_round_are_noticed(framework: str) -> None:
    spec = LSTMSpec(IN, H, bidirectional=True)
    lstm, x = module(spec), torch.randn(T, B, IN)
    [arrays] = functions(spec, framework)[f"lstm_to_{framework}"](lstm)
    swapped = [*arrays[3:], *arrays[:3]] if framework == "keras" else [each[::-1].copy() for each in arrays]
    theirs = RUNS[framework](spec, [swapped], x.transpose(0, 1).numpy())
    assert np.abs(theirs.swapaxes(0, 1) - lstm(x)[0].detach().numpy()).max() > 0.01


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_arrays_that_may_not_be_written_and_bfloat16_come_along(framework: str) -> None:
    spec = LSTMSpec(IN, H, dtype="bfloat16")
    names, lstm = functions(spec, framework), module(spec).bfloat16()
    weights = names[f"lstm_to_{framework}"](lstm)
    for each in weights[0] if framework != "flax" else []:
        each.flags.writeable = False
    state = names[f"lstm_from_{framework}"](weights)
    torch.testing.assert_close(state["weight_ih_l0"].bfloat16(), lstm.state_dict()["weight_ih_l0"], **CLOSE)


def test_a_projection_has_nowhere_to_go() -> None:
    with pytest.raises(SpecError, match="proj_size"):
        code(LSTMSpec(proj_size=8), "keras")
