"""Numbers and tests that are known up to names: ``2 * hidden_size``, ``kind == "LSTM"``."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
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
_OPPOSITE: Final[dict[type[ast.cmpop], ast.cmpop]] = {ast.NotEq: ast.Eq(), ast.IsNot: ast.Is(), ast.NotIn: ast.In()}
_NUMBERED: Final = re.compile(r"(.+) (==|>|>=|<|<=) (-?\d+)")


def arithmetic(op: ast.operator, left: v.Value, right: v.Value) -> v.Value:
    """A number made of two: known up to the names in it."""
    for one, swapped in ((left, False), (right, True)):
        if isinstance(one, v.Choice):
            sides = (one.then, one.otherwise)
            return v.Choice(one.symbol, *(arithmetic(op, *((left, s) if swapped else (s, right))) for s in sides))
    a, b = v.size(left), v.size(right)
    if a is None or b is None or max(abs(a.times), abs(b.times)) > 1e9:
        return v.UNKNOWN
    if isinstance(op, ast.Mult):
        return v.plain(v.Size(a.times * b.times, tuple(sorted(a.names + b.names))))
    if isinstance(op, ast.Div | ast.FloorDiv) and not b.names and b.times:
        return v.plain(v.Size(a.times / b.times, a.names))
    if isinstance(op, ast.Add | ast.Sub) and a.names == b.names:
        return v.plain(v.Size(a.times + (b.times if isinstance(op, ast.Add) else -b.times), a.names))
    return v.UNKNOWN


def compared(op: ast.cmpop, left: v.Value, right: v.Value) -> v.Value:
    """A test: decided, or a symbol that a path can take either way."""
    if isinstance(left, v.Constant) and isinstance(right, v.Constant):
        try:
            return v.Constant(bool(_COMPARED[type(op)][1](left.value, right.value)))
        except TypeError:
            return v.UNKNOWN
    if isinstance(left, v.Choice) and isinstance(right, v.Constant):
        sides = compared(op, left.then, right), compared(op, left.otherwise, right)
        if sides == (v.Constant(True), v.Constant(False)):
            return left.symbol
        return v.Negated(left.symbol) if sides == (v.Constant(False), v.Constant(True)) else v.UNKNOWN
    if right == v.Constant(None) and not isinstance(left, v.Symbol | v.Several) and left is not v.UNKNOWN:
        return v.Constant(isinstance(op, ast.IsNot | ast.NotEq))
    return _named_test(op, left, right) if isinstance(left, v.Symbol) else v.UNKNOWN


def _named_test(op: ast.cmpop, left: v.Symbol, right: v.Value) -> v.Value:
    """A test of a parameter; ``!=`` is the opposite of ``==``, so that two ifs agree."""
    if type(op) in _OPPOSITE:
        return opposite(_named_test(_OPPOSITE[type(op)], left, right))
    if isinstance(right, v.Constant) and isinstance(right.value, bool) and isinstance(op, ast.Eq | ast.Is):
        return left if right.value else v.Negated(left)
    items = right.values if isinstance(right, v.Items) else (right,)
    shown = [each.text if isinstance(each, v.Symbol) else repr(getattr(each, "value", None)) for each in items]
    return v.Symbol(f"{left.text} {_COMPARED[type(op)][0]} {', '.join(shown)}")


def opposite(value: v.Value) -> v.Value:
    """``not value``"""
    if isinstance(value, v.Constant):
        return v.Constant(not value.value)
    return (
        value.symbol if isinstance(value, v.Negated) else v.Negated(value) if isinstance(value, v.Symbol) else v.UNKNOWN
    )


def held(value: v.Value, assumed: Mapping[str, bool]) -> bool | None:
    """How a test comes out on a path; None if that is not known.

    >>> held(v.Symbol("layers == 1"), {"layers > 1": True}), held(v.Symbol("kind == 'GRU'"), {"kind == 'LSTM'": True})
    (False, False)
    """
    if isinstance(value, v.Constant):
        return bool(value.value)
    if isinstance(value, v.Negated):
        inner = held(value.symbol, assumed)
        return None if inner is None else not inner
    if not isinstance(value, v.Symbol):
        return True if isinstance(value, v.Recurrent | v.Instance | v.Layer | v.Chain) else None
    return assumed[value.text] if value.text in assumed else _follows(value.text, assumed)


def _follows(test: str, assumed: Mapping[str, bool]) -> bool | None:
    """What a test that a path has passed says of another one of the same name."""
    name, equal, _ = test.partition(" == ")
    if equal and any(true and passed.startswith(name + equal) for passed, true in assumed.items()):
        return False
    match = _NUMBERED.fullmatch(test)
    for passed in (_NUMBERED.fullmatch(each) for each, true in assumed.items() if true) if match else ():
        if match and passed and match[1] == passed[1] and passed[2] in ("==", ">"):
            low = int(passed[3]) + (passed[2] == ">")  # the least that it can be
            if passed[2] == "==" or (match[2] == "==" and int(match[3]) < low):
                return _sign(match[2], low, int(match[3]))
    return None


def _sign(sign: str, left: int, right: int) -> bool:
    return next(test(left, right) for text, test in _COMPARED.values() if text == sign)
