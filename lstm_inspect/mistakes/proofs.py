"""What proves each mistake on a spec: two expressions whose numbers differ, and what a spec must have for that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from lstm_inspect.mistakes import sides
from lstm_inspect.mistakes.catalogue import BY_ID
from lstm_inspect.theory.claim import Pitfall
from lstm_inspect.theory.dtypes import DTYPES
from lstm_inspect.theory.packing import has_equals, sorted_order
from lstm_inspect.theory.spec import LSTMSpec

Holds: TypeAlias = Callable[[LSTMSpec], bool]

_BITS_TO_TELL_APART: Final = 24
"""Two unrelated results of fewer bits in all come out the same by chance too often to prove anything."""


def _never(spec: LSTMSpec) -> bool:
    return False


def _always(spec: LSTMSpec) -> bool:
    return True


def _both(spec: LSTMSpec) -> bool:
    return spec.bidirectional


def _state_values(spec: LSTMSpec) -> int:
    """Values in one row of hn: B * R."""
    return spec.sequences * spec.state_size


def _shorter_values(spec: LSTMSpec) -> int:
    """Values in the states of the sequences that end early."""
    return sum(length < spec.seq_len for length in _lengths(spec)) * spec.state_size


def _interleaved_values(spec: LSTMSpec) -> int:
    """Values of one step that a view as (R, D) surely takes from elsewhere: all but the first feature's."""
    return _state_values(spec) // spec.state_size * (spec.state_size - 1)


def _mixed_values(spec: LSTMSpec) -> int:
    """Values that surely stand elsewhere after hn.reshape(B, -1): all but the first and last rows' own."""
    return (spec.num_states - 1) * ((spec.batch_size or 1) - 1) * spec.state_size


def _dropped_values(spec: LSTMSpec) -> int:
    """1 for every 25 values of output that dropout sets to zero on average: then some surely are."""
    return int(spec.valid_steps * spec.output_size * spec.dropout) // 25


def _one_sequence(spec: LSTMSpec) -> int:
    return spec.state_size


def _two_sequences(spec: LSTMSpec) -> int:
    return 2 * spec.state_size


def _other_shapes(spec: LSTMSpec) -> int:
    """Two shapes that differ need no numbers."""
    return _BITS_TO_TELL_APART


def _lengths(spec: LSTMSpec) -> tuple[int, ...]:
    return spec.lengths or ()


def _some_end_early(spec: LSTMSpec) -> bool:
    return any(length < spec.seq_len for length in _lengths(spec))


def _moves(spec: LSTMSpec) -> bool:
    return sorted_order(_lengths(spec)) != tuple(range(len(_lengths(spec))))


def _twice_is_not_back(spec: LSTMSpec) -> bool:
    """Whether sorting by sorted_indices a second time does not restore the order, whatever becomes of equals."""
    order = sorted_order(_lengths(spec))
    return tuple(order[place] for place in order) != tuple(range(len(order))) and not has_equals(_lengths(spec))


def _data_is_in_another_order(spec: LSTMSpec) -> bool:
    several_steps = len(_lengths(spec)) > 1 and max(_lengths(spec)) > 1
    return _moves(spec) or (spec.batch_first and several_steps)


def _padding_changes_the_reverse_half(spec: LSTMSpec) -> bool:
    """A reverse state that starts at zero in padding of zeros comes out of it as zero: g = tanh(0) = 0."""
    return spec.num_layers > 1 or spec.bias or spec.state != "zeros" or spec.padding_value != 0


@dataclass(frozen=True, slots=True)
class Need:
    """What a spec must have before a mistake can be made on it.

    Attributes:
        field: the spec's field that decides.
        allowed: what it must be, in words that go on from "must be".
        instead: what to change it to.
        holds: whether a spec has it.
    """

    field: str
    allowed: str
    instead: str
    holds: Holds


@dataclass(frozen=True, slots=True)
class Proof:
    """How one mistake is shown.

    Attributes:
        id: the mistake's.
        sides: the tempting expression and the right one, for a spec.
        needs: what the spec must have.
        values: how many values must come out different, at least.
        exact: whether both sides are numbers of one run, so that any difference counts.
        near: the specs that have what it needs beside whose results it is shown, asked for or not.
    """

    id: str
    sides: Callable[[LSTMSpec], tuple[str, str]]
    needs: tuple[Need, ...] = ()
    values: Callable[[LSTMSpec], int] = _state_values
    exact: bool = True
    near: Holds = _never

    def tells(self, spec: LSTMSpec) -> bool:
        """Whether a spec has numbers enough to show it.

        In 16 bits the tolerance is as large as what a step of padding changes: there two runs can't be told apart.
        """
        enough = self.values(spec) * DTYPES[spec.dtype].bits >= _BITS_TO_TELL_APART
        return enough and (self.exact or spec.itemsize > 2)

    def pitfall(self, spec: LSTMSpec) -> Pitfall:
        """The pair for a spec that has what it needs."""
        return Pitfall(self.id, *self.sides(spec), BY_ID[self.id].what, self.exact)


_LENGTHS: Final = "{lengths=5,3,4}"
VALUES: Final = (
    Need("device", "one that holds numbers", "{device=cpu}", lambda spec: spec.device != "meta"),
    Need("batch_size", "at least 1", "{batch_size=3}", lambda spec: spec.batch_size != 0),
)
"""What every spec must have before any mistake can be shown on it."""
_BOTH: Final = Need("bidirectional", "{bidirectional=True}", "{bidirectional=True}", _both)
_FEATURES: Final = Need("hidden_size", "at least 2", "{hidden_size=20}", lambda spec: spec.state_size > 1)
_RANDOM: Final = Need("state", "random", "{state=random}", lambda spec: spec.state == "random")
_DEEP: Final = Need("num_layers", "at least 2", "{num_layers=2}", lambda spec: spec.num_layers > 1)
_ONE_LAYER: Final = Need("num_layers", "1", "{num_layers=1}", lambda spec: spec.num_layers == 1)
_STEPS: Final = Need("seq_len", "at least 2", "{seq_len=5}", lambda spec: spec.seq_len > 1)
_BATCH: Final = Need("batch_size", "at least 2", "{batch_size=3}", lambda spec: (spec.batch_size or 0) > 1)
_BATCHED: Final = Need("batch_size", "a number", "{batch_size=3}", lambda spec: spec.batched)
_STATES: Final = Need("num_layers", "at least 2, or two directions", "{num_layers=2}", lambda spec: spec.num_states > 1)
_DROPOUT: Final = Need("dropout", "more than 0 and less than 1", "{dropout=0.5}", lambda spec: 0 < spec.dropout < 1)
_SQUARE: Final = Need(
    "batch_size", "{seq_len}", "{seq_len=4} {batch_size=4}", lambda spec: spec.batch_size == spec.seq_len
)
_ROWS: Final = Need(
    "batch_size",
    "as large as {num_layers} times the directions",
    "{num_layers=2} {batch_size=2}",
    lambda spec: spec.batch_size == spec.num_states,
)
_PADDED: Final = Need("lengths", "left out", "no lengths", lambda spec: spec.lengths is None)
_PACKED: Final = Need("lengths", "given", _LENGTHS, lambda spec: spec.lengths is not None)
_EARLY: Final = Need("lengths", "such that a sequence ends before T", _LENGTHS, _some_end_early)
_FULL: Final = Need(
    "lengths",
    "left out, or all equal to T (else it is padding-as-last-step)",
    "{lengths=5,5,5}",
    lambda spec: not _some_end_early(spec),
)
_UNSORTED: Final = Need("lengths", "in another order than descending", "{lengths=3,5,4}", _moves)
_NO_INVOLUTION: Final = Need(
    "lengths",
    "different, and such that sorting them twice does not restore them",
    "{lengths=3,5,4}",
    _twice_is_not_back,
)
_INTERLEAVED: Final = Need("lengths", "those of several sequences", "{lengths=3,5,4}", _data_is_in_another_order)
_NOT_ZERO: Final = Need(
    "state", "random, or the padding leaves zeros alone", "{state=random}", _padding_changes_the_reverse_half
)
_TWO_STEPS_EACH: Final = Need("lengths", "at least 2 each", _LENGTHS, lambda spec: min(_lengths(spec)) > 1)
_SHORT: Final = Need(
    "total_length",
    "more than the longest length",
    "{lengths=4,3,2} {total_length=6}",
    lambda spec: max(_lengths(spec)) < spec.seq_len,
)
_TWO_LONG: Final = Need("lengths", "such that two differ", _LENGTHS, lambda spec: len(set(_lengths(spec))) > 1)

PROOFS: Final = (
    Proof("last-step-bidirectional", sides.last_step, (_BOTH, _STEPS, _FULL), near=_always),
    Proof("one-direction-of-two", sides.last_row, (_BOTH,), _other_shapes, near=_always),
    Proof("directions-interleaved", sides.interleaved, (_BOTH, _FEATURES), _interleaved_values, near=_always),
    Proof("first-layer", sides.first_row, (_DEEP,), near=_always),
    Proof("layers-for-directions", sides.layers_joined, (_DEEP,), near=_both),
    Proof("sequences-mixed", sides.reshaped, (_BATCHED, _STATES, _BATCH), _mixed_values, near=_always),
    Proof("padding-as-last-step", sides.last_step, (_PACKED, _EARLY), _shorter_values, near=_always),
    Proof("padding-read", sides.unpacked, (_PACKED, _EARLY), _shorter_values, exact=False, near=_always),
    Proof(
        "padding-read-in-reverse",
        sides.unpacked_and_masked,
        (_PACKED, _BOTH, _EARLY, _NOT_ZERO),
        _shorter_values,
        exact=False,
        near=_always,
    ),
    Proof("lengths-sorted-alone", sides.lengths_alone, (_PACKED, _UNSORTED), _two_sequences, exact=False, near=_always),
    Proof("order-not-restored", sides.sorted_twice, (_PACKED, _NO_INVOLUTION), _one_sequence, near=_always),
    Proof("packed-order", sides.data_and_mask, (_PACKED, _INTERLEAVED), _one_sequence, near=_always),
    Proof("cell-for-hidden", sides.cell_state),
    Proof("last-sequence", sides.along_the_batch, (_BATCHED, _BATCH, _STEPS)),
    Proof("padding-averaged", sides.mean_over_padding, (_PACKED, _EARLY), _shorter_values, exact=False),
    Proof("sequences-not-independent", sides.in_company, (_PADDED, _BATCHED, _BATCH, _STEPS), exact=False),
    Proof("batch-first-forgotten", sides.layout_swapped, (_PADDED, _BATCHED, _BATCH, _STEPS), exact=False),
    Proof("random-initial-state", sides.drawn_state, exact=False),
    Proof("dropout-one-layer", sides.share_dropped, (_ONE_LAYER, _DROPOUT), _dropped_values, exact=False),
    Proof("dropout-where-it-acts", sides.share_dropped, (_DEEP, _DROPOUT), _dropped_values, exact=False),
    Proof("batch-of-vectors", sides.vectors, (_PADDED, _BATCHED, _BATCH), exact=False),
    Proof("one-sequence", sides.one_sequence, (_PADDED, _BATCHED), _other_shapes),
    Proof("packed-data-alone", sides.data_alone, (_PACKED, _INTERLEAVED), exact=False),
    Proof("fewer-lengths", sides.one_length_less, (_PACKED, _BATCH), _other_shapes),
    Proof("fractional-lengths", sides.fractions, (_PACKED, _TWO_STEPS_EACH), exact=False),
    Proof("mask-as-lengths", sides.column_of_a_mask, (_PACKED, _STEPS), exact=False),
    Proof("batch-equals-time", sides.layout_swapped, (_PADDED, _BATCHED, _BATCH, _SQUARE), exact=False),
    Proof("batch-equals-rows", sides.states_swapped, (_BATCHED, _BATCH, _RANDOM, _ROWS), exact=False),
    Proof("output-shorter", sides.without_total_length, (_PACKED, _SHORT), _other_shapes),
    Proof("packed-to-rounding", sides.another_kernel, (_PACKED, _TWO_LONG)),
)
