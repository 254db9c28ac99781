"""Sequences of equal lengths: torch may sort them in any order, and a module on many of them still holds."""

from __future__ import annotations

import pytest
import torch
from live_modules import failed
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from lstm_inspect import LSTMSpec, inspect, inspect_module, watch

LENGTHS = [1 + place * place % 7 % 4 for place in range(20)]


def test_torchs_sort_does_not_keep_the_order_of_equals_here() -> None:
    order = torch.sort(torch.tensor(LENGTHS), descending=True).indices
    assert not torch.equal(order, torch.sort(torch.tensor(LENGTHS), descending=True, stable=True).indices)


@pytest.mark.parametrize("shape", [{}, {"num_layers": 2, "bidirectional": True}])
def test_many_equal_lengths_hold(shape: dict[str, int]) -> None:
    assert failed(inspect(LSTMSpec(lengths=tuple(LENGTHS), **shape))) == []  # type: ignore[arg-type]
    lstm = nn.LSTM(10, 20, **shape)
    packed = pack_padded_sequence(torch.randn(4, 20, 10), LENGTHS, enforce_sorted=False)
    assert failed(inspect_module(lstm, packed)) == []
    with watch(lstm) as calls:
        lstm(packed)
    assert calls[0].verified
