"""A module's parameters, the work and the memory of one run, and other frameworks' layouts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lstm_inspect.errors import Spell, spell_arguments
from lstm_inspect.theory import frameworks, multiply_adds
from lstm_inspect.theory import parameters as theory
from lstm_inspect.theory.expressions import constructor
from lstm_inspect.theory.frameworks import Assignment, Conversion, Layout
from lstm_inspect.theory.memory import CONVENTION, format_bytes, memory
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.verdict.parameters import Weights
from lstm_inspect.views import look, tables
from lstm_inspect.views.detail import Detail
from lstm_inspect.views.look import Signs

_MOST_PARAMETERS: Final = 24  # three layers of two directions


def page(weights: Weights, spell: Spell, detail: Detail) -> RenderableType:
    """The account to look at."""
    spec, whole = weights.spec, detail.all
    parts = [look.section("Module", look.code(f"lstm = {constructor(spec)}", whole=True))]
    parts += [_parameters(weights, whole), _gates(spec), _biases(spec)]
    if spec.proj_size:
        parts.append(look.section("The projection", look.sentence(theory.WHY_PROJECTION)))
    parts += [_multiply_adds(spec, whole), _memory(spec), _elsewhere(spec)]
    return Group(*parts, *tables.warnings(weights, spell, detail), _verdict(weights, spell))


def _numbers(table: Table, *columns: int) -> Table:
    """Columns of numbers stand flush right and are never broken."""
    for column in columns:
        table.columns[column].justify, table.columns[column].no_wrap = "right", True
    return table


def _parameters(weights: Weights, whole: bool) -> RenderableType:
    count = weights.totals.parameters
    places, cut = look.first_and_last(range(count), whole=whole, most=_MOST_PARAMETERS)
    shown = [theory.parameter(weights.spec, place) for place in places]
    total = look.sentence(f"{weights.count:,} numbers in {count:,} parameters: {_size(weights.bytes)}")
    letters = look.sentence(_letters(weights.spec), look.FAINT)
    return look.section(
        "Parameters", look.Fitted(partial(_parameter_table, weights, shown)), *look.left_out(cut), total, letters
    )


def _parameter_table(weights: Weights, shown: Sequence[theory.Parameter], width: int, signs: Signs) -> RenderableType:
    """One table; where there is no room for it, letters stand under numbers, layer and direction under the name."""
    headers = ["name", "layer", "axes", "shape", *(["torch"] if weights.measured else []), "count", "bytes"]
    rows = [_cells(weights, parameter, signs) for parameter in shown]
    if _width(headers, rows) > width:
        headers, rows = ["name", "shape", "count", "bytes"], [_folded(row) for row in rows]
    table = _numbers(look.table(*headers), -2, -1)
    table.columns[0].no_wrap = True
    for row in rows:
        table.add_row(*row)
    return table


def _width(headers: Sequence[str], rows: Sequence[Sequence[Text]]) -> int:
    """What a table takes if nothing in it is broken."""
    columns = zip(*rows, strict=True)
    widest = [max(len(header), *map(len, cells)) for header, cells in zip(headers, columns, strict=True)]
    return sum(widest) + look.BETWEEN * (len(headers) - 1)


def _cells(weights: Weights, parameter: theory.Parameter, signs: Signs) -> list[Text]:
    place = Text(f"{parameter.layer} {parameter.direction}")
    shape = [Text(parameter.formula), Text(format_tuple(parameter.shape))]
    measured = [_measured(weights, parameter, signs)] if weights.measured else []
    sizes = [Text(f"{parameter.count:,}"), Text(f"{parameter.count * weights.spec.itemsize:,}")]
    return [look.code(parameter.name), place, *shape, *measured, *sizes]


def _folded(cells: Sequence[Text]) -> list[Text]:
    """The same cells in four columns of two lines."""
    name, place, letters, shape, *measured, count, size = cells
    under = look.with_reason(name, f"layer {place.plain}")
    return [under, look.with_reason(Text(" ").join([shape, *measured]), letters.plain), count, size]


def _measured(weights: Weights, parameter: theory.Parameter, signs: Signs) -> Text:
    measured = weights.measured
    if measured is None or parameter.layer >= measured.built.num_layers:
        return Text("not built", style=look.FAINT)
    actual = measured.shapes.get(parameter.name)
    if actual == parameter.shape:
        return Text(signs.good, style=look.GOOD)
    return Text(f"{signs.bad} {'not there' if actual is None else format_tuple(actual)}", style=look.BAD)


def _size(count: int) -> str:
    return f"{count:,} bytes" + (f" ({format_bytes(count)})" if count >= 1024 else "")


def _letters(spec: LSTMSpec) -> str:
    sizes = {"I": spec.input_size, "H": spec.hidden_size} | ({"P": spec.proj_size} if spec.proj_size else {})
    letters = ", ".join(f"{letter} = {size}" for letter, size in sizes.items())
    return f"{letters}; {spec.itemsize} bytes a number in {spec.dtype}"


def _gates(spec: LSTMSpec) -> RenderableType:
    gated = "weight_ih, weight_hh, bias_ih and bias_hh" if spec.bias else "weight_ih and weight_hh"
    note = f"the same rows of {gated}, in every layer and direction"
    return look.section("Gate rows", look.Fitted(partial(_gate_table, spec)), look.sentence(note, look.FAINT))


def _gate_table(spec: LSTMSpec, width: int, signs: Signs) -> RenderableType:
    table = look.table("", "gate", "rows")
    table.columns[-1].no_wrap = True
    for gate in theory.gates(spec):
        table.add_row(gate.letter, look.with_reason(Text(gate.name), gate.meaning), look.code(gate.of("weight_ih_l0")))
    return table


def _biases(spec: LSTMSpec) -> RenderableType:
    if not spec.bias:
        return look.section("No biases", look.sentence("bias=False: there is no bias_ih and no bias_hh."))
    return look.section("Why two biases", look.sentence(theory.WHY_TWO_BIASES))


def _multiply_adds(spec: LSTMSpec, whole: bool) -> RenderableType:
    works = multiply_adds.works(spec)
    layers, cut = look.first_and_last(range(spec.num_layers), whole=whole)
    said = [f"multiply-adds = {multiply_adds.formula(spec)}", multiply_adds.CONVENTION]
    return look.section(
        "Multiply-adds of one run",
        look.Fitted(partial(_work_table, spec, works, layers)),
        *look.left_out(cut),
        *(look.sentence(line, look.FAINT) for line in said),
    )


def _work_table(
    spec: LSTMSpec, works: Sequence[multiply_adds.Work], layers: Sequence[int], width: int, signs: Signs
) -> RenderableType:
    """A column for each form that the input can take, a row for each layer, the sum last."""
    table = look.table("", *(f"{work.input}{', this run' if work.this_run else ''}" for work in works))
    _numbers(table, *range(1, len(works) + 1))
    table.add_row("steps", *(f"{work.formula} = {work.steps:,}" for work in works))
    for layer in layers:
        table.add_row(
            f"layer {layer}",
            *(f"{multiply_adds.layer_multiply_adds(spec, layer, work.steps):,}" for work in works),
        )
    table.rows[-1].end_section = True
    totals = (work.total for work in works)
    table.add_row(Text("total", style=look.TITLE), *(Text(f"{total:,}", style=look.TITLE) for total in totals))
    return table


def _memory(spec: LSTMSpec) -> RenderableType:
    adam = f"Adam keeps two more numbers a parameter, {_size(memory(spec).adam)}, on top of training."
    return look.section(
        "Memory of one run",
        look.Fitted(partial(_memory_table, spec)),
        look.sentence(adam),
        look.sentence(CONVENTION, look.FAINT),
    )


def _memory_table(spec: LSTMSpec, width: int, signs: Signs) -> RenderableType:
    table = _numbers(look.table("bytes", "inference", "training", "what is counted"), 1, 2)
    account = memory(spec)
    for item in account.items:
        table.add_row(item.name, f"{item.inference:,}", f"{item.training:,}", look.sentence(item.why, look.FAINT))
    table.rows[-1].end_section = True
    sums = [account.inference, account.training]
    read = f"{format_bytes(sums[0])} and {format_bytes(sums[1])}"
    table.add_row(*(Text(cell, style=look.TITLE) for cell in ("total", *(f"{each:,}" for each in sums), read)))
    return table


def _elsewhere(spec: LSTMSpec) -> RenderableType:
    """Keras, ONNX and Flax: their layouts beside torch's, and the expressions that convert layer 0."""
    layouts = look.Fitted(_layout_table)
    conversions = frameworks.conversions(spec)
    if not conversions:
        return look.section("Elsewhere", layouts, look.sentence(f"Keras, ONNX, Flax: {frameworks.NO_PROJECTION}."))
    reverse = ", and with _reverse for the reverse direction" if spec.bidirectional else ""
    note = (
        f"Below: layer 0, forward. Every layer is the same with its own number and its own rows of h0 and c0{reverse}. "
        "Their names stand for tensors."
    )
    blocks = [part for conversion in conversions for part in (Text(), *_conversion(conversion))]
    return look.section("Elsewhere", layouts, look.sentence(note, look.FAINT), *blocks)


def _layout_table(width: int, signs: Signs) -> RenderableType:
    """One table; on a narrow terminal, a list."""
    if width < look.WIDE:
        return Group(*(_layout_lines(layout) for layout in frameworks.LAYOUTS))
    table = look.table("", "gates", "kernels", "bias", "state")
    table.columns[0].no_wrap = True
    for layout in frameworks.LAYOUTS:
        table.add_row(look.code(layout.framework), layout.gates, layout.kernels, layout.bias, layout.state)
    return table


def _layout_lines(layout: Layout) -> RenderableType:
    said = {"gates": layout.gates, "kernels": layout.kernels, "bias": layout.bias, "state": layout.state}
    table = look.table("", "")
    table.show_header = False
    table.columns[0].no_wrap, table.columns[0].min_width = True, len("  kernels")
    for name, text in said.items():
        table.add_row(f"  {name}", look.sentence(text))
    return Group(look.code(layout.framework), table)


def _conversion(conversion: Conversion) -> tuple[RenderableType, ...]:
    name = conversion.framework
    result = [conversion.result] if conversion.result else []
    return (
        Text.assemble((f"torch to {name}", look.TITLE), f" ({conversion.note})"),
        _assignments(conversion.from_torch),
        Text.assemble((f"{name} to torch", look.TITLE), " (by the names that lstm.load_state_dict takes)"),
        _assignments((*conversion.to_torch, *result)),
    )


def _assignments(assignments: Sequence[Assignment]) -> Text:
    return Text("\n").join(
        look.code(f"{assignment.name} = {assignment.expression}", whole=True) for assignment in assignments
    )


def _verdict(weights: Weights, spell: Spell) -> Text:
    """What held; after a failed check, what torch says otherwise."""
    measured, environment = weights.measured, weights.environment
    if measured is None or environment is None:
        said = "Worked out from integers alone; torch was not loaded. With {check=True} it is held against torch."
        return look.sentence(spell_arguments(said, spell), look.TITLE)
    run = _counted(weights.spec, measured.counted)
    what = f"{len(measured.shapes):,} parameters of named_parameters(), the multiply-adds of {run}"
    said = f"{'FAILED' if weights.differences else 'Verified'}: {what}"
    line = look.verdict(said, f"{look.where(environment)}, {weights.spec.dtype}", good=weights.verified)
    return Text("\n").join([line, *(look.sentence(difference, look.BAD) for difference in weights.differences)])


def _counted(spec: LSTMSpec, counted: LSTMSpec) -> str:
    """The run that torch counted, in words."""
    if (counted.num_layers, counted.valid_steps) == (spec.num_layers, spec.valid_steps):
        return "one run"
    return f"a run of its first {counted.num_layers} layers over {counted.valid_steps:,} steps"
