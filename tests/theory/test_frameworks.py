"""The conversions, by value: ONNX's reference evaluator, and every framework's own equations written out here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from torch import Tensor

from lstm_inspect.theory.frameworks import LAYOUTS, Assignment, Conversion, conversions
from lstm_inspect.theory.spec import LSTMSpec

T, B, IN, H = 4, 3, 5, 6
Runs = Callable[[dict[str, Any], Tensor, bool], tuple[Tensor, Tensor, Tensor]]


def lstm_of(spec: LSTMSpec) -> torch.nn.LSTM:
    torch.manual_seed(0)
    return torch.nn.LSTM(
        spec.input_size, spec.hidden_size, spec.num_layers, bias=spec.bias, bidirectional=spec.bidirectional
    ).double()


def evaluated(assignments: tuple[Assignment, ...], **names: Any) -> dict[str, Any]:
    """What the shown strings give, with no builtins."""
    scope = {"__builtins__": {}, "torch": torch, **names}
    return {each.name: eval(each.expression, scope) for each in assignments}


def by_name(spec: LSTMSpec, framework: str, layer: int = 0, direction: int = 0) -> Conversion:
    return next(each for each in conversions(spec, layer, direction) if each.framework == framework)


def keras(theirs: dict[str, Any], x: Tensor, reverse: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Keras' cell: z = x @ kernel + h @ recurrent_kernel + bias, split into i, f, c, o."""
    h, c = theirs["initial_state"]
    outputs = []
    for x_t in x.flip(0) if reverse else x:
        z = x_t @ theirs["kernel"] + h @ theirs["recurrent_kernel"] + theirs.get("bias", 0.0)
        z0, z1, z2, z3 = torch.chunk(z, 4, dim=1)
        c = torch.sigmoid(z1) * c + torch.sigmoid(z0) * torch.tanh(z2)
        h = torch.sigmoid(z3) * torch.tanh(c)
        outputs.append(h)
    steps = torch.stack(outputs)
    return (steps.flip(0) if reverse else steps), h, c


def flax(theirs: dict[str, Any], x: Tensor, reverse: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Flax linen's LSTMCell: one Dense a gate and side, a bias on the h side, the carry (c, h)."""
    params = nested(theirs)
    c, h = theirs["carry"]

    def dense(gate: str, x_t: Tensor, h: Tensor) -> Tensor:
        side = params["h" + gate]
        summed: Tensor = x_t @ params["i" + gate]["kernel"] + h @ side["kernel"] + side["bias"]
        return summed

    outputs = []
    for x_t in x.flip(0) if reverse else x:
        i, f, o = (torch.sigmoid(dense(gate, x_t, h)) for gate in "ifo")
        c = f * c + i * torch.tanh(dense("g", x_t, h))
        h = o * torch.tanh(c)
        outputs.append(h)
    steps = torch.stack(outputs)
    return (steps.flip(0) if reverse else steps), h, c


def nested(theirs: dict[str, Any]) -> dict[str, dict[str, Tensor]]:
    """params, filled as the shown assignments fill it."""
    params: dict[str, dict[str, Any]] = {side + gate: {} for side in "ih" for gate in "ifgo"}
    for name, value in theirs.items():
        if name.startswith("params"):
            exec(f"{name} = value", {"params": params, "value": value})
    return params


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("direction", [0, 1])
@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize(("framework", "run"), [("Keras", keras), ("Flax linen", flax)])
def test_their_equations_give_torchs_numbers(framework: str, run: Runs, layer: int, direction: int, bias: bool) -> None:
    spec = LSTMSpec(IN, H, num_layers=2, bidirectional=True, bias=bias)
    lstm, (x, h0, c0) = lstm_of(spec), example(spec)
    output, (hn, cn) = layer_of(lstm, layer)(x if layer == 0 else wide(), states(layer, h0, c0))
    theirs = evaluated(by_name(spec, framework, layer, direction).from_torch, lstm=lstm, h0=h0, c0=c0)
    steps, h, c = run(theirs, x if layer == 0 else wide(), direction == 1)
    assert torch.allclose(steps, output[..., direction * H : (direction + 1) * H], atol=1e-12)
    assert torch.allclose(h, hn[direction], atol=1e-12) and torch.allclose(c, cn[direction], atol=1e-12)


def example(spec: LSTMSpec) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    rows = spec.num_states, B, H
    return (
        torch.randn(T, B, IN, dtype=torch.float64),
        torch.randn(rows, dtype=torch.float64),
        torch.randn(rows, dtype=torch.float64),
    )


def wide() -> Tensor:
    """What the second layer reads."""
    return torch.randn(T, B, 2 * H, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


def states(layer: int, h0: Tensor, c0: Tensor) -> tuple[Tensor, Tensor]:
    return h0[2 * layer : 2 * layer + 2], c0[2 * layer : 2 * layer + 2]


def layer_of(lstm: torch.nn.LSTM, layer: int) -> torch.nn.LSTM:
    """One layer of a module as a module of its own."""
    alone = torch.nn.LSTM(lstm.input_size if layer == 0 else 2 * H, H, bias=lstm.bias, bidirectional=True).double()
    alone.load_state_dict(
        {name.replace(f"_l{layer}", "_l0"): value for name, value in lstm.state_dict().items() if f"_l{layer}" in name}
    )
    return alone


def onnx_run(theirs: dict[str, Tensor], x: Tensor, direction: str) -> dict[str, Tensor]:
    """One LSTM node, run by ONNX's own reference evaluator."""
    names = ["X", "W", "R", "B", "", "initial_h", "initial_c"]
    given = {"X": x, **theirs}
    inputs = [name if name in given else "" for name in names]
    node = helper.make_node("LSTM", inputs, ["Y", "Y_h", "Y_c"], hidden_size=H, direction=direction)
    described = [
        helper.make_tensor_value_info(name, TensorProto.DOUBLE, list(given[name].shape)) for name in inputs if name
    ]
    shapes = {"Y": [T, 1, B, H], "Y_h": [1, B, H], "Y_c": [1, B, H]}
    results = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, shape) for name, shape in shapes.items()]
    graph = helper.make_graph([node], "one", described, results)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(model)
    feeds = {name: given[name].detach().numpy() for name in inputs if name}
    found = ReferenceEvaluator(model).run(None, feeds)
    assert isinstance(found, list)
    return {name: torch.from_numpy(np.asarray(value)) for name, value in zip(shapes, found, strict=True)}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("num_layers", [1, 2])
def test_onnx_gives_torchs_numbers(num_layers: int, bias: bool) -> None:
    spec = LSTMSpec(IN, H, num_layers=num_layers, bias=bias)
    lstm, (x, h0, c0) = lstm_of(spec), example(spec)
    output, (hn, _) = lstm(x, (h0, c0))
    for layer in range(num_layers):
        conversion = by_name(spec, "ONNX", layer)
        theirs = evaluated(conversion.from_torch, lstm=lstm, h0=h0, c0=c0)
        found = onnx_run(theirs, x, "forward")
        assert conversion.result is not None
        x = evaluated((conversion.result,), **found)["output"]
        assert torch.allclose(found["Y_h"][0], hn[layer], atol=1e-12)
    assert torch.allclose(x, output, atol=1e-12)


def onnx_equations(theirs: dict[str, Tensor], x: Tensor) -> dict[str, Tensor]:
    """The operator page's equations, each direction on its own: gates i, o, f, c."""
    every, last = [], []
    for direction in range(len(theirs["W"])):
        h, c = theirs["initial_h"][direction], theirs["initial_c"][direction]
        wb, rb = torch.split(theirs["B"][direction], 4 * H) if "B" in theirs else (torch.tensor(0.0), torch.tensor(0.0))
        outputs = []
        for x_t in x.flip(0) if direction else x:
            z = x_t @ theirs["W"][direction].T + h @ theirs["R"][direction].T + wb + rb
            i, o, f, candidate = torch.chunk(z, 4, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * candidate.tanh()
            h = o.sigmoid() * c.tanh()
            outputs.append(h)
        steps = torch.stack(outputs)
        every.append(steps.flip(0) if direction else steps)
        last.append(h)
    return {"Y": torch.stack(every, dim=1), "Y_h": torch.stack(last)}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_onnxs_equations_give_torchs_numbers_in_both_directions(bidirectional: bool, bias: bool) -> None:
    spec = LSTMSpec(IN, H, num_layers=2, bidirectional=bidirectional, bias=bias)
    lstm, (x, h0, c0) = lstm_of(spec), example(spec)
    output, (hn, _) = lstm(x, (h0, c0))
    directions = spec.num_directions
    for layer in range(2):
        conversion = by_name(spec, "ONNX", layer)
        found = onnx_equations(evaluated(conversion.from_torch, lstm=lstm, h0=h0, c0=c0), x)
        assert conversion.result is not None
        x = evaluated((conversion.result,), **found)["output"]
        assert torch.allclose(found["Y_h"], hn[layer * directions : (layer + 1) * directions], atol=1e-12)
    assert torch.allclose(x, output, atol=1e-12)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("framework", ["Keras", "ONNX", "Flax linen"])
def test_there_and_back_a_module_computes_the_same(framework: str, bidirectional: bool, bias: bool) -> None:
    spec = LSTMSpec(IN, H, num_layers=2, bidirectional=bidirectional, bias=bias)
    lstm, (x, h0, c0) = lstm_of(spec), example(spec)
    state: dict[str, Tensor] = {}
    for layer in range(2):
        for direction in range(spec.num_directions):
            conversion = by_name(spec, framework, layer, direction)
            theirs = evaluated(conversion.from_torch, lstm=lstm, h0=h0, c0=c0)
            state |= evaluated(conversion.to_torch, params=nested(theirs), **theirs)
    copy = lstm_of(spec.replace(seed=9))
    with torch.no_grad():
        for parameter in copy.parameters():
            parameter.fill_(7.0)
    copy.load_state_dict(state)  # strict: every name, every shape
    ours, theirs_output = (each(x, (h0, c0))[0] for each in (lstm, copy))
    assert torch.allclose(ours, theirs_output, atol=1e-12)
    if framework == "ONNX":
        assert all(torch.equal(state[name], value) for name, value in lstm.state_dict().items())


@pytest.mark.parametrize("framework", ["Keras", "ONNX", "Flax linen"])
def test_gates_in_another_order_are_noticed(framework: str) -> None:
    """The comparison by value sees what a comparison of shapes would not."""
    spec = LSTMSpec(IN, H)
    lstm, (x, h0, c0) = lstm_of(spec), example(spec)
    output, _ = lstm(x, (h0, c0))
    with torch.no_grad():
        for parameter in lstm.parameters():
            parameter.copy_(torch.cat([parameter.clone().chunk(4)[gate] for gate in (0, 1, 3, 2)]))
    theirs = evaluated(by_name(spec, framework).from_torch, lstm=lstm, h0=h0, c0=c0)
    if framework == "ONNX":
        found = onnx_equations(theirs, x)["Y"][:, 0]
    else:
        found, _, _ = (keras if framework == "Keras" else flax)(theirs, x, False)
    assert found.shape == output.shape and (found - output).abs().max() > 0.01


def test_no_framework_has_a_projection() -> None:
    assert conversions(LSTMSpec(proj_size=8)) == ()


def test_every_conversion_has_its_layout() -> None:
    assert [each.framework for each in LAYOUTS] == ["torch", *(each.framework for each in conversions(LSTMSpec()))]
