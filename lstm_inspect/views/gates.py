"""The inside of one cell as text: its gates, the statements of one step, and which rows of the weights are whose."""

from __future__ import annotations

from functools import partial
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.theory.expressions import cell_step, constructor
from lstm_inspect.theory.parameters import gates
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.views import look
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


def cell(spec: LSTMSpec) -> RenderableType:
    """What ``draw --cell`` shows: the drawing, one step as Python, the gates and their rows."""
    rows = [f"{gate.letter}  {gate.name:<14} rows {gate.start}:{gate.stop}" for gate in gates(spec)]
    return Group(
        look.section("Inside one cell: one layer, one direction, one time step", look.Fitted(partial(_drawn, spec))),
        look.section(f"One step of {constructor(spec)}", *map(look.code, cell_step(spec))),
        look.section("The gates' rows of weight_ih, weight_hh and both biases", *map(look.sentence, rows)),
    )


def _drawn(spec: LSTMSpec, width: int, signs: Signs) -> RenderableType:
    """The drawing, the same at every width: it is narrower than any terminal that is asked for."""
    drawing = _CELL.format("weight_hr ▶" if spec.proj_size else "▶")
    return Text(drawing if signs == look.UNICODE else drawing.translate(_ASCII))
