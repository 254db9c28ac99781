"""A row of hn and the slice of output that it equals, as the words of a picture."""

from __future__ import annotations

import re
from typing import Final

from lstm_inspect.theory.states import StateRow

_LONGEST: Final = 20  # letters of an expression beside the stack


def whole(state: StateRow) -> str:
    """A row of hn and, where output holds it too, the slice that it equals.

    >>> from lstm_inspect.theory.spec import LSTMSpec
    >>> from lstm_inspect.theory.states import state_row
    >>> whole(state_row(LSTMSpec(), 0, 0))
    'hn[0] == output[4]'
    """
    return f"{state.hn} == {state.output}" if state.output else state.hn


def lines(state: StateRow) -> tuple[str, ...]:
    """The lines that say which slice of output a row of hn equals; none where it equals none."""
    return (f"{state.hn} ==", *_broken(state.output)) if state.output else ("",)


def _broken(expression: str) -> list[str]:
    """An expression broken behind its commas where it is long."""
    if len(expression) <= _LONGEST:
        return [expression]
    first, *rest = re.split(r"(?<=,) ", expression)
    return [first, *(f"  {part}" for part in rest)]
