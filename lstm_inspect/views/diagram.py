"""The unrolled stack as text: layers upward, time steps to the right, both directions.

Which cells are output, which are hn; cn is the cell state of the same places as hn.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import StateRow
from lstm_inspect.theory.unrolled import Cell, kind, notes, unroll
from lstm_inspect.views import look
from lstm_inspect.views.look import Signs

_PITCH = 6  # characters from one time step to the next
_MOST_STEPS = 12
_SHORT = {"forward": "fwd", "reverse": "rev"}


def drawn(spec: LSTMSpec) -> RenderableType:
    """The drawing of a spec's LSTM, as wide as the terminal allows."""
    return look.Fitted(lambda width, signs: Group(*draw(spec, width, signs)))


def unrolled(spec: LSTMSpec) -> RenderableType:
    """The same under a title."""
    return look.section("The unrolled stack", drawn(spec))


def draw(spec: LSTMSpec, width: int, signs: Signs) -> list[Text]:
    """The lines of the drawing, at most ``width`` characters wide."""
    return list(_Drawing(spec, width, signs).lines())


class _Drawing:
    def __init__(self, spec: LSTMSpec, width: int, signs: Signs) -> None:
        self.spec, self.signs = spec, signs
        self.label = len(f"layer {spec.num_layers - 1} fwd")
        self.end = len(f"hn[{spec.num_states - 1}]")
        room = width - self.label - 2 * self.end - 2 * len(" > ") - 4
        self.picture = unroll(spec, max(4, min(_MOST_STEPS, 1 + room // _PITCH)))
        self.steps = self.picture.steps

    def lines(self) -> Iterator[Text]:
        labels = [(self.signs.more if step.gap else step.label, look.FAINT) for step in self.steps]
        yield self._row("time step", "", labels, "")
        yield self._row("output", "", self._arrows(), "")
        for layer in reversed(self.picture.layers):
            if layer is None:
                left_out = f"{self.picture.layers_left_out:,} more layers"
                yield Text(f"{self.signs.more_down} {left_out}", style=look.FAINT)
            else:
                yield from self._layer(layer)
            yield self._row("" if layer != 0 else "input", "", self._arrows(), "")
        yield from legend(self.spec, self.signs, {cell.kind for cell in self.picture.cells})

    def _arrows(self) -> list[tuple[str, str]]:
        return [(self.signs.more if step.gap else self.signs.up, look.FAINT) for step in self.steps]

    def _layer(self, layer: int) -> Iterator[Text]:
        for state in reversed(self.picture.states):
            if state.layer == layer:
                yield self._cells(state)

    def _cells(self, state: StateRow) -> Text:
        reverse = state.direction == "reverse"
        arrow = self.signs.left if reverse else self.signs.right
        hn, h0 = state.hn, f"h0[{state.row}]"
        ends = (f"{hn} {arrow}", f"{arrow} {h0}") if reverse else (f"{h0} {arrow}", f"{arrow} {hn}")
        cells = iter(self.picture.row(state))
        signs = [(self.signs.more, look.FAINT) if step.gap else self._sign(next(cells)) for step in self.steps]
        name = f"layer {state.layer} {_SHORT[state.direction]}"
        return self._row(name, ends[0], signs, ends[1], self._link(arrow, reverse))

    def _sign(self, cell: Cell) -> tuple[str, str]:
        return cell_sign(self.signs, output=cell.is_output, state=cell.is_state)

    def _link(self, arrow: str, reverse: bool) -> str:
        line = 2 * self.signs.dash
        return f" {arrow}{line} " if reverse else f" {line}{arrow} "

    def _row(self, name: str, left: str, cells: Sequence[tuple[str, str]], right: str, link: str = " " * 5) -> Text:
        text = Text(f"{name:<{self.label}} ")
        text.append(f"{left:>{self.end + 2}} ", style=look.STATE if left.startswith("hn") else look.FAINT)
        for place, (sign, style) in enumerate(cells):
            text.append(sign, style=style)
            if place + 1 < len(cells):  # a longer sign takes its room from the link
                text.append(link[len(sign) - 1 :] if link.strip() == "" else link, style=look.FAINT)
        text.append(f" {right}", style=look.STATE if right.endswith("]") and "hn" in right else look.FAINT)
        text.rstrip()
        return text


def cell_sign(signs: Signs, *, output: bool, state: bool) -> tuple[str, str]:
    """The sign and the style of a cell that is part of output, of hn, of both or of neither."""
    if output:
        return (signs.output_and_state, look.STATE) if state else (signs.output, look.CELL)
    return (signs.state, look.STATE) if state else (signs.cell, look.FAINT)


def legend(spec: LSTMSpec, signs: Signs, drawn: Collection[str]) -> Iterator[Text]:
    """What the signs that are drawn mean."""
    text = Text()
    for output, state in ((True, False), (True, True), (False, True), (False, False)):
        name = kind(output=output, state=state)
        if name in drawn:
            sign, style = cell_sign(signs, output=output, state=state)
            text.append(sign, style=style).append(f" {name}   ")
    yield text.append("cn stands where hn does", style=look.FAINT)
    yield from (Text(note, style=look.FAINT) for note in notes(spec)[1:])
