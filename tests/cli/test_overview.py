"""Case D as a command: the structures side by side, as the write-ups tabulate them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest
import torch
from support import Cli, Output, Results, Snapshot, break_lstm, on_output
from torch import Tensor

from lstm_inspect.theory.contract import json_schema

CASE_D = {  # batch_first off: output, then hn and cn
    (1, False): ([5, 3, 20], [1, 3, 20]),
    (2, False): ([5, 3, 20], [2, 3, 20]),
    (1, True): ([5, 3, 40], [2, 3, 20]),
    (2, True): ([5, 3, 40], [4, 3, 20]),
}


@pytest.mark.parametrize("predict", [True, False])
def test_case_d(cli: Cli, predict: bool) -> None:
    outcome = cli("overview", "--json", *(["--predict"] if predict else []))
    document = outcome.document
    jsonschema.validate(document, json_schema())
    assert outcome.status == 0
    assert document["verified"] is (None if predict else True)
    assert len(document["structures"]) == 8
    for structure in document["structures"]:
        output, states = CASE_D[structure["num_layers"], structure["bidirectional"]]
        if structure["batch_first"]:
            output = [output[1], output[0], output[2]]
        shapes = {tensor["name"]: tensor for tensor in structure["tensors"]}
        for name, expected in {"output": output, "hn": states, "cn": states, "h0": states, "c0": states}.items():
            assert shapes[name]["predicted"] == expected
            assert shapes[name]["actual"] == (None if predict else expected)


@pytest.mark.parametrize("columns", [80])
def test_snapshots(cli: Cli, snapshot: Snapshot, columns: int) -> None:
    text = cli("overview", columns=columns).stdout
    assert max(map(len, text.splitlines())) <= columns
    snapshot(f"overview-{columns}", text)


def test_ascii(cli: Cli, snapshot: Snapshot) -> None:
    snapshot("overview-ascii", cli("overview", "--predict", encoding="ascii").stdout)


def test_a_mark_stands_under_the_number_that_changed(cli: Cli) -> None:
    lines = cli("overview", "--predict", "--layers", "12", "--hidden-size", "128").stdout.splitlines()
    shapes, marks = next(pair for pair in pairwise(lines) if pair[0].startswith("hn, cn"))
    assert [marks[shapes.index(number) + 1] for number in ("(12", "(2", "(24")] == ["L", "D", "L"]
    assert marks.split() == ["L", "D", "LD"]


@pytest.mark.parametrize(
    "flags",
    [
        ("--layers", "100", "--hidden-size", "6400", "--proj-size", "3200"),
        ("--lengths", "8,9,10", "--proj-size", "8"),
        ("--unbatched",),
        ("--seq-len", "123456789", "--batch", "987654321", "--layers", "1000000000000"),
    ],
)
@pytest.mark.parametrize("columns", [60, 80])
def test_wide_shapes_move_into_a_table_of_their_own(cli: Cli, columns: int, flags: tuple[str, ...]) -> None:
    outcome = cli("overview", "--predict", *flags, columns=columns)
    assert outcome.status == 0
    assert max(map(len, outcome.stdout.splitlines())) <= columns
    document = cli("overview", "--predict", *flags, "--json").document
    for structure in document["structures"]:
        for tensor in structure["tensors"]:
            assert f"({', '.join(map(str, tensor['predicted']))})" in outcome.stdout


def test_unbatched_input_has_no_axis_to_move(cli: Cli) -> None:
    document = cli("overview", "--unbatched", "--json").document
    assert document["verified"] is True
    assert "changes nothing here" in document["lessons"][2]["sentence"]
    assert {change["by"] for each in document["structures"] for change in each["changes"]} == {
        "num_layers",
        "bidirectional",
    }


@pytest.mark.parametrize(
    "flags", [("--lengths", "4,7,2"), ("--proj-size", "8"), ("--device", "meta"), ("--batch", "0")]
)
def test_other_batches_and_modules_are_measured(cli: Cli, flags: tuple[str, ...]) -> None:
    document = cli("overview", *flags, "--json").document
    jsonschema.validate(document, json_schema())
    assert document["verified"] is True
    assert all(tensor["actual"] for each in document["structures"] for tensor in each["tensors"])


def test_another_shape_fails_and_is_shown(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
        return on_output(output, lambda tensor: tensor[..., :-1]) if lstm.bidirectional else output, (hn, cn)

    break_lstm(monkeypatch, cut)
    outcome = cli("overview")
    assert outcome.status == 1
    assert "FAILED: 4 of 48 shapes" in outcome.stdout and "(5, 3, 39)" in outcome.stdout
    assert outcome.stdout.count("✗") == 3  # no lesson is taught from a table that does not hold
    document = cli("overview", "--json").document
    jsonschema.validate(document, json_schema())
    assert document["verified"] is False
    assert [lesson["holds"] for lesson in document["lessons"]] == [False] * 3


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--layers", "1"), "--layers 1: must be from 2: the structures of one layer"),
        (("--bidir",), "No such option: --bidir"),
        (("--batch-first",), "No such option: --batch-first"),
        (("--layers", "two"), "--layers 'two': must be a whole number. Try --layers 2."),
        (("--proj-size", "20"), "Try --proj-size 10."),
        (("--save", "report.pdf"), ".svg"),
        (("--device", "cuda:9000"), "--device"),
        (("--hidden-size", "1000000"), "needs about"),
    ],
)
def test_what_cant_be_met(cli: Cli, flags: tuple[str, ...], said: str) -> None:
    outcome = cli("overview", *flags)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert said in outcome.stderr and "Traceback" not in outcome.stderr


def test_the_warnings_of_all_structures_are_said_once(cli: Cli) -> None:
    said = cli("overview", "--predict", "--batch", "2", "--seq-len", "2", "--dropout", "0.5").stderr
    assert said.count("warning: ") == len(set(said.splitlines())) == 3  # B == T, B == L*D, dropout between no layers


@pytest.mark.parametrize("suffix", [".txt", ".html", ".svg"])
def test_save(cli: Cli, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"overview{suffix}"
    assert cli("overview", "--predict", "--save", str(path)).status == 0
    assert "batch_first" in path.read_text(encoding="utf-8")
    assert cli("overview", "--predict", "--save", str(path)).status == 2
    assert cli("overview", "--predict", "--save", str(path), "--force").status == 0
