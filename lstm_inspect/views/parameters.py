"""A module's parameters, the work and the memory of one run, and other frameworks' layouts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lstm_inspect.errors import Spell, spell_arguments
from lstm_inspect.theory import frameworks
from lstm_inspect.theory import parameters as theory
from lstm_inspect.theory.costs import Memory, Work, format_bytes
from lstm_inspect.theory.expressions import constructor
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.verdict.parameters import Weights
from lstm_inspect.views import look, tables
from lstm_inspect.views.page import Detail

if TYPE_CHECKING:
    from lstm_inspect.experiment.parameters import Measured

_MOST_PARAMETERS: Final = 24  # three layers of two directions
_MORE: Final = "{all=True}: layer by layer, and the memory item by item; {framework=keras}, onnx, flax: the conversions"


def page(weights: Weights, spell: Spell, detail: Detail) -> RenderableType:
    """The account to look at: parameters, gates and totals; or the conversions to and from one framework."""
    spec = weights.spec
    if detail.framework is not None:
        functions = look.block(frameworks.code(spec, detail.framework))
        return Group(functions, Text(), _verdict(weights, spell))
    return Group(
        look.block(f"lstm = {constructor(spec)}"),
        Text(),
        *_parameters(weights, spell, whole=detail.all),
        Text(),
        *_gates(weights),
        Text(),
        *_totals(weights),
        *(_layer_by_layer(weights) if detail.all else [look.faint(spell_arguments(_MORE, spell))]),
        *tables.warnings(weights, spell, detail),
        _verdict(weights, spell),
    )


def _parameters(weights: Weights, spell: Spell, *, whole: bool) -> Iterator[RenderableType]:
    places, cut = look.first_and_last(range(weights.totals.parameters), whole=whole, most=_MOST_PARAMETERS)
    shown = [theory.parameter(weights.spec, place) for place in places]
    yield look.Fitted(partial(_parameter_table, weights, shown))
    yield from look.left_out(cut, spell)
    yield tables.letters(weights.spec, "IHPLD")


def _parameter_table(
    weights: Weights, shown: Sequence[theory.Parameter], width: int, signs: look.Signs
) -> RenderableType:
    """One table; where there is no room for it, letters stand under numbers, layer and direction under the name."""
    title, sizes = look.sentence("Parameters", look.TITLE), ("count", "bytes")
    headers = ["layer", "axes", "shape", *(["torch"] if weights.measured else []), *sizes]
    rows = [_cells(weights, parameter, signs) for parameter in shown]
    widest = (max(map(len, cells)) for cells in zip([title, *headers], *rows, strict=True))
    if sum(widest) + look.BETWEEN * len(headers) > width:
        headers, rows = ["shape", *sizes], [_folded(*row) for row in rows]
    return look.table(title, *headers, rows=rows, numbers=(-2, -1), whole=(0,))


def _cells(weights: Weights, parameter: theory.Parameter, signs: look.Signs) -> list[Text]:
    cells = [look.name(parameter.name), Text(f"{parameter.layer} {parameter.direction}")]
    cells += [Text(parameter.formula), Text(format_tuple(parameter.shape))]
    cells += [_measured(weights.measured, parameter, signs)] if weights.measured else []
    return [*cells, Text(f"{parameter.count:,}"), Text(f"{parameter.bytes:,}")]


def _folded(name: Text, place: Text, letters: Text, *others: Text) -> list[Text]:
    """The same cells in four columns of two lines."""
    *shape, count, size = others
    under = name.append(f"\nlayer {place.plain}", look.FAINT)
    return [under, Text(" ").join(shape).append(f"\n{letters.plain}", look.FAINT), count, size]


def _measured(measured: Measured, parameter: theory.Parameter, signs: look.Signs) -> Text:
    if parameter.layer >= measured.built.num_layers:
        return look.faint("not built")
    actual = measured.shapes.get(parameter.name)
    came = "not there" if actual is None else format_tuple(actual)
    return look.mark(True, signs) if actual == parameter.shape else Text(f"{signs.bad} {came}", style=look.BAD)


def _gates(weights: Weights) -> Iterator[RenderableType]:
    items = [look.Item((f"{each.letter} {each.name}", each.meaning), each.of("weight_ih_l0")) for each in weights.gates]
    gated = "weight_hh, bias_ih and bias_hh" if weights.spec.bias else "weight_hh"
    yield look.listing("Gates", ("what it does", "rows"), items)
    yield look.faint(f"the same rows of {gated}, in every layer and direction")


def _totals(weights: Weights) -> Iterator[RenderableType]:
    totals, memory = weights.totals, weights.memory
    numbers = f"{totals.count:,} numbers in {totals.parameters:,} parameters, {weights.spec.itemsize} bytes each"
    work = next(work for work in weights.multiply_adds.runs if work.this_run)
    rows = (
        ("parameters", f"{numbers}: {_size(totals.bytes)}"),
        ("multiply-adds", f"{work.total:,} over {work.steps:,} steps of {work.input} input"),
        ("memory", f"{_size(memory.inference)} for inference"),
        ("", f"{_size(memory.training)} for training; Adam adds {_size(memory.adam)}"),
    )
    yield look.table(look.sentence("Totals", look.TITLE), "", rows=rows)
    yield look.faint(weights.two_biases or "bias=False: there is no bias_ih and no bias_hh.")
    if weights.projection:
        yield look.faint(weights.projection)


def _size(count: int) -> str:
    return f"{count:,} bytes" + (f" ({format_bytes(count)})" if count >= 1024 else "")


def _layer_by_layer(weights: Weights) -> Iterator[RenderableType]:
    work, memory = weights.multiply_adds, weights.memory
    said = (f"multiply-adds = {work.formula}", work.convention)
    yield Text()
    yield look.section("Multiply-adds of one run", _work_table(work.runs), *map(look.faint, said))
    yield look.section("Memory of one run", _memory_table(memory), look.faint(memory.convention))
    yield look.sentence("Elsewhere", look.TITLE)  # each framework's gates, kernels, biases and states
    for layout in frameworks.LAYOUTS:
        rows = ((f"  {name}", getattr(layout, name)) for name in ("gates", "kernels", "bias", "state"))
        yield look.name(layout.framework)
        yield look.table("", "", rows=rows)
    yield Text()


def _work_table(works: Sequence[Work]) -> Table:
    """A column for each form that the input can take, a row for each layer, the sum last."""
    headers = (f"{work.input}{', this run' if work.this_run else ''}" for work in works)
    layers = enumerate(zip(*(work.by_layer for work in works), strict=True))
    rows = [
        ("steps", *(f"{work.formula} = {work.steps:,}" for work in works)),
        *((f"layer {layer}", *(f"{count:,}" for count in counts)) for layer, counts in layers),
    ]
    table = look.table("", *headers, rows=rows, numbers=range(1, len(works) + 1))
    table.add_row("total", *(f"{work.total:,}" for work in works), style=look.TITLE)
    return table


def _memory_table(memory: Memory) -> Table:
    rows = ((item.name, f"{item.inference:,}", f"{item.training:,}", look.faint(item.why)) for item in memory.items)
    table = look.table("bytes", "inference", "training", "what is counted", rows=rows, numbers=(1, 2))
    read = f"{format_bytes(memory.inference)} and {format_bytes(memory.training)}"
    table.add_row("total", f"{memory.inference:,}", f"{memory.training:,}", read, style=look.TITLE)
    return table


def _verdict(weights: Weights, spell: Spell) -> Text:
    measured, environment = weights.measured, weights.environment
    if measured is None or environment is None:
        said = "Worked out from integers alone; torch was not loaded. With {check=True} it is held against torch."
        return look.sentence(spell_arguments(said, spell), look.TITLE)
    spec, counted, run = weights.spec, measured.counted, "one run"
    if (counted.num_layers, counted.valid_steps) != (spec.num_layers, spec.valid_steps):
        run = f"a run of its first {counted.num_layers} layers over {counted.valid_steps:,} steps"
    what = f"{len(measured.shapes):,} parameters of named_parameters(), the multiply-adds of {run}"
    said = f"{'FAILED' if weights.differences else 'Verified'}: {what}"
    line = look.verdict(said, f"{look.where(environment)}, {spec.dtype}", good=weights.verified)
    return Text("\n").join([line, *(look.sentence(difference, look.BAD) for difference in weights.differences)])
