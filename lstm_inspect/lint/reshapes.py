"""Views, transposes and the like: where the axes of a result go, and where a view mixes sequences."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from lstm_inspect.lint import values as v
from lstm_inspect.lint.brackets import STATES, TIME_FIRST
from lstm_inspect.lint.numbers import Flag, both, flags, size
from lstm_inspect.lint.state import State
from lstm_inspect.lint.uses import At

_STEPS_MIXED: Final = "rows that hold steps of several sequences: output's first axis is time, not sequences"
_BATCHES: Final = re.compile(r"batch|(^|[._])bsz?$|(^|[._])[bB]$")


def listed(arguments: Sequence[v.Value]) -> Sequence[v.Value]:
    """Sizes or axes, given one by one or as a tuple."""
    return arguments[0].values if len(arguments) == 1 and isinstance(arguments[0], v.Items) else arguments


def sized(sizes: Sequence[v.Value]) -> v.Axes:
    """The axes of a tensor of such sizes, as far as a size or its name says what it counts."""
    return tuple("one" if each == v.Constant(1) else _counted(getattr(each, "text", "").lower()) for each in sizes)


def _counted(text: str) -> str:
    return "batch" if "batch" in text else "time" if "seq" in text or "time" in text else "?"


def turned(of: v.Result | v.Data, name: str, at: At) -> v.Value:
    """A transpose, a permutation, an axis more or less."""
    places = [v.whole(each) for each in listed(at.arguments)]
    known = [place for place in places if place is not None]
    axes = of.axes if len(known) == len(places) else None
    if isinstance(of, v.Data):
        sure = axes is not None and places and min(known) >= 0 and name != "squeeze"
        more = max(known) + (name != "unsqueeze") - len(of.axes) if sure else 0
        return v.Data((sure and _turned(of, name, known, (*of.axes, *"?" * more), at.state)) or (), of.random)
    axes = _turned(of, name, known, axes, at.state) if axes else None
    return at.lose(of) if axes is None else replace(of, axes=axes)


def _turned(of: v.Value, name: str, places: list[int], axes: v.Axes, state: State) -> v.Axes | None:
    if name == "unsqueeze" and len(places) == 1:
        at = places[0] if places[0] >= 0 else len(axes) + 1 + places[0]
        return (*axes[:at], "one", *axes[at:])
    if any(not -len(axes) <= place < len(axes) for place in places):
        return None
    if name == "permute":
        return tuple(axes[place] for place in places) if len(places) == len(axes) else None
    if name == "squeeze":
        return _squeezed(of, axes, places, state)
    if len(axes) < 2:
        return axes
    one, other = places if len(places) == 2 else (-1, -2)
    swapped = list(axes)
    swapped[one], swapped[other] = axes[other], axes[one]
    return tuple(swapped)


def _squeezed(of: v.Result, axes: v.Axes, places: list[int], state: State) -> v.Axes | None:
    """Without axes of one element; hn's rows are one in a module of one layer and one direction."""
    count = rows_of(of, state) if of.state else Flag(None)
    at = {place % len(axes) for place in places} or set(range(len(axes)))
    gone = {"one", "rows"} if count.value == 1 and not count.depends else {"one"}
    if places and (count.value is None or count.depends) and any(axes[place] == "rows" for place in at):
        return None
    return tuple(axis for place, axis in enumerate(axes) if place not in at or axis not in gone)


def rows_of(of: v.Result, state: State) -> Flag:
    """How many rows a tensor of states has; more than one where that depends on a flag."""
    if of.rows is not None:
        return Flag(len(of.rows) or None)
    directions, count = flags(of.call, state.assumed)
    if directions.value is None or (count.value is None and count.depends is None):
        return Flag(None)
    number = 2 if directions.value else 1
    if count.value == 1 and count.depends and not directions.depends:
        return Flag(number, count.depends if number == 1 else None)
    return Flag(number * (count.value or 2), both(directions, count))


def viewed(of: v.Result | v.Data, name: str, at: At) -> v.Value:
    """``view``, ``reshape``, ``flatten``: followed where the new axes are the old ones, said where sequences mix."""
    sizes = list(listed(at.arguments))
    if isinstance(of, v.Data):
        sizes = [] if name == "flatten" else sizes
        return v.Data(tuple("one" if each == v.Constant(1) else "?" for each in sizes), of.random)
    if name == "flatten":
        side_by_side = (
            of.state and (of.axes or ())[:2] == ("batch", "rows") and at.given(0, "start_dim") == v.Constant(1)
        )
        return at.consume(of) if side_by_side else at.lose(of)
    if of.axes and sizes and of.state:
        return _viewed_rows(of, sizes, at)
    if of.axes and sizes and of.of == "output":
        return _viewed_output(of, sizes, at)
    return of if of.of == "step" and of.axes and v.Constant(2) not in sizes else at.lose(of)


def _viewed_rows(of: v.Result, sizes: list[v.Value], at: At) -> v.Value:
    axes = of.axes or ()
    if axes == STATES and len(sizes) == 4 and of.rows is None:
        counted = sizes[0] == of.call.module.num_layers or v.whole(sizes[0]) == -1 or v.whole(sizes[1]) in (1, 2)
        return replace(of, axes=("layer", "direction", "batch", "features")) if counted else at.lose(of)
    if axes == STATES and _mixes(of, sizes, at.state):
        at.lose(of)
        return at.report("sequences-mixed", of.call, depends=rows_of(of, at.state).depends)
    if axes[:2] == ("batch", "rows") and len(sizes) == 2:
        return at.consume(of)  # each sequence's rows side by side
    return of if "rows" not in axes and "layer" not in axes else at.lose(of)


def _mixes(of: v.Result, sizes: list[v.Value], state: State) -> bool:
    """Whether sizes make rows of several sequences out of (rows, B, R)."""
    if (rows_of(of, state).value or 0) <= 1 or of.call.one_sequence:
        return False
    first, *rest = sizes
    rest = [each for each in rest if each != v.Constant(1)]
    if not rest:
        return False
    wide = _several_wide(of, rest[-1])
    open_or_wide = wide or v.whole(rest[-1]) == -1
    if len(rest) == 1:
        return (is_batch(first, of.call, rows=True) and open_or_wide) or (v.whole(first) == -1 and wide)
    two_ways, _ = flags(of.call, state.assumed)
    fewer = first == of.call.module.num_layers and two_ways.value and not two_ways.depends
    return len(rest) == 2 and is_batch(rest[0], of.call) and open_or_wide and (v.whole(first) == 1 or bool(fewer))


def _several_wide(of: v.Result, value: v.Value) -> bool:
    """Whether a size is two or more times the features of one row."""
    one, wide = size(of.call.module.hidden_size), size(value)
    if one is None or wide is None or of.call.module.proj_size != v.Constant(0):
        return False
    return one.names == wide.names and one.times > 0 and wide.times / one.times in (2, 3, 4, 6, 8)


def _viewed_output(of: v.Result, sizes: list[v.Value], at: At) -> v.Value:
    axes, call = of.axes or (), of.call
    if axes == TIME_FIRST and is_batch(sizes[0], call) and len(sizes) <= 4:
        at.lose(of)
        return v.Data() if call.alone else at.report("sequences-mixed", call, what=_STEPS_MIXED)
    four = len(axes) == 3 and len(sizes) == 4
    if four and v.whole(sizes[3]) == 2 and not of.mixed:
        two_ways, _ = flags(call, at.state.assumed)
        hidden = size(sizes[2])
        wide = v.whole(sizes[2]) == -1 or (hidden is not None and hidden == size(call.module.hidden_size))
        at.lose(of)
        return (
            at.report("directions-interleaved", call, depends=two_ways.depends) if two_ways.value and wide else v.Data()
        )
    if four and v.whole(sizes[2]) == 2:
        return replace(of, axes=(*axes[:2], "direction", "half"))
    kept = len(axes) == len(sizes) == 3 and v.Constant(1) not in sizes[:2]
    return of if kept else at.lose(of)


def is_batch(value: v.Value, call: v.Call, *, rows: bool = False) -> bool:
    """Whether a number's name says that it counts the sequences; of rows, a length of a list can be nothing else."""
    if not isinstance(value, v.Symbol) or value.negated:
        return False
    name, first = value.text, call.module.batch_first
    if name.endswith((".size(0)", ".size(1)")):
        return isinstance(first, v.Constant) and name.endswith(".size(0)") is bool(first.value)
    return (bool(_BATCHES.search(name)) or (rows and name.startswith("len("))) and "first" not in name
