"""lstm-inspect code: what it prints and writes, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from support import Cli

from lstm_inspect.theory.contract import json_schema
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.views.script import script

SHOWN = ("--layers", "2", "--bidir", "--lengths", "8,9,10")
SPEC = LSTMSpec(num_layers=2, bidirectional=True, lengths=(8, 9, 10))


def run_python(*arguments: str, source: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("style", ["minimal", "annotated"])
@pytest.mark.parametrize("columns", [60, 120])
def test_it_prints_the_script_alone(cli: Cli, style: str, columns: int) -> None:
    outcome = cli("code", *SHOWN, "--style", style, columns=columns, encoding="ascii")
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, script(SPEC, style=style), "")


def test_minimal_is_the_default(cli: Cli) -> None:
    assert cli("code").stdout == script(LSTMSpec(), style="minimal")


@pytest.mark.parametrize(
    "flags",
    [
        SHOWN,
        ("--unbatched", "--proj-size", "8"),
        ("--lengths", "4,2", "--enforce-sorted", "--batch-first", "--dtype", "float64"),
    ],
)
def test_a_python_of_its_own_runs_it(flags: tuple[str, ...]) -> None:
    printed = run_python("-m", "lstm_inspect", "code", *flags)
    done = run_python("-", source=printed.stdout)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("output (")


def test_a_python_of_its_own_fails_on_a_wrong_one(cli: Cli) -> None:
    source = cli("code", *SHOWN).stdout.replace("hn[2], output", "hn[1], output", 1)
    done = run_python("-", source=source)
    assert done.returncode == 1
    assert "AssertionError" in done.stderr


def test_torch_is_not_loaded() -> None:
    call = "from lstm_inspect.cli import run; run(['code', '--style', 'annotated'])"
    check = f"import sys; {call}; sys.exit('torch' in sys.modules)"
    assert run_python("-c", check).returncode == 0
    assert run_python("-c", f"import torch; {check}").returncode == 1


def test_json(cli: Cli) -> None:
    document = cli("code", *SHOWN, "--style", "annotated", "--json").document
    Draft202012Validator(json_schema()).validate(document)
    assert document["command"] == "code"
    assert document["style"] == "annotated"
    assert document["spec"] == SPEC.to_dict()
    assert document["script"] == script(SPEC, style="annotated")


@pytest.mark.parametrize("change", [{"style": "long"}, {"script": None}, {"more": 1}, {"command": "shapes"}])
def test_the_schema_refuses_another_document(cli: Cli, change: dict[str, object]) -> None:
    document = {**cli("code", "--json").document, **change}
    assert not Draft202012Validator(json_schema()).is_valid(document)


def test_output_writes_a_file_and_prints_nothing(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "lstm.py"
    outcome = cli("code", *SHOWN, "--output", str(path))
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, "", f"saved {path}\n")
    assert path.read_text(encoding="utf-8") == script(SPEC)


def test_output_and_json(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "lstm.py"
    document = cli("code", "--output", str(path), "--json").document
    assert path.read_text(encoding="utf-8") == document["script"]


def test_an_existing_file_is_kept_unless_forced(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("mine", encoding="utf-8")
    refused = cli("code", "--output", str(path))
    assert (refused.status, refused.stdout, path.read_text(encoding="utf-8")) == (2, "", "mine")
    assert refused.stderr == f"error: {path} already exists: it was not overwritten. Try another name, or --force.\n"
    assert cli("code", "--output", str(path), "--force").status == 0
    assert path.read_text(encoding="utf-8") == script(LSTMSpec())


REFUSED = {
    "style": (("--style", "long"), "--style long: must be minimal or annotated. Try --style annotated."),
    "suffix": (("--output", "mine.txt"), "--output mine.txt: its suffix must be .py. Try --output lstm.py."),
    "no suffix": (("--output", "lstm"), "--output lstm: its suffix must be .py. Try --output lstm.py."),
    "no name": (("--output", ""), "--output: its suffix must be .py. Try --output lstm.py."),
    "folder that is not": (
        ("--output", "no/lstm.py"),
        "no/lstm.py can't be written: there is no folder no. Try mkdir -p no first.",
    ),
    "spec": (
        ("--hidden-size", "20", "--proj-size", "20"),
        "--proj-size 20: must be smaller than --hidden-size (20), or 0 for no projection. Try --proj-size 10.",
    ),
}


@pytest.mark.parametrize(("flags", "message"), REFUSED.values(), ids=REFUSED)
def test_what_it_refuses(
    cli: Cli, flags: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = cli("code", *flags)
    assert (outcome.status, outcome.stdout, outcome.stderr) == (2, "", f"error: {message}\n")
    assert list(tmp_path.iterdir()) == []


def test_output_is_a_folder(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "lstm.py"
    folder.mkdir()
    outcome = cli("code", "--output", str(folder), "--force")
    assert outcome.status == 2
    assert outcome.stderr.startswith(f"error: {folder} can't be written: it is a folder. Try ")


def test_lengths_that_no_memory_holds_are_refused(cli: Cli) -> None:
    outcome = cli("code", "--lengths", str(10**12))
    assert (outcome.status, outcome.stdout) == (2, "")
    assert "of memory" in outcome.stderr


def test_weights_of_any_size_are_written_down(cli: Cli) -> None:
    outcome = cli("code", "--hidden-size", str(10**9), "--device", "meta")
    assert outcome.status == 0
    assert 'torch.nn.LSTM(10, 1000000000, device="meta")' in outcome.stdout


def test_warnings_go_to_stderr(cli: Cli) -> None:
    outcome = cli("code", "--seq-len", "3", "--batch", "3")
    assert outcome.stdout == script(LSTMSpec(seq_len=3, batch_size=3))
    assert outcome.stderr.startswith("warning: --batch == --seq-len == 3")
