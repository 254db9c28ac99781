"""The oracle held against torch in float64, and against the equations in plain Python numbers, element by element."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lstm_inspect.experiment.reference import reference


@given(
    st.integers(1, 3),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2),
    st.integers(1, 70),
    st.none() | st.lists(st.integers(1, 40), min_size=1, max_size=4),
)
@settings(max_examples=40, deadline=None)
@torch.no_grad()
def test_it_is_torch_in_float64(
    layers: int, bidir: bool, batch_first: bool, bias: bool, proj: int, seq_len: int, lengths: list[int] | None
) -> None:
    lstm = torch.nn.LSTM(3, 5, layers, bias, batch_first, 0.0, bidir, proj, dtype=torch.float64)
    batch, seq_len = (2, seq_len) if lengths is None else (len(lengths), max(lengths))
    input = torch.randn(*((batch, seq_len) if batch_first else (seq_len, batch)), 3, dtype=torch.float64)
    rows = layers * (2 if bidir else 1)
    h0 = torch.randn(rows, batch, proj or 5, dtype=torch.float64)
    c0 = torch.randn(rows, batch, 5, dtype=torch.float64)
    if lengths is None:
        output, (hn, cn) = lstm(input, (h0, c0))
        found = reference(lstm, input, h0, c0)
    else:
        packed = pack_padded_sequence(input, torch.tensor(lengths), batch_first, enforce_sorted=False)
        packed, (hn, cn) = lstm(packed, (h0, c0))
        output, _ = pad_packed_sequence(packed, batch_first, padding_value=-7.5)
        found = reference(lstm, input, h0, c0, torch.tensor(lengths), padding_value=-7.5)
    for expected, got in zip((output, hn, cn), (found.output, found.hn, found.cn), strict=True):
        assert expected.shape == got.shape
        torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-13)


@torch.no_grad()
def test_unbatched_input() -> None:
    lstm = torch.nn.LSTM(3, 5, 2, bidirectional=True, batch_first=True, dtype=torch.float64)
    input, h0, c0 = (torch.randn(*shape, dtype=torch.float64) for shape in ((4, 3), (4, 5), (4, 5)))
    output, (hn, cn) = lstm(input, (h0, c0))
    found = reference(lstm, input, h0, c0)
    torch.testing.assert_close((found.output, found.hn, found.cn), (output, hn, cn))


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def step(lstm: torch.nn.LSTM, suffix: str, x: list[float], h: list[float], c: list[float]) -> tuple[list[float], ...]:
    """One step of one cell, one number at a time; gate rows i, f, g, o as torch documents them."""
    weights = {name: parameter.tolist() for name, parameter in lstm.named_parameters()}
    size = lstm.hidden_size

    def gate(which: int, unit: int) -> float:
        row = which * size + unit
        total: float = weights[f"bias_ih{suffix}"][row] + weights[f"bias_hh{suffix}"][row]
        total += sum(a * b for a, b in zip(weights[f"weight_ih{suffix}"][row], x, strict=True))
        total += sum(a * b for a, b in zip(weights[f"weight_hh{suffix}"][row], h, strict=True))
        return total

    new_h, new_c = [], []
    for unit in range(size):
        i, f, o = (sigmoid(gate(which, unit)) for which in (0, 1, 3))
        new_c.append(f * c[unit] + i * math.tanh(gate(2, unit)))
        new_h.append(o * math.tanh(new_c[-1]))
    if lstm.proj_size:
        projection = weights[f"weight_hr{suffix}"]
        new_h = [sum(a * b for a, b in zip(row, new_h, strict=True)) for row in projection]
    return new_h, new_c


@pytest.mark.parametrize("proj_size", [0, 2])
@torch.no_grad()
def test_a_tiny_case_number_by_number(proj_size: int) -> None:
    """T 3, I 2, H 3, two layers, two directions, one sequence, written out in plain Python."""
    torch.manual_seed(1)
    lstm = torch.nn.LSTM(2, 3, 2, bidirectional=True, proj_size=proj_size, dtype=torch.float64)
    input = torch.randn(3, 1, 2, dtype=torch.float64)
    h0 = torch.randn(4, 1, proj_size or 3, dtype=torch.float64)
    c0 = torch.randn(4, 1, 3, dtype=torch.float64)
    xs, hn, cn = input[:, 0].tolist(), [], []
    for layer in (0, 1):
        forward: list[list[float]] = []
        backward: list[list[float]] = []
        h, c = h0[2 * layer, 0].tolist(), c0[2 * layer, 0].tolist()
        for x in xs:
            h, c = step(lstm, f"_l{layer}", x, h, c)
            forward.append(h)
        hn.append(h)
        cn.append(c)
        h, c = h0[2 * layer + 1, 0].tolist(), c0[2 * layer + 1, 0].tolist()
        for x in reversed(xs):
            h, c = step(lstm, f"_l{layer}_reverse", x, h, c)
            backward.insert(0, h)
        hn.append(h)
        cn.append(c)
        xs = [a + b for a, b in zip(forward, backward, strict=True)]
    found = reference(lstm, input, h0, c0)

    def assert_numbers(got: Tensor, expected: list[list[float]]) -> None:
        torch.testing.assert_close(got[:, 0], torch.tensor(expected, dtype=torch.float64), rtol=1e-13, atol=1e-14)

    assert_numbers(found.output, xs)
    assert_numbers(found.hn, hn)
    assert_numbers(found.cn, cn)


def test_it_runs_in_float64_whatever_ran() -> None:
    lstm = torch.nn.LSTM(2, 3, dtype=torch.float16)
    input, h0, c0 = (torch.randn(*shape, dtype=torch.float16) for shape in ((4, 1, 2), (1, 1, 3), (1, 1, 3)))
    found = reference(lstm, input, h0, c0)
    assert {found.output.dtype, found.hn.dtype, found.cn.dtype} == {torch.float64}
