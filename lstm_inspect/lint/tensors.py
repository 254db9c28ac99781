"""Tensors: what calls, brackets, methods and operators make of output, hn and cn."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from lstm_inspect.lint import brackets, reshapes
from lstm_inspect.lint import values as v
from lstm_inspect.lint.constructions import decided
from lstm_inspect.lint.follow import At
from lstm_inspect.lint.uses import together

KEEP: Final = re.compile(
    "contiguous|clone|detach_?|to|float|double|half|cpu|cuda|relu_?|tanh_?|sigmoid|data|type|type_as|requires_grad_"
    "|masked_fill_?|long|int|clamp|nan_to_num|abs"
)
"""Methods that change numbers but not what stands where."""
_MODULE_KEEPS: Final = re.compile("to|cuda|cpu|double|float|half|train|eval|requires_grad_")
_POOLED: Final = re.compile("mean|max|amax|sum|min|median|std|logsumexp")


def run(module: v.Recurrent, at: At) -> v.Value:
    """A call of a recurrent layer: output, and the state that goes with its kind."""
    given, start = at.given(0, "input"), at.given(1, "hx")
    at.consume(given)
    first = decided(module.batch_first, at.state.assumed)
    axes = None if first is None else brackets.BATCH_FIRST if first else brackets.TIME_FIRST
    data = given if isinstance(given, v.Data) else v.Data()
    times = {0, 1} if axes is None else {axes.index("time")}
    alone = axes is not None and axes.index("batch") in data.ones
    call = v.Call(module, at.node, one_step=bool(data.ones & times), one_sequence=alone, order=data.order)
    at.walker.uses.random_state(start, call, at.state)
    at.lose(start)
    if axes is not None and len(data.names) == 3 and data.names[:2] == axes[1::-1]:
        at.report("batch-first-forgotten", call)
    states = v.Rows(call, "hn", brackets.STATES, at.node) if module.kind else v.UNKNOWN
    return v.Items((v.Output(call, axes, packed=data.packed), v.Pair(call) if module.kind == "LSTM" else states))


def through(layer: v.Layer, at: At) -> v.Value:
    """A layer that works on each step by itself keeps what stands where; of others nothing is known."""
    value = at.given(0)
    if isinstance(value, v.Several):
        return v.alternatives(*(through(layer, at.of(each)) for each in value.values))
    if layer.kind == "same":
        return replace(value, touched=True) if isinstance(value, v.Output) else value
    at.consume_all()
    if layer.kind == "linear" and isinstance(value, v.Output) and not value.packed:
        return replace(value, mixed=True, touched=True)
    if isinstance(value, v.Data):
        return v.Data(ones=value.ones, packed=value.packed, order=value.order)
    return v.UNKNOWN if isinstance(value, v.Symbol) else v.Data()


def unpacked(value: v.Value, count: int, node: ast.AST) -> list[v.Value] | None:
    """``a, b = value``; None if it can't be followed."""
    match value:
        case v.Items(open=False) if len(value.values) == count:
            return list(value.values)
        case v.Items(open=True) if len(value.values) == 1:
            return list(value.values) * count
        case v.Pair() if count == 2:
            return [brackets.of_pair(value, which, node) for which in (0, 1)]
        case v.Several():
            each = [unpacked(one, count, node) for one in value.values]
            known = [items for items in each if items is not None]
            if len(known) == len(each):
                return [v.alternatives(*column) for column in zip(*known, strict=True)]
    return None


def item_of(value: v.Value, at: At) -> v.Value:
    """One turn's item of a loop over a value."""
    match value:
        case v.Items() | v.Several():
            return v.alternatives(
                *(item_of(each, at) if value.__class__ is v.Several else each for each in value.values)
            )
        case v.Length():
            return v.Length()
        case v.Pair() | v.Output() | v.Rows() | v.Step():
            at.lose(value)
    return v.UNKNOWN


# methods


def method(of: v.Value, name: str, at: At) -> v.Value:  # noqa: PLR0911 - a case a kind of value
    """``of.name(..)``"""
    match of:
        case v.Several():
            return v.alternatives(*(method(each, name, at) for each in of.values))
        case v.Recurrent():
            return run(of, at) if name == "forward" else of if _MODULE_KEEPS.fullmatch(name) else v.UNKNOWN
        case v.Items() | v.Table():
            return _of_container(of, name, at)
        case v.Output() | v.Rows() | v.Step() | v.Pair():
            return _of_result(of, name, at)
        case v.Length():
            return of
        case v.Order():
            turned = v.Order(of.name, not of.inverse)
            return {"argsort": turned, "sort": v.Items((v.UNKNOWN, turned))}.get(name, of)
        case v.Data() | v.Symbol() | v.Dotted():
            return _of_other(of, name, at)
    return at.consume_all()


def _of_container(of: v.Items | v.Table, name: str, at: At) -> v.Value:
    """``list.append`` puts an item into the name's value."""
    if isinstance(of, v.Table):
        found = [value for key, value in of.values if at.given(0) == v.Constant(key)]
        each = v.Items(tuple(value for _, value in of.values))
        return {"get": found[-1] if found else at.given(1), "values": each}.get(name, v.UNKNOWN)
    at.consume_all()
    if name in ("append", "extend", "insert") and at.arguments and isinstance(at.node.func, ast.Attribute):
        added = at.arguments[-1]
        kept = (*of.values, added)[:8] if isinstance(added, v.Recurrent | v.Layer | v.Data) else of.values
        if isinstance(at.node.func.value, ast.Name | ast.Attribute):
            at.walker.bind(at.node.func.value, v.Items(kept, open=True), at.state)
    return v.UNKNOWN


def _of_other(of: v.Value, name: str, at: At) -> v.Value:
    """A method of a tensor that is no result: which axes have one element is followed."""
    data = of if isinstance(of, v.Data) else v.Data()
    at.consume_all()
    if name == "size":
        return brackets.dimension(of, at.given(0), at.node)
    if name in ("sort", "argsort"):
        order = v.Order(ast.unparse(at.node))
        return order if name == "argsort" else v.Items((v.UNKNOWN, order))
    if name == "index_select" and isinstance(at.given(1), v.Order):
        return v.Data(order=at.given(1).name)
    if name in ("normal_", "uniform_") and not at.state.guarded:
        return replace(data, random=at.node)
    turned = reshapes.of_data(data, name, at)
    if turned is not None:
        return turned
    return data if KEEP.fullmatch(name) or name.endswith("_") else v.Data() if isinstance(of, v.Data) else v.UNKNOWN


def _of_result(of: Any, name: str, at: At) -> v.Value:  # noqa: C901, PLR0911 - a case a kind of method
    """A method of output, of a step of it, of the pair or of rows."""
    if isinstance(of, v.Pair):
        return at.lose(of)
    if KEEP.fullmatch(name):
        return of
    if name == "size":
        return brackets.dimension(of, at.given(0), at.node)
    if name in reshapes.TURNS or name in reshapes.VIEWS:
        return (reshapes.turned if name in reshapes.TURNS else reshapes.viewed)(of, name, at)
    if isinstance(of, v.Output) and _POOLED.fullmatch(name):
        return _pooled(of, name, at)
    if name in ("select", "gather", "index_select", "narrow") and len(at.arguments) > 1:
        return _selected(of, name, at)
    if name == "unbind" and isinstance(of, v.Rows):
        return _unbound(of, at)
    if isinstance(of, v.Step) and name in ("chunk", "split", "tensor_split"):
        return at.lose(of)
    at.consume(of)
    at.consume_all()
    return v.Data()


def _pooled(of: v.Output, name: str, at: At) -> v.Value:
    """A mean over time is one; over the batch it mixes the sequences."""
    at.lose(of)
    place = v.whole(at.given(0, "dim", "axis"))
    axis = of.axes[place] if of.axes and place is not None and -len(of.axes) <= place < len(of.axes) else None
    if axis == "batch" and name in ("mean", "max", "amax") and of.axes == brackets.TIME_FIRST and not of.call.alone:
        at.report("last-sequence", of.call)
    return v.Items((v.Data(), v.UNKNOWN)) if name in ("max", "min", "median") else v.Data()


def _selected(of: Any, name: str, at: At) -> v.Value:
    """``select(1, -1)``, ``gather(1, lengths - 1)``, ``index_select(0, order)``: brackets by another name."""
    place, key, axes = v.whole(at.given(0)), at.given(1), of.axes
    lengths = isinstance(key, v.Length) and key.less
    if axes is None or place is None or not -len(axes) <= place < len(axes) or (name == "gather" and not lengths):
        return at.lose(of)
    found = brackets.indexed(of, v.Items((*[v.EVERYTHING] * (place % len(axes)), key)), at)
    if name == "gather" and isinstance(found, v.Step):
        return replace(found, axes=tuple("one" if axis == "time" else axis for axis in axes))
    return found


def _unbound(of: v.Rows, at: At) -> v.Value:
    """``hn.unbind(0)``: all rows, one by one, where their number is known."""
    count = reshapes.rows_of(of, at.state)
    if (
        of.axes is None
        or of.axes[0] != "rows"
        or not count.value
        or count.depends
        or v.whole(at.given(0)) not in (0, None)
    ):
        return at.lose(of)
    rows = of.rows or tuple(range(count.value))
    return v.Items(tuple(replace(of, axes=of.axes[1:], rows=(row,), node=at.node) for row in rows))


# several tensors


def combined(left: v.Value, right: v.Value, op: ast.operator, at: At) -> v.Value:
    """``left op right``: a mask keeps the layout of what it masks, a sum reads both."""
    results = v.Output | v.Step | v.Rows
    for one, other in ((left, right), (right, left)):
        alone = isinstance(one, results) and not isinstance(other, results | v.Several)
        if alone and isinstance(op, ast.Mult | ast.Div) and (not isinstance(one, v.Output) or other is not v.UNKNOWN):
            return one
    if isinstance(left, v.Length) or isinstance(right, v.Length):
        return v.Length(less=getattr(left, "less", False) or getattr(right, "less", False))
    if isinstance(left, v.Output) and isinstance(right, v.Output) and left.axes == right.axes:
        at.consume(left, right)
        return replace(right, touched=True, mixed=True)
    if isinstance(left, v.Rows) and isinstance(right, v.Rows) and _alike(left, right):
        return left
    read_together([left, right], at)
    return v.Data()


def _alike(one: v.Rows, other: v.Rows) -> bool:
    """Whether two tensors of states hold the same rows in the same layout."""
    return (one.axes, one.rows, one.of) == (other.axes, other.rows, other.of)


def joined(values: Sequence[v.Value], dim: v.Value, at: At, *, stacked: bool) -> v.Value:
    """torch.cat and torch.stack: what stands side by side is read together."""
    place = v.whole(dim)
    rows = [each for each in values if isinstance(each, v.Rows) and each.axes]
    alike = rows and len(rows) == len(values) and rows[0].rows is None and all(_alike(rows[0], each) for each in rows)
    if alike and place in (-1, len(rows[0].axes or ()) - 1) and not stacked:
        return rows[0]  # the same rows of several calls, feature by feature
    if not stacked and any(place is not None and place >= len(each.axes or ()) for each in rows):
        return at.lose(v.Items(tuple(values)))  # an axis that rows lack: they are not what they seem
    read_together(values, at)
    ones: frozenset[int] = frozenset().union(*(each.ones for each in values if isinstance(each, v.Data)))
    return v.Data(ones=ones) if ones else v.UNKNOWN


def read_together(values: Sequence[v.Value], at: At) -> None:
    """Values that one expression reads: both ends of output hold both final states, two rows are two directions."""
    ends: dict[ast.AST, set[str]] = {}
    values = [each for value in values for each in (value.values if isinstance(value, v.Several) else (value,))]
    for value in values:
        if isinstance(value, v.Step):
            ends.setdefault(value.call.node, set()).add("first" if value.at == "first" else "last")
    for rows in together(values).values():
        at.walker.uses.taken(rows, at.state, at.node)
    for value in values:
        if isinstance(value, v.Step) and len(ends[value.call.node]) == 2:
            at.lose(value)
        elif not isinstance(value, v.Rows):
            at.consume(value)
