"""What torch accepts and gets wrong, or is easily read wrongly, as far as shapes, lengths and flags can show it.

Conditions and words stand in the catalogue of mistakes, like those of a rule; here are the names that they use.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from lstm_inspect.diagnosis.diagnose import letters_of
from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.expression import Names
from lstm_inspect.diagnosis.finding import Diagnosis, LikelyCause
from lstm_inspect.diagnosis.known import Known, layout
from lstm_inspect.mistakes.catalogue import CATALOGUE, Mistake, Seen
from lstm_inspect.theory.packing import inverse, sorted_order

_MOST_SHOWN: Final = 8


def silent(known: Known) -> Iterator[Diagnosis]:
    """The silent mistakes that what is known shows, the certain ones first.

    >>> [found.rule for found in silent(Known(input_shape=(5, 5, 10)))]
    ['batch-equals-time']
    """
    names = call_names(known)
    table = ((mistake, mistake.seen) for mistake in CATALOGUE if mistake.seen is not None)
    for mistake, seen in sorted(table, key=lambda pair: pair[1].kind != "wrong"):
        if names.value(seen.when):
            sides = {"expected": names.value(seen.expected), "got": names.value(seen.got)}
            yield _diagnosis(mistake, seen, names.with_more({**sides, "what": mistake.what}), known)


def call_names(known: Known) -> Names:
    """What conditions on a call may use beside the facts themselves.

    batch and time are B and T by everything that is known; whole the lengths, if they are whole numbers from 1;
    order and back the sort of lengths that don't descend; early the sequences that end before the batch does;
    flat says that the input is one sequence to torch and may not be meant as one.
    """
    batch, time = layout(known)
    numbers: dict[str, Any] = {"batch": batch, "time": time, "data_batch_first": known.data_batch_first}
    numbers["flat"] = known.batched is False and not known.unbatched and known.lengths is None
    numbers |= {"last": "[:, -1]" if known.batch_first else "[-1]", "shown": shown}
    return Evidence({**numbers, **_of_lengths(known, time)}, known).names()


def _of_lengths(known: Known, time: int | None) -> dict[str, Any]:
    lengths = known.lengths
    if not lengths or any(length < 1 or length != int(length) for length in lengths):
        return {}
    whole, end = tuple(int(length) for length in lengths), max(lengths) if time is None else time
    found: dict[str, Any] = {"whole": whole}
    if len(set(whole)) > 1:
        found["early"] = [sequence for sequence, length in enumerate(whole) if length < end]
    if any(a < b for a, b in pairwise(whole)):
        order = sorted_order(whole)
        found |= {"order": order, "back": inverse(order)}
    return found


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
        expected=_values(names.value("expected")),
        got=_values(names.value("got")),
        causes=(LikelyCause(mistake.id, cause, fix, likely_if, True if seen.kind == "wrong" else None),),
        kind=seen.kind,
    )


def _values(value: Any) -> tuple[Any, ...] | None:
    return None if value is None else tuple(value) if isinstance(value, (tuple, list)) else (value,)
