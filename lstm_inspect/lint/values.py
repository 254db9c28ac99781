"""What the linter knows of a value: a number, a flag from outside, a layer, or which part of a result a tensor is."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias

Value: TypeAlias = Any
"""One of the classes below. UNKNOWN stands for whatever can't be followed."""


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands in the source: 2, True, "LSTM", None."""

    value: Any


@dataclass(frozen=True, slots=True)
class Symbol:
    """A value from outside: a parameter, or what a config holds; text is how the source writes it."""

    text: str
    default: Value = UNKNOWN


@dataclass(frozen=True, slots=True)
class Negated:
    """The opposite of a test that is not known."""

    symbol: Symbol


@dataclass(frozen=True, slots=True)
class Size:
    """A number that is known up to names: ``2 * hidden_size`` is Size(2, ("hidden_size",))."""

    times: Fraction
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """``then if symbol else otherwise``."""

    symbol: Symbol
    then: Value
    otherwise: Value


@dataclass(frozen=True, slots=True)
class Several:
    """One of these, and which is not known."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A tuple or list; open: with items that are not known behind these."""

    values: tuple[Value, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A dict with constant keys."""

    values: tuple[tuple[Any, Value], ...]


@dataclass(frozen=True, slots=True)
class Dotted:
    """Something imported: ``nn.LSTM`` is Dotted("torch.nn.LSTM")."""

    name: str


@dataclass(frozen=True, slots=True)
class Class:
    """A class of the file, or of one that it imports from; home: the Source that it stands in."""

    node: ast.ClassDef
    home: Any


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of such a class; what its attributes are stands in the State."""

    of: Class
    number: int


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the file; bound: the instance that it is a method of."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    home: Any
    bound: Instance | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a value that is not called yet: ``hn.view``."""

    of: Value
    name: str


@dataclass(frozen=True, slots=True)
class Layer:
    """A module that is not recurrent; kind: "linear", "same" (dropout, norm, activation) or "other"."""

    kind: str


@dataclass(frozen=True, slots=True)
class Chain:
    """``nn.Sequential`` of these."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """A slice inside brackets; one: it takes one element, ``t:t + 1``."""

    lower: Value
    upper: Value
    step: Value
    one: bool = False

    @property
    def slice(self) -> slice | None:
        """As Python's own; None if an end is not known."""
        ends = (self.lower, self.upper, self.step)
        plain = all(end == Constant(None) or whole(end) is not None for end in ends)
        return slice(*(end.value for end in ends)) if plain else None


EVERYTHING: Final = Cut(Constant(None), Constant(None), Constant(None))
"""A bare colon."""


@dataclass(frozen=True, slots=True)
class Recurrent:
    """One ``nn.LSTM(..)`` of the source: its flags are values; kind is None where it may be any of the three."""

    kind: str | None
    node: ast.Call
    hidden_size: Value = UNKNOWN
    num_layers: Value = UNKNOWN
    bidirectional: Value = UNKNOWN
    batch_first: Value = UNKNOWN
    dropout: Value = UNKNOWN
    proj_size: Value = UNKNOWN


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a recurrent layer; order: the permutation that its input was sorted by, if any."""

    module: Recurrent
    node: ast.Call
    one_step: bool = False
    one_sequence: bool = False
    order: str | None = None

    @property
    def alone(self) -> bool:
        """Whether the batch and the time axis can't be told apart by what is done with them."""
        return self.one_step or self.one_sequence


@dataclass(frozen=True, slots=True)
class Data:
    """A tensor that is no result of a recurrent layer.

    Attributes:
        ones: axes that are known to have one element.
        random: where it was drawn, if it is random.
        packed: it is a PackedSequence.
        order: the permutation that its sequences were sorted by.
        names: what its axes are by the names of their sizes: ("batch", "time", None).
    """

    ones: frozenset[int] = frozenset()
    random: ast.AST | None = None
    packed: bool = False
    order: str | None = None
    names: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """A permutation of the batch; inverse: the way back."""

    name: str
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Length:
    """Lengths of sequences, or one of them; less: one less has been taken off."""

    less: bool = False


Axes: TypeAlias = tuple[str, ...] | None
"""What each axis is: batch, time, features, rows, layer, direction, half, one; None if not known."""


@dataclass(frozen=True, slots=True)
class Output:
    """output, or what a layer that works step by step made of it.

    Attributes:
        padded: it came out of pad_packed_sequence.
        mixed: a Linear has mixed the features.
        touched: dropout, a norm or the like has changed the numbers.
    """

    call: Call
    axes: Axes
    packed: bool = False
    padded: bool = False
    mixed: bool = False
    touched: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of output. at: "last", "first" or "length" (each sequence's own last)."""

    call: Call
    at: str
    axes: Axes
    node: ast.AST
    output: Output | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """The tuple (hn, cn)."""

    call: Call


@dataclass(frozen=True, slots=True)
class Rows:
    """hn or cn, or rows of it.

    Attributes:
        of: "hn" or "cn".
        rows: which rows, as the source counts them; None for all.
        tempting: the place where ``state[-1]`` took cn out of the pair.
    """

    call: Call
    of: str
    axes: Axes
    node: ast.AST
    rows: tuple[int, ...] | None = None
    tempting: ast.AST | None = None


def alternatives(*values: Value) -> Value:
    """One of several values: the value itself where they are the same.

    >>> alternatives(Constant(1), Constant(1))
    Constant(value=1)
    """
    flat: list[Value] = []
    for value in values:
        flat += [each for each in (value.values if isinstance(value, Several) else (value,)) if each not in flat]
    return flat[0] if len(flat) == 1 else Several(tuple(flat[:6])) if flat else UNKNOWN


def size(value: Value) -> Size | None:
    """A number as times * names, if it is one.

    >>> size(Constant(3))
    Size(times=Fraction(3, 1), names=())
    """
    if isinstance(value, Size):
        return value
    if isinstance(value, Symbol):
        return Size(Fraction(1), (value.text,))
    if isinstance(value, Constant) and isinstance(value.value, int) and not isinstance(value.value, bool):
        return Size(Fraction(value.value), ())
    return None


def plain(value: Value) -> Value:
    """A Size that is a whole number, or one name, as what it is.

    >>> plain(Size(Fraction(3), ()))
    Constant(value=3)
    """
    if isinstance(value, Size) and not value.names and value.times.denominator == 1:
        return Constant(int(value.times))
    if isinstance(value, Size) and value.times == 1 and len(value.names) == 1:
        return Symbol(value.names[0])
    return value


def settled(value: Value, assumed: Mapping[str, bool]) -> Value:
    """A value under what has been assumed of tests so far.

    >>> settled(Choice(Symbol("bidirectional"), Constant(2), Constant(1)), {"bidirectional": True})
    Constant(value=2)
    """
    if isinstance(value, Choice) and value.symbol.text in assumed:
        return settled(value.then if assumed[value.symbol.text] else value.otherwise, assumed)
    return value


def whole(value: Value) -> int | None:
    """A constant whole number."""
    if isinstance(value, Constant) and isinstance(value.value, int) and not isinstance(value.value, bool):
        return value.value
    return None
