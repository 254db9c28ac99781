"""The padded batch and the packed columns as text, their middle left out where they are long."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.theory.batch_grid import Row, Shown, rows
from lstm_inspect.theory.cell_labels import Label
from lstm_inspect.theory.packing import Packing
from lstm_inspect.views import look

Sign: TypeAlias = tuple[str, str]
"""What stands in any place, and its style."""

_FEWEST_STEPS: Final = 3  # the first, the gap, the last
_NARROWEST: Final = 3  # characters from one time step to the next
_BESIDE: Final = 4  # blanks between two drawings that stand side by side
_STYLES: Final = {"time steps": look.FAINT, "sequence": look.CELL, "batch sizes": look.STATE}


def drawing(packing: Packing) -> RenderableType:
    """Both drawings: side by side where the terminal has room for them, else one above the other."""
    return look.Fitted(lambda width, signs: Group(*_both(packing, width, signs)))


def _both(packing: Packing, width: int, signs: look.Signs) -> list[Text]:
    left, right = padded_batch(packing, width, signs), packed_columns(packing, width, signs)
    room = max(len(line) for line in left) + _BESIDE
    if room + max(len(line) for line in right) > width:
        return [*left, Text(), *right]
    left.insert(-1, Text())  # beside batch_sizes
    return [Text.assemble(one, " " * (room - len(one)), other) for one, other in zip(left, right, strict=True)]


def padded_batch(packing: Packing, width: int, signs: look.Signs, label: Label | None = None) -> list[Text]:
    """The lines of the padded batch, a sequence a line in the given order; a label stands in place of a cell's sign."""
    legend = Text() if label else Text.assemble((signs.valid, look.CELL), " valid   ")
    if packing.valid_steps < packing.padded_steps:
        legend += Text.assemble((signs.padded, look.FAINT), " padding   ")
    legend.append(f"{packing.valid_steps:,} of {packing.padded_steps:,} valid")
    return [*_lines(packing, width, signs, label or (lambda sequence, step: signs.valid)), legend]


def packed_columns(packing: Packing, width: int, signs: look.Signs, label: Label | None = None) -> list[Text]:
    """The lines of the packed columns, the longest sequence first; a label stands in place of a cell's row of .data."""
    legend = [] if label else [Text(f"each cell: its row of .data, {packing.valid_steps:,} in all")]
    return [*_lines(packing, width, signs, label, packed=True), *legend]


def _lines(packing: Packing, width: int, signs: look.Signs, label: Label | None, *, packed: bool = False) -> list[Text]:
    """The rows as lines, with as many time steps as the width has room for."""

    def found(most: int) -> Iterator[tuple[Row, list[Sign]]]:
        for row in rows(packing, max(_FEWEST_STEPS, most), packed=packed):
            yield row, [_sign(place, _STYLES.get(row.kind, ""), signs, label) for place in row.places]

    widest = [(row, cells) for row, cells in found(width // _NARROWEST) if row.kind != "gap"]
    name = max(len("batch_sizes"), *(len(row.name) for row, _ in widest))  # the two drawings stand in line
    pitch = max(_NARROWEST, 1 + max(cell_len(sign) for _, cells in widest for sign, _ in cells))
    after = 0 if packed else 2 + max(len("length"), len(str(max(packing.lengths))))
    return [_line(row, cells, signs, name, pitch, after) for row, cells in found((width - name - after) // pitch)]


def _line(row: Row, cells: Sequence[Sign], signs: look.Signs, name: int, pitch: int, after: int) -> Text:
    if row.kind == "gap":
        return Text(f"{signs.more_down} {row.name} sequences", style=look.FAINT)
    line = Text.assemble(
        f"{row.name:<{name}}", *((" " * (pitch - cell_len(sign)) + sign, style) for sign, style in cells)
    )
    if after:
        line.append(f"{'length' if row.length is None else row.length:>{after}}", style=look.FAINT)
    line.rstrip()
    return line


def _sign(place: Shown, style: str, signs: look.Signs, label: Label | None) -> Sign:
    if place is None or isinstance(place, int):
        return "" if place is None else str(place), style
    if place is ... or place.row is None:
        return signs.more if place is ... else signs.padded, look.FAINT
    return str(place.row) if label is None else label(place.sequence, place.time_step), style
