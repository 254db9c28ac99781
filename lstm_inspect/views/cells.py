"""The rows of a PackedSequence's data, one by one."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from lstm_inspect.theory.cell_labels import Label
from lstm_inspect.theory.packing import Packing
from lstm_inspect.views import look

_MOST_STEPS = 12


def data_rows(packing: Packing, label: Label, width: int, *, whole: bool) -> list[Text]:
    """The rows of .data, a line a time step: which sequence and step each of them is."""
    most = len(packing.batch_sizes) if whole else _MOST_STEPS
    lines, start = [], 0
    for step, size in enumerate(packing.batch_sizes[:most]):
        cells = [label(sequence, step) for sequence in packing.row_sequence[start : start + size]]
        name = f"data[{start}:{start + size}]"
        lines.append(Text(f"{name:<13} ") + look.code(_cut(cells, width - 15, whole=whole), whole=True))
        start += size
    if len(packing.batch_sizes) > most:
        lines.append(look.sentence(f"{packing.valid_steps - start:,} more rows: --all shows them", look.FAINT))
    return lines


def _cut(cells: Sequence[str], room: int, *, whole: bool) -> str:
    fitting = max(1, room // (max(map(len, cells)) + 2) - 2)
    if whole or len(cells) <= fitting:
        return "  ".join(cells)
    return "  ".join([*cells[:fitting], f"... {len(cells) - fitting:,} more"])
