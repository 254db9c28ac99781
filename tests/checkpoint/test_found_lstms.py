"""LSTMs found by names and shapes: held against the parameters of torch's own modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lstm_inspect.checkpoint.content import Content, Entry
from lstm_inspect.checkpoint.found import recurrent_modules
from lstm_inspect.checkpoint.groups import parse
from lstm_inspect.checkpoint.report import FoundLSTM, OtherModule

Shapes = dict[str, tuple[int, ...]]


def shapes_of(module: nn.Module, prefix: str = "") -> Shapes:
    return {prefix + name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def entries(shapes: Mapping[str, tuple[int, ...]], dtypes: Mapping[str, str] | None = None) -> list[Entry]:
    return [Entry((), name, shape, (dtypes or {}).get(name, "float32")) for name, shape in shapes.items()]


def found(shapes: Mapping[str, tuple[int, ...]], dtypes: Mapping[str, str] | None = None) -> FoundLSTM:
    [lstm] = recurrent_modules(Content(entries(shapes, dtypes)))
    assert isinstance(lstm, FoundLSTM)
    return lstm


def other(shapes: Mapping[str, tuple[int, ...]]) -> OtherModule:
    [module] = recurrent_modules(Content(entries(shapes)))
    assert isinstance(module, OtherModule)
    return module


SIZES = st.integers(1, 12)


@settings(deadline=None)
@given(st.data())
def test_every_lstm_is_found_as_it_was_built(data: st.DataObject) -> None:
    hidden = data.draw(SIZES)
    arguments: dict[str, Any] = {
        "input_size": data.draw(SIZES),
        "hidden_size": hidden,
        "num_layers": data.draw(st.integers(1, 3)),
        "bidirectional": data.draw(st.booleans()),
        "bias": data.draw(st.booleans()),
        "proj_size": data.draw(st.integers(0, hidden - 1)),
    }
    module = nn.LSTM(**arguments, device="meta")
    lstm = found(shapes_of(module, "a.b."))
    assert lstm.name == "a.b"
    assert lstm.problems == ()
    assert {name: getattr(lstm.sizes, name) for name in arguments} == arguments
    assert lstm.parameter_count == sum(parameter.numel() for parameter in module.parameters())
    assert lstm.constructor is not None
    rebuilt = eval(lstm.constructor, {"torch": torch})
    assert shapes_of(rebuilt) == shapes_of(module)


@pytest.mark.parametrize("gone", sorted(shapes_of(nn.LSTM(3, 5, num_layers=2, bidirectional=True))))
def test_each_missing_parameter_is_named(gone: str) -> None:
    shapes = shapes_of(nn.LSTM(3, 5, num_layers=2, bidirectional=True))
    del shapes[gone]
    lstm = found(shapes)
    assert [(problem.id, problem.parameter) for problem in lstm.problems] == [("missing-parameter", gone)]
    assert lstm.constructor == "torch.nn.LSTM(3, 5, num_layers=2, bidirectional=True)"


@pytest.mark.parametrize("name", sorted(shapes_of(nn.LSTM(3, 5, num_layers=2, bidirectional=True, proj_size=2))))
@pytest.mark.parametrize("change", [(1, 0), (0, 1), (3, 3)])
def test_each_contradicting_shape_is_named(name: str, change: tuple[int, int]) -> None:
    shapes = shapes_of(nn.LSTM(3, 5, num_layers=2, bidirectional=True, proj_size=2))
    wrong = tuple(size + more for size, more in zip(shapes[name], change, strict=False))
    if wrong == shapes[name]:
        return  # a bias has no second axis
    lstm = found({**shapes, name: wrong})
    shown = {problem.parameter for problem in lstm.problems if problem.id == "shape"}
    assert name in shown or (shown == {_twin(name)})


def _twin(name: str) -> str:
    """Where two directions disagree on input_size, the forward one counts."""
    return name if name.endswith("_reverse") else f"{name}_reverse"


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("gone", [("weight_ih",), ("weight_hh",), ("weight_ih", "weight_hh")])
def test_weights_as_keras_lays_them_out_are_named_as_transposed(gone: tuple[str, ...], bias: bool) -> None:
    shapes = shapes_of(nn.LSTM(3, 5, num_layers=2, bias=bias))
    lstm = found({name: shape[::-1] if name.startswith(gone) else shape for name, shape in shapes.items()})
    assert lstm.constructor == f"torch.nn.LSTM(3, 5, num_layers=2{'' if bias else ', bias=False'})"
    assert {problem.id for problem in lstm.problems} == {"shape"}
    assert all("it is transposed" in problem.message for problem in lstm.problems)
    assert len(lstm.problems) == 2 * len(gone)


PROBLEMS = [
    ({"weight_ih_l1", "weight_hh_l1", "bias_ih_l1", "bias_hh_l1"}, "missing-layer", "layer 1 is missing"),
    ({"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"}, "missing-layer", "layer 0 is missing"),
]


@pytest.mark.parametrize(("gone", "id", "message"), PROBLEMS)
def test_a_missing_layer(gone: set[str], id: str, message: str) -> None:
    shapes = shapes_of(nn.LSTM(3, 5, num_layers=3))
    lstm = found({name: shape for name, shape in shapes.items() if name not in gone})
    assert [problem.id for problem in lstm.problems] == [id]
    assert lstm.problems[0].message.startswith(message)
    assert lstm.sizes.num_layers == 3
    assert (lstm.constructor is None) == (lstm.sizes.input_size is None) == ("weight_ih_l0" in gone)


def test_a_reverse_direction_that_one_layer_lacks() -> None:
    shapes = shapes_of(nn.LSTM(3, 5, num_layers=2, bidirectional=True))
    lstm = found({name: shape for name, shape in shapes.items() if not name.endswith("l0_reverse")})
    assert [(problem.id, problem.message) for problem in lstm.problems] == [
        ("missing-direction", "layer 0 has no reverse direction")
    ]
    assert lstm.sizes.bidirectional


def test_a_layer_number_beyond_all_memory_is_named_in_one_line() -> None:
    shapes = shapes_of(nn.LSTM(3, 5))
    lstm = found({**shapes, "weight_ih_l999999999": (20, 5), "weight_hh_l999999999": (20, 5)})
    assert "layers 1 to 999999998 are missing" in lstm.problems[0].message


def test_mixed_dtypes_are_named() -> None:
    lstm = found(shapes_of(nn.LSTM(3, 5)), {"bias_ih_l0": "float16"})
    assert lstm.sizes.dtype == "float32"
    assert [problem.message for problem in lstm.problems] == [
        "mixed dtypes: bias_ih_l0 is float16, most are float32",
    ]


def test_a_dtype_that_no_lstm_is_built_in_is_named() -> None:
    shapes = shapes_of(nn.LSTM(3, 5))
    lstm = found(shapes, dict.fromkeys(shapes, "float8_e4m3fn"))
    assert [problem.id for problem in lstm.problems] == ["dtype"]


SILLY: list[tuple[Shapes, bool]] = [
    ({"weight_ih_l0": (), "weight_hh_l0": ()}, False),
    ({"weight_ih_l0": (0, 0), "weight_hh_l0": (0, 0)}, False),
    ({"weight_ih_l0": (7, 3), "weight_hh_l0": (2, 2, 2)}, False),
    ({"weight_ih_l0": (20,), "weight_hh_l0": (20,)}, False),
    ({"bias_ih_l0": (7,)}, False),
    ({"weight_ih_l0": (20, 3, 1), "bias_ih_l0": (20,)}, True),
    ({"weight_ih_l0": (20, 3), "weight_hh_l0": (20, 4), "weight_hr_l0": (9, 5)}, True),
    ({"weight_hr_l0": (4, 5)}, True),
    ({"weight_hh_l3_reverse": (12, 3)}, True),
]


@pytest.mark.parametrize(("shapes", "lstm"), SILLY)
def test_silly_shapes_are_reported_not_crashed_on(shapes: Shapes, lstm: bool) -> None:
    [module] = recurrent_modules(Content(entries(shapes)))
    assert isinstance(module, FoundLSTM) == lstm
    assert isinstance(module, OtherModule) or module.problems


def test_sizes_beyond_all_memory_are_numbers_like_others() -> None:
    lstm = found({"weight_ih_l0": (2**62, 2**62), "weight_hh_l0": (2**62, 2**60)})
    assert lstm.parameter_count == 2**124 + 2**122


NAMES = st.sampled_from(["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"])
PLACES = st.sampled_from(["", "_l0", "_l1", "_l0_reverse", "_l7_reverse", "_l0_g", "_l0_v", "_l0_orig"])
SHAPES = st.lists(st.sampled_from([0, 1, 2, 3, 4, 8, 16, 2**40]), max_size=3).map(tuple)
DTYPES = st.sampled_from(["float32", "float16", "int8", "made_up"])


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(st.builds("{}{}".format, NAMES, PLACES), st.tuples(SHAPES, DTYPES), min_size=1))
def test_no_shapes_crash_it(held: dict[str, tuple[tuple[int, ...], str]]) -> None:
    for module in recurrent_modules(Content([Entry((), name, *each) for name, each in held.items()])):
        if isinstance(module, OtherModule):
            assert module.message
        else:
            assert module.constructor is None or "torch.nn.LSTM" in module.constructor


OTHERS = [
    (nn.GRU(3, 5), "GRU", "torch.nn.GRU(3, 5)"),
    (nn.GRU(3, 5, num_layers=2, bidirectional=True), "GRU", "torch.nn.GRU(3, 5, num_layers=2, bidirectional=True)"),
    (nn.RNN(3, 5, bias=False), "RNN", "torch.nn.RNN(3, 5, bias=False)"),
    (nn.LSTMCell(3, 5), "LSTMCell", "torch.nn.LSTMCell(3, 5)"),
    (nn.GRUCell(3, 5), "GRUCell", "torch.nn.GRUCell(3, 5)"),
    (nn.RNNCell(3, 5), "RNNCell", "torch.nn.RNNCell(3, 5)"),
    (torch.ao.nn.quantizable.LSTM(3, 5), "quantized LSTM", "made for quantization"),
]


@pytest.mark.parametrize(("module", "kind", "words"), OTHERS)
def test_other_modules_get_a_sentence_of_their_own(module: nn.Module, kind: str, words: str) -> None:
    beside = other(shapes_of(module, "net.rnn."))
    assert (beside.name, beside.kind) == ("net.rnn", kind)
    assert words in beside.message
    assert len({other(shapes_of(module, "x.")).message for module, *_ in OTHERS}) == len(OTHERS)


def test_a_quantized_module_is_told_once() -> None:
    """Whatever its parameters are called."""
    inside = "rnn.layers.0.layer_fw.cell."
    beside = other({f"{inside}weight_ih": (20, 3), f"{inside}weight_hh": (20, 5)})
    assert (beside.name, beside.kind) == ("rnn", "quantized LSTM")


def test_an_lstm_without_any_weight_hh_is_taken_for_one_and_said_to_be() -> None:
    lstm = found({"weight_ih_l0": (20, 3), "bias_ih_l0": (20,), "bias_hh_l0": (20,)})
    assert [problem.id for problem in lstm.problems] == ["kind", "missing-parameter"]
    assert lstm.constructor == "torch.nn.LSTM(3, 5)"


def test_shapes_that_fit_nothing_are_named() -> None:
    assert "fit no LSTM, GRU or RNN" in other({"weight_ih_l0": (7, 3), "weight_hh_l0": (7, 5)}).message


def _weight_drop(lstm: nn.LSTM) -> Shapes:
    """How AWD-LSTM's wrapper stores it: the raw weight outside, the LSTM as ``module``."""
    inner = {f"rnn.module.{name}": shape for name, shape in shapes_of(lstm).items()}
    return {"rnn.weight_hh_l0_raw": inner["rnn.module.weight_hh_l0"], **_without(inner, "rnn.module.weight_hh_l0")}


def _without(shapes: Shapes, name: str) -> Shapes:
    return {key: shape for key, shape in shapes.items() if key != name}


def _pruned(lstm: nn.LSTM) -> nn.LSTM:
    from torch.nn.utils import prune

    prune.random_unstructured(lstm, "weight_hh_l0", amount=0.3)  # type: ignore[no-untyped-call]
    return lstm


STORED = [
    (shapes_of(nn.utils.parametrizations.weight_norm(nn.LSTM(3, 5), "weight_hh_l0"), "rnn."), "weight_norm"),
    (shapes_of(nn.utils.parametrizations.spectral_norm(nn.LSTM(3, 5), "weight_hh_l0"), "rnn."), "parametrization"),
    (shapes_of(nn.utils.parametrizations.orthogonal(nn.LSTM(3, 5), "weight_ih_l0"), "rnn."), "parametrization"),
    (shapes_of(nn.utils.spectral_norm(nn.LSTM(3, 5), "weight_hh_l0"), "rnn."), "spectral_norm"),
    (shapes_of(_pruned(nn.LSTM(3, 5)), "rnn."), "pruning"),
    (_weight_drop(nn.LSTM(3, 5)), "weight drop"),
    (
        {"rnn.weight_hh_l0_g": (20, 1), "rnn.weight_hh_l0_v": (20, 5)}
        | _without(shapes_of(nn.LSTM(3, 5), "rnn."), "rnn.weight_hh_l0"),
        "weight_norm",
    ),
]


@pytest.mark.parametrize(("shapes", "words"), STORED)
def test_parameters_under_other_names(shapes: Shapes, words: str) -> None:
    lstm = found(shapes)
    assert lstm.constructor == "torch.nn.LSTM(3, 5)"
    assert lstm.problems == ()
    assert words in " ".join(lstm.notes)


def test_a_magnitude_alone_is_not_the_weight() -> None:
    shapes = _without(shapes_of(nn.LSTM(3, 5)), "weight_hh_l0") | {"weight_hh_l0_g": (20, 1)}
    assert "missing-parameter" in [problem.id for problem in found(shapes).problems]


@pytest.mark.parametrize(
    "name",
    ["fc.weight", "weight_ih", "xweight_ih_l0", "weight_ih_l", "weight_ih_l01", "a.weight_ih_l0.exp_avg", "", ".", "é"],
)
def test_names_that_are_no_parameter_of_an_lstm(name: str) -> None:
    parsed = parse(name)
    assert parsed is None or parsed[1].layer is None


def test_thousands_of_modules_are_counted_and_the_first_of_them_shown() -> None:
    content = Content(entries({f"m{number}.weight_ih_l0": (4, 1) for number in range(2_100)}))
    assert len(list(recurrent_modules(content))) == 2_000 and "2,100 recurrent modules" in content.warnings[0].message


def test_a_module_of_very_many_layers_takes_no_more_than_its_share_of_time() -> None:
    shapes = {f"weight_{kind}_l{layer}": (4, 1) for layer in range(20_000) for kind in ("ih", "hh")}
    assert found(shapes).sizes.num_layers == 20_000  # in seconds: each layer was held against all others
