"""What is known at one point of a program, on one path to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lstm_inspect.lint.values import UNKNOWN, Value, alternatives

_PATHS = 6


@dataclass(eq=False, slots=True)
class State:
    """One path's knowledge.

    Attributes:
        names: the local variables.
        store: the attributes of instances, by the instance's number.
        assumed: tests of unknown outcome that this path has taken, and how.
        guarded: how many of those stand around this point, save for tests of None.
    """

    names: dict[str, Value] = field(default_factory=dict)
    store: dict[tuple[int, str], Value] = field(default_factory=dict)
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
        kept[-2:] = [joined(kept[-2], kept[-1])]
    return kept


def joined(one: State, other: State) -> State:
    """One path that stands for two: a value is what it is on either."""
    both = State(guarded=min(one.guarded, other.guarded))
    both.names = {name: _either(one.names, other.names, name) for name in {**one.names, **other.names}}
    both.store = {key: _either(one.store, other.store, key) for key in {**one.store, **other.store}}
    both.assumed = {test: held for test, held in one.assumed.items() if other.assumed.get(test) == held}
    return both


def _either(one: dict[Any, Value], other: dict[Any, Value], key: Any) -> Value:
    return alternatives(one.get(key, UNKNOWN), other.get(key, UNKNOWN))
