"""lstm-inspect model: the examples, the user's errors as the user's, what is written where."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support import Cli, Snapshot

from lstm_inspect.contract import json_schema

EXAMPLES = Path(__file__).parents[2] / "examples"

MODELS = """
import os
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

print("noise of an import")

class Model(nn.Module):
    def __init__(self, hx=None, **options):
        super().__init__()
        self.rnn = nn.LSTM(10, 20, **options)
        self.gru = nn.GRU(20, 20)
        self.spare = nn.LSTM(3, 3)
        self.hx = hx

    def forward(self, x):
        print("noise of a call")
        os.system("echo noise of a child")
        return self.rnn(x, self.hx)

def make(): return Model(batch_first=True), (torch.randn(3, 5, 10),)
def swaps(): return Model(), (torch.randn(5, 10, 3),)
def rows():
    state = torch.zeros(1, 3, 20), torch.zeros(1, 3, 20)
    return Model(state, num_layers=2), (pack_padded_sequence(torch.randn(5, 3, 10), [5, 4, 2]),)
def sequential(): return nn.Sequential(nn.LSTM(10, 20), nn.Linear(20, 3)), (torch.randn(5, 3, 10),)
def memory(): raise RuntimeError("CUDA out of memory")
def value():
    raise ValueError("my own\\nand more") from KeyError("deeper")
def interrupts(): raise KeyboardInterrupt
def gru(): return nn.GRU(10, 20), (torch.randn(5, 3, 10),)
def idle():
    model = Model()
    model.forward = lambda x: x
    return model, (1,)
def broken():
    model = Model()
    honest = model.rnn.forward
    def forward(x, hx=None):
        output, (hn, cn) = honest(x, hx)
        return output, (hn + 1, cn)
    model.rnn.forward = forward
    return model, (torch.randn(5, 3, 10),)
def refused():
    state = torch.zeros(1, 9, 20), torch.zeros(1, 9, 20)
    return Model(state), (pack_padded_sequence(torch.randn(5, 3, 10), [2, 5, 3], enforce_sorted=False),)
"""


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models.py").write_text(MODELS)
    return tmp_path


def example(name: str) -> str:
    return f"{EXAMPLES / name}.py:make"


# ---------------------------------------------------------------------------------------------------- the examples


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("tagger", [("lstm", 0)]),
        ("seq2seq", [("encoder.lstm", 0), *(("decoder.lstm", step) for step in range(6))]),
        ("sequential", [("0", 0)]),
    ],
)
def test_the_examples(cli: Cli, name: str, calls: list[tuple[str, int]]) -> None:
    outcome = cli("model", example(name), "--json")
    document = outcome.document
    jsonschema.validate(document, json_schema())
    assert outcome.status == 0
    assert document["command"] == "model"
    assert document["target"] == example(name)
    assert [(call["name"], call["index"]) for call in document["calls"]] == calls
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
        "input": [3, 9, 16],
        "h0": [4, 3, 32],
        "c0": [4, 3, 32],
        "output": [3, 9, 64],
        "hn": [4, 3, 32],
        "cn": [4, 3, 32],
        "packed_input": [19, 16],
        "packed_output": [19, 64],
    }
    assert report["packing"]["sorted_indices"] == [1, 2, 0]
    assert {check["kind"] for check in report["checks"]} == {"shape", "equality", "reference", "packing"}


@pytest.mark.parametrize("columns", [60, 80, 120])
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


def test_all_shows_each_calls_whole_page(cli: Cli) -> None:
    short, long = (cli("model", example("seq2seq"), *flags).stdout for flags in ((), ("--all",)))
    assert "decoder.lstm, calls 0 to 5, all of these shapes" in short
    assert [f"decoder.lstm, call {step}\n" in long for step in range(6)] == [True] * 6
    assert "What to use when" in long
    assert "What to use when" not in short


def test_a_report_in_a_model_says_whose_numbers_it_is_of(cli: Cli) -> None:
    text = cli("model", example("sequential"), "--all", columns=200).stdout
    assert "your own numbers" in text
    assert "seed" not in text


# ------------------------------------------------------------------------------------- what is reported of a model


def test_what_is_there_and_not_checked_is_listed(cli: Cli, models: Path) -> None:
    document = cli("model", "models.py:make", "--json").document
    assert document["not_covered"] == [{"name": "gru", "kind": "GRU"}]
    assert document["not_called"] == [{"name": "spare", "constructor": "torch.nn.LSTM(3, 3)"}]
    outcome = cli("model", "models.py:make")
    assert "Not covered\ngru: GRU\n" in outcome.stdout
    assert "Not called in this run\nspare: torch.nn.LSTM(3, 3)\n" in outcome.stdout
    assert "warning: spare: this run did not call it\n" in outcome.stderr


@pytest.mark.parametrize("factory", ["gru", "idle"])
def test_nothing_checked_is_not_verified(cli: Cli, models: Path, factory: str) -> None:
    outcome = cli("model", f"models.py:{factory}", "--json")
    jsonschema.validate(outcome.document, json_schema())
    assert (outcome.status, outcome.document["verified"], outcome.document["calls"]) == (0, None, [])
    assert "warning: no nn.LSTM was called: nothing was checked" in outcome.stderr
    assert "Nothing was checked: no nn.LSTM was called." in cli("model", f"models.py:{factory}").stdout


def test_a_broken_lstm_fails(cli: Cli, models: Path) -> None:
    outcome = cli("model", "models.py:broken", "--json")
    jsonschema.validate(outcome.document, json_schema())
    assert (outcome.status, outcome.document["verified"]) == (1, False)
    failed = {check["id"] for check in outcome.document["calls"][0]["report"]["checks"] if not check["passed"]}
    assert failed == {"row-0", "final-state", "reference-hn"}
    text = cli("model", "models.py:broken", columns=100).stdout
    assert "FAILED: 1 of 1 call" in text
    assert "✗   hn[0] == output[4]" in text


def test_a_call_that_cannot_be_checked_fails(cli: Cli, models: Path) -> None:
    outcome = cli("model", "models.py:refused", "--json")
    jsonschema.validate(outcome.document, json_schema())
    call = outcome.document["calls"][0]
    assert (outcome.status, call["report"], outcome.document["verified"]) == (1, None, False)
    assert "h0 (1, 9, 20): axis 1 (B) must be 3" in call["error"]
    assert "can't be checked: h0 (1, 9, 20)" in cli("model", "models.py:refused").stdout


def test_the_equations_and_the_tolerances_are_the_users_choice(cli: Cli) -> None:
    kinds = {
        check["kind"]
        for check in cli("model", example("sequential"), "--no-reference", "--json").document["calls"][0]["report"][
            "checks"
        ]
    }
    assert "reference" not in kinds
    assert cli("model", example("sequential"), "--atol", "0", "--rtol", "0").status == 1


# ------------------------------------------------------------------------------------------- streams and their ends


def test_what_the_users_code_prints_goes_to_stderr(models: Path) -> None:
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-m", "lstm_inspect", "model", "models.py:make", "--json"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
        check=True,
    )
    assert done.stdout.startswith('{"schema"')
    assert done.stdout.count("\n") == 1
    for noise in ("noise of an import", "noise of a call", "noise of a child"):
        assert noise in done.stderr


def test_stdout_is_the_reports_again_after_an_error(cli: Cli, models: Path) -> None:
    assert cli("model", "models.py:value").status == 2
    assert cli("schema").stdout.startswith("{")


@pytest.mark.parametrize(
    ("factory", "line", "cause"),
    [
        (
            "swaps",
            "error: models.py:swaps raised RuntimeError in a call of rnn: input.size(-1) must be equal to input_size",
            "the features are not on the last axis: it holds 3, and input_size",
        ),
        (
            "rows",
            "error: models.py:rows raised RuntimeError in a call of rnn: Expected more hidden states in stacked_rnn",
            "new_zeros(2, 3, 20)",
        ),
        (
            "sequential",
            "error: models.py:sequential raised TypeError: linear(): argument 'input' (position 1) must be Tensor",
            "nn.LSTM returns (output, (hn, cn)), and the next layer got the tuple",
        ),
    ],
)
def test_an_error_out_of_an_lstm_is_explained(cli: Cli, models: Path, factory: str, line: str, cause: str) -> None:
    outcome = cli("model", f"models.py:{factory}", "--json", columns=200)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert line in outcome.stderr
    assert cause in outcome.stderr.partition("\n\ntorch refuses this\n")[2]


def test_the_users_exception_is_shown_as_the_users(cli: Cli, models: Path) -> None:
    outcome = cli("model", "models.py:value")
    assert (outcome.status, outcome.stdout) == (2, "")
    assert "KeyError: 'deeper'" in outcome.stderr  # the exception that it came from
    assert "Traceback (most recent call last):\n" in outcome.stderr
    assert "ValueError: my own\nand more\n" in outcome.stderr
    assert "lstm_inspect/" not in outcome.stderr  # none of our own frames
    assert outcome.stderr.endswith(
        "error: models.py:value raised ValueError: my own. Try mending it where the traceback above ends.\n"
    )


def test_a_message_that_is_no_lstms_is_not_claimed(cli: Cli, models: Path) -> None:
    outcome = cli("model", "models.py:memory")
    assert outcome.status == 2
    assert "torch refuses this" not in outcome.stderr


def test_a_file_that_python_cannot_read(cli: Cli, models: Path) -> None:
    (models / "broken.py").write_text("def make(:\n")
    outcome = cli("model", "broken.py:make")
    assert outcome.status == 2
    assert "SyntaxError" in outcome.stderr
    assert "broken.py" in outcome.stderr


def test_an_interruption(cli: Cli, models: Path) -> None:
    outcome = cli("model", "models.py:interrupts")
    assert (outcome.status, outcome.stdout) == (130, "")
    assert outcome.stderr.endswith("interrupted while models.py:interrupts was running\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["models.py"], "error: models.py names no factory: it must be path/to/file.py:factory"),
        (["nope.py:make"], "error: nope.py:make can't be read: there is no file nope.py in "),
        (["models.py:make", "--atol", "-1"], "error: --atol -1.0: must be a number from 0. Try --atol 1e-5."),
        (["models.py:make", "--seed", "x"], "error: --seed 'x': must be a whole number. Try --seed 0."),
        (["models.py:make", "--save", "x.pdf"], "error: --save x.pdf: its suffix must be one of "),
        ([], "error: "),
    ],
)
def test_bad_requests_are_refused_before_the_users_code_runs(
    cli: Cli, models: Path, arguments: list[str], message: str
) -> None:
    outcome = cli("model", *arguments)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith(message)
    assert "noise" not in outcome.stderr


def test_the_page_is_saved(cli: Cli, models: Path) -> None:
    outcome = cli("model", "models.py:make", "--save", "report.txt")
    assert outcome.status == 0
    assert "rnn = torch.nn.LSTM(10, 20, batch_first=True)" in (models / "report.txt").read_text()


def test_ascii_alone(cli: Cli) -> None:
    outcome = cli("model", example("tagger"), encoding="ascii")
    assert outcome.status == 0
    assert outcome.stdout.isascii()


def test_help_needs_no_torch() -> None:
    code = (
        "import sys; from lstm_inspect.cli import run; "
        "run(['model', '--help']); run(['model', 'nope']); run(['model', 'nope.py:make']); "
        "sys.exit('torch' in sys.modules)"
    )
    done: Any = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent)},
        check=False,
    )
    assert done.returncode == 0
