"""What pack_padded_sequence does, from the lengths alone: orders, batch_sizes, data row <-> (sequence, time step)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Packing:
    """A PackedSequence's bookkeeping. Sequences are numbered as the lengths were given.

    Attributes:
        lengths: valid time steps of each sequence, B numbers.
        sorted_indices: the sequences, longest first; equals stay in the given order.
        unsorted_indices: the inverse permutation: where each sequence went.
        sorted_lengths: lengths in that order.
        batch_sizes: how many sequences still run at each time step, max(lengths) numbers.
        row_sequence: the sequence that each row of ``.data`` comes from.
        row_time_step: the time step that each row of ``.data`` comes from.
        valid_steps: rows of ``.data``: the sum of lengths.
        padded_steps: cells of the padded batch, max(lengths) * B.
    """

    lengths: tuple[int, ...]
    sorted_indices: tuple[int, ...]
    unsorted_indices: tuple[int, ...]
    sorted_lengths: tuple[int, ...]
    batch_sizes: tuple[int, ...]
    row_sequence: tuple[int, ...]
    row_time_step: tuple[int, ...]
    valid_steps: int
    padded_steps: int


def pack(lengths: Sequence[int], seq_len: int | None = None) -> Packing:
    """Work out the packing of sequences with these lengths.

    Args:
        lengths: at least one whole number from 1.
        seq_len: T of the padded batch; max(lengths) if left out.

    >>> packing = pack((8, 9, 10))
    >>> packing.sorted_indices, packing.batch_sizes
    ((2, 1, 0), (3, 3, 3, 3, 3, 3, 3, 3, 2, 1))
    """
    order = sorted_order(lengths)
    sizes = batch_sizes(lengths)
    return Packing(
        lengths=tuple(lengths),
        sorted_indices=order,
        unsorted_indices=inverse(order),
        sorted_lengths=tuple(lengths[sequence] for sequence in order),
        batch_sizes=sizes,
        row_sequence=tuple(sequence for size in sizes for sequence in order[:size]),
        row_time_step=tuple(step for step, size in enumerate(sizes) for _ in range(size)),
        valid_steps=sum(sizes),
        padded_steps=(seq_len or len(sizes)) * len(order),
    )


def sorted_order(lengths: Sequence[int]) -> tuple[int, ...]:
    """The sequences from longest to shortest; equals stay in the given order.

    >>> sorted_order((5, 3, 4))
    (0, 2, 1)
    """
    return tuple(sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True))


def inverse(permutation: Sequence[int]) -> tuple[int, ...]:
    """The permutation that undoes another: inverse(p)[p[i]] == i.

    >>> inverse((2, 0, 1))
    (1, 2, 0)
    """
    result = [0] * len(permutation)
    for place, element in enumerate(permutation):
        result[element] = place
    return tuple(result)


def batch_sizes(lengths: Sequence[int]) -> tuple[int, ...]:
    """How many sequences are longer than t, for each time step t.

    >>> batch_sizes((4, 3, 2))
    (3, 3, 2, 1)
    """
    ends = [0] * max(lengths)  # ends[t]: sequences whose last time step is t
    for length in lengths:
        ends[length - 1] += 1
    sizes, running = [], len(lengths)
    for ended in ends:
        sizes.append(running)
        running -= ended
    return tuple(sizes)
