"""Specs drawn over the whole space, small enough that the corners come up: T = 1, B = 1, B = T, H = 1, I = 1."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstm_inspect import LSTMSpec, inspect

SMALL = st.integers(1, 8)


@st.composite
def specs(draw: st.DrawFn) -> LSTMSpec:
    """Any LSTM and batch that torch allows, at sizes from 1 to 8."""
    fields: dict[str, Any] = {name: draw(SMALL) for name in ("input_size", "hidden_size")}
    fields |= {name: draw(st.booleans()) for name in ("bias", "batch_first", "bidirectional")}
    fields["num_layers"] = draw(st.integers(1, 3))
    fields["proj_size"] = draw(st.integers(0, fields["hidden_size"] - 1))
    fields["dropout"] = draw(st.sampled_from([0.0, 0.5, 1.0]))
    fields["state"] = draw(st.sampled_from(["random", "zeros"]))
    fields["dtype"] = draw(st.sampled_from(["float32", "float64", "float16", "bfloat16"]))
    fields["seed"] = draw(st.integers(0, 2**31))
    return LSTMSpec(**fields, **draw(batches()))


@st.composite
def batches(draw: st.DrawFn) -> dict[str, Any]:
    """A batch of one kind or another: padded, unbatched, packed."""
    if draw(st.booleans()):
        return {"seq_len": draw(SMALL), "batch_size": draw(st.one_of(st.none(), SMALL))}
    lengths = draw(st.lists(SMALL, min_size=1, max_size=8))
    enforce_sorted = draw(st.booleans())
    lengths = sorted(lengths, reverse=True) if enforce_sorted else lengths
    further = draw(st.integers(0, 2))
    total_length = max(lengths) + further if further else None
    padding_value = draw(st.sampled_from([0.0, -1.5, 3.0]))
    return {
        "lengths": tuple(lengths),
        "enforce_sorted": enforce_sorted,
        "total_length": total_length,
        "padding_value": padding_value,
    }


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(specs())
def test_every_check_of_every_spec_holds(spec: LSTMSpec) -> None:
    report = inspect(spec)
    assert [check for check in report.checks if not check.passed] == []
    assert [pitfall for pitfall in report.pitfalls if not pitfall.passed] == []


@settings(max_examples=100, deadline=None, derandomize=True)
@given(specs())
def test_a_spec_goes_through_json_unchanged(spec: LSTMSpec) -> None:
    assert LSTMSpec.from_dict(spec.to_dict()) == spec


@settings(max_examples=100, deadline=None, derandomize=True)
@given(specs())
def test_a_prediction_is_what_is_measured(spec: LSTMSpec) -> None:
    predicted, measured = inspect(spec, predict=True), inspect(spec, reference=False)
    assert [replace(tensor, actual=tensor.shape) for tensor in predicted.tensors] == measured.tensors
    assert predicted.states == measured.states
