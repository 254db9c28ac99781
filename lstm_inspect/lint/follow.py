"""Where an operation stands, and what it may ask of the one that follows the program."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from lstm_inspect.lint import values as v
from lstm_inspect.lint.state import State
from lstm_inspect.lint.uses import Uses


class Follower(Protocol):
    """Knows what names and expressions are."""

    uses: Uses

    def bind(self, target: ast.expr, value: v.Value, state: State) -> None:
        """``target = value``"""

    def attribute(self, of: v.Value, name: str, state: State) -> v.Value:
        """``of.name``"""

    def base(self, state: State) -> v.Value:
        """``super()``"""


@dataclass(frozen=True, slots=True)
class At:
    """One operation of the program: its node, its arguments, and what is known there."""

    walker: Follower
    state: State
    node: Any
    arguments: list[v.Value] = field(default_factory=list)
    named: dict[str, v.Value] = field(default_factory=dict)

    def given(self, place: int, *names: str, default: v.Value = v.UNKNOWN) -> v.Value:
        """An argument by its place or one of its names."""
        if place < len(self.arguments):
            return self.arguments[place]
        return next((self.named[name] for name in names if name in self.named), default)

    def of(self, *arguments: v.Value) -> At:
        """The same place with other arguments."""
        return replace(self, arguments=list(arguments))

    def consume(self, *values: v.Value) -> None:
        """These are read whole."""
        for value in values:
            self.walker.uses.consume(value, self.state)

    def consume_all(self) -> v.Value:
        """All arguments are read by something that is not followed."""
        self.consume(*self.arguments, *self.named.values())
        return v.UNKNOWN

    def lose(self, value: v.Value) -> v.Value:
        """A value goes where it can't be followed."""
        self.walker.uses.escape(value, self.state)
        return v.UNKNOWN

    def report(self, mistake: str, call: v.Call, **facts: object) -> None:
        """Note a mistake here."""
        self.walker.uses.report(mistake, self.node, call, self.state, **facts)
