"""Help is whole, shows an example, and what people paste is understood."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from models import example
from support import Cli

from lstm_inspect.cli import COMMANDS
from lstm_inspect.cli.constructor import is_constructor, parse_constructor
from lstm_inspect.cli.options import SAVE
from lstm_inspect.errors import SpecError
from lstm_inspect.views.export import FORMATS


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_summaries_are_whole(cli: Cli, columns: int) -> None:
    shown = " ".join(cli("--help", columns=columns).stdout.split())
    for name in COMMANDS:
        function = getattr(import_module(f"lstm_inspect.cli.{name}"), name)
        summary = " ".join(function.__doc__.partition("\n\n")[0].split())
        assert f"{name} {summary}" in shown
    assert "--install-completion" in shown
    assert "--show-completion" in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_shows_an_example_and_the_flags_of_all(cli: Cli, name: str) -> None:
    shown = " ".join(cli(name, "--help").stdout.split())
    assert f"lstm-inspect {name}" in shown.replace("Usage: lstm-inspect", "", 1)
    assert "--ascii" in shown


def test_values_are_the_same_where_typer_converts_them(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    line = [
        "shapes",
        "--predict",
        "--json",
        "--layers",
        "2",
        "--dropout",
        "0.5",
        "--lengths",
        "3,2",
        "--expect",
        "hn=1",
    ]
    read_here = cli(*line)
    monkeypatch.delattr("lstm_inspect.cli.help._AsTyped.get_params")
    read_by_typer = cli(*line)
    assert read_here == read_by_typer
    assert read_here.document["spec"]["dropout"] == 0.5


@pytest.mark.parametrize("line", [["shapes", "--layers", "two"], ["explain", "first-layer", "--predict"]], ids=" ".join)
def test_what_starts_fast_loads_no_pydantic(line: list[str]) -> None:
    code = f"import sys; from lstm_inspect.cli import run; run({line}); sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_a_report_is_saved_in_each_format_there_is() -> None:
    assert SAVE.choices == tuple(FORMATS)


def test_completion(cli: Cli) -> None:
    completing = {"_LSTM_INSPECT_COMPLETE": "complete_bash", "COMP_WORDS": "lstm-inspect wei", "COMP_CWORD": "1"}
    assert cli(env=completing).stdout.split() == ["weights"]


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("nn.LSTM(10, 20, 2, bidirectional=True)", ["--layers", "2", "--bidir"]),
        ("self.rnn = torch.nn.LSTM(10, 20, batch_first=True),", ["--batch-first"]),
        ("LSTM(input_size=10, hidden_size=20, dtype=torch.float64)", ["--dtype", "float64"]),
    ],
)
def test_a_constructor_is_taken_as_it_stands_in_code(cli: Cli, text: str, flags: list[str]) -> None:
    assert cli(text, "--predict", "--json").document == cli("shapes", "--predict", "--json", *flags).document
    assert cli("shapes", "--call", text, "--predict").stdout == cli(text, "--predict").stdout


@given(st.text(alphabet="nLSTM.()[]{}=,*:'\"\\ 0123456789abx-+\n", max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_text_is_run_and_none_raises_anything_else(inner: str) -> None:
    text = f"nn.LSTM({inner})"
    assert is_constructor(text)
    try:
        assert set(map(type, parse_constructor(text).values())) <= {bool, int, float, str}
    except SpecError as error:
        assert str(error)


def test_a_command_is_no_constructor() -> None:
    assert not is_constructor("shapes")


def test_what_is_not_evaluated() -> None:
    with pytest.raises(SpecError, match="input_size is __import__"):
        parse_constructor("nn.LSTM(__import__('os').system('false'), 20)")


def test_what_is_expected(cli: Cli) -> None:
    flags = ("shapes", "--bidir", "--predict")
    assert cli(*flags, "--expect", "output=5,3,40", "--expect", "hn=(2, 3, 20)").status == 0
    outcome = cli(*flags, "--expect", "output=5,3,20")
    assert outcome.status == 1
    assert outcome.stderr == "expected output (5, 3, 20), and it is (5, 3, 40)\n"


def test_what_is_expected_of_a_model(cli: Cli) -> None:
    assert cli("model", example("tagger"), "--expect", "hn=4,3,32").status == 0
    outcome = cli("model", example("seq2seq"), "--expect", "encoder.lstm.hn=1,1,1")
    assert outcome.status == 1
    assert "expected encoder.lstm.hn (1, 1, 1), and it is (" in outcome.stderr
    unknown = cli("model", example("seq2seq"), "--expect", "hn=1,1,1")
    assert (unknown.status, unknown.stdout) == (2, "")


def test_ascii_whatever_the_terminal_knows(cli: Cli) -> None:
    assert not cli("shapes", "--predict").stdout.isascii()
    assert cli("shapes", "--predict", "--ascii").stdout.isascii()


@pytest.mark.parametrize(("columns", "notes"), [(0, 0), (40, 1), (60, 0)])
def test_widths_at_the_edge(cli: Cli, columns: int, notes: int) -> None:
    outcome = cli("shapes", "--bidir", "--predict", columns=columns)
    assert outcome.stderr.count("note: pages take 60 columns") == notes
    assert "output.view(5, 3, 2, 20)" in outcome.stdout
    assert max(map(len, outcome.stdout.splitlines())) <= (80 if columns == 0 else 60)


@pytest.mark.parametrize(
    ("flags", "way"),
    [
        (["shapes"], "Try pip install torch, or --predict: theory alone."),
        (["weights", "--check"], "Try pip install torch, or leave out --check."),
        (["verify"], "Try pip install torch."),
    ],
)
def test_without_torch(cli: Cli, monkeypatch: pytest.MonkeyPatch, flags: list[str], way: str) -> None:
    def missing(*arguments: object, **keywords: object) -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    for place in ("report.inspect", "parameters.weights"):
        monkeypatch.setattr(f"lstm_inspect.verdict.{place}", missing)
    outcome = cli(*flags)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr == f"error: {flags[0]} runs torch, which is not installed here. {way}\n"


@pytest.mark.parametrize(("command", "ways"), [("shapes", "smaller sizes, or --predict"), ("verify", "smaller sizes")])
def test_out_of_memory_advises_what_the_command_has(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, command: str, ways: str
) -> None:
    def exhausted(*arguments: object, **keywords: object) -> None:
        raise MemoryError

    monkeypatch.setattr("lstm_inspect.verdict.report.inspect", exhausted)
    outcome = cli(command)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr == f"error: memory ran out. Try {ways}.\n"


def test_control_characters_are_spelt(cli: Cli) -> None:
    outcome = cli("shapes", "--state", "\x1b[31mred\x07")
    assert "\\x1b[31mred\\x07" in outcome.stderr
    assert "\x1b" not in outcome.stderr


def test_a_long_message_is_cut(cli: Cli) -> None:
    assert len(cli("shapes", "--state", "x" * 1_000_000).stderr) < 10_000
