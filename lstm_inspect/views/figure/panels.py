"""The padded batch and the packed columns as parts of a picture, the same cells in two orders."""

from collections.abc import Iterable, Iterator
from typing import Final

from lstm_inspect.theory.batch_grid import data_row, grid
from lstm_inspect.theory.packing import Packing
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.views.batch import Row, Shown, rows
from lstm_inspect.views.figure.scene import LINE, TYPES, Area, Label, Meaning, Part, more

_CELL: Final = 0.28
_AIR: Final = 0.1
_HEAD: Final = 2.6 * LINE  # the heading and the time steps
_HEIGHTS: Final = {"sequence": _CELL, "gap": 0.2}
_OUTSIDE: Final = {"time steps": -0.6 * LINE, "batch sizes": 0.6 * LINE}  # above the cells and below them


def panels(spec: LSTMSpec, packing: Packing) -> tuple[Part, Part]:
    """The padded batch, and the packed columns with batch_sizes under them."""
    picture = grid(packing)
    share = f"padded batch: {packing.valid_steps:,} of {packing.padded_steps:,} cells valid"
    padded, packed = (rows(packing, picture, packed=packed) for packed in (False, True))
    return _panel(spec, packing, share, padded), _panel(spec, packing, "packed columns: the valid cells alone", packed)


def _panel(spec: LSTMSpec, packing: Packing, heading: str, found: Iterable[Row]) -> Part:
    placed = list(_with_centres(found))
    named = [row.name for row, _ in placed if row.kind != "gap"]
    start = _AIR + max(map(TYPES["small"].width, ("batch_sizes", *named)))
    digits = max(len(f"{packing.valid_steps - 1}"), len(f"{len(packing.lengths)}"))
    width = max(_CELL, TYPES["count"].width("0" * digits) + 0.08)
    items: list[Area | Label] = [Label(0, LINE / 2, heading, "name")]
    for row, y in placed:
        items.append(Label(start - _AIR, y, row.name, "faint" if row.kind == "gap" else "small", "right"))
        for place, shown in enumerate(row.places):
            items += _item(spec, row, shown, start + (place + 0.5) * width, y, width)
    if any(row.length for row, _ in placed):
        items += _lengths(placed, start + len(placed[0][0].places) * width + _AIR)
    right = max(item.x + item.width / (2 if isinstance(item, Area) else 1) for item in items)
    bottom = _HEAD + sum(_HEIGHTS.get(row.kind, 0) for row, _ in placed)
    return Part(right, bottom + 2 * LINE, tuple(items))


def _with_centres(found: Iterable[Row]) -> Iterator[tuple[Row, float]]:
    y = _HEAD
    for row in found:
        height = _HEIGHTS.get(row.kind, 0)
        yield row, y + height / 2 + _OUTSIDE.get(row.kind, 0)
        y += height


def _item(spec: LSTMSpec, row: Row, shown: Shown, x: float, y: float, width: float) -> Iterator[Area | Label]:
    if shown is None:
        return
    if shown is ...:
        yield more(x, y, down=row.kind == "gap")
    elif isinstance(shown, int):
        yield Label(x, y, str(shown), "number" if row.kind == "time steps" else "count", "center")
    else:
        role, expression = "padding" if shown.row is None else "valid", data_row(spec, shown)
        meaning = Meaning(expression) if expression else None
        yield Area(x, y, width, _CELL, role, meaning)
        if shown.row is not None:
            yield Label(x, y, str(shown.row), "cell", "center")


def _lengths(placed: Iterable[tuple[Row, float]], x: float) -> Iterator[Label]:
    for row, y in placed:
        if row.kind == "gap":
            yield more(x + _AIR / 2, y, down=True)
        else:
            yield Label(x, y, "length" if row.length is None else f"{row.length:,}", "small")
