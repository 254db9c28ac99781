"""What pack_padded_sequence does, from the lengths alone: orders, batch_sizes, data row <-> (sequence, time step)."""

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, chain, pairwise, repeat

from lstm_inspect.theory.contract import record
from lstm_inspect.theory.spec import LSTMSpec


@record()
class Packing:
    """A PackedSequence's bookkeeping. Sequences are numbered as the lengths were given."""

    lengths: tuple[int, ...]  #: valid time steps of each sequence, B numbers.
    #: the sequences, longest first. torch sorts without keeping the order of equals (measured: from 17
    #: sequences on); predicted, they stay in the given order.
    sorted_indices: tuple[int, ...]
    unsorted_indices: tuple[int, ...]  #: the inverse permutation: where each sequence went.
    sorted_lengths: tuple[int, ...]  #: lengths in that order.
    batch_sizes: tuple[int, ...]  #: how many sequences still run at each time step, max(lengths) numbers.
    row_sequence: tuple[int, ...]  #: the sequence that each row of ``.data`` comes from.
    row_time_step: tuple[int, ...]  #: the time step that each row of ``.data`` comes from.
    valid_steps: int  #: rows of ``.data``: the sum of lengths.
    padded_steps: int  #: cells of the padded batch, max(lengths) * B.


def pack(lengths: Sequence[int], seq_len: int | None = None, order: Sequence[int] | None = None) -> Packing:
    """Work out the packing of sequences with these lengths.

    Args:
        lengths: at least one whole number from 1.
        seq_len: T of the padded batch; max(lengths) if left out.
        order: the sequences from longest to shortest, where equals may stand in any order; the given
            order of equals is kept if left out.

    >>> packing = pack((8, 9, 10))
    >>> packing.sorted_indices, packing.batch_sizes
    ((2, 1, 0), (3, 3, 3, 3, 3, 3, 3, 3, 2, 1))
    """
    order, sizes = sorted_order(lengths) if order is None else tuple(order), batch_sizes(lengths)
    return Packing(
        lengths=tuple(lengths),
        sorted_indices=order,
        unsorted_indices=inverse(order),
        sorted_lengths=tuple(lengths[sequence] for sequence in order),
        batch_sizes=sizes,
        row_sequence=tuple(chain.from_iterable(order[:size] for size in sizes)),
        row_time_step=tuple(chain.from_iterable(repeat(step, size) for step, size in enumerate(sizes))),
        valid_steps=sum(sizes),
        padded_steps=(seq_len or len(sizes)) * len(order),
    )


def sorted_order(lengths: Sequence[int]) -> tuple[int, ...]:
    """The sequences from longest to shortest; equals stay in the given order."""
    return tuple(sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True))


def sorts(order: Sequence[int], lengths: Sequence[int]) -> bool:
    """Whether an order is a permutation that puts the longest sequence first."""
    permutes = sorted(order) == list(range(len(lengths)))
    return permutes and all(lengths[first] >= lengths[second] for first, second in pairwise(order))


def has_equals(lengths: Sequence[int]) -> bool:
    """Whether two sequences are equally long, so that more than one order sorts them."""
    return len(set(lengths)) < len(lengths)


def has_free_order(spec: LSTMSpec) -> bool:
    """Whether torch sorts sequences that are equally long: in which order it leaves those, it alone can tell."""
    return spec.lengths is not None and not spec.enforce_sorted and has_equals(spec.lengths)


def inverse(permutation: Sequence[int]) -> tuple[int, ...]:
    """The permutation that undoes another: inverse(p)[p[i]] == i."""
    return tuple(sorted(range(len(permutation)), key=permutation.__getitem__))


def batch_sizes(lengths: Sequence[int]) -> tuple[int, ...]:
    """How many sequences are longer than t, for each time step t."""
    ended = Counter(lengths)
    return tuple(accumulate((-ended[step] for step in range(1, max(lengths))), initial=len(lengths)))


def lengths_of(batch_sizes: Sequence[int]) -> tuple[int, ...]:
    """The lengths that a PackedSequence's batch_sizes stand for, longest first."""
    lengths: list[int] = []
    for step in reversed(range(len(batch_sizes))):
        lengths += [step + 1] * (batch_sizes[step] - len(lengths))
    return tuple(lengths)
