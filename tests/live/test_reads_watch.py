"""Reads of a running program: found where they stand, and nothing of the program is changed."""

from __future__ import annotations

import gc
import threading
import warnings
import weakref
from typing import Any, cast

import pytest
import torch
import uses
from torch import Tensor, nn

from lstm_inspect.live import following as mode
from lstm_inspect.live import reads
from lstm_inspect.live.addresses import Ledger, Places
from lstm_inspect.live.reads import Tracer, following, why_not_traced

LAST = next(case for case in uses.WRONG if case.name == "last_step")
RIGHT = next(case for case in uses.RIGHT if case.name == "right_both_directions")


def train(model: nn.Module, x: Tensor, steps: int = 3) -> dict[str, Any]:
    """Some steps of training: everything that may differ."""
    torch.manual_seed(3)
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(steps):
        loss = nn.functional.dropout(model(x), 0.5).square().sum()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    grads = [None if weight.grad is None else weight.grad.tolist() for weight in model.parameters()]
    return {
        "losses": losses,
        "weights": [weight.tolist() for weight in model.parameters()],
        "grads": grads,
        "random": torch.get_rng_state().tolist(),
        "attributes": [sorted(vars(module)) for module in model.modules()],
        "modes": torch._C._len_torch_function_stack(),
    }


@pytest.mark.parametrize("case", [LAST, RIGHT], ids=lambda case: case.name)
def test_a_training_loop_is_bit_for_bit_what_it_is_without(case: uses.Case) -> None:
    bare = train(case.model(), *case.arguments())
    with following(Tracer()) as tracer:
        watched = train(case.model(), *case.arguments())
    assert watched == bare
    assert [finding.id for finding in tracer.mistakes] == ([case.id] if case.id else [])
    assert tracer.not_traced is None
    assert len(tracer.reads) == 1


def test_the_users_own_modes_stand_around_it_and_inside_it() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = LAST.model()

        def forward(self, x: Tensor) -> Any:
            with torch.device("cpu"):
                return self.inner(x) + torch.zeros(1)

    with following(Tracer()) as tracer, torch.device("cpu"):
        Own()(*LAST.arguments())
    assert [(finding.id, finding.module) for finding in tracer.mistakes] == [("last-step-bidirectional", "inner.rnn")]
    assert torch._C._len_torch_function_stack() == 0


def test_an_exception_of_the_user_leaves_no_mode_behind() -> None:
    def failing(self: uses.Net, x: Tensor) -> Any:
        self.rnn(x)
        raise KeyError("mine")

    model = uses.Net(failing, batch_first=True)
    with following(Tracer()), pytest.raises(KeyError, match="mine"):
        model(*LAST.arguments())
    assert torch._C._len_torch_function_stack() == 0


def test_what_fails_in_following_is_kept_and_never_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sabotage: the shadow itself is broken."""

    def broken(*move: Any) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(mode, "move", broken)
    with following(Tracer()) as tracer:
        result = LAST.model()(*LAST.arguments())
    assert result.shape == (uses.B, 2)
    assert tracer.not_traced == "__getitem__: RuntimeError: broken on purpose"


def test_what_torch_transforms_within_a_call_is_said_not_to_be_followed() -> None:
    def mapped(self: uses.Net, x: Tensor) -> Any:
        return self.fc(torch.vmap(lambda steps: steps[-1])(self.rnn(x)[0]))

    with following(Tracer()) as tracer:
        uses.Net(mapped, batch_first=True)(torch.randn(3, 5, uses.I))
    assert (tracer.reads, tracer.not_traced) == ([], "torch transforms a part of the call (vmap, grad)")


def test_results_that_the_program_itself_takes_are_said_not_to_be_followed() -> None:
    lstm, fc = nn.LSTM(4, 8, bidirectional=True, batch_first=True), nn.Linear(16, 1)
    with following(Tracer()) as tracer:
        fc(lstm(torch.randn(3, 5, 4))[0][:, -1])
    assert (tracer.reads, tracer.not_traced) == ([], "results that the program itself takes, outside any module")


def test_a_direction_that_is_read_of_another_call_is_not_missed() -> None:
    def both(self: uses.Net, x: Tensor) -> Any:
        return self.fc(self.rnn(x)[1][0][-1] + self.rnn(x)[1][0][-2])

    with following(Tracer()) as tracer:
        uses.Net(both, batch_first=True, bidirectional=True)(torch.randn(3, 5, uses.I))
    assert [read.parts[0].named for read in tracer.reads] == ["reverse", "forward"]
    assert tracer.mistakes == ()


def test_a_subclass_that_takes_its_own_results_is_followed() -> None:
    class Last(nn.LSTM):
        def forward(self, x: Tensor) -> Any:  # type: ignore[override]
            return super().forward(x)[0][:, -1]

    with following(Tracer()) as tracer:
        Last(4, 8, bidirectional=True, batch_first=True)(torch.randn(3, 5, 4))
    assert [each.id for each in tracer.mistakes] == ["last-step-bidirectional"]
    assert tracer.not_traced is None


def test_a_mask_that_torch_transforms_leaves_nothing_out() -> None:
    def masked(self: uses.Net, x: Tensor) -> Any:
        weights = torch.vmap(lambda row: row.abs().sum(-1))(x).softmax(1)
        return self.fc((self.rnn(x)[0] * weights[..., None]).sum(1))

    with following(Tracer()) as tracer:
        uses.Net(masked, batch_first=True)(torch.randn(3, 5, uses.I))
    assert ([read.expression for read in tracer.reads], tracer.not_traced) == (["output"], None)


def test_no_tensor_is_kept() -> None:
    kept: list[Any] = []

    def remember(self: uses.Net, x: Tensor) -> Any:
        out, (hn, _) = self.rnn(x)
        kept.extend(weakref.ref(each) for each in (x, out, hn))
        return self.fc(hn[-1])

    model = uses.Net(remember, batch_first=True)
    with following(Tracer()) as tracer:
        with torch.no_grad():
            model(*LAST.arguments())
        gc.collect()
        assert [each() for each in kept] == [None, None, None]
    assert len(tracer.reads) == 1


def test_each_thread_is_followed_by_itself() -> None:
    models = [LAST.model(), RIGHT.model()]
    with following(Tracer()) as tracer:
        threads = [threading.Thread(target=model, args=LAST.arguments()) for model in models]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [finding.id for finding in tracer.mistakes] == ["last-step-bidirectional"]
    assert len(tracer.reads) == 2


def test_the_first_call_of_each_kind_alone_is_followed() -> None:
    model = LAST.model()
    with following(Tracer(model)) as tracer:
        for steps in (4, 4, 5, 5):
            model(torch.randn(3, steps, uses.I))
    assert [(read.call, read.shape) for read in tracer.reads] == [(0, (3, 12)), (2, (3, 12))]
    assert len(tracer.mistakes) == 1


def test_another_model_is_not_followed() -> None:
    with following(Tracer(RIGHT.model())) as tracer:
        LAST.model()(*LAST.arguments())
    assert tracer.reads == []


def test_what_the_model_returns_is_read_by_who_called_it() -> None:
    def returns(self: uses.Net, x: Tensor) -> Any:
        out, _ = self.rnn(x)
        return {"code": out[:, -1]}

    with following(Tracer()) as tracer:
        uses.Net(returns, batch_first=True, bidirectional=True)(*LAST.arguments())
    assert [(finding.id, finding.operation) for finding in tracer.mistakes] == [("last-step-bidirectional", "result")]


def test_compiled_and_scripted_models_are_left_alone() -> None:
    compiled = torch.compile(RIGHT.model(), backend="eager")
    with following(Tracer()) as tracer, warnings.catch_warnings(action="ignore"):  # dynamo's own, of what it skips
        compiled(*RIGHT.arguments())
    assert tracer.reads == []
    assert why_not_traced(cast(nn.Module, compiled)) == "the model is compiled, and its operations can't be seen"
    with warnings.catch_warnings(action="ignore"):  # torch 2.13 calls TorchScript deprecated
        holder = nn.ModuleDict({"head": torch.jit.script(nn.Linear(2, 2))})
    assert why_not_traced(holder) == "head is TorchScript, whose operations can't be seen"


def test_under_a_transformation_nothing_is_followed() -> None:
    lstm = nn.LSTM(uses.I, uses.H)
    head = nn.Linear(uses.H, 1)

    def loss(weights: dict[str, Tensor], x: Tensor) -> Any:
        out, _ = torch.func.functional_call(lstm, weights, (x,))
        return head(out[-1]).sum()

    x = torch.randn(uses.T, uses.B, uses.I)
    weights: dict[str, Tensor] = dict(lstm.named_parameters())
    bare = torch.func.grad(loss)(weights, x)
    with following(Tracer()) as tracer:
        seen = torch.func.grad(loss)(weights, x)
    assert tracer.mistakes == ()
    assert all(torch.equal(bare[name], seen[name]) for name in bare)


def test_a_loop_over_steps_does_not_look_for_an_expression_at_each(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Any] = []

    def stepwise(self: uses.Net, x: Tensor) -> Any:
        out, _ = self.rnn(x)
        return [self.fc(out[:, step]) for step in range(out.shape[1])]

    monkeypatch.setattr(reads, "expression_of", lambda *given: looked.append(given))
    with following(Tracer()) as tracer:
        uses.Net(stepwise, batch_first=True)(torch.randn(2, 30, uses.I))
    assert len(looked) < 10
    assert [(read.times, read.words) for read in tracer.reads] == [(30, "every step of each sequence")]


def test_one_expression_stands_for_all_that_one_line_reads_only_if_it_is_all() -> None:
    def seven(self: uses.Net, x: Tensor) -> Any:
        out, _ = self.rnn(x)
        return [self.fc(out[:, step]) for step in (0, 0, 0, 0, 0, 0, 3)]

    with following(Tracer()) as tracer:
        uses.Net(seven, batch_first=True)(torch.randn(2, 5, uses.I))
    assert [(read.expression, read.words) for read in tracer.reads] == [(None, "several steps of each sequence")]


def test_addresses_that_are_off_by_one_step_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sabotage: the shadow says that each element stands one step later than it does."""
    right = Ledger.decode

    def late(ledger: Ledger, places: Tensor) -> Places:
        found = right(ledger, places)
        return found._replace(step=found.step + 1)

    monkeypatch.setattr(Ledger, "decode", late)
    with following(Tracer()) as tracer:
        LAST.model()(*LAST.arguments())
    assert [finding.id for finding in tracer.mistakes] != [LAST.id]
