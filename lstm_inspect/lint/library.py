"""torch's functions and Python's own, as far as they matter to where a result's elements go."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Final

from lstm_inspect.lint import tensors
from lstm_inspect.lint.constructions import KINDS, kinds, layer, recurrent
from lstm_inspect.lint.follow import Follower
from lstm_inspect.lint.state import State
from lstm_inspect.lint.values import (
    UNKNOWN,
    Chain,
    Constant,
    Data,
    Dotted,
    Items,
    Length,
    Negated,
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
)

FLAGS: Final = frozenset({"hidden_size", "num_layers", "bidirectional", "batch_first", "dropout", "proj_size"})
TENSOR_METHODS: Final = re.compile(
    "size|shape|view|reshape|unsqueeze|squeeze|transpose|permute|t|T|contiguous|sort|argsort|index_select|long|to|cuda"
    "|cpu|float|detach|expand|repeat|clone|flatten|normal_|uniform_|append|extend"
)
_RANDOM: Final = frozenset({"randn", "rand", "randn_like", "rand_like", "normal"})
_EMPTY: Final = frozenset({"zeros", "ones", "empty", "zeros_like", "full", "arange"})
_WRAPPERS: Final = (
    "DataParallel",
    "DistributedDataParallel",
    "Variable",
    "compile",
    "script",
    "weight_norm",
    "spectral_norm",
    "orthogonal",
)
_SAME: Final = re.compile("dropout|relu|tanh|sigmoid|gelu|elu|selu|leaky_relu|layer_norm|normalize|hardtanh")
_HARMLESS: Final = frozenset({"allclose", "equal", "isclose", "assert_close", "assert_allclose"})
_TENSORS: Final = Output | Step | Rows | Pair | Data | Symbol | Length | Several


def call(  # noqa: C901, PLR0911 - a case a kind of value
    name: str, arguments: list[Value], named: dict[str, Value], node: ast.Call, walker: Follower, state: State
) -> Value:
    """``torch.name(..)``, or a call of something else that was imported."""
    last = name.replace(":", ".").rpartition(".")[2]
    if not name.startswith("torch"):
        return _foreign(last, arguments, named, node, walker, state)
    if name.startswith("torch.nn.") and (last[:1].isupper() or last == "?"):
        return _module(last, arguments, named, node, walker, state)
    if last in _WRAPPERS and arguments:
        return arguments[0]
    handler = _FUNCTIONS.get(last)
    if handler is not None:
        return handler(arguments, named, node, walker, state)
    if _SAME.fullmatch(last) and arguments:
        return arguments[0]
    if last in _RANDOM:
        return _random(arguments, named, node, walker, state)
    if last in _HARMLESS:
        return UNKNOWN
    if last in _EMPTY:
        return Data(ones=_ones(arguments), names=_names(arguments))
    if arguments and isinstance(arguments[0], _TENSORS) and last not in ("save", "load"):
        return tensors.method(arguments[0], last.rstrip("_"), arguments[1:], named, walker, state, node)
    for each in (*arguments, *named.values()):
        walker.uses.consume(each, state)
    return UNKNOWN


def _foreign(
    last: str, arguments: list[Value], named: dict[str, Value], node: ast.Call, walker: Follower, state: State
) -> Value:
    if arguments and isinstance(arguments[0], Recurrent) and len(arguments) == 1:
        return arguments[0]  # a wrapper of somebody's
    for each in (*arguments, *named.values()):
        walker.uses.consume(each, state)
    return UNKNOWN


def _module(  # noqa: PLR0911 - a case a kind of value
    last: str, arguments: list[Value], named: dict[str, Value], node: ast.Call, walker: Follower, state: State
) -> Value:
    if last in KINDS:
        return recurrent(last, arguments, named, node)
    if last == "?":
        return recurrent(None, arguments, named, node) if len(arguments) > 1 else UNKNOWN
    if last == "Sequential":
        given = arguments[0].values if len(arguments) == 1 and isinstance(arguments[0], Items) else tuple(arguments)
        return Chain(given) if not any(isinstance(each, ast.Starred) for each in node.args) else UNKNOWN
    if last == "ModuleList":
        return (
            arguments[0]
            if arguments and isinstance(arguments[0], Items)
            else Items((), open=True)
            if not arguments
            else UNKNOWN
        )
    if last == "ModuleDict":
        return arguments[0] if arguments and isinstance(arguments[0], Table) else UNKNOWN
    if last in ("DataParallel", "DistributedDataParallel") and arguments:
        return arguments[0]
    return Data() if last == "Parameter" else layer(last)


def _ones(arguments: list[Value]) -> frozenset[int]:
    sizes = arguments[0].values if arguments and isinstance(arguments[0], Items) else arguments
    return frozenset(place for place, each in enumerate(sizes) if each == Constant(1))


def _names(arguments: list[Value]) -> tuple[str | None, ...]:
    """What the sizes of a tensor are called: "batch", "time" or nothing."""
    sizes = arguments[0].values if arguments and isinstance(arguments[0], Items) else arguments
    found = []
    for each in sizes:
        text = each.text.lower() if isinstance(each, Symbol) else ""
        found.append("batch" if "batch" in text else "time" if "seq" in text or "time" in text else None)
    return tuple(found)


def _random(arguments: list[Value], named: dict[str, Value], node: ast.Call, walker: Follower, state: State) -> Value:
    return Data(ones=_ones(arguments), names=_names(arguments), random=None if state.guarded else node)


def _pack(arguments: list[Value], named: dict[str, Value], node: ast.Call, walker: Follower, state: State) -> Value:
    value = arguments[0] if arguments else named.get("input", UNKNOWN)
    walker.uses.consume(value, state)
    return Data(packed=True, order=value.order if isinstance(value, Data) else None)


def _pad(arguments: list[Value], named: dict[str, Value], node: ast.Call, walker: Follower, state: State) -> Value:
    """pad_packed_sequence: its own batch_first says which axis is which."""
    value = arguments[0] if arguments else named.get("sequence", UNKNOWN)
    if isinstance(value, Several):
        return alternatives(*(_pad([each, *arguments[1:]], named, node, walker, state) for each in value.values))
    if not isinstance(value, Output):
        return Items((Data() if isinstance(value, Data) else UNKNOWN, Length()))
    first = arguments[1] if len(arguments) > 1 else named.get("batch_first", Constant(False))
    axes = None
    if isinstance(first, Constant):
        axes = ("batch", "time", "features") if first.value else ("time", "batch", "features")
    return Items((Output(value.call, axes, padded=True, mixed=value.mixed), Length()))


def _cat(arguments: list[Value], named: dict[str, Value], node: ast.Call, walker: Follower, state: State) -> Value:
    """torch.cat and torch.stack: what stands side by side is read together."""
    parts = arguments[0] if arguments else named.get("tensors", UNKNOWN)
    if isinstance(parts, Several):
        return alternatives(*(_cat([each, *arguments[1:]], named, node, walker, state) for each in parts.values))
    if not isinstance(parts, Items):
        walker.uses.consume(parts, state)
        return UNKNOWN
    values = parts.values
    dim = named.get("dim", named.get("axis", arguments[1] if len(arguments) > 1 else Constant(0)))
    joined = tensors.side_by_side(values, dim)
    if joined is not None:
        return joined
    if tensors.impossible(values, dim) and not ast.unparse(node.func).endswith("stack"):
        walker.uses.escape(parts, state)
        return UNKNOWN
    tensors.read_together(values, node, walker, state)
    ones: frozenset[int] = frozenset().union(*(each.ones for each in values if isinstance(each, Data)))
    return Data(ones=ones) if ones else UNKNOWN


def _sorted(arguments: list[Value], named: dict[str, Value], node: ast.Call, walker: Follower, state: State) -> Value:
    return tensors.method(arguments[0] if arguments else UNKNOWN, "sort", arguments[1:], named, walker, state, node)


def _add(arguments: list[Value], named: dict[str, Value], node: ast.Call, walker: Follower, state: State) -> Value:
    if len(arguments) != 2:
        return UNKNOWN
    return tensors.combined(arguments[0], arguments[1], node, ast.Add(), walker, state)


def _tensor(arguments: list[Value], named: dict[str, Value], node: ast.Call, walker: Follower, state: State) -> Value:
    return arguments[0] if arguments and isinstance(arguments[0], Length) else Data()


def _embedded(arguments: list[Value], named: dict[str, Value], node: ast.Call, walker: Follower, state: State) -> Value:
    for each in arguments:
        walker.uses.consume(each, state)
    return Data()


def _drawn(arguments: list[Value], named: dict[str, Value], node: ast.Call, walker: Follower, state: State) -> Value:
    """``nn.init.normal_(h0)`` fills the tensor that its argument names."""
    place = node.args[0] if node.args else None
    filled = Data(random=None if state.guarded else node)
    if isinstance(place, ast.Name) and isinstance(state.names.get(place.id), Data):
        state.names[place.id] = filled
    return filled


_Handler = Callable[[list[Value], dict[str, Value], ast.Call, Follower, State], Value]
_FUNCTIONS: Final[dict[str, _Handler]] = {
    "pack_padded_sequence": _pack,
    "pack_sequence": _pack,
    "pad_packed_sequence": _pad,
    "cat": _cat,
    "concat": _cat,
    "concatenate": _cat,
    "stack": _cat,
    "hstack": _cat,
    "sort": _sorted,
    "add": _add,
    "tensor": _tensor,
    "as_tensor": _tensor,
    "LongTensor": _tensor,
    "linear": _embedded,
    "uniform_": _drawn,
    "normal_": _drawn,
    "xavier_uniform_": _drawn,
    "xavier_normal_": _drawn,
    "kaiming_uniform_": _drawn,
    "kaiming_normal_": _drawn,
}


def builtin(name: str, arguments: list[Value], node: ast.Call, walker: Follower, state: State) -> Value | None:
    """A call of one of Python's own; None if it is none of those that matter."""
    handler = _BUILTINS.get(name)
    return None if handler is None else handler(arguments, node, walker, state)


def _isinstance(arguments: list[Value], node: ast.Call, walker: Follower, state: State) -> Value:
    asked = ast.unparse(node.args[1]) if len(node.args) > 1 else ""
    value = arguments[0] if arguments else UNKNOWN
    if asked == "tuple" and isinstance(value, Pair | Items | Rows):
        return Constant(not isinstance(value, Rows))
    if asked.rpartition(".")[2] in KINDS and isinstance(value, Recurrent) and value.kind:
        return Constant(asked.rpartition(".")[2] == value.kind)
    return UNKNOWN


def _getattr(arguments: list[Value], node: ast.Call, walker: Follower, state: State) -> Value:
    if len(arguments) < 2:
        return UNKNOWN
    of, name = arguments[0], arguments[1]
    if of == Dotted("torch.nn"):
        found = kinds(name)
        return alternatives(*(Dotted(f"torch.nn.{kind or '?'}") for kind in found))
    if isinstance(name, Constant) and isinstance(name.value, str):
        return walker.attribute(of, name.value, state)
    return UNKNOWN


def _super(arguments: list[Value], node: ast.Call, walker: Follower, state: State) -> Value:
    return walker.base(state)


def _first(arguments: list[Value], node: ast.Call, walker: Follower, state: State) -> Value:
    return (
        arguments[0]
        if arguments and isinstance(arguments[0], Length | Items | Constant | Symbol | Negated)
        else UNKNOWN
    )


def _int(arguments: list[Value], node: ast.Call, walker: Follower, state: State) -> Value:
    if arguments and isinstance(arguments[0], Constant) and isinstance(arguments[0].value, int | float):
        return Constant(int(arguments[0].value))
    return _first(arguments, node, walker, state)


def _len(arguments: list[Value], node: ast.Call, walker: Follower, state: State) -> Value:
    return Symbol(ast.unparse(node))


def _nothing(arguments: list[Value], node: ast.Call, walker: Follower, state: State) -> Value:
    return UNKNOWN


def _enumerate(arguments: list[Value], node: ast.Call, walker: Follower, state: State) -> Value:
    of = arguments[0] if arguments else UNKNOWN
    if isinstance(of, Items) and not of.open:
        return Items(tuple(Items((UNKNOWN, each)) for each in of.values))
    return Items((Items((UNKNOWN, tensors.item_of(of, node, walker, state))),), open=True)


def _zip(arguments: list[Value], node: ast.Call, walker: Follower, state: State) -> Value:
    return Items((Items(tuple(tensors.item_of(each, node, walker, state) for each in arguments)),), open=True)


_BUILTINS: Final[dict[str, Callable[[list[Value], ast.Call, Follower, State], Value]]] = {
    "isinstance": _isinstance,
    "getattr": _getattr,
    "super": _super,
    "int": _int,
    "bool": _first,
    "list": _first,
    "tuple": _first,
    "reversed": _first,
    "len": _len,
    "print": _nothing,
    "type": _nothing,
    "hasattr": _nothing,
    "range": _nothing,
    "enumerate": _enumerate,
    "zip": _zip,
}
