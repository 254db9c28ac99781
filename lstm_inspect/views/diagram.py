"""The unrolled stack as text: layers upward, time steps to the right, both directions.

Which cells are output, which are hn; cn is the cell state of the same places as hn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.report import Report
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import row_index
from lstm_inspect.views import look
from lstm_inspect.views.look import Signs

_PITCH = 6  # characters from one time step to the next
_MOST_STEPS = 12
_MOST_LAYERS = 4


@dataclass(frozen=True, slots=True)
class Step:
    """One column of the drawing: its label, or the gap that stands for the steps left out."""

    label: str
    first: bool = False
    last: bool = False
    gap: bool = False


def unrolled(report: Report, *, whole: bool = False) -> RenderableType:
    """The drawing of a report's LSTM, as wide as the terminal allows."""
    spec = report.spec
    return look.section("The unrolled stack", look.Fitted(lambda width, signs: Group(*draw(spec, width, signs))))


def draw(spec: LSTMSpec, width: int, signs: Signs) -> list[Text]:
    """The lines of the drawing, at most ``width`` characters wide."""
    return list(_Drawing(spec, width, signs).lines())


class _Drawing:
    def __init__(self, spec: LSTMSpec, width: int, signs: Signs) -> None:
        self.spec, self.signs = spec, signs
        self.label = len(f"layer {spec.num_layers - 1} fwd")
        self.end = len(f"hn[{spec.num_states - 1}]")
        room = width - self.label - 2 * self.end - 2 * len(" > ") - 4
        self.steps = steps(spec, max(4, min(_MOST_STEPS, 1 + room // _PITCH)), signs)

    def lines(self) -> Iterator[Text]:
        layers = self._layers()
        yield self._row("time step", "", [(step.label, look.FAINT) for step in self.steps], "")
        yield self._row("output", "", self._arrows(), "")
        for place, layer in enumerate(layers):
            for direction in reversed(range(self.spec.num_directions)):
                yield self._cells(layer, direction)
            yield self._row("", "", self._arrows(), "")
            if place + 1 < len(layers) and layers[place + 1] != layer - 1:
                between = layer - layers[place + 1] - 1
                yield Text(f"{self.signs.more_down} {between:,} more layers", style=look.FAINT)
                yield self._row("", "", self._arrows(), "")
        yield self._row(
            "input", "", [(self.signs.input if not step.gap else self.signs.more, "") for step in self.steps], ""
        )
        yield Text()
        yield from legend(self.spec, self.signs)

    def _layers(self) -> list[int]:
        """The layers that are drawn, from the top."""
        top_down = list(range(self.spec.num_layers - 1, -1, -1)) if self.spec.num_layers <= _MOST_LAYERS else []
        return top_down or [self.spec.num_layers - 1, self.spec.num_layers - 2, 0]

    def _arrows(self) -> list[tuple[str, str]]:
        return [(self.signs.more if step.gap else self.signs.up, look.FAINT) for step in self.steps]

    def _cells(self, layer: int, direction: int) -> Text:
        row = row_index(self.spec, layer, direction)
        reverse = direction == 1
        arrow = self.signs.left if reverse else self.signs.right
        ends = (f"hn[{row}] {arrow}", f"{arrow} h0[{row}]") if reverse else (f"h0[{row}] {arrow}", f"{arrow} hn[{row}]")
        cells = [self._cell(step, layer, reverse) for step in self.steps]
        name = f"layer {layer} {'rev' if reverse else 'fwd'}"
        return self._row(name, ends[0], cells, ends[1], self._link(arrow, reverse))

    def _cell(self, step: Step, layer: int, reverse: bool) -> tuple[str, str]:
        if step.gap:
            return self.signs.more, look.FAINT
        final = step.first if reverse else step.last
        top = layer == self.spec.num_layers - 1
        return cell_sign(self.signs, output=top, state=final)

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
        return (signs.output_and_state, look.STATE) if state else (signs.output, look.CODE)
    return (signs.state, look.STATE) if state else (signs.cell, look.FAINT)


def steps(spec: LSTMSpec, most: int, signs: Signs) -> list[Step]:
    """The columns: every time step, or the first and the last ones with a gap between them.

    With lengths the last column is a sequence's own last valid step, n - 1.
    """
    count = spec.seq_len if spec.lengths is None else max(spec.lengths)
    differ = spec.lengths is not None and min(spec.lengths) != max(spec.lengths)
    if count <= most and not differ:
        return [Step(str(step), step == 0, step == count - 1) for step in range(count)]
    end = ["n-2", "n-1"] if differ else [str(count - 2), str(count - 1)]
    start = [str(step) for step in range(max(1, most - 3))] if not differ else ["0", "1"]
    labels = [Step(start[0], first=True), *(Step(label) for label in start[1:]), Step(signs.more, gap=True)]
    return [*labels, Step(end[0]), Step(end[1], last=True)]


def legend(spec: LSTMSpec, signs: Signs) -> Iterator[Text]:
    """What the signs mean."""
    entries = [cell_sign(signs, output=True, state=False), cell_sign(signs, output=True, state=True)]
    words = ["output", "output and hn"]
    if spec.num_layers > 1:
        entries += [cell_sign(signs, output=False, state=True), cell_sign(signs, output=False, state=False)]
        words += ["hn alone", "neither"]
    text = Text()
    for (sign, style), word in zip(entries, words, strict=True):
        text.append(sign, style=style).append(f" {word}   ")
    text.rstrip()
    yield text
    yield Text("cn: the cell state of the same places as hn; c0 enters beside h0", style=look.FAINT)
    if spec.lengths is not None:
        yield Text("n: a sequence's own length; its reverse direction starts at n - 1", style=look.FAINT)
