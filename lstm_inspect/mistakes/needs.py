"""What a spec must have before a mistake can be made on it, and how many of its numbers then tell the two sides apart.

The catalogue's proofs name both by the keys of the two tables here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from lstm_inspect.theory.packing import has_equals, sorted_order
from lstm_inspect.theory.spec import LSTMSpec

_LENGTHS: Final = "{lengths=5,3,4}"
_MOVED: Final = "{lengths=3,5,4}"


class Need(NamedTuple):
    """What a spec must have."""

    field: str  #: the spec's field that decides.
    allowed: str  #: what it must be, in words that go on from "must be".
    instead: str  #: what to change it to.
    holds: Callable[[LSTMSpec], bool]  #: whether a spec has it.


def _some_end_early(spec: LSTMSpec) -> bool:
    return any(length < spec.seq_len for length in spec.lengths or ())


def _moves(spec: LSTMSpec) -> bool:
    return sorted_order(spec.lengths or ()) != tuple(range(len(spec.lengths or ())))


def _twice_is_not_back(spec: LSTMSpec) -> bool:
    """Whether sorting by sorted_indices a second time does not restore the order, whatever becomes of equals."""
    lengths = spec.lengths or ()
    order = sorted_order(lengths)
    return tuple(order[place] for place in order) != tuple(range(len(order))) and not has_equals(lengths)


def _data_is_in_another_order(spec: LSTMSpec) -> bool:
    lengths = spec.lengths or ()
    return _moves(spec) or (spec.batch_first and len(lengths) > 1 and max(lengths) > 1)


def _padding_changes_the_reverse_half(spec: LSTMSpec) -> bool:
    """A reverse state that starts at zero in padding of zeros comes out of it as zero: g = tanh(0) = 0."""
    return spec.num_layers > 1 or spec.bias or spec.state != "zeros" or spec.padding_value != 0


NUMBERS: Final = (
    Need("device", "one that holds numbers", "{device=cpu}", lambda spec: spec.device != "meta"),
    Need("batch_size", "at least 1", "{batch_size=3}", lambda spec: spec.batch_size != 0),
)
"""What every spec must have before any mistake can be shown on it."""

NEEDS: Final = {
    "one direction": Need("bidirectional", "False", "{bidirectional=False}", lambda spec: not spec.bidirectional),
    "bidirectional": Need(
        "bidirectional", "{bidirectional=True}", "{bidirectional=True}", lambda spec: spec.bidirectional
    ),
    "one layer": Need("num_layers", "1", "{num_layers=1}", lambda spec: spec.num_layers == 1),
    "several layers": Need("num_layers", "at least 2", "{num_layers=2}", lambda spec: spec.num_layers > 1),
    "several rows": Need(
        "num_layers", "at least 2, or two directions", "{num_layers=2}", lambda spec: spec.num_states > 1
    ),
    "several features": Need("hidden_size", "at least 2", "{hidden_size=20}", lambda spec: spec.state_size > 1),
    "several steps": Need("seq_len", "at least 2", "{seq_len=5}", lambda spec: spec.seq_len > 1),
    "batched": Need("batch_size", "a number", "{batch_size=3}", lambda spec: spec.batched),
    "several sequences": Need("batch_size", "at least 2", "{batch_size=3}", lambda spec: spec.sequences > 1),
    "as many as steps": Need(
        "batch_size", "{seq_len}", "{seq_len=4} {batch_size=4}", lambda spec: spec.batch_size == spec.seq_len
    ),
    "as many as rows": Need(
        "batch_size",
        "as large as {num_layers} times the directions",
        "{num_layers=2} {batch_size=2}",
        lambda spec: spec.batch_size == spec.num_states,
    ),
    "random state": Need("state", "random", "{state=random}", lambda spec: spec.state == "random"),
    "padding moves states": Need(
        "state", "random, or the padding leaves zeros alone", "{state=random}", _padding_changes_the_reverse_half
    ),
    "dropout": Need("dropout", "more than 0 and less than 1", "{dropout=0.5}", lambda spec: 0 < spec.dropout < 1),
    "padded": Need("lengths", "left out", "no lengths", lambda spec: spec.lengths is None),
    "packed": Need("lengths", "given", _LENGTHS, lambda spec: spec.lengths is not None),
    "none ends early": Need(
        "lengths",
        "left out, or all equal to T (else it is padding-as-last-step)",
        "{lengths=5,5,5}",
        lambda spec: not _some_end_early(spec),
    ),
    "some end early": Need("lengths", "such that a sequence ends before T", _LENGTHS, _some_end_early),
    "two lengths": Need("lengths", "such that two differ", _LENGTHS, lambda spec: len(set(spec.lengths or ())) > 1),
    "two steps each": Need("lengths", "at least 2 each", _LENGTHS, lambda spec: min(spec.lengths or (0,)) > 1),
    "unsorted": Need("lengths", "in another order than descending", _MOVED, _moves),
    "sorting twice moves": Need(
        "lengths", "different, and such that sorting them twice does not restore them", _MOVED, _twice_is_not_back
    ),
    "data in another order": Need("lengths", "those of several sequences", _MOVED, _data_is_in_another_order),
    "padded further": Need(
        "total_length",
        "more than the longest length",
        "{lengths=4,3,2} {total_length=6}",
        lambda spec: max(spec.lengths or (0,)) < spec.seq_len,
    ),
}

BITS_TO_TELL_APART: Final = 24
"""Two unrelated results of fewer bits in all come out the same by chance too often to prove anything."""

VALUES: Final[dict[str, Callable[[LSTMSpec], int]]] = {
    "one row of hn": lambda spec: spec.sequences * spec.state_size,
    "those that end early": lambda spec: sum(length < spec.seq_len for length in spec.lengths or ()) * spec.state_size,
    # a view as (R, D) surely takes these from elsewhere
    "all but the first feature": lambda spec: spec.sequences * (spec.state_size - 1),
    # after hn.reshape(B, -1) these surely stand elsewhere
    "all but the first and last rows": lambda spec: (spec.num_states - 1) * (spec.sequences - 1) * spec.state_size,
    # 1 for every 25 values that dropout sets to zero on average: then some surely are
    "those that are dropped": lambda spec: int(spec.valid_steps * spec.output_size * spec.dropout) // 25,
    "one sequence": lambda spec: spec.state_size,
    "two sequences": lambda spec: 2 * spec.state_size,
    "shapes differ": lambda spec: BITS_TO_TELL_APART,  # which needs no numbers
}
"""How many values of the two sides differ at least."""
