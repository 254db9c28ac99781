"""Tolerances: each dtype's, and where they grow."""

from __future__ import annotations

import pytest

from lstm_inspect import LSTMSpec, inspect
from lstm_inspect.theory.dtypes import Tolerance, tolerance


@pytest.mark.parametrize(
    ("dtype", "rtol", "atol"),
    [("float64", 1e-11, 1e-12), ("float32", 1e-5, 1e-5), ("float16", 1e-2, 1e-2), ("bfloat16", 5e-2, 5e-2)],
)
def test_at_usual_sizes(dtype: str, rtol: float, atol: float) -> None:
    assert tolerance(dtype) == tolerance(dtype, terms=100, hidden_size=64) == Tolerance(rtol, atol)


def test_in_wide_layers_bfloat16_is_held_to_less() -> None:
    found = [tolerance("bfloat16", hidden_size=size).atol for size in (100, 400, 1600, 10**6)]
    assert found == [0.05, 0.025, 0.0125, 0.01]
    assert tolerance("float16", hidden_size=10**6) == tolerance("float16")


def test_tf32_is_of_float32_alone() -> None:
    assert tolerance("float32", tf32=True) == Tolerance(1e-2, 1e-2)
    assert tolerance("float64", tf32=True) == tolerance("float64")


def test_it_grows_with_what_a_gate_sums_but_stays_far_below_a_wrong_row() -> None:
    grown = [tolerance("float32", terms=terms, hidden_size=20).atol for terms in (100, 10_000, 100_000, 10**400)]
    assert grown == sorted(grown)
    assert grown[0] == 1e-5 < grown[1] < 2e-4 < grown[2] < grown[3] == 1e-2
    assert tolerance("float32", terms=10, hidden_size=10**400).atol == 1e-5


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize(
    "sizes", [{"input_size": 10_000}, {"input_size": 50_000, "hidden_size": 4}, {"seq_len": 500}, {"num_layers": 12}]
)
def test_an_honest_run_of_any_size_holds(dtype: str, sizes: dict[str, int]) -> None:
    """In float32 10,000 inputs are off by 2.5e-5, and that is summing, no mistake."""
    report = inspect(LSTMSpec(bidirectional=True, dtype=dtype, **sizes))  # type: ignore[arg-type]
    assert [check.id for check in report.checks if not check.passed] == []
