"""seeing: every call in every thread, and nothing of it in the user's program."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from lstm_inspect.live.seeing import CELLS, SEQUENCES, seeing, surrounding, unseen


class Log:
    """An observer that notes what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def after(self, module: nn.Module, *_: Any) -> None:
        self.said.append(f"after {type(module).__name__}")

    def failed(self, module: nn.Module, *call: Any) -> None:
        self.said.append(f"failed {type(module).__name__}: {call[-1]}")

    def seeing(self) -> AbstractContextManager[list[str]]:
        return seeing(self.after, self.failed)


class Model(nn.Module):
    def __init__(self, kind: Any = nn.LSTM) -> None:
        super().__init__()
        self.rnn = kind(4, 8, num_layers=2, bidirectional=True)
        self.fc = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        output, _ = self.rnn(x)
        result: Tensor = self.fc(output)
        return result


ONE_CALL = ["after LSTM"]


@pytest.fixture(autouse=True)
def torch_is_as_it_was() -> Iterator[None]:
    before = [kind.forward for kind in (*SEQUENCES, *CELLS)], nn.Module.__call__
    yield
    assert ([kind.forward for kind in (*SEQUENCES, *CELLS)], nn.Module.__call__) == before


@pytest.mark.parametrize("kind", [*SEQUENCES, *CELLS])
def test_every_way_to_call_is_seen(kind: type[nn.Module]) -> None:
    class Derived(kind):  # type: ignore[misc, valid-type]
        def forward(self, input: Any, *more: Any) -> Any:
            return super().forward(input)

    log, x = Log(), torch.randn(3, 4)
    with log.seeing():
        cast(Any, kind)(4, 8)(x)
        cast(Any, kind)(4, 8).forward(x)
        Derived(4, 8)(x, "its own")
    names = [kind.__name__, kind.__name__, "Derived"]
    assert log.said == [f"after {name}" for name in names]


def test_a_call_that_torch_refuses_raises_what_it_raises() -> None:
    log = Log()
    with pytest.raises(RuntimeError, match="input_size") as raised, log.seeing():
        nn.LSTM(4, 8)(torch.randn(7, 2, 5))
    assert log.said == [f"failed LSTM: {raised.value}"]


def test_what_an_observer_raises_is_kept_and_never_reaches_the_model() -> None:
    class Broken(Log):
        def after(self, *_: Any) -> None:
            raise AssertionError("after")

        def failed(self, *_: Any) -> None:
            raise KeyError("failed")

    log, x, lstm = Log(), torch.randn(7, 2, 4), nn.LSTM(4, 8)
    expected = lstm(x)[0]
    with Broken().seeing() as faults, log.seeing() as none:
        for _ in range(3):
            assert torch.equal(lstm(x)[0], expected)
            with pytest.raises(RuntimeError, match="input_size"):
                lstm(x[..., :3])
    assert [said.partition(":")[0] for said in log.said] == ["after LSTM", "failed LSTM"] * 3
    assert [fault.splitlines()[-1] for fault in faults] == ["AssertionError: after", "KeyError: 'failed'"]
    assert none == []


def test_what_an_observer_calls_is_not_seen() -> None:
    other, x = nn.LSTM(4, 8), torch.randn(7, 2, 4)

    class Calls(Log):
        def after(self, *_: Any) -> None:
            other(x)
            super().after(*_)

    log = Calls()
    with log.seeing():
        nn.LSTM(4, 8)(x)
        with unseen():
            other(x)
    assert log.said == ONE_CALL


def test_observers_leave_in_any_order() -> None:
    first, second, x, lstm = Log(), Log(), torch.randn(7, 2, 4), nn.LSTM(4, 8)
    outer, inner = first.seeing(), second.seeing()
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    lstm(x)
    inner.__exit__(None, None, None)
    lstm(x)
    assert (first.said, second.said) == ([], ONE_CALL)


def test_a_user_who_wraps_forward_too() -> None:
    honest, lstm, x, theirs = nn.LSTM.forward, nn.LSTM(4, 8), torch.randn(7, 2, 4), []

    def wrapped_by_the_user(around: Any) -> Any:
        def forward(*args: Any) -> Any:
            theirs.append("call")
            return around(*args)

        return forward

    log, again = Log(), Log()
    try:
        with log.seeing():
            nn.LSTM.forward = wrapped_by_the_user(nn.LSTM.forward)  # type: ignore[method-assign]
            lstm(x)
        lstm(x)  # ours stands below theirs, and is silent
        with again.seeing():
            lstm(x)
        assert (log.said, again.said, theirs) == (ONE_CALL, ONE_CALL, ["call"] * 3)
    finally:
        nn.LSTM.forward = honest  # type: ignore[method-assign]


def test_two_threads() -> None:
    log, x = Log(), torch.randn(7, 2, 4)

    def work() -> None:
        for _ in range(20):
            with Log().seeing():
                nn.LSTM(4, 8)(x)

    with log.seeing():
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(log.said) == sorted(ONE_CALL * 40)


@contextmanager
def all_of_it(log: Log) -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(surrounding(lambda *_: nullcontext(id)))
        stack.enter_context(log.seeing())
        yield


MADE: dict[str, Callable[[Model, Tensor], Any]] = {
    "script": lambda model, x: torch.jit.script(model),
    "trace": lambda model, x: torch.jit.trace(model, (x,), check_trace=False),  # type: ignore[no-untyped-call]
    "export": lambda model, x: torch.export.export(model, (x,)).module(),
    "strict export": lambda model, x: torch.export.export(model, (x,), strict=True).module(),
    "pickle": lambda model, x: pickle.loads(pickle.dumps(model)),
    "deepcopy": lambda model, x: copy.deepcopy(model),
    "fx": lambda model, x: torch.fx.symbolic_trace(model),
}


@pytest.mark.filterwarnings("ignore")  # torch's own, of what it makes
@pytest.mark.parametrize("kind", SEQUENCES)
@pytest.mark.parametrize("way", MADE)
def test_what_is_made_of_a_model_meanwhile_is_what_it_is_without(way: str, kind: Any) -> None:
    model, x, log = Model(kind), torch.randn(5, 3, 4), Log()
    with all_of_it(log):
        made = MADE[way](model, x)
    assert log.said == []
    torch.testing.assert_close(made(x), model(x))


@pytest.mark.filterwarnings("ignore")  # torch's own, of graphs that break
def test_a_compiled_model_runs_and_its_lstm_is_seen() -> None:
    model, x, log = Model(), torch.randn(5, 3, 4), Log()
    compiled = torch.compile(model, backend="eager")
    with all_of_it(log):
        results = [compiled(x) for _ in range(2)]
    assert log.said == ONE_CALL * 2  # torch.compile leaves an nn.LSTM to be run as it is
    assert all(torch.equal(result, model(x)) for result in results)
    torch._dynamo.reset()


class Around:
    """A context that notes when it is entered and left."""

    def __init__(self, said: list[str], name: str) -> None:
        self.said, self.name = said, name

    def __enter__(self) -> Callable[[Any], object]:
        self.said.append(f"into {self.name}")
        return lambda results: self.said.append(f"{self.name} gave {tuple(results.shape)}")

    def __exit__(self, *_: object) -> None:
        self.said.append(f"out of {self.name}")


def test_the_outermost_call_of_a_module_is_surrounded() -> None:
    said: list[str] = []
    model, x = Model(), torch.randn(5, 3, 4)
    with surrounding(lambda module, args, kwargs: Around(said, type(module).__name__)):
        model(x)
        with pytest.raises(RuntimeError, match="input_size"):
            model(torch.randn(5, 3, 5))
        model.fc(torch.randn(3, 16))
    model(x)
    assert said[:5] == ["into Model", "Model gave (5, 3, 3)", "out of Model", "into Model", "out of Model"]
    assert said[5:] == ["into Linear", "Linear gave (3, 3)", "out of Linear"]


def test_a_surround_that_raises_never_reaches_the_model() -> None:
    class Broken(Around):
        def __enter__(self) -> Any:
            raise KeyError("in")

        def __exit__(self, *_: object) -> None:
            raise KeyError("out")

    def refuses(*_: Any) -> Any:
        raise KeyError("asked")

    model, x = Model(), torch.randn(5, 3, 4)
    with surrounding(lambda *_: Broken([], "")) as broken, surrounding(refuses) as refused:
        model(x)
    assert [fault.splitlines()[-1] for fault in [*broken, *refused]] == ["KeyError: 'in'", "KeyError: 'asked'"]
