"""Tensors: what calls, methods and operators make of output, hn and cn."""

import ast
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from lstm_inspect.lint import values as v
from lstm_inspect.lint.arrays import FEATURES, ROW, SEQUENCE, SEQUENCES, STEPS, Array, full
from lstm_inspect.lint.numbers import truth
from lstm_inspect.lint.parts import dimension, laid_out, listed, of_pair, picked, turned, viewed
from lstm_inspect.lint.uses import At

_KEEP: Final = re.compile(
    "contiguous|clone|detach_?|to|float|double|half|cpu|cuda|relu_?|tanh_?|sigmoid|data|type|type_as|requires_grad_"
    "|masked_fill_?|long|int|clamp|nan_to_num|abs"
)
"""Methods that change numbers but not what stands where."""
_MODULE_KEEPS: Final = frozenset(("to", "cuda", "cpu", "double", "float", "half", "train", "eval", "requires_grad_"))
_POOLED: Final = frozenset(("mean", "max", "amax", "sum", "min", "median", "std", "logsumexp"))
_TURNS: Final = frozenset(("transpose", "swapaxes", "permute", "t", "T", "mT", "squeeze", "unsqueeze"))
_VIEWS: Final = frozenset(("view", "reshape", "flatten"))


def run(module: v.Recurrent, at: At) -> v.Value:
    """A call of a recurrent layer: output, and the state that goes with its kind."""
    given, start = at.given(0, "input"), at.given(1, "hx")
    at.consume(given)
    first = truth(module.batch_first, at.state.assumed).decided
    axes = ("time", "time") if first is None else ("batch", "time") if first else ("time", "batch")
    data = given if isinstance(given, v.Data) else v.Data()
    single = {axis for axis, known in zip(axes, data.axes, strict=False) if known == "one"}
    call = _sampled(module, at.node, "time" in single, "batch" in single, data.order)
    at.random_state(start, call)
    at.lose(start)
    if len(data.axes) == 3 and data.axes[:2] == axes[::-1]:
        at.report("batch-first-forgotten", call)
    array = laid_out(call, None if data.packed else first)
    output = v.Result("output", call, array, at.node, packed=data.packed)
    if module.kind is None:
        return v.Items((output, v.UNKNOWN))
    pair = v.Result("pair", call, Array(), at.node)
    return v.Items((output, pair if module.kind == "LSTM" else of_pair(pair, 0, at.node)))


def _sampled(module: v.Recurrent, node: ast.Call, one_step: bool, one_sequence: bool, order: str | None) -> v.Call:
    given = module.num_layers
    layers = v.whole(given) or max(2, v.whole(getattr(given, "default", None)) or 2)
    directions = 1 if module.bidirectional == v.Constant(False) else 2
    sequences = 1 if one_sequence else SEQUENCES
    output = full(1 if one_step else STEPS, sequences, directions * FEATURES)
    return v.Call(module, node, output, full(min(max(layers, 1), 9) * directions, sequences, FEATURES), order)


@v.of_each
def through(value: v.Value, layer: v.Layer, at: At) -> v.Value:
    """A layer that works on each step by itself keeps what stands where; of others nothing is known."""
    output = isinstance(value, v.Result) and value.of == "output" and value.step is None
    if layer.kind == "same":
        return replace(value, touched=True) if output else value
    at.consume_all()
    if output and layer.kind == "linear" and not value.packed:
        return replace(value, mixed=True, touched=True)
    if isinstance(value, v.Data):
        return replace(value, random=None)
    return v.UNKNOWN if isinstance(value, v.Symbol) else v.Data()


def unpacked(value: v.Value, count: int, node: ast.expr) -> list[v.Value] | None:
    """``a, b = value``; None if it can't be followed."""
    match value:
        case v.Items(open=False) if len(value.values) == count:
            return list(value.values)
        case v.Items(open=True) if len(value.values) == 1:
            return list(value.values) * count
        case v.Result(of="pair") if count == 2:
            return [of_pair(value, which, node) for which in (0, 1)]
    return None


@v.of_each
def indexed(of: v.Value, key: v.Value, at: At) -> v.Value:
    """``of[key]``"""
    match of:
        case v.Table():
            found = [value for name, value in of.values if not isinstance(key, v.Constant) or key.value == name]
            return v.alternatives(*found[-1:] if isinstance(key, v.Constant) else found)
        case v.Items():
            return _item(of, key)
        case v.Length():
            return of
        case v.Data() | v.Symbol():
            return _of_data(of, key)
        case v.Result():
            return picked(of, key, at)
    at.consume(key)
    return v.UNKNOWN


def _item(of: v.Items, key: v.Value) -> v.Value:
    picked = key.slice if isinstance(key, v.Cut) else v.whole(key)
    if of.open or picked is None:
        return v.alternatives(*of.values)
    if isinstance(picked, slice):
        return v.Items(of.values[picked])
    return of.values[picked] if -len(of.values) <= picked < len(of.values) else v.UNKNOWN


def _of_data(of: v.Value, key: v.Value) -> v.Value:
    """A tensor of no module's: axes of one element, and an order, are what matters of it."""
    if isinstance(key, v.Order):
        return v.Data(order=key.name)
    keys = key.values if isinstance(key, v.Items) else (key,)
    axes = tuple("one" if each == v.NONE or _one(each) else "?" for each in keys)
    return v.Data(axes) if "one" in axes else v.UNKNOWN if isinstance(of, v.Symbol) else v.Data()


def _one(key: v.Value) -> bool:
    return isinstance(key, v.Cut) and (key.one or key.slice in (slice(-1, None), slice(None, 1), slice(0, 1)))


@v.of_each
def item_of(value: v.Value, at: At) -> v.Value:
    """One turn's item of a loop over a value."""
    if isinstance(value, v.Items):
        return v.alternatives(*value.values)
    return value if value == v.Length() else at.lose(value)


# methods


@v.of_each
def method(of: v.Value, name: str, at: At) -> v.Value:  # noqa: PLR0911 - a case a kind of value
    """``of.name(..)``"""
    match of:
        case v.Recurrent():
            return run(of, at) if name == "forward" else of if name in _MODULE_KEEPS else v.UNKNOWN
        case v.Table():
            found = [value for key, value in of.values if at.given(0) == v.Constant(key)]
            each = v.Items(tuple(value for _, value in of.values))
            return {"get": found[-1] if found else at.given(1), "values": each}.get(name, v.UNKNOWN)
        case v.Length():
            return of
        case v.Order():
            order = v.Order(of.name, not of.inverse)
            return {"sort": v.Items((v.UNKNOWN, order)), "argsort": order}.get(name, of)
        case v.Result():
            return _of_result(of, name, at)
        case v.Data() | v.Symbol() | v.Dotted():
            return _of_other(of, name, at)
    return at.consume_all()


def _of_other(of: v.Value, name: str, at: At) -> v.Value:
    """A method of a tensor that is no result: which axes have one element is followed."""
    data = of if isinstance(of, v.Data) else v.Data()
    at.consume_all()
    if name == "size":
        return dimension(of, at.given(0), at.node)
    if name in ("sort", "argsort"):
        order = v.Order(ast.unparse(at.node))
        return order if name == "argsort" else v.Items((v.UNKNOWN, order))
    if name == "index_select" and isinstance(at.given(1), v.Order):
        return indexed(data, at.given(1), at)
    if name in ("normal_", "uniform_") and not at.state.guarded:
        return replace(data, random=at.node)
    if name in _TURNS or name in _VIEWS:
        return v.Data(_axes(data, name, at), data.random)
    return data if _KEEP.fullmatch(name) or name.endswith("_") else v.Data() if isinstance(of, v.Data) else v.UNKNOWN


def sized(sizes: Sequence[v.Value]) -> tuple[str, ...]:
    """The axes of a tensor of such sizes, as far as a size or its name says what it counts."""
    return tuple("one" if each == v.Constant(1) else _counted(getattr(each, "text", "").lower()) for each in sizes)


def _counted(text: str) -> str:
    return "batch" if "batch" in text else "time" if "seq" in text or "time" in text else "?"


def _axes(data: v.Data, name: str, at: At) -> tuple[str, ...]:
    """The axes behind ``unsqueeze`` or ``view``, as far as they are known; behind other turns they are not."""
    place = v.whole(at.given(0))
    if name == "unsqueeze" and place is not None and place >= 0:
        before = (*data.axes, *"?" * (place - len(data.axes)))
        return (*before[:place], "one", *before[place:])
    return sized(listed(at.arguments)) if name in ("view", "reshape") else ()


def _of_result(of: v.Result, name: str, at: At) -> v.Value:  # noqa: PLR0911 - a case a kind of method
    if of.of == "pair" or (of.step is not None and name in ("chunk", "split", "tensor_split")):
        return at.lose(of)
    if _KEEP.fullmatch(name):
        return of
    if name == "size":
        return dimension(of, at.given(0), at.node)
    if name in _TURNS or name in _VIEWS:
        return (turned if name in _TURNS else viewed)(of, name, at)
    if of.of == "output" and name in _POOLED:
        return _pooled(of, name, at)
    if name in ("select", "gather", "index_select", "narrow") and len(at.arguments) > 1:
        return _selected(of, name, at)
    if name == "unbind" and of.state:
        return _unbound(of, at)
    at.consume_all()
    return at.consume(of)


def _pooled(of: v.Result, name: str, at: At) -> v.Value:
    """A mean over time is one; over the batch it mixes the sequences."""
    at.consume(of)
    axis = of.axis(at.given(0, "dim", "axis"))
    over_batch = axis is not None and of.array.along(axis) == SEQUENCE and of.call.output.shape[0] > 1
    if over_batch and of.step is None and name in ("mean", "max", "amax"):
        at.report("last-sequence", of.call)
    return v.Items((v.Data(), v.UNKNOWN)) if name in ("max", "min", "median") else v.Data()


def _selected(of: v.Result, name: str, at: At) -> v.Value:
    """``select(1, -1)``, ``gather(1, lengths - 1)``, ``index_select(0, order)``: brackets by another name."""
    axis, key = of.axis(at.given(0)), at.given(1)
    if axis is None or (name == "gather" and key != v.Length(less=True)):
        return at.lose(of)
    kept = [v.NONE] if name == "gather" else []  # the axis stays, with one element
    return indexed(of, v.Items((*[v.EVERYTHING] * axis, key, *kept)), at)


def _unbound(of: v.Result, at: At) -> v.Value:
    """``hn.unbind(0)``: all rows, one by one."""
    if of.axis(at.given(0, default=v.Constant(0))) != 0 or of.array.along(0) != ROW:
        return at.lose(of)
    return v.Items(tuple(indexed(of, v.Constant(row), at) for row in range(of.array.shape[0])))


# several tensors


def combined(left: v.Value, right: v.Value, op: ast.operator, at: At) -> v.Value:
    """``left op right``: a mask keeps the layout of what it masks, a sum reads both."""
    for one, other in ((left, right), (right, left)) if isinstance(op, ast.Mult | ast.Div) else ():
        known = other is not v.UNKNOWN or (isinstance(one, v.Result) and (one.state or one.step is not None))
        if isinstance(one, v.Result) and known and not isinstance(other, v.Result | v.Several):
            return one
    if isinstance(left, v.Length) or isinstance(right, v.Length):
        return v.Length(less=getattr(left, "less", False) or getattr(right, "less", False))
    if isinstance(left, v.Result) and isinstance(right, v.Result):
        alike = (left.of, left.array) == (right.of, right.array)
        if alike and right.of == "output" and right.step is None:
            at.consume(left, right)
            return replace(right, touched=True, mixed=True)
        if alike and left.state:
            return left
    read_together([left, right], at)
    return v.Data()


def joined(values: Sequence[v.Value], dim: v.Value, at: At, *, stacked: bool) -> v.Value:
    """torch.cat and torch.stack: what stands side by side is read together."""
    place, state = v.whole(dim), [each for each in values if isinstance(each, v.Result) and each.state]
    if not stacked and any(place is not None and place >= len(each.array.shape) for each in state):
        return at.lose(v.Items(tuple(values)))  # an axis that rows lack: they are not what they seem
    alike = len(state) == len(values) and len({(each.of, each.array) for each in state}) == 1
    if alike and state[0].every_row and not stacked and state[0].axis(dim) == len(state[0].array.shape) - 1:
        return state[0]  # the same rows of several calls, feature by feature
    read_together(values, at)
    return next((v.Data(each.axes) for each in values if isinstance(each, v.Data) and "one" in each.axes), v.UNKNOWN)


def read_together(values: Sequence[v.Value], at: At) -> None:
    """Values that one expression reads: both ends of output hold both final states, two rows are two directions."""
    flat = [each for value in values for each in (value.values if isinstance(value, v.Several) else (value,))]
    for results in _by_call(flat).values():
        rows = [each for each in results if each.state]
        if rows:
            at.taken(rows, at.node)
        steps = {each.step for each in results if each.step is not None}
        for each in results:
            if each.step is not None and 0 in steps and len(steps) > 1:
                at.lose(each)
            elif not each.state:
                at.consume(each)
    at.consume(*(each for each in flat if not isinstance(each, v.Result)))


def _by_call(values: Sequence[v.Value]) -> dict[ast.AST, list[v.Result]]:
    found: dict[ast.AST, list[v.Result]] = {}
    for value in values:
        if isinstance(value, v.Result):
            found.setdefault(value.call.node, []).append(value)
    return found
