"""lstm-inspect model: the user's errors as the user's, what is written where, bad requests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from models import EXAMPLES, MODELS, example
from support import Cli


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models.py").write_text(MODELS)
    return tmp_path


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
        (["models.py:"], "error: models.py: names nothing: it must be path/to/file.py:name"),
        (["models.py:make", "--input", "4x7"], "error: --input '4x7': must be sizes with commas between"),
        (
            ["models.py", "--call", "Model(open(1))"],
            'error: --call "Model(open(1))": must be a class and literal values',
        ),
        (["nope.py:make"], "error: nope.py:make can't be read: there is no file nope.py in "),
        (["models.py:make", "--atol", "-1"], "error: --atol -1.0: must be a finite number from 0. Try --atol 1e-5."),
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
        "run(['model', '--help']); run(['model', 'nope.py']); run(['model', 'nope.py:make']); "
        "sys.exit('torch' in sys.modules)"
    )
    done: Any = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent)},
        check=False,
    )
    assert done.returncode == 0
