"""What shows a silent mistake: each function gives the numbers that show one, or None."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final, TypeAlias

from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.layout import layout
from lstm_inspect.theory.packing import inverse, sorted_order

Numbers: TypeAlias = dict[str, Any] | None

_MOST_SHOWN: Final = 8


def whole_lengths(known: Known) -> tuple[int, ...] | None:
    """The lengths, if they are sound: whole numbers from 1."""
    lengths = known.lengths
    if not lengths or any(length < 1 or length != int(length) for length in lengths):
        return None
    return tuple(int(length) for length in lengths)


def shown(values: tuple[object, ...] | list[object]) -> str:
    """Values as a list; a long one is cut."""
    text = ", ".join(str(value) for value in values[:_MOST_SHOWN])
    return f"[{text}{', ..' if len(values) > _MOST_SHOWN else ''}]"


def uneven(known: Known) -> tuple[int, ...] | None:
    """The lengths, if they are sound and differ."""
    lengths = whole_lengths(known)
    return lengths if lengths is not None and len(set(lengths)) > 1 else None


def differing_lengths(known: Known) -> Numbers:
    """Lengths that differ."""
    return {} if uneven(known) else None


def unsorted(known: Known) -> Numbers:
    """The orders of a batch whose lengths don't descend."""
    lengths = whole_lengths(known)
    if lengths is None or all(a >= b for a, b in pairwise(lengths)):
        return None
    order = sorted_order(lengths)
    return {
        "order": shown(list(order)),
        "back": shown(list(inverse(order))),
        "sorted": shown([lengths[sequence] for sequence in order]),
        "moved": sum(lengths[sequence] != lengths[place] for place, sequence in enumerate(order)),
        "got": lengths,
    }


def wrong_layout(known: Known) -> Numbers:
    """The data is laid out otherwise than the module reads it."""
    data = known.data_batch_first
    if known.batch_first is None or data is None or data is known.batch_first or known.input_shape is None:
        return None
    first, second, *rest = known.input_shape
    layouts = ("(B, T, I)", "(T, B, I)")
    return {
        "got": known.input_shape,
        "expected": (second, first, *rest),
        "is_laid": layouts[not data],
        "flag": known.batch_first,
        "read_batch": second if data else first,
        "change": f"batch_first={data}",
    }


def sample_as_sequence(known: Known) -> Numbers:
    """A 2-D input: one sequence to torch."""
    if known.batched is not False or known.unbatched or known.lengths is not None:
        return None
    assert known.input_shape is not None
    return {"got": known.input_shape, "steps": known.input_shape[0]}


def batch_of_vectors(known: Known) -> Numbers:
    """A 2-D input that is meant as a batch."""
    numbers = sample_as_sequence(known)
    meant = known.batch_size is not None or known.unbatched is False
    return numbers if meant else None


def maybe_batch_of_vectors(known: Known) -> Numbers:
    """A 2-D input of which nothing more is known."""
    return None if batch_of_vectors(known) else sample_as_sequence(known)


def packed_data(known: Known) -> Numbers:
    """A 2-D input with as many rows as the lengths sum up to."""
    lengths = whole_lengths(known)
    if lengths is None or known.batched is not False or known.input_shape is None or len(lengths) < 2:
        return None
    return {"got": known.input_shape, "n": sum(lengths)} if known.input_shape[0] == sum(lengths) else None


def fewer_lengths(known: Known) -> Numbers:
    """Fewer lengths than sequences, sorted by torch."""
    batch, _ = layout(known)
    if known.lengths is None or batch is None or known.enforce_sorted is not False or len(known.lengths) >= batch:
        return None
    return {"expected": batch, "got": len(known.lengths), "lost": batch - len(known.lengths)}


def fractions(known: Known) -> Numbers:
    """Lengths that are not whole numbers."""
    if known.lengths is None or all(length == int(length) for length in known.lengths):
        return None
    return {"got": known.lengths, "cut": shown([int(length) for length in known.lengths])}


def mask(known: Known) -> Numbers:
    """Lengths of 0 and 1 for more than one step."""
    _, time = layout(known)
    if known.lengths is None or len(known.lengths) < 2 or set(known.lengths) - {0, 1} or time in (None, 1):
        return None
    return {"got": known.lengths, "time": time}


def shorter_than_t(known: Known) -> Numbers:
    """No sequence fills T."""
    lengths = whole_lengths(known)
    _, time = layout(known)
    if lengths is None or time is None or max(lengths) >= time or known.total_length is not None:
        return None
    return {"expected": time, "got": max(lengths)}


def square(known: Known) -> Numbers:
    """B == T."""
    batch, time = layout(known)
    return {"n": batch, "got": known.input_shape} if batch is not None and batch == time and batch > 1 else None


def square_states(known: Known) -> Numbers:
    """B == L*D."""
    batch, _ = layout(known)
    return {"n": batch} if batch is not None and batch > 1 and batch == known.rows else None


def no_dropout(known: Known) -> Numbers:
    """Dropout with one layer."""
    return {"p": f"{known.dropout:g}"} if known.dropout and known.num_layers == 1 else None


def dropout(known: Known) -> Numbers:
    """Dropout with several layers."""
    deep = known.dropout and known.num_layers is not None and known.num_layers > 1
    return {"p": f"{known.dropout:g}"} if deep else None


def two_directions(known: Known) -> Numbers:
    """Two directions."""
    return {} if known.bidirectional else None


def last_step(known: Known) -> str:
    """The index of output's last step."""
    return "[:, -1]" if known.batch_first else "[-1]"


def two_directions_read_to_the_end(known: Known) -> Numbers:
    """Two directions over more than one step."""
    _, time = layout(known)
    return {"last": last_step(known)} if known.bidirectional and time != 1 else None


def several_rows(known: Known) -> Numbers:
    """Several rows of hn and several sequences."""
    batch, _ = layout(known)
    rows = known.rows
    several = rows is not None and rows > 1 and batch != 1 and known.batched is not False
    return {"rows": rows, "batch": batch if batch is not None else "batch_size"} if several else None


def layers_and_directions(known: Known) -> Numbers:
    """Several layers of two directions."""
    if not known.bidirectional or known.num_layers is None or known.num_layers < 2:
        return None
    same = "the same shape" if known.num_layers == 2 else "as many numbers"
    return {"same": same}


def ends_early(known: Known) -> Numbers:
    """Sequences that end before the batch does."""
    lengths = uneven(known)
    if lengths is None:
        return None
    _, time = layout(known)
    end = max(lengths) if time is None else time
    early = [sequence for sequence, length in enumerate(lengths) if length < end]
    return {
        "got": lengths,
        "early": shown(list(early)),
        "count": len(early),
        "n": len(lengths),
        "last": last_step(known),
    }


def ends_early_both_ways(known: Known) -> Numbers:
    """The same, in two directions."""
    return ends_early(known) if known.bidirectional else None


def ends_early_one_way(known: Known) -> Numbers:
    """The same, in one direction."""
    return None if known.bidirectional else ends_early(known)


def packed_order(known: Known) -> Numbers:
    """Sequences whose packed data is interleaved."""
    lengths = whole_lengths(known)
    return {"got": lengths} if lengths is not None and len(lengths) > 1 and max(lengths) > 1 else None


FINDS: Final[dict[str, Callable[[Known], Numbers]]] = {
    "last-step-bidirectional": two_directions_read_to_the_end,
    "padding-as-last-step": ends_early,
    "one-direction-of-two": two_directions,
    "sequences-mixed": several_rows,
    "layers-for-directions": layers_and_directions,
    "directions-interleaved": two_directions,
    "batch-first-forgotten": wrong_layout,
    "dropout-one-layer": no_dropout,
    "order-not-restored": unsorted,
    "padding-read": ends_early_one_way,
    "padding-read-in-reverse": ends_early_both_ways,
    "lengths-sorted-alone": unsorted,
    "packed-order": packed_order,
    "batch-of-vectors": batch_of_vectors,
    "one-sequence": maybe_batch_of_vectors,
    "packed-data-alone": packed_data,
    "fewer-lengths": fewer_lengths,
    "fractional-lengths": fractions,
    "mask-as-lengths": mask,
    "batch-equals-time": square,
    "batch-equals-rows": square_states,
    "output-shorter": shorter_than_t,
    "dropout-where-it-acts": dropout,
    "packed-to-rounding": differing_lengths,
}
"""The numbers that show a mistake, by the mistake's id; None if what is known does not show it."""
