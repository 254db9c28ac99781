"""lstm-inspect run: programs as people write them, unchanged, and what is said of their calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support import Cli

from lstm_inspect.theory.contract import json_schema

PROGRAMS = Path(__file__).parents[1] / "programs"


def run(*arguments: str, cwd: Path = PROGRAMS, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(PROGRAMS.parents[1]), "COLUMNS": "120", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "lstm_inspect", "run", *arguments]
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, env=environment, check=False)


def report_of(path: Path) -> Any:
    document = json.loads(path.read_text())
    jsonschema.validate(document, json_schema())
    return document


def test_a_script_with_arguments_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    done = run("--json", str(path), "arguments.py", "words", "--epochs", "2", "--json")
    assert (done.returncode, done.stdout) == (0, "epoch 0 words True __main__\nepoch 1 words True __main__\n")
    found = report_of(path)
    (call,) = found["calls"]
    assert (call["name"], call["model"], call["kind"], call["times"]) == ("encoder.rnn", "Tagger", "LSTM", 6)
    assert (Path(call["file"]).name, call["line"], found["verified"]) == ("arguments.py", 22, True)
    assert found["arguments"] == ["words", "--epochs", "2", "--json"]
    lines = done.stderr.splitlines()
    assert lines[1:3] == ["lstm-inspect run arguments.py", "Proved: 29 checks of 1 call of 1 module."]
    assert [(read["reader"], read["operation"]) for read in found["reads"]] == [("fc", "linear")]


def test_what_is_trained_is_bit_for_bit_what_it_is_without() -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROGRAMS.parents[1])}
    script = [sys.executable, "trainings_in_turn.py"]
    bare = subprocess.run(script, cwd=PROGRAMS, capture_output=True, text=True, env=environment, check=True)
    done = run("--quiet", "trainings_in_turn.py")
    assert (done.returncode, done.stdout) == (0, bare.stdout)
    assert bare.stdout.count("\n") == 10 + 1  # every way to train, and two threads
    assert "checks of" in done.stderr


def test_a_trainer_that_calls_a_method_of_the_model() -> None:
    done = run("trainer.py")
    assert (done.returncode, done.stdout) == (0, "fitted 8\n")
    assert "10 calls of these shapes" in done.stderr  # in training and in eval mode
    assert "dropout=0.5 was at work in this call" in done.stderr
    assert "Not looked at: 8 calls of the same kinds, which were counted." in done.stderr


def test_a_loop_at_the_top_level() -> None:
    done = run("loop.py")
    assert (done.returncode, done.stdout) == (0, "steps 6\n")
    assert "lstm = torch.nn.LSTM(4, 8)\n" in done.stderr
    assert "gru = torch.nn.GRU(4, 8)\n" in done.stderr
    assert "4 calls of the same kinds, which were counted; 3 calls of cell (LSTMCell)." in done.stderr


def test_a_module_of_a_package() -> None:
    done = run("-m", "package.train", "--strict", "x")
    assert (done.returncode, done.stdout) == (0, "train.py ['--strict', 'x'] package package.train\nclosed\n")
    assert "nn.LSTM, called at net.py:8" in done.stderr


def test_a_crash_in_the_lstm_is_shown_as_python_shows_it_and_explained() -> None:
    done = run("crashes.py")
    assert (done.returncode, done.stdout) == (1, "before\n")
    shown, _, explained = done.stderr.partition("lstm-inspect run crashes.py\n")
    assert shown.startswith(
        f'Traceback (most recent call last):\n  File "{PROGRAMS / "crashes.py"}", line 19, in <module>\n'
    )
    assert shown.endswith("RuntimeError: Expected hidden[0] size (1, 3, 8), got [3, 1, 8]\n\n")
    assert "lstm_inspect" not in shown
    assert "runpy" not in shown
    assert f"{PROGRAMS / 'crashes.py'}:14 in forward" in explained
    assert "h0.transpose(0, 1).contiguous()" in explained
    assert "Torch refused 1 call." in explained


def test_a_status_of_the_scripts_own_and_a_thread_that_still_works() -> None:
    done = run("--strict", "exits.py")
    assert (done.returncode, done.stdout) == (3, "worked\n")
    assert "Proved: 20 checks of 1 call of 1 module." in done.stderr


def test_a_mistake_is_found_and_only_strict_changes_the_status(tmp_path: Path) -> None:
    script = (PROGRAMS / "arguments.py").read_text().replace("self.fc(output)", "self.fc(output[:, -1])")
    (tmp_path / "wrong.py").write_text(script)
    done = run("--quiet", "--strict", "wrong.py", "words", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "epoch 0 words False __main__\n")
    assert "Wrong: last-step-bidirectional" in done.stderr
    assert "What is read\n✗ fc (linear, wrong.py:" in done.stderr
    assert "Each sequence alone" not in done.stderr  # a run does not take a batch apart
    assert not [line for line in done.stderr.splitlines() if line != line.rstrip()]


def test_ascii_is_of_the_report_alone() -> None:
    script = "import torch\nprint('\u00e9')\ntorch.nn.LSTM(4, 8)(torch.zeros(5, 2, 4))[0][:, -1] @ torch.zeros(8)\n"
    done = run("--ascii", "-", stdin=script)
    assert (done.returncode, done.stdout) == (0, "\u00e9\n")
    assert done.stderr.isascii()


def test_standard_input_quiet_strict_and_a_broken_lstm() -> None:
    broken = (
        "import sys, torch\n"
        "honest = torch.nn.LSTM.check_forward_args\n"
        "def swap(self, input, hidden, sizes):\n"
        "    honest(self, input, hidden, sizes)\n"
        "    hidden[0].fill_(0.5)\n"  # what the call starts from is not what was given
        "torch.nn.LSTM.check_forward_args = swap\n"
        "torch.nn.LSTM(4, 8)(torch.zeros(5, 2, 4))\n"
        "print(sys.argv)\n"
    )
    done = run("--strict", "--quiet", "-", "x", stdin=broken)
    assert (done.returncode, done.stdout) == (1, "['-', 'x']\n")
    assert "FAILED: 1 call" in done.stderr
    sound = run("--strict", "--quiet", "-", stdin="import torch\ntorch.nn.LSTM(4, 8)(torch.zeros(5, 2, 4))\n")
    assert (sound.returncode, sound.stdout, sound.stderr) == (0, "", "")


def test_torch_is_not_loaded_for_a_script_that_does_not(tmp_path: Path) -> None:
    code = "import sys; print([name in sys.modules for name in ('torch', 'lstm_inspect.live.watch')])\n"
    done = run("--save", str(tmp_path / "report.txt"), "-", stdin=code)
    assert done.stdout == "[False, False]\n"
    assert "torch was not loaded: there was nothing to see." in (tmp_path / "report.txt").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "error: run was given no program: it runs one. Try lstm-inspect run script.py.\n"),
        (["nope.py"], "error: nope.py can't be run: there is no file nope.py in "),
        (["--json", "x.txt", "-"], "error: --json x.txt: its suffix must be .json."),
        (["--rtol", "-1", "-"], "error: --rtol -1.0: must be a finite number from 0."),
        (["--nope", "x.py"], "error: No such option: --nope"),
    ],
)
def test_bad_requests(cli: Cli, arguments: list[str], message: str) -> None:
    outcome = cli("run", *arguments)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith(message)
