"""Parts of a result and other shapes of it: brackets, transposes and views, really done on its sample."""

import ast
import re
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any, Final

from lstm_inspect.lint import values as v
from lstm_inspect.lint.arrays import FEATURE, FEATURES, OWN, ROW, SEQUENCE, STEP, Array
from lstm_inspect.lint.numbers import Flag, both, flags, times
from lstm_inspect.lint.uses import At, State

_STEPS_MIXED: Final = "rows that hold steps of several sequences: output's first axis is time, not sequences"
_APART: Final = "rows of one direction each, forward and reverse in turn: a row of output is both, side by side"
_BATCHES: Final = re.compile(r"batch|(^|[._])bsz?$|(^|[._])[bB]$")


def of_pair(pair: v.Result, which: int | None, node: ast.expr) -> v.Result:
    """hn or cn out of the pair."""
    of, tempting = "cn" if which in (1, -1) else "hn", node if which == -1 else None
    return replace(pair, of=of, array=pair.call.states, node=node, tempting=tempting)


def laid_out(call: v.Call, batch_first: bool | None) -> Array:
    """All of output, with its sequences first or its steps; nothing if that is not known."""
    return Array() if batch_first is None else call.output.turned([1, 0, 2]) if batch_first else call.output


# brackets


def picked(of: v.Result, key: v.Value, at: At) -> v.Value:
    """``of[key]``"""
    if of.of == "pair":
        which = v.whole(key)
        return of_pair(of, which, at.node) if which in (0, 1, -1, -2) else at.lose(of)
    array, keys = of.array, list(key.values) if isinstance(key, v.Items) else [key]
    if not array.labels and of.of == "output" and not of.packed and len(keys) > 1 and keys[0] == v.EVERYTHING:
        array = laid_out(of.call, batch_first=True)  # which axis is which is not known, but people say it so
    keys = _for_each_axis(keys, len(array.shape)) if array.labels else []
    if v.NONE in keys:
        axes = iter(range(len(array.shape)))
        array = array.turned([None if each == v.NONE else next(axes) for each in keys])
    places = [_places(of, array, axis, keys, at) for axis in range(len(keys))]
    known = [each for each in places if each is not None]
    if not known or len(known) < len(places):
        return at.lose(of)
    array = array.picked(known)
    if of.of == "output" and any(isinstance(each, v.Length) for each in keys):
        array = Array(array.shape, tuple((OWN, *label[1:]) for label in array.labels))
    new = replace(of, array=array)
    if of.step is not None:
        return new
    plain = new.step is not None and array.shape == of.call.output.shape[1:] and array.along(1) == FEATURE
    return replace(new, node=at.node, plain=plain)


def _for_each_axis(keys: list[v.Value], rank: int) -> list[v.Value]:
    """A key for each axis, and one for each new axis; none where they don't fit."""
    dots = v.Constant(...)
    taking = sum(each not in (v.NONE, dots) for each in keys)
    if taking > rank or keys.count(dots) > 1:
        return []
    place = keys.index(dots) if dots in keys else len(keys)
    return [*keys[:place], *[v.EVERYTHING] * (rank - taking), *keys[place + 1 :]]


def _places(of: v.Result, array: Array, axis: int, keys: list[v.Value], at: At) -> int | Sequence[int] | None:
    """The places of one axis that brackets pick, one of them as a number; None if that is not known."""
    key, size = keys[axis], array.shape[axis]
    if key in (v.EVERYTHING, v.NONE) or size == 1:
        return range(size) if isinstance(key, v.Cut) or key == v.NONE else 0
    what = array.along(axis)
    if what == SEQUENCE:
        return _sequences(of, size, keys, key, at)
    if what is None or isinstance(key, v.Length):
        return size - 1 if what == STEP and of.of == "output" and key == v.Length(less=True) else None
    ends = [_number(each, what, of.call) for each in (key.ends if isinstance(key, v.Cut) else [key])]
    most = size - 2 if of.of == "output" and what == STEP else size  # the sample's last step is any module's
    if any(end is not None and end not in (0, -1) and abs(end) > most for end in ends):
        return None
    if isinstance(key, v.Cut):
        known = all(end is not None or given == v.NONE for end, given in zip(ends, key.ends, strict=True))
        stepped = ends[2] is not None and (ends[2] == 0 or not of.state)
        return range(size)[slice(*ends)] or None if known and not stepped else None
    return None if ends[0] in (None, size) or what == FEATURE else range(size)[ends[0]]


def _sequences(of: v.Result, size: int, keys: list[v.Value], key: v.Value, at: At) -> int | Sequence[int] | None:
    place = v.whole(key)
    if isinstance(key, v.Order) and of.of == "output" and of.call.order == key.name and not key.inverse:
        at.report("order-not-restored", of.call)
    if isinstance(key, v.Cut | v.Order) or (of.state and place is None):
        return range(size)
    timed = sum(each != v.EVERYTHING for each in keys) > 1
    return size - 1 if place == -1 else 0 if timed or place is not None else None


def _number(value: v.Value, what: int, call: v.Call) -> int | None:
    """A number inside brackets, as the sample has it: ``hidden_size`` of features, ``num_layers`` of rows."""
    if what == FEATURE:
        wide = times(value, call.module.width)
        return None if wide is None else wide * FEATURES
    layers = times(value, call.module.num_layers) if isinstance(value, v.Symbol | v.Size) else None
    return v.whole(value) if layers is None else layers * call.states.shape[0] // call.directions


# other shapes


def listed(arguments: Sequence[v.Value]) -> Sequence[v.Value]:
    """Sizes or axes, given one by one or as a tuple."""
    return arguments[0].values if len(arguments) == 1 and isinstance(arguments[0], v.Items) else arguments


def turned(of: v.Result, name: str, at: At) -> v.Value:
    """A transpose, a permutation, an axis more or less."""
    places = [v.whole(each) for each in listed(at.arguments)]
    known = [place for place in places if place is not None]
    order = _order(of, name, known) if of.array.labels and len(known) == len(places) else None
    return at.lose(of) if order is None else replace(of, array=of.array.turned(order))


def _order(of: v.Result, name: str, places: list[int]) -> list[int | None] | None:
    """Which axes stand one behind the other then; None among them for a new one."""
    rank = len(of.array.shape)
    order: list[int | None] = list(range(rank))
    if name == "unsqueeze" and len(places) == 1:
        order.insert(places[0] % (rank + 1), None)
        return order
    if any(not -rank <= place < rank for place in places):
        return None
    if name == "permute":
        once = sorted(place % rank for place in places) == order
        return [order[place] for place in places] if once else None
    if name == "squeeze":
        opens = any(_may_be_one(of, of.array.along(place % rank)) for place in places)
        asked = {place % rank for place in places} or set(range(rank))
        return None if opens else [axis for axis in order if axis not in asked or of.array.shape[axis] > 1]
    if rank > 1:
        one, other = places if len(places) == 2 else (-1, -2)
        order[one], order[other] = order[other], order[one]
    return order


def _may_be_one(of: v.Result, what: int | None) -> bool:
    """Whether an axis may have one element where the sample has more: rows, steps, or the sequences of output."""
    return what == STEP or (what == SEQUENCE and of.of == "output" and of.step is None)


def viewed(of: v.Result, name: str, at: At) -> v.Value:
    """``view``, ``reshape``, ``flatten``: done where the sizes are known, and said where sequences mix."""
    sizes, old = list(listed(at.arguments)), of.array.shape
    start = of.axis(at.given(0, "start_dim", default=v.Constant(0)))
    if name == "flatten" and start is not None and len(at.arguments) < 2:
        return replace(of, array=of.array.viewed([*old[:start], prod(old[start:])]))
    shape = _shape(of, sizes) if of.array.labels and sizes and name != "flatten" else None
    if shape is None:
        return at.lose(of)
    new = replace(of, array=of.array.viewed(shape))
    two_ways, _ = flags(of.call, at.state.assumed)
    whole_steps = not of.state and two_ways.value and not of.mixed
    mistake, facts = "", dict[str, Any]()
    if of.state and (rows := _several_rows(of, at.state)).value and _mixes(new, sizes):
        mistake, facts = "sequences-mixed", {"depends": rows.depends}
    elif not of.state and of.array.along(0) == STEP and _mixes(new, sizes):
        mistake, facts = "sequences-mixed", {"what": _STEPS_MIXED}
    elif whole_steps and shape[2:] == [FEATURES, 2]:
        mistake, facts = "directions-interleaved", {"depends": two_ways.depends}
    elif whole_steps and shape[1:] == [FEATURES] and v.whole(sizes[0]) == -1 and old[-1] > FEATURES:
        mistake, facts = "directions-interleaved", {"depends": two_ways.depends, "what": _APART, "likely": True}
    if not mistake:
        return new
    at.lose(of)
    return at.report(mistake, of.call, **facts)


def _shape(of: v.Result, sizes: list[v.Value]) -> list[int] | None:
    """The sizes of a view, as the sample has them; None if they can't be told."""
    shape, two_ways, old = [_size(each, of) for each in sizes], of.call.directions, of.array.shape
    if shape.count(None) > 1:  # then the axes are taken to stay, but for one that comes apart
        apart = (max(old[0] // two_ways, 1), two_ways, *old[1:]) if of.state else (*old[:-1], two_ways, FEATURES)
        usual = next((each for each in (old, apart) if len(each) == len(sizes)), shape)
        pairs = zip(shape, sizes, usual, strict=True)
        shape = [other if one is None and v.whole(size) != -1 else one for one, size, other in pairs]
    known = [each for each in shape if each is not None]
    rest, left = divmod(len(of.array.labels), prod(known))
    fits = not left and (len(shape) == len(known) + 1 or (len(shape) == len(known) and rest == 1))
    return [rest if each is None else each for each in shape] if fits else None


def _size(size: v.Value, of: v.Result) -> int | None:
    """One size of a view; None if it is open, or is not known."""
    call, whole, wide = of.call, v.whole(size), times(size, of.call.module.width)
    if whole in (1, -1):
        return 1 if whole == 1 else None
    if wide is not None and wide > 0 and not of.mixed:
        return wide * FEATURES
    if _is_batch(size, of):
        return call.output.shape[1]
    if isinstance(size, v.Symbol) and size.text in _COUNTS:
        shape = (call.states if of.state else call.output).shape
        return shape[2] if size.text == "features" else shape[0]
    if of.state:
        return call.states.shape[0] // call.directions if size == call.module.num_layers else None
    return 2 if whole == 2 and not of.mixed else None


def _mixes(of: v.Result, sizes: list[v.Value]) -> bool:
    """Whether a view makes rows of several sequences: along an axis that is called batch, or where rows are opened."""
    named = next((place for place, each in enumerate(sizes) if _is_batch(each, of)), None)
    wide = [size for size in of.array.shape[1:] if size > 1]
    if of.state and v.whole(sizes[0]) == -1 and len(wide) == 1 and wide[0] > FEATURES:
        named = 0
    row = [0 if axis == named else range(size) for axis, size in enumerate(of.array.shape)]
    return named is not None and len(of.array.picked(row).all(SEQUENCE)) > 1


def _several_rows(of: v.Result, state: State) -> Flag:
    """Whether a tensor of states has more than one row, and on which flags that depends."""
    if not of.every_row:
        return Flag(len(of.array.all(ROW)) > 1)
    more = [flag for flag in flags(of.call, state.assumed) if flag.several]
    return Flag(bool(more), both(*more) if all(flag.depends for flag in more) else None)


def _is_batch(value: v.Value, of: v.Result) -> bool:
    """Whether a number's name says that it counts the sequences; of rows, a length of a list can be nothing else."""
    if not isinstance(value, v.Symbol) or value.negated:
        return False
    name, first = value.text, of.call.module.batch_first
    if name.endswith((".size(0)", ".size(1)")):
        return isinstance(first, v.Constant) and name.endswith(".size(0)") is bool(first.value)
    return (bool(_BATCHES.search(name)) or (of.state and name.startswith("len("))) and "first" not in name


_COUNTS: Final = ("seq_len", "rows", "features")


def dimension(of: v.Value, key: v.Value, node: Any) -> v.Value:
    """``of.size(key)``: a number by the name of what it counts."""
    axis, place = of.axis(key) if isinstance(of, v.Result) else None, v.whole(key)
    if axis is not None:
        what, (steps, rows, features) = of.array.along(axis), _COUNTS
        first = rows if of.state else steps
        return v.Symbol("batch_size" if what == SEQUENCE else first if what == STEP else features)
    base = node.func if isinstance(node, ast.Call) else node
    text = ast.unparse(base.value if isinstance(base, ast.Attribute) else base)
    return v.UNKNOWN if place is None else v.Symbol(f"{text}.size({place})")
