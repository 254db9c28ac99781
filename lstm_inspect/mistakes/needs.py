"""When a spec has what a mistake needs, and how many of its numbers then tell the two sides apart.

The catalogue names both by the keys of the two tables here.
"""

from collections.abc import Callable
from typing import Final

from lstm_inspect.theory.packing import has_equals, sorted_order
from lstm_inspect.theory.spec import LSTMSpec


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


HOLDS: Final[dict[str, Callable[[LSTMSpec], bool]]] = {
    "numbers": lambda spec: spec.device != "meta",
    "a sequence": lambda spec: spec.batch_size != 0,
    "one direction": lambda spec: not spec.bidirectional,
    "bidirectional": lambda spec: spec.bidirectional,
    "one layer": lambda spec: spec.num_layers == 1,
    "several layers": lambda spec: spec.num_layers > 1,
    "several rows": lambda spec: spec.num_states > 1,
    "several features": lambda spec: spec.state_size > 1,
    "several steps": lambda spec: spec.seq_len > 1,
    "batched": lambda spec: spec.batched,
    "several sequences": lambda spec: spec.sequences > 1,
    "as many as steps": lambda spec: spec.batch_size == spec.seq_len,
    "as many as rows": lambda spec: spec.batch_size == spec.num_states,
    "random state": lambda spec: spec.state == "random",
    "padding moves states": _padding_changes_the_reverse_half,
    "dropout": lambda spec: 0 < spec.dropout < 1,
    "padded": lambda spec: spec.lengths is None,
    "packed": lambda spec: spec.lengths is not None,
    "none ends early": lambda spec: not _some_end_early(spec),
    "some end early": _some_end_early,
    "two lengths": lambda spec: len(set(spec.lengths or ())) > 1,
    "two steps each": lambda spec: min(spec.lengths or (0,)) > 1,
    "unsorted": _moves,
    "sorting twice moves": _twice_is_not_back,
    "data in another order": _data_is_in_another_order,
    "padded further": lambda spec: max(spec.lengths or (0,)) < spec.seq_len,
}
ALWAYS: Final = ("numbers", "a sequence")
"""What every spec must have before any mistake can be shown on it."""

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
