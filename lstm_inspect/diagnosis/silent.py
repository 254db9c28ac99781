"""What torch accepts and gets wrong, or is easily read wrongly, as far as shapes, lengths and flags can show it.

The words stand in the catalogue of mistakes; what shows a mistake stands in silent_finds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lstm_inspect.diagnosis.diagnose import letters_of
from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.finding import Diagnosis, LikelyCause
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.silent_finds import FINDS
from lstm_inspect.mistakes.catalogue import CATALOGUE, Mistake, Seen


def silent(known: Known) -> Iterator[Diagnosis]:
    """The silent mistakes that what is known shows, the certain ones first.

    >>> [found.rule for found in silent(Known(input_shape=(5, 5, 10)))]
    ['batch-equals-time']
    """
    table = ((mistake, mistake.seen) for mistake in CATALOGUE if mistake.seen is not None)
    for mistake, seen in sorted(table, key=lambda pair: pair[1].kind != "wrong"):
        numbers = FINDS[mistake.id](known)
        if numbers is not None:
            yield _diagnosis(mistake, seen, numbers, known)


def _diagnosis(mistake: Mistake, seen: Seen, numbers: dict[str, Any], known: Known) -> Diagnosis:
    names = Evidence({**numbers, "what": mistake.what}, known).names()
    cause, fix, likely_if = (names.fill(text) for text in (seen.text, seen.fix or mistake.instead, seen.likely_if))
    return Diagnosis(
        rule=mistake.id,
        argument=seen.argument,
        axis=seen.axis,
        letters=letters_of(seen.argument, known),
        expected=_values(numbers.get("expected")),
        got=_values(numbers.get("got")),
        causes=(LikelyCause(mistake.id, cause, fix, likely_if, True if seen.kind == "wrong" else None),),
        kind=seen.kind,
    )


def _values(value: Any) -> tuple[Any, ...] | None:
    return None if value is None else tuple(value) if isinstance(value, (tuple, list)) else (value,)
