"""A call checked before it is made, from its shapes alone: the rules of torch that it breaks, and what runs wrongly.

So a call and the message that it would raise get one answer; what shows a broken rule stands in ``rules/call.toml``.
Packed input is held to the same rules, although torch checks nothing of it. What torch accepts and gets wrong, or is
easily read wrongly, is told by the catalogue of mistakes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from lstm_inspect.diagnosis.diagnose import Match, diagnose, names_of
from lstm_inspect.diagnosis.finding import Diagnosis
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.names import Names, facts_of
from lstm_inspect.diagnosis.origin import origin_of
from lstm_inspect.diagnosis.rule import Cause, Rule, rules, table
from lstm_inspect.mistakes.catalogue import CATALOGUE
from lstm_inspect.theory.packing import inverse, sorted_order
from lstm_inspect.theory.shapes import Shape

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
    facts = facts_of(known)
    names = names_of_call(facts)
    found = (*_broken(facts, names), *silent(names))
    asks = tuple(names.fill(row["text"]) for row in table("call")["ask"] if names.value(row["when"]))
    return replace(found[0], further=found[1:], asks=asks) if found else Diagnosis(asks=asks)


def names_of_call(facts: Names) -> Names:
    """The names that conditions on a call use; here B and T are the padded batch's by everything that is known."""
    given = {"batch": None, "time": None, "shown": shown, "inverse": inverse, "sorted_order": sorted_order}
    names = facts.with_more(given, table("call")["names"])
    return names.with_more({"unfit": _unfit_state(names)})


def _unfit_state(names: Names) -> tuple[int, Shape, Shape] | None:
    """The first of h0 and c0 whose sizes can't be right: its place in hx, what it should be, what it is."""
    h0, c0 = names.value("full_h0"), names.value("full_c0")
    for index, (got, other) in enumerate(((h0, None), (c0, h0))):
        if got is not None:
            state = names.with_more({"got": got, "other": other, "index": index}, table("call")["state"])
            expected: Shape = state.value("(state_rows, state_batch, state_width)")
            if expected != got:
                return index, expected, got
    return None


def _broken(facts: Names, names: Names) -> Iterator[Diagnosis]:
    """The rules of torch that a call breaks, in the words that torch would use."""
    for row in table("call")["broken"]:
        if names.value(row["when"]):
            rule = next(rule for rule in rules() if rule.id == row["rule"])
            numbers = {name: names.value(number) for name, number in row.get("numbers", {}).items()}
            fitting = [wording for wording in rule.wordings if wording.kinds.keys() == numbers.keys() - {"wording"}]
            said = fitting[numbers.get("wording", 0)].write(numbers)
            raised = {"message": said, **origin_of([said], 0)}
            found = Match(rule, names_of(rule, facts, raised, numbers)).explained()
            packed = "lengths" in facts and found.argument in ("h0", "c0", "hx", "input")
            yield replace(found, kind="wrong", note=_UNCHECKED) if packed else found


def silent(names: Names) -> Iterator[Diagnosis]:
    """The silent mistakes that what is known shows, the certain ones first.

    >>> [found.rule for found in silent(names_of_call(facts_of(Known(input_shape=(5, 5, 10)))))]
    ['batch-equals-time']
    """
    seen_ones = ((mistake, mistake.seen) for mistake in CATALOGUE if mistake.seen is not None)
    for mistake, seen in sorted(seen_ones, key=lambda pair: pair[1].kind != "wrong"):
        if names.value(seen.when):
            cause = Cause(
                id=mistake.id,
                cause=seen.text,
                write=seen.fix or mistake.instead,
                likely_if=seen.likely_if,
                sure=["True"] if seen.kind == "wrong" else [],
                argument=seen.argument,
                axis=seen.axis,
            )
            held = names.with_more({"what": mistake.what}, {"expected": seen.expected, "got": seen.got})
            yield replace(Match(Rule(id=mistake.id, causes=[cause]), held).explained(), kind=seen.kind)


def shown(values: Sequence[object]) -> str:
    """Values as a list; a long one is cut.

    >>> shown((3, 1)), shown(range(20))
    ('[3, 1]', '[0, 1, 2, 3, 4, 5, 6, 7, ..]')
    """
    text = ", ".join(str(value) for value in values[:_MOST_SHOWN])
    return f"[{text}{', ..' if len(values) > _MOST_SHOWN else ''}]"


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
