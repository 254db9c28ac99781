"""What the command draw shows on a terminal: the stack, where hn stands in output, the batch padded and packed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.theory.batch_grid import notes
from lstm_inspect.theory.packing import pack
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import StateRow
from lstm_inspect.theory.unrolled import unroll
from lstm_inspect.views import diagram, look, packed, tables
from lstm_inspect.views.look import Signs


def drawing(spec: LSTMSpec) -> RenderableType:
    """The drawings of a spec, as wide as the terminal allows."""
    states = [state for state in unroll(spec).states if state.output]
    joined = look.section("Where output holds hn", look.Fitted(partial(_joined, states)))
    parts = [tables.calls(spec), diagram.unrolled(spec), joined]
    if spec.lengths is not None:
        said = [look.sentence(note, look.FAINT) for note in notes(spec)]
        cells = packed.drawing(pack(spec.lengths, spec.seq_len))
        parts.append(look.section("The padded batch and the packed columns", cells, *said))
    return Group(*parts)


def _joined(states: Sequence[StateRow], width: int, signs: Signs) -> RenderableType:
    """Each row of hn that stands in output too, marked as its cell is, and the slice that it equals."""
    sign, style = diagram.cell_sign(signs, output=True, state=True)
    equal = [look.code(f"{state.hn} == {state.output}", whole=True) for state in states]
    return Group(*(Text(f"{sign} ", style=style) + line for line in equal))
