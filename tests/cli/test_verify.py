"""The grid and specs as JSON Lines; what it costs is measured in tests/benchmarks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import sabotage
import torch
from support import Change, Cli, Output, Results, break_lstm, strict_json
from torch import Tensor

from lstm_inspect.theory.contract import json_schema


def test_the_full_grid_is_proved(cli: Cli) -> None:
    """3 L x 2 D x 2 layouts x 2 biases x 2 P x 4 kinds of input x 2 states x 4 dtypes."""
    outcome = cli("verify", "--grid", "full", "--json")
    survey = outcome.document
    jsonschema.validate(survey, json_schema())
    assert outcome.status == 0
    assert survey["specs"] == 3 * 2 * 2 * 2 * 2 * 4 * 2 * 4
    assert survey["failed"] == 0
    assert survey["verified"] is True
    assert [(each["num_layers"], each["num_directions"], each["specs"]) for each in survey["structures"]] == [
        (1, 1, 256), (1, 2, 256), (2, 1, 256), (2, 2, 256), (3, 1, 256), (3, 2, 256)
    ]  # fmt: skip


def test_the_quick_grid_tells_its_count(cli: Cli) -> None:
    outcome = cli("verify")
    assert outcome.status == 0
    assert "Verified: 128 specs, " in outcome.stdout
    assert outcome.stderr == ""  # no progress bar where nobody looks


@pytest.mark.parametrize(
    ("lists", "count"),
    [
        (("--layers", "1"), 64),
        (("--layers", "1,3", "--bidir", "on", "--batch", "unbatched"), 16),
        (("--dtype", "float64,bfloat16", "--layers", "1"), 128),
        (("--state", "zeros", "--proj-size", "0", "--bias", "off", "--batch-first", "on", "--layers", "2"), 8),
    ],
)
def test_lists_narrow_the_grid(cli: Cli, lists: tuple[str, ...], count: int) -> None:
    assert cli("verify", *lists, "--no-reference", "--json").document["specs"] == count


def test_specs_as_json_lines(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "specs.jsonl"
    file.write_text('{"num_layers": 2}\n\n{"lengths": [3, 1], "bidirectional": true}\n', encoding="utf-8")
    outcome = cli("verify", "--specs", str(file), "--json")
    reports = [strict_json(line) for line in outcome.stdout.splitlines()]
    for report in reports:
        jsonschema.validate(report, json_schema())
    assert outcome.status == 0
    assert [report["line"] for report in reports] == [1, 3]
    assert [report["spec"]["batch_size"] for report in reports] == [3, 2]
    assert "\nVerified: 2 specs" in cli("verify", "--specs", "-", stdin=file.read_text()).stdout


BAD_LINES = [
    ('{"bidir": true}', "bidir=True: must be one of input_size"),
    ('{"bidirectinal": true}', "Try bidirectional."),
    ("[1]", "specs: a JSON list: a line holds one object. Try {"),
    ("{", "specs: not JSON: Expecting property name"),
    ("[" * 100_000, "specs: not JSON: "),
    ('{"hidden_size": "x"}', "hidden_size='x': must be a whole number from 1."),
    ('{"hidden_size": true}', "hidden_size=True: must be a whole number from 1."),
    ('{"dtype": []}', "dtype=[]: must be float32, float64, float16 or bfloat16."),
    ('{"dropout": NaN}', "dropout=nan: must be a probability from 0 to 1."),
    ('{"lengths": "8,9"}', "lengths='8,9': must be a tuple or a list of whole numbers from 1."),
    ('{"lengths": [3, null]}', "sequence 1 has None"),
    ('{"hidden_size": 1000000}', "of memory"),
    ('{"device": "cuda:99"}', "cuda:99 is not here"),
    ('{"batch_size": null, "lengths": [2]}', "must be left out when the input is unbatched"),
]


@pytest.mark.parametrize(("line", "message"), BAD_LINES)
def test_a_bad_line_is_named_and_stops_nothing(cli: Cli, line: str, message: str) -> None:
    outcome = cli("verify", "--specs", "-", "--json", stdin=f'{{}}\n{line}\n{{"num_layers": 2}}\n')
    assert outcome.status == 2
    assert [json.loads(report)["line"] for report in outcome.stdout.splitlines()] == [1, 3]
    assert outcome.stderr.startswith("error: line 2: ")
    assert message in outcome.stderr


def test_where_no_line_can_be_read_nothing_is_verified(cli: Cli) -> None:
    outcome = cli("verify", "--specs", "-", stdin="{\n")
    assert (outcome.status, outcome.stdout) == (2, "")


def test_a_line_without_an_end_is_not_read_for_ever(cli: Cli) -> None:
    outcome = cli("verify", "--specs", "-", stdin=" " * 2_000_000)
    assert (outcome.status, outcome.stdout) == (2, "")
    told = "--specs from standard input: a line has more than 1,000,000 characters, and no spec is as long."
    assert outcome.stderr.startswith(f"error: {told} Try a file of lines such as {{")


@pytest.mark.parametrize("flags", [[], ["--json"]])
@pytest.mark.parametrize("text", ["", "\n  \n"])
def test_no_specs_are_not_verified_specs(cli: Cli, text: str, flags: list[str]) -> None:
    outcome = cli("verify", "--specs", "-", *flags, stdin=text)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr == 'error: --specs -: it holds no specs. Try a line such as {"num_layers": 2}.\n'


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--grid", "huge"), "--grid huge: must be quick or full. Try --grid quick."),
        (("--layers", "1,x"), "--layers '1,x': must be values such as 1,2,3, separated by commas."),
        (("--layers", "0"), "--layers 0: must be a whole number from 1."),
        (("--proj-size", "8"), "--proj-size 8: must be smaller than --hidden-size (8)"),
        (("--bidir", "maybe"), "--bidir 'maybe': must be values such as on,off"),
        (
            ("--batch", "packed"),
            "--batch 'packed': must be values such as batched,unbatched,packed-sorted",
        ),
        (("--specs", "/no/such/file"), "--specs from /no/such/file: No such file or directory"),
    ],
)
def test_bad_input(cli: Cli, arguments: tuple[str, ...], message: str) -> None:
    outcome = cli("verify", *arguments)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert message in outcome.stderr


EVERYWHERE: list[tuple[Change, str]] = [
    (sabotage.swap_rows_of_hn, "batched"),
    (sabotage.directions_before_layers, "unbatched"),
    (sabotage.swap_rows_of_cn, "packed-sorted"),
    (sabotage.swap_hn_and_cn, "batched"),
    (sabotage.shift_output, "packed-unsorted"),
    (sabotage.swap_halves_of_output, "batched"),
    (sabotage.interleave_halves_of_output, "packed-sorted"),
    (sabotage.scale_a_row_of_cn, "unbatched"),
    (sabotage.touch_one_step, "batched"),
    (sabotage.drop_a_step, "batched"),
    (sabotage.drop_a_row, "packed-unsorted"),
    (sabotage.nan_in_output, "batched"),
    (sabotage.swap_sequences, "packed-unsorted"),
    (sabotage.move_a_batch_size, "packed-unsorted"),
    (sabotage.reverse_from_the_padding, "packed-unsorted"),
]


@pytest.mark.parametrize(("change", "batch"), EVERYWHERE, ids=[change.__name__ for change, _ in EVERYWHERE])
def test_what_breaks_another_command_breaks_the_proof(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, change: Change, batch: str
) -> None:
    grid = ("verify", "--layers", "2", "--bidir", "on", "--bias", "on", "--proj-size", "0", "--batch", batch)
    assert cli(*grid, "--json").status == 0
    break_lstm(monkeypatch, change)
    outcome = cli(*grid, "--json")
    assert outcome.status == 1
    assert outcome.document["failed"] == outcome.document["specs"]


def scale_cn(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return output, (hn, cn * 1.001 if lstm.num_layers == 2 else cn)


def test_failures_are_shown_with_the_command_that_repeats_them(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    break_lstm(monkeypatch, scale_cn)
    grid = ("verify", "--bidir", "on", "--batch", "packed-unsorted", "--state", "zeros", "--proj-size", "0")
    outcome = cli(*grid, "--batch-first", "on", columns=200)
    sizes, batch = "--input-size 5 --hidden-size 8 --layers 2", "--lengths 4,7,2 --state zeros"
    command = f"lstm-inspect shapes {sizes} --bidir --batch-first {batch}"
    assert outcome.status == 1
    assert f"FAILED: {command}\n" in outcome.stdout
    assert "reference-cn: " in outcome.stdout
    assert "FAILED: 1 of 2 specs" in outcome.stdout
    assert cli(*command.split()[1:]).status == 1  # it does repeat it


def test_fail_fast_stops_at_the_first(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    break_lstm(monkeypatch, scale_cn)
    survey = cli("verify", "--layers", "2", "--fail-fast", "--json").document
    assert (survey["specs"], survey["failed"], len(survey["failures"])) == (1, 1, 1)
    assert survey["failures"][0]["verified"] is False


def test_a_failing_spec_outweighs_a_bad_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    break_lstm(monkeypatch, scale_cn)
    assert cli("verify", "--specs", "-", stdin='{"num_layers": 2}\n{\n').status == 1


def test_what_was_written_before_an_interrupt_stays(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from lstm_inspect.verdict import report

    honest = report.inspect

    def interrupted(spec: Any, **how: Any) -> Any:
        if spec.num_layers == 3:
            raise KeyboardInterrupt
        return honest(spec, **how)

    monkeypatch.setattr("lstm_inspect.verdict.report.inspect", interrupted)
    lines = '{"num_layers": 1}\n{"num_layers": 2}\n{"num_layers": 3}\n'
    outcome = cli("verify", "--specs", "-", "--json", stdin=lines)
    assert outcome.status == 130
    assert [json.loads(line)["line"] for line in outcome.stdout.splitlines()] == [1, 2]


def test_failures_beyond_the_kept_ones_are_counted(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstm_inspect.verdict.survey.MOST_FAILURES_KEPT", 3)
    break_lstm(monkeypatch, scale_cn)
    grid = ("verify", "--layers", "2", "--batch", "batched", "--bidir", "on")
    survey = cli(*grid, "--json").document
    assert survey["failed"] == 8
    assert len(survey["failures"]) == 3
    assert "5 more specs failed" in cli(*grid).stdout


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_grid_on_cuda(cli: Cli) -> None:
    assert cli("verify", "--grid", "full", "--device", "cuda", "--json").document["failed"] == 0
