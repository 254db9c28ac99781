"""Honest torch is never called wrong, dishonest torch never right, and a report says how small an error it sees."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from sabotage import constant
from support import Cli, break_lstm

from lstm_inspect import LSTMSpec, inspect
from lstm_inspect.experiment.run import Run, run
from lstm_inspect.experiment.verify import verify
from lstm_inspect.theory.claim import Pitfall
from lstm_inspect.theory.grid import QUICK, specs
from lstm_inspect.theory.packing_claims import rows_of
from lstm_inspect.verdict.report import cannot_show

PAIRS = (1, 2) * 10  # torch's sort keeps no order among equals from 17 sequences on
HONEST: list[tuple[LSTMSpec, str | None]] = [
    # a spec, and the pitfall that its numbers can't show
    (LSTMSpec(lengths=(3, 1, 2), num_layers=15, state="zeros"), "packed-order"),
    (LSTMSpec(lengths=(3, 1, 2), num_layers=6, state="zeros", dtype="bfloat16"), "packed-order"),
    (
        LSTMSpec(lengths=(2, 3), bidirectional=True, bias=False, state="zeros", padding_value=1e-6),
        "padding-read-in-reverse",
    ),
    (LSTMSpec(1, 1, lengths=(2, 3), bidirectional=True, padding_value=100.0, seed=59), None),
    (LSTMSpec(lengths=(2, 3), padding_value=torch.finfo(torch.float32).max), None),
    (LSTMSpec(lengths=(2, 3), padding_value=torch.finfo(torch.bfloat16).min, dtype="bfloat16"), None),
    (LSTMSpec(lengths=(2, 3), padding_value=torch.finfo(torch.float16).max, dtype="float16"), None),
    (LSTMSpec(lengths=(2, 3), padding_value=torch.finfo(torch.float64).min, dtype="float64"), None),
    (LSTMSpec(hidden_size=1000, dtype="bfloat16"), None),
    (LSTMSpec(hidden_size=1000, num_layers=2, bidirectional=True, seq_len=30, dtype="bfloat16", seed=3), None),
]


@pytest.mark.parametrize("reference", [True, False])
@pytest.mark.parametrize(("spec", "hidden"), HONEST)
def test_an_honest_run_is_verified(spec: LSTMSpec, hidden: str | None, reference: bool) -> None:
    report = inspect(spec, reference=reference)
    assert report.verified, report
    said = {warning.id for warning in report.warnings}
    assert hidden is None or f"hidden-{hidden}" in said
    assert hidden not in {result.id for result in report.pitfalls}


def test_numbers_are_packed_as_torch_sorts_equals(cli: Cli) -> None:
    flags = ["--input-size", "1", "--values", "numbers", "--lengths", ",".join(map(str, PAIRS))]
    assert cli("pack", *flags).status == 0
    assert cli("pack", *flags, "--batch-first", "--json").document["verified"] is True


def test_numbers_that_torch_packs_otherwise_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*args: Any) -> str:
        return rows_of(*args).replace("[[[1]", "[[[7]")

    monkeypatch.setattr("lstm_inspect.theory.cell_labels.rows_of", wrong)
    report = inspect(LSTMSpec(1, lengths=PAIRS), command="pack", numbers=True)
    assert [check.id for check in report.checks if not check.passed] == ["numbers"]


@pytest.mark.parametrize("fields", [{"lengths": (3, 1, 2), "state": "zeros"}, {"bidirectional": True}])
def test_what_torch_alone_makes_the_same_is_a_failure(monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any]) -> None:
    """The same coincidence, made by torch: by the equations the sides differ, so nothing is left out."""
    break_lstm(monkeypatch, constant)
    report = inspect(LSTMSpec(num_layers=2, **fields), reference=False)
    assert any(result.passed is False for result in report.pitfalls)
    assert not [warning for warning in report.warnings if warning.id.startswith("hidden")]


def test_on_the_grid_every_pitfall_shows() -> None:
    """A pair of the catalogue whose sides are always the same would be left out everywhere: here it can't be."""
    for spec in specs(QUICK):
        assert not [warning for warning in inspect(spec, reference=False).warnings if warning.id.startswith("hidden")]


def test_a_pitfall_that_is_none_is_left_out_and_said() -> None:
    spec, none = LSTMSpec(), Pitfall("none", "output[-1]", "hn[-1]", "the same")
    _, (result,) = verify(run(spec), (), [none])
    assert result.hidden
    assert result.passed is None
    assert "on these numbers alone" in cannot_show(none).message


@pytest.mark.parametrize("hidden_size", [100, 1000, 2000])
@pytest.mark.parametrize("bias", ["bias_ih", "bias_hh"])
def test_a_wide_lstm_of_bfloat16_that_ignores_a_bias_is_seen(
    monkeypatch: pytest.MonkeyPatch, hidden_size: int, bias: str
) -> None:
    honest = torch.nn.LSTM.forward

    def forward(self: torch.nn.LSTM, *args: Any) -> Any:
        kept = {name: value.clone() for name, value in self.named_parameters() if name.startswith(bias)}
        for name in kept:
            self.get_parameter(name).zero_()
        results = honest(self, *args)
        for name, value in kept.items():
            self.get_parameter(name).copy_(value)
        return results

    monkeypatch.setattr(torch.nn.LSTM, "forward", forward)
    assert inspect(LSTMSpec(hidden_size=hidden_size, dtype="bfloat16")).verified is False


SEEN: list[dict[str, Any]] = [
    {},
    {"bidirectional": True, "num_layers": 2},
    {"dtype": "bfloat16", "hidden_size": 200},
    {"lengths": (3, 1, 4), "padding_value": 100.0},
    {"proj_size": 8},
]


@pytest.mark.parametrize("fields", SEEN)
@pytest.mark.parametrize("name", ["output", "hn", "cn"])
def test_an_element_off_by_a_little_more_than_is_said_is_noticed(
    monkeypatch: pytest.MonkeyPatch, cli: Cli, fields: dict[str, Any], name: str
) -> None:
    """It is put there in the equations' results, so that no dtype rounds it away; the page names the figure."""
    from lstm_inspect.experiment import verify

    spec, honest = LSTMSpec(**fields), verify.reference_of
    noticed = inspect(spec).noticed
    assert noticed is not None

    def off(run: Run) -> Any:
        found = honest(run)
        exact = getattr(found, name)
        measured = run.tensor(name)[0, 0, 0].double()
        exact[0, 0, 0] = measured + torch.copysign(torch.tensor(1.01 * noticed), measured)
        return found

    assert f"noticed from {noticed:.2g}" in " ".join(inspect(spec).page(100).split())
    monkeypatch.setattr(verify, "reference_of", off)
    failed = [check.id for check in inspect(spec).checks if not check.passed]
    assert f"reference-{name}" in failed


def test_the_figure_stands_in_the_json(cli: Cli) -> None:
    document = cli("shapes", "--json").document
    by_id = {check["id"]: check for check in document["checks"]}
    assert document["noticed"] == max(by_id[f"reference-{name}"]["noticed"] for name in ("output", "hn", "cn"))
    assert by_id["row-0"]["noticed"] is None
    assert cli("shapes", "--json", "--no-reference").document["noticed"] is None
    assert cli("verify", "--layers", "1", "--json").document["noticed"] > 1e-5
