"""A packed run told step by step: sequences, sort, PackedSequence, run, unpacking, final states."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell, spell_arguments
from lstm_inspect.theory import expressions, packing_claims
from lstm_inspect.theory.cell_labels import Label, cell_label
from lstm_inspect.theory.packing import Packing
from lstm_inspect.theory.shapes import TensorReport, format_tuple
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.verdict.report import Report
from lstm_inspect.views import look, tables
from lstm_inspect.views.packed import packed_columns, padded_batch
from lstm_inspect.views.page import Detail

_MOST_NUMBERS: Final = 20
_MOST_STEPS: Final = 4
_ORDER: Final = {
    True: "hn and cn stand in the order of the sequences, which is the sorted one",
    False: "inside, sequences stand longest first; hn and cn come back in the given order",
}


def page(report: Report, spell: Spell, detail: Detail) -> RenderableType:
    """A packed run to look at; its spec has lengths."""
    spec, packing, label = report.spec, report.packing, cell_label(detail.values, report.spec)
    assert packing is not None
    shapes = {tensor.name: _shape(tensor) for tensor in report.tensors}
    sequences = look.Fitted(partial(_sequences, packing, label, shapes["input"]))
    run = (
        shapes["packed_output"],
        Text.assemble(shapes["hn"], "; ", shapes["cn"]),
        look.faint(_ORDER[spec.enforce_sorted]),
    )
    share = 1 - packing.valid_steps / packing.padded_steps
    saved = look.faint(f"{share:.0%} less work than padded" if share else "as much work as padded")
    return Group(
        look.block(expressions.statements(spec)[0]),
        Text(),
        look.section("1. The sequences, padded into one batch", sequences),
        look.section("2. The sort", *_sort(spec, packing, detail.all)),
        look.section(
            "3. The PackedSequence: columns that shrink, the longest sequence first",
            look.block(f"packed_input = {expressions.pack_call(spec)}"),
            look.Fitted(partial(_columns, packing, label, spell, detail.all)),
            Text.assemble(shapes["packed_input"], "; ", saved),
        ),
        look.section("4. The run", look.block(expressions.call(spec)), *run),
        look.section("5. The unpacking", *_unpacked(spec, shapes["output"])),
        *_final_states(spec),
        *([look.section("Sorted by hand", *_by_hand(spec, packing))] if detail.by_hand else []),
        tables.letters(spec),
        Text(),
        *tables.ending(report, spell, detail),
    )


def _shape(tensor: TensorReport) -> Text:
    """A tensor's line: its name, its axes, its shape and, if it was measured otherwise, that."""
    shape = f" {tensor.formula} = {format_tuple(tensor.shape)}"
    came = [] if tensor.otherwise is None else [(f", but measured {format_tuple(tensor.otherwise)}", look.BAD)]
    return Text.assemble(look.name(tensor.expression), shape, *came)


def _sequences(packing: Packing, label: Label, shape: Text, width: int, signs: look.Signs) -> RenderableType:
    *rows, legend = padded_batch(packing, width, signs, label)
    return Group(*rows, Text.assemble(legend, "; ", shape))


def _sort(spec: LSTMSpec, packing: Packing, whole: bool) -> list[Text]:
    rows = {"lengths": packing.lengths, "sorted_indices": packing.sorted_indices}
    rows |= {"sorted lengths": packing.sorted_lengths, "unsorted_indices": packing.unsorted_indices}
    same = ": the same, here" if packing.sorted_indices == packing.unsorted_indices else ""
    note = "enforce_sorted=True: nothing is sorted" if spec.enforce_sorted else f"the inverse permutation{same}"
    *lines, last = [Text.assemble(f"{name:<17}", _numbers(numbers, whole)) for name, numbers in rows.items()]
    return [*lines, Text.assemble(last, "  ", look.faint(note))]


def _numbers(numbers: tuple[int, ...], whole: bool) -> Text:
    if whole or len(numbers) <= _MOST_NUMBERS:
        return look.name(str(list(numbers)))
    half = _MOST_NUMBERS // 2
    start, end = ", ".join(map(str, numbers[:half])), ", ".join(map(str, numbers[-half:]))
    return look.name(f"[{start}, ... {len(numbers) - 2 * half:,} more ..., {end}]")


def _columns(
    packing: Packing, label: Label, spell: Spell, whole: bool, width: int, signs: look.Signs
) -> RenderableType:
    """The packed columns and, a line a time step, the rows of .data: which sequence and step each of them is."""
    lines, start = packed_columns(packing, width, signs, label), 0
    shown = packing.batch_sizes if whole else packing.batch_sizes[:_MOST_STEPS]
    for step, size in enumerate(shown):
        cells = [label(sequence, step) for sequence in packing.row_sequence[start : start + size]]
        place = f"data[{start}:{start + size}]"
        lines.append(Text.assemble(f"{place:<13} ", look.name(_cut(cells, width - 15, whole=whole))))
        start += size
    if start < packing.valid_steps:
        more = f"{packing.valid_steps - start:,} more rows: {{all=True}} shows them"
        lines.append(look.faint(spell_arguments(more, spell)))
    return Group(*lines)


def _cut(cells: Sequence[str], room: int, *, whole: bool) -> str:
    fitting = max(1, room // (max(map(cell_len, cells)) + 2) - 2)
    if whole or len(cells) <= fitting:
        return "  ".join(cells)
    return "  ".join([*cells[:fitting], f"... {len(cells) - fitting:,} more"])


def _unpacked(spec: LSTMSpec, shape: Text) -> Iterator[RenderableType]:
    yield look.block(f"output, lengths = {expressions.unpack_call(spec)}")
    yield shape
    longest = max(spec.lengths or ())
    if spec.total_length not in (None, longest):
        yield look.faint(f"without total_length output would end with the longest sequence, at {longest}")


def _final_states(spec: LSTMSpec) -> Iterator[RenderableType]:
    shape = format_tuple((spec.batch_size, spec.output_size))
    ways = {"from hn": expressions.final_state(spec), "from output": expressions.final_state_from_output(spec)}
    yield look.listing("6. The final states", ("",), [look.Item((way,), code) for way, code in ways.items()])
    yield look.faint(f"both {shape}, the same bit for bit; {tables.TORCH_NAMES}")


def _by_hand(spec: LSTMSpec, packing: Packing) -> Iterator[RenderableType]:
    if spec.enforce_sorted:
        yield look.sentence("the lengths descend already: there is nothing to sort")
    else:
        yield look.block(*packing_claims.sorting_by_hand(spec, packing))
        yield look.faint("the same as enforce_sorted=False, to the bit (checks by-hand-hn and by-hand-cn)")
