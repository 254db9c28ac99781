"""TARGET: what is found, in which folder, and every target that can't be met in its own words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from lstm_inspect.errors import TargetError
from lstm_inspect.live.inspect_model import others
from lstm_inspect.live.model import inspect_target
from lstm_inspect.live.target import parse_target

GOOD = "import torch\nfrom torch import nn\n\ndef make():\n    return nn.LSTM(4, 8), (torch.randn(5, 2, 4),)\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("place", ["tagger.py", "./tagger.py", "deep/er/tagger.py", "tagger", "deep.er.tagger"])
def test_a_factory_is_found(folder: Path, place: str) -> None:
    name = place.replace(".", "/").removesuffix("/py") if not place.endswith(".py") else place.removesuffix(".py")
    file = folder / f"{name}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(GOOD)
    path, modules = list(sys.path), set(sys.modules)
    report = inspect_target(f"{place}:make")
    assert report.verified is True
    assert [call.name for call in report.calls] == [""]
    assert sys.path == path
    for name in set(sys.modules) - modules:
        if "tagger" in name or name in ("deep", "deep.er"):
            del sys.modules[name]


def test_an_absolute_path_and_a_module_beside_the_file(folder: Path) -> None:
    (folder / "beside_me.py").write_text("SIZE = 4\n")
    (folder / "random.py").write_text(f"from beside_me import SIZE\nassert SIZE == 4\n{GOOD}")
    import random

    assert inspect_target(f"{folder / 'random.py'}:make").verified is True
    assert sys.modules["random"] is random  # a file that bears a library's name does not take its place
    del sys.modules["beside_me"]


def test_a_dotted_factory_kwargs_and_a_list_of_arguments(folder: Path) -> None:
    body = "class Zoo:\n    @staticmethod\n    def make():\n"
    body += (
        "        return nn.LSTM(4, 8), [torch.randn(5, 2, 4)], {'hx': (torch.zeros(1, 2, 8), torch.zeros(1, 2, 8))}\n"
    )
    (folder / "zoo.py").write_text(f"import torch\nfrom torch import nn\n{body}")
    report = inspect_target("zoo.py:Zoo.make").calls[0].report
    assert report is not None
    assert report.spec.state == "random"


def test_the_seed_makes_the_report_and_the_callers_numbers_go_on(folder: Path) -> None:
    (folder / "seeded.py").write_text(GOOD)
    before = torch.get_rng_state()
    documents = [inspect_target("seeded.py:make", seed=seed).to_dict() for seed in (1, 1, 2)]
    assert torch.equal(torch.get_rng_state(), before)
    assert documents[0] == documents[1] != documents[2]


def test_the_model_runs_in_eval_mode_and_without_gradients(folder: Path) -> None:
    body = """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8, num_layers=2, dropout=0.5)
    def forward(self, x):
        assert not self.training and not self.lstm.training and not torch.is_grad_enabled()
        return self.lstm(x)
def make():
    return Model().train(), (torch.randn(5, 3, 4),)
"""
    (folder / "mode.py").write_text(f"import torch\nfrom torch import nn\n{body}")
    report = inspect_target("mode.py:make")
    assert report.verified is True
    assert report.warnings == []


BAD = """
import sys
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence
lstm, x = nn.LSTM(4, 8), torch.randn(5, 2, 4)
number = 3
def none(): return None
def alone(): return lstm
def bare(): return lstm, x
def packed(): return lstm, pack_padded_sequence(x, [5, 4])
def four(): return lstm, (x,), {}, 1
def swapped(): return (x,), lstm
def positional(): return lstm, (x,), [x]
def wants(size, *rest, **more): return lstm, (x,)
def leaves(): sys.exit(3)
def linear(): return nn.Linear(4, 4), (x,)
"""
RETURNS = "a factory returns (model, args) or (model, args, kwargs)"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("bad.py:", "bad.py: names nothing: it must be path/to/file.py:name or package.module:name. Try model.py:Net."),
        (
            "bad.py:1x",
            "bad.py:1x names nothing: it must be path/to/file.py:name or package.module:name. Try model.py:Net.",
        ),
        (
            "nope.py:make",
            "nope.py:make can't be read: there is no file nope.py in {folder}. "
            "Try a path from this folder, or package.module:factory.",
        ),
        ("{folder}:make", "{folder}:make can't be read: {folder} is a folder. Try {folder}/model.py:make."),
        (
            "./notes.txt:make",
            "./notes.txt:make can't be read: notes.txt is no Python file. Try path/to/file.py:factory.",
        ),
        (
            "no.such.module:make",
            "no.such.module:make can't be imported: there is no module no.such.module to import from {folder}. "
            "Try path/to/file.py:factory, or another name.",
        ),
        (
            "..x:make",
            "..x:make can't be imported: there is no module ..x to import from {folder}. "
            "Try path/to/file.py:factory, or another name.",
        ),
        (
            "bad.py:nope",
            "bad.py:nope can't be found: bad.py has no nope; there are: none, alone, bare, packed, four, "
            "swapped, positional, wants and 2 more. Try bad.py:none.",
        ),
        (
            "bad.py:lstm",
            "bad.py:lstm is a model alone: nothing says what the LSTM is called with. Try bad.py:lstm --input 4,7,4.",
        ),
        (
            "bad.py:number",
            f"bad.py:number is an int, not a function: {RETURNS}. Try bad.py:none.",
        ),
        ("bad.py:none", f"bad.py:none returned None: {RETURNS}. Try return model, (input,)."),
        (
            "bad.py:alone",
            "bad.py:alone is a model alone: nothing says what the LSTM is called with. Try bad.py:alone --input 4,7,4.",
        ),
        (
            "bad.py:bare",
            "bad.py:bare returned a Tensor as args: args must be a tuple, of one argument too. "
            "Try return model, (input,).",
        ),
        (
            "bad.py:packed",
            "bad.py:packed returned a PackedSequence as args: args must be a tuple, of one argument too. "
            "Try return model, (input,).",
        ),
        ("bad.py:four", f"bad.py:four returned a tuple of 4: {RETURNS}. Try return model, (input,)."),
        (
            "bad.py:swapped",
            "bad.py:swapped returned a tuple of 1 as its model: the model must be a torch.nn.Module. "
            "Try return model, (input,).",
        ),
        (
            "bad.py:positional",
            "bad.py:positional returned a list of 1 as kwargs: kwargs must be a dict by name. "
            'Try return model, (input,), {{"hx": hx}}.',
        ),
        (
            "bad.py:wants",
            "bad.py:wants wants arguments: missing a required argument: 'size': a class is built, and a factory "
            'called, with no arguments but those of call. Try call="wants(size=..)".',
        ),
        (
            "bad.py:leaves",
            "bad.py:leaves called sys.exit(3): nothing was reported. "
            "Try its arguments behind --, or what runs as a script under if __name__ == '__main__'.",
        ),
        (
            "bad.py:linear",
            "bad.py:linear is a Linear: there is no nn.LSTM in it. "
            "Try a model that holds an nn.LSTM, as a module of its own or inside another.",
        ),
    ],
)
def test_a_target_that_cannot_be_met(folder: Path, target: str, message: str) -> None:
    (folder / "bad.py").write_text(BAD)
    (folder / "notes.txt").write_text("")
    with pytest.raises(TargetError) as caught:
        inspect_target(target.format(folder=folder))
    assert str(caught.value) == message.format(folder=folder)


def test_a_target_is_read_before_torch_is_needed() -> None:
    assert parse_target("a.b:C.make").factory == "C.make"
    with pytest.raises(TargetError):
        parse_target(":make")


def test_recurrent_modules_that_are_not_covered() -> None:
    class MyGRU(nn.GRU):
        pass

    class LSTMTagger(nn.Module):
        pass

    model = nn.ModuleDict(
        {
            "gru": nn.GRU(4, 8),
            "mine": MyGRU(4, 8),
            "rnn": nn.RNN(4, 8),
            "cell": nn.LSTMCell(4, 8),
            "gru_cell": nn.GRUCell(4, 8),
            "lstm": nn.LSTM(4, 8),
            "tagger": LSTMTagger(),
        }
    )
    found = {module.name: module.kind for module in others(model)}
    assert found == {"cell": "LSTMCell", "gru_cell": "GRUCell"}  # nn.GRU and nn.RNN are looked at as nn.LSTM is


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_scripted_and_quantized_ones_are_not_covered() -> None:
    scripted: Any = torch.jit.script(nn.Sequential(nn.LSTM(4, 8)))
    assert [(module.name, module.kind) for module in others(scripted)] == [("0", "LSTM (TorchScript)")]
    quantized: Any = torch.ao.nn.quantized.dynamic.LSTM
    made = quantized.__new__(quantized)
    nn.Module.__init__(made)
    assert [module.kind for module in others(made)] == ["LSTM (quantized)"]
