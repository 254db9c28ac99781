"""The structures side by side; under a number stands what changed it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.verdict.report import TensorReport
from lstm_inspect.verdict.structures import Overview, Structure
from lstm_inspect.views import look, tables
from lstm_inspect.views.detail import Detail
from lstm_inspect.views.look import Signs

_MARKS: Final = {"num_layers": "L", "bidirectional": "D", "batch_first": "b"}
_LEGEND: Final = "under a number, what changed it: L more layers, D two directions, b batch_first"
_ORDER: Final = ("input", "packed_input", "output", "packed_output", "hn", "cn", "h0", "c0")

Rows = Sequence[Sequence[str]]


def page(overview: Overview, spell: Spell, detail: Detail) -> RenderableType:
    """The overview to look at; every table is whole."""
    half = len(overview.structures) // 2
    blocks = [_block(block) for block in (overview.structures[:half], overview.structures[half:])]
    said = tables.warnings(overview, spell, detail)
    return Group(*blocks, _axes(overview), _lessons(overview), *said, _verdict(overview, spell))


def _block(structures: Sequence[Structure]) -> RenderableType:
    """The four structures of one batch_first."""
    title = f"batch_first={structures[0].spec.batch_first}"
    return look.section(title, look.Fitted(partial(_tables, structures)), look.sentence(_LEGEND, look.FAINT))


def _tables(structures: Sequence[Structure], width: int, signs: Signs) -> RenderableType:
    """One table; where there is no room for it, several under each other."""
    rows = _rows(structures)
    labels = [_label(names, narrow=width < look.NARROW) for names in rows]
    room = width - max(len(line) for label in labels for line in label.split("\n"))
    parts: list[RenderableType] = []
    for columns in _columns_that_fit(structures, room, short=width < look.NARROW):
        table = look.table("", *(_header(each, short=width < look.NARROW) for each in columns))
        for column in table.columns:
            column.no_wrap = True
        for names, label in zip(rows, labels, strict=True):
            table.add_row(look.name(label), *(_cell(structure, names[0]) for structure in columns))
        parts += [table, Text()]
    return Group(*parts[:-1])


def _rows(structures: Sequence[Structure]) -> Rows:
    """The tensors' names, those that have the same shapes in all structures on one row."""

    def looks(name: str) -> Hashable:
        tensors = (_tensor(structure, name) for structure in structures)
        return tuple((tensor.theory.axes, tensor.theory.shape, tensor.actual) for tensor in tensors)

    return _grouped(structures[0], looks)


def _grouped(structure: Structure, key: Callable[[str], Hashable]) -> Rows:
    """The tensors' names, in the order of their rows, those with the same key together."""
    groups: dict[Hashable, list[str]] = {}
    for name in sorted((tensor.theory.name for tensor in structure.tensors), key=_ORDER.index):
        groups.setdefault(key(name), []).append(name)
    return list(groups.values())


def _label(names: Sequence[str], *, narrow: bool) -> str:
    """The names of a row; on a narrow terminal two of them a line."""
    pairs = [", ".join(names[start : start + 2]) for start in range(0, len(names), 2)]
    return ",\n".join(pairs) if narrow else ", ".join(pairs)


def _header(structure: Structure, *, short: bool) -> str:
    spec = structure.spec
    layers = f"{spec.num_layers} layer{'s' if spec.num_layers > 1 else ''}"
    direction = "dir" if short else "direction"
    return f"{layers},\n{spec.num_directions} {direction}{'s' if spec.num_directions > 1 else ''}"


def _columns_that_fit(structures: Sequence[Structure], room: int, *, short: bool) -> Iterator[Sequence[Structure]]:
    """The structures, as many beside each other as there is room for, at least one."""
    widths = [_column_width(structure, short=short) + look.BETWEEN for structure in structures]
    start = 0
    while start < len(structures):
        stop = start + 1
        while stop < len(structures) and sum(widths[start : stop + 1]) <= room:
            stop += 1
        yield structures[start:stop]
        start = stop


def _column_width(structure: Structure, *, short: bool) -> int:
    cells = [_cell(structure, tensor.theory.name).plain for tensor in structure.tensors]
    return max(len(line) for cell in (*cells, _header(structure, short=short)) for line in cell.split("\n"))


def _cell(structure: Structure, name: str) -> Text:
    """A shape and, under its numbers, what changed them; under that what was measured, if it is something else."""
    tensor = _tensor(structure, name)
    cell = Text.assemble(format_tuple(tensor.theory.shape), "\n", (_marks(structure, tensor), look.STATE))
    if tensor.actual in (None, tensor.theory.shape):
        return cell
    assert tensor.actual is not None
    return Text.assemble(cell, "\n", (f"measured\n{format_tuple(tensor.actual)}", look.BAD))


def _marks(structure: Structure, tensor: TensorReport) -> str:
    """A line that has, under each number that a setting changed, that setting's letter."""
    line = ""
    for axis in range(len(tensor.theory.shape)):
        mark = "".join(
            _MARKS[change.by]
            for change in structure.changes
            if (change.tensor, change.axis) == (tensor.theory.name, axis)
        )
        if mark:
            line = line.ljust(_offset(tensor, axis)) + mark
    return line


def _offset(tensor: TensorReport, axis: int) -> int:
    """Where an axis' number starts in the written shape."""
    return len("(") + sum(len(f"{size}, ") for size in tensor.theory.shape[:axis])


def _axes(overview: Overview) -> RenderableType:
    """What each axis is, in letters."""
    half = len(overview.structures) // 2
    blocks = overview.structures[0], overview.structures[half]
    table = look.titled("What each axis is", *(f"batch_first={block.spec.batch_first}" for block in blocks))
    for names in _grouped(blocks[0], partial(_formulas, blocks)):
        table.add_row(look.name(", ".join(names)), *_formulas(blocks, names[0]))
    sizes = f"L=1 or {overview.spec.num_layers} layers, D=1 or 2 directions; {tables.TORCH_NAMES}"
    return Group(table, tables.letters(overview.spec, "TBIHP"), look.faint(sizes), Text())


def _formulas(blocks: Sequence[Structure], name: str) -> tuple[str, ...]:
    return tuple(_tensor(block, name).theory.formula for block in blocks)


def _tensor(structure: Structure, name: str) -> TensorReport:
    return next(tensor for tensor in structure.tensors if tensor.theory.name == name)


def _lessons(overview: Overview) -> RenderableType:
    """The sentences that the table teaches, and whether they hold."""
    return look.section("What it teaches", look.Fitted(partial(_lesson_lines, overview)))


def _lesson_lines(overview: Overview, width: int, signs: Signs) -> RenderableType:
    table = look.table("", "")
    table.show_header = False
    for result in overview.lessons:
        table.add_row(look.mark(result.holds, signs), look.sentence(result.lesson.sentence))
    return table


def _verdict(overview: Overview, spell: Spell) -> Text:
    environment, spec = overview.environment, overview.spec
    if environment is None:
        return tables.predicted(spell)
    shapes = sum(len(structure.tensors) for structure in overview.structures)
    runs = f"{shapes} shapes of {len(overview.structures)} runs"
    said = f"Verified: {runs} are as predicted" if overview.verified else f"FAILED: {overview.failed} of {runs}"
    return look.verdict(said, f"{look.where(environment)}, {spec.dtype}, seed {spec.seed}", good=overview.verified)
