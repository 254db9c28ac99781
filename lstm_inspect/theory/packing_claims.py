"""What packing promises, as pairs of Python expressions: orders, batch_sizes, rows, each sequence alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from lstm_inspect.theory import expressions as e
from lstm_inspect.theory.claim import Claim
from lstm_inspect.theory.packing import Packing, has_equals, inverse
from lstm_inspect.theory.shapes import format_tuple, tensors
from lstm_inspect.theory.spec import LSTMSpec

_MOST_ROWS_NAMED: Final = 1000  # rows of .data that are written one by one; beyond, a mask says the same
_MOST_SEQUENCES_NAMED: Final = 100
_MOST_RUN_ALONE: Final = 16
_SORTED: Final = "packed_input.sorted_indices"
_UNSORTED: Final = "packed_input.unsorted_indices"


def packing_claims(spec: LSTMSpec, packing: Packing) -> tuple[Claim, ...]:
    """Every claim of kind packing about a spec with lengths and their packing.

    >>> from lstm_inspect.theory.packing import pack
    >>> [claim.right for claim in packing_claims(LSTMSpec(lengths=(8, 9, 10)), pack((8, 9, 10)))][:2]
    ['[2, 1, 0]', '[2, 1, 0]']
    """
    found = [*_orders(spec, packing), _batch_sizes(packing), *_rows(spec, packing), *_unpacked(spec, packing)]
    if not spec.enforce_sorted:
        found += _by_hand(spec, packing)
    return (*found, *_alone(spec))


def _packing(id: str, left: str, right: str, why: str, *, exact: bool = True, reruns: bool = False) -> Claim:
    return Claim(id, "packing", left, right, why, exact, reruns)


def _orders(spec: LSTMSpec, packing: Packing) -> Iterator[Claim]:
    if spec.enforce_sorted:
        why = "with enforce_sorted=True nothing is sorted, so there is no order to keep"
        yield _packing("sorted-indices", _SORTED, "None", why)
        return
    if has_equals(packing.lengths):
        yield from _orders_with_equals(packing)
    else:
        yield _packing(
            "sorted-indices", f"{_SORTED}.tolist()", _list(packing.sorted_indices), "the sequences, longest first"
        )
        yield _packing(
            "unsorted-indices", f"{_UNSORTED}.tolist()", _list(packing.unsorted_indices), "where each sequence went"
        )
    why = "the inverse permutation: sorting twice brings the order back"
    yield _packing("inverse", f"torch.argsort({_SORTED})", _UNSORTED, why)


def _orders_with_equals(packing: Packing) -> Iterator[Claim]:
    """torch's sort may put equals in any order: what it must give is a permutation with descending lengths."""
    left, right = f"{_SORTED}.sort().values.tolist()", f"torch.arange({len(packing.lengths)}).tolist()"
    yield _packing("sorted-permutation", left, right, "every sequence once")
    why = "longest first; equals may stand in any order"
    yield _packing("sorted-lengths", f"lengths[{_SORTED}.cpu()].tolist()", _list(packing.sorted_lengths), why)


def _batch_sizes(packing: Packing) -> Claim:
    why = "how many sequences still run at each time step"
    return _packing("batch-sizes", "packed_input.batch_sizes.tolist()", _list(packing.batch_sizes), why)


def _rows(spec: LSTMSpec, packing: Packing) -> Iterator[Claim]:
    why = "row by row: time step by time step, the longest sequence first"
    yield _packing("data-rows", "packed_input.data", rows_of(spec, "input", packing), why)
    yield _packing("output-rows", "packed_output.data", rows_of(spec, "output", packing), "the same rows of output")


def rows_of(spec: LSTMSpec, name: str, packing: Packing) -> str:
    """The valid cells of input or output in the order of a PackedSequence's data: (sum of lengths, features).

    >>> from lstm_inspect.theory.packing import pack
    >>> rows_of(LSTMSpec(lengths=(2, 1)), "input", pack((2, 1)))
    'input[[0, 0, 1], [0, 1, 0]]'
    """
    equals = has_equals(packing.lengths) and not spec.enforce_sorted
    if packing.valid_steps <= _MOST_ROWS_NAMED and not equals:
        steps, sequences = _list(packing.row_time_step), _list(packing.row_sequence)
        return f"{name}[{sequences}, {steps}]" if spec.batch_first else f"{name}[{steps}, {sequences}]"
    order = _SORTED if equals else _list(packing.sorted_indices)
    time_major = f"{name}.transpose(0, 1)" if spec.batch_first else name
    steps = f"torch.arange({spec.seq_len})[:, None]"
    return f"{time_major}[:, {order}][{steps} < torch.tensor({_list(packing.sorted_lengths)})]"


def valid_cells(spec: LSTMSpec, sign: str = "<") -> str:
    """A mask of the valid cells, (T, B) or (B, T) with batch_first; with ``>=`` of the padded ones.

    >>> valid_cells(LSTMSpec(lengths=(8, 9, 10)))
    'torch.arange(10)[:, None] < lengths'
    """
    steps = f"torch.arange({spec.seq_len})"
    return f"{steps} {sign} lengths[:, None]" if spec.batch_first else f"{steps}[:, None] {sign} lengths"


def _unpacked(spec: LSTMSpec, packing: Packing) -> Iterator[Claim]:
    why = "unpacking gives the lengths back in the order in which they were given"
    yield _packing("unpacked-lengths", f"{e.unpack_call(spec)}[1].tolist()", _list(packing.lengths), why)
    padded = packing.padded_steps - packing.valid_steps
    if padded:
        right = f"output.new_full(({padded}, {spec.output_size}), {spec.padding_value!r})"
        yield _packing(
            "padding",
            f"output[{valid_cells(spec, '>=')}]",
            right,
            "every padded cell of output holds the padding value",
        )


def _by_hand(spec: LSTMSpec, packing: Packing) -> list[Claim]:
    _, back = sorted_by_hand(packing.sorted_indices, equals=has_equals(packing.lengths))
    run = _run_sorted_by_hand(spec, packing)
    why = "sorted, packed, run and unsorted by hand: the same as enforce_sorted=False"
    sides = {
        "output": f"{e.unpack_call(spec, f'{run}[0]')}[0]{_sequences_at(spec, back)}",
        "hn": f"{run}[1][0][:, {back}]",
        "cn": f"{run}[1][1][:, {back}]",
    }
    return [_packing(f"by-hand-{name}", name, right, why, reruns=True) for name, right in sides.items()]


def _sequences_at(spec: LSTMSpec, order: str) -> str:
    """The index that puts the sequences of input or output into an order."""
    return f"[{order}]" if spec.batch_first else f"[:, {order}]"


def sorted_by_hand(sorted_indices: Sequence[int], *, equals: bool = False) -> tuple[str, str]:
    """The order by length and its inverse, as expressions.

    With equals it is the order that torch sorts them in, whichever that is: in another row of a batch a
    sequence comes out the same to rounding alone.

    >>> sorted_by_hand((1, 2, 0))
    ('[1, 2, 0]', '[2, 0, 1]')
    """
    if len(sorted_indices) <= _MOST_SEQUENCES_NAMED and not equals:
        return _list(sorted_indices), _list(inverse(sorted_indices))
    order = "torch.argsort(lengths, descending=True)"
    return order, f"torch.argsort({order})"


def _run_sorted_by_hand(spec: LSTMSpec, packing: Packing) -> str:
    """The call on sequences that were sorted by hand; its states come in sorted order."""
    order, _ = sorted_by_hand(packing.sorted_indices, equals=has_equals(packing.lengths))
    return f"lstm({_pack_in(spec, order)}, (h0[:, {order}], c0[:, {order}]))"


def _pack_in(spec: LSTMSpec, order: str) -> str:
    layout = ", batch_first=True" if spec.batch_first else ""
    return f"{e.PACK}(input{_sequences_at(spec, order)}, lengths[{order}]{layout})"


def sorting_by_hand(spec: LSTMSpec, packing: Packing) -> tuple[str, ...]:
    """The manual way as statements, one a line: sort descending, pack, run, unpack, bring the order back."""
    shape = {name: format_tuple(tensor.shape) for name, tensor in tensors(spec).items()}
    back = _sequences_at(spec, "inverse")
    return (
        "order = torch.argsort(lengths, descending=True, stable=True)",
        "inverse = torch.argsort(order)",
        f"by_length = {_pack_in(spec, 'order')}",
        f"packed_output, (hn, cn) = lstm(by_length, (h0[:, order], c0[:, order]))  # hn {shape['hn']}, in sorted order",
        f"output, sorted_lengths = {e.unpack_call(spec)}  # {shape['output']}, {_shown(packing.sorted_lengths)}",
        f"output, hn, cn = output{back}, hn[:, inverse], cn[:, inverse]  # the given order, {_shown(packing.lengths)}",
    )


def _shown(lengths: tuple[int, ...]) -> str:
    return _list(lengths) if len(lengths) <= _MOST_SEQUENCES_NAMED // 5 else f"{len(lengths)} lengths"


def lengths_run_alone(lengths: Sequence[int]) -> tuple[int, ...]:
    """The lengths whose sequences are run alone: all of them, or a sample from the shortest to the longest."""
    distinct = sorted(set(lengths))
    if len(distinct) <= _MOST_RUN_ALONE:
        return tuple(distinct)
    last = len(distinct) - 1
    return tuple(distinct[place * last // (_MOST_RUN_ALONE - 1)] for place in range(_MOST_RUN_ALONE))


def _alone(spec: LSTMSpec) -> Iterator[Claim]:
    """One claim a length: sequences of the same length run together, with neither packing nor padding."""
    assert spec.lengths is not None
    sequences: dict[int, list[int]] = {length: [] for length in lengths_run_alone(spec.lengths)}
    for sequence, length in enumerate(spec.lengths):
        if length in sequences:
            sequences[length].append(sequence)
    for length, same in sequences.items():
        yield _alone_claim(spec, length, _list(same))


def _alone_claim(spec: LSTMSpec, length: int, sequences: str) -> Claim:
    cells = f"[{sequences}, :{length}]" if spec.batch_first else f"[:{length}, {sequences}]"
    left = f"(output{cells}, (hn[:, {sequences}], cn[:, {sequences}]))"
    right = f"lstm(input{cells}, (h0[:, {sequences}], c0[:, {sequences}]))"
    why = f"run without packing or padding, the sequences of length {length} give the same"
    return _packing(f"alone-{length}", left, right, why, exact=False, reruns=True)


def _list(numbers: Sequence[int]) -> str:
    return f"[{', '.join(map(str, numbers))}]"
