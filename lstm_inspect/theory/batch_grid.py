"""The padded batch and the packed columns as grids of cells, their middle left out where they are long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from lstm_inspect.theory.contract import Natural, Positive, written
from lstm_inspect.theory.packing import Packing, has_equals
from lstm_inspect.theory.spec import LSTMSpec

MOST_SEQUENCES: Final = 12
MOST_STEPS: Final = 12

_EQUALS_NOTE: Final = "equally long sequences stand in the given order; torch may choose another"


@written("sequence time_step row")
@dataclass(frozen=True, slots=True)
class GridCell:
    """One cell of either grid: what one sequence has at one time step."""

    sequence: Natural  #: its number, as the lengths were given.
    time_step: Natural  #: from 0.
    row: Natural | None  #: the row of ``.data`` that it becomes; None if it is padding, which packing leaves out.


@written("time_step batch_size cells")
@dataclass(frozen=True, slots=True)
class PackedColumn:
    """One time step of a PackedSequence: the sequences that still run, longest first."""

    time_step: Natural  #: from 0.
    batch_size: Positive  #: how many sequences there are, its number in batch_sizes.
    cells: tuple[GridCell, ...]  #: those of them that are drawn, from the top.


@written(
    "sequences sorted_sequences time_steps packed_steps padded packed"
    " sequences_left_out time_steps_left_out packed_steps_left_out"
)
@dataclass(frozen=True, slots=True)
class Grid:
    """The padded batch and its packed columns, as far as they are drawn; None stands for a gap."""

    #: the sequences of the padded batch, from the top, as the lengths were given.
    sequences: tuple[Natural | None, ...]
    sorted_sequences: tuple[Natural | None, ...]  #: the same for the packed columns, longest first.
    time_steps: tuple[Natural | None, ...]  #: those of the padded batch, from the left.
    packed_steps: tuple[Natural | None, ...]  #: those of the packed columns; a batch padded further has more.
    padded: tuple[tuple[GridCell, ...], ...]  #: the padded batch, sequence by sequence.
    packed: tuple[PackedColumn, ...]  #: the packed columns, from the left.
    sequences_left_out: Natural  #: how many sequences the gap stands for.
    time_steps_left_out: Natural  #: how many time steps of the padded batch the gap stands for.
    packed_steps_left_out: Natural  #: how many of the packed columns the gap stands for.


def grid(packing: Packing, most_sequences: int = MOST_SEQUENCES, most_steps: int = MOST_STEPS) -> Grid:
    """The grids of a packing, at most so many sequences and time steps of each, a gap counted as one.

    >>> from lstm_inspect.theory.packing import pack
    >>> [cell.row for cell in grid(pack((3, 1))).padded[1]]
    [1, None, None]
    """
    count, longest, seq_len = len(packing.lengths), len(packing.batch_sizes), _padded_length(packing)
    places = shown(count, most_sequences)
    steps, packed_steps = shown(seq_len, most_steps), shown(longest, most_steps)
    order = tuple(None if place is None else packing.sorted_indices[place] for place in places)
    starts = _first_rows(packing)
    return Grid(
        sequences=places,
        sorted_sequences=order,
        time_steps=steps,
        packed_steps=packed_steps,
        padded=tuple(_cells(packing, starts, [sequence], steps) for sequence in places if sequence is not None),
        packed=tuple(_column(packing, starts, order, step) for step in packed_steps if step is not None),
        sequences_left_out=_left_out(count, places),
        time_steps_left_out=_left_out(seq_len, steps),
        packed_steps_left_out=_left_out(longest, packed_steps),
    )


def notes(spec: LSTMSpec) -> tuple[str, ...]:
    """What a drawing of the packed columns has to say in words.

    >>> notes(LSTMSpec(lengths=(2, 3))), len(notes(LSTMSpec(lengths=(2, 2))))
    ((), 1)
    """
    free = spec.lengths is not None and has_equals(spec.lengths) and not spec.enforce_sorted
    return (_EQUALS_NOTE,) if free else ()


def data_row(spec: LSTMSpec, cell: GridCell) -> str | None:
    """The row of ``.data`` that a cell becomes and the place of input that it comes from; None where there is none.

    Among equally long sequences torch's own order is not known beforehand: there nothing is said.

    >>> data_row(LSTMSpec(lengths=(2, 3)), GridCell(sequence=1, time_step=2, row=4))
    'packed_input.data[4] == input[2, 1]'
    """
    assert spec.lengths is not None
    if cell.row is None or (has_equals(spec.lengths) and not spec.enforce_sorted):
        return None
    place = (cell.sequence, cell.time_step) if spec.batch_first else (cell.time_step, cell.sequence)
    return f"packed_input.data[{cell.row}] == input[{place[0]}, {place[1]}]"


def shown(count: int, most: int) -> tuple[int | None, ...]:
    """The indices below count that are drawn in at most so many places, the gap in the middle being one of them.

    >>> shown(4, 5), shown(200, 5)
    ((0, 1, 2, 3), (0, 1, None, 198, 199))
    """
    if count <= most:
        return tuple(range(count))
    kept = max(2, most - 1)
    tail = kept // 2
    return (*range(kept - tail), None, *range(count - tail, count))


def _first_rows(packing: Packing) -> tuple[int, ...]:
    """The row of ``.data`` that each time step starts at.

    >>> from lstm_inspect.theory.packing import pack
    >>> _first_rows(pack((4, 3, 2)))
    (0, 3, 6, 8)
    """
    return tuple(accumulate(packing.batch_sizes[:-1], initial=0))


def _padded_length(packing: Packing) -> int:
    """T of the padded batch: the longest length, or more if it is padded further.

    >>> from lstm_inspect.theory.packing import pack
    >>> _padded_length(pack((8, 9), seq_len=12))
    12
    """
    return packing.padded_steps // len(packing.lengths)


def _column(packing: Packing, starts: Sequence[int], order: Sequence[int | None], step: int) -> PackedColumn:
    running = [sequence for sequence in order if sequence is not None and packing.lengths[sequence] > step]
    return PackedColumn(step, packing.batch_sizes[step], _cells(packing, starts, running, [step]))


def _cells(
    packing: Packing, starts: Sequence[int], sequences: Sequence[int], steps: Sequence[int | None]
) -> tuple[GridCell, ...]:
    pairs = ((sequence, step) for sequence in sequences for step in steps if step is not None)
    return tuple(GridCell(sequence, step, _row(packing, starts, sequence, step)) for sequence, step in pairs)


def _row(packing: Packing, starts: Sequence[int], sequence: int, step: int) -> int | None:
    if step >= packing.lengths[sequence]:
        return None
    return starts[step] + packing.unsorted_indices[sequence]


def _left_out(count: int, places: Sequence[int | None]) -> int:
    return count - sum(place is not None for place in places)
