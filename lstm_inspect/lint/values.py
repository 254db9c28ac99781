"""What the linter knows of a value: a number, a flag from outside, a layer, or which part of a result a tensor is."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import wraps
from typing import Any, Final, TypeAlias

from lstm_inspect.lint.arrays import FEATURES, ROW, STEP, Array

Value: TypeAlias = Any
"""One of the classes below. UNKNOWN stands for whatever can't be followed."""
UNKNOWN: Final[Value] = object()


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands in the source: 2, True, "LSTM", None."""

    value: Any


NONE: Final = Constant(None)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A value from outside: a parameter, what a config holds, or a test of one; text is how the source writes it."""

    text: str
    default: Value = UNKNOWN
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """A number that is known up to names: ``2 * hidden_size`` is Size(2, ("hidden_size",))."""

    times: Fraction
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """``values[0] if symbol else values[1]``."""

    symbol: Symbol
    values: tuple[Value, ...]


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
    """A module that is not recurrent; kind: "linear", "same" (dropout, norm, activation), "chain" or "other"."""

    kind: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Cut:
    """A slice inside brackets; one: it takes one element, ``t:t + 1``."""

    ends: tuple[Value, ...] = (NONE, NONE, NONE)
    one: bool = False

    @property
    def slice(self) -> slice | None:
        """As Python's own; None if an end is not known, or it is none."""
        known = all(end == NONE or whole(end) is not None for end in self.ends) and whole(self.ends[2]) != 0
        return slice(*map(whole, self.ends)) if known else None


EVERYTHING: Final = Cut()
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

    @property
    def width(self) -> Value:
        """How many features it gives in one direction."""
        return self.hidden_size if self.proj_size == Constant(0) else self.proj_size


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a recurrent layer, with samples of its results: of what the source does not count there are two."""

    module: Recurrent
    node: ast.Call
    output: Array  #: all of output, its steps first.
    states: Array  #: all of hn, or of cn.
    order: str | None = None  #: the permutation that its input was sorted by, if any.

    @property
    def directions(self) -> int:
        """How many the samples have."""
        return self.output.shape[2] // FEATURES


@dataclass(frozen=True, slots=True)
class Data:
    """A tensor that is no result of a recurrent layer."""

    axes: tuple[str, ...] = ()  #: its first axes, as far as they are known: batch, time, one; "?" if not.
    random: ast.expr | None = None  #: where it was drawn, if it is random.
    packed: bool = False  #: it is a PackedSequence.
    order: str | None = None  #: the permutation that its sequences were sorted by.


@dataclass(frozen=True, slots=True)
class Order:
    """A permutation of the batch; inverse: the way back."""

    name: str
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Length:
    """Lengths of sequences, or one of them; less: one less has been taken off."""

    less: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What a call of a recurrent layer returns, a part of it, or what a layer that works step by step made of it."""

    of: str  #: "output", "pair" (the tuple (hn, cn)), "hn" or "cn".
    call: Call
    array: Array  #: which elements it holds, on a sample; none if that is not known.
    node: ast.expr  #: where a step or rows were taken.
    tempting: ast.expr | None = None  #: the place where ``state[-1]`` took cn out of the pair.
    packed: bool = False
    padded: bool = False  #: it came out of pad_packed_sequence.
    mixed: bool = False  #: a Linear has mixed the features.
    touched: bool = False  #: dropout, a norm or the like has changed the numbers.
    plain: bool = False  #: the brackets of ``node`` take one step, all features of each sequence: (B, D*R).

    @property
    def state(self) -> bool:
        """Whether it is hn or cn, or rows of them."""
        return self.of in ("hn", "cn")

    @property
    def every_row(self) -> bool:
        """Whether it holds all rows of the state."""
        return len(self.array.all(ROW)) == self.call.states.shape[0]

    @property
    def step(self) -> int | None:
        """The one step of output that it is."""
        steps = self.array.all(STEP) if self.of == "output" else set()
        return min(steps) if len(steps) == 1 else None

    def axis(self, given: Value) -> int | None:
        """The axis that a number names, counted from 0; None if there is none, or the number is not known."""
        rank, place = len(self.array.shape), whole(given)
        return place % rank if place is not None and -rank <= place < rank else None


def alternatives(*values: Value) -> Value:
    """One of several values: the value itself where they are the same.

    >>> alternatives(Constant(1), Constant(1))
    Constant(value=1)
    """
    flat: list[Value] = []
    for value in values:
        flat += [each for each in (value.values if isinstance(value, Several) else (value,)) if each not in flat]
    return flat[0] if len(flat) == 1 else Several(tuple(flat[:6])) if flat else UNKNOWN


def of_each(function: Callable[..., Value]) -> Callable[..., Value]:
    """Let a function of a value answer for one of several values too: one of several answers."""

    @wraps(function)
    def answer(value: Value, *rest: Any) -> Value:
        each = value.values if isinstance(value, Several) else (value,)
        return alternatives(*(function(one, *rest) for one in each))

    return answer


def whole(value: Value) -> int | None:
    """A constant whole number."""
    known = getattr(value, "value", None)
    return known if isinstance(known, int) and not isinstance(known, bool) else None
