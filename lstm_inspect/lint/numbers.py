"""Numbers and tests that are known up to names: ``2 * hidden_size``, ``kind == "LSTM"``."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from lstm_inspect.lint import values as v

_COMPARED: Final[dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], bool]]]] = {
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.In: ("in", lambda item, items: item in items),
    ast.NotIn: ("not in", lambda item, items: item not in items),
    ast.Is: ("is", operator.is_),
    ast.IsNot: ("is not", operator.is_not),
}
_SIGNS: Final = dict(_COMPARED.values())
_OPPOSITE: Final[dict[type[ast.cmpop], ast.cmpop]] = {ast.NotEq: ast.Eq(), ast.IsNot: ast.Is(), ast.NotIn: ast.In()}
_NUMBERED: Final = re.compile(r"(.+) (==|>|>=|<|<=) (-?\d+)")


def arithmetic(op: ast.operator, left: v.Value, right: v.Value) -> v.Value:  # noqa: PLR0911 - a case an operator
    """A number made of two: known up to the names in it."""
    if isinstance(left, v.Choice):
        return v.Choice(left.symbol, tuple(arithmetic(op, each, right) for each in left.values))
    if isinstance(right, v.Choice):
        return v.Choice(right.symbol, tuple(arithmetic(op, left, each) for each in right.values))
    a, b = v.size(left), v.size(right)
    if a is None or b is None or max(abs(a.times), abs(b.times)) > 1e9:
        return v.UNKNOWN
    match op:
        case ast.Mult():
            return v.number(a.times * b.times, tuple(sorted(a.names + b.names)))
        case ast.Div() | ast.FloorDiv() if b.times and not b.names:
            return v.number(a.times / b.times, a.names)
        case ast.Add() | ast.Sub() if a.names == b.names:
            return v.number(a.times + b.times * (1 if isinstance(op, ast.Add) else -1), a.names)
    return v.UNKNOWN


def compared(op: ast.cmpop, left: v.Value, right: v.Value) -> v.Value:
    """A test: decided, or a symbol that a path can take either way."""
    if isinstance(left, v.Constant) and isinstance(right, v.Constant):
        try:
            return v.Constant(bool(_COMPARED[type(op)][1](left.value, right.value)))
        except TypeError:
            return v.UNKNOWN
    if isinstance(left, v.Choice) and isinstance(right, v.Constant):
        first, second = (compared(op, each, right) for each in left.values)
        decided = {first, second} == {v.Constant(True), v.Constant(False)}
        return replace(left.symbol, negated=not first.value) if decided else v.UNKNOWN
    if isinstance(left, v.Symbol):
        return _named_test(op, left, right)
    known = right == v.NONE and not isinstance(left, v.Several) and left is not v.UNKNOWN
    return v.Constant(isinstance(op, ast.IsNot | ast.NotEq)) if known else v.UNKNOWN


def _named_test(op: ast.cmpop, left: v.Symbol, right: v.Value) -> v.Value:
    """A test of a parameter; ``!=`` is the opposite of ``==``, so that two ifs agree."""
    if type(op) in _OPPOSITE:
        return opposite(_named_test(_OPPOSITE[type(op)], left, right))
    if isinstance(right, v.Constant) and isinstance(right.value, bool) and isinstance(op, ast.Eq | ast.Is):
        return left if right.value else opposite(left)
    items = right.values if isinstance(right, v.Items) else (right,)
    shown = [each.text if isinstance(each, v.Symbol) else repr(getattr(each, "value", None)) for each in items]
    return v.Symbol(f"{left.text} {_COMPARED[type(op)][0]} {', '.join(shown)}")


def opposite(value: v.Value) -> v.Value:
    """``not value``"""
    if isinstance(value, v.Constant):
        return v.Constant(not value.value)
    return replace(value, negated=not value.negated) if isinstance(value, v.Symbol) else v.UNKNOWN


def held(value: v.Value, assumed: Mapping[str, bool]) -> bool | None:
    """How a test comes out on a path; None if that is not known.

    >>> held(v.Symbol("layers == 1"), {"layers > 1": True}), held(v.Symbol("kind == 'GRU'"), {"kind == 'LSTM'": True})
    (False, False)
    """
    if isinstance(value, v.Constant):
        return bool(value.value)
    if not isinstance(value, v.Symbol):
        return True if isinstance(value, v.Recurrent | v.Instance | v.Layer) else None
    known = assumed[value.text] if value.text in assumed else _follows(value.text, assumed)
    return None if known is None else known is not value.negated


def _follows(test: str, assumed: Mapping[str, bool]) -> bool | None:
    """What a test that a path has passed says of another one of the same name."""
    name, equal, _ = test.partition(" == ")
    passed = [each for each, true in assumed.items() if true]
    if equal and any(each.startswith(name + equal) for each in passed):
        return False
    asked = _NUMBERED.fullmatch(test)
    for known in filter(None, map(_NUMBERED.fullmatch, passed)) if asked else ():
        if asked and known[1] == asked[1] and known[2] in ("==", ">"):
            low = int(known[3]) + (known[2] == ">")  # the least that it can be
            if known[2] == "==" or (asked[2] == "==" and int(asked[3]) < low):
                return _SIGNS[asked[2]](low, int(asked[3]))
    return None
