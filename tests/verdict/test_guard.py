"""What needs more memory than is free is refused before anything is allocated."""

from __future__ import annotations

import re
import time

import pytest
from support import Cli

from lstm_inspect import LSTMSpec
from lstm_inspect.errors import MemoryNeedError
from lstm_inspect.theory.costs import need
from lstm_inspect.verdict.guard import refuse_too_large

GIB = 2**30


@pytest.fixture
def eight_gib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstm_inspect.verdict.guard.free_memory", lambda: 8 * GIB)


@pytest.mark.usefixtures("eight_gib")
def test_a_million_hidden_features(cli: Cli) -> None:
    start = time.perf_counter()
    outcome = cli("shapes", "--hidden-size", "1000000")
    assert time.perf_counter() - start < 1
    assert (outcome.status, outcome.stdout) == (2, "")
    weights = (4 * 1_000_000 * (10 + 1_000_000) + 8 * 1_000_000) * 4 / 2**40  # in TiB, by hand
    assert f"The weights alone are {weights:.1f} TiB" in outcome.stderr
    assert "8.0 GiB are free here" in outcome.stderr
    assert "--predict" in outcome.stderr
    assert "--device meta" in outcome.stderr


REFUSED = [
    ({"hidden_size": 100_000}, "--hidden-size 100000"),
    ({"input_size": 10**9}, "--input-size 1000000000"),
    ({"seq_len": 10**9}, "--seq-len 1000000000"),
    ({"batch_size": 10**9}, "--batch 1000000000"),
    ({"num_layers": 10**7}, "--layers 10000000"),
    ({"lengths": (10**9,)}, "--lengths"),
    ({"device": "meta", "num_layers": 10**6}, "--layers 1000000"),
    ({"device": "meta", "hidden_size": 10**19}, "--hidden-size 10000000000000000000"),
    ({"hidden_size": 10**400}, "--hidden-size 1000"),
]


@pytest.mark.usefixtures("eight_gib")
@pytest.mark.parametrize(("fields", "offender"), REFUSED)
def test_it_names_the_flag_that_is_to_blame(fields: dict[str, object], offender: str) -> None:
    from lstm_inspect.cli.options import spell_flag

    with pytest.raises(MemoryNeedError) as refused:
        refuse_too_large(LSTMSpec(**fields), predict=False, reference=True)  # type: ignore[arg-type]
    message = refused.value.message(spell_flag)
    assert message.startswith(offender)
    assert re.search(r"Try .*--predict|a smaller number", message)


@pytest.mark.usefixtures("eight_gib")
@pytest.mark.parametrize("fields", [{"num_layers": 10**8}, {"lengths": (10**9,)}, {"num_layers": 10**400}])
def test_a_report_too_long_to_tell_is_refused_too(fields: dict[str, object]) -> None:
    with pytest.raises(MemoryNeedError):
        refuse_too_large(LSTMSpec(**fields), predict=True, reference=False)  # type: ignore[arg-type]


@pytest.mark.usefixtures("eight_gib")
@pytest.mark.parametrize("way_out", [["--predict"], ["--device", "meta"]])
def test_the_ways_out_work(cli: Cli, way_out: list[str]) -> None:
    outcome = cli("shapes", "--hidden-size", "1000000", "--json", *way_out)
    assert outcome.status == 0
    assert outcome.document["tensors"][4]["predicted"] == [1, 3, 1_000_000]


def test_a_huge_spec_on_meta(cli: Cli) -> None:
    flags = ["--layers", "20", "--hidden-size", "65536", "--input-size", "65536", "--bidir", "--device", "meta"]
    outcome = cli("shapes", *flags, "--json")
    assert outcome.status == 0
    assert outcome.document["verified"] is True
    assert {check["kind"] for check in outcome.document["checks"]} == {"shape"}
    assert [tensor["actual"] for tensor in outcome.document["tensors"]] == [
        [5, 3, 65_536],
        *[[40, 3, 65_536]] * 2,
        [5, 3, 131_072],
        *[[40, 3, 65_536]] * 2,
    ]
    assert outcome.stderr == (
        "warning: the meta device holds no numbers: shapes are measured, values can't be checked there\n"
    )


def test_what_is_small_is_never_refused(monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    monkeypatch.setattr("lstm_inspect.verdict.guard.free_memory", lambda: 0)
    assert cli("shapes", "--predict", "--json").status == 0


def test_where_the_system_does_not_say_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstm_inspect.verdict.guard.free_memory", lambda: None)
    refuse_too_large(LSTMSpec(hidden_size=10**5), predict=False, reference=True)


def test_the_equations_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A float16 run that fits where its float64 oracle does not."""
    spec = LSTMSpec(dtype="float16", hidden_size=2000)
    monkeypatch.setattr("lstm_inspect.verdict.guard.free_memory", lambda: int(need(spec).bytes / 0.9) + 10)
    refuse_too_large(spec, predict=False, reference=False)
    with pytest.raises(MemoryNeedError):
        refuse_too_large(spec, predict=False, reference=True)
