"""The padded batch and the packed columns as text, their middle left out where they are long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.theory.batch_grid import MOST_SEQUENCES, Grid, GridCell, grid
from lstm_inspect.theory.cell_labels import Label
from lstm_inspect.theory.packing import Packing
from lstm_inspect.views import look
from lstm_inspect.views.look import Signs

Sign: TypeAlias = tuple[str, str]
"""What stands in any cell, and its style."""

_FEWEST_STEPS: Final = 3  # the first, the gap, the last
_NARROWEST: Final = 3  # characters from one time step to the next
_BESIDE: Final = 4  # blanks between two drawings that stand side by side


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a drawing: its name, its cells, what stands behind them."""

    name: str
    cells: Sequence[Sign] = ()
    after: str = ""


def drawing(packing: Packing) -> RenderableType:
    """Both drawings: side by side where the terminal has room for them, else one above the other."""
    return look.Fitted(lambda width, signs: Group(*_both(packing, width, signs)))


def padded_batch(packing: Packing, width: int, signs: Signs, *, label: Label | None = None) -> list[Text]:
    """The lines of the padded batch, one sequence per line, in the order in which the lengths were given.

    Args:
        packing: what is drawn.
        width: the most characters a line may take.
        signs: those of the terminal.
        label: what stands in a valid cell, instead of its sign.
    """
    rows = partial(_padded_rows, packing, signs, label or (lambda sequence, step: signs.valid))
    legend = Text() if label else Text.assemble((signs.valid, look.CELL), " valid   ")
    if packing.valid_steps < packing.padded_steps:
        legend += Text.assemble((signs.padded, look.FAINT), " padding   ")
    share = f"{packing.valid_steps:,} of {packing.padded_steps:,} valid"
    return [*_fitted(packing, width, rows), legend.append(share)]


def packed_columns(packing: Packing, width: int, signs: Signs, *, label: Label | None = None) -> list[Text]:
    """The lines of the packed columns, longest sequence first, with batch_sizes under them.

    Args:
        packing: what is drawn.
        width: the most characters a line may take.
        signs: those of the terminal.
        label: what stands in a cell, instead of its row of ``.data``.
    """
    rows = partial(_packed_rows, packing, signs, label)
    legend = [] if label else [Text(f"each cell: its row of .data, {packing.valid_steps:,} in all")]
    return [*_fitted(packing, width, rows), *legend]


def _both(packing: Packing, width: int, signs: Signs) -> list[Text]:
    left, right = padded_batch(packing, width, signs), packed_columns(packing, width, signs)
    room = max(len(line) for line in left) + _BESIDE
    if room + max(len(line) for line in right) > width:
        return [*left, Text(), *right]
    left.insert(-1, Text())  # beside batch_sizes
    return [Text.assemble(one, " " * (room - len(one)), other) for one, other in zip(left, right, strict=True)]


def _fitted(packing: Packing, width: int, rows: Callable[[Grid], Iterator[_Row]]) -> list[Text]:
    """The rows as lines, with as many time steps as the width has room for."""
    most = max(_FEWEST_STEPS, width // _NARROWEST)
    widest = list(rows(grid(packing, MOST_SEQUENCES, most)))
    name = max(len("batch_sizes"), *(len(row.name) for row in widest if row.cells))  # the two drawings stand in line
    after = max(len(row.after) for row in widest)
    pitch = max(_NARROWEST, 1 + max(len(sign) for row in widest for sign, _ in row.cells))
    fitting = max(_FEWEST_STEPS, (width - name - after) // pitch)
    return [_line(row, name, pitch) for row in rows(grid(packing, MOST_SEQUENCES, fitting))]


def _line(row: _Row, name: int, pitch: int) -> Text:
    if not row.cells:
        return Text(row.name, style=look.FAINT)
    text = Text(f"{row.name:<{name}}")
    for sign, style in row.cells:
        text.append(f"{sign:>{pitch}}", style=style)
    text.append(row.after, style=look.FAINT)
    text.rstrip()
    return text


def _padded_rows(packing: Packing, signs: Signs, label: Label, picture: Grid) -> Iterator[_Row]:
    after = max(len("length"), len(str(max(packing.lengths))))
    yield _Row("time step", _steps(picture.time_steps, signs), f"  {'length':>{after}}")
    rows = iter(picture.padded)
    for sequence in picture.sequences:
        if sequence is None:
            yield _gap(picture, signs)
            continue
        cells = (_padded_sign(cell, signs, label) for cell in next(rows))
        length = f"  {packing.lengths[sequence]:>{after}}"
        yield _Row(f"sequence {sequence}", _with_gap(cells, picture.time_steps, signs), length)


def _padded_sign(cell: GridCell, signs: Signs, label: Label) -> Sign:
    return (signs.padded, look.FAINT) if cell.row is None else (label(cell.sequence, cell.time_step), look.CELL)


def _packed_rows(packing: Packing, signs: Signs, label: Label | None, picture: Grid) -> Iterator[_Row]:
    yield _Row("time step", _steps(picture.packed_steps, signs))
    columns = [{cell.sequence: _packed_label(cell, label) for cell in column.cells} for column in picture.packed]
    for sequence in picture.sorted_sequences:
        if sequence is None:
            yield _gap(picture, signs)
            continue
        cells = ((column.get(sequence, ""), look.CELL) for column in columns)
        runs_on = packing.lengths[sequence] > _first_left_out(picture)
        more = signs.more if runs_on else ""
        yield _Row(f"sequence {sequence}", _with_gap(cells, picture.packed_steps, signs, more))
    sizes = ((str(column.batch_size), look.STATE) for column in picture.packed)
    yield _Row("batch_sizes", _with_gap(sizes, picture.packed_steps, signs))


def _packed_label(cell: GridCell, label: Label | None) -> str:
    return str(cell.row) if label is None else label(cell.sequence, cell.time_step)


def _first_left_out(picture: Grid) -> int:
    """The first time step that the packed columns' gap stands for."""
    return picture.packed_steps.index(None) if None in picture.packed_steps else 0


def _with_gap(cells: Iterator[Sign], steps: Sequence[int | None], signs: Signs, more: str | None = None) -> list[Sign]:
    gap = (signs.more if more is None else more, look.FAINT)
    return [gap if step is None else next(cells) for step in steps]


def _steps(steps: Sequence[int | None], signs: Signs) -> list[Sign]:
    return [(signs.more if step is None else str(step), look.FAINT) for step in steps]


def _gap(picture: Grid, signs: Signs) -> _Row:
    return _Row(f"{signs.more_down} {picture.sequences_left_out:,} more sequences")
