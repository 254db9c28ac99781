"""Drawings as text: the unrolled stack, the batch padded and packed, the inside of one cell.

In the stack layers go upward, time steps to the right; its signs say which cells are output and which are hn.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.theory import batch_grid
from lstm_inspect.theory.expressions import cell_step, constructor, statements
from lstm_inspect.theory.packing import pack
from lstm_inspect.theory.parameters import gates
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import StateRow
from lstm_inspect.theory.unrolled import notes, unroll
from lstm_inspect.views import look

_PITCH: Final = 6  # characters from one time step to the next
_MOST_STEPS: Final = 12
_SHORT: Final = {"forward": "fwd", "reverse": "rev"}
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
_MARKS: Final = {
    "output": ("output", look.CELL),
    "output and hn": ("output_and_state", look.STATE),
    "hn alone": ("state", look.STATE),
    "neither": ("cell", look.FAINT),
}
"""Each kind of cell: its sign's name, and its style."""


def drawing(spec: LSTMSpec) -> RenderableType:
    """What the command draw shows of a spec, as wide as the terminal allows."""
    parts = [
        look.block(*statements(spec)),
        Text(),
        look.section("The unrolled stack", stack(spec)),
        look.section("Where output holds hn", look.Fitted(partial(_joined, spec))),
    ]
    if spec.lengths is not None:
        from lstm_inspect.views import packed

        cells, said = packed.drawing(pack(spec.lengths, spec.seq_len)), map(look.faint, batch_grid.notes(spec))
        parts.append(look.section("The padded batch and the packed columns", cells, *said))
    return Group(*parts)


def _joined(spec: LSTMSpec, width: int, signs: look.Signs) -> RenderableType:
    """Each row of hn that stands in output too, marked as its cell is, and the slice that it equals."""
    sign, style = _mark("output and hn", signs)
    states = [state for state in unroll(spec).states if state.output]
    return Group(*(Text(f"{sign} ", style) + look.code(f"{state.hn} == {state.output}") for state in states))


def _mark(kind: str, signs: look.Signs) -> tuple[str, str]:
    sign, style = _MARKS[kind]
    return getattr(signs, sign), style


def stack(spec: LSTMSpec) -> RenderableType:
    """The unrolled stack, as wide as the terminal allows."""
    return look.Fitted(lambda width, signs: Group(*_Drawing(spec, width, signs).lines()))


class _Drawing:
    def __init__(self, spec: LSTMSpec, width: int, signs: look.Signs) -> None:
        self.spec, self.signs = spec, signs
        self.label = len(f"layer {spec.num_layers - 1} fwd")
        self.end = len(f"hn[{spec.num_states - 1}]")
        room = width - self.label - 2 * self.end - 2 * len(" > ") - 4
        self.picture = unroll(spec, max(4, min(_MOST_STEPS, 1 + room // _PITCH)))

    def lines(self) -> Iterator[Text]:
        steps, more = self.picture.steps, self.signs.more
        arrows = [(more if step.gap else self.signs.up, look.FAINT) for step in steps]
        yield self._row("time step", [(more if step.gap else step.label, look.FAINT) for step in steps])
        yield self._row("output", arrows)
        for layer in reversed(self.picture.layers):
            if layer is None:
                yield look.faint(f"{self.signs.more_down} {self.picture.layers_left_out:,} more layers")
            yield from (self._cells(state) for state in reversed(self.picture.states) if state.layer == layer)
            yield self._row("input" if layer == 0 else "", arrows)
        yield self._legend()
        yield from map(look.faint, notes(self.spec)[1:])

    def _cells(self, state: StateRow) -> Text:
        signs, cells = self.signs, self.picture.row(state)
        shown = [(signs.more, look.FAINT) if cell is None else _mark(cell.kind, signs) for cell in cells]
        name, line = f"layer {state.layer} {_SHORT[state.direction]}", 2 * signs.dash
        hn, h0 = state.hn, f"h0[{state.row}]"
        if state.direction == "reverse":
            return self._row(name, shown, f"{hn} {signs.left}", f"{signs.left} {h0}", f" {signs.left}{line} ")
        return self._row(name, shown, f"{h0} {signs.right}", f"{signs.right} {hn}", f" {line}{signs.right} ")

    def _row(
        self, name: str, cells: Sequence[tuple[str, str]], left: str = "", right: str = "", link: str = " " * 5
    ) -> Text:
        text = Text(f"{name:<{self.label}} ")
        text.append(f"{left:>{self.end + 2}} ", style=look.STATE if "hn" in left else look.FAINT)
        for place, (sign, style) in enumerate(cells):
            text.append(sign, style=style)
            if place + 1 < len(cells):
                text.append(link[len(sign) - 1 :], style=look.FAINT)  # a longer sign takes its room from the link
        text.append(f" {right}", style=look.STATE if "hn" in right else look.FAINT)
        text.rstrip()
        return text

    def _legend(self) -> Text:
        text, drawn = Text(), {cell.kind for cell in self.picture.cells}
        for kind in _MARKS:
            if kind in drawn:
                text.append(*_mark(kind, self.signs)).append(f" {kind}   ")
        return text.append("cn stands where hn does", style=look.FAINT)


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
