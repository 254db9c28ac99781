"""What packing promises, as pairs of Python expressions: orders, batch_sizes, rows, each sequence alone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from lstm_inspect.theory import expressions as e
from lstm_inspect.theory.claim import Claim
from lstm_inspect.theory.packing import Packing, has_equals, has_free_order, inverse
from lstm_inspect.theory.shapes import tensors
from lstm_inspect.theory.spec import LSTMSpec

_MOST_ROWS_NAMED: Final = 1000  # rows of .data that are written one by one; beyond, a mask says the same
_MOST_SEQUENCES_NAMED: Final = 100
_MOST_LENGTHS_SHOWN: Final = 20
_MOST_RUN_ALONE: Final = 16
_SORTED: Final = "packed_input.sorted_indices"
_UNSORTED: Final = "packed_input.unsorted_indices"

Sides = tuple[str, str, str, str]
"""A claim's id, left, right and why."""


def packing_claims(spec: LSTMSpec, packing: Packing) -> tuple[Claim, ...]:
    """Every claim of kind packing about a spec with lengths and their packing."""
    found = _claims((*_orders(spec, packing), *_rows(spec, packing)))
    by_hand = _claims(() if spec.enforce_sorted else _by_hand(spec, packing), reruns=True)
    return *found, *by_hand, *_claims(_alone(spec), exact=False, reruns=True)


def _claims(found: Iterable[Sides], *, exact: bool = True, reruns: bool = False) -> Iterator[Claim]:
    for id, left, right, why in found:
        yield Claim(id, "packing", left, right, why, exact, reruns)


def _orders(spec: LSTMSpec, packing: Packing) -> Iterator[Sides]:
    """With equals torch's sort may put them in any order: it must give a permutation with descending lengths."""
    if spec.enforce_sorted:
        why = "with enforce_sorted=True nothing is sorted, so there is no order to keep"
        yield "sorted-indices", _SORTED, "None", why
        return
    if has_equals(packing.lengths):
        every = f"torch.arange({len(packing.lengths)}).tolist()"
        yield "sorted-permutation", f"{_SORTED}.sort().values.tolist()", every, "every sequence once"
        left, why = f"lengths[{_SORTED}.cpu()].tolist()", "longest first; equals may stand in any order"
        yield "sorted-lengths", left, str(list(packing.sorted_lengths)), why
    else:
        order, back = str(list(packing.sorted_indices)), str(list(packing.unsorted_indices))
        yield "sorted-indices", f"{_SORTED}.tolist()", order, "the sequences, longest first"
        yield "unsorted-indices", f"{_UNSORTED}.tolist()", back, "where each sequence went"
    why = "the inverse permutation: sorting twice brings the order back"
    yield "inverse", f"torch.argsort({_SORTED})", _UNSORTED, why


def _rows(spec: LSTMSpec, packing: Packing) -> Iterator[Sides]:
    sizes, why = str(list(packing.batch_sizes)), "how many sequences still run at each time step"
    yield "batch-sizes", "packed_input.batch_sizes.tolist()", sizes, why
    why = "row by row: time step by time step, the longest sequence first"
    yield "data-rows", "packed_input.data", rows_of(spec, "input", packing), why
    yield "output-rows", "packed_output.data", rows_of(spec, "output", packing), "the same rows of output"
    lengths, why = str(list(packing.lengths)), "unpacking gives the lengths back in the order in which they were given"
    yield "unpacked-lengths", f"{e.unpack_call(spec)}[1].tolist()", lengths, why
    padded = packing.padded_steps - packing.valid_steps
    if padded:
        right = f"output.new_full(({padded}, {spec.output_size}), {spec.padding_value!r})"
        why = "every padded cell of output holds the padding value"
        yield "padding", f"output[{valid_cells(spec, '>=')}]", right, why


def rows_of(spec: LSTMSpec, name: str, packing: Packing) -> str:
    """The valid cells of input or output in the order of a PackedSequence's data: (sum of lengths, features).

    >>> from lstm_inspect.theory.packing import pack
    >>> rows_of(LSTMSpec(lengths=(2, 1)), "input", pack((2, 1)))
    'input[[0, 0, 1], [0, 1, 0]]'
    """
    free = has_free_order(spec)
    if packing.valid_steps <= _MOST_ROWS_NAMED and not free:
        steps, sequences = list(packing.row_time_step), list(packing.row_sequence)
        return f"{name}[{sequences}, {steps}]" if spec.batch_first else f"{name}[{steps}, {sequences}]"
    order = _SORTED if free else list(packing.sorted_indices)
    time_major = f"{name}.transpose(0, 1)" if spec.batch_first else name
    valid = f"torch.arange({spec.seq_len})[:, None] < torch.tensor({list(packing.sorted_lengths)})"
    return f"{time_major}[:, {order}][{valid}]"


def valid_cells(spec: LSTMSpec, sign: str = "<") -> str:
    """A mask of the valid cells, (T, B) or (B, T) with batch_first; with ``>=`` of the padded ones."""
    steps = f"torch.arange({spec.seq_len})"
    return f"{steps} {sign} lengths[:, None]" if spec.batch_first else f"{steps}[:, None] {sign} lengths"


def _by_hand(spec: LSTMSpec, packing: Packing) -> Iterator[Sides]:
    order, back = sorted_by_hand(packing.sorted_indices, equals=has_equals(packing.lengths))
    run = f"lstm({_pack_in(spec, order)}, (h0[:, {order}], c0[:, {order}]))"
    why = "sorted, packed, run and unsorted by hand: the same as enforce_sorted=False"
    yield "by-hand-output", "output", f"{e.unpack_call(spec, f'{run}[0]')}[0]{_sequences_at(spec, back)}", why
    yield "by-hand-hn", "hn", f"{run}[1][0][:, {back}]", why
    yield "by-hand-cn", "cn", f"{run}[1][1][:, {back}]", why


def sorted_by_hand(sorted_indices: Sequence[int], *, equals: bool = False) -> tuple[str, str]:
    """The order by length and its inverse, as expressions.

    With equals it is the order that torch sorts them in, whichever that is: in another row of a batch a
    sequence comes out the same to rounding alone.

    >>> sorted_by_hand((1, 2, 0))
    ('[1, 2, 0]', '[2, 0, 1]')
    """
    if len(sorted_indices) <= _MOST_SEQUENCES_NAMED and not equals:
        return str(list(sorted_indices)), str(list(inverse(sorted_indices)))
    order = "torch.argsort(lengths, descending=True)"
    return order, f"torch.argsort({order})"


def sorting_by_hand(spec: LSTMSpec, packing: Packing) -> tuple[str, ...]:
    """The manual way as statements, one a line: sort descending, pack, run, unpack, bring the order back."""
    output, hn = (tensors(spec)[name].shape for name in ("output", "hn"))
    back = _sequences_at(spec, "inverse")
    return (
        "order = torch.argsort(lengths, descending=True, stable=True)",
        "inverse = torch.argsort(order)",
        f"by_length = {_pack_in(spec, 'order')}",
        f"packed_output, (hn, cn) = lstm(by_length, (h0[:, order], c0[:, order]))  # hn {hn}, in sorted order",
        f"output, sorted_lengths = {e.unpack_call(spec)}  # {output}, {_shown(packing.sorted_lengths)}",
        f"output, hn, cn = output{back}, hn[:, inverse], cn[:, inverse]  # the given order, {_shown(packing.lengths)}",
    )


def _pack_in(spec: LSTMSpec, order: str) -> str:
    layout = ", batch_first=True" if spec.batch_first else ""
    return f"{e.PACK}(input{_sequences_at(spec, order)}, lengths[{order}]{layout})"


def _sequences_at(spec: LSTMSpec, order: str) -> str:
    """The index that puts the sequences of input or output into an order."""
    return f"[{order}]" if spec.batch_first else f"[:, {order}]"


def _shown(lengths: tuple[int, ...]) -> str:
    return str(list(lengths)) if len(lengths) <= _MOST_LENGTHS_SHOWN else f"{len(lengths)} lengths"


def lengths_run_alone(lengths: Sequence[int]) -> tuple[int, ...]:
    """The lengths whose sequences are run alone: all of them, or a sample from the shortest to the longest."""
    distinct = tuple(sorted(set(lengths)))
    last, parts = len(distinct) - 1, _MOST_RUN_ALONE - 1
    sample = (distinct[place * last // parts] for place in range(_MOST_RUN_ALONE))
    return distinct if last <= parts else tuple(sample)


def _alone(spec: LSTMSpec) -> Iterator[Sides]:
    """One claim a length: sequences of the same length run together, with neither packing nor padding."""
    assert spec.lengths is not None
    of_length = defaultdict(list)
    for sequence, length in enumerate(spec.lengths):
        of_length[length].append(sequence)
    for length in lengths_run_alone(spec.lengths):
        same = of_length[length]
        cells = f"[{same}, :{length}]" if spec.batch_first else f"[:{length}, {same}]"
        left = f"(output{cells}, (hn[:, {same}], cn[:, {same}]))"
        right = f"lstm(input{cells}, (h0[:, {same}], c0[:, {same}]))"
        why = f"run without packing or padding, the sequences of length {length} give the same"
        yield f"alone-{length}", left, right, why
