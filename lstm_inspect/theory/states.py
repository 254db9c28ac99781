"""Row of hn and cn  <->  layer, direction, time step, slice of output."""

from typing import Final

from lstm_inspect.theory import expressions
from lstm_inspect.theory.contract import Direction, Natural, record
from lstm_inspect.theory.spec import LSTMSpec

_WHY: Final = (
    "the forward direction ends at the last valid step",
    "the reverse direction ends at step 0: that is its last computed step",
)


@record()
class StateRow:
    """What one row of hn and cn is."""

    row: Natural  #: its index on the first axis, layer * D + direction.
    layer: Natural  #: from 0, the layer that reads input.
    direction: Direction  #: "forward" or "reverse".
    time_step: Natural | None  #: the step after which this state is final; None if it differs by sequence.
    hn: str  #: the row of hn as an expression.
    cn: str  #: the row of cn as an expression.
    output: str | None  #: the slice of output that equals hn's row; None if none does.
    why: str  #: why that slice equals it, or why none does.


def row_index(spec: LSTMSpec, layer: int, direction: int) -> int:
    """The row of hn that holds a layer and a direction (0 forward, 1 reverse)."""
    return layer * spec.num_directions + direction


def state_row(spec: LSTMSpec, layer: int, direction: int) -> StateRow:
    """One row of hn and cn.

    >>> state_row(LSTMSpec(num_layers=2, bidirectional=True), 1, 1).output
    'output[0, :, 20:40]'
    """
    row, time_step = row_index(spec, layer, direction), final_step(spec, direction)
    output, why = None, "none: below the top layer"
    if layer == spec.num_layers - 1:
        output, why = output_slice(spec, direction, time_step), _WHY[direction]
    return StateRow(row, layer, spec.directions[direction], time_step, f"hn[{row}]", f"cn[{row}]", output, why)


def state_rows(spec: LSTMSpec) -> tuple[StateRow, ...]:
    """Every row of hn and cn, in order."""
    layers, directions = range(spec.num_layers), range(spec.num_directions)
    return tuple(state_row(spec, layer, direction) for layer in layers for direction in directions)


def final_step(spec: LSTMSpec, direction: int) -> int | None:
    """The last time step that a direction computes: T - 1 or length - 1 forward, 0 in reverse.

    None if it differs by sequence.

    >>> final_step(LSTMSpec(), 0), final_step(LSTMSpec(bidirectional=True), 1), final_step(LSTMSpec(lengths=(2, 1)), 0)
    (4, 0, None)
    """
    if direction == 1:
        return 0
    if spec.lengths is None:
        return spec.seq_len - 1
    return spec.lengths[0] - 1 if min(spec.lengths) == max(spec.lengths) else None


def output_slice(spec: LSTMSpec, direction: int, time_step: int | None) -> str:
    """The slice of output that holds a direction at a time step, or at each sequence's own last one."""
    features = expressions.columns(spec, direction, both_ends=True)
    if time_step is None:
        return expressions.at_last_valid_step(spec, features)
    return expressions.at_step(spec, "output", str(time_step), features)
