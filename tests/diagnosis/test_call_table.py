"""What shows a broken call, row by row: each condition, number and name is made wrong on purpose, and is noticed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest
from diagnosis import test_call, test_silent
from diagnosis.cases import alternatives, with_one_turned_round
from diagnosis.test_call import FIRST, LENGTHS, PACKED, first

from lstm_inspect.diagnosis import check_call as call_module
from lstm_inspect.diagnosis import names as names_module
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.names import facts_of
from lstm_inspect.diagnosis.rule import table

CALL, WORDS = table("call"), table("words")
SAID: list[tuple[dict[str, Any], str]] = [
    *(({name: 0}, f"{name} must be greater than zero") for name in ("input_size", "hidden_size", "num_layers")),
    ({"proj_size": -1}, "proj_size should be a positive integer or zero to disable projections"),
    ({"input_shape": (2, 3, 8, 8)}, "LSTM: Expected input to be 2D or 3D, got 4D instead"),
    ({"input_shape": (5, 3, 7), "input_size": 10}, "input.size(-1) must be equal to input_size. Expected 10, got 7"),
    (
        {"input_shape": (5, 3, 10), "batch_first": False, "lengths": (5, 4)},
        "Expected `len(lengths)` to be equal to batch_size, but got 2 (batch_size=3)",
    ),
    (
        {"input_shape": (5, 3, 10), "batch_first": False, "lengths": (8, 3, 2)},
        "start (10) + length (1) exceeds dimension size (10)",
    ),
    (
        {"lengths": (5, 3, 2), "total_length": 4},
        "Expected total_length to be at least the length of the longest sequence in input, but got total_length=4 and "
        "max sequence length being 5",
    ),
]
"""Calls, and what torch says to each."""
FOLLOWS: list[tuple[dict[str, Any], str, object]] = [
    ({"input_shape": (5, 3, 10), "batch_first": False}, "batch", 3),
    ({"input_shape": (5, 3, 10), "batch_first": True}, "time", 3),
    ({"input_shape": (5, 10), "seq_len": 7}, "time", 5),
    ({"lengths": (5, 3)}, "batch", 2),
    ({"batch_size": 7}, "batch", 7),
    ({"seq_len": 7}, "time", 7),
    ({"hidden_size": 4, "proj_size": 0}, "state_size", 4),
    ({"num_layers": 2}, "rows", None),
]
"""Facts, and what follows from them."""


def all_held() -> bool:
    """Whether every call gets the answer that it should get."""
    try:
        for facts, rule, argument, axis, cause in FIRST:
            found = first(**facts)
            assert (found.rule, found.argument, found.axis, found.causes[0].id) == (rule, argument, axis, cause)
        packed = [first(input_shape=(5, 3, 10), lengths=(5, 3, 2), **facts) for facts, *_ in PACKED]
        assert [(found.rule, found.axis, found.kind) for found in packed] == [(*row[1:], "wrong") for row in PACKED]
        lengths = [first(input_shape=(5, 3, 10), batch_first=False, **facts).rule for facts, _ in LENGTHS]
        assert lengths == [rule for _, rule in LENGTHS]
        assert all(rule in test_silent.rules(facts) for facts, rule in test_silent.SHOWN.values())
        assert [first(**facts).message for facts, _ in SAID] == [said for _, said in SAID]
        assert all(facts_of(Known(**facts)).value(name) == value for facts, name, value in FOLLOWS)
        assert first(h0_shape=(1, 3, 30), hidden_size=20).expected == (1, 3, 20)
        last = [first(bidirectional=True, batch_first=batch_first) for batch_first in (True, False)]
        assert [str(found.causes[0].cause).count("[:, -1]") > 0 for found in last] == [True, False]
        asked = " ".join((*first(input_shape=(3, 5, 10), h0_shape=(2, 5, 20)).needs, *first().needs))
        assert all(name in asked for name in ("batch_first=True", "num_layers", "input_size", "input_shape"))
        test_call.test_a_sound_call_has_nothing_to_say()
        test_silent.test_nothing_is_made_up({"lengths": (3, 3)})
    except (TypeError, AttributeError, AssertionError, IndexError):
        return False
    return True


def changed() -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Both tables with one thing changed: a condition or a name turned round, a number one larger."""
    for kind in ("broken", "ask"):
        for place, row in enumerate(CALL[kind]):
            call = deepcopy(CALL)
            call[kind][place]["when"] = f"not ({row['when']})"
            yield row["when"], call, WORDS
            for name, number in row.get("numbers", {}).items():
                call = deepcopy(CALL)
                call[kind][place]["numbers"][name] = "0" if "unfit" in number or "'" in number else f"({number}) + 1"
                yield f"{row['rule']} {name}", call, WORDS
    for kind in ("names", "state"):
        for name, expression in alternatives(CALL[kind]):
            yield expression, CALL | {kind: with_one_turned_round(CALL[kind], name, expression)}, WORDS
    for name, expression in alternatives(WORDS["facts"]):
        yield expression, CALL, WORDS | {"facts": with_one_turned_round(WORDS["facts"], name, expression)}


def test_each_thing_that_is_made_wrong_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all_held()
    for what, call, words in changed():
        monkeypatch.setattr(call_module, "table", lambda _, call=call: call)
        monkeypatch.setattr(names_module, "table", lambda _, words=words: words)
        assert not all_held(), what
