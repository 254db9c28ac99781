"""Comparisons held against torch.allclose and torch.equal."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_inspect.experiment.compare import compare
from lstm_inspect.theory.dtypes import EXACT, Tolerance

NUMBERS = st.lists(st.floats(-4, 4, width=32), min_size=4, max_size=4)
BOUNDS = st.sampled_from([0.0, 1e-7, 1e-3, 0.5])


@given(NUMBERS, NUMBERS, BOUNDS, BOUNDS)
@settings(max_examples=200, deadline=None)
def test_within_a_tolerance_as_torch_has_it(a: list[float], b: list[float], rtol: float, atol: float) -> None:
    left, right = torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)
    found = compare(left.view(2, 2), right.view(2, 2), Tolerance(rtol, atol))
    assert found.passed == torch.allclose(left, right, rtol=rtol, atol=atol)
    assert found.identical == torch.equal(left, right)
    assert found.max_abs_diff == (left - right).abs().max().item()
    if found.worst is not None:
        assert (left - right).abs().view(2, 2)[found.worst] == found.max_abs_diff


NAN, INF = float("nan"), float("inf")
ONES = torch.ones(2, 3)


@pytest.mark.parametrize(
    ("left", "right", "identical", "difference", "worst", "passed"),
    [
        (ONES, ONES.clone(), True, 0.0, None, True),
        (ONES, ONES.double(), False, 0.0, (0, 0), False),
        (ONES, ONES[:, :2], False, None, None, False),
        (ONES, torch.full((2, 3), NAN), False, None, None, False),
        (torch.full((2, 3), NAN), torch.full((2, 3), NAN), False, None, None, False),
        (torch.full((2, 3), INF), ONES, False, None, None, False),
        (torch.full((2, 3), INF), torch.full((2, 3), -INF), False, None, None, False),
        ((ONES, (ONES,)), (ONES.clone(), (ONES.clone(),)), True, 0.0, None, True),
        ((ONES, (ONES,)), (ONES.clone(), (ONES + 2,)), False, 2.0, (0, 0), False),
        ((ONES, ONES), (ONES,), False, None, None, False),
        ([1, 2], [1, 2], True, None, None, True),
        ([1, 2], [2, 1], False, None, None, False),
        (None, None, True, None, None, True),
        ((5, 3), torch.Size((5, 3)), True, None, None, True),
    ],
)
def test_to_the_bit(
    left: Any, right: Any, identical: bool, difference: float | None, worst: tuple[int, ...] | None, passed: bool
) -> None:
    found = compare(left, right, EXACT)
    assert (found.identical, found.max_abs_diff, found.worst, found.passed) == (identical, difference, worst, passed)


def test_a_nan_is_never_within_a_tolerance() -> None:
    holed = ONES.clone()
    holed[1, 2] = NAN
    assert not compare(holed, ONES, Tolerance(1e9, 1e9)).passed
    assert not compare(ONES, holed, Tolerance(1e9, 1e9)).passed
    assert not compare((ONES, holed), (ONES, ONES), Tolerance(1e9, 1e9)).passed
