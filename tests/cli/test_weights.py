"""The command weights: its numbers, its checks against torch, and how it cuts."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch
from support import Cli, Snapshot

from lstm_inspect.experiment import parameters
from lstm_inspect.experiment.run import build, make_input
from lstm_inspect.theory.contract import json_schema
from lstm_inspect.theory.frameworks import FRAMEWORKS, code
from lstm_inspect.theory.spec import LSTMSpec

EXAMPLE = ("--layers", "2", "--bidir")
RUNS: list[tuple[tuple[str, ...], int]] = [
    (("--seq-len", "5", "--batch", "3"), 216_000),
    (("--lengths", "8,9,10"), 388_800),
    (("--proj-size", "8"), 110_400),
    (("--unbatched", "--seq-len", "5"), 72_000),
]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(("flags", "expected"), RUNS)
def test_the_worked_numbers(cli: Cli, flags: tuple[str, ...], expected: int, check: bool) -> None:
    outcome = cli("weights", *EXAMPLE, *flags, "--json", *(["--check"] if check else []))
    document = outcome.document
    jsonschema.validate(document, json_schema())
    assert outcome.status == 0
    assert document["verified"] is (True if check else None)
    assert document["totals"]["count"] == (8_000 if "--proj-size" in flags else 15_040)
    this_run = [run for run in document["multiply_adds"]["runs"] if run["this_run"]]
    assert [(run["total"], sum(run["by_layer"])) for run in this_run] == [(expected, expected)]
    if check:
        assert document["multiply_adds"]["counted"]["actual"] == expected
    text = cli("weights", *EXAMPLE, *flags).stdout
    assert f"{expected:,}" in text and f"{document['totals']['count']:,} numbers" in text


@pytest.mark.parametrize("flags", [(), ("--no-bias",), ("--proj-size", "8"), ("--dtype", "float64", "--layers", "3")])
def test_parameters_are_those_of_the_module(cli: Cli, flags: tuple[str, ...]) -> None:
    document = cli("weights", *EXAMPLE, *flags, "--json", "--check").document
    spec = LSTMSpec.from_dict(document["spec"])
    lstm = eval(document["constructor"], {"torch": torch})
    assert isinstance(lstm, torch.nn.LSTM)
    shown = [(each["name"], each["predicted"], each["actual"], each["bytes"]) for each in document["parameters"]]
    assert shown == [(n, list(p.shape), list(p.shape), p.nbytes) for n, p in lstm.named_parameters()]
    assert document["totals"]["bytes"] == sum(p.nbytes for p in lstm.parameters())
    assert [each["gated"] for each in document["parameters"]].count(False) == (spec.num_states if spec.proj_size else 0)


def test_gate_rows(cli: Cli) -> None:
    text = cli("weights").stdout
    assert "weight_ih_l0[20:40]" in text
    forget = cli("weights", "--json").document["gates"][1]
    assert (forget["letter"], forget["name"], forget["start"], forget["stop"]) == ("f", "forget gate", 20, 40)


@pytest.mark.parametrize("columns", [80])
def test_snapshots(cli: Cli, snapshot: Snapshot, columns: int) -> None:
    text = cli("weights", *EXAMPLE, "--lengths", "8,9,10", columns=columns).stdout
    assert max(map(len, text.splitlines())) <= columns
    snapshot(f"weights-{columns}", text)


def test_ascii_and_projection(cli: Cli, snapshot: Snapshot) -> None:
    flags = ("--proj-size", "8", "--no-bias", "--dropout", "0.5", "--layers", "2", "--check")
    snapshot("weights-ascii", cli("weights", *flags, encoding="ascii").stdout)


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_conversions_can_be_pasted(cli: Cli, framework: str, columns: int) -> None:
    text = cli("weights", *EXAMPLE, "--framework", framework, columns=columns).stdout
    shown = text.partition("\n\nWorked out")[0]
    assert ast.dump(ast.parse(shown)) == ast.dump(
        ast.parse(code(LSTMSpec(num_layers=2, bidirectional=True), framework))
    )


def test_a_million_layers_are_quick_and_cut_with_a_word(cli: Cli) -> None:
    started = time.perf_counter()
    outcome = cli("weights", "--layers", "1000000", "--bidir")
    assert time.perf_counter() - started < 5
    assert outcome.status == 0
    assert len(outcome.stdout.splitlines()) < 250
    assert "7,999,976 rows left out in the middle: --all shows" in outcome.stdout
    assert "9,919,995,200 numbers in 8,000,000 parameters" in outcome.stdout


def test_all_shows_every_row_and_json_is_never_cut(cli: Cli) -> None:
    flags = ("weights", "--layers", "40")
    assert "left out" in cli(*flags).stdout
    whole = cli(*flags, "--all").stdout
    assert "left out" not in whole
    document = cli(*flags, "--json").document
    assert len(document["parameters"]) == 160 and len(document["multiply_adds"]["runs"][0]["by_layer"]) == 40
    assert all(f"{parameter['name']} " in whole for parameter in document["parameters"])


def test_very_many_layers_are_checked_by_their_first_ones(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "_MOST_LAYERS", 5)
    outcome = cli("weights", "--layers", "100000", "--seq-len", "100000", "--check")
    assert outcome.status == 0
    assert "Verified: 20 parameters" in " ".join(outcome.stdout.split())
    assert "not built" in outcome.stdout


SABOTAGE: list[tuple[dict[str, Any], str]] = [
    ({"hidden_size": 21}, "weight_ih_l0 is (84, 10) in torch, not (80, 10)"),
    ({"bias": False}, "torch has other parameters, or another order: bias_ih_l0, bias_hh_l0"),
    ({"dtype": "float64"}, "the parameters take 20,480 bytes in torch, not 10,240"),
    ({"proj_size": 4}, "weight_hr_l0"),
]


@pytest.mark.parametrize(("change", "said"), SABOTAGE)
def test_another_module_fails(cli: Cli, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], said: str) -> None:
    monkeypatch.setattr(parameters, "build", lambda spec: build(spec.replace(**change)))
    monkeypatch.setattr(parameters, "make_input", lambda spec: make_input(spec.replace(**change)))
    outcome = cli("weights", "--check")
    assert outcome.status == 1
    assert "FAILED" in outcome.stdout and said in " ".join(outcome.stdout.split())
    document = cli("weights", "--check", "--json").document
    jsonschema.validate(document, json_schema())
    assert document["verified"] is False and any(said in each for each in document["differences"])


def test_other_work_fails(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "make_input", lambda spec: make_input(spec.replace(seq_len=spec.seq_len + 1)))
    outcome = cli("weights", "--check")
    assert outcome.status == 1
    assert "torch counts 43,200 multiply-adds, not 36,000" in outcome.stdout


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--layers", "0"), "--layers 0: must be a whole number from 1"),
        (("--dtype", "int8"), "--dtype int8"),
        (("--predict",), "No such option: --predict"),
        (("--unbatched", "--lengths", "8,9"), "--lengths 8,9"),
        (("--hidden-size", "9999999999", "--check"), "without --check"),
        (("--layers", "1000000000000", "--json"), "Try without --json and --all"),
        (("--layers", "1000000000000", "--all"), "That is the list of every parameter alone"),
        (("--save", "nowhere/weights.txt"), "there is no folder nowhere"),
    ],
)
def test_what_cant_be_met(cli: Cli, flags: tuple[str, ...], said: str) -> None:
    outcome = cli("weights", *flags)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert said in outcome.stderr and "Traceback" not in outcome.stderr


@pytest.mark.parametrize("suffix", [".txt", ".html", ".svg"])
def test_save_holds_every_row(cli: Cli, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    assert cli("weights", "--layers", "40", "--all", "--save", str(path)).status == 0
    assert "weight_hh_l20" in path.read_text(encoding="utf-8")


def test_dropout_between_no_layers_is_said(cli: Cli) -> None:
    outcome = cli("weights", "--dropout", "0.5", "--batch", "5", "--json")
    assert outcome.stderr.count("warning:") == 1
    assert [each["id"] for each in json.loads(outcome.stdout)["warnings"]] == ["dropout-one-layer"]


@pytest.mark.parametrize("command", [["weights", "--json"], ["weights"], ["overview", "--predict"]])
def test_theory_alone_loads_no_torch(command: list[str]) -> None:
    program = f"import sys; from lstm_inspect.cli import run; assert run({command}) == 0; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "False"
