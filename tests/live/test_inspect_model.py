"""inspect_model: the one line for a unit test, and the page that its failure shows."""

from __future__ import annotations

import random
import warnings
from typing import Any, cast

import jsonschema
import pytest
import torch
import uses
from _pytest._io.saferepr import saferepr
from torch import nn

from lstm_inspect import inspect_model, watch
from lstm_inspect.errors import CallError
from lstm_inspect.theory.contract import json_schema

LAST, RIGHT = uses.WRONG[0], next(case for case in uses.RIGHT if case.name == "right_both_directions")


def test_the_one_line_of_a_unit_test() -> None:
    assert not inspect_model(RIGHT.model(), *RIGHT.arguments()).mistakes
    mistakes = inspect_model(LAST.model(), *LAST.arguments()).mistakes
    with pytest.raises(AssertionError):
        assert not mistakes
    shown = saferepr(mistakes, maxsize=400)
    assert f"uses.py:{LAST.line}: error last-step-bidirectional: output[:, -1] is the last step of output" in shown
    assert "write torch.cat((hn[-2], hn[-1]), dim=-1)" in shown


def test_the_model_is_as_it_was() -> None:
    model = LAST.model().train()
    torch.manual_seed(5)
    before = torch.get_rng_state(), random.getstate(), [sorted(vars(module)) for module in model.modules()]
    inspect_model(model, *LAST.arguments())
    torch.manual_seed(5)
    after = torch.get_rng_state(), random.getstate(), [sorted(vars(module)) for module in model.modules()]
    assert torch.equal(before[0], after[0]) and before[1:] == after[1:]
    assert all(module.training for module in model.modules())
    assert torch.is_grad_enabled()
    assert all(weight.grad is None for weight in model.parameters())


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(CallError, match="model is a int"):
        inspect_model(cast(Any, 3))


def test_the_page_and_the_document() -> None:
    report = inspect_model(LAST.model(), *LAST.arguments())
    jsonschema.validate(report.to_dict(), json_schema())
    page = report.page(80)
    assert f"✗ fc (linear, uses.py:{LAST.line}) reads output[:, -1] of rnn, (3, 12)" in page
    assert page.endswith(f"Wrong: last-step-bidirectional, uses.py:{LAST.line}.\n") or "Wrong: last-step" in page
    right = inspect_model(RIGHT.model(), *RIGHT.arguments()).page(100)
    verdict = "fc reads the final state of each sequence, both directions; each sequence alone gives the same result."
    assert verdict in " ".join(right.split())


def test_watch_says_what_is_read_of_each_call() -> None:
    model = LAST.model()
    with watch(model) as calls:
        model(*LAST.arguments())
    assert [read.expression for read in calls[0].reads] == ["output[:, -1]"]
    assert [finding.id for finding in calls.mistakes] == ["last-step-bidirectional"]
    with watch(model, reads=False) as calls:
        model(*LAST.arguments())
    assert (calls[0].reads, tuple(calls.mistakes)) == ((), ())


def test_what_is_not_followed_is_said() -> None:
    with warnings.catch_warnings(action="ignore"):  # torch 2.13 calls TorchScript deprecated
        scripted = torch.jit.script(nn.Linear(2 * uses.H, 2))
    model = LAST.model()
    model.fc = cast(Any, scripted)
    report = inspect_model(model, *LAST.arguments())
    assert report.not_traced == "fc is TorchScript, whose operations can't be seen"
    assert report.mistakes == ()
    assert "Not everything that is read was followed." in report.page(80)


class _Tuple(nn.Module):
    """Returns its final state beside what is made of every step."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(4, 6)
        self.fc = nn.Linear(6, 2)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        output, (hn, cn) = self.lstm(x)
        return self.fc(output), hn, cn


def test_what_was_looked_at_is_one_sentence() -> None:
    told = " ".join(str(inspect_model(_Tuple(), torch.randn(5, 3, 4))).split())
    assert told.endswith(
        "fc reads every step of each sequence; the model returns the final state of each sequence; "
        "and 1 more read; each sequence alone gives the same result."
    )


def test_a_small_model_runs_on_one_thread_and_a_large_one_on_torchs_own() -> None:
    seen: list[int] = []

    class Threads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lazy, self.lstm = nn.LazyLinear(4), nn.LSTM(4, 8)

        def forward(self, input: torch.Tensor) -> torch.Tensor:
            seen.append(torch.get_num_threads())
            output: torch.Tensor = self.lstm(self.lazy(input[:3, :2]))[0]
            return output

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        for size, threads in ((7, 1), (300_000, 3)):
            seen.clear()
            inspect_model(Threads(), torch.zeros(size, 2, 4))
            assert set(seen) == {threads}
            assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
