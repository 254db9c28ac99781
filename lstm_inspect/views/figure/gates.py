"""The inside of one cell as parts of a picture: its four gates, and the way of c and h through them."""

from collections.abc import Iterator
from typing import Final

from lstm_inspect.theory.expressions import cell_step
from lstm_inspect.theory.parameters import gates
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.views.figure.scene import LINE, MARK, Area, Item, Label, Meaning, Part, Path, Point, lines

TITLE: Final = "Inside one LSTM cell: one layer, one direction, one time step"

_WIDTH: Final = 8.2
_STATE, _TANH, _ENTER, _HIDDEN = 0.55, 1.0, 1.3, 1.65  # the heights of c's line, of tanh, of i's and of o's product
_GATES, _BUS = 2.3, 2.95  # of the gates, of x and h
_FRAME: Final = (1.1, 6.3)  # the cell's left and right edge
_GATE_X: Final = {"f": 1.9, "i": 3.0, "g": 4.2, "o": 5.0}
_GATE: Final = (0.66, 0.36)
_SUM, _OUT = 3.6, 5.8  # where c's two parts meet; where h branches off c
_NODE: Final = 0.14  # a node's radius
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
    frame = Area((left + right) / 2, (_BUS + 0.35) / 2, right - left, _BUS + 0.15, "band")
    return Part(_WIDTH, _BUS + 0.75, (frame, *_arrows(spec), *_shapes(spec), *_ends(spec)))


def _arrows(spec: LSTMSpec) -> Iterator[Item]:
    up, down = _GATES - _GATE[1] / 2, _GATES + _GATE[1] / 2
    forget, enter, candidate, show = (_GATE_X[letter] for letter in "figo")
    ways: list[tuple[Point, ...]] = [
        ((0.55, _STATE), (forget - _NODE, _STATE)),
        ((forget + _NODE, _STATE), (_SUM - _NODE, _STATE)),
        ((_SUM + _NODE, _STATE), (6.75, _STATE)),
        ((forget, up), (forget, _STATE + _NODE)),
        ((enter, up), (enter, _ENTER), (_SUM - _NODE, _ENTER)),
        ((candidate, up), (candidate, _ENTER), (_SUM + _NODE, _ENTER)),
        ((_SUM, _ENTER - _NODE), (_SUM, _STATE + _NODE)),
        ((_OUT, _STATE), (_OUT, _TANH - 0.12)),
        ((_OUT, _TANH + 0.12), (_OUT, _HIDDEN - _NODE)),
        ((show, up), (show, _HIDDEN), (_OUT - _NODE, _HIDDEN)),
        ((_OUT, _HIDDEN + _NODE), (_OUT, _BUS), (6.75, _BUS)),  # behind weight_hr, where that is
    ]
    if spec.proj_size:
        ways.append(((_OUT, _HIDDEN + _NODE), (_OUT, _GATES - 0.14)))
    ways += [((x, _BUS), (x, down)) for x in _GATE_X.values()]
    ways.append(((1.5, _BUS + 0.42), (1.5, _BUS)))
    yield from (Path(points, "flow", head=True) for points in ways)
    yield Path(((0.55, _BUS), (show, _BUS)), "flow")


def _shapes(spec: LSTMSpec) -> Iterator[Item]:
    places = (_GATE_X["f"], _STATE, "×"), (_SUM, _STATE, "+"), (_SUM, _ENTER, "×"), (_OUT, _HIDDEN, "×")
    for x, y, sign in places:
        yield from (Area(x, y, MARK, MARK, "neither"), Label(x, y, sign, "name", "center"))
    yield from (Area(_OUT, _TANH, 0.5, 0.24, "hn"), Label(_OUT, _TANH, "tanh", "tag", "center"))
    for gate in gates(spec):
        x, meaning = _GATE_X[gate.letter], Meaning(f"lstm.{gate.of('weight_ih_l0')}")
        role, function = ("candidate", "tanh") if gate.letter == "g" else ("gate", "sigmoid")
        yield Area(x, _GATES, *_GATE, role, meaning)
        yield Label(x, _GATES - 0.07, gate.letter, "gate", "center")
        yield Label(x, _GATES + 0.09, function, "cell", "center")
    if spec.proj_size:
        yield Area(_OUT, _GATES, 0.66, 0.28, "hn", Meaning("lstm.weight_hr_l0"))
        yield Label(_OUT, _GATES, "weight_hr", "number", "center")


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
    step = lines(cell_step(spec), "call", 0, _WIDTH)
    start = (len(step) + 0.8) * LINE
    rows = [f"{gate.letter}: {gate.name}, rows {gate.start}:{gate.stop}; {gate.meaning}" for gate in gates(spec)]
    return Part(_WIDTH, start + (len(rows) + 0.5) * LINE, (*step, *lines(rows, "meaning", start, _WIDTH)))
