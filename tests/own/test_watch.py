"""watch: every call of every nn.LSTM in a model, on the tensors of that very call, and no trace of it after."""

from __future__ import annotations

import gc
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from lstm_inspect import LSTMInspectError, watch
from lstm_inspect.own.live import DROPOUT


class Nested(nn.Module):
    """An encoder, a decoder that is called step by step, and one LSTM under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.ModuleDict({"rnn": nn.LSTM(4, 8, bidirectional=True)})
        self.decoder = nn.LSTM(16, 8, num_layers=2, batch_first=True)
        self.shared = nn.LSTM(8, 8)
        self.again = self.shared
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        output, _ = self.encoder["rnn"](x)
        state = None
        for step in output:
            last, state = self.decoder(step.unsqueeze(1), state)
        first, hx = self.shared(last)
        second, _ = self.again(first, hx=hx)
        results: Tensor = self.relu(second)  # in place: the tensors of the call are gone after
        return results


def hooks(model: nn.Module) -> dict[str, dict[Any, Any]]:
    """Every hook on every module, and every global one."""
    found = {}
    for name, module in [*model.named_modules(), ("global", nn.modules.module)]:
        held = {key: value for key, value in vars(module).items() if "hook" in key and hasattr(value, "items")}
        found.update({f"{name}.{key}": dict(value) for key, value in held.items()})
    return found


def trace(model: nn.Module) -> dict[str, Any]:
    return {
        "hooks": hooks(model),
        "modes": [module.training for module in model.modules()],
        "random": torch.get_rng_state().tolist(),
        "grads": [None if weight.grad is None else weight.grad.tolist() for weight in model.parameters()],
        "requires grad": [weight.requires_grad for weight in model.parameters()],
        "weights": [(id(weight), weight._version, weight.tolist()) for weight in model.parameters()],
        "attributes": [sorted(vars(module)) for module in model.modules()],
        "grad mode": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
    }


def test_every_call_is_recorded_by_name_in_the_order_of_the_calls() -> None:
    model = Nested()
    with watch(model) as calls:
        model(torch.randn(3, 2, 4))
    assert [(call.name, call.index) for call in calls] == [
        ("encoder.rnn", 0),
        ("decoder", 0),
        ("decoder", 1),
        ("decoder", 2),
        ("shared", 0),
        ("shared", 1),
    ]
    assert [call.error for call in calls] == [None] * 6
    assert all(call.verified for call in calls)
    specs = [call.report.spec for call in calls if call.report]
    assert [spec.state for spec in specs] == ["zeros", "zeros", "random", "random", "zeros", "random"]
    assert (specs[0].seq_len, specs[0].batch_size, specs[1].seq_len, specs[1].batch_size) == (3, 2, 1, 2)


def test_a_model_that_is_itself_an_lstm() -> None:
    lstm = nn.LSTM(4, 8, batch_first=True)
    with watch(lstm) as calls:
        lstm(input=pack_padded_sequence(torch.randn(2, 5, 4), [3, 5], batch_first=True, enforce_sorted=False))
        lstm(torch.randn(5, 4), hx=(torch.zeros(1, 8), torch.zeros(1, 8)))
    assert [(call.name, call.index, call.verified) for call in calls] == [("", 0, True), ("", 1, True)]
    assert calls[0].report is not None
    assert calls[0].report.spec.lengths == (3, 5)


def test_calls_after_it_are_not_recorded() -> None:
    lstm = nn.LSTM(4, 8)
    with watch(lstm) as calls:
        lstm(torch.randn(5, 2, 4))
    lstm(torch.randn(5, 2, 4))
    assert len(calls) == 1


# --------------------------------------------------------------------------------------------------- no trace of it


@contextmanager
def nothing(model: nn.Module) -> Iterator[list[Any]]:
    yield []


def step(model: nn.Module, watching: Any, seed: int = 3) -> dict[str, Any]:
    """A step of training with dropout, watched or not, and everything that came of it."""
    torch.manual_seed(seed)
    input = torch.randn(6, 3, 4, requires_grad=True)
    with watching(model):
        output, (hn, cn) = model(input)
        (output.sum() + hn.sum() + cn.pow(2).sum()).backward()
    assert input.grad is not None
    return {"output": output.tolist(), "input grad": input.grad.tolist(), **trace(model)}


def same_lstm() -> nn.LSTM:
    torch.manual_seed(0)
    return nn.LSTM(4, 8, num_layers=2, dropout=0.5, bidirectional=True)


def test_a_watched_step_of_training_is_the_step_to_the_bit() -> None:
    watched, alone = step(same_lstm(), watch), step(same_lstm(), nothing)
    watched["weights"], alone["weights"] = ([each[1:] for each in found["weights"]] for found in (watched, alone))
    assert watched == alone


@pytest.mark.parametrize("training", [False, True])
def test_it_leaves_no_trace(training: bool) -> None:
    model, x = Nested().train(training), torch.randn(3, 2, 4)
    seen: list[str] = []
    model.decoder.register_forward_hook(lambda *_: seen.append("the user's"))
    before = trace(model)
    with watch(model):
        model(x)
    assert trace(model) == before
    assert seen == ["the user's"] * 3  # once a call: the checks run none of the user's hooks


def test_it_leaves_no_trace_on_an_exception_of_the_users() -> None:
    model, wrong = Nested(), torch.randn(3, 2, 5)
    before = trace(model)
    with pytest.raises(RuntimeError, match="input_size"), watch(model):
        model(wrong)
    assert trace(model) == before
    with pytest.raises(KeyboardInterrupt), watch(model):
        raise KeyboardInterrupt
    assert trace(model) == before


def test_it_leaves_no_trace_when_a_hook_cannot_be_set() -> None:
    class Refusing(nn.LSTM):
        def register_forward_hook(self, *_: Any, **__: Any) -> Any:
            raise RuntimeError("no hooks here")

    model = nn.ModuleList([nn.LSTM(4, 8), Refusing(4, 8)])
    before = hooks(model)
    with pytest.raises(RuntimeError, match="no hooks here"), watch(model):
        pass
    assert hooks(model) == before


def test_a_watch_that_is_left_by_a_bug_of_its_own_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: Any) -> Any:
        raise AssertionError("a bug")

    monkeypatch.setattr("lstm_inspect.own.watch.report_of", bug)
    model, x = Nested(), torch.randn(3, 2, 4)
    before = trace(model)
    with pytest.raises(AssertionError, match="a bug"), watch(model):
        model(x)
    assert trace(model) == before


def test_two_watches_at_once() -> None:
    lstm = nn.LSTM(4, 8)
    with watch(lstm) as outer, watch(lstm, reference=False) as inner:
        lstm(torch.randn(5, 2, 4))
    assert (len(outer), len(inner)) == (1, 1)
    assert outer[0].report is not None
    assert inner[0].report is not None
    assert len(outer[0].report.checks) == len(inner[0].report.checks) + 3


def test_it_keeps_no_tensor() -> None:
    lstm = nn.LSTM(4, 8)
    input = torch.randn(5, 2, 4)
    with watch(lstm) as calls:
        output, state = lstm(input)
    there = weakref.ref(input), weakref.ref(output)
    del input, output, state
    gc.collect()
    assert [each() for each in there] == [None, None]
    assert calls[0].verified


def test_the_hook_changes_nothing_that_the_model_gets() -> None:
    lstm, input = nn.LSTM(4, 8), torch.randn(5, 2, 4)
    expected = lstm(input)[0]
    with watch(lstm):
        output, _ = lstm(input)
    assert torch.equal(output, expected)
    assert output.requires_grad


# ---------------------------------------------------------------------------------------- what a call was made under


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
    failed = {check.claim.id for check in calls[0].report.checks if not check.passed}
    assert {"row-2", "row-3", "hn-layout"} <= failed  # on the call itself; the eval run is sound
    assert "reference-hn" not in failed


def test_a_call_for_gradients_may_run_another_kernel() -> None:
    lstm, input = nn.LSTM(10, 256, num_layers=2, bidirectional=True), torch.randn(7, 7, 10)
    with watch(lstm, reference=False) as calls:
        lstm(input)
    assert calls[0].verified


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
    assert {tensor.theory.name: tensor.dtype for tensor in report.tensors}["output"] == "bfloat16"
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

    class Pair(nn.LSTM):
        def forward(self, input: Any, hx: Any = None) -> Any:
            return [super().forward(input, hx)[0]]

    with watch(Pair(4, 8)) as calls:
        pass
    model = Pair(4, 8)
    with watch(model) as calls:
        model(torch.randn(5, 3, 4))
    assert calls[0].error is not None
    assert "Pair.forward returned a list" in calls[0].error


def test_no_memory_for_the_check_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Any:
        raise MemoryError("not enough")

    monkeypatch.setattr("lstm_inspect.own.watch.report_of", full)
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
    assert [call.verified for call in calls] == [False] * 6


def test_a_users_hook_that_changes_the_output_is_seen() -> None:
    lstm = nn.LSTM(4, 8)
    lstm.register_forward_hook(lambda module, args, results: (results[0] * 2, results[1]))
    with watch(lstm) as calls:
        lstm(torch.randn(5, 3, 4))
    assert not calls[0].verified


def test_what_is_no_module_is_refused() -> None:
    with pytest.raises(LSTMInspectError, match=r"model is a list: it must be a torch\.nn\.Module"), watch([]):  # type: ignore[arg-type]
        pass


def test_nothing_is_warned_of() -> None:
    model = Nested()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with watch(model):
            model(torch.randn(3, 2, 4))
