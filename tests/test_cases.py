"""The worked cases that the program grew from: each is one command, and its numbers stand here, written by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
from support import Cli

TWO_BY_TWO = ("--layers", "2", "--bidir")
EIGHT = ("--input-size", "3", "--seq-len", "150", "--batch", "16", "--hidden-size", "64")


def shapes_of(document: Any) -> dict[str, tuple[int, ...]]:
    assert all(tensor["actual"] == tensor["predicted"] for tensor in document["tensors"])
    return {tensor["name"]: tuple(tensor["actual"]) for tensor in document["tensors"]}


def equalities(document: Any) -> set[tuple[str, str]]:
    """Both sides of every equality, after seeing that all of them hold to the bit."""
    held = [check for check in document["checks"] if check["kind"] == "equality"]
    assert all(check["passed"] and check["identical"] and check["max_abs_diff"] == 0 for check in held)
    return {(check["left"], check["right"]) for check in held}


def test_a_the_first_experiment(cli: Cli) -> None:
    outcome = cli("shapes", *TWO_BY_TWO, "--json")
    assert outcome.status == 0
    assert shapes_of(outcome.document) == {
        "input": (5, 3, 10),
        "h0": (4, 3, 20),
        "c0": (4, 3, 20),
        "output": (5, 3, 40),
        "hn": (4, 3, 20),
        "cn": (4, 3, 20),
    }
    assert {("hn[2]", "output[4, :, :20]"), ("hn[3]", "output[0, :, 20:40]")} <= equalities(outcome.document)


def test_a_states_default_to_zeros(cli: Cli) -> None:
    document = cli("shapes", *TWO_BY_TWO, "--state", "zeros", "--json").document
    assert ("(output, (hn, cn))", "lstm(input)") in equalities(document)


def test_b_which_row_is_which(cli: Cli) -> None:
    outcome = cli("shapes", "--layers", "3", "--bidir", "--json")
    assert outcome.status == 0
    rows = [
        (state["row"], state["layer"], state["direction"], state["hn"], state["cn"])
        for state in outcome.document["states"]
    ]
    assert rows == [
        (0, 0, "forward", "hn[0]", "cn[0]"),
        (1, 0, "reverse", "hn[1]", "cn[1]"),
        (2, 1, "forward", "hn[2]", "cn[2]"),
        (3, 1, "reverse", "hn[3]", "cn[3]"),
        (4, 2, "forward", "hn[4]", "cn[4]"),
        (5, 2, "reverse", "hn[5]", "cn[5]"),
    ]
    assert [state["output"] for state in outcome.document["states"]] == [
        *[None] * 4,
        "output[4, :, :20]",
        "output[0, :, 20:40]",
    ]
    assert [state["time_step"] for state in outcome.document["states"]] == [4, 0, 4, 0, 4, 0]


CASE_C = """\
time step                  0     1     2     3     4
output                     ▲     ▲     ▲     ▲     ▲
layer 1 rev     hn[3] ◀ ◆ ◀── ● ◀── ● ◀── ● ◀── ● ◀ h0[3]
layer 1 fwd     h0[2] ▶ ● ──▶ ● ──▶ ● ──▶ ● ──▶ ◆ ▶ hn[2]
                        ▲     ▲     ▲     ▲     ▲
layer 0 rev     hn[1] ◀ ◇ ◀── ○ ◀── ○ ◀── ○ ◀── ○ ◀ h0[1]
layer 0 fwd     h0[0] ▶ ○ ──▶ ○ ──▶ ○ ──▶ ○ ──▶ ◇ ▶ hn[0]
                        ▲     ▲     ▲     ▲     ▲
input                   ▪     ▪     ▪     ▪     ▪
"""


def signs(line: str) -> list[str]:
    return [sign for sign in line if sign in "●◆◇○"]


def test_c_the_drawing(cli: Cli) -> None:
    shown = cli("shapes", *TWO_BY_TWO, "--predict").stdout
    drawn = {line[:11]: line for line in shown.splitlines() if line.startswith("layer ")}
    expected = {line[:11]: line for line in CASE_C.splitlines() if line.startswith("layer ")}
    assert list(drawn) == list(expected)  # layers upward
    for name, line in expected.items():
        assert signs(drawn[name]) == signs(line)
        assert drawn[name].split()[3] == line.split()[3]
        assert drawn[name].split()[-1] == line.split()[-1]
    assert "cn stands where hn does" in shown


CASE_E = [
    # layers, bidir, batch_first, output, hn, the top layer's rows and where they stand in output
    (1, False, False, (150, 16, 64), (1, 16, 64), {("hn[-1]", "output[-1]")}),
    (2, False, False, (150, 16, 64), (2, 16, 64), {("hn[-1]", "output[-1]")}),
    (1, True, False, (150, 16, 128), (2, 16, 64), {("hn[-2]", "output[-1, :, :64]"), ("hn[-1]", "output[0, :, 64:]")}),
    (2, True, False, (150, 16, 128), (4, 16, 64), {("hn[-2]", "output[-1, :, :64]"), ("hn[-1]", "output[0, :, 64:]")}),
    (1, False, True, (16, 150, 64), (1, 16, 64), {("hn[-1]", "output[:, -1]")}),
    (2, False, True, (16, 150, 64), (2, 16, 64), {("hn[-1]", "output[:, -1]")}),
    (1, True, True, (16, 150, 128), (2, 16, 64), {("hn[-2]", "output[:, -1, :64]"), ("hn[-1]", "output[:, 0, 64:]")}),
    (2, True, True, (16, 150, 128), (4, 16, 64), {("hn[-2]", "output[:, -1, :64]"), ("hn[-1]", "output[:, 0, 64:]")}),
]


@pytest.mark.parametrize(("layers", "bidir", "batch_first", "output", "hn", "places"), CASE_E)
def test_e_the_eight_runs(
    cli: Cli,
    layers: int,
    bidir: bool,
    batch_first: bool,
    output: tuple[int, ...],
    hn: tuple[int, ...],
    places: set[tuple[str, str]],
) -> None:
    switches = ["--bidir"] * bidir + ["--batch-first"] * batch_first
    outcome = cli("shapes", *EIGHT, "--layers", str(layers), *switches, "--json")
    assert outcome.status == 0
    shapes = shapes_of(outcome.document)
    assert (shapes["output"], shapes["hn"], shapes["cn"]) == (output, hn, hn)
    assert shapes["input"] == ((16, 150, 3) if batch_first else (150, 16, 3))
    assert places <= equalities(outcome.document)
    first_row = [pitfall for pitfall in outcome.document["pitfalls"] if pitfall["tempting"] == "hn[0]"]
    assert len(first_row) == (1 if layers == 2 else 0)
    assert all(pitfall["max_abs_diff"] > 0.05 and pitfall["passed"] for pitfall in first_row)


def test_f_what_to_use_when(cli: Cli) -> None:
    outcome = cli("shapes", *TWO_BY_TWO, "--json")
    recipes = {recipe["id"]: recipe for recipe in outcome.document["recipes"]}
    assert recipes["each-step"]["expression"] == "output"
    assert recipes["each-step"]["shape"] == [5, 3, 40]
    assert recipes["whole-sequence"]["expression"] == "torch.cat((hn[-2], hn[-1]), dim=-1)"
    assert recipes["whole-sequence"]["shape"] == [3, 40]
    assert "(3, 20) + (3, 20) -> (3, 40)" in recipes["whole-sequence"]["why"]  # cat
    assert "(2, 3, 20)" in recipes["whole-sequence"]["why"]  # stack
    one_direction = cli("shapes", "--layers", "2", "--json").document["recipes"]
    assert [(recipe["expression"], recipe["shape"]) for recipe in one_direction][:2] == [
        ("output", [5, 3, 20]),
        ("hn[-1]", [3, 20]),
    ]


def test_k_every_comparison_says_what_it_was_held_to(cli: Cli) -> None:
    outcome = cli("shapes", *TWO_BY_TWO, "--json")
    for check in outcome.document["checks"]:
        inexact = check["kind"] == "reference"
        assert (check["rtol"], check["atol"]) == ((1e-5, 1e-5) if inexact else (0, 0))
        assert isinstance(check["identical"], bool)
        if check["kind"] != "shape":
            assert math.isfinite(check["max_abs_diff"])
            assert check["max_abs_diff"] <= check["atol"]
    shown = cli("shapes", *TWO_BY_TWO, "--checks").stdout
    assert "identical" in shown
    assert shown.count("atol=1e-05") == shown.count("rtol=1e-05") == 3 + 4  # output, hn, cn and four rows
    assert shown.count("differs by") == 3 + 4
