"""A live call that does not fit is refused, the axis named in its letter."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from live_modules import failed, ids
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

import lstm_inspect
from lstm_inspect import LSTMInspectError, inspect_module
from lstm_inspect.errors import CallError

LSTM = nn.LSTM(10, 20, num_layers=2, bidirectional=True)
FIRST = nn.LSTM(10, 20, batch_first=True)
X = torch.zeros(5, 3, 10)
H = torch.zeros(4, 3, 20)
PACKED = pack_padded_sequence(X, [5, 3, 2])
TOO_LONG = pack_padded_sequence(X, [7, 3, 2])


@pytest.mark.parametrize(
    ("lstm", "input", "hx", "message"),
    [
        (LSTM, X.transpose(1, 2), None, "input (5, 10, 3): axis 2 (I) must be 10. Try input.transpose(1, 2)."),
        (
            LSTM,
            torch.zeros(5, 3, 7),
            None,
            "input (5, 3, 7): axis 2 (I) must be 10. Try 10 features a step, or a module with input_size=7.",
        ),
        (
            LSTM,
            torch.zeros(5),
            None,
            "input (5,): it must have 3 axes, (T, B, I) or (B, T, I) with batch_first, or 2, (T, I). "
            "Try input.unsqueeze(-1) if I is 1.",
        ),
        (
            LSTM,
            torch.zeros(0, 3, 10),
            None,
            "input (0, 3, 10): axis 0 (T) must be at least 1. Try one time step or more.",
        ),
        (
            FIRST,
            torch.zeros(3, 0, 10),
            None,
            "input (3, 0, 10): axis 1 (T) must be at least 1. Try one time step or more.",
        ),
        (
            LSTM,
            X,
            (H.transpose(0, 1), H),
            "h0 (3, 4, 20): axis 0 (L*D) must be 4. Try h0.transpose(0, 1).contiguous().",
        ),
        (
            LSTM,
            X,
            (H, torch.zeros(2, 3, 20)),
            "c0 (2, 3, 20): axis 0 (L*D) must be 4. Try c0 of shape (L*D, B, H) = (4, 3, 20).",
        ),
        (
            LSTM,
            X,
            (torch.zeros(4, 5, 20), H),
            "h0 (4, 5, 20): axis 1 (B) must be 3. Try batch_first=True in the module if input is (B, T, I), "
            "or h0 of shape (4, 3, 20).",
        ),
        (
            LSTM,
            X,
            (torch.zeros(4, 20), H),
            "h0 (4, 20): it must have 3 axes, (L*D, B, H) = (4, 3, 20). Try a tensor of that shape for h0.",
        ),
        (
            LSTM,
            PACKED,
            (torch.zeros(4, 9, 20), H),
            "h0 (4, 9, 20): axis 1 (B) must be 3. Try h0 of shape (L*D, B, H) = (4, 3, 20).",
        ),
        (
            LSTM,
            pack_padded_sequence(torch.zeros(5, 3, 7), [5, 3, 2]),
            None,
            "packed_input.data (10, 7): axis 1 (I) must be 10. Try 10 features a step, or a module with input_size=7.",
        ),
        (
            LSTM,
            TOO_LONG,
            None,
            "packed_input.data has 10 rows: its batch_sizes count 12: a length was greater than T when it was packed. "
            "Try lengths of at most T.",
        ),
        (
            LSTM,
            X,
            H,
            "hx is a Tensor: an LSTM has two states: it must be the tuple of two tensors (h0, c0). Try hx=(h0, c0).",
        ),
        (
            LSTM,
            X,
            (H,),
            "hx is a tuple of 1: an LSTM has two states: it must be the tuple of two tensors (h0, c0). "
            "Try hx=(h0, c0).",
        ),
        (
            LSTM,
            X.double(),
            None,
            "input is torch.float64: it must be torch.float32, as the weights are. Try input.to(torch.float32).",
        ),
        (
            LSTM,
            X,
            (H.double(), H),
            "h0 is torch.float64: it must be torch.float32, as the weights are. Try h0.to(torch.float32).",
        ),
        (LSTM, X.to("meta"), None, 'input is on meta: it must be on cpu, where the weights are. Try input.to("cpu").'),
        (
            LSTM,
            [1, 2],
            None,
            "input is a list: it must be a tensor or a PackedSequence. Try input of shape (T, B, I).",
        ),
        (
            nn.GRU(10, 20),
            X,
            None,
            "lstm is a GRU: a torch.nn.LSTM, or a class derived from it, is inspected. "
            "Try watch(model) for a module that holds some.",
        ),
    ],
)
def test_a_call_that_does_not_fit_is_refused_before_torch_is_called(
    monkeypatch: pytest.MonkeyPatch, lstm: Any, input: Any, hx: Any, message: str
) -> None:
    monkeypatch.setattr(nn.LSTM, "forward", lambda *_: pytest.fail("torch was called"))
    with pytest.raises(LSTMInspectError) as caught:
        inspect_module(lstm, input, hx)
    assert str(caught.value) == message


def test_packed_orders_that_contradict_each_other_are_refused() -> None:
    made = pack_padded_sequence(X, [2, 5, 3], enforce_sorted=False)
    wrong = made._replace(unsorted_indices=made.sorted_indices)
    with pytest.raises(CallError, match="sorted_indices"):
        inspect_module(LSTM, wrong)
    rising = PackedSequence(torch.zeros(3, 10), torch.tensor([1, 2]))
    with pytest.raises(CallError, match="may fall, never rise"):
        inspect_module(LSTM, rising)


def test_a_kernel_of_the_wrong_shape_is_refused_though_torch_runs_it() -> None:
    lstm = nn.LSTM(3, 4)
    lstm.weight_ih_l0 = nn.Parameter(torch.randn(3, 16))  # as Keras has it
    lstm(torch.randn(5, 2, 3))  # not a word
    with pytest.raises(CallError, match=r"lstm\.weight_ih_l0 \(3, 16\): it must be \(4\*H, I\) = \(16, 3\)"):
        inspect_module(lstm, torch.randn(5, 2, 3))


def test_weights_of_two_dtypes_are_refused() -> None:
    lstm = nn.LSTM(3, 4)
    lstm.weight_hh_l0.data = lstm.weight_hh_l0.data.double()
    with pytest.raises(CallError, match="float32 and float64"):
        inspect_module(lstm, torch.randn(5, 2, 3))


def test_it_refuses_what_this_machine_cannot_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstm_inspect.verdict.guard.free_memory", lambda: 10_000)
    with pytest.raises(LSTMInspectError, match="reference=False"):
        inspect_module(nn.LSTM(10, 512, bidirectional=True), torch.zeros(200, 16, 10))


def test_tolerances_are_the_callers() -> None:
    report = inspect_module(nn.LSTM(10, 20), torch.randn(50, 3, 10), rtol=0.0, atol=0.0)
    assert report.verified is False
    assert all(name.startswith("reference") for name in failed(report))
    assert "reference-output" not in ids(inspect_module(nn.LSTM(10, 20), torch.randn(5, 3, 10), reference=False))


def test_the_names_are_public() -> None:
    assert {"inspect_module", "watch"} <= set(lstm_inspect.__all__)
