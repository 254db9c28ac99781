"""Shapes and rows of hn and cn held against torch, by means that share nothing with the program."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lstm_inspect import LSTMSpec
from lstm_inspect.theory.shapes import tensors
from lstm_inspect.theory.states import row_index, state_rows

specs = st.builds(
    LSTMSpec,
    input_size=st.integers(1, 6),
    hidden_size=st.integers(3, 6),
    num_layers=st.integers(1, 3),
    bidirectional=st.booleans(),
    batch_first=st.booleans(),
    bias=st.booleans(),
    proj_size=st.integers(0, 2),
    seq_len=st.integers(1, 7),
    batch_size=st.none() | st.integers(0, 4),
)


def build(spec: LSTMSpec) -> tuple[torch.nn.LSTM, Tensor, Tensor, Tensor]:
    """A module in float64 and its input, made here from the numbers alone."""
    lstm = torch.nn.LSTM(
        spec.input_size,
        spec.hidden_size,
        spec.num_layers,
        spec.bias,
        spec.batch_first,
        0.0,
        spec.bidirectional,
        spec.proj_size,
        dtype=torch.float64,
    )
    rows = spec.num_layers * (2 if spec.bidirectional else 1)
    batch = [] if spec.batch_size is None else [spec.batch_size]
    lead = [*batch, spec.seq_len] if spec.batch_first and batch else [spec.seq_len, *batch]
    hidden = spec.proj_size or spec.hidden_size
    h0 = torch.randn(rows, *batch, hidden, dtype=torch.float64)
    c0 = torch.randn(rows, *batch, spec.hidden_size, dtype=torch.float64)
    return lstm, torch.randn(*lead, spec.input_size, dtype=torch.float64), h0, c0


@given(specs)
@settings(max_examples=60, deadline=None)
def test_every_shape_is_torch_s(spec: LSTMSpec) -> None:
    lstm, input, h0, c0 = build(spec)
    output, (hn, cn) = lstm(input, (h0, c0))
    measured = {"input": input, "h0": h0, "c0": c0, "output": output, "hn": hn, "cn": cn}
    assert {name: tensor.shape for name, tensor in tensors(spec).items()} == {
        name: tuple(tensor.shape) for name, tensor in measured.items()
    }


@given(specs)
@settings(max_examples=40, deadline=None)
def test_every_formula_is_its_shape(spec: LSTMSpec) -> None:
    letters = {
        "T": spec.seq_len,
        "B": spec.batch_size,
        "I": spec.input_size,
        "H": spec.hidden_size,
        "P": spec.proj_size,
        "L": spec.num_layers,
        "D": 2 if spec.bidirectional else 1,
    }
    for tensor in tensors(spec).values():
        assert eval(tensor.formula, {}, letters) == tensor.shape


def one_layer(lstm: torch.nn.LSTM, layer: int, reverse: bool) -> torch.nn.LSTM:
    """An LSTM of one layer and one direction with the weights of one layer and direction of another."""
    suffix = f"_l{layer}{'_reverse' if reverse else ''}"
    parts = {name: part for name, part in lstm.named_parameters() if name.endswith(suffix)}
    width = parts[f"weight_ih{suffix}"].shape[1]
    alone = torch.nn.LSTM(width, lstm.hidden_size, bias=lstm.bias, proj_size=lstm.proj_size, dtype=torch.float64)
    alone.load_state_dict({name.replace(suffix, "_l0"): part for name, part in parts.items()})
    return alone


def layer_by_layer(lstm: torch.nn.LSTM, input: Tensor, h0: Tensor, c0: Tensor) -> dict[tuple[int, str], Any]:
    """Run each layer and direction as an LSTM of its own, on time-major input: its steps, its last h and c.

    Which row of h0 belongs to which is torch's documentation: "0 to L * D", forward and reverse in turn.
    """
    found, initial = {}, iter(zip(h0, c0, strict=True))
    for layer in range(lstm.num_layers):
        halves = []
        for direction in ("forward", "reverse") if lstm.bidirectional else ("forward",):
            h, c = next(initial)
            sequence = input.flip(0) if direction == "reverse" else input
            steps, (hn, cn) = one_layer(lstm, layer, direction == "reverse")(sequence, (h[None], c[None]))
            halves.append(steps.flip(0) if direction == "reverse" else steps)
            found[layer, direction] = (halves[-1], hn[0], cn[0])
        input = torch.cat(halves, dim=-1)
    return found


@given(specs.filter(lambda spec: spec.batch_size != 0))
@settings(max_examples=40, deadline=None)
@torch.no_grad()
def test_every_row_of_hn_and_cn_is_the_layer_and_direction_that_is_said(spec: LSTMSpec) -> None:
    lstm, input, h0, c0 = build(spec)
    output, (hn, cn) = lstm(input, (h0, c0))
    batched = spec.batch_size is not None
    time_major = input.transpose(0, 1) if spec.batch_first and batched else input
    found = layer_by_layer(lstm, time_major, h0, c0)
    rows = state_rows(spec)
    assert [row.row for row in rows] == list(range(len(hn)))
    for row in rows:
        steps, last_h, last_c = found[row.layer, row.direction]
        names = {"output": output, "hn": hn, "cn": cn}
        torch.testing.assert_close(eval(row.hn, names), last_h)
        torch.testing.assert_close(eval(row.cn, names), last_c)
        assert row.time_step is not None
        torch.testing.assert_close(steps[row.time_step], last_h)
        assert (row.output is None) == (row.layer < spec.num_layers - 1)
        if row.output is not None:
            torch.testing.assert_close(eval(row.output, names), last_h)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("num_layers", [1, 2, 3])
@torch.no_grad()
def test_a_row_follows_its_own_layer_s_weights(num_layers: int, bidirectional: bool) -> None:
    """With all weights of a layer and direction at zero, and c0 too, its row of hn is zero, and no other."""
    spec = LSTMSpec(num_layers=num_layers, bidirectional=bidirectional)
    for row in state_rows(spec):
        lstm, input, h0, c0 = build(spec)
        suffix = f"_l{row.layer}{'_reverse' if row.direction == 'reverse' else ''}"
        for name, parameter in lstm.named_parameters():
            if name.endswith(suffix):
                parameter.zero_()
        hn = lstm(input, (h0, torch.zeros_like(c0)))[1][0]
        zero = [index for index, each in enumerate(hn) if not each.any()]
        assert zero == [row.row] == [row_index(spec, row.layer, ["forward", "reverse"].index(row.direction))]


GRID = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]


def test_rows_of_three_layers_by_hand() -> None:
    spec = LSTMSpec(num_layers=3, bidirectional=True)
    assert [row_index(spec, layer, direction) for layer, direction in GRID] == [0, 1, 2, 3, 4, 5]
    one_direction = LSTMSpec(num_layers=3)
    assert [row_index(one_direction, layer, 0) for layer in range(3)] == [0, 1, 2]
