"""Numbers, tests and flags that are known up to names: ``2 * hidden_size``, ``kind == "LSTM"``."""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
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
    a, b = _size(left), _size(right)
    if a is None or b is None or max(abs(a.times), abs(b.times)) > 1e9:
        return v.UNKNOWN
    match op:
        case ast.Mult():
            return _number(a.times * b.times, tuple(sorted(a.names + b.names)))
        case ast.Div() | ast.FloorDiv() if b.times and not b.names:
            return _number(a.times / b.times, a.names)
        case ast.Add() | ast.Sub() if a.names == b.names:
            return _number(a.times + b.times * (1 if isinstance(op, ast.Add) else -1), a.names)
    return v.UNKNOWN


def compared(op: ast.cmpop, left: v.Value, right: v.Value, written: str) -> v.Value:
    """A test: decided, or a symbol that a path can take either way; written: its right side as the source has it."""
    if isinstance(left, v.Constant) and isinstance(right, v.Constant):
        try:
            return v.Constant(bool(_COMPARED[type(op)][1](left.value, right.value)))
        except TypeError:
            return v.UNKNOWN
    if isinstance(left, v.Choice) and isinstance(right, v.Constant):
        first, second = (compared(op, each, right, written) for each in left.values)
        decided = {first, second} == {v.Constant(True), v.Constant(False)}
        return replace(left.symbol, negated=not first.value) if decided else v.UNKNOWN
    if isinstance(left, v.Symbol):
        return _named_test(op, left, right, written)
    known = right == v.NONE and not isinstance(left, v.Several) and left is not v.UNKNOWN
    return v.Constant(isinstance(op, ast.IsNot | ast.NotEq)) if known else v.UNKNOWN


def _named_test(op: ast.cmpop, left: v.Symbol, right: v.Value, written: str) -> v.Value:
    """A test of a parameter; ``!=`` is the opposite of ``==``, so that two ifs agree."""
    if type(op) in _OPPOSITE:
        return opposite(_named_test(_OPPOSITE[type(op)], left, right, written))
    if isinstance(right, v.Constant) and isinstance(right.value, bool) and isinstance(op, ast.Eq | ast.Is):
        return left if right.value else opposite(left)
    items = right.values if isinstance(right, v.Items) else (right,)
    if all(isinstance(each, v.Constant | v.Symbol) for each in items):
        written = ", ".join(each.text if isinstance(each, v.Symbol) else repr(each.value) for each in items)
    return v.Symbol(f"{left.text} {_COMPARED[type(op)][0]} {written}")


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


def _number(times: Fraction, names: tuple[str, ...]) -> v.Value:
    if not names and times.denominator == 1:
        return v.Constant(int(times))
    return v.Symbol(names[0]) if times == 1 and len(names) == 1 else v.Size(times, names)


def _size(value: v.Value) -> v.Size | None:
    if isinstance(value, v.Symbol) and not value.negated:
        return v.Size(Fraction(1), (value.text,))
    known = v.whole(value)
    return value if isinstance(value, v.Size) else None if known is None else v.Size(Fraction(known), ())


def times(value: v.Value, unit: v.Value) -> int | None:
    """How many times a number is another one, if that is known and whole.

    >>> times(v.Size(Fraction(2), ("hidden",)), v.Symbol("hidden"))
    2
    """
    one, many = _size(unit), _size(value)
    if one is None or many is None or one.names != many.names or not one.times:
        return None
    found = many.times / one.times
    return int(found) if found.denominator == 1 else None


def settled(value: v.Value, assumed: Mapping[str, bool]) -> v.Value:
    """A value under what has been assumed of tests so far.

    >>> settled(v.Choice(v.Symbol("bidirectional"), (v.Constant(2), v.Constant(1))), {"bidirectional": True})
    Constant(value=2)
    """
    while isinstance(value, v.Choice) and value.symbol.text in assumed:
        value = value.values[0 if assumed[value.symbol.text] else 1]
    return value


@dataclass(frozen=True, slots=True)
class Flag:
    """What is known of a flag where a result is used."""

    value: int | bool | None  #: its value; None if it is not known.
    #: what the finding says it depends on: "bidirectional=True"; None if it stands in the source.
    depends: str | None = None
    decided: bool | None = None  #: a switch's value on this path; None if the path holds for both.

    @property
    def several(self) -> bool:
        """Whether it stands for more than one direction or layer, for certain or by a parameter that may say so."""
        return self.value is True or (self.value or 0) > 1 or (self.value is None and self.depends is not None)


def flags(call: v.Call, assumed: Mapping[str, bool]) -> tuple[Flag, Flag]:
    """Whether a call's module is bidirectional, and how many layers it has."""
    return truth(call.module.bidirectional, assumed), _layers(call.module.num_layers, assumed)


def both(*given: Flag) -> str | None:
    """What several flags depend on."""
    return " and ".join(each.depends for each in given if each.depends) or None


def truth(value: v.Value, assumed: Mapping[str, bool]) -> Flag:
    """Whether a flag is set, under what has been assumed of tests so far.

    >>> truth(v.Symbol("bidirectional"), {})
    Flag(value=True, depends='bidirectional=True', decided=None)
    """
    value = settled(value, assumed)
    if isinstance(value, v.Constant):
        return Flag(bool(value.value), decided=bool(value.value))
    if not isinstance(value, v.Symbol) or (f"?{value.text}" in assumed and value.text not in assumed):
        return Flag(None)
    held = assumed.get(value.text, not value.negated)
    said = value.text if any(sign in value.text for sign in "=<> ") else f"{value.text}={held}"
    true = held is not value.negated
    return Flag(true, said, true if value.text in assumed else None)


def _layers(value: v.Value, assumed: Mapping[str, bool]) -> Flag:
    """How many layers; of a parameter, more than one."""
    value = settled(value, assumed)
    if not isinstance(value, v.Symbol):
        return Flag(v.whole(value))
    if assumed.get(f"{value.text} == 1") or assumed.get(f"{value.text} > 1") is False:
        return Flag(1)
    return Flag(v.whole(value.default), f"{value.text} > 1")
