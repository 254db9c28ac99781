"""A module's parameters, the work and the memory of one run, and other frameworks' layouts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell, spell_arguments
from lstm_inspect.theory import multiply_adds
from lstm_inspect.theory import parameters as theory
from lstm_inspect.theory.expressions import constructor
from lstm_inspect.theory.memory import CONVENTION, format_bytes, memory
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.verdict.parameters import Weights
from lstm_inspect.views import conversions, look, tables
from lstm_inspect.views.detail import Detail
from lstm_inspect.views.look import Item, Signs

_MOST_PARAMETERS: Final = 24  # three layers of two directions


def page(weights: Weights, spell: Spell, detail: Detail) -> RenderableType:
    """The account to look at: parameters, gates and totals; or the conversions to and from one framework."""
    if detail.framework is not None:
        return Group(*conversions.parts(weights.spec, detail.framework), _verdict(weights, spell))
    spec, whole = weights.spec, detail.all
    parts = [look.block(f"lstm = {constructor(spec)}"), Text(), *_parameters(weights, spell, whole=whole)]
    parts += [Text(), _gates(spec), Text(), *_totals(weights), *_whys(spec)]
    if whole:
        parts += [Text(), _multiply_adds(spec, spell), _memory(spec), *conversions.layouts()]
    else:
        more = "{all=True}: layer by layer, and the memory item by item; {framework=keras}, onnx, flax: the conversions"
        parts.append(look.faint(spell_arguments(more, spell)))
    return Group(*parts, *tables.warnings(weights, spell, detail), _verdict(weights, spell))


def _parameters(weights: Weights, spell: Spell, *, whole: bool) -> Iterator[RenderableType]:
    places, cut = look.first_and_last(range(weights.totals.parameters), whole=whole, most=_MOST_PARAMETERS)
    shown = [theory.parameter(weights.spec, place) for place in places]
    yield look.Fitted(partial(_parameter_table, weights, shown))
    yield from look.left_out(cut, spell)
    yield tables.letters(weights.spec, "IHPLD")


def _parameter_table(weights: Weights, shown: Sequence[theory.Parameter], width: int, signs: Signs) -> RenderableType:
    """One table; where there is no room for it, letters stand under numbers, layer and direction under the name."""
    headers = ["layer", "axes", "shape", *(["torch"] if weights.measured else []), "count", "bytes"]
    rows = [_cells(weights, parameter, signs) for parameter in shown]
    if _width(["Parameters", *headers], rows) > width:
        headers, rows = ["shape", "count", "bytes"], [_folded(row) for row in rows]
    table = look.numbers(look.titled("Parameters", *headers), -2, -1)
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
    return [look.name(parameter.name), place, *shape, *measured, *sizes]


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


def _gates(spec: LSTMSpec) -> RenderableType:
    items = [Item((f"{gate.letter} {gate.name}", gate.meaning), gate.of("weight_ih_l0")) for gate in theory.gates(spec)]
    gated = "weight_hh, bias_ih and bias_hh" if spec.bias else "weight_hh"
    note = f"the same rows of {gated}, in every layer and direction"
    return Group(look.listing("Gates", ("what it does", "rows"), items), look.faint(note))


def _totals(weights: Weights) -> Iterator[RenderableType]:
    """The sums: numbers, multiply-adds, bytes."""
    spec, account = weights.spec, memory(weights.spec)
    table = look.titled("Totals", "")
    numbers = f"{weights.count:,} numbers in {weights.totals.parameters:,} parameters, {spec.itemsize} bytes each"
    table.add_row("parameters", f"{numbers}: {_size(weights.bytes)}")
    for work in multiply_adds.works(spec):
        if work.this_run:
            table.add_row("multiply-adds", f"{work.total:,} over {work.steps:,} steps of {work.input} input")
    table.add_row("memory", f"{_size(account.inference)} for inference")
    table.add_row("", f"{_size(account.training)} for training; Adam adds {_size(account.adam)}")
    yield table


def _whys(spec: LSTMSpec) -> Iterator[RenderableType]:
    yield look.faint(theory.WHY_TWO_BIASES if spec.bias else "bias=False: there is no bias_ih and no bias_hh.")
    if spec.proj_size:
        yield look.faint(theory.WHY_PROJECTION)


def _multiply_adds(spec: LSTMSpec, spell: Spell) -> RenderableType:
    said = [f"multiply-adds = {multiply_adds.formula(spec)}", multiply_adds.CONVENTION]
    table = look.Fitted(partial(_work_table, spec, multiply_adds.works(spec), range(spec.num_layers)))
    return look.section("Multiply-adds of one run", table, *map(look.faint, said))


def _work_table(
    spec: LSTMSpec, works: Sequence[multiply_adds.Work], layers: Sequence[int], width: int, signs: Signs
) -> RenderableType:
    """A column for each form that the input can take, a row for each layer, the sum last."""
    table = look.table("", *(f"{work.input}{', this run' if work.this_run else ''}" for work in works))
    look.numbers(table, *range(1, len(works) + 1))
    table.add_row("steps", *(f"{work.formula} = {work.steps:,}" for work in works))
    for layer in layers:
        table.add_row(
            f"layer {layer}",
            *(f"{multiply_adds.layer_multiply_adds(spec, layer, work.steps):,}" for work in works),
        )
    totals = (work.total for work in works)
    table.add_row(Text("total", style=look.TITLE), *(Text(f"{total:,}", style=look.TITLE) for total in totals))
    return table


def _memory(spec: LSTMSpec) -> RenderableType:
    table = look.Fitted(partial(_memory_table, spec))
    return look.section("Memory of one run", table, look.faint(CONVENTION))


def _memory_table(spec: LSTMSpec, width: int, signs: Signs) -> RenderableType:
    table = look.numbers(look.table("bytes", "inference", "training", "what is counted"), 1, 2)
    account = memory(spec)
    for item in account.items:
        table.add_row(item.name, f"{item.inference:,}", f"{item.training:,}", look.sentence(item.why, look.FAINT))
    sums = [account.inference, account.training]
    read = f"{format_bytes(sums[0])} and {format_bytes(sums[1])}"
    table.add_row(*(Text(cell, style=look.TITLE) for cell in ("total", *(f"{each:,}" for each in sums), read)))
    return table


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
