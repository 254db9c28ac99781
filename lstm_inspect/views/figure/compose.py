"""A spec's whole picture: the calls, the unrolled stack, the legend and, with lengths, the batch padded and packed."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from lstm_inspect.theory import batch_grid, expressions, unrolled
from lstm_inspect.theory.packing import pack
from lstm_inspect.theory.shapes import format_tuple, tensors
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import state_row
from lstm_inspect.theory.words import plural, some
from lstm_inspect.views.figure import gates
from lstm_inspect.views.figure.panels import panels
from lstm_inspect.views.figure.scene import LINE, MARK, TYPES, Area, Item, Label, Part, Path, Scene, lines, moved
from lstm_inspect.views.figure.stack import stack

_MARGIN: Final = 0.25
_BETWEEN: Final = 0.2
_SWATCH: Final = 0.45
_LINE: Final = 1.5 * LINE
_NARROWEST: Final = 6.0
_MOST_LENGTHS: Final = 12
Entry: TypeAlias = tuple[Item, str]
"""A mark of the legend, its place being (0, 0), and what it means."""

_MEANINGS: Final = {
    "output": "the top layer's hidden state, every step",
    "output and hn": "the top layer's last computed step",
    "hn alone": "a lower layer's last computed step",
    "neither": "passed on inside, not returned",
}


def scene(
    spec: LSTMSpec, *, cell: bool = False, titled: bool = True, legend: bool = True, aspect: float | None = None
) -> Scene:
    """The picture of a spec's LSTM and, with lengths, of its packing; or of one cell. ``picture`` tells the rest."""
    if cell:
        words, calls = (gates.TITLE, gates.description(spec)), [expressions.constructor(spec)]
        parts = [gates.cell(spec)]
    else:
        words, calls = (title(spec), description(spec)), [*expressions.statements(spec)]
        batch = [] if spec.lengths is None else [_beside(*panels(spec, pack(spec.lengths, spec.seq_len)))]
        parts = [stack(spec), *batch]
    width = max(_NARROWEST, *(part.width for part in parts))
    if legend:
        parts.insert(1, gates.equations(spec) if cell else _legend(spec, width))
    if titled:
        parts.insert(0, _titled(words[0], calls, width))
    return _filled(parts, words, aspect)


def _filled(parts: Sequence[Part], words: tuple[str, str], aspect: float | None) -> Scene:
    """The parts under each other, in the middle of a ground of that shape."""
    items: list[Item] = []
    y = _MARGIN
    for part in parts:
        items += moved(part.items, _MARGIN, y)
        y += part.height + _BETWEEN
    width, height = max(part.width for part in parts) + 2 * _MARGIN, y - _BETWEEN + _MARGIN
    if aspect is None:
        return Scene(width, height, tuple(items), *words)
    wide, high = max(width, height * aspect), max(height, width / aspect)
    return Scene(wide, high, tuple(moved(items, (wide - width) / 2, (high - height) / 2)), *words)


def _beside(left: Part, right: Part) -> Part:
    x = left.width + 2 * _BETWEEN
    return Part(x + right.width, max(left.height, right.height), (*left.items, *moved(right.items, x, 0)))


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
    top = [state_row(spec, spec.num_layers - 1, direction) for direction in range(spec.num_directions)]
    sentences = [
        f"{expressions.constructor(spec)}.",
        "Layers are drawn upward, time steps to the right; input enters below, output leaves the top layer.",
        f"output {shapes['output']} holds the top layer's hidden state at every step.",
        f"hn {shapes['hn']} and cn {shapes['cn']} hold the last computed step of every layer and direction:",
        f"{'the right end going forward, the left end in reverse' if spec.bidirectional else 'the right end'}.",
        *(f"{state.hn} == {state.output}." for state in top),
    ]
    if spec.lengths is not None:
        packing = pack(spec.lengths, spec.seq_len)
        sentences += [
            f"Below, the padded batch of {plural(len(packing.lengths), 'sequence')} with {packing.valid_steps:,} of "
            f"{packing.padded_steps:,} cells valid, beside its packed columns, the longest sequence first.",
            f"lengths {some(packing.lengths, _MOST_LENGTHS)}; batch_sizes {some(packing.batch_sizes, _MOST_LENGTHS)}.",
        ]
    return " ".join(sentences)


def _titled(words: str, statements: Sequence[str], width: float) -> Part:
    calls = lines(statements, "call", 1.4 * LINE, width)
    return Part(width, (len(calls) + 2.2) * LINE, (Label(0, LINE / 2, words, "title"), *calls))


def _legend(spec: LSTMSpec, width: float) -> Part:
    """What every mark means, as many beside each other as there is room for, in columns; under them the notes."""
    columns = _columns(list(_entries(spec)), width)
    items: list[Item] = []
    x = 0.0
    for column in columns:
        for place, (swatch, text) in enumerate(column):
            y = (place + 0.5) * _LINE
            items += [*moved([swatch], x, y), Label(x + _SWATCH, y, text, "meaning")]
        x += _column_width(column)
    start = len(columns[0]) * _LINE
    notes = lines((*unrolled.notes(spec), *batch_grid.notes(spec)), "note", start + 0.2 * LINE, width)
    return Part(width, start + (len(notes) + 0.5) * LINE, (*items, *notes))


def _columns(entries: Sequence[Entry], width: float) -> list[Sequence[Entry]]:
    for height in range(1, len(entries)):
        columns = [entries[start : start + height] for start in range(0, len(entries), height)]
        if sum(map(_column_width, columns)) - _BETWEEN <= width:
            return columns
    return [entries]


def _column_width(column: Sequence[Entry]) -> float:
    return _SWATCH + max(TYPES["meaning"].width(text) for _, text in column) + _BETWEEN


def _entries(spec: LSTMSpec) -> Iterator[Entry]:
    drawn = {cell.kind for cell in unrolled.unroll(spec).cells}
    for name, meaning in _MEANINGS.items():
        if name in drawn:
            yield Area(0.2, 0, 0.8 * MARK, 0.8 * MARK, name), f"{name}: {meaning}"
    found = tensors(spec)
    for name in ("hn", "cn"):
        meaning = f"{name} {format_tuple(found[name].shape)}: {found[name].meaning}"
        yield Area(0.2, 0, 0.34, 0.16, name), meaning
    yield Path(((0.03, 0), (0.37, 0)), "equal"), "the same numbers in both places"
    if spec.lengths is not None:
        yield Area(0.2, 0, 0.22, 0.2, "valid"), "a valid cell and its row of packed_input.data"
        if min(spec.lengths) < spec.seq_len:
            yield Area(0.2, 0, 0.22, 0.2, "padding"), "padding, in no row of it"
