"""The padded batch and the packed columns row by row: what a drawing of them shows, as text or as a picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import EllipsisType
from typing import Literal, TypeAlias

from lstm_inspect.theory.batch_grid import MOST_STEPS, GridCell, grid
from lstm_inspect.theory.packing import Packing

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
    sequences = picture.sorted_sequences if packed else picture.sequences
    steps = picture.packed_steps if packed else picture.time_steps
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
