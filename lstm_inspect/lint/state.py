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
    """One path's knowledge."""

    names: dict[str, v.Value] = field(default_factory=dict)  #: the local variables.
    #: the attributes of instances, by the instance's number.
    store: dict[tuple[int, str], v.Value] = field(default_factory=dict)
    #: tests of unknown outcome that this path has taken, and how; "?test": it hangs on others too.
    assumed: dict[str, bool] = field(default_factory=dict)
    guarded: int = 0  #: how many of those stand around this point, save for tests of None.

    def fork(self) -> State:
        """A path of its own from here."""
        return State(dict(self.names), dict(self.store), dict(self.assumed), self.guarded)


def merged(states: list[State]) -> list[State]:
    """Paths that know the same become one; more than a few are joined, value by value."""
    kept: list[State] = []
    for state in states:
        twin = next((each for each in kept if each.names == state.names and each.store == state.store), None)
        if twin is None:
            kept.append(state)
        else:
            twin.assumed = _common(twin, state)
    while len(kept) > _PATHS:
        place = next((place for place in range(len(kept) - 1, 0, -1) if _agree(kept[0], kept[place])), 1)
        kept[0] = _joined(kept[0], kept.pop(place))
        kept.append(kept.pop(0))
    return kept


def _agree(one: State, other: State) -> bool:
    """Whether both paths have modules of as many directions."""
    flags = (value.bidirectional for value in one.store.values() if isinstance(value, v.Recurrent))
    return all(
        one.assumed.get(flag.text) == other.assumed.get(flag.text) for flag in flags if isinstance(flag, v.Symbol)
    )


def _joined(one: State, other: State) -> State:
    """One path that stands for two: a value is what it is on either."""
    names, store = _either(one.names, other.names), _either(one.store, other.store)
    return State(names, store, _common(one, other), min(one.guarded, other.guarded))


def _common(one: State, other: State) -> dict[str, bool]:
    return {test: held for test, held in one.assumed.items() if other.assumed.get(test) == held}


def _either(one: dict[Any, v.Value], other: dict[Any, v.Value]) -> dict[Any, v.Value]:
    pairs = {key: (one.get(key, v.UNKNOWN), other.get(key, v.UNKNOWN)) for key in [*one, *other]}
    return {key: mine if mine is theirs else v.alternatives(mine, theirs) for key, (mine, theirs) in pairs.items()}
