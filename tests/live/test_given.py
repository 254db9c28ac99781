"""A class, a model or a file alone as a target, and what it is built and called with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import pytest
import torch
from torch import Tensor, nn

from lstm_inspect.errors import SpecError, TargetError
from lstm_inspect.live.given import Given, constructor_call, input_for
from lstm_inspect.live.inspect_model import report_of_model
from lstm_inspect.live.model import inspect_target, list_target
from lstm_inspect.live.tree import shape_of
from lstm_inspect.live.user_code import UserCodeError

NET = """
import argparse
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

parser = argparse.ArgumentParser()
parser.add_argument("--hidden", type=int, default=6)
options = parser.parse_args()

class Net(nn.Module):
    def __init__(self, vocab=100):
        super().__init__()
        self.embedding = nn.Embedding(vocab, 5)
        self.lstm = nn.LSTM(5, options.hidden, num_layers=2, batch_first=True, bidirectional=True)

    def forward(self, words, hidden=None):
        return self.lstm(self.embedding(words), hidden)

class Wants(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.lstm = nn.LSTM(size, 4, batch_first=True)

    def forward(self, x, more, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.lstm(packed)[1][0][-1] + more

def build(): return Net(9)
def wanting(size): return Net(size)
net = Net(7)
"""
TRAINS = """
import torch
model = torch.nn.LSTM(4, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
try:
    for _ in range(10**9):
        optimizer.step()
except Exception:
    raise SystemExit(5)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "trains.py").write_text(TRAINS)
    return tmp_path


@pytest.mark.parametrize("name", ["Net", "build", "net"])
def test_a_class_a_function_and_a_model(name: str) -> None:
    argv = list(sys.argv)
    report = inspect_target(f"net.py:{name}", Given(inputs=["3,4:7"], arguments=["--hidden", "3"]), alone=False)
    assert report.verified is True
    assert sys.argv == argv
    (call,) = report.calls
    assert call.report is not None
    assert (call.report.spec.hidden_size, call.report.spec.batch_size, call.report.spec.seq_len) == (3, 3, 4)
    assert [(row.name, row.kind, row.output, row.layers) for row in report.tree] == [
        ("", "Net", "(3, 4, 6), ((4, 3, 3), (4, 3, 3))", 0),
        ("embedding", "Embedding", "(3, 4, 5)", 0),
        ("lstm", "LSTM", "(3, 4, 6), ((4, 3, 3), (4, 3, 3))", 2),
    ]
    assert report.tree[0].parameters == sum(row.parameters for row in report.tree[1:])


def test_a_constructor_several_inputs_and_lengths() -> None:
    given = Given(inputs=["3,5,2", "3,4"], lengths=(5, 2, 3), call="Wants(size=2)")
    (call,) = inspect_target("net.py", given, alone=False).calls
    assert call.report is not None
    assert (call.report.spec.input_size, call.report.spec.lengths) == (2, (5, 2, 3))


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (["3,5,2"], "can't be called with 1 input: missing a required argument: 'more'"),
        (["3,5,2", "3,4", "3", "3"], "can't be called with 4 inputs: too many positional arguments"),
    ],
)
def test_as_many_inputs_as_forward_takes(inputs: list[str], said: str) -> None:
    with pytest.raises(TargetError) as caught:
        inspect_target("net.py", Given(inputs, (5, 2, 3), "Wants(2)"), alone=False, reads=False)
    assert str(caught.value) == (
        f"net.py {said}: forward takes x, more, lengths. "
        "Try input=4,7 for each argument, in order, or a function that returns model, args, kwargs."
    )


def test_a_decorator_may_give_forward_an_argument(folder: Path) -> None:
    """What is called is the decorator's function, whatever it says that it wraps."""
    (folder / "decorated.py").write_text(
        """
from functools import wraps
from torch import nn

def with_device(forward):
    @wraps(forward)
    def called(self, x):
        return forward(self, x, x.device)
    return called

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8)

    @with_device
    def forward(self, x, device):
        return self.lstm(x)[1][0][-1]
"""
    )
    assert inspect_target("decorated.py:Net", Given(["2,5,4"]), alone=False).verified is True


def test_the_state_is_fed_on() -> None:
    report = inspect_target("net.py:Net", Given(inputs=["3,4:7"], calls=3), alone=False, reads=False)
    assert [(call.report.spec.state, call.times) for call in report.calls if call.report] == [
        ("zeros", 1),
        ("random", 2),
    ]
    with pytest.raises(TargetError, match="takes no state"):
        inspect_target("net.py", Given(["3,5,2", "3,4"], (5, 2, 3), "Wants(2)", calls=2), alone=False, reads=False)


def test_a_file_alone_lists_what_it_holds() -> None:
    assert [(each.name, each.kind, each.command) for each in list_target("net.py").found] == [
        ("Net", "class", "lstm-inspect model net.py:Net --input-ids 4,7:100"),
        ("Wants", "class", 'lstm-inspect model net.py:Wants --call "Wants(size=..)" --input 4,7'),
        ("build", "function", "lstm-inspect model net.py:build"),
        ("net", "model", "lstm-inspect model net.py:net --input-ids 4,7:7"),
    ]


def test_what_is_listed_can_be_typed() -> None:
    for each in list_target("net.py").found:
        if "--input-ids" in each.command:
            target, _, shape = each.command.split()[-3:]
            assert inspect_target(target, Given([shape]), alone=False, reads=False).verified


def test_what_is_named_to_type_has_lengths_where_the_call_wants_them() -> None:
    class Packs(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.LSTM(3, 4)

        def forward(self, x: torch.Tensor, lengths: torch.Tensor, scale: float = 1.0) -> NoReturn:
            raise NotImplementedError

    assert input_for(Packs()) == "--input 4,7,3 --lengths 7,5,2,1"
    assert input_for(nn.Sequential(nn.LSTM(3, 4))) == "--input 4,7,3"


def test_a_file_that_trains_when_it_is_imported_is_stopped() -> None:
    message = "trains.py:model trains when it is imported: it started an optimizer's step.*lstm-inspect run trains.py"
    with pytest.raises(TargetError, match=message):
        inspect_target("trains.py:model", Given(["3,2,4"]))
    with pytest.raises(TargetError, match=r"run trains\.py"):
        list_target("trains.py")
    weight = nn.Parameter(torch.ones(1))
    weight.grad = torch.ones(1)
    torch.optim.SGD([weight], lr=1.0).step()  # the user's own optimizers step again
    assert weight.item() == 0


def test_a_usage_error_is_the_files_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TargetError, match=r"called sys\.exit\(2\): nothing was reported. Try its arguments behind --"):
        inspect_target("net.py:Net", Given(arguments=["--nope"]))
    assert "usage: net.py " in capsys.readouterr().err


@pytest.mark.parametrize("text", ["Net", "Net(", "Net(x)", "Net(**{})", "f(1)(2)(open)"])
def test_a_constructor_is_a_class_and_literals(text: str) -> None:
    with pytest.raises(SpecError, match="must be a class and literal values"):
        constructor_call(text)


@pytest.mark.parametrize("text", ["", "4,", "4x7", "-1", "4,7:", "a:b", "4,7:1:2"])
def test_a_shape_is_checked(text: str) -> None:
    with pytest.raises(SpecError, match="input="):
        Given(inputs=[text])


def test_a_wrong_shape_is_explained_as_the_users() -> None:
    with pytest.raises(UserCodeError) as caught:
        inspect_target("net.py", Given(["3,5,7", "3,4"], (5, 2, 3), "Wants(2)"))
    assert caught.value.diagnosis is not None


def test_a_state_that_is_wanted_and_not_given_is_none(folder: Path) -> None:
    (folder / "stateful.py").write_text(NET.replace("hidden=None", "hidden"))
    report = inspect_target("stateful.py:Net", Given(inputs=["3,4:7"], calls=2), alone=False, reads=False)
    assert [call.report.spec.state for call in report.calls if call.report] == ["zeros", "random"]


def test_shapes_of_results() -> None:
    assert shape_of({"a": 1}) == "dict"
    assert shape_of((torch.zeros(2), None)) == "(2,), None"


def test_a_state_that_was_given_by_position_is_fed_on_in_its_place() -> None:
    class Steps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.GRU(4, 6, batch_first=True)

        def forward(self, x: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
            out, hidden = self.rnn(x, hidden)
            return out, hidden

    arguments = torch.randn(3, 5, 4), torch.zeros(1, 3, 6)
    report = report_of_model("net.py", Steps().eval(), arguments, {}, times=2, alone=False)
    assert [call.times for call in report.calls] == [2]
