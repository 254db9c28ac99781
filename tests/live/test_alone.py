"""Each sequence alone: what passes, what differs, what can't be decided; and no trace of it on the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
import uses
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence

from lstm_inspect.live import alone
from lstm_inspect.live.alone import _Pick, alone_of
from lstm_inspect.live.standin import restored
from lstm_inspect.mistakes.read import Alone

ONE = {"batch_first": True}


def look(body: Any, *args: Any, axis: int | None = None, **options: Any) -> Alone:
    torch.manual_seed(0)
    return alone_of(uses.Net(body, **options).eval(), args, {}, axis)[0]


def last(self: uses.Net, x: Tensor) -> Any:
    return self.fc(self.rnn(x)[0][:, -1])


def test_the_batch_axis_is_the_one_that_the_module_reads() -> None:
    square = torch.randn(4, 4, uses.I)
    found = look(lambda self, x: self.fc(self.rnn(x)[0]), square)
    assert (found.passed, found.axis, found.result_axis, found.sequences) == (True, 1, 1, 4)
    found = look(last, square, batch_first=True)
    assert (found.passed, found.axis, found.result_axis) == (True, 0, 0)


def test_the_states_of_a_time_first_model() -> None:
    def states(self: uses.Net, x: Tensor) -> Any:
        out, state = self.rnn(x)
        return out, state, self.fc(state[0][-1])

    found = look(states, torch.randn(5, 3, uses.I), num_layers=3)
    assert (found.passed, found.axis, found.result_axis, found.checked) == (True, 1, 1, 3)


def test_an_axis_can_be_given() -> None:
    x = torch.randn(3, 5, uses.I)
    body = lambda self, x: self.fc(self.rnn(x)[0])  # noqa: E731
    assert look(body, x).passed is True
    assert look(body, x, axis=0).passed is False
    assert look(body, x, axis=-3).passed is False
    assert look(body, x, axis=9).reason == "the first argument has no axis 9: it has 3"


@pytest.mark.parametrize(
    ("module", "instead"),
    [
        (nn.LSTM(4, 8, bias=False), "torch.nn.LSTM(4, 8, bias=False, batch_first=True)"),
        (nn.GRU(4, 8, num_layers=2, batch_first=True), "torch.nn.GRU(4, 8, num_layers=2)"),
        (nn.RNN(4, 8, nonlinearity="relu"), 'torch.nn.RNN(4, 8, batch_first=True, nonlinearity="relu")'),
    ],
)
def test_the_other_layout_is_the_same_module_in_all_else(module: nn.RNNBase, instead: str) -> None:
    _, (found,) = alone_of(module.eval(), (torch.randn(3, 5, 4),), {}, int(module.batch_first))
    assert (found.id, found.instead) == ("batch-first-forgotten", instead)


@pytest.mark.parametrize(
    ("body", "args", "reason"),
    [
        (last, (torch.randn(1, 5, uses.I),), "there is one sequence alone"),
        (lambda self, x: self.rnn(x)[0], (torch.randn(5, uses.I),), "no recurrent module was called on a batch"),
        (lambda self, x: last(self, x).sum(), (torch.randn(3, 5, uses.I),), "no axis of the result goes with"),
        (lambda self: last(self, torch.ones(3, 5, uses.I)), (), "no argument is a tensor"),
        (lambda self, x: self.rnn(x)[0], (torch.randn(0, 5, uses.I),), "there is no sequence"),
        (lambda self, x: last(self, x).to_sparse(), (torch.randn(3, 5, uses.I),), "no axis of the result goes with"),
    ],
)
def test_what_cannot_be_decided_is_said(body: Any, args: Any, reason: str) -> None:
    found = look(body, *args, batch_first=True)
    assert found.passed is None
    assert found.reason is not None and found.reason.startswith(reason)


def test_a_hard_coded_batch_size_is_run_on_copies() -> None:
    def hard(self: uses.Net, x: Tensor) -> Any:
        return self.fc(self.rnn(x)[0].view(3, 5, uses.H)[:, -1])

    found = look(hard, torch.randn(3, 5, uses.I), batch_first=True)
    assert (found.passed, found.replaced) == (True, True)


@dataclass
class Scores:
    logits: Tensor


def test_a_list_of_sequences_is_taken_apart_and_a_dataclass_looked_into() -> None:
    def ragged(self: uses.Net, sequences: list[Tensor]) -> Scores:
        packed = pack_sequence(sequences, enforce_sorted=False)
        return Scores(self.fc(self.rnn(packed)[1][0][-1]))

    found = look(ragged, [torch.randn(steps, uses.I) for steps in (3, 5, 2)], batch_first=True)
    assert (found.passed, found.sequences, found.checked) == (True, 3, 3)


def test_fewer_padded_steps_are_no_difference() -> None:
    def padded(self: uses.Net, x: Tensor, lengths: Tensor) -> Any:
        return self.fc(uses.unpacked(self, x, lengths)[0])

    assert look(padded, *uses.with_lengths(), batch_first=True).passed is True


def test_a_packed_sequence_is_taken_apart() -> None:
    packed = pack_padded_sequence(torch.randn(5, 3, uses.I), [2, 5, 3], enforce_sorted=False)
    found = look(lambda self, x: self.fc(self.rnn(x)[1][0][-1]), packed)
    assert (found.passed, found.sequences, found.checked) == (True, 3, 3)


def test_picking() -> None:
    packed = pack_padded_sequence(torch.arange(6.0).view(3, 2, 1), [2, 3], enforce_sorted=False)
    pick = _Pick(0, 2, [1])
    one = pick({"x": packed, "names": ["a", "b"], "parts": (torch.ones(2), torch.zeros(5)), "n": 3})
    assert isinstance(one["x"], PackedSequence)
    assert one["x"].data.flatten().tolist() == [1.0, 3.0, 5.0]
    assert one["names"] == ["b"]
    assert [part.shape for part in one["parts"]] == [(1,), (5,)]


def test_a_difference_that_is_too_small_to_see_is_seen_without_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sabotage: the comparison itself."""
    x = torch.randn(3, 5, uses.I)
    mixed = lambda self, x: last(self, x - x.mean(0))  # noqa: E731
    assert look(mixed, x, batch_first=True).passed is False
    monkeypatch.setattr(alone, "_SLACK", 1e9)
    assert look(mixed, x, batch_first=True).passed is True


class Stateful(nn.Module):
    """A model that keeps its state, counts its calls, and has a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(uses.I, uses.H, batch_first=True)
        self.state: Tensor | None = None
        self.seen: list[int] = []
        self.calls: Tensor
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor) -> Any:
        out, self.state = self.rnn(x, self.state)
        self.seen.append(len(x))
        self.calls.add_(1)
        return out


def test_a_model_that_keeps_its_state_is_run_from_the_same_one_each_time() -> None:
    model = Stateful().eval()
    model(torch.randn(3, 5, uses.I))
    state = model.state
    found, mistakes = alone_of(model, (torch.randn(3, 5, uses.I),), {})
    assert mistakes == () or found.passed is None
    assert model.state is state
    assert model.seen == [3]
    assert model.calls == 1


def test_an_exception_leaves_the_model_as_it_was() -> None:
    model = Stateful()
    with pytest.raises(RuntimeError), restored(model):
        model(torch.randn(3, 5, uses.I))
        model(torch.randn(3, 5, 9))
    assert (model.state, model.seen, model.calls.item()) == (None, [], 0)
