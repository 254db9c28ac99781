"""Brackets: which step of output, or which rows of hn, ``tensor[key]`` picks."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any, Final

from lstm_inspect.lint import values as v
from lstm_inspect.lint.follow import At

BATCH_FIRST: Final = ("batch", "time", "features")
TIME_FIRST: Final = ("time", "batch", "features")
STATES: Final = ("rows", "batch", "features")
_COUNTS: Final = {"batch": "batch_size", "time": "seq_len", "rows": "rows"}
_Picks = list[tuple[str | None, v.Value]]
"""Each axis with what brackets pick from it; an axis of None is a new one."""


def indexed(of: v.Value, key: v.Value, at: At) -> v.Value:  # noqa: C901, PLR0911 - a case a kind of value
    """``of[key]``"""
    match of:
        case v.Items():
            return _item(of, key)
        case v.Pair():
            which = v.whole(key)
            return of_pair(of, which, at.node) if which in (0, 1, -1, -2) else at.lose(of)
        case v.Length():
            return of
        case v.Output(packed=True):
            return at.lose(of)
        case v.Output():
            return _of_output(of, key, at)
        case v.Step():
            return _of_step(of, key, at)
        case v.Rows():
            return _of_rows(of, key, at)
        case v.Data() | v.Symbol():
            return _of_data(of, key)
    at.consume(key)
    return v.UNKNOWN


def _item(of: v.Items, key: v.Value) -> v.Value:
    place = v.whole(key)
    if not of.open and place is not None and -len(of.values) <= place < len(of.values):
        return of.values[place]
    if not of.open and isinstance(key, v.Cut) and key.slice is not None:
        return v.Items(of.values[key.slice])
    return v.alternatives(*of.values) if of.open or place is None else v.UNKNOWN


def of_pair(pair: v.Pair, which: int | None, node: ast.AST) -> v.Rows:
    """hn or cn out of the pair."""
    return v.Rows(pair.call, "cn" if which in (1, -1) else "hn", STATES, node, tempting=node if which == -1 else None)


def _picks(axes: v.Axes, key: v.Value) -> _Picks | None:
    keys = list(key.values) if isinstance(key, v.Items) else [key]
    taking = sum(each not in (v.Constant(None), v.Constant(...)) for each in keys)
    if axes is None or taking > len(axes):
        return None
    if v.Constant(...) in keys:
        place = keys.index(v.Constant(...))
        keys[place : place + 1] = [v.EVERYTHING] * (len(axes) - taking)
    left = iter(axes)
    picks: _Picks = [(None if each == v.Constant(None) else next(left), each) for each in keys]
    return [*picks, *((axis, v.EVERYTHING) for axis in left)]


def _at(key: v.Value) -> str | None:
    """Which step a key picks, if it picks one of those that matter."""
    if v.whole(key) in (-1, 0):
        return "last" if v.whole(key) == -1 else "first"
    if isinstance(key, v.Length) and key.less:
        return "length"
    if isinstance(key, v.Cut) and key.slice in (slice(-1, None), slice(None, 1), slice(0, 1)):
        return "last" if v.whole(key.lower) == -1 else "first"
    return None


def _of_output(of: v.Output, key: v.Value, at: At) -> v.Value:  # noqa: C901 - a case a kind of axis
    first = isinstance(key, v.Items) and key.values and key.values[0] == v.EVERYTHING
    picks = _picks(of.axes or (BATCH_FIRST if first else None), key)
    if picks is None:
        return at.lose(of)
    kept: list[str] = []
    step = None
    for axis, pick in picks:
        if pick == v.EVERYTHING or axis is None:
            kept.append(axis or "one")
        elif axis == "time" and (step := _at(pick)):
            kept += ["one"] if isinstance(pick, v.Cut) else []
        elif axis == "batch":
            after = _sequence(of, pick, picks, at, sure=isinstance(key, v.Items))
            if after is None:
                return v.Data()
            kept += after
        elif axis != "one":
            at.lose(of)
            return v.Data()
    if step is None:
        return replace(of, axes=None if "?" in kept else tuple(kept))
    if of.call.one_step:
        at.lose(of)
        return v.Data()
    return v.Step(of.call, step, tuple(kept), at.node, of)


def _sequence(of: v.Output, pick: v.Value, picks: _Picks, at: At, *, sure: bool) -> list[str] | None:
    """What brackets leave of the batch axis; None where the last sequence is taken for the last step.

    Args:
        sure: several axes are indexed; ``output[-1]`` alone is right of a single sequence without a batch axis.
    """
    if isinstance(pick, v.Order) and of.call.order == pick.name and not pick.inverse:
        at.report("order-not-restored", of.call)
    if isinstance(pick, v.Cut | v.Order):
        return ["batch"]
    others = [key for axis, key in picks if axis not in ("batch", None)]
    if v.whole(pick) == -1 and all(key == v.EVERYTHING for key in others):
        at.lose(of)
        if not of.call.alone and of.axes is not None:
            at.report("last-sequence", of.call, likely=not sure)
        return None
    timed = any(axis == "time" and _at(key) for axis, key in picks)
    return [] if timed or v.whole(pick) is not None else ["?"]


def _of_step(of: v.Step, key: v.Value, at: At) -> v.Value:
    """A part of a step: a half of its features may be right, so nothing is said of it."""
    picks = _picks(of.axes, key)
    if picks and all(pick == v.EVERYTHING or axis in ("batch", "one", None) for axis, pick in picks):
        kept = (axis or "one" for axis, pick in picks if axis is None or isinstance(pick, v.Cut))
        return replace(of, axes=tuple(kept))
    at.lose(of)
    return v.Data()


def _of_rows(of: v.Rows, key: v.Value, at: At) -> v.Value:
    picks = _picks(of.axes, key)
    if picks is None:
        return at.lose(of)
    kept: list[str] = []
    rows = of.rows
    for axis, pick in picks:
        if axis is None or pick == v.EVERYTHING or (axis == "batch" and v.whole(pick) is None):
            kept.append(axis or "one")
        elif axis in ("rows", "layer", "direction") and (chosen := _chosen(axis, rows, pick)):
            rows = chosen
            kept += [axis] if isinstance(pick, v.Cut) else []
        elif axis not in ("one", "batch"):
            at.lose(of)
            return v.Data()
    return v.Rows(of.call, of.of, tuple(kept), at.node, rows, of.tempting)


def _chosen(axis: str, rows: tuple[int, ...] | None, pick: v.Value) -> tuple[int, ...] | None:
    """The rows that a key picks; None if that is not known."""
    place = v.whole(pick)
    if axis == "layer":
        return {-1: (-2, -1), 0: (0, 1)}.get(place) if place is not None and rows is None else None
    if rows is None:
        if axis == "direction":
            return None
        return (place,) if place is not None else _cut_rows(pick.slice) if isinstance(pick, v.Cut) else None
    if place is not None:
        return (rows[place],) if -len(rows) <= place < len(rows) else None
    return rows[pick.slice] if isinstance(pick, v.Cut) and pick.slice else None


def _cut_rows(cut: slice | None) -> tuple[int, ...] | None:
    """``[-2:]`` and ``[:2]``; other cuts are not followed."""
    if cut is None or cut.step is not None:
        return None
    lower, upper = cut.start or 0, cut.stop
    if upper is None:
        return tuple(range(lower, 0)) or None
    return tuple(range(lower, upper)) or None if lower >= 0 and upper > 0 else None


def _of_data(of: v.Value, key: v.Value) -> v.Value:
    """A tensor of no module's: axes of one element, and an order, are what matters of it."""
    if isinstance(key, v.Order):
        return v.Data(order=key.name)
    keys = key.values if isinstance(key, v.Items) else (key,)
    ones = frozenset(place for place, each in enumerate(keys) if each == v.Constant(None) or _one(each))
    return v.Data(ones) if ones else v.UNKNOWN if isinstance(of, v.Symbol) else v.Data()


def _one(key: v.Value) -> bool:
    return isinstance(key, v.Cut) and (key.one or _at(key) is not None)


def dimension(of: v.Value, key: v.Value, node: Any) -> v.Value:
    """``of.size(key)``: a number by the name of what it counts."""
    axes = getattr(of, "axes", None)
    place = v.whole(key)
    if place is None:
        return v.UNKNOWN
    if axes and -len(axes) <= place < len(axes):
        return v.Symbol(_COUNTS.get(axes[place], "features"))
    base = node.func if isinstance(node, ast.Call) else node
    return v.Symbol(f"{ast.unparse(base.value if isinstance(base, ast.Attribute) else base)}.size({place})")
