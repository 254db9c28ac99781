"""What the rooms of the linter ask of the one that follows expressions."""

from __future__ import annotations

import ast
from typing import Protocol

from lstm_inspect.lint.state import State
from lstm_inspect.lint.uses import Uses
from lstm_inspect.lint.values import Value


class Follower(Protocol):
    """Knows what names and expressions are."""

    uses: Uses

    def bind(self, target: ast.expr, value: Value, state: State) -> None:
        """``target = value``"""

    def attribute(self, of: Value, name: str, state: State) -> Value:
        """``of.name``"""

    def base(self, state: State) -> Value:
        """``super()``"""
