"""Brackets: which elements of output, or of hn, ``tensor[key]`` picks."""

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lstm_inspect.lint import values as v
from lstm_inspect.lint.arrays import FEATURE, FEATURES, OWN, SEQUENCE, STEP, Array
from lstm_inspect.lint.numbers import times
from lstm_inspect.lint.uses import At


def indexed(of: v.Value, key: v.Value, at: At) -> v.Value:
    """``of[key]``"""
    match of:
        case v.Items():
            return _item(of, key)
        case v.Length():
            return of
        case v.Data() | v.Symbol():
            return _of_data(of, key)
        case v.Result(of="pair"):
            which = v.whole(key)
            return of_pair(of, which, at.node) if which in (0, 1, -1, -2) else at.lose(of)
        case v.Result():
            return _of_result(of, key, at)
    at.consume(key)
    return v.UNKNOWN


def _item(of: v.Items, key: v.Value) -> v.Value:
    picked = key.slice if isinstance(key, v.Cut) else v.whole(key)
    if of.open or picked is None:
        return v.alternatives(*of.values)
    if isinstance(picked, slice):
        return v.Items(of.values[picked])
    return of.values[picked] if -len(of.values) <= picked < len(of.values) else v.UNKNOWN


def of_pair(pair: v.Result, which: int | None, node: ast.expr) -> v.Result:
    """hn or cn out of the pair."""
    of, tempting = "cn" if which in (1, -1) else "hn", node if which == -1 else None
    return replace(pair, of=of, array=pair.call.states, node=node, tempting=tempting)


def _of_result(of: v.Result, key: v.Value, at: At) -> v.Value:
    array, keys = of.array, list(key.values) if isinstance(key, v.Items) else [key]
    if array is None and of.of == "output" and not of.packed and len(keys) > 1 and keys[0] == v.EVERYTHING:
        array = of.call.output.turned([1, 0, 2])  # which axis is which is not known, but people say it so
    keys = _for_each_axis(keys, len(array.shape)) if array else []
    if array is None or not keys:
        return at.lose(of)
    axes = iter(range(len(array.shape)))
    array = array.turned([None if each == v.NONE else next(axes) for each in keys])
    places = [_picked(of, array, axis, keys, at) for axis in range(len(keys))]
    known = [each for each in places if each is not None]
    if len(known) < len(places):
        return at.lose(of)
    array = array.picked(known)
    if of.of == "output" and any(isinstance(each, v.Length) for each in keys):
        array = Array(array.shape, tuple((OWN, *label[1:]) for label in array.labels))
    new = replace(of, array=array)
    return new if of.step is not None else replace(new, node=at.node, plain=new.step is not None and _plain(new))


def _plain(step: v.Result) -> bool:
    """Whether a step is all features of each sequence: (B, D*R)."""
    return step.array is not None and step.array.shape == step.call.output.shape[1:] and step.array.along(1) == FEATURE


def _for_each_axis(keys: list[v.Value], rank: int) -> list[v.Value]:
    """A key for each axis, and one for each new axis; none where they don't fit."""
    dots = v.Constant(...)
    taking = sum(each not in (v.NONE, dots) for each in keys)
    if taking > rank or keys.count(dots) > 1:
        return []
    place = keys.index(dots) if dots in keys else len(keys)
    return [*keys[:place], *[v.EVERYTHING] * (rank - taking), *keys[place + 1 :]]


def _picked(of: v.Result, array: Array, axis: int, keys: list[v.Value], at: At) -> int | Sequence[int] | None:
    """The places of one axis that brackets pick, one of them as a number; None if that is not known."""
    key, size, what = keys[axis], array.shape[axis], array.along(axis)
    if key in (v.EVERYTHING, v.NONE) or size == 1:
        return range(size) if isinstance(key, v.Cut) or key == v.NONE else 0
    if what == SEQUENCE:
        return _of_batch(of, size, keys, key, at)
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
    (end,) = ends
    return None if end is None or end == size or what == FEATURE else range(size)[end]


def _of_batch(of: v.Result, size: int, keys: list[v.Value], key: v.Value, at: At) -> int | Sequence[int] | None:
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


def _of_data(of: v.Value, key: v.Value) -> v.Value:
    """A tensor of no module's: axes of one element, and an order, are what matters of it."""
    if isinstance(key, v.Order):
        return v.Data(order=key.name)
    keys = key.values if isinstance(key, v.Items) else (key,)
    axes = tuple("one" if each == v.NONE or _one(each) else "?" for each in keys)
    return v.Data(axes) if "one" in axes else v.UNKNOWN if isinstance(of, v.Symbol) else v.Data()


def _one(key: v.Value) -> bool:
    return isinstance(key, v.Cut) and (key.one or key.slice in (slice(-1, None), slice(None, 1), slice(0, 1)))


def dimension(of: v.Value, key: v.Value, node: Any) -> v.Value:
    """``of.size(key)``: a number by the name of what it counts."""
    array, place = of.array if isinstance(of, v.Result) else None, v.whole(key)
    if place is None:
        return v.UNKNOWN
    if array and -len(array.shape) <= place < len(array.shape):
        what = array.along(place % len(array.shape))
        step = "seq_len" if of.of == "output" else "rows"
        return v.Symbol(step if what == STEP else "batch_size" if what == SEQUENCE else "features")
    base = node.func if isinstance(node, ast.Call) else node
    return v.Symbol(f"{ast.unparse(base.value if isinstance(base, ast.Attribute) else base)}.size({place})")
