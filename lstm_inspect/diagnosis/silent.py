"""What torch accepts and gets wrong, or is easily read wrongly, as far as shapes, lengths and flags can show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, TypeAlias

from lstm_inspect.diagnosis.diagnose import letters_of
from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.finding import Diagnosis, Kind, LikelyCause
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.theory.packing import inverse, sorted_order

Find: TypeAlias = Callable[[Known], dict[str, Any] | None]
"""The numbers that show a mistake; None if what is known does not show it."""

_MOST_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Silent:
    """One mistake that raises nothing.

    Attributes:
        id, kind, argument, axis: see Diagnosis.
        find: shows it, or not.
        cause, fix, likely_if: templates, as in a Cause.
    """

    id: str
    kind: Kind
    argument: str
    axis: int | None
    find: Find
    cause: str
    fix: str
    likely_if: str


def silent(known: Known) -> Iterator[Diagnosis]:
    """The silent mistakes that what is known shows, the certain ones first.

    >>> [found.rule for found in silent(Known(input_shape=(5, 5, 10)))]
    ['batch-equals-time']
    """
    from lstm_inspect.diagnosis.silent_table import TABLE

    found = [(each, numbers) for each in TABLE if (numbers := each.find(known)) is not None]
    for each, numbers in sorted(found, key=lambda pair: pair[0].kind != "wrong"):
        yield _diagnosis(each, numbers, known)


def _diagnosis(each: Silent, numbers: dict[str, Any], known: Known) -> Diagnosis:
    evidence = Evidence(numbers, known)
    cause, fix, likely_if = (evidence.fill(text) for text in (each.cause, each.fix, each.likely_if))
    return Diagnosis(
        rule=each.id,
        argument=each.argument,
        axis=each.axis,
        letters=letters_of(each.argument, known),
        expected=_values(numbers.get("expected")),
        got=_values(numbers.get("got")),
        causes=(LikelyCause(each.id, cause, fix, likely_if, True if each.kind == "wrong" else None),),
        kind=each.kind,
    )


def _values(value: Any) -> tuple[Any, ...] | None:
    return None if value is None else tuple(value) if isinstance(value, (tuple, list)) else (value,)


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


def unsorted(known: Known) -> dict[str, Any] | None:
    """The orders of a batch whose lengths don't descend."""
    lengths = whole_lengths(known)
    if lengths is None or all(a >= b for a, b in pairwise(lengths)):
        return None
    order = sorted_order(lengths)
    return {
        "order": shown(list(order)),
        "back": shown(list(inverse(order))),
        "self_inverse": order == inverse(order),
        "sorted": shown([lengths[sequence] for sequence in order]),
        "moved": sum(lengths[sequence] != lengths[place] for place, sequence in enumerate(order)),
        "got": lengths,
    }
