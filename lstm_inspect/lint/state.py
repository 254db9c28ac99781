"""What is known at one point of a program, on one path to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lstm_inspect.lint import values as v

_PATHS = 4


class Exhausted(Exception):  # noqa: N818 - no fault: the file is left where it is
    """A function takes more steps than one is given."""


@dataclass(eq=False, slots=True)
class State:
    """One path's knowledge.

    Attributes:
        names: the local variables.
        store: the attributes of instances, by the instance's number.
        assumed: tests of unknown outcome that this path has taken, and how; "?test": it hangs on others too.
        guarded: how many of those stand around this point, save for tests of None.
    """

    names: dict[str, v.Value] = field(default_factory=dict)
    store: dict[tuple[int, str], v.Value] = field(default_factory=dict)
    assumed: dict[str, bool] = field(default_factory=dict)
    guarded: int = 0

    def fork(self) -> State:
        """A path of its own from here."""
        return State(dict(self.names), dict(self.store), dict(self.assumed), self.guarded)

    def same(self, other: State) -> bool:
        """Whether both know the same of every value."""
        return self.names == other.names and self.store == other.store


def merged(states: list[State]) -> list[State]:
    """Paths that know the same become one; more than a few are joined, value by value."""
    kept: list[State] = []
    for state in states:
        twin = next((each for each in kept if each.same(state)), None)
        if twin is None:
            kept.append(state)
        else:
            twin.assumed = {test: held for test, held in twin.assumed.items() if state.assumed.get(test) == held}
    while len(kept) > _PATHS:
        place = next((place for place in range(len(kept) - 1, 0, -1) if _agree(kept[0], kept[place])), 1)
        kept[0] = joined(kept[0], kept.pop(place))
        kept.append(kept.pop(0))
    return kept


def _agree(one: State, other: State) -> bool:
    """Whether both paths have modules of as many directions."""
    flags = (value.bidirectional for value in one.store.values() if isinstance(value, v.Recurrent))
    tests = {flag.text for flag in flags if isinstance(flag, v.Symbol)}
    return all(one.assumed.get(test) == other.assumed.get(test) for test in tests)


def joined(one: State, other: State) -> State:
    """One path that stands for two: a value is what it is on either."""
    both = State(guarded=min(one.guarded, other.guarded))
    both.names = _either(one.names, other.names)
    both.store = _either(one.store, other.store)
    both.assumed = {test: held for test, held in one.assumed.items() if other.assumed.get(test) == held}
    return both


def _either(one: dict[Any, v.Value], other: dict[Any, v.Value]) -> dict[Any, v.Value]:
    both = dict(one)
    for key in one.keys() | other.keys():
        mine, theirs = one.get(key, v.UNKNOWN), other.get(key, v.UNKNOWN)
        if mine is not theirs:
            both[key] = v.alternatives(mine, theirs)
    return both
