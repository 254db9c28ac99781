"""A packed run told step by step: sequences, sort, PackedSequence, run, unpacking, final states."""

from __future__ import annotations

from functools import partial

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell
from lstm_inspect.theory import expressions, packing_claims
from lstm_inspect.theory.cell_labels import Label, cell_label
from lstm_inspect.theory.multiply_adds import multiply_adds
from lstm_inspect.theory.packing import Packing
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.verdict.report import Report
from lstm_inspect.views import cells, look, tables
from lstm_inspect.views.detail import Detail
from lstm_inspect.views.look import Signs
from lstm_inspect.views.packed import packed_columns, padded_batch

_MOST_NUMBERS = 20


def page(report: Report, spell: Spell, detail: Detail) -> RenderableType:
    """A packed run to look at; its spec has lengths."""
    spec, packing, whole = report.spec, _packing(report), detail.all
    label = cell_label(detail.values, spec)
    parts = [tables.constructor(report), _sequences(report, label), _sort(spec, packing, whole)]
    parts += [_packed(report, label, whole), _run(report), _unpacked(report), _final_states(report)]
    if detail.by_hand:
        parts.append(_by_hand(spec, packing))
    parts += [tables.checks(report, whole=whole), tables.pitfalls(report), _saved(spec, packing)]
    return Group(*parts, *tables.warnings(report, spell, detail), tables.verdict(report, spell))


def _packing(report: Report) -> Packing:
    assert report.packing is not None
    return report.packing


def _sequences(report: Report, label: Label) -> RenderableType:
    packing = _packing(report)
    drawing = look.Fitted(lambda width, signs: Group(*padded_batch(packing, width, signs, label=label)))
    return look.section("1. The sequences, padded into one batch", drawing, _shape(report, "input"))


def _shape(report: Report, name: str) -> Text:
    """One tensor's line: its name, its axes, its shape and, if it was measured otherwise, that."""
    tensor = next(tensor for tensor in report.tensors if tensor.theory.name == name)
    dotted = f"{name}.data" if name.startswith("packed_") else name
    line = look.code(dotted) + Text(f" {tensor.theory.formula} = {format_tuple(tensor.theory.shape)}")
    if tensor.actual not in (None, tensor.theory.shape):
        line.append(f", but measured {format_tuple(tensor.actual or ())}", style=look.BAD)
    return line


def _sort(spec: LSTMSpec, packing: Packing, whole: bool) -> RenderableType:
    rows = {"lengths": packing.lengths, "sorted_indices": packing.sorted_indices}
    rows |= {"sorted lengths": packing.sorted_lengths, "unsorted_indices": packing.unsorted_indices}
    lines = [Text(f"{name:<17}") + _numbers(numbers, whole) for name, numbers in rows.items()]
    return look.section(
        "2. The sort", *lines, *(look.sentence(text, look.FAINT) for text in _sort_notes(spec, packing))
    )


def _sort_notes(spec: LSTMSpec, packing: Packing) -> list[str]:
    if spec.enforce_sorted:
        return ["enforce_sorted=True: nothing is sorted, and packed_input.sorted_indices is None"]
    notes = ["longest first; unsorted_indices is the inverse permutation: argsort(sorted_indices)"]
    order = packing.sorted_indices
    if tuple(order[place] for place in order) == tuple(range(len(order))):
        return [
            *notes,
            "here it is its own inverse: sorting twice brings the order back, and applying it twice does too",
        ]
    return [*notes, "sorting twice brings the order back; applying sorted_indices twice does not"]


def _numbers(numbers: tuple[int, ...], whole: bool) -> Text:
    if whole or len(numbers) <= _MOST_NUMBERS:
        return look.code(str(list(numbers)), whole=True)
    half = _MOST_NUMBERS // 2
    start, end = ", ".join(map(str, numbers[:half])), ", ".join(map(str, numbers[-half:]))
    return look.code(f"[{start}, ... {len(numbers) - 2 * half:,} more ..., {end}]", whole=True)


def _packed(report: Report, label: Label, whole: bool) -> RenderableType:
    packing = _packing(report)

    def drawing(width: int, signs: Signs) -> RenderableType:
        columns = packed_columns(packing, width, signs, label=label)
        return Group(*columns, Text(), *cells.data_rows(packing, label, width, whole=whole))

    call = look.code(f"packed_input = {expressions.pack_call(report.spec)}", whole=True)
    sizes = look.code("batch_sizes ") + _numbers(packing.batch_sizes, whole)
    title = "3. The PackedSequence: columns that shrink"
    return look.section(title, call, look.Fitted(drawing), _shape(report, "packed_input"), sizes)


def _run(report: Report) -> RenderableType:
    call = look.code(expressions.call(report.spec), whole=True)
    note = "inside, sequences stand longest first; hn and cn come back in the given order"
    if report.spec.enforce_sorted:
        note = "hn and cn stand in the order of the sequences, which is the sorted one"
    shapes = [_shape(report, name) for name in ("packed_output", "hn", "cn")]
    return look.section("4. The run", call, *shapes, look.sentence(note, look.FAINT))


def _unpacked(report: Report) -> RenderableType:
    spec = report.spec
    call = look.code(f"output, lengths = {expressions.unpack_call(spec)}", whole=True)
    longest = max(_packing(report).lengths)
    note = f"T of output is {spec.seq_len}, T of input {spec.seq_len}"
    if spec.total_length not in (None, longest):
        note += f"; without total_length output would end at the longest sequence, at {longest}"
    return look.section("5. The unpacking", call, _shape(report, "output"), look.sentence(note, look.FAINT))


def _final_states(report: Report) -> RenderableType:
    spec = report.spec
    table = look.table("way", "expression")
    table.add_row("from hn", look.code(expressions.final_state(spec), whole=True))
    table.add_row("from output", look.code(expressions.final_state_from_output(spec), whole=True))
    shape = format_tuple((len(_packing(report).lengths), spec.output_size))
    note = f"both {shape}, in the order of the lengths; on one LSTM they are the same numbers, bit for bit"
    return look.section("6. The final states, two ways", table, look.sentence(note, look.FAINT))


def _by_hand(spec: LSTMSpec, packing: Packing) -> RenderableType:
    if spec.enforce_sorted:
        return look.section("Sorted by hand", look.sentence("the lengths descend already: there is nothing to sort"))
    lines = packing_claims.sorting_by_hand(spec, packing)
    note = look.sentence("the same as enforce_sorted=False, to the bit (checks by-hand-hn and by-hand-cn)", look.FAINT)
    return look.section("Sorted by hand", look.code("\n".join(lines), whole=True), note)


def _saved(spec: LSTMSpec, packing: Packing) -> RenderableType:
    return look.section("What packing saves", look.Fitted(partial(_saved_table, spec, packing)))


def _saved_table(spec: LSTMSpec, packing: Packing, width: int, signs: Signs) -> RenderableType:
    table = look.table("", "packed", "padded", "saved")
    for column in table.columns[1:]:
        column.justify = "right"
    steps = packing.valid_steps, packing.padded_steps
    counts = {"time steps": steps, "multiply-adds": tuple(multiply_adds(spec, each) for each in steps)}
    for name, (packed, padded) in counts.items():
        table.add_row(name, f"{packed:,}", f"{padded:,}", f"{1 - packed / padded:.0%}")
    return table
