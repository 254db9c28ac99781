"""Tensors: what indexing, views, transposes and layers make of output, hn and cn."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from lstm_inspect.lint import reshapes
from lstm_inspect.lint.constructions import truth
from lstm_inspect.lint.follow import Follower
from lstm_inspect.lint.state import State
from lstm_inspect.lint.uses import together
from lstm_inspect.lint.values import (
    UNKNOWN,
    Axes,
    Call,
    Constant,
    Cut,
    Data,
    Dotted,
    Items,
    Layer,
    Length,
    Order,
    Output,
    Pair,
    Recurrent,
    Rows,
    Several,
    Step,
    Symbol,
    Table,
    Value,
    alternatives,
    whole,
)

KEEP: Final = re.compile(
    "contiguous|clone|detach_?|to|float|double|half|cpu|cuda|relu_?|tanh_?|sigmoid|data|type|type_as|requires_grad_"
    "|masked_fill_?|long|int|clamp|nan_to_num"
)
"""Methods that change numbers but not what stands where."""
_POOLED: Final = frozenset({"mean", "max", "amax", "sum", "min", "median", "std", "logsumexp"})
_MODULE_KEEPS: Final = frozenset({"to", "cuda", "cpu", "double", "float", "half", "train", "eval", "requires_grad_"})
_BATCH_FIRST: Final = ("batch", "time", "features")
_TIME_FIRST: Final = ("time", "batch", "features")


def run(
    module: Recurrent,
    arguments: Sequence[Value],
    named: dict[str, Value],
    node: ast.Call,
    walker: Follower,
    state: State,
) -> Value:
    """A call of a recurrent layer: output, and the state that goes with its kind."""
    given = arguments[0] if arguments else named.get("input", UNKNOWN)
    start = arguments[1] if len(arguments) > 1 else named.get("hx", UNKNOWN)
    walker.uses.consume(given, state)
    first = truth(module.batch_first, state.assumed)
    axes = (
        None
        if first.value is None
        or (first.depends and isinstance(module.batch_first, Symbol) and module.batch_first.text not in state.assumed)
        else _BATCH_FIRST
        if first.value
        else _TIME_FIRST
    )
    data = given if isinstance(given, Data) else Data()
    time = {0, 1} if axes is None else {axes.index("time")}
    call = Call(
        module,
        node,
        packed=data.packed,
        one_step=bool(data.ones & time),
        one_sequence=axes is not None and axes.index("batch") in data.ones,
        order=data.order,
    )
    walker.uses.random_state(start, call, state)
    walker.uses.escape(start, state)
    _check_layout(data, axes, call, walker, state)
    output = Output(call, axes, packed=data.packed)
    whole_state = ("rows", "batch", "features")
    states: Value = UNKNOWN
    if module.kind == "LSTM":
        states = Pair(call)
    elif module.kind is not None:
        states = Rows(call, "hn", whole_state, node)
    return Items((output, states))


def _check_layout(data: Data, axes: Axes, call: Call, walker: Follower, state: State) -> None:
    """Data whose sizes are named (batch, time, ..) in a module that reads (time, batch, ..), or the reverse."""
    if axes is not None and data.names[:2] == axes[1::-1]:
        walker.uses.report("batch-first-forgotten", call.node, call, state)


def through(layer: Layer, arguments: list[Value], node: ast.AST, walker: Follower, state: State) -> Value:
    """A layer that works on each step by itself keeps what stands where; of others nothing is known."""
    if not arguments:
        return UNKNOWN
    value = arguments[0]
    if isinstance(value, Several):
        return alternatives(*(through(layer, [each], node, walker, state) for each in value.values))
    if layer.kind == "same":
        return replace(value, touched=True) if isinstance(value, Output) else value
    if layer.kind == "linear" and isinstance(value, Output) and not value.packed:
        walker.uses.consume(value, state)
        return replace(value, mixed=True, touched=True)
    for each in arguments:
        walker.uses.consume(each, state)
    if isinstance(value, Data):
        return Data(ones=value.ones, packed=value.packed, order=value.order)
    return Data() if not isinstance(value, Symbol) else UNKNOWN


def unpacked(value: Value, count: int, node: ast.AST) -> list[Value] | None:
    """``a, b = value``; None if it can't be followed."""
    match value:
        case Items(open=False) if len(value.values) == count:
            return list(value.values)
        case Items(open=True) if len(value.values) == 1:
            return list(value.values) * count
        case Pair() if count == 2:
            return [pair_item(value, which, node) for which in (0, 1)]
        case Several():
            each = [unpacked(one, count, node) for one in value.values]
            known = [items for items in each if items is not None]
            if len(known) == len(each):
                return [alternatives(*column) for column in zip(*known, strict=True)]
    return None


def pair_item(pair: Pair, which: int, node: ast.AST) -> Rows:
    """hn or cn out of the pair."""
    return Rows(pair.call, "cn" if which in (1, -1) else "hn", ("rows", "batch", "features"), node,
                tempting=node if which == -1 else None)  # fmt: skip


def item_of(value: Value, node: ast.AST, walker: Follower, state: State) -> Value:
    """One turn's item of a loop over a value."""
    match value:
        case Items():
            return alternatives(*value.values) if value.values else UNKNOWN
        case Length():
            return Length()
        case Pair():
            walker.uses.escape(value, state)
        case Output() | Rows() | Step():
            walker.uses.escape(value, state)
        case Several():
            return alternatives(*(item_of(each, node, walker, state) for each in value.values))
    return UNKNOWN


# brackets


def indexed(of: Value, key: Value, node: ast.Subscript, walker: Follower, state: State) -> Value:  # noqa: C901, PLR0911 - a case a kind of value
    """``of[key]``"""
    match of:
        case Items():
            return _item(of, key)
        case Pair():
            if whole(key) in (0, 1, -1, -2):
                return pair_item(of, whole(key) or 0, node)
            walker.uses.escape(of, state)
            return UNKNOWN
        case Length():
            return of
        case Output(packed=True):
            walker.uses.escape(of, state)
            return UNKNOWN
        case Output():
            return _of_output(of, key, node, walker, state)
        case Step():
            return _of_step(of, key, walker, state)
        case Rows():
            return _of_rows(of, key, node, walker, state)
        case Data() | Symbol():
            return _of_data(of, key)
    walker.uses.consume(key, state)
    return UNKNOWN


def _item(of: Items, key: Value) -> Value:
    place = whole(key)
    if place is not None and not of.open and -len(of.values) <= place < len(of.values):
        return of.values[place]
    if isinstance(key, Cut) and not of.open:
        ends = [whole(each) for each in (key.lower, key.upper, key.step)]
        return Items(of.values[slice(*ends)])
    return alternatives(*of.values) if (of.values and place is None) or (of.open and of.values) else UNKNOWN


def _picks(axes: tuple[str, ...], key: Value) -> list[tuple[str | None, Value]] | None:
    """Each axis with what brackets pick from it; an axis of None is a new one."""
    keys = list(key.values) if isinstance(key, Items) else [key]
    bare = Cut(Constant(None), Constant(None), Constant(None))
    taking = sum(each not in (Constant(None), Constant(...)) for each in keys)
    if taking > len(axes):
        return None
    if Constant(...) in keys:
        place = keys.index(Constant(...))
        keys[place : place + 1] = [bare] * (len(axes) - taking)
    left = iter(axes)
    picks: list[tuple[str | None, Value]] = [(None if each == Constant(None) else next(left), each) for each in keys]
    return [*picks, *((axis, bare) for axis in left)]


def _bare(key: Value) -> bool:
    return isinstance(key, Cut) and key.everything


def _at(key: Value) -> str | None:
    """Which step a key picks, if it picks one of those that matter."""
    if whole(key) in (-1, 0):
        return "last" if whole(key) == -1 else "first"
    if isinstance(key, Length) and key.less:
        return "length"
    if isinstance(key, Cut) and key.step == Constant(None):
        if (whole(key.lower), key.upper) == (-1, Constant(None)):
            return "last"
        if key.lower in (Constant(None), Constant(0)) and key.upper == Constant(1):
            return "first"
    return None


def _of_output(of: Output, key: Value, node: ast.AST, walker: Follower, state: State) -> Value:  # noqa: C901 - a case a kind of value
    axes = of.axes or (_BATCH_FIRST if isinstance(key, Items) and key.values and _bare(key.values[0]) else None)
    picks = _picks(axes, key) if axes else None
    if picks is None:
        walker.uses.escape(of, state)
        return UNKNOWN
    kept: list[str] = []
    at = None
    for axis, pick in picks:
        if _bare(pick):
            kept.append(axis or "one")
        elif axis is None:
            kept.append("one")
        elif axis == "time" and (at := _at(pick)):
            kept += ["one"] if isinstance(pick, Cut) else []
        elif axis == "batch":
            after = _sequence(of, pick, picks, node, walker, state)
            if after is None:
                return Data()
            kept += after
        elif axis == "one":
            continue
        else:
            walker.uses.escape(of, state)
            return Data()
    if at is None:
        return replace(of, axes=None if "?" in kept else tuple(kept))
    if of.call.one_step:
        walker.uses.escape(of, state)
        return Data()
    return Step(of.call, at, tuple(kept), node, of)


def _sequence(
    of: Output, pick: Value, picks: list[tuple[str | None, Value]], node: ast.AST, walker: Follower, state: State
) -> list[str] | None:
    """What brackets leave of the batch axis; None where the last sequence is taken for the last step."""
    if isinstance(pick, Cut):
        return ["batch"]
    if isinstance(pick, Order):
        if of.call.order == pick.name and not pick.inverse:
            walker.uses.report("order-not-restored", node, of.call, state)
        return ["batch"]
    others = [key for axis, key in picks if axis not in ("batch", None)]
    if whole(pick) == -1 and all(_bare(key) for key in others):
        walker.uses.escape(of, state)
        if not of.call.one_sequence and not of.call.one_step and of.axes is not None:
            walker.uses.report("last-sequence", node, of.call, state)
        return None
    timed = any(axis == "time" and _at(key) for axis, key in picks)
    return [] if timed or whole(pick) is not None else ["?"]


def _of_step(of: Step, key: Value, walker: Follower, state: State) -> Value:
    """A part of a step: a half of its features may be right, so nothing is said of it."""
    picks = _picks(of.axes, key) if of.axes else None
    if picks and all(_bare(pick) or axis in ("batch", "one", None) for axis, pick in picks):
        kept = tuple(axis or "one" for axis, pick in picks if _bare(pick) or isinstance(pick, Cut) or axis is None)
        return replace(of, axes=kept)
    walker.uses.escape(of, state)
    return Data()


def _of_rows(of: Rows, key: Value, node: ast.AST, walker: Follower, state: State) -> Value:
    picks = _picks(of.axes, key) if of.axes else None
    kept: list[str] = []
    rows = of.rows
    for axis, pick in picks or ():
        if _bare(pick) or axis is None or (isinstance(pick, Cut) and axis == "batch"):
            kept.append(axis or "one")
        elif axis in ("rows", "layer", "direction"):
            chosen = _chosen(axis, rows, pick, of)
            if chosen is None:
                walker.uses.escape(of, state)
                return Data()
            rows = chosen
            kept += [axis] if isinstance(pick, Cut) else []
        elif axis == "one" and whole(pick) in (0, -1):
            continue
        elif axis == "batch":
            kept += [] if whole(pick) is not None else ["batch"]
        else:
            walker.uses.escape(of, state)
            return Data()
    if picks is None:
        walker.uses.escape(of, state)
        return UNKNOWN
    return Rows(of.call, of.of, tuple(kept), node, rows, of.tempting)


def _chosen(axis: str, rows: tuple[int, ...] | None, pick: Value, of: Rows) -> tuple[int, ...] | None:
    """The rows that a key picks; None if that is not known."""
    place = whole(pick)
    if axis == "layer":
        return {-1: (-2, -1), 0: (0, 1)}.get(place) if place is not None and rows is None else None
    if rows is not None:
        if place is not None:
            return (rows[place],) if -len(rows) <= place < len(rows) else None
        ends = [whole(each) for each in (pick.lower, pick.upper, pick.step)] if isinstance(pick, Cut) else None
        return rows[slice(*ends)] or None if ends else None
    if axis == "direction":
        return None
    if place is not None:
        return (place,)
    return _cut_rows(pick) if isinstance(pick, Cut) else None


def _cut_rows(cut: Cut) -> tuple[int, ...] | None:
    """``[-2:]`` and ``[:2]``; other cuts are not followed."""
    lower, upper = whole(cut.lower), whole(cut.upper)
    if cut.step != Constant(None) or (None not in (lower, upper) and (lower or 0) * (upper or 0) < 0):
        return None
    if cut.upper == Constant(None) and lower is not None and lower < 0:
        return tuple(range(lower, 0))
    if upper is not None and upper > 0 and (cut.lower == Constant(None) or (lower or 0) >= 0):
        return tuple(range(lower or 0, upper)) or None
    return None


def _of_data(of: Value, key: Value) -> Value:
    """A tensor of no module's: axes of one element, and an order, are what matters of it."""
    if isinstance(key, Order):
        return Data(order=key.name)
    keys = key.values if isinstance(key, Items) else (key,)
    ones = frozenset(
        place for place, each in enumerate(keys) if each == Constant(None) or (isinstance(each, Cut) and _one(each))
    )
    return Data(ones) if ones else UNKNOWN if isinstance(of, Symbol) else Data()


def _one(cut: Cut) -> bool:
    return cut.one or _at(cut) is not None


# methods


def method(  # noqa: C901, PLR0911 - a case a kind of value
    of: Value, name: str, arguments: list[Value], named: dict[str, Value], walker: Follower, state: State, node: Any
) -> Value:
    """``of.name(..)``"""
    match of:
        case Several():
            return alternatives(*(method(each, name, arguments, named, walker, state, node) for each in of.values))
        case Recurrent():
            if name == "forward":
                return run(of, arguments, named, node, walker, state)
            return of if name in _MODULE_KEEPS else UNKNOWN
        case Items() | Table():
            return _of_container(of, name, arguments, node, walker, state)
        case Output() | Rows() | Step() | Pair():
            return _of_result(of, name, arguments, named, walker, state, node)
        case Length():
            return of
        case Order():
            return _of_order(of, name)
        case Data() | Symbol() | Dotted():
            return _of_other(of, name, arguments, named, walker, state, node)
    for each in (*arguments, *named.values()):
        walker.uses.consume(each, state)
    return UNKNOWN


def _of_container(
    of: Items | Table, name: str, arguments: list[Value], node: Any, walker: Follower, state: State
) -> Value:
    """``list.append`` puts an item into the name's value."""
    target = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
    if name in ("append", "extend", "insert") and isinstance(of, Items) and arguments and target is not None:
        added = arguments[-1]
        walker.uses.consume(added, state)
        layers = isinstance(added, Recurrent | Layer)
        items = Items(
            (*of.values, added)[:8] if layers or not isinstance(added, Output | Step | Rows) else of.values, open=True
        )
        if isinstance(target, ast.Name | ast.Attribute):
            walker.bind(target, items, state)
        return Constant(None)
    if name == "get" and isinstance(of, Table) and arguments:
        found = [value for key, value in of.values if arguments[0] == Constant(key)]
        return found[-1] if found else arguments[1] if len(arguments) > 1 else UNKNOWN
    if name == "values" and isinstance(of, Table):
        return Items(tuple(value for _, value in of.values))
    for each in arguments:
        walker.uses.consume(each, state)
    return UNKNOWN


def _of_order(of: Order, name: str) -> Value:
    if name in ("argsort",):
        return Order(of.name, not of.inverse)
    if name == "sort":
        return Items((UNKNOWN, Order(of.name, not of.inverse)))
    return of if name in ("to", "cuda", "cpu", "long", "tolist", "detach") else UNKNOWN


def _of_other(  # noqa: C901, PLR0911 - a case a kind of value
    of: Value, name: str, arguments: list[Value], named: dict[str, Value], walker: Follower, state: State, node: Any
) -> Value:
    """A method of a tensor that is no result: which axes have one element is followed."""
    data = of if isinstance(of, Data) else Data()
    for each in (*arguments, *named.values()):
        walker.uses.consume(each, state)
    if name in ("size", "__len__") and isinstance(node, ast.Call):
        return dimension(of, arguments[0], node.func) if arguments else UNKNOWN
    if name == "unsqueeze" and arguments and (whole(arguments[0]) or 0) >= 0 and whole(arguments[0]) is not None:
        place = whole(arguments[0]) or 0
        return Data(frozenset({place, *(one + (one >= place) for one in data.ones)}), data.random)
    if name in ("view", "reshape"):
        sizes = arguments[0].values if len(arguments) == 1 and isinstance(arguments[0], Items) else arguments
        return Data(frozenset(place for place, each in enumerate(sizes) if each == Constant(1)), data.random)
    if name in ("transpose", "permute", "squeeze", "t", "T"):
        return _turned(data, name, arguments)
    if name in ("sort", "argsort"):
        order = Order(ast.unparse(node))
        return order if name == "argsort" else Items((UNKNOWN, order))
    if name == "index_select" and len(arguments) > 1 and isinstance(arguments[1], Order):
        return Data(order=arguments[1].name)
    if KEEP.fullmatch(name) or name.endswith("_"):
        return replace(data, random=node if name in ("normal_", "uniform_") and not state.guarded else data.random)
    return Data() if isinstance(of, Data) else UNKNOWN


def _turned(data: Data, name: str, arguments: list[Value]) -> Value:
    """Axes of one element after a transpose."""
    places = [whole(each) for each in arguments]
    if name == "transpose" and None not in places and len(places) == 2:
        swap = {places[0]: places[1], places[1]: places[0]}
        return Data(frozenset(swap.get(one, one) or 0 for one in data.ones), data.random)
    if name == "permute" and None not in places:
        return Data(frozenset(new for new, old in enumerate(places) if old in data.ones), data.random)
    return Data(random=data.random)


def dimension(of: Value, key: Value, node: ast.expr) -> Value:
    """``of.size(key)``: a number by the name of what it counts."""
    axes = getattr(of, "axes", None)
    place = whole(key)
    if axes and place is not None and -len(axes) <= place < len(axes):
        return Symbol({"batch": "batch_size", "time": "seq_len", "rows": "rows"}.get(axes[place], "features"))
    base = node.value if isinstance(node, ast.Attribute) else node
    return Symbol(f"{ast.unparse(base)}.size({place})") if place is not None else UNKNOWN


def _of_result(  # noqa: C901, PLR0911 - a case a kind of value
    of: Any, name: str, arguments: list[Value], named: dict[str, Value], walker: Follower, state: State, node: Any
) -> Value:
    """A method of output, of a step of it, of the pair or of rows."""
    if isinstance(of, Pair):
        walker.uses.escape(of, state)
        return UNKNOWN
    if KEEP.fullmatch(name):
        return of
    if name == "size" and isinstance(node, ast.Call):
        return dimension(of, arguments[0], node.func) if arguments else UNKNOWN
    if name in reshapes.TURNS:
        return reshapes.turned(of, name, arguments, walker, state)
    if name in ("view", "reshape", "flatten"):
        return reshapes.viewed(of, name, arguments, named, walker, state, node)
    if name in _POOLED and isinstance(of, Output):
        return _pooled(of, name, arguments, named, walker, state, node)
    if name in ("select", "gather", "index_select", "narrow") and len(arguments) > 1:
        return _selected(of, name, arguments, walker, state, node)
    if name == "unbind" and isinstance(of, Rows):
        return _unbound(of, arguments, walker, state, node)
    if isinstance(of, Step) and name in ("chunk", "split", "view", "tensor_split"):
        walker.uses.escape(of, state)
        return UNKNOWN
    for each in (of, *arguments, *named.values()):
        (walker.uses.escape if isinstance(each, Rows) and each.axes and "rows" in each.axes else walker.uses.consume)(
            each, state
        )
    return Data()


def axis_of(arguments: Sequence[Value], named: dict[str, Value], axes: Axes) -> str | None:
    """The axis that ``dim`` names."""
    given = named.get("dim", named.get("axis", arguments[0] if arguments else UNKNOWN))
    place = whole(given)
    return axes[place] if axes and place is not None and -len(axes) <= place < len(axes) else None


def _pooled(
    of: Output, name: str, arguments: list[Value], named: dict[str, Value], walker: Follower, state: State, node: Any
) -> Value:
    """A mean over time is one; over the batch it mixes the sequences."""
    walker.uses.escape(of, state)
    axis = axis_of(arguments, named, of.axes)
    if axis == "batch" and name in ("mean", "max", "amax") and not of.call.one_sequence and of.axes == _TIME_FIRST:
        walker.uses.report("last-sequence", node, of.call, state)
    return Items((Data(), UNKNOWN)) if name in ("max", "min", "median") else Data()


def _selected(of: Any, name: str, arguments: list[Value], walker: Follower, state: State, node: Any) -> Value:
    """``select(1, -1)``, ``gather(1, lengths - 1)``, ``index_select(0, order)``: brackets by another name."""
    place = whole(arguments[0])
    axes = of.axes
    if axes is None or place is None or not -len(axes) <= place < len(axes):
        walker.uses.escape(of, state)
        return UNKNOWN
    key = arguments[1]
    if name == "gather" and not (isinstance(key, Length) and key.less):
        walker.uses.escape(of, state)
        return UNKNOWN
    bare: list[Value] = [Cut(Constant(None), Constant(None), Constant(None))] * (place % len(axes))
    found = indexed(of, Items((*bare, key)), node, walker, state)
    if name == "gather" and isinstance(found, Step):
        return replace(found, axes=tuple("one" if axis == "time" else axis for axis in axes))
    return found


def _unbound(of: Rows, arguments: list[Value], walker: Follower, state: State, node: Any) -> Value:
    """``hn.unbind(0)``: all rows, one by one, where their number is known."""
    count = reshapes.rows_of(of, state)
    if (
        of.axes
        and of.axes[0] == "rows"
        and count.value
        and not count.depends
        and (not arguments or whole(arguments[0]) == 0)
    ):
        rows = of.rows or tuple(range(count.value))
        return Items(tuple(replace(of, axes=of.axes[1:], rows=(row,), node=node) for row in rows))
    walker.uses.escape(of, state)
    return UNKNOWN


# several tensors


def combined(left: Value, right: Value, node: ast.expr, op: ast.operator, walker: Follower, state: State) -> Value:
    """``left op right``: a mask keeps the layout of what it masks, a sum reads both."""
    for one, other in ((left, right), (right, left)):
        alone = isinstance(one, Output | Step | Rows) and not isinstance(other, Output | Step | Rows | Several)
        if alone and isinstance(op, ast.Mult | ast.Div) and (not isinstance(one, Output) or other is not UNKNOWN):
            return one
    if isinstance(left, Length) or isinstance(right, Length):
        return Length(less=getattr(left, "less", False) or getattr(right, "less", False))
    if isinstance(left, Output) and isinstance(right, Output) and left.axes == right.axes:
        walker.uses.consume(Items((left, right)), state)
        return replace(right, touched=True, mixed=True)
    if isinstance(left, Rows) and isinstance(right, Rows) and _alike(left, right):
        return left
    read_together([left, right], node, walker, state)
    return Data()


def _alike(one: Rows, other: Rows) -> bool:
    """Whether two tensors of states hold the same rows in the same layout."""
    return (one.axes, one.rows, one.of) == (other.axes, other.rows, other.of)


def side_by_side(values: Sequence[Value], dim: Value) -> Rows | None:
    """The same rows of several calls, joined feature by feature: still rows."""
    rows = [each for each in values if isinstance(each, Rows)]
    if len(rows) < len(values) or not rows or not all(_alike(rows[0], each) for each in rows):
        return None
    last = len(rows[0].axes or ()) - 1
    return rows[0] if whole(dim) in (-1, last) and rows[0].rows is None else None


def impossible(values: Sequence[Value], dim: Value) -> bool:
    """Whether rows would be joined along an axis that they lack: then they are not what they seem."""
    place = whole(dim)
    return place is not None and any(
        isinstance(each, Rows) and each.axes and place >= len(each.axes) for each in values
    )


def read_together(values: Sequence[Value], node: ast.expr, walker: Follower, state: State) -> None:
    """Values that one expression reads: both ends of output hold both final states, two rows are two directions."""
    ends: dict[ast.AST, set[str]] = {}
    values = [each for value in values for each in (value.values if isinstance(value, Several) else (value,))]
    for value in values:
        if isinstance(value, Step):
            ends.setdefault(value.call.node, set()).add("first" if value.at == "first" else "last")
    for rows in together(values).values():
        walker.uses.taken(rows, state, node)
    for value in values:
        if isinstance(value, Step) and len(ends[value.call.node]) == 2:
            walker.uses.escape(value, state)
        elif not isinstance(value, Rows):
            walker.uses.consume(value, state)
