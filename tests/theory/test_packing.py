"""Packing held against torch's own pack_padded_sequence."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence

from lstm_inspect.theory.packing import Packing, batch_sizes, inverse, pack, sorted_order, sorts


def torch_packing(
    lengths: list[int], enforce_sorted: bool = False
) -> tuple[list[int], list[int], list[int], list[int]]:
    """sorted_indices, batch_sizes and, row by row of data, its sequence and its time step, as torch has them."""
    longest = max(lengths)
    sequence = torch.arange(len(lengths))[:, None].expand(-1, longest)
    step = torch.arange(longest)[None, :].expand(len(lengths), -1)
    cells = torch.stack((sequence, step), dim=-1)
    packed = pack_padded_sequence(cells, torch.tensor(lengths), batch_first=True, enforce_sorted=enforce_sorted)
    order = list(range(len(lengths))) if packed.sorted_indices is None else packed.sorted_indices.tolist()
    return order, packed.batch_sizes.tolist(), packed.data[:, 0].tolist(), packed.data[:, 1].tolist()


def as_lists(packing: Packing) -> tuple[list[int], list[int], list[int], list[int]]:
    orders = (packing.sorted_indices, packing.batch_sizes, packing.row_sequence, packing.row_time_step)
    first, second, third, fourth = (list(each) for each in orders)
    return first, second, third, fourth


@given(st.lists(st.integers(1, 12), min_size=1, max_size=12, unique=True))
@settings(max_examples=100, deadline=None)
def test_lengths_that_differ_pack_as_torch_packs_them(lengths: list[int]) -> None:
    packing = pack(lengths)
    assert as_lists(packing) == torch_packing(lengths)
    assert packing.sorted_lengths == tuple(sorted(lengths, reverse=True))
    assert packing.valid_steps == sum(lengths)
    assert packing.padded_steps == max(lengths) * len(lengths)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=60))
@settings(max_examples=100, deadline=None)
def test_equals_in_the_order_that_torch_gave_them(lengths: list[int]) -> None:
    """torch does not keep the order of equals; in the order that it chose, every row is where it is said to be."""
    order, sizes, _, _ = found = torch_packing(lengths)
    assert sorts(order, lengths)
    assert list(batch_sizes(lengths)) == sizes
    assert as_lists(pack(lengths, order=order)) == found


@given(st.lists(st.integers(1, 6), min_size=1, max_size=60).map(lambda lengths: sorted(lengths, reverse=True)))
@settings(max_examples=50, deadline=None)
def test_sorted_lengths_stay_as_they_are(lengths: list[int]) -> None:
    assert as_lists(pack(lengths)) == torch_packing(lengths, enforce_sorted=True)


@pytest.mark.parametrize(("order", "sorted_so"), [((1, 0), True), ((0, 1), False), ((0, 0), False)])
def test_what_sorts(order: tuple[int, ...], sorted_so: bool) -> None:
    assert sorts(order, (2, 3)) is sorted_so


@given(st.permutations(range(9)))
def test_the_inverse_undoes_a_permutation(permutation: list[int]) -> None:
    assert list(inverse(permutation)) == torch.argsort(torch.tensor(permutation)).tolist()


def test_equals_of_a_hundred_thousand_lengths() -> None:
    """Where many are equal, torch's order of equals is another than the given one, and the report has to follow it."""
    lengths = torch.randint(1, 21, (100_000,), generator=torch.Generator().manual_seed(0)).tolist()
    order, sizes, sequences, steps = torch_packing(lengths)
    assert sorts(order, lengths)
    packing = pack(lengths, order=order)
    assert as_lists(packing) == (order, sizes, sequences, steps)
    by_torch = torch.sort(torch.tensor(lengths), descending=True, stable=True).indices.tolist()
    assert list(sorted_order(lengths)) == by_torch  # the stable order, which is what is predicted


@pytest.mark.parametrize(
    ("lengths", "sorted_indices", "unsorted_indices", "sizes"),
    [
        ((8, 9, 10), (2, 1, 0), (2, 1, 0), (3, 3, 3, 3, 3, 3, 3, 3, 2, 1)),
        ((5, 3, 4), (0, 2, 1), (0, 2, 1), (3, 3, 3, 2, 1)),
        ((4, 3, 2), (0, 1, 2), (0, 1, 2), (3, 3, 2, 1)),
        ((2, 3, 1), (1, 0, 2), (1, 0, 2), (3, 2, 1)),
        ((1, 2, 3), (2, 1, 0), (2, 1, 0), (3, 2, 1)),
        ((3, 1, 4, 2), (2, 0, 3, 1), (1, 3, 0, 2), (4, 3, 2, 1)),
        ((1,), (0,), (0,), (1,)),
    ],
)
def test_by_hand(
    lengths: tuple[int, ...],
    sorted_indices: tuple[int, ...],
    unsorted_indices: tuple[int, ...],
    sizes: tuple[int, ...],
) -> None:
    packing = pack(lengths)
    assert (packing.sorted_indices, packing.unsorted_indices, packing.batch_sizes) == (
        sorted_indices,
        unsorted_indices,
        sizes,
    )


def test_rows_by_hand() -> None:
    packing = pack((4, 3, 2))
    rows = list(zip(packing.row_sequence, packing.row_time_step, strict=True))
    assert rows == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (0, 2), (1, 2), (0, 3)]


def test_a_batch_padded_further_has_more_cells() -> None:
    assert pack((2, 1), seq_len=5).padded_steps == 10
