"""Parameters held against named_parameters, products against figures worked out by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_inspect import LSTMSpec
from lstm_inspect.theory.weights import layer_parameter_count, multiply_adds, parameter_count, parameters

specs = st.builds(
    LSTMSpec,
    input_size=st.integers(1, 9),
    hidden_size=st.integers(4, 9),
    num_layers=st.integers(1, 4),
    bidirectional=st.booleans(),
    bias=st.booleans(),
    proj_size=st.integers(0, 3),
)


@given(specs)
@settings(max_examples=50, deadline=None)
def test_every_parameter_is_torch_s(spec: LSTMSpec) -> None:
    lstm = torch.nn.LSTM(
        spec.input_size,
        spec.hidden_size,
        spec.num_layers,
        bias=spec.bias,
        bidirectional=spec.bidirectional,
        proj_size=spec.proj_size,
        device="meta",
    )
    measured = [(name, tuple(parameter.shape)) for name, parameter in lstm.named_parameters()]
    assert [(parameter.name, parameter.shape) for parameter in parameters(spec)] == measured
    assert parameter_count(spec) == sum(parameter.numel() for parameter in lstm.parameters())
    for layer in range(spec.num_layers):
        own = [parameter.numel() for name, parameter in lstm.named_parameters() if f"_l{layer}" in name]
        assert layer_parameter_count(spec, layer) == sum(own)


def test_formulas_are_shapes() -> None:
    spec = LSTMSpec(num_layers=2, bidirectional=True, proj_size=8)
    letters = {"I": 10, "H": 20, "P": 8}
    for parameter in parameters(spec):
        assert eval(parameter.formula, {}, letters) == parameter.shape


BOTH = {"num_layers": 2, "bidirectional": True}


@pytest.mark.parametrize(
    ("spec", "count", "products"),
    [
        (LSTMSpec(num_layers=2, bidirectional=True), 15_040, 216_000),
        (LSTMSpec(num_layers=2, bidirectional=True, lengths=(8, 9, 10)), 15_040, 388_800),
        (LSTMSpec(num_layers=2, bidirectional=True, proj_size=8), 8_000, 110_400),
        (LSTMSpec(num_layers=2, bidirectional=True, batch_size=None), 15_040, 72_000),
        (LSTMSpec(input_size=1, hidden_size=1, seq_len=1, batch_size=1), 16, 8),
        (LSTMSpec(num_layers=100, input_size=65_536, hidden_size=65_536, bidirectional=True), 10_273_666_629_632, None),
    ],
)
def test_counts_by_hand(spec: LSTMSpec, count: int, products: int | None) -> None:
    assert parameter_count(spec) == count
    if products is not None:
        assert multiply_adds(spec) == products


@pytest.mark.filterwarnings("ignore:TF32 acceleration on top of oneDNN")  # the switch sets more than it is asked to
@given(specs, st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_products_are_torch_s_own_count(spec: LSTMSpec, seq_len: int, batch_size: int) -> None:
    """FlopCounterMode counts two operations a product; with oneDNN it sees none."""
    from torch.utils.flop_counter import FlopCounterMode

    spec = spec.replace(seq_len=seq_len, batch_size=batch_size)
    lstm = torch.nn.LSTM(
        spec.input_size,
        spec.hidden_size,
        spec.num_layers,
        bias=spec.bias,
        bidirectional=spec.bidirectional,
        proj_size=spec.proj_size,
    )
    with torch.no_grad(), torch.backends.mkldnn.flags(enabled=False), FlopCounterMode(display=False) as counter:
        lstm(torch.randn(seq_len, batch_size, spec.input_size))
    assert multiply_adds(spec) * 2 == counter.get_total_flops()
