"""A packed run told step by step: sequences, sort, PackedSequence, run, unpacking, final states."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell, spell_arguments
from lstm_inspect.theory import expressions, packing_claims
from lstm_inspect.theory.cell_labels import Label, cell_label
from lstm_inspect.theory.packing import Packing
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.verdict.report import Report
from lstm_inspect.views import look, tables
from lstm_inspect.views.detail import Detail
from lstm_inspect.views.look import Item, Signs
from lstm_inspect.views.packed import packed_columns, padded_batch

_MOST_NUMBERS = 20
_MOST_STEPS = 4


def page(report: Report, spell: Spell, detail: Detail) -> RenderableType:
    """A packed run to look at; its spec has lengths."""
    spec, packing, whole = report.spec, _packing(report), detail.all
    label = cell_label(detail.values, spec)
    parts = [
        look.block(expressions.statements(spec)[0]),
        Text(),
        _sequences(report, label),
        _sort(spec, packing, whole),
    ]
    parts += [_packed(report, label, spell, whole), _run(report), _unpacked(report), _final_states(report)]
    if detail.by_hand:
        parts.append(_by_hand(spec, packing))
    parts += [
        tables.letters(spec),
        Text(),
        *tables.mistakes(report, detail),
        Text(),
        *tables.checks(report, spell, detail),
    ]
    return Group(*parts, *tables.warnings(report, spell, detail), tables.verdict(report, spell, detail))


def _packing(report: Report) -> Packing:
    assert report.packing is not None
    return report.packing


def _sequences(report: Report, label: Label) -> RenderableType:
    def drawing(width: int, signs: Signs) -> RenderableType:
        *rows, legend = padded_batch(_packing(report), width, signs, label=label)
        return Group(*rows, Text("; ").join([legend, _shape(report, "input")]))

    return look.section("1. The sequences, padded into one batch", look.Fitted(drawing))


def _shape(report: Report, name: str) -> Text:
    """One tensor's line: its name, its axes, its shape and, if it was measured otherwise, that."""
    tensor = next(tensor for tensor in report.tensors if tensor.theory.name == name)
    dotted = f"{name}.data" if name.startswith("packed_") else name
    line = look.name(dotted) + Text(f" {tensor.theory.formula} = {format_tuple(tensor.theory.shape)}")
    if tensor.actual not in (None, tensor.theory.shape):
        line.append(f", but measured {format_tuple(tensor.actual or ())}", style=look.BAD)
    return line


def _sort(spec: LSTMSpec, packing: Packing, whole: bool) -> RenderableType:
    rows = {"lengths": packing.lengths, "sorted_indices": packing.sorted_indices}
    rows |= {"sorted lengths": packing.sorted_lengths, "unsorted_indices": packing.unsorted_indices}
    lines = [Text(f"{name:<17}") + _numbers(numbers, whole) for name, numbers in rows.items()]
    return look.section("2. The sort", *lines[:-1], Text("  ").join([lines[-1], look.faint(_sort_note(spec, packing))]))


def _sort_note(spec: LSTMSpec, packing: Packing) -> str:
    if spec.enforce_sorted:
        return "enforce_sorted=True: nothing is sorted"
    order = packing.sorted_indices
    itself = tuple(order[place] for place in order) == tuple(range(len(order)))
    return f"the inverse permutation{': the same, here' if itself else ''}"


def _numbers(numbers: tuple[int, ...], whole: bool) -> Text:
    if whole or len(numbers) <= _MOST_NUMBERS:
        return look.name(str(list(numbers)))
    half = _MOST_NUMBERS // 2
    start, end = ", ".join(map(str, numbers[:half])), ", ".join(map(str, numbers[-half:]))
    return look.name(f"[{start}, ... {len(numbers) - 2 * half:,} more ..., {end}]")


def _packed(report: Report, label: Label, spell: Spell, whole: bool) -> RenderableType:
    packing = _packing(report)

    def drawing(width: int, signs: Signs) -> RenderableType:
        columns = packed_columns(packing, width, signs, label=label)
        return Group(*columns, *data_rows(packing, label, width, spell, whole=whole))

    call = look.block(f"packed_input = {expressions.pack_call(report.spec)}")
    title = "3. The PackedSequence: columns that shrink, the longest sequence first"
    data = Text("; ").join([_shape(report, "packed_input"), _saved(packing)])
    return look.section(title, call, look.Fitted(drawing), data)


def _run(report: Report) -> RenderableType:
    note = "inside, sequences stand longest first; hn and cn come back in the given order"
    if report.spec.enforce_sorted:
        note = "hn and cn stand in the order of the sequences, which is the sorted one"
    shapes = [_shape(report, "packed_output"), Text("; ").join([_shape(report, "hn"), _shape(report, "cn")])]
    return look.section("4. The run", look.block(expressions.call(report.spec)), *shapes, look.faint(note))


def _unpacked(report: Report) -> RenderableType:
    spec = report.spec
    call = look.block(f"output, lengths = {expressions.unpack_call(spec)}")
    longest = max(_packing(report).lengths)
    cut = spec.total_length not in (None, longest)
    notes = (
        [look.faint(f"without total_length output would end with the longest sequence, at {longest}")] if cut else []
    )
    return look.section("5. The unpacking", call, _shape(report, "output"), *notes)


def _final_states(report: Report) -> RenderableType:
    spec = report.spec
    shape = format_tuple((len(_packing(report).lengths), spec.output_size))
    ways = {"from hn": expressions.final_state(spec), "from output": expressions.final_state_from_output(spec)}
    items = [Item((way,), expression) for way, expression in ways.items()]
    note = f"both {shape}, the same bit for bit; {tables.TORCH_NAMES}"
    return Group(look.listing("6. The final states", ("",), items), look.faint(note))


def _by_hand(spec: LSTMSpec, packing: Packing) -> RenderableType:
    if spec.enforce_sorted:
        return look.section("Sorted by hand", look.sentence("the lengths descend already: there is nothing to sort"))
    note = look.faint("the same as enforce_sorted=False, to the bit (checks by-hand-hn and by-hand-cn)")
    return look.section("Sorted by hand", look.block(*packing_claims.sorting_by_hand(spec, packing)), note)


def _saved(packing: Packing) -> Text:
    return look.faint(f"{1 - packing.valid_steps / packing.padded_steps:.0%} less work than padded")


def data_rows(packing: Packing, label: Label, width: int, spell: Spell, *, whole: bool) -> list[Text]:
    """The rows of .data, a line a time step: which sequence and step each of them is."""
    most = len(packing.batch_sizes) if whole else _MOST_STEPS
    lines, start = [], 0
    for step, size in enumerate(packing.batch_sizes[:most]):
        cells = [label(sequence, step) for sequence in packing.row_sequence[start : start + size]]
        place = f"data[{start}:{start + size}]"
        lines.append(Text(f"{place:<13} ") + look.name(_cut(cells, width - 15, whole=whole)))
        start += size
    if len(packing.batch_sizes) > most:
        more = f"{packing.valid_steps - start:,} more rows: {{all=True}} shows them"
        lines.append(look.faint(spell_arguments(more, spell)))
    return lines


def _cut(cells: Sequence[str], room: int, *, whole: bool) -> str:
    fitting = max(1, room // (max(map(len, cells)) + 2) - 2)
    if whole or len(cells) <= fitting:
        return "  ".join(cells)
    return "  ".join([*cells[:fitting], f"... {len(cells) - fitting:,} more"])
