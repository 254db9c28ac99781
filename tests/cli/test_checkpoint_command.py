"""lstm-inspect checkpoint: streams, exit status, widths and encodings."""

from __future__ import annotations

import shlex
from pathlib import Path

import jsonschema
import pytest
import torch
from support import Cli, Snapshot
from torch import Tensor, nn

from lstm_inspect.theory.contract import json_schema


def state_dict(prefix: str, module: nn.Module) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in module.state_dict().items()}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tagger = state_dict("module.tagger.lstm.", nn.LSTM(10, 20, num_layers=2, bidirectional=True, bias=False))
    torch.save({"state_dict": tagger, "decoder": state_dict("gru.", nn.GRU(4, 6))}, "tagger.ckpt")
    torch.save(state_dict("gru.", nn.GRU(4, 6)), "gru.pt")
    torch.save({"fc.weight": torch.rand(2, 2)}, "fc.pt")
    torch.save({"epoch": 3}, "numbers.pt")
    broken = state_dict("rnn.", nn.LSTM(10, 20, num_layers=2))
    broken["rnn.weight_hh_l1"] = torch.rand(80, 25)
    del broken["rnn.bias_ih_l0"]
    torch.save(broken, "broken.pt")
    torch.save(state_dict("модель.", nn.LSTM(2, 3)), "модель.pt")
    return tmp_path


@pytest.mark.parametrize("width", [80])
def test_looks(cli: Cli, folder: Path, snapshot: Snapshot, width: int) -> None:
    pages = [cli("checkpoint", file, columns=width).stdout for file in ("tagger.ckpt", "broken.pt", "gru.pt")]
    assert all(len(line) <= width for page in pages for line in page.splitlines())
    snapshot(f"checkpoint-{width}", "\n".join(pages))


def test_streams_and_status_of_a_sound_file(cli: Cli, folder: Path) -> None:
    outcome = cli("checkpoint", "tagger.ckpt")
    assert outcome.status == 0
    assert outcome.stderr.startswith("warning: every name begins with 'module.'")
    assert "warning" not in outcome.stdout


def test_the_command_that_it_gives_runs(cli: Cli, folder: Path) -> None:
    [lstm] = cli("checkpoint", "tagger.ckpt", "--json").document["lstms"]
    assert lstm["next"] == ("lstm-inspect shapes --input-size 10 --hidden-size 20 --layers 2 --bidir --no-bias")
    spec = cli(*shlex.split(lstm["next"])[1:], "--predict", "--json").document["spec"]
    kept = ("input_size", "hidden_size", "num_layers", "bidirectional", "bias", "proj_size", "dtype")
    assert {name: spec[name] for name in kept} == {name: lstm[name] for name in kept}


@pytest.mark.parametrize(
    ("file", "status", "verdict"),
    [
        ("tagger.ckpt", 0, "1 LSTM among 12 tensors; every name and shape fits."),
        ("broken.pt", 1, "1 LSTM among 7 tensors; 2 problems."),
        ("gru.pt", 1, "No nn.LSTM in it: it holds the GRU gru."),
        ("fc.pt", 1, "No nn.LSTM in it: 1 tensor (fc.weight), none with the name of an LSTM's parameter."),
        ("numbers.pt", 1, "No nn.LSTM in it: it holds no tensor at all."),
    ],
)
def test_verdicts(cli: Cli, folder: Path, file: str, status: int, verdict: str) -> None:
    text, document = cli("checkpoint", file, columns=200), cli("checkpoint", file, "--json")
    jsonschema.validate(document.document, json_schema())
    assert (text.status, document.status) == (status, status)
    assert document.document["verdict"] == verdict
    assert document.document["sound"] is (status == 0)
    assert verdict in text.stdout


@pytest.mark.parametrize("file", ["gone.pt", ".", "text.pt", "cut.pt"])
def test_a_refused_file_leaves_stdout_empty(cli: Cli, folder: Path, file: str) -> None:
    Path("text.pt").write_text("hello", encoding="utf-8")
    Path("cut.pt").write_bytes(Path("gru.pt").read_bytes()[:-9])
    outcome = cli("checkpoint", file, "--json")
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith(f"error: file {file}: ")
    assert outcome.stderr.count("\n") == 1


def test_no_file_at_all(cli: Cli) -> None:
    outcome = cli("checkpoint")
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr == "error: Missing argument 'FILE'. Try lstm-inspect checkpoint --help.\n"


def test_names_that_the_terminal_can_not_say(cli: Cli, folder: Path) -> None:
    shown = cli("checkpoint", "модель.pt", "--all", columns=200, encoding="ascii").stdout
    assert shown.isascii()
    assert r"\u043c\u043e\u0434\u0435\u043b\u044c.weight_ih_l0" in shown
    assert "модель.weight_ih_l0" in cli("checkpoint", "модель.pt", "--all").stdout


def test_a_file_named_like_a_flag_of_a_message(cli: Cli, folder: Path) -> None:
    assert "file {seed=1}.pt: there is no such file" in cli("checkpoint", "{seed=1}.pt").stderr


def test_save(cli: Cli, folder: Path) -> None:
    assert cli("checkpoint", "tagger.ckpt", "--save", "report.txt").status == 0
    assert "module.tagger.lstm.weight_ih_l0" not in Path("report.txt").read_text(encoding="utf-8")
    assert "tagger.lstm" in Path("report.txt").read_text(encoding="utf-8")
    assert cli("checkpoint", "tagger.ckpt", "--save", "report.txt").status == 2


def test_all_shows_every_parameter(cli: Cli, folder: Path) -> None:
    shown = cli("checkpoint", "tagger.ckpt", "--all").stdout
    assert shown.count("module.tagger.lstm.weight_") == 8
