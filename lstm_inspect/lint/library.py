"""torch's functions and Python's own, as far as they matter to where a result's elements go."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Final

from lstm_inspect.lint import brackets, tensors
from lstm_inspect.lint import values as v
from lstm_inspect.lint.constructions import KINDS, kinds, layer, recurrent
from lstm_inspect.lint.follow import At

FLAGS: Final = frozenset({"hidden_size", "num_layers", "bidirectional", "batch_first", "dropout", "proj_size"})
TENSOR_METHODS: Final = re.compile(
    "size|shape|view|reshape|unsqueeze|squeeze|transpose|permute|t|T|contiguous|sort|argsort|index_select|long|to|cuda"
    "|cpu|float|detach|expand|repeat|clone|flatten|normal_|uniform_|append|extend"
)
_RANDOM: Final = re.compile("randn|rand|randn_like|rand_like|normal")
_EMPTY: Final = re.compile("zeros|ones|empty|zeros_like|full|arange")
_WRAPPERS: Final = re.compile("(Distributed)?DataParallel|Variable|compile|script|weight_norm|spectral_norm|orthogonal")
_SAME: Final = re.compile("dropout|relu|tanh|sigmoid|gelu|elu|selu|leaky_relu|layer_norm|normalize|hardtanh")
_HARMLESS: Final = re.compile("allclose|equal|isclose|assert_close|assert_allclose")


def call(name: str, at: At) -> v.Value:  # noqa: PLR0911 - a case a kind of function
    """``torch.name(..)``, or a call of something else that was imported."""
    last = name.replace(":", ".").rpartition(".")[2]
    first = at.given(0)
    if not name.startswith("torch"):
        wrapped = isinstance(first, v.Recurrent) and len(at.arguments) == 1
        return first if wrapped else at.consume_all()
    if _WRAPPERS.fullmatch(last) or _SAME.fullmatch(last):
        return first
    if name.startswith("torch.nn.") and (last[:1].isupper() or last == "?"):
        return _module(last, at)
    if last in _FUNCTIONS:
        return _FUNCTIONS[last](at)
    if _RANDOM.fullmatch(last) or _EMPTY.fullmatch(last):
        drawn = at.node if _RANDOM.fullmatch(last) and not at.state.guarded else None
        return v.Data(ones=_ones(at), names=_names(at), random=drawn)
    if _HARMLESS.fullmatch(last):
        return v.UNKNOWN
    if isinstance(first, v.Output | v.Step | v.Rows | v.Pair | v.Data | v.Symbol | v.Length | v.Several):
        return tensors.method(first, last.rstrip("_"), at.of(*at.arguments[1:]))
    return at.consume_all()


def _module(last: str, at: At) -> v.Value:
    first = at.given(0)
    if last in KINDS or (last == "?" and len(at.arguments) > 1):
        built = recurrent(last if last in KINDS else None, at.arguments, at.named, at.node)
        given = isinstance(built.dropout, v.Symbol) or (v.whole(built.dropout) or getattr(built.dropout, "value", 0))
        if built.num_layers == v.Constant(1) and given:
            at.walker.uses.report("dropout-one-layer", at.node, None, at.state)
        return built
    if last == "Sequential":
        given = first.values if len(at.arguments) == 1 and isinstance(first, v.Items) else tuple(at.arguments)
        return v.Chain(given) if not any(isinstance(each, ast.Starred) for each in at.node.args) else v.UNKNOWN
    if last in ("ModuleList", "ModuleDict"):
        return first if isinstance(first, v.Items | v.Table) else v.Items((), open=True)
    return v.Data() if last == "Parameter" else layer(last)


def _sizes(at: At) -> tuple[v.Value, ...]:
    first = at.given(0)
    return first.values if isinstance(first, v.Items) else tuple(at.arguments)


def _ones(at: At) -> frozenset[int]:
    return frozenset(place for place, each in enumerate(_sizes(at)) if each == v.Constant(1))


def _names(at: At) -> tuple[str | None, ...]:
    """What the sizes of a tensor are called: "batch", "time" or nothing."""
    texts = [each.text.lower() if isinstance(each, v.Symbol) else "" for each in _sizes(at)]
    return tuple("batch" if "batch" in text else "time" if "seq" in text or "time" in text else None for text in texts)


def _pack(at: At) -> v.Value:
    value = at.given(0, "input")
    at.consume(value)
    return v.Data(packed=True, order=value.order if isinstance(value, v.Data) else None)


def _pad(at: At) -> v.Value:
    """pad_packed_sequence: its own batch_first says which axis is which."""
    value, first = at.given(0, "sequence"), at.given(1, "batch_first", default=v.Constant(False))
    if isinstance(value, v.Several):
        return v.alternatives(*(_pad(at.of(each, *at.arguments[1:])) for each in value.values))
    if not isinstance(value, v.Output):
        return v.Items((v.Data() if isinstance(value, v.Data) else v.UNKNOWN, v.Length()))
    layouts = {True: brackets.BATCH_FIRST, False: brackets.TIME_FIRST}
    axes = layouts[bool(first.value)] if isinstance(first, v.Constant) else None
    return v.Items((v.Output(value.call, axes, padded=True, mixed=value.mixed), v.Length()))


def _cat(at: At) -> v.Value:
    parts = at.given(0, "tensors")
    if isinstance(parts, v.Several):
        return v.alternatives(*(_cat(at.of(each, *at.arguments[1:])) for each in parts.values))
    if not isinstance(parts, v.Items):
        at.consume(parts)
        return v.UNKNOWN
    stacked = ast.unparse(at.node.func).endswith("stack")
    return tensors.joined(parts.values, at.given(1, "dim", "axis", default=v.Constant(0)), at, stacked=stacked)


def _add(at: At) -> v.Value:
    return tensors.combined(at.given(0), at.given(1), ast.Add(), at)


def _tensor(at: At) -> v.Value:
    return at.given(0) if isinstance(at.given(0), v.Length) else v.Data()


def _linear(at: At) -> v.Value:
    at.consume_all()
    return v.Data()


def _drawn(at: At) -> v.Value:
    """``nn.init.normal_(h0)`` fills the tensor that its argument names."""
    place = at.node.args[0] if at.node.args else None
    filled = v.Data(random=None if at.state.guarded else at.node)
    if isinstance(place, ast.Name) and isinstance(at.state.names.get(place.id), v.Data):
        at.state.names[place.id] = filled
    return filled


_INITS: Final = ("uniform_", "normal_", "xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_")
_FUNCTIONS: Final[dict[str, Callable[[At], v.Value]]] = {
    **dict.fromkeys(("pack_padded_sequence", "pack_sequence"), _pack),
    **dict.fromkeys(("cat", "concat", "concatenate", "stack", "hstack"), _cat),
    **dict.fromkeys(("tensor", "as_tensor", "LongTensor"), _tensor),
    **dict.fromkeys(_INITS, _drawn),
    "pad_packed_sequence": _pad,
    "sort": lambda at: tensors.method(at.given(0), "sort", at.of(*at.arguments[1:])),
    "add": _add,
    "linear": _linear,
}


def builtin(name: str, at: At) -> v.Value | None:
    """A call of one of Python's own; None if it is none of those that matter."""
    return _BUILTINS[name](at) if name in _BUILTINS else None


def _isinstance(at: At) -> v.Value:
    asked = ast.unparse(at.node.args[1]).rpartition(".")[2] if len(at.node.args) > 1 else ""
    value = at.given(0)
    if asked == "tuple" and isinstance(value, v.Pair | v.Items | v.Rows):
        return v.Constant(not isinstance(value, v.Rows))
    if asked in KINDS and isinstance(value, v.Recurrent) and value.kind:
        return v.Constant(asked == value.kind)
    return v.UNKNOWN


def _getattr(at: At) -> v.Value:
    of, name = at.given(0), at.given(1)
    if of == v.Dotted("torch.nn"):
        return v.alternatives(*(v.Dotted(f"torch.nn.{kind or '?'}") for kind in kinds(name)))
    known = isinstance(name, v.Constant) and isinstance(name.value, str)
    return at.walker.attribute(of, name.value, at.state) if known else v.UNKNOWN


def _first(at: At) -> v.Value:
    plain = v.Length | v.Items | v.Constant | v.Symbol | v.Negated
    return at.given(0) if isinstance(at.given(0), plain) else v.UNKNOWN


def _int(at: At) -> v.Value:
    value = _first(at)
    number = isinstance(value, v.Constant) and isinstance(value.value, int | float) and abs(value.value) < 1e9
    return v.Constant(int(value.value)) if number else value


def _enumerate(at: At) -> v.Value:
    of = at.given(0)
    if isinstance(of, v.Items) and not of.open:
        return v.Items(tuple(v.Items((v.UNKNOWN, each)) for each in of.values))
    return v.Items((v.Items((v.UNKNOWN, tensors.item_of(of, at))),), open=True)


def _zip(at: At) -> v.Value:
    return v.Items((v.Items(tuple(tensors.item_of(each, at) for each in at.arguments)),), open=True)


_BUILTINS: Final[dict[str, Callable[[At], v.Value]]] = {
    **dict.fromkeys(("print", "type", "hasattr", "range"), lambda at: v.UNKNOWN),
    **dict.fromkeys(("bool", "list", "tuple", "reversed"), _first),
    "isinstance": _isinstance,
    "getattr": _getattr,
    "super": lambda at: at.walker.base(at.state),
    "int": _int,
    "len": lambda at: v.Symbol(ast.unparse(at.node)),
    "enumerate": _enumerate,
    "zip": _zip,
}
