"""What the command draw shows on a terminal: the stack and the batch padded and packed, or the inside of one cell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.theory.batch_grid import notes
from lstm_inspect.theory.expressions import cell_step, constructor, statements
from lstm_inspect.theory.packing import pack
from lstm_inspect.theory.parameters import gates
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import StateRow
from lstm_inspect.theory.unrolled import unroll
from lstm_inspect.views import diagram, look, packed
from lstm_inspect.views.look import Signs

_CELL: Final = """\
c ──▶ × ────────▶ + ────────┬────▶ c, next step
      ▲           ▲         ▼
      │           ×        tanh
      │         ▲   ▲       ▼
      │         │   │   ┌─▶ × ─{} h, next step and output
      f         i   g   o
      ▲         ▲   ▲   ▲
h, x ─┴─────────┴───┴───┘"""
_ASCII: Final = str.maketrans("─▶▲▼│┬┴┌┘×", "->^v|++++x")


def drawing(spec: LSTMSpec) -> RenderableType:
    """The drawings of a spec, as wide as the terminal allows."""
    states = [state for state in unroll(spec).states if state.output]
    stack = look.section("The unrolled stack", diagram.drawn(spec))
    joined = look.section("Where output holds hn", look.Fitted(partial(_joined, states)))
    parts = [look.block(*statements(spec)), stack, joined]
    if spec.lengths is not None:
        cells = packed.drawing(pack(spec.lengths, spec.seq_len))
        parts.append(look.section("The padded batch and the packed columns", cells, *map(look.faint, notes(spec))))
    return Group(*parts)


def _joined(states: Sequence[StateRow], width: int, signs: Signs) -> RenderableType:
    """Each row of hn that stands in output too, marked as its cell is, and the slice that it equals."""
    sign, style = diagram.cell_sign(signs, output=True, state=True)
    return Group(*(Text(f"{sign} ", style) + look.code(f"{state.hn} == {state.output}") for state in states))


def cell(spec: LSTMSpec) -> RenderableType:
    """What ``draw --cell`` shows: the inside of a cell, one step as Python, the gates and their rows."""
    rows = [f"{gate.letter}  {gate.name:<14} rows {gate.start}:{gate.stop}" for gate in gates(spec)]
    drawing = _CELL.format("weight_hr ▶" if spec.proj_size else "▶")  # narrower than any terminal that is asked for
    return Group(
        look.section(
            "Inside one cell: one layer, one direction, one time step",
            look.Fitted(lambda width, signs: Text(drawing if signs == look.UNICODE else drawing.translate(_ASCII))),
        ),
        look.section(f"One step of {constructor(spec)}", *map(look.code, cell_step(spec))),
        look.section("The gates' rows of weight_ih, weight_hh and both biases", *map(look.sentence, rows)),
    )
