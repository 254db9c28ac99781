"""Counts, lists and tuples in words, as every page and message says them."""

from __future__ import annotations

import pytest

from lstm_inspect.theory.letters import in_letters, meaning
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.theory.words import plural, some


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (plural(1, "check"), "1 check"),
        (plural(0, "check"), "0 checks"),
        (plural(1200, "check"), "1,200 checks"),
        (some(["a", "b", "c", "d"], 2), "a, b and 2 more"),
        (some(["a", "b"], 2), "a, b"),
        (some(range(3000), 1), "0 and 2,999 more"),
        (format_tuple((5, 3)), "(5, 3)"),
        (format_tuple(("T",)), "(T,)"),
        (format_tuple(()), "()"),
        (in_letters("num_layers * num_directions"), "L*D"),
        (in_letters("sum of lengths"), "sum(lengths)"),
        (meaning("T"), "time steps"),
        (meaning("L*D"), "layers times directions"),
        (meaning("R"), "features of the hidden state"),
    ],
)
def test_it_is_said_so(said: str, expected: str) -> None:
    assert said == expected
