"""What a model reads: every wrong model is found with its own mistake and line, every right one is clean and told."""

from __future__ import annotations

import pytest
import uses
from uses import Case

from lstm_inspect import inspect_model
from lstm_inspect.live.report import ModelReport


def use(case: Case) -> ModelReport:
    return inspect_model(case.model(), *case.arguments())


@pytest.mark.parametrize("case", uses.WRONG, ids=lambda case: case.name)
def test_a_wrong_model_is_found_with_its_own_mistake_and_line(case: Case) -> None:
    found = use(case).mistakes
    assert [(each.id, each.file, each.line) for each in found] == [(case.id, uses.__file__, case.line)]
    assert found[0].module == "rnn"
    assert found[0].instead or case.id == "sequences-not-independent"


@pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")
@pytest.mark.parametrize("case", uses.RIGHT, ids=lambda case: case.name)
def test_a_right_model_is_clean_and_what_it_reads_is_told(case: Case) -> None:
    found = use(case)
    assert found.mistakes == ()
    assert found.not_traced is None
    assert found.alone is not None and found.alone.passed is not False
    told = " | ".join(f"{read.expression} | {read.words}" for read in found.reads)
    assert [said for said in case.says if said not in told] == [], told


def test_the_tables_are_as_long_as_they_should_be() -> None:
    assert len(uses.WRONG) >= 30
    assert len(uses.RIGHT) >= 30
