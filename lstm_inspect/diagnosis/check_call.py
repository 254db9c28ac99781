"""A call checked before it is made, from its shapes alone: which rules it breaks, and the numbers that show it.

So a call and the message that it would raise get one answer; what shows a broken rule stands in ``rules/call.toml``.
Packed input is held to the same rules, although torch checks nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, TypeAlias

from lstm_inspect.diagnosis.diagnose import diagnose, explain
from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.expression import Names
from lstm_inspect.diagnosis.finding import Diagnosis
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.rule import rule_of, table
from lstm_inspect.diagnosis.silent import call_names, silent
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
    names = _names(known)
    found = (*(_explained(*broken, known) for broken in broken_rules(known)), *silent(known))
    asks = tuple(names.fill(row["text"]) for row in table("call")["ask"] if names.value(row["when"]))
    return replace(found[0], further=found[1:], asks=asks) if found else Diagnosis(asks=asks)


def broken_rules(known: Known) -> Iterator[Broken]:
    """The rules of torch that a call breaks.

    >>> list(broken_rules(Known(input_shape=(5, 3, 7), input_size=10)))
    [('input-size', {'expected': 10, 'got': 7})]
    """
    names = _names(known)
    for row in table("call")["broken"]:
        if names.value(row["when"]):
            yield row["rule"], {name: names.value(number) for name, number in row.get("numbers", {}).items()}


def _names(known: Known) -> Names:
    """The names that the conditions use."""
    states = [shape for shape in (known.h0_shape, known.c0_shape) if shape is not None]
    names = call_names(known).with_more({"states": states, "unfit": _unfit_state(known)})
    for name, expression in table("call")["names"].items():
        names.define(name, expression)
    return names


def _explained(name: str, numbers: dict[str, Any], known: Known) -> Diagnosis:
    """A rule explained by numbers, in the words that torch would use."""
    rule = rule_of(name)
    fitting = [each for each in rule.wordings if each.kinds.keys() == numbers.keys() - {"wording"}]
    wording = fitting[numbers.get("wording", 0)]
    numbers = {**dict.fromkeys(rule.numbers), **numbers}
    found = explain(rule, Evidence(numbers, known, wording.write(numbers)))
    packed = known.lengths is not None and found.argument in ("h0", "c0", "hx", "input")
    return replace(found, kind="wrong", note=_UNCHECKED) if packed else found


def _unfit_state(known: Known) -> tuple[int, Shape, Shape] | None:
    """The first of h0 and c0 whose sizes can't be right: its place in hx, what it should be, what it is.

    Each axis is held against what is known of it; torch stops at the first one too, and both were mostly made at once.
    """
    h0, c0 = (_with_batch(shape, known) for shape in (known.h0_shape, known.c0_shape))
    for index, got in enumerate((h0, c0)):
        if got is None or len(got) != 3:
            continue
        other = h0 if index == 1 and h0 is not None and len(h0) == 3 else None
        batch = _batch(got, other, known)
        expected = (_rows(got, other, batch, known), batch, _width(index, got, other, known))
        if expected != got:
            return index, expected, got
    return None


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
