"""Brackets: which step of output, or which rows of hn, ``tensor[key]`` picks."""

import ast
from dataclasses import replace
from typing import Any, Final, TypeAlias

from lstm_inspect.lint import values as v
from lstm_inspect.lint.uses import At

BATCH_FIRST: Final = ("batch", "time", "features")
TIME_FIRST: Final = ("time", "batch", "features")
STATES: Final = ("rows", "batch", "features")
_COUNTS: Final = {"batch": "batch_size", "time": "seq_len", "rows": "rows"}
_Picks: TypeAlias = list[tuple[str | None, v.Value]]
"""Each axis with what brackets pick from it; an axis of None is a new one."""


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
    return replace(pair, of=of, axes=STATES, node=node, tempting=tempting)


def _picks(axes: v.Axes | None, key: v.Value) -> _Picks | None:
    keys = list(key.values) if isinstance(key, v.Items) else [key]
    taking = sum(each not in (v.NONE, v.Constant(...)) for each in keys)
    if axes is None or taking > len(axes) or keys.count(v.Constant(...)) > 1:
        return None
    if v.Constant(...) in keys:
        place = keys.index(v.Constant(...))
        keys[place : place + 1] = [v.EVERYTHING] * (len(axes) - taking)
    left = iter(axes)
    picks: _Picks = [(None if each == v.NONE else next(left), each) for each in keys]
    return [*picks, *((axis, v.EVERYTHING) for axis in left)]


def _at(key: v.Value) -> str | None:
    """Which step a key picks, if it picks one of those that matter."""
    if isinstance(key, v.Length):
        return "length" if key.less else None
    if isinstance(key, v.Cut) and key.slice not in (slice(-1, None), slice(None, 1), slice(0, 1)):
        return None
    start = v.whole(key.ends[0]) or 0 if isinstance(key, v.Cut) else v.whole(key)
    return {-1: "last", 0: "first"}.get(start) if start is not None else None


def _of_result(of: v.Result, key: v.Value, at: At) -> v.Value:  # noqa: C901 - a case a kind of axis
    """Axis by axis: a step of time, rows of the state, a sequence of the batch."""
    several = isinstance(key, v.Items)
    assumed = BATCH_FIRST if of.of == "output" and several and key.values and key.values[0] == v.EVERYTHING else None
    picks = None if of.packed else _picks(of.axes or assumed, key)
    if picks is None:
        return at.lose(of)
    new, kept = of, []
    for axis, pick in picks:
        if axis is None or pick == v.EVERYTHING:
            kept.append(axis or "one")
        elif axis == "time" and of.of == "output" and (step := _at(pick)):
            new = replace(new, of="step", at=step)
            kept += ["one"] if isinstance(pick, v.Cut) else []
        elif of.state and (rows := _rows(axis, new.rows, pick)):
            new = replace(new, rows=rows)
            kept += [axis] if isinstance(pick, v.Cut) else []
        elif axis == "batch" and of.of == "output" and _is_last_sequence(of, pick, picks, at, sure=several):
            return v.Data()
        elif axis == "batch":
            kept += _of_batch(of, pick, picks)
        elif axis != "one":
            at.lose(of)
            return v.Data()
        else:
            kept += ["one"] if isinstance(pick, v.Cut) and of.of == "step" else []
    if new.of == "step" and of.call.one_step:
        at.lose(of)
        return v.Data()
    node = of.node if of.of == "step" else at.node
    return replace(new, axes=None if "?" in kept else tuple(kept), node=node)


def _of_batch(of: v.Result, pick: v.Value, picks: _Picks) -> list[str]:
    """What brackets leave of the batch axis; "?" if they may leave it."""
    if isinstance(pick, v.Cut | v.Order) or (of.state and v.whole(pick) is None):
        return ["batch"]
    timed = any(axis == "time" and _at(key) for axis, key in picks)
    return [] if timed or of.of != "output" or v.whole(pick) is not None else ["?"]


def _is_last_sequence(of: v.Result, pick: v.Value, picks: _Picks, at: At, *, sure: bool) -> bool:
    """Whether the last sequence is taken for the last step.

    Args:
        sure: several axes are indexed; ``output[-1]`` alone is right of a single sequence without a batch axis.
    """
    if isinstance(pick, v.Order) and of.call.order == pick.name and not pick.inverse:
        at.report("order-not-restored", of.call)
    last = v.whole(pick) == -1 and all(key == v.EVERYTHING for axis, key in picks if axis not in ("batch", None))
    if last:
        at.lose(of)
        if not of.call.alone and of.axes is not None:
            at.report("last-sequence", of.call, likely=not sure)
    return last


def _rows(axis: str, rows: tuple[int, ...] | None, pick: v.Value) -> tuple[int, ...] | None:
    """The rows that a key picks; None if that is not known."""
    place, cut = v.whole(pick), pick.slice if isinstance(pick, v.Cut) else None
    if axis == "layer":
        return {-1: (-2, -1), 0: (0, 1)}.get(place) if place is not None and rows is None else None
    if axis not in ("rows", "direction") or (place is None and cut is None):
        return None
    if rows is not None:
        return rows[cut] if cut else rows[place : place + 1 or None] if place is not None else None
    if axis == "direction":
        return None
    return _cut_rows(cut) if cut else None if place is None else (place,)


def _cut_rows(cut: slice) -> tuple[int, ...] | None:
    """``[-2:]`` and ``[:2]``; other cuts are not followed."""
    lower, upper = cut.start or 0, cut.stop
    if cut.step is not None or (upper is not None and not 0 <= lower < upper):
        return None
    return tuple(range(lower, upper or 0)) or None


def _of_data(of: v.Value, key: v.Value) -> v.Value:
    """A tensor of no module's: axes of one element, and an order, are what matters of it."""
    if isinstance(key, v.Order):
        return v.Data(order=key.name)
    keys = key.values if isinstance(key, v.Items) else (key,)
    axes = tuple("one" if each == v.NONE or _one(each) else "?" for each in keys)
    return v.Data(axes) if "one" in axes else v.UNKNOWN if isinstance(of, v.Symbol) else v.Data()


def _one(key: v.Value) -> bool:
    return isinstance(key, v.Cut) and (key.one or _at(key) is not None)


def dimension(of: v.Value, key: v.Value, node: Any) -> v.Value:
    """``of.size(key)``: a number by the name of what it counts."""
    axes, place = of.axes if isinstance(of, v.Result) else None, v.whole(key)
    if place is None:
        return v.UNKNOWN
    if axes and -len(axes) <= place < len(axes):
        return v.Symbol(_COUNTS.get(axes[place], "features"))
    base = node.func if isinstance(node, ast.Call) else node
    return v.Symbol(f"{ast.unparse(base.value if isinstance(base, ast.Attribute) else base)}.size({place})")
