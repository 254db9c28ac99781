"""A call checked before it is made, from its shapes alone: which rules it breaks, and the numbers that show it.

So a call and the message that it would raise get one answer. Packed input is held to the same rules, although torch
checks nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final, TypeAlias

from lstm_inspect.diagnosis.diagnose import diagnose, explain
from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.finding import Diagnosis
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.layout import layout
from lstm_inspect.diagnosis.rule import rule_of
from lstm_inspect.diagnosis.silent import silent
from lstm_inspect.theory.shapes import Shape

Broken: TypeAlias = tuple[str, dict[str, Any]]
"""A rule that a call breaks, and the numbers that show it; which wording of several without numbers, from 0."""

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
    refused = tuple(_noted(_explained(*broken, known), known) for broken in broken_rules(known))
    found = (*refused, *silent(known))
    asks = tuple(_open_questions(known))
    if not found:
        return Diagnosis(asks=asks)
    return replace(found[0], further=found[1:], asks=asks)


def _explained(name: str, numbers: dict[str, Any], known: Known) -> Diagnosis:
    """A rule explained by numbers, in the words that torch would use."""
    rule = rule_of(name)
    fitting = [each for each in rule.wordings if each.kinds.keys() == numbers.keys() - {"wording"}]
    wording = fitting[numbers.get("wording", 0)]
    numbers = {**dict.fromkeys(rule.numbers), **numbers}
    return explain(rule, Evidence(numbers, known, wording.write(numbers)))


def _noted(found: Diagnosis, known: Known) -> Diagnosis:
    packed = known.lengths is not None and found.argument in ("h0", "c0", "hx", "input")
    return replace(found, kind="wrong", note=_UNCHECKED) if packed else found


def broken_rules(known: Known) -> Iterator[Broken]:
    """The rules of torch that a call breaks.

    >>> list(broken_rules(Known(input_shape=(5, 3, 7), input_size=10)))
    [('input-size', {'expected': 10, 'got': 7})]
    """
    yield from _constructor(known)
    yield from _input(known)
    yield from _state_axes(known)
    yield from _state_sizes(known)
    yield from _packing(known)


def _constructor(known: Known) -> Iterator[Broken]:
    for name in ("input_size", "hidden_size", "num_layers"):
        value = getattr(known, name)
        if value is not None and value < 1:
            yield "constructor-size-zero", {"name": name}
    if known.proj_size is not None and known.proj_size < 0:
        yield "proj-size", {"wording": 1}
    if known.proj_size and known.hidden_size and known.proj_size >= known.hidden_size:
        yield "proj-size", {}
    if known.dropout is not None and not 0 <= known.dropout <= 1:
        yield "dropout-range", {}


def _input(known: Known) -> Iterator[Broken]:
    shape = known.input_shape
    if shape is None:
        return
    if len(shape) not in (2, 3):
        yield "input-axes", {"got": len(shape)}
        return
    if known.input_size is not None and known.input_size > 0 and shape[-1] != known.input_size:
        yield "input-size", {"expected": known.input_size, "got": shape[-1]}
    if known.axes.get("T") == 0 or (shape[0] == shape[-2] == 0):
        yield "no-steps", {}


def _state_axes(known: Known) -> Iterator[Broken]:
    """The number of axes; a state whose shape is not known is taken to have as many as the other."""
    batched = known.batched if known.lengths is None else True
    given = [len(shape) for shape in (known.h0_shape, known.c0_shape) if shape is not None]
    if batched is None or not given:
        return
    if any(axes != (3 if batched else 2) for axes in given):
        yield f"states-axes-{'batched' if batched else 'unbatched'}", {"a": given[0], "b": given[-1]}


def _state_sizes(known: Known) -> Iterator[Broken]:
    """Each axis of h0 and c0 against what is known of it; an axis of which nothing is known can't be wrong."""
    h0, c0 = _with_batch(known.h0_shape, known), _with_batch(known.c0_shape, known)
    for index, got in enumerate((h0, c0)):
        if got is None or len(got) != 3:
            continue
        other = h0 if index == 1 and h0 is not None and len(h0) == 3 else None
        batch = _batch(got, other, known)
        expected = (_rows(got, other, batch, known), batch, _width(index, got, other, known))
        if expected != got:
            yield "hidden-size", {"index": index, "expected": expected, "got": got}
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


def _packing(known: Known) -> Iterator[Broken]:
    lengths = known.lengths
    if lengths is None:
        return
    if any(length <= 0 for length in lengths):
        yield "lengths-positive", {}
    if known.enforce_sorted and any(a < b for a, b in pairwise(lengths)):
        yield "lengths-sorted", {}
    batch, time = layout(known)
    if batch is not None and len(lengths) != batch and not (known.enforce_sorted is False and len(lengths) < batch):
        yield "lengths-count", {"got": len(lengths), "expected": batch}
    elif time is not None and max(lengths) > time:
        held = int(sum(min(length, time) for length in lengths))
        longer = sum(length > time for length in lengths)
        yield "length-over-t", {"start": held, "n": longer, "size": held}
    if known.total_length is not None and known.total_length < max(lengths):
        yield "total-length", {"got": known.total_length, "expected": int(max(lengths))}


def _open_questions(known: Known) -> Iterator[str]:
    """What would have to be known to check more."""
    shape = known.input_shape
    if shape is None:
        yield "{input_shape}, to check anything against the data"
    elif known.batched and known.batch_first is None and known.data_batch_first is None and shape[0] != shape[1]:
        yield (
            f"{{batch_first=True}} or {{batch_first=False}}: B is {shape[0]} with batch_first=True and {shape[1]} "
            "without, and axis 1 of h0 and c0 has to be B"
        )
    if shape is not None and known.input_size is None:
        yield f"{{input_size}}, to hold the last axis, {shape[-1]}, against it"
    states = known.h0_shape or known.c0_shape
    if states is not None and known.rows is None:
        yield (
            "{num_layers} and {bidirectional=True} or {bidirectional=False}: axis 0 of the states, "
            f"{states[0]}, has to be L*D"
        )
    if states is not None and (known.hidden_size is None or known.proj_size is None):
        yield "{hidden_size} and {proj_size} (0 for none): the last axis of h0 is R, that of c0 is H"


def diagnose_call(message: str, known: Known) -> Diagnosis:
    """An error message and the call it came from: the message explained, and what else is wrong with the call.

    Where the message is not recognised, what the shapes show stands alone.
    """
    found = diagnose(message, known)
    call = check_call(known)
    if not found.matched:
        return replace(call, where=found.where, of_a_message=True) if call.matched else found
    others = [each for each in (call, *call.further) if each.matched and each.kind != "trap"]
    return replace(found, further=tuple(each for each in others if each.rule != found.rule))
