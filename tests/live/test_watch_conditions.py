"""watch: what a call was made under, what can't be checked, and what is found broken."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from live_modules import Nested, autocast_runs_an_lstm
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from lstm_inspect import LSTMInspectError, watch
from lstm_inspect.live.call import DROPOUT


def test_dropout_at_work_is_said_and_the_very_call_is_still_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    lstm, input = nn.LSTM(4, 8, num_layers=2, dropout=0.5, bidirectional=True), torch.randn(5, 2, 4)
    with watch(lstm) as calls:
        lstm(input)
        lstm.eval()(input)
    assert [call.verified for call in calls] == [True, True]
    ids = [{warning.id for warning in call.report.warnings} for call in calls if call.report]
    assert [DROPOUT in each for each in ids] == [True, False]
    honest = nn.LSTM.forward

    def broken_in_training(self: nn.LSTM, *args: Any, **kwargs: Any) -> Any:
        output, (hn, cn) = honest(self, *args, **kwargs)
        return output, (hn.flip(0) if self.training else hn, cn)

    monkeypatch.setattr(nn.LSTM, "forward", broken_in_training)
    with watch(lstm.train()) as calls:
        lstm(input)
    assert calls[0].report is not None
    failed = {check.id for check in calls[0].report.checks if not check.passed}
    assert {"row-2", "row-3", "hn-layout"} <= failed  # on the call itself; the eval run is sound
    assert "reference-hn" not in failed


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")  # torch's own
@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("num_layers", [1, 3])
def test_a_projection_runs_the_kernel_that_it_ran(num_layers: int, frozen: bool) -> None:
    """torch chooses by whether the weights want gradients, though none are kept."""
    torch.manual_seed(0)
    model = torch.nn.LSTM(4, 8, num_layers, batch_first=True, proj_size=5).eval().requires_grad_(not frozen)
    with watch(model) as calls, torch.no_grad():
        model(torch.randn(3, 5, 4))
    assert calls[0].verified


def test_a_call_for_gradients_may_run_another_kernel() -> None:
    lstm, input = nn.LSTM(10, 256, num_layers=2, bidirectional=True), torch.randn(7, 7, 10)
    with watch(lstm, reference=False) as calls:
        lstm(input)
    assert calls[0].verified


@pytest.mark.skipif(not autocast_runs_an_lstm(), reason="this processor has no bfloat16 kernel for an LSTM")
def test_autocast_is_said_and_held_to_the_tolerance_of_its_dtype() -> None:
    lstm, input = nn.LSTM(16, 32, num_layers=2), torch.randn(20, 4, 16)
    with torch.autocast("cpu", dtype=torch.bfloat16), watch(lstm) as calls:
        output, _ = lstm(input)
        assert torch.is_autocast_enabled("cpu")
    assert output.dtype == torch.bfloat16
    report = calls[0].report
    assert report is not None
    assert report.verified is True
    assert "autocast" in {warning.id for warning in report.warnings}
    assert {tensor.name: tensor.dtype for tensor in report.tensors}["output"] == "bfloat16"
    with torch.autocast("cpu", dtype=torch.bfloat16), watch(lstm, atol=1e-7, rtol=0) as calls:
        lstm(input)
    assert not calls[0].verified


def test_an_in_place_change_after_the_call_does_not_reach_the_report() -> None:
    model = nn.Sequential(nn.LSTM(4, 8))
    with watch(model) as calls:
        output, _ = model(torch.randn(5, 2, 4))
        with torch.no_grad():
            output.zero_()
            model.get_parameter("0.weight_hh_l0").zero_()
    assert calls[0].verified


def test_what_cannot_be_checked_is_recorded_and_the_model_runs_on() -> None:
    lstm = nn.LSTM(4, 8)
    too_many = torch.zeros(1, 9, 8), torch.zeros(1, 9, 8)
    packed = pack_padded_sequence(torch.randn(5, 3, 4), [2, 5, 3], enforce_sorted=False)
    with watch(lstm) as calls:
        lstm(packed, too_many)  # torch takes it without a word
        lstm(torch.randn(5, 3, 4))
    assert calls[0].report is None
    assert calls[0].error == "h0 (1, 9, 8): axis 1 (B) must be 3. Try h0 of shape (L*D, B, H) = (1, 3, 8)."
    assert not calls[0].verified
    assert calls[1].verified
    assert (calls[0].outcome, calls[0].verified, calls.verified) == ("misfit", False, False)


def test_what_a_subclass_makes_of_the_results_is_its_own() -> None:
    class Pair(nn.LSTM):
        def forward(self, input: Any, hx: Any = None) -> Any:
            return [super().forward(input, hx)[0]]

    model = Pair(4, 8)
    with watch(model) as calls:
        model(torch.randn(5, 3, 4))
    assert [(call.kind, call.verified) for call in calls] == [("Pair", True)]


@pytest.mark.filterwarnings("ignore")  # torch's own, of tracing
def test_a_call_that_is_traced_is_not_seen() -> None:
    model = nn.Sequential(nn.LSTM(4, 8))
    with watch(model) as calls:
        torch.jit.trace(model, (torch.randn(5, 3, 4),), check_trace=False)  # type: ignore[no-untyped-call]
    assert calls == []


@pytest.mark.parametrize("kind", [nn.GRU, nn.RNN])
def test_gru_and_rnn_are_checked_without_the_equations(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rnn, x = kind(4, 8, num_layers=2, bidirectional=True), torch.randn(5, 3, 4)
    packed = pack_padded_sequence(x, [2, 5, 3], enforce_sorted=False)
    with watch(rnn) as calls:
        rnn(x)
        rnn(packed, torch.zeros(4, 3, 8))
        rnn(x[:, 0])
    assert [(call.verified, call.error) for call in calls] == [(True, None)] * 3
    first = calls[0].recurrent
    assert first is not None
    assert first.constructor == f"torch.nn.{kind.__name__}(4, 8, num_layers=2, bidirectional=True)"
    assert {each.name: each.shape for each in first.tensors} == {
        "input": (5, 3, 4),
        "output": (5, 3, 16),
        "hn": (4, 3, 8),
    }
    honest = kind.forward

    def forward(self: Any, *args: Any) -> Any:
        output, hn = honest(self, *args)
        return output, hn.flip(0)

    monkeypatch.setattr(kind, "forward", forward)
    with watch(rnn) as calls:
        rnn(x)
    found = calls[0].recurrent
    assert found is not None
    assert {"row-2", "row-3"} <= {check.id for check in found.checks if not check.passed}
    assert calls.verified is False


def test_cells_are_counted() -> None:
    model = nn.ModuleDict({"cell": nn.LSTMCell(4, 8), "other": nn.GRUCell(4, 8)})
    with watch(model) as calls:
        for _ in range(3):
            model["cell"](torch.randn(2, 4))
        model["other"](torch.randn(2, 4))
    assert calls == []
    assert [(each.name, each.kind, each.times) for each in calls.counted] == [
        ("cell", "LSTMCell", 3),
        ("other", "GRUCell", 1),
    ]


def test_no_memory_for_the_check_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise MemoryError("not enough")

    monkeypatch.setattr("lstm_inspect.live.prove.report_of", full)
    lstm = nn.LSTM(4, 8)
    with watch(lstm) as calls:
        lstm(torch.randn(5, 3, 4))
    assert calls[0].error is not None
    assert "not enough" in calls[0].error


def test_a_broken_lstm_is_found_in_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = nn.LSTM.forward

    def forward(self: nn.LSTM, input: Any, hx: Any = None) -> Any:
        output, (hn, cn) = honest(self, input, hx)
        return output, (hn, cn + 0.01)

    monkeypatch.setattr(nn.LSTM, "forward", forward)
    model = Nested()
    with watch(model) as calls:
        model(torch.randn(3, 2, 4))
    assert [call.verified for call in calls] == [False] * 5


def test_what_a_users_hook_makes_of_the_output_is_its_own() -> None:
    lstm = nn.LSTM(4, 8)
    lstm.register_forward_hook(lambda module, args, results: (results[0] * 2, results[1]))
    with watch(lstm) as calls:
        lstm(torch.randn(5, 3, 4))
    assert calls[0].verified


def test_what_is_no_module_is_refused() -> None:
    with pytest.raises(LSTMInspectError, match=r"model is a list: it must be a torch\.nn\.Module"), watch([]):  # type: ignore[arg-type]
        pass


def test_nothing_is_warned_of() -> None:
    model = Nested()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with watch(model):
            model(torch.randn(3, 2, 4))
