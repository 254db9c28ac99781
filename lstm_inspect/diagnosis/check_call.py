"""A call checked before it is made, from its shapes alone: the rules of torch that it breaks, and what runs wrongly.

So a call and the message that it would raise get one answer; what shows a broken rule stands in ``rules/call.toml``.
Packed input is held to the same rules, although torch checks nothing of it. What torch accepts and gets wrong, or is
easily read wrongly, is told by the catalogue of mistakes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

from lstm_inspect.diagnosis.diagnose import diagnose, explain, letters_of, names_of, values
from lstm_inspect.diagnosis.evidence import evidence
from lstm_inspect.diagnosis.expression import Names
from lstm_inspect.diagnosis.finding import Diagnosis, LikelyCause
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.rule import rule_of, table
from lstm_inspect.mistakes.catalogue import CATALOGUE, Mistake, Seen
from lstm_inspect.theory.packing import inverse, sorted_order
from lstm_inspect.theory.shapes import Shape

Broken: TypeAlias = tuple[str, dict[str, Any]]
"""A rule that a call breaks, and the numbers that show it; which wording of several without numbers, from 0."""

_MOST_SHOWN: Final = 8
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
    """The names that conditions on a call use; here B and T are the padded batch's by everything that is known."""
    names = evidence(known, {})
    states = [shape for shape in (known.h0_shape, known.c0_shape) if shape is not None]
    given = {"batch": None, "time": None, "states": states, "unfit": _unfit_state(known, names)}
    names = names.with_more({**given, "shown": shown, "inverse": inverse, "sorted_order": sorted_order})
    for name, expression in table("call")["names"].items():
        names.define(name, expression)
    return names


def silent(known: Known) -> Iterator[Diagnosis]:
    """The silent mistakes that what is known shows, the certain ones first.

    >>> [found.rule for found in silent(Known(input_shape=(5, 5, 10)))]
    ['batch-equals-time']
    """
    names = _names(known)
    seen_ones = ((mistake, mistake.seen) for mistake in CATALOGUE if mistake.seen is not None)
    for mistake, seen in sorted(seen_ones, key=lambda pair: pair[1].kind != "wrong"):
        if names.value(seen.when):
            sides = {"expected": names.value(seen.expected), "got": names.value(seen.got)}
            yield _diagnosis(mistake, seen, names.with_more({**sides, "what": mistake.what}), known)


def shown(values: Sequence[object]) -> str:
    """Values as a list; a long one is cut.

    >>> shown((3, 1)), shown(range(20))
    ('[3, 1]', '[0, 1, 2, 3, 4, 5, 6, 7, ..]')
    """
    text = ", ".join(str(value) for value in values[:_MOST_SHOWN])
    return f"[{text}{', ..' if len(values) > _MOST_SHOWN else ''}]"


def _diagnosis(mistake: Mistake, seen: Seen, names: Names, known: Known) -> Diagnosis:
    cause, fix, likely_if = (names.fill(text) for text in (seen.text, seen.fix or mistake.instead, seen.likely_if))
    return Diagnosis(
        rule=mistake.id,
        argument=seen.argument,
        axis=seen.axis,
        letters=letters_of(seen.argument, known),
        expected=values(names.value("expected")),
        got=values(names.value("got")),
        causes=(LikelyCause(mistake.id, cause, fix, likely_if, True if seen.kind == "wrong" else None),),
        kind=seen.kind,
    )


def _explained(name: str, numbers: dict[str, Any], known: Known) -> Diagnosis:
    """A rule explained by numbers, in the words that torch would use."""
    rule = rule_of(name)
    fitting = [each for each in rule.wordings if each.kinds.keys() == numbers.keys() - {"wording"}]
    wording = fitting[numbers.get("wording", 0)]
    found = explain(rule, known, names_of(rule, known, numbers, wording.write(numbers)))
    packed = known.lengths is not None and found.argument in ("h0", "c0", "hx", "input")
    return replace(found, kind="wrong", note=_UNCHECKED) if packed else found


def _unfit_state(known: Known, names: Names) -> tuple[int, Shape, Shape] | None:
    """The first of h0 and c0 whose sizes can't be right: its place in hx, what it should be, what it is.

    Each axis is held against what is known of it; torch stops at the first one too, and both were mostly made at once.
    """
    alone = known.batched is False and known.lengths is None
    pair: tuple[Shape, ...] = (known.h0_shape or (), known.c0_shape or ())
    if alone:
        pair = tuple((shape[0], 1, shape[1]) if len(shape) == 2 else shape for shape in pair)
    h0, c0 = (shape if len(shape) == 3 else None for shape in pair)
    for index, (got, other) in enumerate(((h0, None), (c0, h0))):
        if got is None:
            continue
        batch = 1 if alone else _batch(got, other, known, names)
        expected = (_rows(got, other, batch, known, names), batch, _width(got, other, index, known, names))
        if expected != got:
            return index, expected, got
    return None


def _rows(got: Shape, other: Shape | None, batch: int, known: Known, names: Names) -> int:
    if "rows" in names:
        return int(names.value("rows"))
    if got[0] == batch != got[1] and other is None:
        return got[1]  # made batch-first
    if known.num_layers is not None and got[0] not in (known.num_layers, 2 * known.num_layers):
        return known.num_layers
    if known.bidirectional and got[0] % 2:
        return 2 * got[0]
    return got[0] if other is None else other[0]


def _batch(got: Shape, other: Shape | None, known: Known, names: Names) -> int:
    if known.lengths is not None:
        return len(known.lengths)
    if "read_batch" in names:
        return int(names.value("read_batch"))
    if known.batch_size is not None:
        return known.batch_size
    if known.input_shape is not None and known.batched and got[1] not in known.input_shape[:2]:
        return known.input_shape[1]
    return got[1] if other is None else other[1]


def _width(got: Shape, other: Shape | None, index: int, known: Known, names: Names) -> int:
    if index == 0 and "state_size" in names:
        return int(names.value("state_size"))
    if known.hidden_size is not None:
        return known.hidden_size if index == 1 else min(got[2], known.hidden_size)
    return max(got[2], other[2]) if index == 1 and other is not None else got[2]


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
