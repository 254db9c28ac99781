"""lstm-inspect diagnose, called in-process."""

from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support import Cli, Snapshot

from lstm_inspect.cli import lengths as typed
from lstm_inspect.cli import run
from lstm_inspect.diagnosis import text as traceback_text
from lstm_inspect.theory.contract import json_schema

HIDDEN = "RuntimeError: Expected hidden[0] size (1, 5, 4), got [5, 1, 4]"
LOG = f'epoch 1\nTraceback (most recent call last):\n  File "train.py", line 3, in forward\n    lstm(x, hx)\n{HIDDEN}\n'


def test_the_json_document(cli: Cli) -> None:
    outcome = cli("diagnose", HIDDEN, "--json")
    assert (outcome.status, outcome.stderr) == (0, "")
    document = outcome.document
    jsonschema.validate(document, json_schema())
    assert {key: document[key] for key in ("matched", "rule", "argument", "axis", "expected", "got")} == {
        "matched": True,
        "rule": "hidden-size",
        "argument": "h0",
        "axis": 0,
        "expected": [1, 5, 4],
        "got": [5, 1, 4],
    }
    assert set(document["causes"][0]) == {"cause", "fix", "likely_if"}


def test_what_is_not_recognised(cli: Cli) -> None:
    outcome = cli("diagnose", "CUDA out of memory", "--json")
    jsonschema.validate(outcome.document, json_schema())
    assert outcome.status == 1
    assert (outcome.document["matched"], outcome.document["causes"]) == (False, [])
    assert outcome.document["needs"]


@pytest.mark.parametrize(
    "arguments",
    [
        (HIDDEN, "--input-shape", "5,5,3"),
        ("CUDA out of memory", "--input-shape", "2,3,8,8"),
        ("--input-shape", "3,5,10", "--h0-shape", "2,5,20", "--batch-first", "--bidir", "--layers", "2"),
        ("--lengths", "4.9,3.9", "--input-shape", "5,2,3"),
        ("mat1 and mat2 shapes cannot be multiplied (10x3 and 7x16)",),
        ("float() argument must be a string or a real number, not 'NoneType'",),
        ("--input-shape", "5,3,10"),
    ],
)
def test_every_document_is_the_schemas(cli: Cli, arguments: tuple[str, ...]) -> None:
    jsonschema.validate(cli("diagnose", *arguments, "--json").document, json_schema())


def test_a_document_with_another_key_is_not_the_schemas(cli: Cli) -> None:
    document = {**cli("diagnose", HIDDEN, "--json").document, "more": 1}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json_schema())


def test_piped_in(cli: Cli) -> None:
    assert cli("diagnose", stdin=LOG).stdout == cli("diagnose", "-", stdin=LOG).stdout
    assert "h0, axes 0 and 1 (L*D, B)" in cli("diagnose", stdin=LOG).stdout


def test_from_a_file(cli: Cli, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text(LOG, encoding="utf-8")
    piped = cli("diagnose", stdin=LOG).stdout
    assert cli("diagnose", str(log)).stdout == cli("diagnose", f"@{log}").stdout == piped
    log.write_bytes(LOG.encode("utf-16"))  # PowerShell's redirection
    assert cli("diagnose", str(log)).stdout == piped


def test_from_a_named_pipe(cli: Cli, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(LOG,))
    writer.start()
    assert cli("diagnose", str(pipe)).status == 0
    writer.join()


def test_bytes_are_read_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traceback_text, "MOST_READ", 4096)
    monkeypatch.setattr(traceback_text, "_CHUNK", 1024)
    kept = traceback_text.read_end(io.BytesIO(b"x" * 100_000 + LOG.encode()))
    assert len(kept) == 4096
    assert kept.endswith(LOG)


def test_standard_input_as_bytes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\x00" + LOG.encode())))
    assert run(["diagnose", "--json"]) == 0
    assert '"hidden-size"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("--input-shape", "5,3,10", "--h0-shape", "1,3,20"), 0),
        (("--input-shape", "5,3,10", "--bidir"), 0),
        (("--input-shape", "5,3,10", "--h0-shape", "1,4,20"), 1),
        (("--input-shape", "5,3,10", "--lengths", "9,3,1"), 1),
        (("--input-shape", "5,3,10", "--lengths", "5,3", "--no-enforce-sorted", "--no-batch-first"), 1),
        ((HIDDEN, "--input-shape", "5,3,10"), 0),
    ],
)
def test_the_exit_status(cli: Cli, arguments: tuple[str, ...], status: int) -> None:
    assert cli("diagnose", *arguments).status == status


def test_lengths_piped_in(cli: Cli) -> None:
    outcome = cli("diagnose", "--input-shape", "5,3,10", "--lengths", "-", "--json", stdin="9 3 1\n")
    assert outcome.document["rule"] == "length-over-t"


def test_an_empty_pipe_is_no_message(cli: Cli) -> None:
    assert "Nothing that is known of this call is wrong." in cli("diagnose", "--input-shape", "5,3,10").stdout
    assert cli("diagnose").status == 1


class Unread(io.StringIO):
    """Standard input that nobody may read."""

    def read(self, size: int | None = -1) -> str:
        raise AssertionError("standard input was read")


def test_shapes_alone_leave_standard_input_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Unread("a loop's lines"))
    assert run(["diagnose", "--input-shape", "5,3,10", "--json"]) == 0
    assert run(["diagnose", HIDDEN, "--input-shape", "5,5,3", "--json"]) == 0
    with pytest.raises(AssertionError):
        run(["diagnose", "-", "--input-shape", "5,3,10"])


def test_facts_beside_a_piped_log(cli: Cli) -> None:
    assert cli("diagnose", "--hidden-size", "4", "--json", stdin=LOG).document["rule"] == "hidden-size"
    assert cli("diagnose", "-", "--input-shape", "5,5,3", "--json", stdin=LOG).document["rule"] == "hidden-size"


def test_source_code_for_a_log(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a short name, whatever the folder of the tests is called
    source = Path("net.py")
    source.write_text("lstm = nn.LSTM(3, 4)\n", encoding="utf-8")
    outcome = cli("diagnose", str(source), columns=200)
    assert outcome.status == 1
    assert f"{source} is source code; lstm-inspect lint {source}" in outcome.stdout


def test_the_users_own_line(cli: Cli) -> None:
    assert "train.py:3 in forward  lstm(x, hx)" in cli("diagnose", LOG).stdout
    where = cli("diagnose", LOG, "--json").document["where"]
    assert where == {"file": "train.py", "line": 3, "function": "forward", "code": "lstm(x, hx)"}


def test_words_that_other_code_says_too(cli: Cli) -> None:
    text = "RuntimeError: mat1 and mat2 shapes cannot be multiplied (15x8 and 4x2)"
    outcome = cli("diagnose", text, "--json")
    assert (outcome.status, outcome.document["matched"], outcome.document["causes"]) == (1, False, [])
    assert outcome.document["if_lstm"][0]["fix"] == "linear = torch.nn.Linear(8, 2)"
    assert "If it came out of an LSTM" in cli("diagnose", text).stdout
    other = f'Traceback (most recent call last):\n  File "unet.py", line 3, in forward\n    x = self.dec(x)\n{text}'
    outcome = cli("diagnose", other, "--json")
    assert (outcome.status, outcome.document["if_lstm"]) == (1, [])
    assert "a matrix product" in outcome.document["means"]
    assert "Not recognised as an LSTM's" in cli("diagnose", other).stdout


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stdin", [Terminal(), None])
def test_nothing_at_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stdin: io.StringIO | None
) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    assert run(["diagnose"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: diagnose: no message, and standard input is a terminal")
    assert run(["diagnose", "--input-shape", "5,3,10"]) == 0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--input-shape", "a,b"), "--input-shape 'a,b': must be whole numbers separated by commas."),
        (("--input-shape", ""), "--input-shape '': must be whole numbers"),
        (("--h0-shape", "1,-3"), "--h0-shape '1,-3': must be"),
        (("--lengths", "x"), "--lengths 'x': must be numbers separated by commas."),
        (("--lengths", "inf"), "--lengths 'inf': must be"),
        (("-", "--lengths", "-"), "--lengths -: must be a list or a file where the message is piped in"),
        (("--layers", "two"), "--layers 'two': must be a whole number."),
        (("--unbatched", "--batch", "3"), "--batch 3: must be left out with --unbatched."),
        (("missing.log",), "missing.log can't be read: No such file"),
        (("@missing",), "missing can't be read: No such file"),
        (("@.",), ". can't be read: Is a directory"),
        ((".",), ". can't be read: Is a directory"),
        (("--colour",), "No such option: --colour"),
    ],
)
def test_usage_errors(cli: Cli, arguments: tuple[str, ...], error: str) -> None:
    outcome = cli("diagnose", *arguments)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith(f"error: {error}")
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "text", ["3,5,10", "(3, 5, 10)", "[3,5,10]", "3 5 10", "3x5x10", "torch.Size([3, 5, 10])", "Size([3, 5, 10])"]
)
def test_a_shape_as_it_is_pasted(text: str) -> None:
    assert typed.parse_shape("input_shape", text) == (3, 5, 10)


@pytest.mark.parametrize(
    ("text", "lengths"),
    [("8,9,10", (8, 9, 10)), ("[5, 3, 0]", (5, 3, 0)), ("4.9 3.0", (4.9, 3)), ("5,-1", (5, -1))],
)
def test_lengths_as_they_were_passed(text: str, lengths: tuple[float, ...]) -> None:
    assert typed.parse_any_lengths(text) == lengths


def test_a_flag_that_is_not_given_is_unknown(cli: Cli) -> None:
    outcome = cli("diagnose", "--input-shape", "3,5,10", "--h0-shape", "2,5,20")
    assert outcome.status == 0
    assert "--batch-first or --no-batch-first: B is 3" in outcome.stdout
    assert "[default" not in cli("diagnose", "--help").stdout


SHOWN: dict[str, tuple[str, ...]] = {
    "diagnose-message": (HIDDEN, "--input-shape", "5,5,3"),
    "diagnose-call": (
        "--input-shape",
        "3,5,10",
        "--lengths",
        "5,4,2",
        "--h0-shape",
        "2,5,20",
        "--bidir",
        "--layers",
        "2",
    ),
    "diagnose-unknown": ("CUDA out of memory",),
}


@pytest.mark.parametrize("columns", [80])
@pytest.mark.parametrize("name", SHOWN)
def test_the_page(cli: Cli, snapshot: Snapshot, name: str, columns: int) -> None:
    text = cli("diagnose", *SHOWN[name], columns=columns).stdout
    assert max(len(line) for line in text.splitlines()) <= columns
    snapshot(f"{name}-{columns}", text)


@pytest.mark.parametrize("name", SHOWN)
def test_the_page_in_ascii(cli: Cli, name: str) -> None:
    assert cli("diagnose", *SHOWN[name], encoding="ascii").stdout.isascii()


def test_the_page_has_colours_on_a_terminal_alone(cli: Cli) -> None:
    assert "\x1b" not in cli("diagnose", HIDDEN).stdout
    assert "\x1b[" in cli("diagnose", HIDDEN, env={"FORCE_COLOR": "1", "TERM": "xterm-256color"}).stdout


def test_it_loads_no_torch(monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # an import of it fails now
    arguments: Any = (HIDDEN, "--input-shape", "3,5,10", "--lengths", "5,4,2")
    assert cli("diagnose", *arguments).status == 0
