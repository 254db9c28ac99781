"""Views, transposes and the like: where the axes of a result go, and where a view mixes sequences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from lstm_inspect.lint.constructions import Flag, layers, truth
from lstm_inspect.lint.follow import Follower
from lstm_inspect.lint.state import State
from lstm_inspect.lint.values import (
    UNKNOWN,
    Call,
    Constant,
    Data,
    Items,
    Output,
    Rows,
    Size,
    Step,
    Value,
    size,
    whole,
)

TURNS: Final = ("transpose", "swapaxes", "permute", "t", "T", "mT", "squeeze", "unsqueeze")
_BATCHES: Final = re.compile(r"batch|(^|[._])bsz?$|(^|[._])[bB]$")


def turned(of: Any, name: str, arguments: Sequence[Value], walker: Follower, state: State) -> Value:
    """A transpose, a permutation, an axis more or less."""
    axes = _turned(of, name, arguments, state) if of.axes else None
    if axes is None:
        walker.uses.escape(of, state)
        return UNKNOWN
    return replace(of, axes=axes)


def _turned(of: Any, name: str, arguments: Sequence[Value], state: State) -> tuple[str, ...] | None:
    axes: tuple[str, ...] = of.axes
    given = arguments[0].values if len(arguments) == 1 and isinstance(arguments[0], Items) else arguments
    places = [whole(each) for each in given]
    if any(place is None for place in places):
        return None
    known = [place for place in places if place is not None]
    if name == "unsqueeze" and len(known) == 1:
        at = known[0] if known[0] >= 0 else len(axes) + 1 + known[0]
        return (*axes[:at], "one", *axes[at:])
    if any(not -len(axes) <= place < len(axes) for place in known):
        return None
    if name == "permute":
        return tuple(axes[place] for place in known) if len(known) == len(axes) else None
    if name in ("transpose", "swapaxes", "t", "T", "mT"):
        one, other = known if len(known) == 2 else (0, 1) if name in ("t", "T") and len(axes) == 2 else (-1, -2)
        swapped = list(axes)
        swapped[one], swapped[other] = axes[other], axes[one]
        return tuple(swapped)
    return _squeezed(of, axes, known, state)


def _squeezed(of: Any, axes: tuple[str, ...], places: list[int], state: State) -> tuple[str, ...] | None:
    """Without axes of one element; hn's rows are one in a module of one layer and one direction."""
    count = rows_of(of, state) if isinstance(of, Rows) else Flag(None)
    at = {place % len(axes) for place in places} or set(range(len(axes)))
    if not places and ("rows" not in axes or count.value != 1 or count.depends):
        return tuple(axis for axis in axes if axis != "one")
    gone = {place for place in at if axes[place] == "one" or (axes[place] == "rows" and count.value == 1)}
    if any(axes[place] == "rows" and (count.value is None or count.depends) for place in at):
        return None
    return tuple(axis for place, axis in enumerate(axes) if place not in gone)


def rows_of(of: Rows, state: State) -> Flag:
    """How many rows a tensor of states has."""
    if of.rows is not None:
        return Flag(len(of.rows) or None)
    directions = truth(of.call.module.bidirectional, state.assumed)
    count = layers(of.call.module.num_layers, state.assumed)
    depends = " and ".join(each for each in (directions.depends, count.depends) if each) or None
    if directions.value is None:
        return Flag(None)
    number = 2 if directions.value else 1
    if count.value is None:
        return Flag(2 * number, depends) if count.depends else Flag(None)
    if count.value == 1 and not directions.depends and count.depends:
        return Flag(number, count.depends if number == 1 else None)
    return Flag(number * count.value, depends)


def viewed(
    of: Any, name: str, arguments: list[Value], named: dict[str, Value], walker: Follower, state: State, node: Any
) -> Value:
    """``view``, ``reshape``, ``flatten``: followed where the new axes are the old ones, said where sequences mix."""
    sizes = list(arguments[0].values) if len(arguments) == 1 and isinstance(arguments[0], Items) else arguments
    if name == "flatten":
        sizes = []
        start = whole(arguments[0] if arguments else named.get("start_dim", Constant(0)))
        if isinstance(of, Rows) and of.axes and of.axes[:2] == ("batch", "rows") and start == 1:
            return _joined(of, walker, state)
    if isinstance(of, Rows) and of.axes is not None and sizes:
        return _viewed_rows(of, sizes, walker, state, node)
    if isinstance(of, Output) and of.axes is not None and sizes:
        return _viewed_output(of, sizes, walker, state, node)
    if isinstance(of, Step) and of.axes and not any(whole(each) == 2 for each in sizes):
        return of
    walker.uses.escape(of, state)
    return UNKNOWN


def _joined(of: Rows, walker: Follower, state: State) -> Value:
    """Each sequence's rows side by side."""
    walker.uses.consume(of, state)
    return Data()


def _viewed_rows(of: Rows, sizes: list[Value], walker: Follower, state: State, node: Any) -> Value:
    axes = of.axes or ()
    if axes == ("rows", "batch", "features"):
        if len(sizes) == 4:
            if _counts_layers(of, sizes, state):
                return replace(of, axes=("layer", "direction", "batch", "features"))
        elif _mixes(of, sizes, state):
            count = rows_of(of, state)
            walker.uses.report("sequences-mixed", node, of.call, state, depends=count.depends)
            walker.uses.escape(of, state)
            return Data()
    if axes[:2] == ("batch", "rows") and len(sizes) == 2:
        return _joined(of, walker, state)
    if "rows" not in axes and "layer" not in axes:
        return of
    walker.uses.escape(of, state)
    return UNKNOWN


def _counts_layers(of: Rows, sizes: list[Value], state: State) -> bool:
    """Whether four sizes are (L, D, B, H)."""
    return of.rows is None and (
        sizes[0] == of.call.module.num_layers or whole(sizes[0]) == -1 or whole(sizes[1]) in (1, 2)
    )


def _mixes(of: Rows, sizes: list[Value], state: State) -> bool:
    """Whether sizes make rows of several sequences out of (rows, B, R)."""
    count = rows_of(of, state)
    if (count.value or 0) <= 1 or of.call.one_sequence:
        return False
    sizes = [each for place, each in enumerate(sizes) if place == 0 or each != Constant(1)]
    last = sizes[-1]
    if len(sizes) == 2:
        wide = whole(last) == -1 or _several_wide(of, last)
        return (is_batch(sizes[0], of.call, rows=True) and wide) or (whole(sizes[0]) == -1 and _several_wide(of, last))
    if len(sizes) == 3 and is_batch(sizes[1], of.call):
        fewer = whole(sizes[0]) == 1 or (sizes[0] == of.call.module.num_layers and _doubled(of, state))
        return fewer and (whole(last) == -1 or _several_wide(of, last))
    return False


def _doubled(of: Rows, state: State) -> bool:
    flag = truth(of.call.module.bidirectional, state.assumed)
    return bool(flag.value) and flag.depends is None


def _several_wide(of: Rows, value: Value) -> bool:
    """Whether a size is two or more times the features of one row."""
    one, wide = size(of.call.module.hidden_size), size(value)
    if one is None or wide is None or of.call.module.proj_size != Constant(0):
        return False
    return one.names == wide.names and one.times > 0 and wide.times / one.times in (2, 3, 4, 6, 8)


def _viewed_output(of: Output, sizes: list[Value], walker: Follower, state: State, node: Any) -> Value:
    axes = of.axes or ()
    if axes == ("time", "batch", "features") and is_batch(sizes[0], of.call) and len(sizes) <= 4:
        if not (of.call.one_step or of.call.one_sequence):
            walker.uses.report("sequences-mixed", node, of.call, state)
        walker.uses.escape(of, state)
        return Data()
    if len(axes) == 3 and len(sizes) == 4 and whole(sizes[3]) == 2 and _is_row(of.call, sizes[2]) and not of.mixed:
        _interleaved(of, walker, state, node)
        return Data()
    if len(axes) == 3 and len(sizes) == 4 and whole(sizes[2]) == 2:
        return replace(of, axes=(*axes[:2], "direction", "half"))
    if len(axes) == 3 and len(sizes) == 3 and not any(whole(each) == 1 for each in sizes[:2]):
        return of
    walker.uses.escape(of, state)
    return UNKNOWN


def _interleaved(of: Output, walker: Follower, state: State, node: Any) -> None:
    directions = truth(of.call.module.bidirectional, state.assumed)
    if directions.value:
        walker.uses.report("directions-interleaved", node, of.call, state, depends=directions.depends)
    walker.uses.escape(of, state)


def _is_row(call: Call, value: Value) -> bool:
    """Whether a number is H, or left for torch to work out."""
    known = size(value)
    return whole(value) == -1 or (known is not None and known == size(call.module.hidden_size))


def is_batch(value: Value, call: Call, *, rows: bool = False) -> bool:
    """Whether a number's name says that it counts the sequences; of rows, a length of a list can be nothing else."""
    known = size(value)
    if not isinstance(known, Size) or len(known.names) != 1 or known.times != 1:
        return False
    name = known.names[0]
    if name.endswith((".size(0)", ".size(1)")):
        first = call.module.batch_first
        return isinstance(first, Constant) and name.endswith(".size(0)") is bool(first.value)
    return (bool(_BATCHES.search(name)) or (rows and name.startswith("len("))) and "first" not in name
