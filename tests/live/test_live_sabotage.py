"""The checks of a live module can fail: each is seen to."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from live_modules import failed
from support import break_lstm, permuted_gates
from torch import nn

from lstm_inspect import inspect_module, watch
from lstm_inspect.errors import CallError


def test_swapped_halves_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    break_lstm(monkeypatch, lambda lstm, output, hn, cn: (output, (hn.flip(0), cn)))
    report = inspect_module(nn.LSTM(4, 8, bidirectional=True), torch.randn(5, 3, 4))
    assert {"row-0", "row-1", "reference-hn"} <= set(failed(report))


def test_a_forward_set_on_the_module_itself_is_refused_and_seen_by_watch() -> None:
    lstm, input = nn.LSTM(4, 8), torch.randn(5, 3, 4)
    lstm.forward = lambda input, hx=None: nn.LSTM.forward(lstm, input, hx)  # type: ignore[method-assign, assignment]
    with pytest.raises(CallError, match="set on the module itself: a copy would run the module's own"):
        inspect_module(lstm, input)
    with watch() as calls:
        lstm(input)
    assert calls[0].verified


def test_other_gate_orders_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    lstm, input = nn.LSTM(4, 8), torch.randn(5, 3, 4)
    honest = nn.LSTM.forward

    def forward(self: nn.LSTM, *args: Any) -> Any:
        with permuted_gates(lstm, (0, 2, 1, 3)):
            return honest(self, *args)

    monkeypatch.setattr(nn.LSTM, "forward", forward)
    assert {"reference-output", "reference-hn", "reference-cn"} <= set(failed(inspect_module(lstm, input)))


def test_a_default_state_that_is_not_zeros_is_found() -> None:
    class Warm(nn.LSTM):
        def forward(self, input: Any, hx: Any = None) -> Any:
            return super().forward(input, hx or (torch.ones(1, 3, 8), torch.ones(1, 3, 8)))

    assert failed(inspect_module(Warm(4, 8), torch.randn(5, 3, 4))) == ["default-state"]
