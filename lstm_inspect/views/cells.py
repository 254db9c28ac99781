"""The cells of a batch of sequences: padded, a row a sequence, and packed, columns that shrink."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from lstm_inspect.theory.cells import Label
from lstm_inspect.theory.packing import Packing
from lstm_inspect.views import look
from lstm_inspect.views.look import Signs

_MOST_SEQUENCES = 12
_MOST_STEPS = 12
_NAME = 11
_GAP = -1


def padded_batch(packing: Packing, seq_len: int, label: Label, width: int, signs: Signs) -> list[Text]:
    """A row a sequence in the given order, a column a time step; valid and padded cells told apart.

    Args:
        packing: of the sequences.
        seq_len: T, the columns.
        label: what stands in a valid cell.
        width: characters that a line may take; the middle of a wider drawing is left out.
        signs: of the terminal.
    """
    sequences = _shortened(len(packing.lengths), _MOST_SEQUENCES)
    names = ["sequence", *(signs.more_down if sequence == _GAP else str(sequence) for sequence in sequences)]
    longest = max(packing.lengths)
    steps, size = _fitting(seq_len, longest, [s for s in sequences if s != _GAP], packing.lengths, label, width - 24)
    lines = [_line(names[0], [_step_name(step, signs) for step in steps], size, "length", look.FAINT)]
    for name, sequence in zip(names[1:], sequences, strict=True):
        if sequence == _GAP:
            lines.append(Text(name, style=look.FAINT))
            continue
        length = packing.lengths[sequence]
        cells = [_cell(sequence, step, length, label, signs) for step in steps]
        lines.append(_line(name, cells, size, str(length)))
    return lines


def packed_columns(packing: Packing, label: Label, width: int, signs: Signs) -> list[Text]:
    """A column a time step, in it the sequences that still run, longest first; batch_sizes under them."""
    places = _shortened(len(packing.lengths), _MOST_SEQUENCES)
    shown = [packing.sorted_indices[place] for place in places if place != _GAP]
    steps, size = _fitting(len(packing.batch_sizes), max(packing.lengths), shown, packing.lengths, label, width - 16)
    lines = [_line("time step", [_step_name(step, signs) for step in steps], size, "", look.FAINT)]
    for place in places:
        if place == _GAP:
            lines.append(Text(signs.more_down, style=look.FAINT))
            continue
        sequence = packing.sorted_indices[place]
        cells = [_running(sequence, step, packing.lengths[sequence], label, signs) for step in steps]
        lines.append(_line(_sequence_name(sequence), cells, size, ""))
    counts = [(signs.more if step == _GAP else str(packing.batch_sizes[step]), "") for step in steps]
    lines.append(_line("batch_sizes", counts, size, ""))
    return lines


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


def _cell(sequence: int, step: int, length: int, label: Label, signs: Signs) -> tuple[str, str]:
    if step == _GAP:
        return signs.more, look.FAINT
    return (label(sequence, step), look.CODE) if step < length else (signs.padded, look.FAINT)


def _running(sequence: int, step: int, length: int, label: Label, signs: Signs) -> tuple[str, str]:
    if step == _GAP:
        return signs.more, look.FAINT
    return (label(sequence, step), look.CODE) if step < length else ("", "")


def _sequence_name(sequence: int) -> str:
    name = f"sequence {sequence}"
    return name if len(name) <= _NAME else f"seq {sequence}"


def _step_name(step: int, signs: Signs) -> tuple[str, str]:
    return (signs.more if step == _GAP else f"t={step}", look.FAINT)


def _line(name: str, cells: Sequence[tuple[str, str]], size: int, end: str, style: str = "") -> Text:
    text = Text(f"{name:<{_NAME}} ", style=style)
    for sign, cell_style in cells:
        text.append(f"{sign:<{size}} ", style=cell_style)
    text.append(f" {end}", style=look.FAINT)
    text.rstrip()
    return text


def _shortened(count: int, most: int) -> list[int]:
    """The first and the last indices, with a gap between them where there are too many."""
    if count <= most:
        return list(range(count))
    end = most // 3
    return [*range(most - end - 1), _GAP, *range(count - end, count)]


def _fitting(
    columns: int, longest: int, sequences: Sequence[int], lengths: Sequence[int], label: Label, room: int
) -> tuple[list[int], int]:
    """The time steps that fit into so many characters, and the characters of a cell."""
    size = max(
        [len(f"t={columns - 1}"), *(len(label(s, step)) for s in sequences for step in {0, lengths[s] - 1})],
    )
    return _shortened(columns, max(3, room // (size + 1))), size
