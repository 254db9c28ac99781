"""The inside of one cell as parts of a picture: its four gates, and the way of c and h through them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from lstm_inspect.theory.expressions import cell_step
from lstm_inspect.theory.parameters import Gate, gates
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.views.figure.scene import LINE, TYPES, Box, Item, Label, Mark, Meaning, Part, Path, Point

TITLE: Final = "Inside one LSTM cell: one layer, one direction, one time step"

_WIDTH: Final = 8.2
_STATE, _HIDDEN, _GATES, _BUS = (
    0.55,
    1.65,
    2.3,
    2.95,
)  # the heights of c's line, of o's product, of the gates, of x and h
_FRAME: Final = (1.1, 6.3)  # the cell's left and right edge
_GATE_X: Final = {"f": 1.9, "i": 3.0, "g": 4.2, "o": 5.0}
_GATE: Final = (0.66, 0.36)
_SUM, _OUT = 3.6, 5.8  # where c's two parts meet; where h branches off c
_NODE: Final = 0.14  # a node's radius
_FUNCTION: Final = {"f": "sigmoid", "i": "sigmoid", "g": "tanh", "o": "sigmoid"}
_WORDS: Final = (
    "c runs along the top: the forget gate f keeps part of the old c, the input gate i lets part of the candidate g "
    "in. The output gate o shows part of tanh(c) as h. All four gates read the step's input x and the last step's h."
)


def description(spec: LSTMSpec) -> str:
    """The picture told to somebody who does not see it."""
    rows = "; ".join(f"{gate.letter}, the {gate.name}: rows {gate.start} to {gate.stop}" for gate in gates(spec))
    return f"{_WORDS} Rows of weight_ih, weight_hh and the biases: {rows}. {'; '.join(cell_step(spec))}."


def cell(spec: LSTMSpec) -> Part:
    """The drawing of one cell."""
    left, right = _FRAME
    frame = Box(left, 0.1, right - left, _BUS + 0.15, "band")
    items = (frame, *_arrows(spec), *_nodes(), *_gates(spec), *_ends(spec))
    return Part(_WIDTH, _BUS + 0.75, items)


def _gates(spec: LSTMSpec) -> Iterator[Item]:
    width, height = _GATE
    for gate in gates(spec):
        x = _GATE_X[gate.letter]
        role = "candidate" if gate.letter == "g" else "gate"
        yield Box(x - width / 2, _GATES - height / 2, width, height, role, _rows(gate))
        yield Label(x, _GATES - 0.07, gate.letter, "gate", "center")
        yield Label(x, _GATES + 0.09, _FUNCTION[gate.letter], "cell", "center")
    if spec.proj_size:
        yield Box(_OUT - 0.33, _GATES - 0.14, 0.66, 0.28, "hn", Meaning("lstm.weight_hr_l0"))
        yield Label(_OUT, _GATES, "weight_hr", "number", "center")


def _rows(gate: Gate) -> Meaning:
    return Meaning(f"lstm.{gate.of('weight_ih_l0')}")


def _nodes() -> Iterator[Item]:
    product, total = "×", "+"
    places = ((_GATE_X["f"], _STATE, product), (_SUM, _STATE, total), (_SUM, 1.3, product), (_OUT, _HIDDEN, product))
    for x, y, sign in places:
        yield Mark(x, y, "neither")
        yield Label(x, y, sign, "name", "center")
    yield Box(_OUT - 0.25, 1.0 - 0.12, 0.5, 0.24, "hn")
    yield Label(_OUT, 1.0, "tanh", "tag", "center")


def _arrows(spec: LSTMSpec) -> Iterator[Item]:
    up, down = _GATES - _GATE[1] / 2, _GATES + _GATE[1] / 2
    forget, enter, candidate, show = (_GATE_X[letter] for letter in "figo")
    yield from _flow((0.55, _STATE), (forget - _NODE, _STATE))
    yield from _flow((forget + _NODE, _STATE), (_SUM - _NODE, _STATE))
    yield from _flow((_SUM + _NODE, _STATE), (6.75, _STATE))
    yield from _flow((forget, up), (forget, _STATE + _NODE))
    yield from _flow((enter, up), (enter, 1.3), (_SUM - _NODE, 1.3))
    yield from _flow((candidate, up), (candidate, 1.3), (_SUM + _NODE, 1.3))
    yield from _flow((_SUM, 1.3 - _NODE), (_SUM, _STATE + _NODE))
    yield from _flow((_OUT, _STATE), (_OUT, 1.0 - 0.12))
    yield from _flow((_OUT, 1.0 + 0.12), (_OUT, _HIDDEN - _NODE))
    yield from _flow((show, up), (show, _HIDDEN), (_OUT - _NODE, _HIDDEN))
    yield from _leaving(spec)
    for letter in "figo":
        yield from _flow((_GATE_X[letter], _BUS), (_GATE_X[letter], down))
    yield Path(((0.55, _BUS), (show, _BUS)), "flow")
    yield Path(((1.5, _BUS + 0.42), (1.5, _BUS)), "flow", head=True)


def _leaving(spec: LSTMSpec) -> Iterator[Item]:
    if spec.proj_size:
        yield from _flow((_OUT, _HIDDEN + _NODE), (_OUT, _GATES - 0.14))
        yield from _flow((_OUT, _GATES + 0.14), (_OUT, _BUS), (6.75, _BUS))
    else:
        yield from _flow((_OUT, _HIDDEN + _NODE), (_OUT, _BUS), (6.75, _BUS))


def _flow(*points: Point) -> Iterator[Item]:
    yield Path(points, "flow", head=True)


def _ends(spec: LSTMSpec) -> Iterator[Item]:
    hidden = "P" if spec.proj_size else "H"
    for x, y, name, shape, align in (
        (0.5, _STATE, "c", "(B, H)", "right"),
        (0.5, _BUS, "h", f"(B, {hidden})", "right"),
        (6.8, _STATE, "c", "next step", "left"),
        (6.8, _BUS, "h", "next step, output", "left"),
    ):
        yield Label(x, y - 0.08, name, "name", align)
        yield Label(x, y + 0.09, shape, "small", align)
    yield Label(1.5, _BUS + 0.52, "x", "name", "center")
    yield Label(1.62, _BUS + 0.53, "(B, I), one step of input", "small")


def equations(spec: LSTMSpec) -> Part:
    """The statements of one step and, under them, which rows of the weights each gate has."""
    letters = int(_WIDTH / TYPES["call"].width("0"))
    lines = [part for line in cell_step(spec) for part in textwrap.wrap(line, letters, subsequent_indent="    ")]
    rows = [f"{gate.letter}: {gate.name}, rows {gate.start}:{gate.stop}; {gate.meaning}" for gate in gates(spec)]
    items = [Label(0, (place + 0.5) * LINE, line, "call") for place, line in enumerate(lines)]
    start = (len(lines) + 0.8) * LINE
    items += [Label(0, start + (place + 0.5) * LINE, line, "meaning") for place, line in enumerate(rows)]
    return Part(_WIDTH, start + (len(rows) + 0.5) * LINE, tuple(items))
