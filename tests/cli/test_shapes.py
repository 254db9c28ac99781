"""The command shapes: its flags, its help, its tolerances."""

from __future__ import annotations

import pytest
from support import Cli

import lstm_inspect
from lstm_inspect import LSTMSpec
from lstm_inspect.cli.options import CHECK_FLAGS, REPORT_FLAGS, SPEC_FLAGS


def test_its_defaults_are_those_of_python(cli: Cli) -> None:
    outcome = cli("shapes", "--json")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert LSTMSpec.from_dict(outcome.document["spec"]) == LSTMSpec()


EVERY_FLAG = [
    ("--input-size 3", "input_size", 3),
    ("--hidden-size 7", "hidden_size", 7),
    ("--layers 2", "num_layers", 2),
    ("--num-layers 2", "num_layers", 2),
    ("--bidir", "bidirectional", True),
    ("--bidirectional", "bidirectional", True),
    ("--bidir --no-bidir", "bidirectional", False),
    ("--batch-first", "batch_first", True),
    ("--batch-first --no-batch-first", "batch_first", False),
    ("--no-bias", "bias", False),
    ("--no-bias --bias", "bias", True),
    ("--proj-size 5", "proj_size", 5),
    ("--dropout 0.25", "dropout", 0.25),
    ("--seq-len 9", "seq_len", 9),
    ("--batch 4", "batch_size", 4),
    ("--batch-size 4", "batch_size", 4),
    ("--unbatched", "batch_size", None),
    ("--lengths 3,1,2", "lengths", [3, 1, 2]),
    ("--lengths 3,1,2", "batch_size", 3),
    ("--lengths 3,1,2", "seq_len", 3),
    ("--lengths 3,1 --total-length 6", "seq_len", 6),
    ("--lengths 3,1 --total-length 6", "total_length", 6),
    ("--lengths 3,2 --enforce-sorted", "enforce_sorted", True),
    ("--lengths 3,2 --padding-value -2.5", "padding_value", -2.5),
    ("--state zeros", "state", "zeros"),
    ("--seed 9223372036854775807", "seed", 2**63 - 1),
    ("--dtype bfloat16", "dtype", "bfloat16"),
    ("--device meta", "device", "meta"),
]


@pytest.mark.parametrize(("typed", "name", "value"), EVERY_FLAG)
def test_a_flag_is_an_argument(cli: Cli, typed: str, name: str, value: object) -> None:
    assert cli("shapes", "--predict", "--json", *typed.split()).document["spec"][name] == value
    assert cli("shapes", "--json", *typed.split()).status == 0


def test_every_argument_of_a_spec_has_its_flag() -> None:
    assert {flag.name for flag in SPEC_FLAGS} - {"unbatched", "call"} == set(LSTMSpec().to_dict())
    assert {name for _, name, _ in EVERY_FLAG} == set(LSTMSpec().to_dict())


@pytest.mark.parametrize(
    ("flags", "status", "atol", "rtol"),
    [
        ([], 0, 1e-5, 1e-5),
        (["--dtype", "float64"], 0, 1e-12, 1e-11),
        (["--atol", "0.5"], 0, 0.5, 1e-5),
        (["--rtol", "0.5"], 0, 1e-5, 0.5),
        (["--atol", "1e-12", "--rtol", "0"], 1, 1e-12, 0),
        (["--tf32"], 0, 1e-5, 1e-5),  # TF32 is CUDA's: on a CPU there is none to allow for
    ],
)
def test_tolerances(cli: Cli, flags: list[str], status: int, atol: float, rtol: float) -> None:
    outcome = cli("shapes", "--bidir", *flags, "--json")
    inexact = [check for check in outcome.document["checks"] if check["kind"] == "reference"]
    assert outcome.status == status
    assert {(check["atol"], check["rtol"]) for check in inexact} == {(atol, rtol)}


def test_without_the_reference(cli: Cli) -> None:
    kinds = {check["kind"] for check in cli("shapes", "--no-reference", "--json").document["checks"]}
    assert kinds == {"shape", "equality"}


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("typed", [["shapes", "--help"], ["shapes", "-h"]])
def test_help_names_every_flag_in_full(cli: Cli, typed: list[str], columns: int) -> None:
    outcome = cli(*typed, columns=columns)
    assert (outcome.status, outcome.stderr) == (0, "")
    assert "…" not in outcome.stdout
    for flag in (*SPEC_FLAGS, *CHECK_FLAGS, *REPORT_FLAGS):
        for spelling in flag.typed:
            assert all(part in outcome.stdout for part in spelling.split("/"))
    for heading in ("The LSTM:", "The batch:", "The run:", "The report:"):
        assert heading in outcome.stdout


@pytest.mark.parametrize("typed", [["--help"], []])
def test_help_names_every_command(cli: Cli, typed: list[str]) -> None:
    outcome = cli(*typed)
    assert (outcome.status, outcome.stderr) == (0, "")
    assert "shapes" in outcome.stdout
    assert "schema" in outcome.stdout


def test_version(cli: Cli) -> None:
    assert cli("--version").stdout == f"lstm-inspect {lstm_inspect.__version__}\n"
