"""The unrolled LSTM as data: which cells there are, which are output, hn and cn, their middle left out.

What draws it, on a terminal or as a picture, adds places and looks and nothing else.
"""

from typing import Final

from lstm_inspect.theory.batch_grid import shown
from lstm_inspect.theory.contract import Direction, Natural, record
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import StateRow, final_step, output_slice, state_row

MOST_STEPS: Final = 10
_MOST_LAYERS: Final = 4

_CN_NOTE: Final = "cn: the cell state of the same places as hn; c0 enters beside h0"
_LENGTHS_NOTE: Final = "n: a sequence's own length"
_REVERSE_NOTE: Final = "; its reverse direction starts at n - 1"


@record()
class Step:
    """One column: a time step, or the gap that stands for those left out."""

    label: str  #: what stands under it; n is a sequence's own length.
    time_step: Natural | None = None  #: from 0; None if it differs by sequence, or for the gap.
    first: bool = False  #: whether the reverse direction's last computed step is here.
    last: bool = False  #: whether the forward direction's last computed step is here.
    gap: bool = False  #: whether it stands for the steps left out.


@record()
class Cell:
    """One cell: a layer and a direction at a time step."""

    layer: Natural  #: from 0, the layer that reads input.
    direction: Direction  #: "forward" or "reverse".
    step: Natural | None  #: its time step; None if it differs by sequence.
    label: str  #: the label of its column.
    is_output: bool  #: whether its hidden state is part of output.
    is_state: bool  #: whether its hidden state is a row of hn, and its cell state the same row of cn.
    row: Natural | None  #: that row; None if it is none.
    #: its hidden state, taken from output where it is there, else from hn; None if neither holds it.
    expression: str | None

    @property
    def kind(self) -> str:
        """What it is, in words."""
        if self.is_output:
            return "output and hn" if self.is_state else "output"
        return "hn alone" if self.is_state else "neither"


@record()
class Unrolled:
    """An unrolled LSTM, as far as it is drawn."""

    steps: tuple[Step, ...]  #: the columns, from the left.
    layers: tuple[Natural | None, ...]  #: the layers, from the bottom; None stands for those left out.
    cells: tuple[Cell, ...]  #: every cell of those, layer by layer, forward before reverse, step by step.
    states: tuple[StateRow, ...]  #: every row of hn and cn of those layers.
    steps_left_out: Natural | None  #: how many steps the gap stands for; None if it differs by sequence.
    layers_left_out: Natural  #: how many layers are not drawn.

    def row(self, state: StateRow) -> tuple[Cell | None, ...]:
        """The cells of one layer and direction, one a column; None in the gap."""
        place = state.layer, state.direction
        cells = {cell.label: cell for cell in self.cells if (cell.layer, cell.direction) == place}
        return tuple(cells.get(step.label) for step in self.steps)


def unroll(spec: LSTMSpec, most_steps: int = MOST_STEPS) -> Unrolled:
    """The cells of an LSTM, at most so many steps of them, a gap counted as one.

    >>> picture = unroll(LSTMSpec(num_layers=2, bidirectional=True))
    >>> [(cell.direction, cell.row, cell.expression) for cell in picture.cells if cell.is_output and cell.is_state]
    [('forward', 2, 'output[4, :, :20]'), ('reverse', 3, 'output[0, :, 20:40]')]
    """
    columns, rows = steps(spec, most_steps), shown(spec.num_layers, _MOST_LAYERS, tail=2)
    drawn = [layer for layer in rows if layer is not None]
    shown_steps = [step for step in columns if not step.gap]
    states = tuple(state_row(spec, layer, place) for layer in drawn for place in range(spec.num_directions))
    return Unrolled(
        steps=columns,
        layers=rows,
        cells=tuple(_cell(spec, state, step) for state in states for step in shown_steps),
        states=states,
        steps_left_out=None if final_step(spec, 0) is None else _computed_steps(spec) - len(shown_steps),
        layers_left_out=spec.num_layers - len(drawn),
    )


def steps(spec: LSTMSpec, most: int) -> tuple[Step, ...]:
    """The columns: every time step, or the first and the last ones with a gap between them.

    With unequal lengths the last column is a sequence's own last valid step, n - 1.

    >>> [step.label for step in steps(LSTMSpec(seq_len=200), 6)]
    ['0', '1', '2', '', '198', '199']
    """
    gap, count = Step("", gap=True), _computed_steps(spec)
    if final_step(spec, 0) is None:
        return _steps_by_length(count, gap)
    return tuple(
        gap if step is None else Step(str(step), step, first=step == 0, last=step == count - 1)
        for step in shown(count, most, tail=2)
    )


def _steps_by_length(longest: int, gap: Step) -> tuple[Step, ...]:
    """The first steps and a sequence's own last ones: as many columns as the longest sequence has steps, or five."""
    start, end = (Step("0", 0, first=True), Step("1", 1)), (Step("n-2"), Step("n-1", last=True))
    between = (gap,) if longest > 2 else ()
    return start[: 2 if longest > 3 else 1] + between + end[0 if longest > 4 else 1 :]


def notes(spec: LSTMSpec) -> tuple[str, ...]:
    """What a drawing has to say in words."""
    if final_step(spec, 0) is not None:
        return (_CN_NOTE,)
    return _CN_NOTE, _LENGTHS_NOTE + (_REVERSE_NOTE if spec.bidirectional else "")


def _computed_steps(spec: LSTMSpec) -> int:
    """The time steps that are computed for some sequence."""
    return spec.seq_len if spec.lengths is None else max(spec.lengths)


def _cell(spec: LSTMSpec, state: StateRow, step: Step) -> Cell:
    is_output = state.layer == spec.num_layers - 1
    is_state = step.first if state.direction == "reverse" else step.last
    expression = None
    if is_state:
        expression = state.output or state.hn
    elif is_output and step.time_step is not None:  # None is n - 2: the shortest sequence may have no such step
        expression = output_slice(spec, spec.directions.index(state.direction), step.time_step)
    row = state.row if is_state else None
    return Cell(state.layer, state.direction, step.time_step, step.label, is_output, is_state, row, expression)
