"""Conditions and holes of the rules: Python expressions over names; one that needs a name nobody knows is unknown.

The expressions stand in the tables of ``rules/``; what a user types is only ever a value that a name has.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from functools import cache, partial
from types import CodeType
from typing import Any, Final

from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.rule import table
from lstm_inspect.diagnosis.state_dict import keys, mismatches, parameters
from lstm_inspect.theory.expressions import DEFAULTS, PARAMETERS
from lstm_inspect.theory.shapes import format_tuple

_CALLED: Final = (
    *(abs, all, any, bool, dict, enumerate, format, int, isinstance, iter, len, list, max, min, next, range, repr, set),
    *(sorted, str, sum, tuple, zip, math.prod, keys, mismatches, parameters),
)
FUNCTIONS: Final[Mapping[str, Any]] = {
    **{each.__name__: each for each in _CALLED},
    "matches": lambda pattern, text: re.search(pattern, text) is not None,
}
"""What an expression may call, beside methods of its values."""

HOLES: Final = re.compile(r"\{\{|\}\}|\{([^{}]+)\}")
"""A doubled brace, or an expression in braces."""
_NO_VALUE: Final = (NameError, IndexError, ZeroDivisionError)
"""A name that is not known, an axis that a shape has not, a size of 0 that is divided by."""


class Names:
    """The names that are known, each with its value.

    >>> names = Names({"got": (1, 2), "a": 3})
    >>> names.value("got[0] < a"), names.value("b > a"), names.fill("{got} for {b + 1}, {{}}")
    (True, None, '(1, 2) for b + 1, {}')
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values: dict[str, Any] = {"__builtins__": {}, **FUNCTIONS, **values, "known": self.__contains__}

    def __contains__(self, name: object) -> bool:
        """Whether a name has a value."""
        return self._values.get(str(name)) is not None

    def with_more(self, values: Mapping[str, Any], *defined: Mapping[str, str | Sequence[str]]) -> Names:
        """These names and some more.

        Args:
            values: by name.
            defined: tables of expressions by name, in order; of several the first that has a value counts, and a
                name of which none has one stays as it was.
        """
        more = Names({**self._values, **values})
        for name, given in (each for expressions in defined for each in expressions.items()):
            value = more.value(*((given,) if isinstance(given, str) else given))
            if value is not None:
                more._values[name] = value
        return more

    def value(self, *expressions: str) -> Any:
        """The value of an expression, of several the first that has one; None if there is none: see _NO_VALUE."""
        for expression in expressions:
            with suppress(*_NO_VALUE):
                value = eval(_compiled(expression), self._values)  # noqa: S307 - the tables' own expressions
                if value is not None:
                    return value
        return None

    def fill(self, template: str) -> str:
        """A text with its holes filled; what is not known stays the name that code has for it."""
        return HOLES.sub(lambda part: self._shown(part[1]) if part[1] else part[0][0], template)

    def _shown(self, expression: str) -> str:
        value = self.value(expression)
        if value is None:
            text = table("words")["texts"].get(expression)
            return expression if text is None else self.fill(text)
        return format_tuple(value) if isinstance(value, tuple) else str(value)


@cache
def _compiled(expression: str) -> CodeType:
    return compile(expression, "<rule>", "eval")


def facts_of(known: Known) -> Names:
    """What is known of a call, and what follows from it; what is not known is no name."""
    facts = {each.name: getattr(known, each.name) for each in fields(known)}
    given = {name: value for name, value in facts.items() if value is not None}
    asked = {"any_fact": bool(given), "constructor": partial(constructor, known)}
    return Names(given).with_more(asked, table("words")["facts"])


def constructor(known: Known, /, **changes: object) -> str:
    """The line that builds the module with some arguments changed; sizes that are not known stay names.

    >>> constructor(Known(hidden_size=20, num_layers=2), batch_first=True)
    'lstm = torch.nn.LSTM(input_size, 20, num_layers=2, batch_first=True)'
    """
    given = {**{name: getattr(known, name) for name in PARAMETERS}, **changes}
    sizes = [str(name if given[name] is None else given[name]) for name in ("input_size", "hidden_size")]
    keywords = [f"{name}={given[name]}" for name, usual in DEFAULTS.items() if given[name] not in (None, usual)]
    return f"lstm = torch.nn.LSTM({', '.join([*sizes, *keywords])})"
