"""The unrolled LSTM's cells held against torch: each expression is what the cell computes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from lstm_inspect.experiment.run import run
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.unrolled import Cell, Unrolled, steps, unroll

SPECS = [
    LSTMSpec(),
    LSTMSpec(num_layers=3, bidirectional=True),
    LSTMSpec(num_layers=2, bidirectional=True, batch_first=True, proj_size=7),
    LSTMSpec(num_layers=2, batch_size=None, bidirectional=True),
    LSTMSpec(seq_len=1, bidirectional=True),
    LSTMSpec(lengths=(4, 4, 4), bidirectional=True, total_length=6),
    LSTMSpec(lengths=(8, 9, 10), num_layers=2, bidirectional=True),
    LSTMSpec(lengths=(5, 3, 4), batch_first=True),
    LSTMSpec(lengths=(2, 1)),
]


def names(spec: LSTMSpec) -> dict[str, Any]:
    return {"torch": torch, **run(spec).tensors}


def wrong_states(picture: Unrolled, values: dict[str, Any]) -> list[Cell]:
    """The cells that are said to be a row of hn and hold something else."""
    states = [cell for cell in picture.cells if cell.is_state]
    return [c for c in states if not torch.equal(eval(c.expression or "", values), values["hn"][c.row])]


@pytest.mark.parametrize("spec", SPECS, ids=repr)
def test_every_row_of_hn_has_one_cell_that_holds_it(spec: LSTMSpec) -> None:
    picture = unroll(spec)
    rows = [cell.row for cell in picture.cells if cell.is_state]
    assert rows == list(range(spec.num_layers * spec.num_directions))
    assert wrong_states(picture, names(spec)) == []


def test_a_wrong_row_is_seen() -> None:
    spec = LSTMSpec(num_layers=2, bidirectional=True)
    picture = unroll(spec)
    swapped = {2: 3, 3: 2}
    cells = tuple(replace(cell, row=swapped.get(cell.row or 0, cell.row)) for cell in picture.cells)
    assert len(wrong_states(replace(picture, cells=cells), names(spec))) == 2


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.lengths is None], ids=repr)
def test_output_is_the_top_layers_cells_put_together(spec: LSTMSpec) -> None:
    values, time = names(spec), 1 if spec.batch_first and spec.batch_size is not None else 0
    output = [cell for cell in unroll(spec).cells if cell.is_output]
    assert {cell.layer for cell in output} == {spec.num_layers - 1}
    halves = [
        torch.stack([eval(cell.expression or "", values) for cell in output if cell.direction == direction], dim=time)
        for direction in spec.directions
    ]
    assert torch.equal(torch.cat(halves, dim=-1), values["output"])


def test_a_step_that_the_shortest_sequence_lacks_has_no_expression() -> None:
    cells = [cell for cell in unroll(LSTMSpec(lengths=(8, 9, 10))).cells if cell.label == "n-2"]
    assert [(cell.step, cell.is_output, cell.expression) for cell in cells] == [(None, True, None)]


@pytest.mark.parametrize("seq_len", [1, 2, 3, 9, 10, 11, 200, 10**9])
@pytest.mark.parametrize("most", [4, 10])
def test_steps_are_few_and_begin_and_end_where_they_should(seq_len: int, most: int) -> None:
    columns = steps(LSTMSpec(seq_len=seq_len), most)
    assert len(columns) <= most
    assert [step.time_step for step in columns if step.first] == [0]
    assert [step.time_step for step in columns if step.last] == [seq_len - 1]
    assert any(step.gap for step in columns) == (seq_len > most)


def test_what_is_left_out_is_counted() -> None:
    picture = unroll(LSTMSpec(seq_len=200, num_layers=100))
    assert picture.layers == (0, None, 98, 99)
    assert picture.layers_left_out == 97
    assert picture.steps_left_out == 200 - sum(not step.gap for step in picture.steps)
    assert unroll(LSTMSpec()).steps_left_out == unroll(LSTMSpec()).layers_left_out == 0
    assert unroll(LSTMSpec(lengths=(1, 2))).steps_left_out is None


def test_a_row_has_a_place_in_each_column() -> None:
    picture = unroll(LSTMSpec(seq_len=200, bidirectional=True), most_steps=5)
    labels = [[cell and cell.label for cell in picture.row(state)] for state in picture.states]
    assert labels == [["0", "1", None, "198", "199"]] * 2


def test_four_kinds() -> None:
    picture = unroll(LSTMSpec(num_layers=2))
    assert {cell.kind for cell in picture.cells} == {"output", "output and hn", "hn alone", "neither"}
