"""The padded batch and the packed columns as parts of a picture, the same cells in two orders."""

from collections.abc import Iterator
from typing import Final

from lstm_inspect.theory.batch_grid import Row, Shown, data_row, rows
from lstm_inspect.theory.packing import Packing
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.views.figure.scene import LINE, TYPES, Area, Label, Meaning, Part, more

_CELL: Final = 0.28
_AIR: Final = 0.1
_HEAD: Final = 2.6 * LINE  # the heading and the time steps
_HEIGHTS: Final = {"sequence": _CELL, "gap": 0.2}
_OUTSIDE: Final = {"time steps": -0.6 * LINE, "batch sizes": 0.6 * LINE}  # above the cells and below them


def panels(spec: LSTMSpec, packing: Packing) -> tuple[Part, Part]:
    """The padded batch, and the packed columns with batch_sizes under them."""
    share = f"padded batch: {packing.valid_steps:,} of {packing.padded_steps:,} cells valid"
    packed = _panel(spec, packing, "packed columns: the valid cells alone", packed=True)
    return _panel(spec, packing, share, packed=False), packed


def _panel(spec: LSTMSpec, packing: Packing, heading: str, *, packed: bool) -> Part:
    found = list(rows(packing, packed=packed))
    names = [row.name for row in found if row.kind != "gap"]
    start = _AIR + max(map(TYPES["small"].width, ("batch_sizes", *names)))
    digits = max(len(f"{packing.valid_steps - 1}"), len(f"{len(packing.lengths)}"))
    width = max(_CELL, TYPES["count"].width("0" * digits) + 0.08)
    end, top = start + len(found[0].places) * width + _AIR, _HEAD
    items: list[Area | Label] = [Label(0, LINE / 2, heading, "name")]
    for row in found:
        height, gap = _HEIGHTS.get(row.kind, 0), row.kind == "gap"
        y = top + height / 2 + _OUTSIDE.get(row.kind, 0)
        items.append(Label(start - _AIR, y, row.name, "faint" if gap else "small", "right"))
        for place, shown in enumerate(row.places):
            items += _item(spec, row, shown, start + (place + 0.5) * width, y, width)
        if not packed:
            length = "length" if row.length is None else f"{row.length:,}"
            items.append(more(end + _AIR / 2, y, down=True) if gap else Label(end, y, length, "small"))
        top += height
    right = max(item.x + item.width / (2 if isinstance(item, Area) else 1) for item in items)
    return Part(right, top + 2 * LINE, tuple(items))


def _item(spec: LSTMSpec, row: Row, shown: Shown, x: float, y: float, width: float) -> Iterator[Area | Label]:
    if shown is ...:
        yield more(x, y, down=row.kind == "gap")
    elif isinstance(shown, int):
        yield Label(x, y, str(shown), "number" if row.kind == "time steps" else "count", "center")
    elif shown is not None:
        expression = data_row(spec, shown)
        meaning = Meaning(expression) if expression else None
        yield Area(x, y, width, _CELL, "padding" if shown.row is None else "valid", meaning)
        if shown.row is not None:
            yield Label(x, y, str(shown.row), "cell", "center")
