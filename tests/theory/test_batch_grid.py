"""The grids held against torch's own packing of a batch whose cells say where they come from."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence

from lstm_inspect.theory.batch_grid import Grid, GridCell, data_row, grid, shown
from lstm_inspect.theory.packing import pack
from lstm_inspect.theory.spec import LSTMSpec

WHOLE = 1000
LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=9)


def by_torch(lengths: list[int]) -> dict[tuple[int, int], int]:
    """(sequence, time step) -> row of ``.data``, as torch packs it."""
    origin = torch.cartesian_prod(torch.arange(len(lengths)), torch.arange(max(lengths)))
    batch = origin.view(len(lengths), max(lengths), 2)
    packed = pack_padded_sequence(batch, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    return {(sequence, step): row for row, (sequence, step) in enumerate(packed.data.tolist())}


def padded_rows(picture: Grid) -> dict[tuple[int, int], int]:
    cells = [cell for line in picture.padded for cell in line]
    return {(cell.sequence, cell.time_step): cell.row for cell in cells if cell.row is not None}


def packed_rows(picture: Grid) -> dict[tuple[int, int], int | None]:
    cells = [cell for column in picture.packed for cell in column.cells]
    return {(cell.sequence, cell.time_step): cell.row for cell in cells}


@given(LENGTHS)
def test_every_cell_has_the_row_that_torch_gives_it(lengths: list[int]) -> None:
    picture, rows = grid(pack(lengths), WHOLE, WHOLE), by_torch(lengths)
    assert padded_rows(picture) == rows
    assert packed_rows(picture) == rows


def test_a_wrong_row_is_seen() -> None:
    assert padded_rows(grid(pack((3, 2)), WHOLE, WHOLE)) != by_torch([2, 3])


@given(LENGTHS, st.integers(3, 6), st.integers(3, 6))
def test_what_is_left_out_changes_nothing_of_what_is_drawn(lengths: list[int], sequences: int, steps: int) -> None:
    picture, rows = grid(pack(lengths), sequences, steps), by_torch(lengths)
    assert padded_rows(picture).items() <= rows.items()
    assert packed_rows(picture).items() <= rows.items()
    assert len(picture.sequences) <= sequences
    assert max(len(picture.time_steps), len(picture.packed_steps)) <= steps
    drawn = sum(sequence is not None for sequence in picture.sequences)
    assert drawn + picture.sequences_left_out == len(lengths)


def test_a_column_is_the_sequences_that_still_run_longest_first() -> None:
    picture = grid(pack((8, 9, 10)), WHOLE, WHOLE)
    assert [[cell.sequence for cell in column.cells] for column in picture.packed[7:]] == [[2, 1, 0], [2, 1], [2]]
    assert [column.batch_size for column in picture.packed] == [3, 3, 3, 3, 3, 3, 3, 3, 2, 1]


def test_a_batch_padded_further_has_more_steps_than_its_packed_columns() -> None:
    picture = grid(pack((3, 1), seq_len=6), WHOLE, WHOLE)
    assert picture.time_steps == (0, 1, 2, 3, 4, 5)
    assert picture.packed_steps == (0, 1, 2)
    assert [cell.row for cell in picture.padded[0]] == [0, 2, 3, None, None, None]


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [
        (1, 3, (0,)),
        (3, 3, (0, 1, 2)),
        (4, 3, (0, None, 3)),
        (4, 1, (0, None, 3)),
        (200, 6, (0, 1, 2, None, 198, 199)),
    ],
)
def test_the_middle_is_left_out(count: int, most: int, expected: tuple[int | None, ...]) -> None:
    assert shown(count, most) == expected


@pytest.mark.parametrize(
    ("spec", "row", "said"),
    [
        (LSTMSpec(lengths=(2, 3)), 4, "packed_input.data[4] == input[2, 1]"),
        (LSTMSpec(lengths=(2, 3), batch_first=True), 4, "packed_input.data[4] == input[1, 2]"),
        (LSTMSpec(lengths=(3, 3)), 4, None),  # torch's own order of equals is not known beforehand
        (LSTMSpec(lengths=(2, 3)), None, None),  # padding
    ],
)
def test_where_a_row_comes_from(spec: LSTMSpec, row: int | None, said: str | None) -> None:
    assert data_row(spec, GridCell(sequence=1, time_step=2, row=row)) == said
