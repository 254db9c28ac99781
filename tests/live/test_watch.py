"""watch: every call of every nn.LSTM in a model, and no trace of it after."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from live_modules import Nested
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from lstm_inspect import LSTMInspectError, watch
from lstm_inspect.live import prove, record


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


def test_calls_are_recorded_by_name_and_kind_in_the_order_of_the_calls() -> None:
    model = Nested()
    with watch(model) as calls:
        model(torch.randn(3, 2, 4))
    assert [(call.name, call.index, call.times) for call in calls] == [
        ("encoder.rnn", 0, 1),
        ("decoder", 0, 1),
        ("decoder", 1, 2),
        ("shared", 0, 1),
        ("shared", 1, 1),
    ]
    assert [call.error for call in calls] == [None] * 5
    assert all(call.verified for call in calls)
    assert calls.verified is True
    specs = [call.report.spec for call in calls if call.report]
    assert [spec.state for spec in specs] == ["zeros", "zeros", "random", "zeros", "random"]
    assert (specs[0].seq_len, specs[0].batch_size, specs[1].seq_len, specs[1].batch_size) == (3, 2, 1, 2)


@pytest.mark.parametrize(("every", "indices", "times"), [(None, [0], [7]), (3, [0, 3, 6], [3, 3, 1]), (1, None, None)])
def test_every_so_many_th_call_is_proved(every: int | None, indices: list[int], times: list[int]) -> None:
    lstm, x = nn.LSTM(4, 8), torch.randn(5, 2, 4)
    with watch(lstm, every=every, reference=False) as calls:
        for _ in range(7):
            lstm(x)
    assert [call.index for call in calls] == (indices or list(range(7)))
    assert [call.times for call in calls] == (times or [1] * 7)
    for wrong in (0, 1.5):
        with pytest.raises(LSTMInspectError, match="must be a whole number from 1"), watch(every=wrong):  # type: ignore[arg-type]
            pass


def test_a_call_of_another_thread_while_the_first_of_its_kind_is_proved_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lstm, x = nn.LSTM(4, 8), torch.randn(5, 2, 4)
    honest = prove.prove

    def with_another_call(*made: Any) -> Any:
        thread = threading.Thread(target=lstm, args=(x,))
        thread.start()
        thread.join()
        return honest(*made)

    monkeypatch.setattr(record, "prove", with_another_call)
    with watch(reference=False) as calls:
        lstm(x)
    assert ([call.times for call in calls], calls.counted) == ([2], [])


def test_what_makes_a_kind() -> None:
    lstm, x = nn.LSTM(4, 8), torch.randn(5, 2, 4)
    with watch(lstm, reference=False) as calls:
        for call in range(2):
            lstm(x)
            lstm(x[:3])
            lstm.eval()(x)
            with torch.no_grad():
                lstm(x)
            lstm.train()(x, (torch.zeros(1, 2, 8), torch.zeros(1, 2, 8)))
            for lengths in ([5, 2], [4, 4 - call]):
                lstm(pack_padded_sequence(x, lengths))
            lstm.double()(x.double())
            lstm.float()
    assert [call.times for call in calls] == [2, 2, 2, 2, 2, 4, 2]


def test_lengths_that_never_repeat_are_not_proved_for_ever() -> None:
    lstm = nn.LSTM(4, 8)
    with watch(lstm, reference=False) as calls:
        for time_steps in range(1, 40):
            lstm(torch.randn(time_steps, 2, 4))
    assert len(calls) == 16
    assert [(each.name, each.kind, each.times) for each in calls.counted] == [("", "LSTM", 23)]


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


def test_a_bug_of_ours_is_said_and_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: Any) -> Any:
        raise AssertionError("a bug")

    monkeypatch.setattr("lstm_inspect.live.record.prove", bug)
    model, x = Nested(), torch.randn(3, 2, 4)
    before = trace(model)
    with watch(model) as calls:
        model(x)
    assert trace(model) == before
    assert {call.error for call in calls} == {"lstm-inspect failed here: AssertionError('a bug')"}
    assert calls.verified is None
    monkeypatch.setattr("lstm_inspect.live.record.Recorder._count", bug)
    with watch(model) as calls:
        model(x)
    assert [warning.id for warning in calls.warnings] == ["fault"]


def test_two_watches_at_once() -> None:
    lstm = nn.LSTM(4, 8)
    with watch(lstm) as outer, watch(lstm, reference=False) as inner:
        lstm(torch.randn(5, 2, 4))
    assert (len(outer), len(inner)) == (1, 1)
    assert outer[0].report is not None
    assert inner[0].report is not None
    assert len(outer[0].report.checks) == len(inner[0].report.checks) + 4  # output, hn, cn and the one row


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


def test_watching_changes_nothing_that_the_model_gets() -> None:
    lstm, input = nn.LSTM(4, 8), torch.randn(5, 2, 4)
    expected = lstm(input)[0]
    with watch(lstm):
        output, _ = lstm(input)
    assert torch.equal(output, expected)
    assert output.requires_grad


def test_the_page_shows_a_module_once_and_its_other_shapes_in_a_line_each() -> None:
    lstm = nn.LSTM(4, 8)
    with watch(lstm, reference=False) as calls:
        for time_steps in (5, 5, 3):
            lstm(torch.randn(time_steps, 2, 4))
        lstm(pack_padded_sequence(torch.randn(5, 2, 4), [5, 3]))
        lstm(pack_padded_sequence(torch.randn(5, 2, 4), [5, 4]), (torch.zeros(1, 2, 8), torch.zeros(1, 2, 8)))
    lines = calls.page(100).splitlines()
    assert [line for line in lines if "also with" in line] == [
        "✓ also with input (3, 2, 4): 1 call, 16 checks",
        "✓ also with input (5, 2, 4), lengths 5, 4 and a state: 1 call, 25 checks",
    ]
    assert sum(line.startswith("output, (hn, cn) = ") for line in lines) == 1
    assert "the model itself, 2 calls of these shapes" in lines
