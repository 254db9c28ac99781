"""A call checked before it is made, from its shapes alone: what torch would refuse, and in which words.

Every mistake is put into torch's words, and the table of rules explains them. So a call and the message that it would
raise get one answer. Packed input is held to the same rules, although torch checks nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final

from lstm_inspect.diagnosis.diagnose import diagnose
from lstm_inspect.diagnosis.finding import Diagnosis
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.layout import layout
from lstm_inspect.diagnosis.silent import silent
from lstm_inspect.theory.shapes import Shape

_STATES: Final = ("h0", "c0")
_UNCHECKED: Final = (
    "the input is packed: torch does not check this, and fails later in other words, or runs on wrong numbers"
)


def check_call(known: Known) -> Diagnosis:
    """What is wrong with a call, or easily taken wrongly from it: the first finding, with the others beside it.

    >>> found = check_call(Known(input_shape=(5, 3, 10), h0_shape=(3, 1, 20), batch_first=False, num_layers=1,
    ...                          bidirectional=False))
    >>> found.argument, found.expected, found.causes[0].id
    ('h0', (1, 3, 20), 'states-batch-first')
    """
    told = (replace(diagnose(message, known), of_a_message=False) for message in _messages(known))
    refused = tuple(_noted(found, known) for found in told)
    found = (*refused, *silent(known))
    needs = tuple(_open_questions(known))
    if not found:
        return Diagnosis(needs=needs)
    return replace(found[0], further=found[1:], needs=needs)


def _noted(found: Diagnosis, known: Known) -> Diagnosis:
    packed = known.lengths is not None and found.argument in ("h0", "c0", "hx", "input")
    return replace(found, kind="wrong", note=_UNCHECKED) if packed else found


def _messages(known: Known) -> Iterator[str]:
    yield from _constructor(known)
    yield from _input(known)
    yield from _state_axes(known)
    yield from _state_sizes(known)
    yield from _packing(known)


def _constructor(known: Known) -> Iterator[str]:
    for name in ("input_size", "hidden_size", "num_layers"):
        value = getattr(known, name)
        if value is not None and value < 1:
            yield f"{name} must be greater than zero"
    if known.proj_size is not None and known.proj_size < 0:
        yield "proj_size should be a positive integer or zero to disable projections"
    if known.proj_size and known.hidden_size and known.proj_size >= known.hidden_size:
        yield "proj_size has to be smaller than hidden_size"
    if known.dropout is not None and not 0 <= known.dropout <= 1:
        yield "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"


def _input(known: Known) -> Iterator[str]:
    shape = known.input_shape
    if shape is None:
        return
    if len(shape) not in (2, 3):
        yield f"LSTM: Expected input to be 2D or 3D, got {len(shape)}D instead"
        return
    if known.input_size is not None and known.input_size > 0 and shape[-1] != known.input_size:
        yield f"input.size(-1) must be equal to input_size. Expected {known.input_size}, got {shape[-1]}"
    if known.axes.get("T") == 0 or (shape[0] == shape[-2] == 0):
        yield "Expected sequence length to be larger than 0 in RNN"


def _state_axes(known: Known) -> Iterator[str]:
    """The number of axes; a state whose shape is not known is taken to have as many as the other."""
    batched = known.batched if known.lengths is None else True
    given = [len(shape) for shape in (known.h0_shape, known.c0_shape) if shape is not None]
    if batched is None or not given:
        return
    wanted = 3 if batched else 2
    if any(axes != wanted for axes in given):
        kind = "batched 3-D" if batched else "unbatched 2-D"
        yield (f"For {kind} input, hx and cx should also be {wanted}-D but got ({given[0]}-D, {given[-1]}-D) tensors")


def _state_sizes(known: Known) -> Iterator[str]:
    """Each axis of h0 and c0 against what is known of it; an axis of which nothing is known can't be wrong."""
    h0, c0 = _with_batch(known.h0_shape, known), _with_batch(known.c0_shape, known)
    for index, got in enumerate((h0, c0)):
        if got is None or len(got) != 3:
            continue
        other = h0 if index == 1 and h0 is not None and len(h0) == 3 else None
        batch = _batch(got, other, known)
        expected = (_rows(got, other, batch, known), batch, _width(index, got, other, known))
        if expected != got:
            yield f"Expected hidden[{index}] size {expected}, got {list(got)}"
            return  # torch stops at the first one too, and both were mostly made in one line


def _with_batch(shape: Shape | None, known: Known) -> Shape | None:
    """A state's shape with the batch axis that torch gives an unbatched one."""
    unbatched = known.batched is False and known.lengths is None
    return (shape[0], 1, shape[1]) if shape is not None and unbatched and len(shape) == 2 else shape


def _rows(got: Shape, other: Shape | None, batch: int, known: Known) -> int:
    if known.rows is not None:
        return known.rows
    if got[0] == batch != got[1] and other is None:
        return got[1]  # made batch-first
    if known.num_layers is not None and got[0] not in (known.num_layers, 2 * known.num_layers):
        return known.num_layers
    if known.bidirectional and got[0] % 2:
        return 2 * got[0]
    return got[0] if other is None else other[0]


def _batch(got: Shape, other: Shape | None, known: Known) -> int:
    if known.batched is False and known.lengths is None:
        return 1
    if known.lengths is not None:
        return len(known.lengths)
    if "B" in known.axes:
        return known.axes["B"]
    if known.input_shape is not None and known.batched and got[1] not in known.input_shape[:2]:
        return known.batch_size if known.batch_size is not None else known.input_shape[1]
    if known.batch_size is not None:
        return known.batch_size
    return got[1] if other is None else other[1]


def _width(index: int, got: Shape, other: Shape | None, known: Known) -> int:
    hidden, state = known.hidden_size, known.state_size
    if index == 1:
        if hidden is not None:
            return hidden
        return other[2] if other is not None and got[2] < other[2] else got[2]
    if state is not None:
        return state
    return hidden if hidden is not None and got[2] > hidden else got[2]


def _packing(known: Known) -> Iterator[str]:
    lengths = known.lengths
    if lengths is None:
        return
    if any(length <= 0 for length in lengths):
        yield "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
    if known.enforce_sorted and any(a < b for a, b in pairwise(lengths)):
        yield "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True"
    batch, time = layout(known)
    if batch is not None and len(lengths) != batch and not (known.enforce_sorted is False and len(lengths) < batch):
        yield f"Expected `len(lengths)` to be equal to batch_size, but got {len(lengths)} (batch_size={batch})"
    elif time is not None and max(lengths) > time:
        held = int(sum(min(length, time) for length in lengths))
        longer = sum(length > time for length in lengths)
        yield f"start ({held}) + length ({longer}) exceeds dimension size ({held})"
    if known.total_length is not None and known.total_length < max(lengths):
        longest = int(max(lengths))
        yield (
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={known.total_length} and max sequence length being {longest}"
        )


def _open_questions(known: Known) -> Iterator[str]:
    """What would have to be known to check more."""
    shape = known.input_shape
    if shape is None:
        yield "--input-shape, to check anything against the data"
    elif known.batched and known.batch_first is None and known.data_batch_first is None and shape[0] != shape[1]:
        yield (
            f"--batch-first or --no-batch-first: B is {shape[0]} with batch_first=True and {shape[1]} without, "
            "and axis 1 of h0 and c0 has to be B"
        )
    if shape is not None and known.input_size is None:
        yield f"--input-size, to hold the last axis, {shape[-1]}, against it"
    states = known.h0_shape or known.c0_shape
    if states is not None and known.rows is None:
        yield f"--layers and --bidir or --no-bidir: axis 0 of the states, {states[0]}, has to be L*D"
    if states is not None and (known.hidden_size is None or known.proj_size is None):
        yield "--hidden-size and --proj-size (0 for none): the last axis of h0 is R, that of c0 is H"


def diagnose_call(message: str, known: Known) -> Diagnosis:
    """An error message and the call it came from: the message explained, and what else is wrong with the call.

    Where the message is not recognised, what the shapes show stands alone.
    """
    found = diagnose(message, known)
    call = check_call(known)
    if not found.matched:
        return replace(call, of_a_message=True) if call.matched else found
    others = [each for each in (call, *call.further) if each.matched and each.kind != "trap"]
    return replace(found, further=tuple(each for each in others if each.rule != found.rule))
