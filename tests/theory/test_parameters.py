"""Parameters, counts and multiply-adds, held against torch's own modules and its own counter."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support import native_kernel
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence
from torch.utils.flop_counter import FlopCounterMode

from lstm_inspect.theory.costs import multiply_adds, works
from lstm_inspect.theory.parameters import (
    gates,
    how_many,
    layer_parameter_count,
    parameter,
    parameter_count,
    parameters,
)
from lstm_inspect.theory.spec import LSTMSpec

SMALL = st.integers(1, 7)
SPECS = st.builds(
    LSTMSpec,
    input_size=SMALL,
    hidden_size=st.integers(4, 9),
    num_layers=st.integers(1, 4),
    bias=st.booleans(),
    bidirectional=st.booleans(),
    proj_size=st.integers(0, 3),
    seq_len=SMALL,
    batch_size=st.one_of(st.none(), SMALL),
)


def module(spec: LSTMSpec, device: str = "meta") -> torch.nn.LSTM:
    """The module of a spec, by torch's own arguments."""
    return torch.nn.LSTM(
        spec.input_size,
        spec.hidden_size,
        spec.num_layers,
        bias=spec.bias,
        batch_first=spec.batch_first,
        bidirectional=spec.bidirectional,
        proj_size=spec.proj_size,
        device=device,
    )


@given(SPECS)
def test_parameters_are_those_of_the_module(spec: LSTMSpec) -> None:
    named = list(module(spec).named_parameters())
    found = parameters(spec)
    assert [(parameter.name, parameter.shape) for parameter in found] == [(n, tuple(p.shape)) for n, p in named]
    assert found == [parameter(spec, place) for place in range(how_many(spec))]
    assert parameter_count(spec) == sum(p.numel() for _, p in named)
    assert sum(layer_parameter_count(spec, layer) for layer in range(spec.num_layers)) == parameter_count(spec)


@given(SPECS)
def test_layer_and_direction_are_those_that_the_name_says(spec: LSTMSpec) -> None:
    for each in parameters(spec):
        stem, _, place = each.name.rpartition("_l" + str(each.layer))
        assert stem in {"weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"}
        assert place == ("_reverse" if each.direction == "reverse" else "")
        assert each.gated == (stem != "weight_hr")
        sizes = {"I": spec.input_size, "H": spec.hidden_size, "P": spec.proj_size}
        assert eval(each.formula, {}, sizes) == each.shape


@pytest.mark.parametrize(("place", "letter"), [(0, "i"), (1, "f"), (2, "g"), (3, "o")])
def test_gate_rows_are_those_that_the_equations_use(place: int, letter: str) -> None:
    """Pulled far to one side, a gate's bias rows shut it or open it, and the cell shows which gate it was."""
    spec = LSTMSpec(hidden_size=4)
    gate = gates(spec)[place]
    assert (gate.letter, gate.of("bias_ih_l0")) == (letter, f"bias_ih_l0[{4 * place}:{4 * place + 4}]")
    lstm, c0 = module(spec, "cpu"), torch.full((1, 1, 4), 0.5)
    with torch.no_grad():
        for parameter in lstm.parameters():
            parameter.zero_()  # gates are 0.5, the candidate is 0: c = 0.5 * c0
        bias: Tensor = lstm.get_parameter("bias_ih_l0")
        bias[gate.start : gate.stop] = 50.0
        _, (hn, cn) = lstm(torch.zeros(1, 1, 10), (torch.zeros(1, 1, 4), c0))
    c = {"i": 0.25, "f": 0.5, "g": 0.25 + 0.5, "o": 0.25}[letter]
    h = torch.tanh(torch.tensor(c)) * (1.0 if letter == "o" else 0.5)
    assert torch.allclose(cn, torch.tensor(c)) and torch.allclose(hn, h)


# I 10, H 20, L 2, bidirectional: numbers worked out by hand
WORKED: list[tuple[dict[str, Any], int]] = [
    ({"seq_len": 5, "batch_size": 3}, 216_000),
    ({"lengths": (8, 9, 10)}, 388_800),
    ({"seq_len": 5, "batch_size": 3, "proj_size": 8}, 110_400),
    ({"seq_len": 5, "batch_size": None}, 72_000),
]


@pytest.mark.parametrize(("batch", "expected"), WORKED)
def test_the_worked_multiply_adds(batch: dict[str, Any], expected: int) -> None:
    assert multiply_adds(LSTMSpec(num_layers=2, bidirectional=True, **batch)) == expected


@pytest.mark.parametrize(("proj_size", "expected"), [(0, 15_040), (8, 8_000)])
def test_the_worked_parameter_counts(proj_size: int, expected: int) -> None:
    assert parameter_count(LSTMSpec(num_layers=2, bidirectional=True, proj_size=proj_size)) == expected


def counted(spec: LSTMSpec) -> float:
    """Multiply-adds by torch's own counter, with oneDNN off: it sees nothing of a fused kernel."""
    input: Tensor | PackedSequence = torch.zeros(
        *(() if spec.batch_size is None else (spec.batch_size,)), spec.seq_len, spec.input_size
    )
    if spec.lengths:
        input = pack_padded_sequence(
            torch.zeros(len(spec.lengths), spec.seq_len, spec.input_size), torch.tensor(spec.lengths), True, False
        )
    lstm = module(spec.replace(batch_first=True), "cpu")
    with native_kernel(), torch.no_grad(), FlopCounterMode(display=False) as counter:
        lstm(input)
    return float(counter.get_total_flops() / 2)


@pytest.mark.parametrize("batch", [{}, {"lengths": (3, 1, 4)}, {"batch_size": None}, {"lengths": (2, 2)}])
@pytest.mark.parametrize("proj_size", [0, 8])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("num_layers", [1, 3])
def test_multiply_adds_are_what_torch_counts(
    num_layers: int, bidirectional: bool, proj_size: int, batch: dict[str, Any]
) -> None:
    spec = LSTMSpec(num_layers=num_layers, bidirectional=bidirectional, proj_size=proj_size, **batch)
    assert multiply_adds(spec) == counted(spec)
    this_run = [work for work in works(spec) if work.this_run]
    assert [(len(work.by_layer), sum(work.by_layer)) for work in this_run] == [(num_layers, multiply_adds(spec))]
    assert [work.steps for work in this_run] == [spec.valid_steps]


def test_the_counter_tells_a_wrong_number() -> None:
    spec = LSTMSpec(num_layers=2)
    assert multiply_adds(spec.replace(input_size=11)) != counted(spec) == multiply_adds(spec)


def test_a_million_layers_are_counted_in_closed_form() -> None:
    spec = LSTMSpec(num_layers=10**6, bidirectional=True)
    assert parameter_count(spec) == 5_120 + (10**6 - 1) * 9_920
    assert how_many(spec) == 8 * 10**6
    assert parameter(spec, 8 * 10**6 - 1).name == "bias_hh_l999999_reverse"
    assert multiply_adds(spec) == 15 * (4_800 + (10**6 - 1) * 9_600)
