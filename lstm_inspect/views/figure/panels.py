"""The padded batch and the packed columns as parts of a picture, the same cells in two orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lstm_inspect.theory.batch_grid import Grid, GridCell, data_row, grid
from lstm_inspect.theory.packing import Packing
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.views.figure.scene import LINE, TYPES, Box, Item, Label, Meaning, Part, more

_CELL: Final = 0.28
_AIR: Final = 0.1
_GAP_ROW: Final = 0.2
_HEAD: Final = 2.6 * LINE  # the heading and the time steps


def panels(spec: LSTMSpec, packing: Packing) -> tuple[Part, Part]:
    """The padded batch, and the packed columns with batch_sizes under them."""
    picture = grid(packing)
    padded = {cell.sequence: cells for cells in picture.padded for cell in cells[:1]}
    packed: dict[int, list[GridCell]] = {}
    for column in picture.packed:
        for cell in column.cells:
            packed.setdefault(cell.sequence, []).append(cell)
    share = f"{packing.valid_steps:,} of {packing.padded_steps:,} cells valid"
    left = _Panel(f"padded batch: {share}", spec, packing, picture.sequences, picture.time_steps, padded, packed=False)
    right = _Panel(
        "packed columns: the valid cells alone",
        spec,
        packing,
        picture.sorted_sequences,
        picture.packed_steps,
        packed,
        packed=True,
    )
    return left.part(tuple(left.lengths())), right.part(tuple(right.batch_sizes(picture)))


@dataclass(frozen=True, slots=True)
class _Panel:
    heading: str
    spec: LSTMSpec
    packing: Packing
    sequences: Sequence[int | None]
    steps: Sequence[int | None]
    cells: Mapping[int, Sequence[GridCell]]
    packed: bool

    def part(self, more: tuple[Item, ...]) -> Part:
        items = (*self._heading(), *self._rows(), *more)
        width = max(item.x + item.width for item in items if isinstance(item, (Label, Box)))
        return Part(width, self._bottom() + 2 * LINE, items)

    @property
    def cell(self) -> float:
        """The width of a cell: the widest number fits."""
        widest = max(len(f"{self.packing.valid_steps - 1}"), len(f"{len(self.packing.lengths)}"))
        return max(_CELL, TYPES["count"].width("0" * widest) + 0.08)

    @property
    def start(self) -> float:
        """The left end of the cells."""
        named = [name for name in self.sequences if name is not None]
        return _AIR + max(map(TYPES["small"].width, ("batch_sizes", *(f"sequence {name}" for name in named))))

    def lengths(self) -> Iterator[Item]:
        """Each sequence's own length, behind its cells."""
        x = self.start + len(self.steps) * self.cell + _AIR
        yield Label(x, _HEAD - LINE * 0.6, "length", "small")
        for sequence, y in self._places():
            if sequence is None:
                yield more(x + _AIR / 2, y, down=True)
            else:
                yield Label(x, y, f"{self.packing.lengths[sequence]:,}", "small")

    def batch_sizes(self, picture: Grid) -> Iterator[Item]:
        """How many sequences still run, under each column."""
        y, sizes = self._bottom() + LINE * 0.6, iter(picture.packed)
        yield Label(self.start - _AIR, y, "batch_sizes", "small", "right")
        for step, x in self._columns():
            yield more(x, y) if step is None else Label(x, y, str(next(sizes).batch_size), "count", "center")

    def _heading(self) -> Iterator[Item]:
        above = _HEAD - 0.6 * LINE
        yield Label(0, LINE / 2, self.heading, "name")
        yield Label(self.start - _AIR, above, "time step", "small", "right")
        for step, x in self._columns():
            yield more(x, above) if step is None else Label(x, above, str(step), "number", "center")

    def _rows(self) -> Iterator[Item]:
        for sequence, y in self._places():
            if sequence is None:
                left_out = len(self.packing.lengths) - sum(name is not None for name in self.sequences)
                yield Label(self.start - _AIR, y, f"{left_out:,} more", "faint", "right")
                running = (x for step, x in self._columns() if self._runs(step))
                yield from (more(x, y, down=True) for x in running)
            else:
                yield Label(self.start - _AIR, y, f"sequence {sequence}", "small", "right")
                yield from self._row(sequence, y)

    def _runs(self, step: int | None) -> bool:
        """Whether some of the sequences that the gap stands for have a cell at a time step."""
        if not self.packed or step is None:
            return step is not None
        return self.packing.batch_sizes[step] > self.sequences.index(None)

    def _row(self, sequence: int, y: float) -> Iterator[Item]:
        cells = {cell.time_step: cell for cell in self.cells.get(sequence, ())}
        for step, x in self._columns():
            if step in cells:
                yield from self._cell(cells[step], x, y)
            elif step is None and self._goes_on(sequence):
                yield more(x, y)

    def _goes_on(self, sequence: int) -> bool:
        """Whether a sequence has cells in the gap: padded, always; packed, if it is long enough."""
        return not self.packed or self.packing.lengths[sequence] > self.steps.index(None)

    def _cell(self, cell: GridCell, x: float, y: float) -> Iterator[Item]:
        role, expression = "padding" if cell.row is None else "valid", data_row(self.spec, cell)
        meaning = Meaning(expression) if expression else None
        yield Box(x - self.cell / 2, y - _CELL / 2, self.cell, _CELL, role, meaning)
        if cell.row is not None:
            yield Label(x, y, str(cell.row), "cell", "center")

    def _columns(self) -> list[tuple[int | None, float]]:
        """Each time step and its centre."""
        return [(step, self.start + (place + 0.5) * self.cell) for place, step in enumerate(self.steps)]

    def _places(self) -> Iterator[tuple[int | None, float]]:
        """Each sequence and its centre."""
        y = _HEAD
        for sequence in self.sequences:
            height = _GAP_ROW if sequence is None else _CELL
            yield sequence, y + height / 2
            y += height

    def _bottom(self) -> float:
        return _HEAD + sum(_GAP_ROW if sequence is None else _CELL for sequence in self.sequences)
