"""inspect_module: every form of call, modules of every kind, on real input."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from live_modules import failed, ids, states
from support import break_lstm
from torch import Tensor, nn
from torch.nn.utils import parametrize, prune
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence

from lstm_inspect import inspect_module, watch
from lstm_inspect.errors import CallError
from lstm_inspect.theory.contract import json_schema
from lstm_inspect.theory.packing import batch_sizes, lengths_of
from lstm_inspect.theory.states import state_rows

SHAPES: list[dict[str, Any]] = [
    {},
    {"num_layers": 2, "bidirectional": True},
    {"num_layers": 3, "dropout": 0.5, "bidirectional": True, "proj_size": 8},
    {"batch_first": True, "bias": False, "bidirectional": True},
]
DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]


@pytest.mark.parametrize(
    ("shape", "dtype"), [*((shape, torch.float32) for shape in SHAPES), *((SHAPES[1], d) for d in DTYPES[1:])]
)
def test_every_form_of_call_holds(shape: dict[str, Any], dtype: torch.dtype) -> None:
    lstm = nn.LSTM(10, 20, dtype=dtype, **shape)
    batch = torch.randn(4, 4, 10, dtype=dtype)
    packed = pack_padded_sequence(batch, [3, 4, 4, 1], batch_first=lstm.batch_first, enforce_sorted=False)
    descending = pack_padded_sequence(batch, [4, 3, 3, 1], batch_first=lstm.batch_first)
    for input, sizes in ((batch, (4,)), (batch[0], ()), (packed, (4,)), (descending, (4,))):
        for hx in (None, states(lstm, *sizes)):
            report = inspect_module(lstm, input, hx)
            assert failed(report) == []
            assert report.verified is True
            assert ("default-state" in ids(report)) is (hx is None)
            assert (report.packing is not None) is isinstance(input, PackedSequence)


def test_the_report_is_of_this_module_and_this_call() -> None:
    lstm = nn.LSTM(10, 20, num_layers=2, batch_first=True, bidirectional=True, proj_size=8, dtype=torch.float64)
    report = inspect_module(lstm, torch.randn(3, 7, 10, dtype=torch.float64))
    assert report.constructor == (
        "torch.nn.LSTM(10, 20, num_layers=2, batch_first=True, bidirectional=True, proj_size=8, dtype=torch.float64)"
    )
    actual = {tensor.name: tensor.actual for tensor in report.tensors}
    assert actual == {
        "input": (3, 7, 10),
        "h0": None,  # zeros that nobody gave
        "c0": None,
        "output": (3, 7, 16),
        "hn": (4, 3, 8),
        "cn": (4, 3, 20),
    }
    assert report.spec.state == "zeros"
    jsonschema.validate(report.to_dict(), json_schema())


@pytest.mark.parametrize("shape", SHAPES)
def test_the_row_table_holds_for_the_users_own_call(shape: dict[str, Any]) -> None:
    lstm, input = nn.LSTM(10, 20, **shape).eval(), torch.randn(5, 4, 10)
    report = inspect_module(lstm, input)
    with torch.no_grad():
        output, (hn, _) = lstm(input)
    for row in report.states:
        if row.output is not None:
            assert torch.equal(eval(row.output, {"output": output}), hn[row.row])
    assert tuple(report.states) == state_rows(report.spec)


LENGTHS = st.lists(st.integers(1, 6), min_size=1, max_size=9)


@given(lengths=LENGTHS, batch_first=st.booleans())
@settings(max_examples=25, deadline=None)
def test_lengths_are_recovered_in_the_given_order(lengths: list[int], batch_first: bool) -> None:
    sequences = [torch.randn(length, 3) for length in lengths]
    lstm = nn.LSTM(3, 4, batch_first=batch_first)
    report = inspect_module(lstm, pack_sequence(sequences, enforce_sorted=False), reference=False)
    assert report.spec.lengths == tuple(lengths)
    assert report.verified is True
    descending = sorted(lengths, reverse=True)
    assert lengths_of(batch_sizes(lengths)) == tuple(descending)
    sorted_sequences = sorted(sequences, key=len, reverse=True)
    assert inspect_module(lstm, pack_sequence(sorted_sequences), reference=False).spec.lengths == tuple(descending)


def test_equal_lengths_in_an_order_of_the_users_own() -> None:
    packed = pack_padded_sequence(torch.randn(4, 3, 5), [2, 4, 4], enforce_sorted=False)
    data = packed.data.clone()
    mine = PackedSequence(data, packed.batch_sizes, torch.tensor([2, 1, 0]), torch.tensor([2, 1, 0]))
    lstm = nn.LSTM(5, 6, bidirectional=True)
    report = inspect_module(lstm, mine)
    assert failed(report) == []
    with watch(lstm) as calls:
        lstm(mine)
    assert calls[0].verified
    assert report.packing is not None
    assert report.packing.sorted_indices == (2, 1, 0)


def test_a_subclass_whose_forward_is_overridden_is_checked_as_it_is() -> None:
    class Scaled(nn.LSTM):
        def forward(self, input: Any, hx: Any = None) -> Any:
            output, state = super().forward(input, hx)
            return output * 2, state

    class Honest(nn.LSTM):
        def forward(self, input: Any) -> Any:  # type: ignore[override]
            return super().forward(input)

    input = torch.randn(5, 3, 4)
    report = inspect_module(Scaled(4, 8), input)
    assert report.verified is False
    assert {"row-0", "final-state", "reference-output"} <= set(failed(report))
    honest = Honest(4, 8, bidirectional=True)
    assert inspect_module(honest, input).verified is True
    assert inspect_module(honest, pack_padded_sequence(input, [5, 4, 2])).verified is True
    with pytest.raises(CallError, match=r"hx was given: .*Honest\.forward takes no state"):
        inspect_module(honest, input, states(honest, 3))


def test_a_forward_that_returns_something_else() -> None:
    class OutputAlone(nn.LSTM):
        def forward(self, input: Any, hx: Any = None) -> Any:
            return super().forward(input, hx)[0]

    with pytest.raises(CallError, match=r"OutputAlone\.forward returned a Tensor.*return output, \(hn, cn\)"):
        inspect_module(OutputAlone(4, 8), torch.randn(5, 3, 4))


def weight_normed() -> nn.LSTM:
    with pytest.warns(FutureWarning):
        return torch.nn.utils.weight_norm(nn.LSTM(4, 8), "weight_hh_l0")


def new_weight_norm() -> nn.LSTM:
    lstm = nn.LSTM(4, 8)
    torch.nn.utils.parametrizations.weight_norm(lstm, "weight_hh_l0")
    return lstm


def spectral() -> nn.LSTM:
    lstm = nn.LSTM(4, 8)
    torch.nn.utils.parametrizations.spectral_norm(lstm, "weight_hh_l0")
    return lstm


def pruned() -> nn.LSTM:
    lstm = nn.LSTM(4, 8)
    prune.l1_unstructured(lstm, "weight_hh_l0", amount=0.5)  # type: ignore[no-untyped-call]
    return lstm


@pytest.mark.parametrize("make", [weight_normed, new_weight_norm, spectral, pruned])
def test_reparametrised_weights(make: Any) -> None:
    lstm = make().train()
    with torch.no_grad():
        for weight in lstm.parameters():
            weight.add_(0.05)  # a computed weight is stale now, until the next call
    before = {name: value.clone() for name, value in lstm.state_dict().items()}
    report = inspect_module(lstm, torch.randn(5, 3, 4))
    assert failed(report) == []
    assert all(torch.equal(value, before[name]) for name, value in lstm.state_dict().items())
    assert lstm.training


def test_a_computed_weight_is_the_one_that_the_next_call_would_use() -> None:
    lstm, input = pruned(), torch.randn(5, 3, 4)
    outputs: list[Tensor] = []

    class Spy(nn.LSTM):
        def forward(self, input: Any, hx: Any = None) -> Any:
            results = super().forward(input, hx)
            outputs.append(results[0])
            return results

    lstm.__class__ = Spy
    with torch.no_grad():
        lstm.get_parameter("weight_hh_l0_orig").mul_(3)
        inspect_module(lstm, input, reference=False)
        lstm(input)
    assert torch.equal(outputs[0], outputs[-1])


def test_parametrised_weights_are_not_cached() -> None:
    lstm = new_weight_norm()
    with parametrize.cached():
        inspect_module(lstm, torch.randn(5, 3, 4))
        lstm(torch.randn(5, 3, 4))[0].sum().backward()
    assert all(weight.grad is not None for weight in lstm.parameters())


@pytest.mark.parametrize("shape", [(5, 3, 4), (5, 4), (5, 0, 4)])
def test_on_the_meta_device_shapes_are_measured(shape: tuple[int, ...]) -> None:
    report = inspect_module(nn.LSTM(4, 8, device="meta"), torch.zeros(shape, device="meta"))
    assert report.verified is True
    assert {check.kind for check in report.checks} == {"shape"}


def test_a_module_of_zeros_hides_its_pitfalls_and_says_so() -> None:
    lstm = nn.LSTM(4, 8, num_layers=2, bidirectional=True)
    for weight in lstm.parameters():
        nn.init.zeros_(weight)
    report = inspect_module(lstm, torch.randn(5, 3, 4))
    assert report.verified is True
    hidden = {warning.id for warning in report.warnings}
    assert {"hidden-first-layer", "hidden-last-step-bidirectional"} <= hidden
    assert all(result.passed for result in report.pitfalls)


def test_nan_in_the_users_numbers_is_said_and_fails_nothing() -> None:
    input = torch.randn(5, 3, 4)
    input[2, 1, 0] = torch.nan
    report = inspect_module(nn.LSTM(4, 8), input)
    said = {warning.id: warning.message for warning in report.warnings}
    assert (
        said["not-finite"] == "NaN or infinity in input: they equal nothing, and 7 checks that met them were left out"
    )
    assert report.verified is True
    assert {check.kind for check in report.checks} == {"shape"}
    lstm = nn.LSTM(4, 8)
    with torch.no_grad():
        lstm.get_parameter("weight_hh_l0")[0, 0] = torch.inf
    weights = {warning.message[:40] for warning in inspect_module(lstm, input[:, :1]).warnings}
    assert "NaN or infinity in the weights: they equ" in weights


def test_packed_sizes_are_those_that_were_given() -> None:
    packed = pack_padded_sequence(torch.randn(5, 3, 4), [5, 3, 2])
    actual = {each.name: each.actual for each in inspect_module(nn.LSTM(4, 8), packed).tensors}
    assert (actual["packed_input"], actual["input"], actual["h0"]) == ((10, 4), None, None)


def test_results_of_another_dtype_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    lstm, input = nn.LSTM(4, 8), torch.randn(5, 3, 4)
    break_lstm(monkeypatch, lambda lstm, output, hn, cn: (output, (hn, cn.double())))
    assert failed(inspect_module(lstm, input)) == ["dtype-cn"]
    break_lstm(monkeypatch, lambda lstm, output, hn, cn: (output.double(), (hn.double(), cn.double())))
    with watch(lstm) as calls:
        lstm(input)
    assert calls[0].report is not None
    assert {"dtype-output", "dtype-hn", "dtype-cn"} <= set(failed(calls[0].report))


def chaotic() -> nn.LSTM:
    torch.manual_seed(0)
    lstm = nn.LSTM(10, 64)
    with torch.no_grad():
        for weight in lstm.parameters():
            weight.mul_(8)
    return lstm


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_weights_that_make_much_of_a_rounding_are_said_and_fail_nothing(dtype: torch.dtype) -> None:
    lstm, input = chaotic().to(dtype), torch.randn(400, 3, 10, dtype=dtype)
    report = inspect_module(lstm, input)
    assert report.verified is True
    assert "rounding-grows" in {warning.id for warning in report.warnings}
    assert "row-0" in ids(report)
    assert not {"reference-output", "reference-hn"} <= ids(report)


def test_a_module_that_is_wrong_is_not_excused_by_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    lstm, input = chaotic(), torch.randn(20, 3, 10)
    break_lstm(monkeypatch, lambda lstm, output, hn, cn: (output, (hn, cn + 0.01)))
    assert "reference-cn" in failed(inspect_module(lstm, input))
