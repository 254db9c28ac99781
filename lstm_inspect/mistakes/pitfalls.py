"""Tempting expressions that are not what they seem, where a spec's numbers let the difference show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lstm_inspect.theory import expressions as e
from lstm_inspect.theory.claim import Pitfall
from lstm_inspect.theory.packing import has_equals, sorted_order
from lstm_inspect.theory.packing_claims import sorted_by_hand, valid_cells
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.theory.spec import LSTMSpec

_SIGNIFICANT_BITS: Final = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
_BITS_TO_TELL_APART: Final = 24
"""Two unrelated results of fewer bits in all come out the same by chance too often to prove anything."""


def pitfalls(spec: LSTMSpec) -> tuple[Pitfall, ...]:
    """The pitfalls that apply to a spec; those whose sides its numbers make the same are left out.

    >>> [pitfall.tempting for pitfall in pitfalls(LSTMSpec(bidirectional=True))][:2]
    ['output[-1]', 'hn[-1]']
    >>> pitfalls(LSTMSpec(seq_len=1, batch_size=1))
    ()
    """
    return tuple(_found(spec)) if spec.has_values else ()


def _found(spec: LSTMSpec) -> Iterator[Pitfall]:
    if spec.bidirectional:
        yield from _bidirectional(spec)
    if spec.num_layers > 1 and _tell_apart(spec, _state_values(spec)):
        yield from _layers(spec)
    if spec.batched and _tell_apart(spec, _moved_by_reshape(spec)):
        yield _reshape(spec)
    if spec.lengths is not None:
        yield from _lengths(spec)


def _tell_apart(spec: LSTMSpec, values: int) -> bool:
    """Whether that many differing values can't all be the same by chance."""
    return values * _SIGNIFICANT_BITS[spec.dtype] >= _BITS_TO_TELL_APART


def _state_values(spec: LSTMSpec) -> int:
    """Values in one row of hn: B * R."""
    return (1 if spec.batch_size is None else spec.batch_size) * spec.state_size


def _moved_by_reshape(spec: LSTMSpec) -> int:
    """Values that surely stand elsewhere after hn.reshape(B, -1): all but the first and last rows' own."""
    assert spec.batch_size is not None
    return (spec.num_states - 1) * (spec.batch_size - 1) * spec.state_size


def _bidirectional(spec: LSTMSpec) -> Iterator[Pitfall]:
    if spec.seq_len > 1 and _fills_the_batch(spec) and _tell_apart(spec, _state_values(spec)):
        why = "its reverse half has seen one step only: the final reverse state stands at step 0"
        yield Pitfall("output-last-step", e.at_step(spec, "output", "-1"), e.final_state(spec), why)
    why = "the reverse direction alone: half of the last layer is missing"
    yield Pitfall("hn-last-row", "hn[-1]", e.final_state(spec), why)
    if spec.state_size > 1 and _tell_apart(spec, _state_values(spec) // spec.state_size * (spec.state_size - 1)):
        lead = (*e.output_lead(spec), spec.state_size, 2)
        why = "output's last axis is (D, R): this takes every other feature, of both directions"
        yield Pitfall(
            "output-as-r-d",
            f"output.view{format_tuple(lead)}[..., 0]",
            f"{e.output_by_direction(spec)}[..., 0, :]",
            why,
        )


def _layers(spec: LSTMSpec) -> Iterator[Pitfall]:
    last = f"hn[-{spec.num_directions}]"
    first = "the first layer's forward state" if spec.bidirectional else "the first layer's state"
    yield Pitfall("hn-first-row", "hn[0]", last, f"{first}, not the last layer's")
    if spec.bidirectional:
        swapped = format_tuple((2, spec.num_layers, *e.state_tail(spec)))
        why = "hn's first axis is (L, D): viewed as (D, L) this is another layer's or direction's state"
        yield Pitfall("hn-as-d-l", f"hn.view{swapped}[0, -1]", f"{e.states_by_layer(spec)}[-1, 0]", why)


def _reshape(spec: LSTMSpec) -> Pitfall:
    rows = f"{spec.batch_size}, {spec.num_states * spec.state_size}"
    why = "hn's rows are layers and directions: this fills a sequence's row with other sequences' states"
    return Pitfall("hn-reshape", f"hn.reshape({spec.batch_size}, -1)", f"hn.transpose(0, 1).reshape({rows})", why)


def _lengths(spec: LSTMSpec) -> Iterator[Pitfall]:
    assert spec.lengths is not None
    shorter = sum(1 for length in spec.lengths if length < spec.seq_len)
    if shorter and _tell_apart(spec, shorter * spec.state_size):
        yield _unpacked_last_step(spec)
    if shorter and _tell_runs_apart(spec, shorter * spec.state_size):
        yield _padded_run(spec)
        if spec.bidirectional and not _stays_zero_in_the_padding(spec):
            yield _padded_run_valid_steps(spec)
    yield from _order(spec, sorted_order(spec.lengths))


def _tell_runs_apart(spec: LSTMSpec, values: int) -> bool:
    """Whether that many values of two runs differ by more than rounding.

    In 16 bits the tolerance is as large as what a step of padding changes: there it can't be told.
    """
    return spec.itemsize > 2 and _tell_apart(spec, values)


def _stays_zero_in_the_padding(spec: LSTMSpec) -> bool:
    """Whether a reverse state that starts at zero in padding of zeros comes out of it as zero: g = tanh(0) = 0."""
    return spec.num_layers == 1 and not spec.bias and spec.state == "zeros" and spec.padding_value == 0


def _unpacked_last_step(spec: LSTMSpec) -> Pitfall:
    why = "padding, for every sequence that ends before the batch does"
    if spec.bidirectional:
        why += "; and the reverse half's final state stands at step 0"
    return Pitfall("unpacked-last-step", e.at_step(spec, "output", "-1"), e.final_state(spec), why)


def _padded_run(spec: LSTMSpec) -> Pitfall:
    why = "without packing the padding is read as data: forward states run on into it, reverse ones start in it"
    return Pitfall("padded-run", "lstm(input, (h0, c0))[1][0]", "hn", why, exact=False)


def _padded_run_valid_steps(spec: LSTMSpec) -> Pitfall:
    valid = valid_cells(spec)
    why = "even the valid steps are wrong without packing: their reverse half has come through the padding"
    return Pitfall("padded-run-valid-steps", f"lstm(input, (h0, c0))[0][{valid}]", f"output[{valid}]", why, exact=False)


def _order(spec: LSTMSpec, order: tuple[int, ...]) -> Iterator[Pitfall]:
    """What goes wrong where sorting moves sequences; a batch in descending order can't show it."""
    assert spec.lengths is not None
    given = tuple(range(len(order)))
    if order != given and _tell_runs_apart(spec, 2 * spec.state_size):
        yield _lengths_sorted_alone(spec, order)
    if not _tell_apart(spec, spec.state_size):
        return
    if tuple(order[place] for place in order) != given and not has_equals(spec.lengths):
        once = "hn[:, packed_input.sorted_indices]"
        why = "sorted_indices sorts, applied again it does not unsort: that takes its inverse, unsorted_indices"
        yield Pitfall(
            "unsort-with-sorted",
            f"{once}[:, packed_input.sorted_indices]",
            f"{once}[:, packed_input.unsorted_indices]",
            why,
        )
    if order != given or (spec.batch_first and len(order) > 1 and max(spec.lengths) > 1):
        why = "data goes time step by time step, longest sequence first: a mask picks labels in another order"
        yield Pitfall("data-against-mask", "packed_output.data", f"output[{valid_cells(spec)}]", why)


def _lengths_sorted_alone(spec: LSTMSpec, order: tuple[int, ...]) -> Pitfall:
    assert spec.lengths is not None
    by_length = f"lengths[{sorted_by_hand(order)[0]}]"
    layout = ", batch_first=True" if spec.batch_first else ""
    why = "the lengths were sorted, the sequences were not: each is cut to another one's length"
    tempting = f"lstm({e.PACK}(input, {by_length}{layout}), (h0, c0))[1][0]"
    return Pitfall("lengths-sorted-alone", tempting, "hn", why, exact=False)


def _fills_the_batch(spec: LSTMSpec) -> bool:
    """Whether every sequence has T valid steps."""
    return spec.lengths is None or min(spec.lengths) == spec.seq_len
