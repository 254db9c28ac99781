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

_Row: TypeAlias = tuple[TensorReport, ...]  # one tensor in each structure

_MARKS: Final = {"num_layers": "L", "bidirectional": "D", "batch_first": "b"}
_LEGEND: Final = "under a number, what changed it: L more layers, D two directions, b batch_first"
_ORDER: Final = ("input", "packed_input", "output", "packed_output", "hn", "cn", "h0", "c0")


def page(overview: Overview, spell: Spell, detail: Detail) -> RenderableType:
    """The overview to look at; every table is whole."""
    half = len(overview.structures) // 2
    blocks = overview.structures[:half], overview.structures[half:]
    shapes = [
        look.section(_title(each[0]), look.Fitted(partial(_tables, each)), look.faint(_LEGEND)) for each in blocks
    ]
    return Group(
        *shapes,
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
    groups = list(_grouped(structures, lambda tensor: (tensor.axes, tensor.shape, tensor.actual)).values())
    labels = [look.name(_label(rows, narrow=narrow)) for rows in groups]
    columns = [
        [_header(structure, short=narrow), *(_cell(structure, rows[0][place]) for rows in groups)]
        for place, structure in enumerate(structures)
    ]
    parts: list[RenderableType] = []
    for beside in _side_by_side(columns, width - _width(labels)):
        headers, *cells = zip(*beside, strict=True)
        rows = ((label, *row) for label, row in zip(labels, cells, strict=True))
        parts += [look.table("", *headers, rows=rows, whole=range(len(headers) + 1)), Text()]
    return Group(*parts[:-1])


def _grouped(
    structures: Sequence[Structure], key: Callable[[TensorReport], Hashable]
) -> dict[tuple[Hashable, ...], list[_Row]]:
    """The rows in their order, together where they have the same key in each structure."""
    found: dict[tuple[Hashable, ...], list[_Row]] = {}
    ordered = (sorted(each.tensors, key=lambda tensor: _ORDER.index(tensor.name)) for each in structures)
    for row in zip(*ordered, strict=True):
        found.setdefault(tuple(map(key, row)), []).append(row)
    return found


def _label(rows: Sequence[_Row], *, narrow: bool = False) -> str:
    """The names of rows; on a narrow terminal two of them a line."""
    names = [row[0].name for row in rows]
    pairs = [", ".join(names[start : start + 2]) for start in range(0, len(names), 2)]
    return (",\n" if narrow else ", ").join(pairs)


def _header(structure: Structure, *, short: bool) -> Text:
    directions = plural(structure.spec.num_directions, "dir" if short else "direction")
    return Text(f"{plural(structure.spec.num_layers, 'layer')},\n{directions}")


def _cell(structure: Structure, tensor: TensorReport) -> Text:
    """A shape and, under its numbers, what changed them; under that what was measured, if it is something else."""
    marks = (_marks(structure, tensor), look.STATE)
    came = [] if tensor.otherwise is None else [(f"\nmeasured\n{format_tuple(tensor.otherwise)}", look.BAD)]
    return Text.assemble(format_tuple(tensor.shape), "\n", marks, *came)


def _marks(structure: Structure, tensor: TensorReport) -> str:
    """A line that has, under each number that a setting changed, that setting's letter."""
    line, start = "", len("(")
    for axis, size in enumerate(tensor.shape):
        changes = (each for each in structure.changes if (each.tensor, each.axis) == (tensor.name, axis))
        marks = "".join(_MARKS[each.by] for each in changes)
        line = line.ljust(start) + marks if marks else line
        start += len(f"{size}, ")
    return line


def _side_by_side(columns: Sequence[Sequence[Text]], room: int) -> list[list[Sequence[Text]]]:
    """The columns, as many beside each other as there is room for, at least one."""
    groups: list[list[Sequence[Text]]] = []
    left = 0
    for column in columns:
        width = _width(column) + look.BETWEEN
        if width > left:
            groups.append([])
            left = room
        groups[-1].append(column)
        left -= width
    return groups


def _width(cells: Iterable[Text]) -> int:
    return max(len(line) for cell in cells for line in cell.plain.split("\n"))


def _axes(overview: Overview, blocks: Sequence[Structure]) -> Iterator[RenderableType]:
    groups = _grouped(blocks, lambda tensor: tensor.formula).items()
    rows = ([look.name(_label(found)), *(Text(f"{each}") for each in formulas)] for formulas, found in groups)
    yield look.table(look.sentence("What each axis is", look.TITLE), *map(_title, blocks), rows=rows)
    yield tables.letters(overview.spec, "TBIHP")
    yield look.faint(f"L=1 or {overview.spec.num_layers} layers, D=1 or 2 directions; {tables.TORCH_NAMES}")
    yield Text()


def _lessons(overview: Overview, width: int, signs: look.Signs) -> RenderableType:
    rows = ((look.mark(lesson.holds, signs), look.sentence(lesson.sentence)) for lesson in overview.lessons)
    return look.table("", "", rows=rows)


def _verdict(overview: Overview, spell: Spell) -> Text:
    environment, spec = overview.environment, overview.spec
    if environment is None:
        return tables.predicted(spell)
    shapes = sum(len(structure.tensors) for structure in overview.structures)
    runs = f"{shapes} shapes of {len(overview.structures)} runs"
    said = f"Verified: {runs} are as predicted" if overview.verified else f"FAILED: {overview.failed} of {runs}"
    return look.verdict(said, f"{look.where(environment)}, {spec.dtype}, seed {spec.seed}", good=overview.verified)
