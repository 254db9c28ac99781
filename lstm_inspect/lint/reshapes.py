"""Views, transposes and the like: really done on a result's sample, and said where a view mixes sequences."""

import re
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any, Final

from lstm_inspect.lint import values as v
from lstm_inspect.lint.arrays import FEATURES, ROW, SEQUENCE, STEP, Array
from lstm_inspect.lint.numbers import Flag, both, flags, times
from lstm_inspect.lint.state import State
from lstm_inspect.lint.uses import At

_STEPS_MIXED: Final = "rows that hold steps of several sequences: output's first axis is time, not sequences"
_APART: Final = "rows of one direction each, forward and reverse in turn: a row of output is both, side by side"
_BATCHES: Final = re.compile(r"batch|(^|[._])bsz?$|(^|[._])[bB]$")


def listed(arguments: Sequence[v.Value]) -> Sequence[v.Value]:
    """Sizes or axes, given one by one or as a tuple."""
    return arguments[0].values if len(arguments) == 1 and isinstance(arguments[0], v.Items) else arguments


def sized(sizes: Sequence[v.Value]) -> tuple[str, ...]:
    """The axes of a tensor of such sizes, as far as a size or its name says what it counts."""
    return tuple("one" if each == v.Constant(1) else _counted(getattr(each, "text", "").lower()) for each in sizes)


def _counted(text: str) -> str:
    return "batch" if "batch" in text else "time" if "seq" in text or "time" in text else "?"


def turned(of: v.Result, name: str, at: At) -> v.Value:
    """A transpose, a permutation, an axis more or less."""
    places = [v.whole(each) for each in listed(at.arguments)]
    known = [place for place in places if place is not None]
    order = _order(of, of.array, name, known) if of.array and len(known) == len(places) else None
    return replace(of, array=of.array.turned(order)) if of.array and order is not None else at.lose(of)


def _order(of: v.Result, array: Array, name: str, places: list[int]) -> list[int | None] | None:
    """Which axes stand one behind the other then; None among them for a new one."""
    rank = len(array.shape)
    order: list[int | None] = list(range(rank))
    if name == "unsqueeze" and len(places) == 1:
        order.insert(places[0] % (rank + 1), None)
        return order
    if any(not -rank <= place < rank for place in places):
        return None
    if name == "permute":
        return [order[place] for place in places] if len(places) == rank else None
    if name == "squeeze":
        opens = any(_may_be_one(of, array.along(place % rank)) for place in places)
        asked = {place % rank for place in places} or set(range(rank))
        return None if opens else [axis for axis in order if axis not in asked or array.shape[axis] > 1]
    if rank > 1:
        one, other = places if len(places) == 2 else (-1, -2)
        order[one], order[other] = order[other], order[one]
    return order


def _may_be_one(of: v.Result, what: int | None) -> bool:
    """Whether an axis may have one element where the sample has more: rows, steps, or the sequences of output."""
    return what == STEP or (what == SEQUENCE and of.of == "output" and of.step is None)


def axis_of(of: v.Result, given: v.Value) -> int | None:
    """The axis that a number names, counted from 0."""
    rank, place = len(of.array.shape) if of.array else 0, v.whole(given)
    return place % rank if place is not None and -rank <= place < rank else None


def several_rows(of: v.Result, state: State) -> Flag:
    """Whether a tensor of states has more than one row, and on which flags that depends."""
    if of.array is None or not of.every_row:
        return Flag(of.array is not None and len(of.array.all(ROW)) > 1)
    more = [flag for flag in flags(of.call, state.assumed) if flag.several]
    return Flag(bool(more), both(*more) if all(flag.depends for flag in more) else None)


def viewed(of: v.Result, name: str, at: At) -> v.Value:
    """``view``, ``reshape``, ``flatten``: done where the sizes are known, and said where sequences mix."""
    sizes = list(listed(at.arguments))
    start = axis_of(of, at.given(0, "start_dim", default=v.Constant(0)))
    if of.array and name == "flatten" and start is not None and len(at.arguments) < 2:
        return replace(of, array=of.array.viewed([*of.array.shape[:start], prod(of.array.shape[start:])]))
    shape = _shape(of, of.array, sizes) if of.array and sizes and name != "flatten" else None
    if of.array is None or shape is None:
        return at.lose(of)
    new = replace(of, array=of.array.viewed(shape))
    two_ways, _ = flags(of.call, at.state.assumed)
    whole_steps = not of.state and two_ways.value and not of.mixed
    mistake, facts = "", dict[str, Any]()
    if of.state and several_rows(of, at.state).value and _mixes(new, sizes):
        mistake, facts = "sequences-mixed", {"depends": several_rows(of, at.state).depends}
    elif not of.state and of.array.along(0) == STEP and _mixes(new, sizes):
        mistake, facts = "sequences-mixed", {"what": _STEPS_MIXED}
    elif whole_steps and shape[2:] == [FEATURES, 2]:
        mistake, facts = "directions-interleaved", {"depends": two_ways.depends}
    elif whole_steps and shape[1:] == [FEATURES] and v.whole(sizes[0]) == -1 and of.array.shape[-1] > FEATURES:
        mistake, facts = "directions-interleaved", {"depends": two_ways.depends, "what": _APART, "likely": True}
    if not mistake:
        return new
    at.lose(of)
    return at.report(mistake, of.call, **facts)


def _shape(of: v.Result, array: Array, sizes: list[v.Value]) -> list[int] | None:
    """The sizes of a view, as the sample has them; None if they can't be told."""
    shape, two_ways = [_size(each, of) for each in sizes], of.call.directions
    if shape.count(None) > 1:  # then the axes are taken to stay, but for one that comes apart
        rows, *others = array.shape
        apart = [max(rows // two_ways, 1), two_ways, *others] if of.state else [*array.shape[:-1], two_ways, FEATURES]
        usual = next((each for each in (list(array.shape), apart) if len(each) == len(sizes)), shape)
        pairs = zip(shape, sizes, usual, strict=True)
        shape = [other if one is None and v.whole(size) != -1 else one for one, size, other in pairs]
    known = [each for each in shape if each is not None]
    rest, left = divmod(len(array.labels), prod(known))
    fits = not left and (len(shape) == len(known) + 1 or (len(shape) == len(known) and rest == 1))
    return [rest if each is None else each for each in shape] if fits else None


def _size(size: v.Value, of: v.Result) -> int | None:
    """One size of a view; None if it is open, or is not known."""
    call, whole, wide = of.call, v.whole(size), times(size, of.call.module.width)
    if whole in (1, -1):
        return 1 if whole == 1 else None
    if wide is not None and wide > 0 and not of.mixed:
        return wide * FEATURES
    if is_batch(size, of):
        return call.output.shape[1]
    if isinstance(size, v.Symbol) and size.text in ("seq_len", "rows", "features"):  # as dimension calls them
        shape = (call.states if of.state else call.output).shape
        return shape[2] if size.text == "features" else shape[0]
    if of.state:
        return call.states.shape[0] // call.directions if size == call.module.num_layers else None
    return 2 if whole == 2 and not of.mixed else None


def _mixes(of: v.Result, sizes: list[v.Value]) -> bool:
    """Whether a view makes rows of several sequences: along an axis that is called batch, or where rows are opened."""
    array = of.array
    named = next((place for place, each in enumerate(sizes) if is_batch(each, of)), None)
    wide = [size for size in array.shape[1:] if size > 1] if array else []
    if of.state and v.whole(sizes[0]) == -1 and len(wide) == 1 and wide[0] > FEATURES:
        named = 0
    if array is None or named is None:
        return False
    row = array.picked([0 if axis == named else range(size) for axis, size in enumerate(array.shape)])
    return len(row.all(SEQUENCE)) > 1


def is_batch(value: v.Value, of: v.Result) -> bool:
    """Whether a number's name says that it counts the sequences; of rows, a length of a list can be nothing else."""
    if not isinstance(value, v.Symbol) or value.negated:
        return False
    name, first = value.text, of.call.module.batch_first
    if name.endswith((".size(0)", ".size(1)")):
        return isinstance(first, v.Constant) and name.endswith(".size(0)") is bool(first.value)
    return (bool(_BATCHES.search(name)) or (of.state and name.startswith("len("))) and "first" not in name
