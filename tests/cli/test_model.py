"""lstm-inspect model: the examples, and what is reported of a model."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from models import EXAMPLES, MODELS, example
from support import Cli, Snapshot, break_lstm

from lstm_inspect.theory.contract import json_schema


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models.py").write_text(MODELS)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("tagger", [("lstm", 0, 1)]),
        ("seq2seq", [("encoder.lstm", 0, 1), ("decoder.lstm", 0, 6)]),
        ("sequential", [("0", 0, 1)]),
    ],
)
def test_the_examples(cli: Cli, name: str, calls: list[tuple[str, int, int]]) -> None:
    outcome = cli("model", example(name), "--json")
    document = outcome.document
    jsonschema.validate(document, json_schema())
    assert outcome.status == 0
    assert document["command"] == "model"
    assert document["target"] == example(name)
    assert [(call["name"], call["index"], call["times"]) for call in document["calls"]] == calls
    assert document["verified"] is True
    assert all(call["report"]["verified"] for call in document["calls"])
    assert document["not_covered"] == document["not_called"] == []


def test_the_tagger_is_reported_as_it_is(cli: Cli) -> None:
    report = cli("model", example("tagger"), "--json").document["calls"][0]["report"]
    spec = report["spec"]
    assert (spec["num_layers"], spec["bidirectional"], spec["batch_first"], spec["dropout"]) == (2, True, True, 0.2)
    assert (spec["lengths"], spec["enforce_sorted"], spec["state"]) == ([4, 9, 6], False, "zeros")
    shapes = {tensor["name"]: tensor["actual"] for tensor in report["tensors"]}
    assert shapes == {
        "input": None,  # it came packed, and the states were left out: no such tensor was given or got
        "h0": None,
        "c0": None,
        "output": None,
        "hn": [4, 3, 32],
        "cn": [4, 3, 32],
        "packed_input": [19, 16],
        "packed_output": [19, 64],
    }
    assert report["packing"]["sorted_indices"] == [1, 2, 0]
    assert {check["kind"] for check in report["checks"]} == {"shape", "equality", "reference", "packing"}


@pytest.mark.parametrize("columns", [80])
@pytest.mark.parametrize("name", ["tagger", "seq2seq"])
def test_what_it_looks_like(cli: Cli, snapshot: Snapshot, name: str, columns: int) -> None:
    outcome = cli("model", example(name), columns=columns)
    assert (outcome.status, outcome.stderr) == (0, "")
    snapshot(f"model-{name}-{columns}", outcome.stdout)


def test_the_examples_run_by_themselves() -> None:
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLES.parent)}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "tagger.py")], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout == "lstm (4, 9, 6) verified: True\n"


@pytest.mark.parametrize("words", [("model", example("sequential")), ("explain", "last-step-bidirectional")])
def test_a_missing_numpy_is_not_its_readers_concern(words: tuple[str, str]) -> None:
    code = "import sys; sys.modules['numpy'] = None; from lstm_inspect.cli import run; sys.exit(run({!r}))"
    command = [sys.executable, "-c", code.format([*words])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_all_shows_each_calls_whole_page(cli: Cli) -> None:
    short, long = (cli("model", example("seq2seq"), *flags).stdout for flags in ((), ("--all",)))
    assert "decoder.lstm, 6 calls of these shapes" in short
    assert "What to use for" in long
    assert "What to use for" not in short


def test_a_report_in_a_model_says_whose_numbers_it_is_of(cli: Cli) -> None:
    text = cli("model", example("sequential"), "--all", columns=200).stdout
    assert "your own numbers" in text
    assert "seed" not in text


def test_what_is_there_and_not_checked_is_listed(cli: Cli, models: Path) -> None:
    document = cli("model", "models.py:make", "--json").document
    assert document["not_covered"] == [{"name": "cell", "kind": "GRUCell"}]
    assert document["not_called"] == [
        {"name": "gru", "constructor": "torch.nn.GRU(20, 20)"},
        {"name": "spare", "constructor": "torch.nn.LSTM(3, 3)"},
    ]
    outcome = cli("model", "models.py:make", columns=100)
    assert "Not covered\ncell: GRUCell\n" in outcome.stdout
    assert "Not called in this run\ngru: torch.nn.GRU(20, 20)\nspare: torch.nn.LSTM(3, 3)\n" in outcome.stdout
    assert "warning: spare: no call of it was seen in this run\n" in outcome.stderr
    assert "Not looked at: gru, which was not called; spare, which was not called; cell (GRUCell)." in outcome.stdout


def test_nothing_checked_is_not_verified(cli: Cli, models: Path) -> None:
    outcome = cli("model", "models.py:idle", "--json")
    jsonschema.validate(outcome.document, json_schema())
    assert (outcome.status, outcome.document["verified"], outcome.document["calls"]) == (0, None, [])
    assert "warning: no nn.LSTM was called: nothing was checked" in outcome.stderr
    assert "Nothing was checked: no nn.LSTM was called." in cli("model", "models.py:idle").stdout


def test_a_gru_is_checked_without_the_equations(cli: Cli, models: Path) -> None:
    outcome = cli("model", "models.py:gru", "--json")
    jsonschema.validate(outcome.document, json_schema())
    call = outcome.document["calls"][0]
    assert (outcome.status, outcome.document["verified"], call["kind"], call["report"]) == (0, True, "GRU", None)
    assert call["recurrent"]["constructor"] == "torch.nn.GRU(10, 20)"
    assert {check["kind"] for check in call["recurrent"]["checks"]} == {"shape", "equality"}


def test_a_broken_lstm_fails(cli: Cli, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    break_lstm(monkeypatch, lambda lstm, output, hn, cn: (output, (hn + 1, cn)))
    outcome = cli("model", "models.py:make", "--json")
    jsonschema.validate(outcome.document, json_schema())
    assert (outcome.status, outcome.document["verified"]) == (1, False)
    failed = {check["id"] for check in outcome.document["calls"][0]["report"]["checks"] if not check["passed"]}
    by_torchs_own = "default-state"  # what is called anew does not call the broken one
    assert failed == {"row-0", "final-state", "reference-hn", "reference-row-0", by_torchs_own}
    text = cli("model", "models.py:make", columns=100).stdout
    assert "FAILED: 1 call; " in text
    assert re.search(r"^✗ .*\n  hn\[0\] == output\[:, 4\]$", text, re.MULTILINE)


def test_numbers_that_are_none_are_said_and_shown(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "nan.py").write_text(
        "import torch\ndef make(): return torch.nn.LSTM(4, 8), (torch.full((5, 2, 4), float('nan')),)\n"
    )
    outcome = cli("model", f"{tmp_path / 'nan.py'}:make")
    assert "NaN or infinity in input: they equal nothing" in outcome.stderr
    assert "Not decided: its results hold NaN, which equals nothing." in outcome.stdout
    assert outcome.status == 0


def test_the_command_line_is_no_line_of_the_users_code(cli: Cli, models: Path) -> None:
    (models / "bare.py").write_text("import torch\ndef make(): return torch.nn.LSTM(4, 8), (torch.randn(5, 2, 4),)\n")
    call = cli("model", "bare.py:make", "--json").document["calls"][0]
    assert (call["file"], call["line"]) == (None, None)


def test_a_call_that_contradicts_its_module_fails(cli: Cli, models: Path) -> None:
    outcome = cli("model", "models.py:refused", "--json")
    jsonschema.validate(outcome.document, json_schema())
    call = outcome.document["calls"][0]
    assert (outcome.status, call["report"], outcome.document["verified"]) == (1, None, False)
    assert "h0 (1, 9, 20): axis 1 (B) must be 3" in call["error"]
    text = cli("model", "models.py:refused", columns=120).stdout
    assert "torch took it, and it contradicts the module: h0 (1, 9, 20)" in text


def test_the_equations_and_the_tolerances_are_the_users_choice(cli: Cli) -> None:
    kinds = {
        check["kind"]
        for check in cli("model", example("sequential"), "--no-reference", "--json").document["calls"][0]["report"][
            "checks"
        ]
    }
    assert "reference" not in kinds
    assert cli("model", example("sequential"), "--atol", "0", "--rtol", "0").status == 1
