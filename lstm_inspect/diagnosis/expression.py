"""Conditions and holes of the rules: Python expressions over names; one that needs a name nobody knows is unknown.

The expressions stand in the tables of ``rules/``; what a user types is only ever a value that a name has.
"""

from __future__ import annotations

import builtins
import math
import re
from collections.abc import Mapping
from functools import cache
from types import CodeType
from typing import Any, Final

from lstm_inspect.theory.shapes import format_tuple

_BUILTINS: Final = (
    "abs all any bool dict enumerate format int isinstance iter len list max min next range repr set sorted "
    "str sum tuple zip"
)
FUNCTIONS: Final[Mapping[str, Any]] = {
    **{name: getattr(builtins, name) for name in _BUILTINS.split()},
    "prod": math.prod,
    "matches": lambda pattern, text: re.search(pattern, text) is not None,
}
"""What an expression may call, beside methods of its values."""

FALLBACKS: Final = {
    "rows": "num_layers * num_directions",
    "batch": "batch_size",
    "state_size": "hidden_size",
    "time": "seq_len",
    "batch_first": "lstm.batch_first",
    "time_axis": "1 if lstm.batch_first else 0",
    "batch_axis": "0 if lstm.batch_first else 1",
}
"""What code calls a value that is not known, where that is not the value's own name."""

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

    def with_more(self, values: Mapping[str, Any]) -> Names:
        """These names and some more."""
        return Names({**self._values, **values})

    def define(self, name: str, expression: str) -> None:
        """Give a name the value of an expression; it stays unknown if the expression is."""
        value = self.value(expression)
        if value is not None:
            self._values[name] = value

    def value(self, expression: str) -> Any:
        """The value of an expression; None if it has none: see _NO_VALUE."""
        try:
            return eval(_compiled(expression), self._values)  # noqa: S307 - the tables' own expressions
        except _NO_VALUE:
            return None

    def fill(self, template: str) -> str:
        """A text with its holes filled; what is not known stays the name that code has for it."""
        return HOLES.sub(lambda part: self._shown(part[1]) if part[1] else part[0][0], template)

    def _shown(self, expression: str) -> str:
        value = self.value(expression)
        if value is None:
            return FALLBACKS.get(expression, expression)
        return format_tuple(value) if isinstance(value, tuple) else str(value)


@cache
def _compiled(expression: str) -> CodeType:
    return compile(expression, "<rule>", "eval")
