"""The unrolled stack as a part of a picture: layers upward, time steps to the right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from lstm_inspect.theory import batch_grid, expressions
from lstm_inspect.theory.packing import pack
from lstm_inspect.theory.shapes import format_tuple, tensors
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import StateRow
from lstm_inspect.theory.unrolled import Cell, Unrolled, unroll
from lstm_inspect.views.figure import equality
from lstm_inspect.views.figure.scene import LINE, TYPES, Box, Item, Label, Mark, Meaning, Part, Path, more

_PITCH: Final = 0.62  # from one time step to the next, at least
_ROW: Final = 0.46  # from one direction to the other
_BETWEEN: Final = 0.34  # from one layer to the next
_UNDER_OUTPUT: Final = 0.28  # besides the lines of an expression
_HALF: Final = 0.29  # the height of a direction's slice of output
_CELL: Final = 0.42  # the width of a column
_REACH: Final = 0.20  # from a cell's centre to where its arrows end
_ARROW: Final = 0.30
_TAG: Final = 0.19
_AIR: Final = 0.12
_AXIS: Final = 0.46


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the columns and the rows of a stack are.

    Attributes:
        names: the left end of the rows' names.
        directions: the right end of the directions' names.
        left: where a line joins hn and output, left of the stack.
        tags: the left ends of hn, cn, h0 and c0 beside the stack, left and right.
        tag: their width.
        columns: the centre of each time step.
        right: where a line joins hn and output, right of the stack.
        output: the upper edge of output.
        layers: the upper edge of each drawn layer, from the bottom; of the gap too.
        input: the centre of the inputs.
        width, height: all it takes.
    """

    names: float
    directions: float
    left: float
    tags: tuple[float, float]
    tag: float
    columns: tuple[float, ...]
    right: float
    output: float
    layers: tuple[float, ...]
    input: float
    width: float
    height: float


def stack(spec: LSTMSpec) -> Part:
    """The drawing of a spec's LSTM."""
    picture = unroll(spec)
    drawing = _Stack(spec, picture, _frame(spec, picture))
    return Part(drawing.frame.width, drawing.frame.height, tuple(drawing.items()))


def _frame(spec: LSTMSpec, picture: Unrolled) -> Frame:
    tag = max(TYPES["tag"].width(f"{state.hn} ") for state in picture.states)
    names = max(TYPES["name"].width(f"layer {spec.num_layers - 1}"), *map(TYPES["small"].width, _shapes(spec)))
    sides = {state.direction: max(map(TYPES["expression"].width, equality.lines(state))) for state in picture.states}
    start = _AXIS
    halves = [TYPES["small"].width(name) for name in _slices(spec)] if spec.bidirectional else [0.0]
    directions = start + names + _AIR + max(halves)
    left = max(directions + _AIR, sides.get("reverse", 0) + _AIR)
    tags = left + 1.5 * _AIR
    first = tags + tag + _ARROW + _REACH
    pitch = max(_PITCH, _AIR + max(TYPES["axis"].width(step.label) for step in picture.steps))
    columns = tuple(first + place * pitch for place in range(len(picture.steps)))
    right_tags = columns[-1] + _REACH + _ARROW
    right = right_tags + tag + 1.5 * _AIR
    tops, bottom = _tops(spec, picture)
    return Frame(
        names=left - (directions - start) - _AIR,
        directions=left - _AIR,
        left=left,
        tags=(tags, right_tags),
        tag=tag,
        columns=columns,
        right=right,
        output=0,
        layers=tops,
        input=bottom,
        width=right + _AIR + sides["forward"],
        height=bottom + 4.2 * LINE,
    )


def _tops(spec: LSTMSpec, picture: Unrolled) -> tuple[tuple[float, ...], float]:
    """The upper edge of each drawn layer, from the bottom, and the centre of the inputs."""
    block = spec.num_directions * _ROW
    edge, tops = spec.num_directions * _HALF + _under_output(picture), []
    for layer in reversed(picture.layers):
        tops.append(edge)
        edge += (block if layer is not None else 2 * LINE) + _BETWEEN
    return tuple(reversed(tops)), edge + LINE / 2


def _shapes(spec: LSTMSpec) -> tuple[str, str]:
    """The shapes of output and of input."""
    shapes = {name: format_tuple(tensor.shape) for name, tensor in tensors(spec).items()}
    return shapes["output"], shapes["input"]


def _slices(spec: LSTMSpec) -> list[str]:
    """What to call each direction's half of output: its columns; all of it if there is one direction."""
    found = [expressions.columns(spec, place, both_ends=True) for place in range(spec.num_directions)]
    return [f"{name}, {columns}" if columns else name for name, columns in zip(spec.directions, found, strict=True)]


def _under_output(picture: Unrolled) -> float:
    """The room between output and the top layer, where the equalities stand."""
    return _UNDER_OUTPUT + max(len(equality.lines(state)) for state in picture.states) * LINE


@dataclass(frozen=True)
class _Stack:
    spec: LSTMSpec
    picture: Unrolled
    frame: Frame

    def items(self) -> Iterator[Item]:
        """Everything, what lies behind first."""
        for place, layer in enumerate(self.picture.layers):
            yield from self._gap(place) if layer is None else self._layer(place, layer)
        yield from self._output()
        yield from self._upward()
        yield from self._input()
        for state in self.picture.states:
            yield from self._states(state)
            if state.output:
                yield from self._joined(state)
        yield from self._axes()

    def _mark(self, x: float, y: float, cell: Cell) -> Mark:
        return Mark(x, y, cell.kind, meaning=self._meaning(cell))

    def _meaning(self, cell: Cell) -> Meaning | None:
        if cell.expression is None:
            return None
        if cell.is_state:
            row = next(state for state in self.picture.states if state.row == cell.row)
            return Meaning(equality.whole(row), self._packed_rows(cell))
        return Meaning(cell.expression, self._packed_rows(cell))

    @cached_property
    def _top(self) -> dict[tuple[str, str], Meaning]:
        """What each slice of output holds, by direction and the label of its step."""
        top = [(cell, self._meaning(cell)) for cell in self.picture.cells if cell.is_output]
        return {(cell.direction, cell.label): meaning for cell, meaning in top if meaning is not None}

    def _packed_rows(self, cell: Cell) -> tuple[str, ...]:
        """The rows of packed data that hold a time step of output."""
        if self.spec.lengths is None or not cell.is_output or cell.step is None:
            return ()
        columns = batch_grid.grid(pack(self.spec.lengths, self.spec.seq_len)).packed
        cells = [each for column in columns if column.time_step == cell.step for each in column.cells]
        return tuple(filter(None, (batch_grid.data_row(self.spec, each) for each in cells)))

    def _row(self, state: StateRow) -> float:
        """The centre of a layer's direction; reverse stands above forward."""
        below = 0.5 if state.direction == "reverse" or not self.spec.bidirectional else 1.5
        return self.frame.layers[self.picture.layers.index(state.layer)] + below * _ROW

    def _half(self, direction: str) -> float:
        """The centre of a direction's half of output."""
        below = 0.5 if direction == "reverse" or not self.spec.bidirectional else 1.5
        return self.frame.output + below * _HALF

    def _band(self, top: float, height: float) -> Box:
        frame = self.frame
        start = frame.names - _AIR
        return Box(start, top - 0.04, frame.tags[1] + frame.tag + _AIR / 2 - start, height + 0.08, "band")

    def _layer(self, place: int, layer: int) -> Iterator[Item]:
        top, height = self.frame.layers[place], self.spec.num_directions * _ROW
        yield self._band(top, height)
        yield Label(self.frame.names, top + height / 2, f"layer {layer}", "name")
        if self.spec.bidirectional:
            gaps = [step.gap for step in self.picture.steps]
            columns = (x for x, gap in zip(self.frame.columns, gaps, strict=True) if not gap)
            yield from (Box(x - _CELL / 2, top, _CELL, height, "column") for x in columns)
        for state in self.picture.states:
            if state.layer == layer:
                yield from self._cells(state)

    def _cells(self, state: StateRow) -> Iterator[Item]:
        y, cells = self._row(state), iter(self.picture.row(state))
        if self.spec.bidirectional:
            yield Label(self.frame.directions, y, state.direction, "small", "right")
        for step, x in zip(self.picture.steps, self.frame.columns, strict=True):
            yield more(x, y) if step.gap else self._mark(x, y, next(cells))
        ends = [self.frame.tags[0] + self.frame.tag, *self.frame.columns, self.frame.tags[1]]
        reach = [0.04, *[_REACH] * len(self.frame.columns), 0.04]
        for place in range(len(ends) - 1):
            start, end = ends[place] + reach[place], ends[place + 1] - reach[place + 1]
            points = ((start, y), (end, y)) if state.direction == "forward" else ((end, y), (start, y))
            yield Path(points, "flow", head=True)

    def _gap(self, place: int) -> Iterator[Item]:
        y = self.frame.layers[place] + LINE
        yield Label(self.frame.names, y, f"{self.picture.layers_left_out:,} more layers", "faint")
        yield from (more(x, y, down=True) for x in self.frame.columns)

    def _output(self) -> Iterator[Item]:
        top, height = self.frame.output, self.spec.num_directions * _HALF
        yield from self._named("output", _shapes(self.spec)[0], top + height / 2)
        for direction, name in zip(self.spec.directions, _slices(self.spec), strict=True):
            y = self._half(direction)
            if self.spec.bidirectional:
                yield Label(self.frame.directions, y, name, "small", "right")
            for step, x in zip(self.picture.steps, self.frame.columns, strict=True):
                final = step.first if direction == "reverse" else step.last
                role = "half of hn" if final else "half"
                half = Box(x - _CELL / 2, y - _HALF / 2, _CELL, _HALF, role, self._top.get((direction, step.label)))
                yield more(x, y) if step.gap else half

    def _named(self, name: str, shape: str, y: float) -> Iterator[Item]:
        yield Label(self.frame.names, y - 0.08, name, "name")
        yield Label(self.frame.names, y + 0.09, shape, "small")

    def _upward(self) -> Iterator[Item]:
        """The arrows from input through the layers to output."""
        block = self.spec.num_directions * _ROW
        heights = [2 * LINE if layer is None else block for layer in self.picture.layers]
        edges = [(top, top + height) for top, height in zip(self.frame.layers, heights, strict=True)]
        output = self.frame.output, self.frame.output + self.spec.num_directions * _HALF
        input = self.frame.input - 0.1, self.frame.input + 0.1
        chain = [input, *edges, output]
        for step, x in zip(self.picture.steps, self.frame.columns, strict=True):
            if not step.gap:
                for (start, _), (_, end) in pairwise(chain):
                    yield Path(((x, start - 0.04), (x, end + 0.04)), "flow", head=True)

    def _input(self) -> Iterator[Item]:
        y = self.frame.input
        yield from self._named("input", _shapes(self.spec)[1], y)
        for step, x in zip(self.picture.steps, self.frame.columns, strict=True):
            yield more(x, y) if step.gap else Mark(x, y, "input")
            below = y + 1.3 * LINE
            yield more(x, below) if step.gap else Label(x, below, step.label, "axis", "center")

    def _states(self, state: StateRow) -> Iterator[Item]:
        """What enters a row and what leaves it: h0 and c0 at one end, hn and cn at the other."""
        y, reverse = self._row(state), state.direction == "reverse"
        final, initial = self.frame.tags if reverse else reversed(self.frame.tags)
        for place, name in enumerate((state.hn, state.cn)):
            edge = y + (place - 1) * (_TAG + 0.02) + 0.01
            meaning = Meaning(equality.whole(state) if place == 0 else state.cn)
            yield Box(final, edge, self.frame.tag, _TAG, name[:2], meaning)
            yield Label(final + self.frame.tag / 2, edge + _TAG / 2, name, "tag", "center")
        for place, name in enumerate((f"h0[{state.row}]", f"c0[{state.row}]")):
            edge = y + (place - 1) * (_TAG + 0.02) + 0.01
            yield Label(initial + self.frame.tag / 2, edge + _TAG / 2, name, "tag", "center")

    def _joined(self, state: StateRow) -> Iterator[Item]:
        """The line from a row of hn to the slice of output that it equals, and the equality beside it."""
        reverse = state.direction == "reverse"
        y, half = self._row(state) - _TAG / 2, self._half(state.direction)
        start = self.frame.tags[0] if reverse else self.frame.tags[1] + self.frame.tag
        turn = self.frame.left if reverse else self.frame.right
        end = self.frame.columns[0] - _CELL / 2 if reverse else self.frame.columns[-1] + _CELL / 2
        yield Path(((start, y), (turn, y), (turn, half), (end, half)), "equal")
        middle = self.frame.output + self.spec.num_directions * _HALF + _under_output(self.picture) / 2
        side, align = (-0.1, "right") if reverse else (0.1, "left")
        lines = equality.lines(state)
        for place, line in enumerate(lines):
            above = (place - (len(lines) - 1) / 2) * LINE
            yield Label(turn + side, middle + above, line, "expression", align)

    def _axes(self) -> Iterator[Item]:
        frame, y = self.frame, self.frame.input + 2.5 * LINE
        start, end = frame.columns[0] - _CELL / 2, frame.columns[-1] + _CELL / 2 + 0.2
        yield Path(((start, y), (end, y)), "axis", head=True)
        yield Label(start, y + LINE, "time step", "axis")
        x, bottom = frame.names - 0.22, frame.layers[0] + self.spec.num_directions * _ROW
        yield Path(((x, bottom), (x, frame.layers[-1])), "axis", head=True)
        yield Label(x - 0.12, (bottom + frame.layers[-1]) / 2, "layers", "axis", "center", upward=True)
