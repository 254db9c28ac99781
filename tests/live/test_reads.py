"""What a model reads: every wrong model is found with its own mistake and line, every right one is clean and told."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
import uses
from torch import Tensor, nn
from uses import Case

from lstm_inspect import inspect_model
from lstm_inspect.live.addresses import _expressions
from lstm_inspect.live.reads import Tracer, following
from lstm_inspect.live.report import ModelReport
from lstm_inspect.mistakes.read import Source

OPTIONS = [
    {"num_layers": layers, "bidirectional": both, "batch_first": first}
    for layers, both, first in product((1, 2), (False, True), (False, True))
]


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


class Says(nn.Module):
    """A model whose result is an expression over its LSTM's."""

    def __init__(self, expression: str, **options: Any) -> None:
        super().__init__()
        self.rnn = nn.LSTM(4, 6, **options)
        self.expression = expression

    def forward(self, x: Tensor) -> Any:
        output, (hn, cn) = self.rnn(x)
        lengths = torch.full((3,), 5)
        return eval(self.expression, {"torch": torch, "output": output, "hn": hn, "cn": cn, "lengths": lengths})


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_expression_that_torch_can_run_is_told(options: dict[str, Any]) -> None:
    x = torch.randn((3, 5, 4) if options["batch_first"] else (5, 3, 4))
    directions = 2 if options["bidirectional"] else 1
    source = Source("rnn", 0, "LSTM", options["num_layers"], directions, 6, 6, (5, 5, 5), options["batch_first"])
    told = []
    for expression in dict.fromkeys(_expressions(source)):
        model = Says(expression, **options)
        try:
            expected = model(x)
        except (RuntimeError, IndexError):
            continue
        with following(Tracer()) as tracer:
            model(x)
        told += [read.expression for read in tracer.reads]
        model.expression = str(told[-1])
        assert torch.equal(model(x).squeeze(), expected.squeeze()), expression
    assert len(told) >= 10
