"""The structures side by side; under a number stands what changed it."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from typing import Final, TypeAlias

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell
from lstm_inspect.theory.shapes import TensorReport, format_tuple
from lstm_inspect.theory.words import plural
from lstm_inspect.verdict.structures import Overview, Structure
from lstm_inspect.views import look, tables
from lstm_inspect.views.page import Detail

_Key: TypeAlias = Callable[[TensorReport], Hashable]
_Groups: TypeAlias = dict[tuple[Hashable, ...], list[str]]  # names, by what they have in each structure

_MARKS: Final = {"num_layers": "L", "bidirectional": "D", "batch_first": "b"}
_LEGEND: Final = "under a number, what changed it: L more layers, D two directions, b batch_first"
_ORDER: Final = ("input", "packed_input", "output", "packed_output", "hn", "cn", "h0", "c0")


def page(overview: Overview, spell: Spell, detail: Detail) -> RenderableType:
    """The overview to look at; every table is whole."""
    half = len(overview.structures) // 2
    blocks = overview.structures[:half], overview.structures[half:]
    return Group(
        *(
            look.section(_title(block[0]), look.Fitted(partial(_tables, block)), look.faint(_LEGEND))
            for block in blocks
        ),
        *_axes(overview, [block[0] for block in blocks]),
        look.section("What it teaches", look.Fitted(partial(_lessons, overview))),
        *tables.warnings(overview, spell, detail),
        _verdict(overview, spell),
    )


def _title(structure: Structure) -> str:
    return f"batch_first={structure.spec.batch_first}"


def _tables(structures: Sequence[Structure], width: int, signs: look.Signs) -> RenderableType:
    """One table; where there is no room for it, several under each other."""
    narrow = width < look.NARROW
    rows = list(_grouped(structures, lambda tensor: (tensor.axes, tensor.shape, tensor.actual)).values())
    labels = [_label(names, narrow=narrow) for names in rows]
    columns = [[_header(each, short=narrow), *(_cell(each, names[0]) for names in rows)] for each in structures]
    parts: list[RenderableType] = []
    for group in _side_by_side(columns, width - _width(map(Text, labels))):
        headers, *cells = zip(*group, strict=True)
        table = look.table("", *headers)
        for column in table.columns:
            column.no_wrap = True
        for label, row in zip(labels, cells, strict=True):
            table.add_row(look.name(label), *row)
        parts += [table, Text()]
    return Group(*parts[:-1])


def _grouped(structures: Sequence[Structure], key: _Key) -> _Groups:
    """The tensors' names in the order of their rows, together where they have the same key in each structure."""
    found: _Groups = {}
    for name in sorted((tensor.name for tensor in structures[0].tensors), key=_ORDER.index):
        found.setdefault(tuple(key(_tensor(structure, name)) for structure in structures), []).append(name)
    return found


def _tensor(structure: Structure, name: str) -> TensorReport:
    return next(tensor for tensor in structure.tensors if tensor.name == name)


def _label(names: Sequence[str], *, narrow: bool) -> str:
    """The names of a row; on a narrow terminal two of them a line."""
    pairs = [", ".join(names[start : start + 2]) for start in range(0, len(names), 2)]
    return ",\n".join(pairs) if narrow else ", ".join(pairs)


def _header(structure: Structure, *, short: bool) -> Text:
    directions = plural(structure.spec.num_directions, "dir" if short else "direction")
    return Text(f"{plural(structure.spec.num_layers, 'layer')},\n{directions}")


def _cell(structure: Structure, name: str) -> Text:
    """A shape and, under its numbers, what changed them; under that what was measured, if it is something else."""
    tensor = _tensor(structure, name)
    marks = (_marks(structure, tensor), look.STATE)
    came = [] if tensor.otherwise is None else [(f"\nmeasured\n{format_tuple(tensor.otherwise)}", look.BAD)]
    return Text.assemble(format_tuple(tensor.shape), "\n", marks, *came)


def _marks(structure: Structure, tensor: TensorReport) -> str:
    """A line that has, under each number that a setting changed, that setting's letter."""
    line, start = "", len("(")
    for axis, size in enumerate(tensor.shape):
        changed = (tensor.name, axis)
        marks = [_MARKS[each.by] for each in structure.changes if (each.tensor, each.axis) == changed]
        if marks:
            line = line.ljust(start) + "".join(marks)
        start += len(f"{size}, ")
    return line


def _side_by_side(columns: Sequence[Sequence[Text]], room: int) -> list[list[Sequence[Text]]]:
    """The columns, as many beside each other as there is room for, at least one."""
    groups: list[list[Sequence[Text]]] = [[]]
    left = room
    for column in columns:
        width = _width(column) + look.BETWEEN
        if groups[-1] and width > left:
            groups.append([])
            left = room
        groups[-1].append(column)
        left -= width
    return groups


def _width(cells: Iterable[Text]) -> int:
    return max(len(line) for cell in cells for line in cell.plain.split("\n"))


def _axes(overview: Overview, blocks: Sequence[Structure]) -> Iterator[RenderableType]:
    table = look.titled("What each axis is", *map(_title, blocks))
    for formulas, names in _grouped(blocks, lambda tensor: tensor.formula).items():
        table.add_row(look.name(", ".join(names)), *map(str, formulas))
    note = look.faint(f"L=1 or {overview.spec.num_layers} layers, D=1 or 2 directions; {tables.TORCH_NAMES}")
    yield from (table, tables.letters(overview.spec, "TBIHP"), note, Text())


def _lessons(overview: Overview, width: int, signs: look.Signs) -> RenderableType:
    table = look.table("", "")
    table.show_header = False
    for lesson in overview.lessons:
        table.add_row(look.mark(lesson.holds, signs), look.sentence(lesson.sentence))
    return table


def _verdict(overview: Overview, spell: Spell) -> Text:
    environment, spec = overview.environment, overview.spec
    if environment is None:
        return tables.predicted(spell)
    shapes = sum(len(structure.tensors) for structure in overview.structures)
    runs = f"{shapes} shapes of {len(overview.structures)} runs"
    said = f"Verified: {runs} are as predicted" if overview.verified else f"FAILED: {overview.failed} of {runs}"
    return look.verdict(said, f"{look.where(environment)}, {spec.dtype}, seed {spec.seed}", good=overview.verified)
