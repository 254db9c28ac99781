"""A spec's whole picture: the calls, the unrolled stack, the legend and, with lengths, the batch padded and packed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from lstm_inspect.theory import batch_grid, expressions, unrolled
from lstm_inspect.theory.batch_grid import MOST_SEQUENCES
from lstm_inspect.theory.packing import pack
from lstm_inspect.theory.shapes import format_tuple, tensors
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import StateRow, state_row
from lstm_inspect.theory.unrolled import kind
from lstm_inspect.theory.words import plural
from lstm_inspect.views.figure import gates
from lstm_inspect.views.figure.panels import panels
from lstm_inspect.views.figure.scene import LINE, TYPES, Box, Item, Label, Mark, Part, Path, Scene, moved
from lstm_inspect.views.figure.stack import stack

_MARGIN: Final = 0.25
_BETWEEN: Final = 0.2
_SWATCH: Final = 0.45
_LINE: Final = 1.5 * LINE
_NARROWEST: Final = 6.0
Entry: TypeAlias = tuple[Item, str]
"""A mark of the legend and what it means."""

_MEANINGS: Final = {
    kind(output=True, state=False): "the top layer's hidden state, every step",
    kind(output=True, state=True): "the top layer's last computed step",
    kind(output=False, state=True): "a lower layer's last computed step",
    kind(output=False, state=False): "passed on inside, not returned",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """What a picture consists of.

    Attributes:
        cell: the inside of one cell with its gates, rather than the unrolled stack.
        title, legend: whether they are there.
        aspect: width by height, to fill a slide; None: no larger than what is drawn.
    """

    cell: bool = False
    title: bool = True
    legend: bool = True
    aspect: float | None = None


WHOLE: Final = Layout()


def scene(spec: LSTMSpec, layout: Layout = WHOLE) -> Scene:
    """The picture of a spec's LSTM and, with lengths, of its packing; or of one cell."""
    parts = _cell_parts(spec, layout) if layout.cell else _parts(spec, layout)
    width = max(part.width for part in parts)
    items: list[Item] = []
    y = _MARGIN
    for part in parts:
        items += moved(part.items, _MARGIN, y)
        y += part.height + _BETWEEN
    words = (gates.TITLE, gates.description(spec)) if layout.cell else (title(spec), description(spec))
    return _filled(Scene(width + 2 * _MARGIN, y - _BETWEEN + _MARGIN, *words, tuple(items)), layout.aspect)


def _cell_parts(spec: LSTMSpec, layout: Layout) -> list[Part]:
    drawing = gates.cell(spec)
    header = [_titled(gates.TITLE, [expressions.constructor(spec)], drawing.width)] if layout.title else []
    return [*header, drawing, *([gates.equations(spec)] if layout.legend else [])]


def _filled(picture: Scene, aspect: float | None) -> Scene:
    """The same picture in the middle of a ground of that shape."""
    if aspect is None:
        return picture
    width, height = max(picture.width, picture.height * aspect), max(picture.height, picture.width / aspect)
    items = moved(picture.items, (width - picture.width) / 2, (height - picture.height) / 2)
    return replace(picture, width=width, height=height, items=tuple(items))


def _parts(spec: LSTMSpec, layout: Layout) -> list[Part]:
    drawing = stack(spec)
    batch = [] if spec.lengths is None else [_beside(*panels(spec, pack(spec.lengths, spec.seq_len)))]
    width = max(_NARROWEST, drawing.width, *(part.width for part in batch))
    header = [_titled(title(spec), expressions.statements(spec), width)] if layout.title else []
    return [*header, drawing, *([_legend(spec, width)] if layout.legend else []), *batch]


def title(spec: LSTMSpec) -> str:
    """The picture in a line.

    >>> title(LSTMSpec(num_layers=2, bidirectional=True))
    'An LSTM unrolled: 2 layers, 2 directions, 5 time steps'
    """
    time = plural(len(spec.lengths), "packed sequence") if spec.lengths else plural(spec.seq_len, "time step")
    return f"An LSTM unrolled: {plural(spec.num_layers, 'layer')}, {plural(spec.num_directions, 'direction')}, {time}"


def description(spec: LSTMSpec) -> str:
    """The picture told to somebody who does not see it."""
    shapes = {name: format_tuple(tensor.shape) for name, tensor in tensors(spec).items()}
    sentences = [
        f"{expressions.constructor(spec)}.",
        "Layers are drawn upward, time steps to the right; input enters below, output leaves the top layer.",
        f"output {shapes['output']} holds the top layer's hidden state at every step.",
        f"hn {shapes['hn']} and cn {shapes['cn']} hold the last computed step of every layer and direction:",
        f"{'the right end going forward, the left end in reverse' if spec.bidirectional else 'the right end'}.",
        *(f"{state.hn} == {state.output}." for state in _top_states(spec)),
    ]
    return " ".join([*sentences, *_packing_sentences(spec)])


def _packing_sentences(spec: LSTMSpec) -> list[str]:
    if spec.lengths is None:
        return []
    packing = pack(spec.lengths, spec.seq_len)
    return [
        f"Below, the padded batch of {plural(len(packing.lengths), 'sequence')} with {packing.valid_steps:,} of "
        f"{packing.padded_steps:,} cells valid, beside its packed columns, the longest sequence first.",
        f"lengths {_listed(packing.lengths)}; batch_sizes {_listed(packing.batch_sizes)}.",
    ]


def _listed(numbers: tuple[int, ...]) -> str:
    if len(numbers) <= MOST_SEQUENCES:
        return ", ".join(map(str, numbers))
    half = MOST_SEQUENCES // 2
    return f"{', '.join(map(str, numbers[:half]))}, and so on, {', '.join(map(str, numbers[-half:]))}"


def _top_states(spec: LSTMSpec) -> Iterator[StateRow]:
    return (state_row(spec, spec.num_layers - 1, direction) for direction in range(spec.num_directions))


def _titled(words: str, statements: Iterable[str], width: float) -> Part:
    """The title and, under it, the calls."""
    letters = int(width / TYPES["call"].width("0"))
    lines = [line for text in statements for line in textwrap.wrap(text, letters, subsequent_indent="    ")]
    labels = [Label(0, LINE / 2, words, "title")]
    labels += [Label(0, (place + 1.9) * LINE, line, "call") for place, line in enumerate(lines)]
    return Part(width, (len(lines) + 2.2) * LINE, tuple(labels))


def _legend(spec: LSTMSpec, width: float) -> Part:
    """What every mark means, as many beside each other as there is room for, in columns."""
    columns = _columns(list(_entries(spec)), width)
    items: list[Item] = []
    x = 0.0
    for column in columns:
        for place, (swatch, text) in enumerate(column):
            y = (place + 0.5) * _LINE
            items += moved([swatch], x, y)
            items.append(Label(x + _SWATCH, y, text, "meaning"))
        x += _column_width(column)
    start = len(columns[0]) * _LINE
    said = _notes(spec, width)
    items += [Label(0, start + (place + 0.7) * LINE, line, "note") for place, line in enumerate(said)]
    return Part(width, start + (len(said) + 0.5) * LINE, tuple(items))


def _notes(spec: LSTMSpec, width: float) -> list[str]:
    """What the picture says in words, line by line."""
    notes = *unrolled.notes(spec), *batch_grid.notes(spec)
    return [line for note in notes for line in textwrap.wrap(note, int(width / TYPES["note"].width("0")))]


def _columns(entries: list[Entry], width: float) -> list[list[Entry]]:
    """The entries in as many columns as there is room for."""
    for lines in range(1, len(entries)):
        columns = [entries[start : start + lines] for start in range(0, len(entries), lines)]
        if sum(map(_column_width, columns)) - _BETWEEN <= width:
            return columns
    return [entries]


def _column_width(column: list[Entry]) -> float:
    return _SWATCH + max(TYPES["meaning"].width(text) for _, text in column) + _BETWEEN


def _entries(spec: LSTMSpec) -> Iterator[Entry]:
    """Each mark, its place being (0, 0), and what it means."""
    drawn = {cell.kind for cell in unrolled.unroll(spec).cells}
    for name, meaning in _MEANINGS.items():
        if name in drawn:
            yield Mark(0.2, 0, name, size=0.8), f"{name}: {meaning}"
    meanings = {name: f"{format_tuple(tensor.shape)}: {tensor.meaning}" for name, tensor in tensors(spec).items()}
    for name in ("hn", "cn"):
        yield Box(0.03, -0.08, 0.34, 0.16, name), f"{name} {meanings[name]}"
    yield Path(((0.03, 0), (0.37, 0)), "equal"), "the same numbers in both places"
    if spec.lengths is not None:
        yield Box(0.09, -0.1, 0.22, 0.2, "valid"), "a valid cell and its row of packed_input.data"
        if min(spec.lengths) < spec.seq_len:
            yield Box(0.09, -0.1, 0.22, 0.2, "padding"), "padding, in no row of it"


def _beside(left: Part, right: Part) -> Part:
    x = left.width + 2 * _BETWEEN
    return replace(
        left,
        width=x + right.width,
        height=max(left.height, right.height),
        items=(*left.items, *moved(right.items, x, 0)),
    )
