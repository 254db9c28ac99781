"""A report on one screen: the call, the tensors, the stack, the rows, what to use, the mistakes near at hand."""

from collections.abc import Iterator
from functools import partial

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell
from lstm_inspect.theory import expressions
from lstm_inspect.theory.shapes import TensorReport, format_tuple
from lstm_inspect.theory.states import StateRow
from lstm_inspect.verdict.report import Report
from lstm_inspect.views import draw, look, tables
from lstm_inspect.views.page import Detail


def page(report: Report, spell: Spell, detail: Detail) -> RenderableType:
    """A report to look at; a packed run is told step by step."""
    if report.command == "pack":
        from lstm_inspect.views import pack

        return pack.page(report, spell, detail)
    return Group(
        look.block(*expressions.statements(report.spec)),
        Text(),
        look.Fitted(partial(_tensors, report)),
        tables.letters(report.spec),
        Text(),
        draw.stack(report.spec),
        Text(),
        *_states(report, spell, detail),
        Text(),
        *_recipes(report, detail),
        *tables.ending(report, spell, detail),
    )


def _tensors(report: Report, width: int, signs: look.Signs) -> RenderableType:
    rows = ((look.name(each.name), each.formula, _shape(each, report, signs), each.meaning) for each in report.tensors)
    return look.table(look.sentence("Tensors", look.TITLE), "axes", "shape", "what it holds", rows=rows, whole=range(3))


def _shape(tensor: TensorReport, report: Report, signs: look.Signs) -> Text:
    """The predicted shape; beside it whether it was measured so, under it what came instead."""
    shape = Text(format_tuple(tensor.shape))
    if tensor.actual is None:
        return shape
    if tensor.otherwise is None and tensor.dtype == report.spec.dtype:
        return Text.assemble(shape, " ", look.mark(True, signs))
    came = tensor.dtype if tensor.otherwise is None else format_tuple(tensor.otherwise)
    return Text.assemble(shape, "\n", (f"{signs.bad} {came}", look.BAD))


def _states(report: Report, spell: Spell, detail: Detail) -> Iterator[RenderableType]:
    """Every row of hn and cn: layer, direction, time step, the slice of output that equals it."""
    shown, cut = look.first_and_last(report.states, whole=detail.all)
    yield look.listing("Rows", ("layer", "direction", "step", "hn's row is also"), [_state(each) for each in shown])
    yield from look.left_out(cut, spell)
    yield look.faint(f"row = layer * D + direction; {tables.TORCH_NAMES}")


def _state(state: StateRow) -> look.Item:
    step = "length - 1" if state.time_step is None else str(state.time_step)
    cells = (f"{state.hn}, {state.cn}", str(state.layer), state.direction, step)
    return look.Item(cells, state.output or "", "not in output: below the top layer")


def _recipes(report: Report, detail: Detail) -> Iterator[RenderableType]:
    items = [look.Item((each.task, format_tuple(each.shape)), each.expression) for each in report.recipes]
    yield look.listing("What to use for", ("shape", ""), items)
    if detail.all:
        yield from (look.faint(f"{each.task}: {each.why}") for each in report.recipes)
