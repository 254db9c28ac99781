"""Views, transposes and the like: where the axes of a result go, and where a view mixes sequences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from lstm_inspect.lint import values as v
from lstm_inspect.lint.brackets import STATES, TIME_FIRST
from lstm_inspect.lint.constructions import Flag, layers, truth
from lstm_inspect.lint.follow import At
from lstm_inspect.lint.state import State

TURNS: Final = ("transpose", "swapaxes", "permute", "t", "T", "mT", "squeeze", "unsqueeze")
VIEWS: Final = ("view", "reshape", "flatten")
_STEPS_MIXED: Final = "rows that hold steps of several sequences: output's first axis is time, not sequences"
_BATCHES: Final = re.compile(r"batch|(^|[._])bsz?$|(^|[._])[bB]$")


def turned(of: Any, name: str, at: At) -> v.Value:
    """A transpose, a permutation, an axis more or less."""
    places = [v.whole(each) for each in _listed(at.arguments)]
    known = [place for place in places if place is not None]
    axes = _turned(of, name, known, at.state) if of.axes and len(known) == len(places) else None
    return at.lose(of) if axes is None else replace(of, axes=axes)


def _listed(arguments: Sequence[v.Value]) -> Sequence[v.Value]:
    """Sizes or axes, given one by one or as a tuple."""
    return arguments[0].values if len(arguments) == 1 and isinstance(arguments[0], v.Items) else arguments


def _turned(of: Any, name: str, places: list[int], state: State) -> tuple[str, ...] | None:
    axes: tuple[str, ...] = of.axes
    if name == "unsqueeze" and len(places) == 1:
        at = places[0] if places[0] >= 0 else len(axes) + 1 + places[0]
        return (*axes[:at], "one", *axes[at:])
    if any(not -len(axes) <= place < len(axes) for place in places):
        return None
    if name == "permute":
        return tuple(axes[place] for place in places) if len(places) == len(axes) else None
    if name == "squeeze":
        return _squeezed(of, axes, places, state)
    one, other = places if len(places) == 2 else (-1, -2)
    swapped = list(axes)
    swapped[one], swapped[other] = axes[other], axes[one]
    return tuple(swapped)


def _squeezed(of: Any, axes: tuple[str, ...], places: list[int], state: State) -> tuple[str, ...] | None:
    """Without axes of one element; hn's rows are one in a module of one layer and one direction."""
    count = rows_of(of, state) if isinstance(of, v.Rows) else Flag(None)
    at = {place % len(axes) for place in places} or set(range(len(axes)))
    single = count.value == 1 and not count.depends
    if places and not single and any(axes[place] == "rows" for place in at) and (count.value is None or count.depends):
        return None
    gone = {place for place in at if axes[place] == "one" or (axes[place] == "rows" and single)}
    return tuple(axis for place, axis in enumerate(axes) if place not in gone)


def rows_of(of: v.Rows, state: State) -> Flag:
    """How many rows a tensor of states has; more than one where that depends on a flag."""
    if of.rows is not None:
        return Flag(len(of.rows) or None)
    directions = truth(of.call.module.bidirectional, state.assumed)
    count = layers(of.call.module.num_layers, state.assumed)
    depends = " and ".join(each for each in (directions.depends, count.depends) if each) or None
    if directions.value is None or (count.value is None and count.depends is None):
        return Flag(None)
    number = 2 if directions.value else 1
    if count.value == 1 and count.depends and not directions.depends:
        return Flag(number, count.depends if number == 1 else None)
    return Flag(number * (count.value or 2), depends)


def of_data(data: v.Data, name: str, at: At) -> v.Data | None:
    """Where the axes of one element of another tensor go; None if its axes stay as they are."""
    given = _listed(at.arguments)
    places = [v.whole(each) for each in given]
    if name == "unsqueeze" and places and places[0] is not None and places[0] >= 0:
        new = places[0]
        return v.Data(frozenset({new, *(one + (one >= new) for one in data.ones)}), data.random)
    if name in VIEWS:
        return v.Data(frozenset(place for place, each in enumerate(given) if each == v.Constant(1)), data.random)
    if name == "transpose" and None not in places and len(places) == 2:
        swap = {places[0]: places[1], places[1]: places[0]}
        return v.Data(frozenset(swap.get(one, one) or 0 for one in data.ones), data.random)
    if name == "permute":
        return v.Data(frozenset(new for new, old in enumerate(places) if old in data.ones), data.random)
    return v.Data(random=data.random) if name in TURNS else None


def viewed(of: Any, name: str, at: At) -> v.Value:
    """``view``, ``reshape``, ``flatten``: followed where the new axes are the old ones, said where sequences mix."""
    sizes = list(_listed(at.arguments))
    if name == "flatten":
        start = v.whole(at.given(0, "start_dim"))
        joins = isinstance(of, v.Rows) and of.axes and of.axes[:2] == ("batch", "rows") and start == 1
        return _joined(of, at) if joins else at.lose(of)
    if isinstance(of, v.Rows) and of.axes and sizes:
        return _viewed_rows(of, sizes, at)
    if isinstance(of, v.Output) and of.axes and sizes:
        return _viewed_output(of, sizes, at)
    known = isinstance(of, v.Step) and of.axes and not any(v.whole(each) == 2 for each in sizes)
    return of if known else at.lose(of)


def _joined(of: v.Rows, at: At) -> v.Value:
    """Each sequence's rows side by side."""
    at.consume(of)
    return v.Data()


def _viewed_rows(of: v.Rows, sizes: list[v.Value], at: At) -> v.Value:
    axes = of.axes or ()
    if axes == STATES and len(sizes) == 4 and of.rows is None:
        counted = sizes[0] == of.call.module.num_layers or v.whole(sizes[0]) == -1 or v.whole(sizes[1]) in (1, 2)
        return replace(of, axes=("layer", "direction", "batch", "features")) if counted else at.lose(of)
    if axes == STATES and _mixes(of, sizes, at.state):
        at.report("sequences-mixed", of.call, depends=rows_of(of, at.state).depends)
        at.lose(of)
        return v.Data()
    if axes[:2] == ("batch", "rows") and len(sizes) == 2:
        return _joined(of, at)
    return of if "rows" not in axes and "layer" not in axes else at.lose(of)


def _mixes(of: v.Rows, sizes: list[v.Value], state: State) -> bool:
    """Whether sizes make rows of several sequences out of (rows, B, R)."""
    if (rows_of(of, state).value or 0) <= 1 or of.call.one_sequence:
        return False
    sizes = [each for place, each in enumerate(sizes) if place == 0 or each != v.Constant(1)]
    wide = _several_wide(of, sizes[-1])
    open_or_wide = wide or v.whole(sizes[-1]) == -1
    if len(sizes) == 2:
        return (is_batch(sizes[0], of.call, rows=True) and open_or_wide) or (v.whole(sizes[0]) == -1 and wide)
    if len(sizes) == 3 and is_batch(sizes[1], of.call):
        both = truth(of.call.module.bidirectional, state.assumed)
        fewer = sizes[0] == of.call.module.num_layers and both.value and not both.depends
        return open_or_wide and (v.whole(sizes[0]) == 1 or bool(fewer))
    return False


def _several_wide(of: v.Rows, value: v.Value) -> bool:
    """Whether a size is two or more times the features of one row."""
    one, wide = v.size(of.call.module.hidden_size), v.size(value)
    if one is None or wide is None or of.call.module.proj_size != v.Constant(0):
        return False
    return one.names == wide.names and one.times > 0 and wide.times / one.times in (2, 3, 4, 6, 8)


def _viewed_output(of: v.Output, sizes: list[v.Value], at: At) -> v.Value:
    axes, call = of.axes or (), of.call
    if axes == TIME_FIRST and is_batch(sizes[0], call) and len(sizes) <= 4:
        if not call.alone:
            at.report("sequences-mixed", call, what=_STEPS_MIXED)
        at.lose(of)
        return v.Data()
    if len(axes) == 3 and len(sizes) == 4 and v.whole(sizes[3]) == 2 and not of.mixed:
        both = truth(call.module.bidirectional, at.state.assumed)
        hidden = v.size(sizes[2]) == v.size(call.module.hidden_size) and v.size(sizes[2]) is not None
        if both.value and (hidden or v.whole(sizes[2]) == -1):
            at.report("directions-interleaved", call, depends=both.depends)
        at.lose(of)
        return v.Data()
    if len(axes) == 3 and len(sizes) == 4 and v.whole(sizes[2]) == 2:
        return replace(of, axes=(*axes[:2], "direction", "half"))
    kept = len(axes) == len(sizes) == 3 and not any(v.whole(each) == 1 for each in sizes[:2])
    return of if kept else at.lose(of)


def is_batch(value: v.Value, call: v.Call, *, rows: bool = False) -> bool:
    """Whether a number's name says that it counts the sequences; of rows, a length of a list can be nothing else."""
    known = v.size(value)
    if known is None or len(known.names) != 1 or known.times != 1:
        return False
    name = known.names[0]
    if name.endswith((".size(0)", ".size(1)")):
        first = call.module.batch_first
        return isinstance(first, v.Constant) and name.endswith(".size(0)") is bool(first.value)
    return (bool(_BATCHES.search(name)) or (rows and name.startswith("len("))) and "first" not in name
