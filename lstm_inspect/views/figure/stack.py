"""The unrolled stack as a part of a picture: layers upward, time steps to the right."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from lstm_inspect.theory import batch_grid, expressions
from lstm_inspect.theory.packing import pack
from lstm_inspect.theory.shapes import format_tuple, tensors
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import StateRow
from lstm_inspect.theory.unrolled import Cell, unroll
from lstm_inspect.views.figure.scene import LINE, MARK, TYPES, Area, Item, Label, Meaning, Part, Path, more

_PITCH: Final = 0.62  # from one time step to the next, at least
_ROW: Final = 0.46  # from one direction to the other
_BETWEEN: Final = 0.34  # from one layer to the next
_UNDER_OUTPUT: Final = 0.28  # besides the lines of an expression
_HALF: Final = 0.29  # the height of a direction's slice of output
_CELL: Final = 0.42  # the width of a column
_INPUT: Final = 0.143  # of an input
_REACH: Final = 0.20  # from a cell's centre to where its arrows end
_ARROW: Final = 0.30
_TAG: Final = 0.19
_AIR: Final = 0.12
_AXIS: Final = 0.46
_LONGEST: Final = 20  # letters of an expression beside the stack


def stack(spec: LSTMSpec) -> Part:
    """The drawing of a spec's LSTM."""
    drawing = _Stack(spec)
    return Part(drawing.width, drawing.input + 4.2 * LINE, tuple(drawing.items()))


class _Stack:
    """Where everything is, and then what is there; the upper edge of output is at 0."""

    def __init__(self, spec: LSTMSpec) -> None:
        self.spec, self.picture = spec, unroll(spec)
        self.shapes = {name: format_tuple(tensor.shape) for name, tensor in tensors(spec).items()}
        columns = batch_grid.grid(pack(spec.lengths, spec.seq_len)).packed if spec.lengths else ()
        self.packed: dict[int | None, tuple[str, ...]] = {
            column.time_step: tuple(filter(None, (batch_grid.data_row(spec, cell) for cell in column.cells)))
            for column in columns
        }
        self.final: dict[int | None, str] = {  # each row of hn and, where output holds it too, the slice that it equals
            state.row: f"{state.hn} == {state.output}" if state.output else state.hn for state in self.picture.states
        }
        halves = (expressions.columns(spec, place, both_ends=True) for place in range(spec.num_directions))
        self.slices = [f"{name}, {columns}" for name, columns in zip(spec.directions, halves, strict=True)]
        self._across()
        self._down()

    def _across(self) -> None:
        """From the left: names, directions, a line to output, tags, the columns, tags, a line to output."""
        spec, states = self.spec, self.picture.states
        small, steps = TYPES["small"].width, self.picture.steps
        sides = {state.direction: max(map(TYPES["expression"].width, _equality(state))) for state in states}
        below = max(small(self.shapes["output"]), small(self.shapes["input"]))
        names = max(below, TYPES["name"].width(f"layer {spec.num_layers - 1}"))
        wide = names + _AIR + (max(map(small, self.slices)) if spec.bidirectional else 0.0)
        self.left = max(_AXIS + wide, sides.get("reverse", 0)) + _AIR
        self.directions = self.left - _AIR
        self.names = self.directions - wide
        self.tag = max(TYPES["tag"].width(f"{state.hn} ") for state in states)
        tags = self.left + 1.5 * _AIR
        pitch = max(_PITCH, _AIR + max(TYPES["axis"].width(step.label) for step in steps))
        self.first = tags + self.tag + _ARROW + _REACH
        self.columns = [(step, self.first + place * pitch) for place, step in enumerate(steps)]
        self.last = self.columns[-1][1]
        self.tags = (tags, self.last + _REACH + _ARROW)
        self.right = self.tags[1] + self.tag + 1.5 * _AIR
        self.width = self.right + _AIR + sides["forward"]

    def _down(self) -> None:
        """From the top: output, the equalities, the layers, input."""
        self.output, self.layer = self.spec.num_directions * _HALF, self.spec.num_directions * _ROW
        self.room = _UNDER_OUTPUT + max(len(_equality(state)) for state in self.picture.states) * LINE
        edge, self.bands = self.output + self.room, list[tuple[float, float]]()
        for layer in reversed(self.picture.layers):
            bottom = edge + (2 * LINE if layer is None else self.layer)
            self.bands.insert(0, (edge, bottom))
            edge = bottom + _BETWEEN
        self.input = edge + LINE / 2

    def items(self) -> Iterator[Item]:
        """Everything, what lies behind first."""
        for layer, (top, bottom) in zip(self.picture.layers, self.bands, strict=True):
            if layer is not None:
                yield from self._layer(layer, top, bottom)
                continue
            yield Label(self.names, top + LINE, f"{self.picture.layers_left_out:,} more layers", "faint")
            yield from (more(x, top + LINE, down=True) for _, x in self.columns)
        yield from self._output()
        yield from self._upward()
        yield from self._input()
        for state in self.picture.states:
            yield from self._states(state)
            if state.output:
                yield from self._joined(state)
        yield from self._axes()

    def _meaning(self, cell: Cell) -> Meaning | None:
        expression = self.final.get(cell.row, cell.expression)
        rows = self.packed.get(cell.step, ()) if cell.is_output else ()
        return None if expression is None else Meaning(expression, rows)

    def _centre(self, direction: str) -> float:
        """The centre of a direction, in rows from the upper edge: reverse stands above forward."""
        return 0.5 if direction == "reverse" or not self.spec.bidirectional else 1.5

    def _row(self, state: StateRow) -> float:
        return self.bands[self.picture.layers.index(state.layer)][0] + self._centre(state.direction) * _ROW

    def _layer(self, layer: int, top: float, bottom: float) -> Iterator[Item]:
        start, end = self.names - _AIR, self.tags[1] + self.tag + _AIR / 2
        middle = (top + bottom) / 2
        yield Area((start + end) / 2, middle, end - start, bottom - top + 0.08, "band")
        yield Label(self.names, middle, f"layer {layer}", "name")
        if self.spec.bidirectional:
            columns = (x for step, x in self.columns if not step.gap)
            yield from (Area(x, middle, _CELL, bottom - top, "column") for x in columns)
        for state in self.picture.states:
            if state.layer == layer:
                yield from self._cells(state)

    def _cells(self, state: StateRow) -> Iterator[Item]:
        y = self._row(state)
        if self.spec.bidirectional:
            yield Label(self.directions, y, state.direction, "small", "right")
        for (_, x), cell in zip(self.columns, self.picture.row(state), strict=True):
            yield more(x, y) if cell is None else Area(x, y, MARK, MARK, cell.kind, self._meaning(cell))
        places = [(self.tags[0] + self.tag, 0.04), *((x, _REACH) for _, x in self.columns), (self.tags[1], 0.04)]
        for (left, after), (right, before) in pairwise(places):
            points = ((left + after, y), (right - before, y))
            yield Path(points if state.direction == "forward" else points[::-1], "flow", head=True)

    def _output(self) -> Iterator[Item]:
        yield from self._named("output", self.output / 2)
        top = self.picture.states[-self.spec.num_directions :]
        for state, name in zip(top, self.slices, strict=True):
            y = self._centre(state.direction) * _HALF
            if self.spec.bidirectional:
                yield Label(self.directions, y, name, "small", "right")
            for (_, x), cell in zip(self.columns, self.picture.row(state), strict=True):
                role = "half of hn" if cell and cell.is_state else "half"
                yield more(x, y) if cell is None else Area(x, y, _CELL, _HALF, role, self._meaning(cell))

    def _named(self, name: str, y: float) -> Iterator[Item]:
        yield Label(self.names, y - 0.08, name, "name")
        yield Label(self.names, y + 0.09, self.shapes[name], "small")

    def _upward(self) -> Iterator[Item]:
        chain = [(self.input - 0.1, self.input + 0.1), *self.bands, (0, self.output)]
        for x in (x for step, x in self.columns if not step.gap):
            for (start, _), (_, end) in pairwise(chain):
                yield Path(((x, start - 0.04), (x, end + 0.04)), "flow", head=True)

    def _input(self) -> Iterator[Item]:
        below = self.input + 1.3 * LINE
        yield from self._named("input", self.input)
        for step, x in self.columns:
            yield more(x, self.input) if step.gap else Area(x, self.input, _INPUT, _INPUT, "input")
            yield more(x, below) if step.gap else Label(x, below, step.label, "axis", "center")

    def _states(self, state: StateRow) -> Iterator[Item]:
        """What leaves a row and what enters it: hn and cn at one end, h0 and c0 at the other."""
        y = self._row(state)
        final, initial = self.tags if state.direction == "reverse" else reversed(self.tags)
        for x, place, name, meaning in (
            (final, -0.5, state.hn, Meaning(self.final[state.row])),
            (final, 0.5, state.cn, Meaning(state.cn)),
            (initial, -0.5, f"h0[{state.row}]", None),
            (initial, 0.5, f"c0[{state.row}]", None),
        ):
            centre = x + self.tag / 2, y + place * (_TAG + 0.02)
            if meaning:
                yield Area(*centre, self.tag, _TAG, name[:2], meaning)
            yield Label(*centre, name, "tag", "center")

    def _joined(self, state: StateRow) -> Iterator[Item]:
        """The line from a row of hn to the slice of output that it equals, and the equality beside it."""
        y, half = self._row(state) - _TAG / 2, self._centre(state.direction) * _HALF
        if state.direction == "reverse":
            start, turn, end, side, align = self.tags[0], self.left, self.first - _CELL / 2, -0.1, "right"
        else:
            start, turn, end, side, align = self.tags[1] + self.tag, self.right, self.last + _CELL / 2, 0.1, "left"
        yield Path(((start, y), (turn, y), (turn, half), (end, half)), "equal")
        lines = _equality(state)
        above = self.output + (self.room - (len(lines) - 1) * LINE) / 2
        for place, line in enumerate(lines):
            yield Label(turn + side, above + place * LINE, line, "expression", align)

    def _axes(self) -> Iterator[Item]:
        y, start, end = self.input + 2.5 * LINE, self.first - _CELL / 2, self.last + _CELL / 2 + 0.2
        yield Path(((start, y), (end, y)), "axis", head=True)
        yield Label(start, y + LINE, "time step", "axis")
        x, bottom, top = self.names - 0.22, self.bands[0][0] + self.layer, self.bands[-1][0]
        yield Path(((x, bottom), (x, top)), "axis", head=True)
        yield Label(x - 0.12, (bottom + top) / 2, "layers", "axis", "center", upward=True)


def _equality(state: StateRow) -> list[str]:
    """The lines that say which slice a row of hn equals, broken behind its commas if long; an empty one if none."""
    if not state.output:
        return [""]
    first, *rest = [state.output] if len(state.output) <= _LONGEST else re.split(r"(?<=,) ", state.output)
    return [f"{state.hn} ==", first, *(f"  {part}" for part in rest)]
