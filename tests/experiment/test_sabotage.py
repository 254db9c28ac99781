"""Every check can fail: nn.LSTM is broken in one place at a time, and the check that must see it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from sabotage import (
    all_in_another_dtype,
    another_dtype,
    constant,
    directions_before_layers,
    drop_a_row,
    drop_a_step,
    interleave_halves_of_output,
    last_bit_of_hn,
    nan_in_cn,
    nan_in_output,
    reverse_rows_of_hn,
    scale_a_row_of_cn,
    shift_output,
    swap_halves_of_output,
    swap_hn_and_cn,
    swap_rows_of_cn,
    swap_rows_of_hn,
    swap_sequences_of_hn,
    touch_one_step,
)
from support import Change, Cli, Output, Results, break_lstm, on_output, permuted_gates
from torch import Tensor

from lstm_inspect import LSTMSpec, inspect

LAYERS, BIDIR, BOTH = ["--layers", "2"], ["--bidir"], ["--layers", "2", "--bidir"]
THREE = ["--layers", "3", "--bidir"]
PACKED = ["--lengths", "2,4,3"]

SABOTAGE: list[tuple[Change, list[str], set[str]]] = [
    (swap_rows_of_hn, LAYERS, {"row-1", "final-state", "hn-layout", "reference-hn"}),
    (swap_rows_of_hn, BIDIR, {"row-0", "row-1", "final-forward", "final-reverse", "final-joined", "reference-hn"}),
    (swap_rows_of_hn, BOTH, {"reference-hn"}),
    (swap_rows_of_hn, [*BOTH, *PACKED], {"reference-hn"}),
    (swap_rows_of_hn, [*BIDIR, *PACKED, "--batch-first"], {"row-0", "row-1", "final-joined", "reference-hn"}),
    (reverse_rows_of_hn, BOTH, {"row-2", "row-3", "hn-layout", "reference-hn"}),
    (reverse_rows_of_hn, [*BOTH, "--proj-size", "5"], {"row-2", "row-3", "hn-layout", "reference-hn"}),
    (directions_before_layers, BOTH, {"row-2", "final-forward", "hn-layout", "reference-hn", "reference-cn"}),
    (directions_before_layers, THREE, {"row-4", "final-forward", "hn-layout", "reference-hn", "reference-cn"}),
    (swap_rows_of_cn, BOTH, {"reference-cn"}),
    (swap_rows_of_cn, [*BIDIR, "--unbatched"], {"reference-cn"}),
    (swap_sequences_of_hn, [], {"row-0", "final-state", "reference-hn"}),
    (swap_sequences_of_hn, PACKED, {"row-0", "final-state", "reference-hn"}),
    (swap_hn_and_cn, [], {"row-0", "reference-hn", "reference-cn"}),
    (swap_hn_and_cn, ["--proj-size", "5"], {"shape-hn", "shape-cn", "reference-hn", "reference-cn"}),
    (shift_output, [], {"row-0", "final-state", "reference-output"}),
    (shift_output, BOTH, {"row-2", "row-3", "final-joined", "reference-output"}),
    (shift_output, ["--batch-first", *BIDIR], {"row-0", "row-1", "reference-output"}),
    (shift_output, ["--unbatched"], {"row-0", "reference-output"}),
    (shift_output, PACKED, {"row-0", "reference-output"}),
    (swap_halves_of_output, BIDIR, {"row-0", "row-1", "output-layout", "reference-output"}),
    (swap_halves_of_output, [*BOTH, "--batch-first"], {"row-2", "row-3", "output-layout", "reference-output"}),
    (swap_halves_of_output, [*BIDIR, *PACKED], {"row-0", "row-1", "output-layout", "reference-output"}),
    (interleave_halves_of_output, BIDIR, {"row-0", "row-1", "output-layout", "reference-output"}),
    (scale_a_row_of_cn, [], {"reference-cn"}),
    (scale_a_row_of_cn, [*THREE, "--dtype", "float64"], {"reference-cn"}),
    (scale_a_row_of_cn, [*BOTH, "--proj-size", "5", "--no-bias"], {"reference-cn"}),
    (scale_a_row_of_cn, PACKED, {"reference-cn"}),
    (touch_one_step, BOTH, {"reference-output"}),
    (drop_a_step, [], {"shape-output", "row-0", "reference-output"}),
    (drop_a_step, BIDIR, {"shape-output", "shape-recipe-directions-apart", "row-0", "reference-output"}),
    (drop_a_row, BOTH, {"shape-hn", "shape-recipe-by-layer", "row-3", "reference-hn"}),
    (another_dtype, [], {"row-0", "final-state"}),
    (last_bit_of_hn, [], {"row-0", "final-state"}),
    (last_bit_of_hn, [*BOTH, "--dtype", "bfloat16"], {"row-2", "row-3", "final-joined"}),
    (nan_in_output, [], {"row-0", "final-state", "reference-output"}),
    (nan_in_output, [*BOTH, "--dtype", "float16"], {"row-2", "row-3", "final-joined", "reference-output"}),
    (nan_in_cn, BIDIR, {"reference-cn"}),
]


@pytest.mark.parametrize(
    ("change", "flags", "named"), SABOTAGE, ids=[f"{each[0].__name__}-{'-'.join(each[1])}" for each in SABOTAGE]
)
def test_a_broken_lstm_is_seen(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, change: Change, flags: list[str], named: set[str]
) -> None:
    break_lstm(monkeypatch, change)
    outcome = cli("shapes", *flags, "--json")
    failed = {check["id"] for check in outcome.document["checks"] if check["passed"] is False}
    assert outcome.status == 1
    assert outcome.document["verified"] is False
    assert named <= failed


@pytest.mark.parametrize(
    ("change", "flags", "sides"),
    [
        (swap_rows_of_hn, BIDIR, ["hn[0]", "output[4, :, :20]"]),
        (scale_a_row_of_cn, BOTH, ["cn, reference.cn"]),
        (shift_output, [], ["output, reference.output", "hn[0] == output[4]"]),
        (drop_a_step, [], ["output.shape == (5, 3, 20)"]),
        (nan_in_output, ["--dtype", "float16"], ["output, reference.output"]),
    ],
)
def test_the_text_names_the_failed_check(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, change: Change, flags: list[str], sides: list[str]
) -> None:
    break_lstm(monkeypatch, change)
    outcome = cli("shapes", *flags, columns=120)
    assert outcome.status == 1
    assert "\nFAILED: " in outcome.stdout
    _, _, failed = outcome.stdout.partition("\nFAILED of kind ")
    assert all(side in failed for side in sides)


def test_a_failed_check_says_where_it_is_worst(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    break_lstm(monkeypatch, touch_one_step)
    outcome = cli("shapes", *BOTH, "--json")
    (failed,) = [check for check in outcome.document["checks"] if not check["passed"]]
    assert failed["worst"] == [2, 1, 3]
    assert failed["max_abs_diff"] == pytest.approx(1e-3, rel=1e-3)
    assert "worst at [2, 1, 3]" in cli("shapes", *BOTH).stdout


@pytest.mark.parametrize("order", [(1, 0, 2, 3), (0, 2, 1, 3), (0, 1, 3, 2), (3, 1, 2, 0)])
@pytest.mark.parametrize("flags", [[], BOTH, ["--proj-size", "5"], ["--no-bias"], PACKED])
def test_permuted_gates_are_seen(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, order: tuple[int, ...], flags: list[str]
) -> None:
    honest = torch.nn.LSTM.forward

    def forward(self: torch.nn.LSTM, *args: Any) -> Any:
        with permuted_gates(self, order):
            return honest(self, *args)

    monkeypatch.setattr(torch.nn.LSTM, "forward", forward)
    outcome = cli("shapes", *flags, "--json")
    failed = {check["id"] for check in outcome.document["checks"] if not check["passed"]}
    assert outcome.status == 1
    assert {"reference-output", "reference-hn", "reference-cn"} <= failed


@pytest.mark.parametrize("flags", [["--layers", "2"], BOTH, [*BOTH, "--batch-first"], [*BOTH, "--dtype", "bfloat16"]])
def test_pitfalls_that_come_out_the_same_are_failures(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, flags: list[str]
) -> None:
    def every_row_the_same(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
        return output, (hn[:1].expand_as(hn).clone(), cn)

    break_lstm(monkeypatch, every_row_the_same)
    outcome = cli("shapes", *flags, "--json")
    assert outcome.status == 1
    same = {pitfall["id"] for pitfall in outcome.document["pitfalls"] if not pitfall["passed"]}
    assert "first-layer" in same
    assert "layers-for-directions" in same or "--bidir" not in flags


def test_a_pitfall_alone_fails_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """A constant LSTM without the equations: every equality holds, and the pitfalls show that nothing was proved."""

    break_lstm(monkeypatch, constant)
    report = inspect(LSTMSpec(num_layers=2, bidirectional=True), reference=False)
    assert all(check.passed for check in report.checks)
    assert report.verified is False
    assert report.failed == sum(not pitfall.passed for pitfall in report.pitfalls) > 0


@pytest.mark.parametrize("flags", [[], PACKED])
def test_results_that_are_all_of_another_dtype_are_seen(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, flags: list[str]
) -> None:
    """Every equality holds, and the equations are as near as ever: only the dtype is wrong."""
    break_lstm(monkeypatch, all_in_another_dtype)
    outcome = cli("shapes", *flags, "--json")
    assert outcome.status == 1
    assert all(check["passed"] for check in outcome.document["checks"])
    assert "✗ float64" in cli("shapes", *flags).stdout


def test_an_expression_that_raises_fails_its_check(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    break_lstm(monkeypatch, drop_a_row)
    outcome = cli("shapes", *BOTH, "--json")
    layout = next(check for check in outcome.document["checks"] if check["id"] == "hn-layout")
    assert layout["error"].startswith("RuntimeError: shape '[2, 2, 3, 20]' is invalid")
    assert "RuntimeError" in cli("shapes", *BOTH).stdout


@pytest.mark.parametrize("flags", [[], BOTH, PACKED, [*BIDIR, "--state", "zeros"]])
def test_float16_overflow_fails_and_the_json_stays_valid(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, flags: list[str]
) -> None:
    honest = torch.nn.LSTM.forward

    def forward(self: torch.nn.LSTM, input: Any, *state: Any) -> Any:
        huge = on_output(input, lambda data: torch.full_like(data, torch.inf))  # what 70,000 is in float16
        return honest(self, huge, *state)

    assert torch.tensor(70_000.0).half().isinf()
    monkeypatch.setattr(torch.nn.LSTM, "forward", forward)
    outcome = cli("shapes", *flags, "--dtype", "float16", "--json")  # .document refuses NaN
    assert outcome.status == 1
    failed = {check["id"]: check for check in outcome.document["checks"] if not check["passed"]}
    assert {"reference-output", "reference-hn", "reference-cn"} <= set(failed)
    assert failed["reference-output"]["max_abs_diff"] is None


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("name", ["output", "hn", "cn"])
def test_each_inexact_check_fails_just_outside_its_tolerance(
    monkeypatch: pytest.MonkeyPatch, dtype: str, name: str
) -> None:
    """One element is put just inside and just outside of atol + rtol * |reference|."""
    from lstm_inspect.experiment import verify

    spec = LSTMSpec(num_layers=2, bidirectional=True, dtype=dtype)
    allowed = {"float32": 1e-5, "float64": 1e-12, "float16": 1e-2, "bfloat16": 5e-2}[dtype]
    relative = {"float32": 1e-5, "float64": 1e-11, "float16": 1e-2, "bfloat16": 5e-2}[dtype]
    honest: Callable[..., Any] = verify.reference_of

    def passed(times: float) -> bool | None:
        def moved(run: Any) -> Any:
            found = honest(run)
            exact = getattr(found, name)
            exact.copy_(run.tensor(name).double())  # no difference but the one that is made here
            value = exact[1, 1, 1].item()
            exact[1, 1, 1] = value + times * (allowed + relative * abs(value))
            return found

        monkeypatch.setattr(verify, "reference_of", moved)
        checks = {check.id: check for check in inspect(spec).checks}
        return checks[f"reference-{name}"].passed

    assert passed(0.95)
    assert not passed(1.1)


def test_a_mislabelled_row_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of rows is proved too: with the directions of layer 0 swapped, its two rows fail, and they alone."""
    from lstm_inspect.theory import states

    honest, other = states.state_rows, {"forward": "reverse", "reverse": "forward"}

    def mislabelled(spec: LSTMSpec) -> Any:
        rows = honest(spec)
        return tuple(replace(row, direction=other[row.direction]) if row.layer == 0 else row for row in rows)

    monkeypatch.setattr("lstm_inspect.theory.claims.state_rows", mislabelled)
    report = inspect(LSTMSpec(num_layers=2, bidirectional=True))
    assert [check.id for check in report.checks if not check.passed] == ["reference-row-0", "reference-row-1"]
