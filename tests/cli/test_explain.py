"""``explain``: the list of the mistakes, and one of them made on an nn.LSTM."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch
from support import Cli, Output, Results, Snapshot, break_lstm
from torch import Tensor

from lstm_inspect.experiment.run import run
from lstm_inspect.mistakes.catalogue import BY_ID, CATALOGUE
from lstm_inspect.theory.contract import json_schema
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.verdict.explanation import explain

LAST_STEP = "last-step-bidirectional"
CONTRACT = jsonschema.Draft202012Validator(json_schema())


@pytest.mark.parametrize("width", [80])
def test_the_list(cli: Cli, width: int) -> None:
    outcome = cli("explain", columns=width)
    lines = outcome.stdout.splitlines()
    assert outcome.status == 0
    assert all(mistake.id in outcome.stdout and mistake.title in outcome.stdout for mistake in CATALOGUE)
    assert max(map(len, lines)) <= width
    assert width < 80 or len(lines) <= 48


def test_the_list_as_json(cli: Cli) -> None:
    document = cli("explain", "--json").document
    CONTRACT.validate(document)
    assert [each["id"] for each in document["mistakes"]] == list(BY_ID)
    assert document["mistakes"][0]["found_by"] == ["lint", "model", "run", "diagnose"]


@pytest.mark.parametrize("columns", [60, 80])
def test_the_page(cli: Cli, snapshot: Snapshot, columns: int) -> None:
    snapshot(f"explain-{columns}", cli("explain", LAST_STEP, "--layers", "2", columns=columns).stdout)


def pasted(page: str) -> dict[str, Any]:
    """The code of a page's last part, run on its tensors."""
    code = page.partition("Made on an nn.LSTM\n")[2]
    lines = code.splitlines()
    end = next(at for at, line in enumerate(lines) if line.startswith(("both have", "wrong has", "not run")))
    names: dict[str, Any] = {"torch": torch}
    spec = explain_spec(page)
    given = run(spec).tensors
    names |= {name: given[name] for name in ("input", "h0", "c0", "lengths") if name in given}
    torch.manual_seed(spec.seed)
    with torch.no_grad():
        exec("\n".join(lines[:end]), names)
    return names


def explain_spec(page: str) -> LSTMSpec:
    id = page.splitlines()[1].split(",")[0]
    return LSTMSpec.from_dict(BY_ID[id].spec)


@pytest.mark.parametrize("columns", [60, 80, 100, 120])
@pytest.mark.parametrize("id", [LAST_STEP, "padding-read", "mask-as-lengths", "sequences-mixed"])
def test_the_code_of_a_page_runs_as_it_stands(cli: Cli, id: str, columns: int) -> None:
    page = cli("explain", id, columns=columns).stdout
    names = pasted(page)
    difference = (names["wrong"] - names["right"]).abs().max().item()
    assert f"by up to {difference:.2g}" in page.replace("\n", " ")


@pytest.mark.parametrize("id", BY_ID)
def test_each_mistake_is_shown_without_a_flag(cli: Cli, id: str) -> None:
    outcome = cli("explain", id, "--json")
    document = outcome.document
    CONTRACT.validate(document)
    assert outcome.status == 0
    assert document["id"] == document["pitfall"]["id"] == id
    assert document["verified"] or id == "packed-to-rounding"
    assert outcome.stderr == "" or id.startswith("batch-equals")


@pytest.mark.parametrize("id", BY_ID)
def test_each_page_fits_and_says_all(cli: Cli, id: str) -> None:
    mistake = BY_ID[id]
    page = cli("explain", id, "--predict", columns=120).stdout
    words = " ".join(page.split())
    assert max(map(len, page.splitlines())) <= 120
    assert mistake.title in words and mistake.what in words and "not run" in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([LAST_STEP, "--no-bidir"], "--no-bidir: must be --bidir, or last-step-bidirectional can't be made"),
        (["first-layer", "--layers", "1"], "--layers 1: must be at least 2, or first-layer can't be made"),
        (["padding-read", "--unbatched"], "--lengths left out: must be given, or padding-read can't be made"),
        (["batch-equals-time", "--batch", "6"], "--batch 6: must be --seq-len"),
        (["batch-first-forgotten", "--lengths", "5,3"], "--lengths 5,3: must be left out"),
        (["output-last-step"], "output-last-step: no mistake of the catalogue has this id. Try"),
        (["last-step"], "Try last-step-bidirectional or padding-as-last-step."),
        (["output[:, -1]"], "Try last-step-bidirectional or padding-as-last-step."),
        (["x"], "Try lstm-inspect explain, which lists them."),
        (["dropout-one-layer", "--dropout", "1"], "--dropout 1.0: must be more than 0 and less than 1"),
        (["dropout-one-layer", "--dropout", "0.01"], "or chance may hide dropout-one-layer"),
        (["qqq"], "Try lstm-inspect explain, which lists them."),
        (["first-layer", "--save", "x.pdf"], "must be one of .txt"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_refused_in_one_line(cli: Cli, arguments: list[str], words: str) -> None:
    outcome = cli("explain", *arguments)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert words in outcome.stderr
    assert outcome.stderr.count("\n") == 1


def test_a_call_says_all_of_the_lstm_and_the_mistake_the_rest(cli: Cli) -> None:
    called = cli("explain", "padding-as-last-step", "--call", "nn.LSTM(3, 4, bidirectional=True)", "--json").document
    assert called["call"][0] == "lstm = torch.nn.LSTM(3, 4, bidirectional=True)"
    assert called["spec"]["lengths"] == [5, 3, 4]
    refused = cli("explain", "first-layer", "--call", "nn.LSTM(10, 20)")
    assert (refused.status, refused.stdout) == (2, "")
    assert "--layers 1: must be at least 2" in refused.stderr


def test_lengths_that_are_given_make_their_own_batch(cli: Cli) -> None:
    spec = cli("explain", "output-shorter", "--lengths", "7,2", "--total-length", "9", "--json").document["spec"]
    assert (spec["lengths"], spec["seq_len"], spec["batch_size"]) == ([7, 2], 9, 2)


def test_a_page_is_saved_too(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "mistake.txt"
    outcome = cli("explain", LAST_STEP, "--save", str(path))
    assert outcome.status == 0
    assert path.read_text().split("\n\n")[0] in outcome.stdout


def no_rows_apart(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return output, (hn[:1].expand_as(hn).clone(), cn)


def one_row_less(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return output, (hn[:0], cn)


@pytest.mark.parametrize(
    ("broken", "status", "words"),
    [(no_rows_apart, 1, "by the equations they differ"), (one_row_less, 1, "IndexError")],
)
def test_a_broken_lstm_shows_nothing(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, broken: Callable[..., Results], status: int, words: str
) -> None:
    break_lstm(monkeypatch, broken)
    outcome = cli("explain", "first-layer")
    assert outcome.status == status
    assert words in outcome.stdout
    assert "Verified" not in outcome.stdout


def test_what_the_numbers_can_not_show_is_said(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    same = replace(BY_ID["first-layer"].proofs[0], instead="hn[0]")
    monkeypatch.setitem(BY_ID, "first-layer", replace(BY_ID["first-layer"], proofs=(same,)))
    outcome = cli("explain", "first-layer")
    assert outcome.status == 0
    assert "these numbers can't show it" in " ".join(outcome.stdout.split())
    assert "Not shown" in outcome.stdout


@pytest.mark.parametrize("id", ["random-initial-state", "dropout-where-it-acts", "first-layer"])
def test_random_numbers_are_left_as_they_were(id: str) -> None:
    before = torch.get_rng_state()
    first, second = (explain(id).pitfall.max_abs_diff for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert first == second


def test_predicted_without_torch() -> None:
    code = (
        "import sys; from lstm_inspect.cli import run; run(['explain', 'first-layer', '--predict']); run(['explain'])"
    )
    code += "; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
