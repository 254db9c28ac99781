"""The padded batch and the packed columns as grids of cells, their middle left out where they are long.

As ``rows`` they are what a drawing shows, as text or as a picture.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import EllipsisType
from typing import Final, Literal, TypeAlias

from lstm_inspect.theory.contract import Natural, Positive, record
from lstm_inspect.theory.packing import Packing, has_free_order
from lstm_inspect.theory.spec import LSTMSpec

MOST_SEQUENCES: Final = 12
MOST_STEPS: Final = 12

_EQUALS_NOTE: Final = "equally long sequences stand in the given order; torch may choose another"


@record()
class GridCell:
    """One cell of either grid: what one sequence has at one time step."""

    sequence: Natural  #: its number, as the lengths were given.
    time_step: Natural  #: from 0.
    row: Natural | None  #: the row of ``.data`` that it becomes; None if it is padding, which packing leaves out.


@record()
class PackedColumn:
    """One time step of a PackedSequence: the sequences that still run, longest first."""

    time_step: Natural  #: from 0.
    batch_size: Positive  #: how many sequences there are, its number in batch_sizes.
    cells: tuple[GridCell, ...]  #: those of them that are drawn, from the top.


@record()
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
    count, longest = len(packing.lengths), len(packing.batch_sizes)
    seq_len = packing.padded_steps // count  # more than the longest length if the batch is padded further
    places, steps, packed_steps = shown(count, most_sequences), shown(seq_len, most_steps), shown(longest, most_steps)
    order = tuple(None if place is None else packing.sorted_indices[place] for place in places)
    first_rows = tuple(accumulate(packing.batch_sizes[:-1], initial=0))  # of .data, by time step

    def cell(sequence: int, step: int) -> GridCell:
        valid = step < packing.lengths[sequence]
        return GridCell(sequence, step, first_rows[step] + packing.unsorted_indices[sequence] if valid else None)

    def column(step: int) -> PackedColumn:
        running = [sequence for sequence in _drawn(order) if step < packing.lengths[sequence]]
        return PackedColumn(step, packing.batch_sizes[step], tuple(cell(sequence, step) for sequence in running))

    return Grid(
        sequences=places,
        sorted_sequences=order,
        time_steps=steps,
        packed_steps=packed_steps,
        padded=tuple(tuple(cell(sequence, step) for step in _drawn(steps)) for sequence in _drawn(places)),
        packed=tuple(map(column, _drawn(packed_steps))),
        sequences_left_out=count - len(_drawn(places)),
        time_steps_left_out=seq_len - len(_drawn(steps)),
        packed_steps_left_out=longest - len(_drawn(packed_steps)),
    )


def _drawn(places: Sequence[int | None]) -> list[int]:
    return [place for place in places if place is not None]


Shown: TypeAlias = GridCell | int | EllipsisType | None
"""What stands in one place: a cell, a number, ``...`` where others are left out, None for nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a drawing; a gap stands for the sequences that are left out."""

    kind: Literal["time steps", "sequence", "gap", "batch sizes"]  #: what its places hold.
    name: str  #: at its beginning.
    places: tuple[Shown, ...]  #: one for each time step that is drawn.
    length: int | None = None  #: of its sequence, where that stands behind it.


def rows(packing: Packing, most_steps: int = MOST_STEPS, *, packed: bool) -> Iterator[Row]:
    """The rows of the padded batch, or those of the packed columns with batch_sizes under them.

    >>> from lstm_inspect.theory.packing import pack
    >>> [row.name for row in rows(pack((1, 2)), packed=True)]
    ['time step', 'sequence 1', 'sequence 0', 'batch_sizes']
    """
    picture = grid(packing, most_steps=most_steps)
    sequences, steps = picture.sequences, picture.time_steps
    if packed:
        sequences, steps = picture.sorted_sequences, picture.packed_steps
    groups = [column.cells for column in picture.packed] if packed else picture.padded
    cells = {(cell.sequence, cell.time_step): cell for group in groups for cell in group}
    yield Row("time steps", "time step", tuple(... if step is None else step for step in steps))
    for place, sequence in enumerate(sequences):
        if sequence is None:
            running = (step is not None and (not packed or packing.batch_sizes[step] > place) for step in steps)
            yield Row("gap", f"{picture.sequences_left_out:,} more", tuple(... if runs else None for runs in running))
            continue
        length = packing.lengths[sequence]
        more = ... if None in steps and (not packed or length > steps.index(None)) else None
        found = tuple(more if step is None else cells.get((sequence, step)) for step in steps)
        yield Row("sequence", f"sequence {sequence}", found, None if packed else length)
    if packed:
        sizes = tuple(... if step is None else packing.batch_sizes[step] for step in steps)
        yield Row("batch sizes", "batch_sizes", sizes)


def notes(spec: LSTMSpec) -> tuple[str, ...]:
    """What a drawing of the packed columns has to say in words."""
    return (_EQUALS_NOTE,) if has_free_order(spec) else ()


def data_row(spec: LSTMSpec, cell: GridCell) -> str | None:
    """The row of ``.data`` that a cell becomes and the place of input that it comes from; None where there is none.

    Among equally long sequences torch's own order is not known beforehand: there nothing is said.
    """
    if cell.row is None or has_free_order(spec):
        return None
    place = (cell.sequence, cell.time_step) if spec.batch_first else (cell.time_step, cell.sequence)
    return f"packed_input.data[{cell.row}] == input[{place[0]}, {place[1]}]"


def shown(count: int, most: int, tail: int | None = None) -> tuple[int | None, ...]:
    """The indices below count that are drawn in at most so many places, the gap in the middle being one of them.

    Args:
        count: how many there are.
        most: places, the gap's included.
        tail: indices behind the gap; about half of the places where left out.

    >>> shown(4, 5), shown(200, 5), shown(200, 6, tail=2)
    ((0, 1, 2, 3), (0, 1, None, 198, 199), (0, 1, 2, None, 198, 199))
    """
    if count <= most:
        return tuple(range(count))
    kept = max(2, most - 1)
    tail = kept // 2 if tail is None else tail
    return (*range(max(1, kept - tail)), None, *range(count - tail, count))
