"""torch's functions and Python's own, as far as they matter to where a result's elements go."""

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from lstm_inspect.lint import values as v
from lstm_inspect.lint.parts import laid_out
from lstm_inspect.lint.tensors import combined, item_of, joined, method, sized
from lstm_inspect.lint.uses import At
from lstm_inspect.theory.expressions import DEFAULTS, PARAMETERS

KINDS: Final = ("LSTM", "GRU", "RNN")
_ORDER: Final = PARAMETERS[:-1]  # proj_size is an nn.LSTM's alone
_RNN_ORDER: Final = (*_ORDER[:3], "nonlinearity", *_ORDER[3:])
_FOLLOWED: Final = tuple(name for name in DEFAULTS if name != "bias")
FLAGS: Final = ("hidden_size", *_FOLLOWED)
_SAME: Final = re.compile(
    r"\w*Dropout\dd?|\w*Dropout|Identity|LayerNorm|BatchNorm1d|InstanceNorm1d|\w*LU|Tanh|Sigmoid|Hardtanh|Softplus|Mish"
)


def call(name: str, at: At) -> v.Value:
    """``torch.name(..)``, or a call of something else that was imported."""
    last = name.replace(":", ".").rpartition(".")[2]
    first = at.given(0)
    if not name.startswith("torch"):
        wrapped = isinstance(first, v.Recurrent) and len(at.arguments) == 1
        return first if wrapped else at.consume_all()
    if last in _FUNCTIONS:
        return _FUNCTIONS[last](at)
    if name.startswith("torch.nn.") and (last[:1].isupper() or last == "?"):
        return _module(last, at)
    if isinstance(first, v.Result | v.Data | v.Symbol | v.Length | v.Several):
        return method(first, last.rstrip("_"), at.of(*at.arguments[1:]))
    return at.consume_all()


def _module(last: str, at: At) -> v.Value:
    first = at.given(0)
    if last in KINDS or (last == "?" and len(at.arguments) > 1):
        built = _recurrent(last if last in KINDS else None, at)
        given = isinstance(built.dropout, v.Symbol) or getattr(built.dropout, "value", False)
        if built.num_layers == v.Constant(1) and given:
            at.report("dropout-one-layer", None)
        return built
    if last == "Sequential":
        values = first.values if len(at.arguments) == 1 and isinstance(first, v.Items) else tuple(at.arguments)
        starred = any(isinstance(each, ast.Starred) for each in at.node.args)
        return v.UNKNOWN if starred else v.Layer("chain", values)
    if last in ("ModuleList", "ModuleDict"):
        return first if isinstance(first, v.Items | v.Table) else v.Items((), open=True)
    if last == "Parameter":
        return v.Data()
    return v.Layer("linear" if last in ("Linear", "LazyLinear") else "same" if _SAME.fullmatch(last) else "other")


def _recurrent(kind: str | None, at: At) -> v.Recurrent:
    """The layer that a call builds; ``**named`` and ``*arguments`` that are not known leave flags unknown."""
    opaque = any(each.arg is None for each in at.node.keywords) or any(isinstance(e, ast.Starred) for e in at.node.args)
    flags = {name: v.UNKNOWN if opaque else v.Constant(DEFAULTS[name]) for name in _FOLLOWED}
    flags |= dict(zip(_RNN_ORDER if kind == "RNN" else _ORDER, at.arguments, strict=False)) | at.named
    return v.Recurrent(kind, at.node, **{name: flags.get(name, v.UNKNOWN) for name in FLAGS})


@v.of_each
def of_nn(kind: v.Value) -> v.Value:
    """``getattr(nn, kind)``; "?" is one that is not known."""
    known = isinstance(kind, v.Constant) and kind.value in KINDS
    return v.Dotted(f"torch.nn.{kind.value if known else '?'}")


def _made(at: At) -> v.Data:
    first = at.given(0)
    return v.Data(sized(first.values if isinstance(first, v.Items) else at.arguments))


def _filled(at: At) -> v.Value:
    """``nn.init.normal_(h0)`` fills the tensor that its argument names."""
    place = at.node.args[0] if at.node.args else None
    filled = v.Data(random=None if at.state.guarded else at.node)
    if isinstance(place, ast.Name) and isinstance(at.state.names.get(place.id), v.Data):
        at.state.names[place.id] = filled
    return filled


def _pack(at: At) -> v.Value:
    value = at.given(0, "input")
    at.consume(value)
    return v.Data(packed=True, order=value.order if isinstance(value, v.Data) else None)


@v.of_each
def _pad(value: v.Value, at: At) -> v.Value:
    """pad_packed_sequence: its own batch_first says which axis is which."""
    if not isinstance(value, v.Result):
        return v.Items((v.Data() if isinstance(value, v.Data) else v.UNKNOWN, v.Length()))
    first = at.given(1, "batch_first", default=v.Constant(False))
    array = laid_out(value.call, bool(first.value) if isinstance(first, v.Constant) else None)
    return v.Items((v.Result("output", value.call, array, at.node, padded=True, mixed=value.mixed), v.Length()))


@v.of_each
def _cat(parts: v.Value, at: At) -> v.Value:
    if not isinstance(parts, v.Items):
        at.consume(parts)
        return v.UNKNOWN
    stacked = ast.unparse(at.node.func).endswith("stack")
    return joined(parts.values, at.given(1, "dim", "axis", default=v.Constant(0)), at, stacked=stacked)


def _by_name(*rows: tuple[str, Callable[[At], v.Value]]) -> dict[str, Callable[[At], v.Value]]:
    return {name: does for names, does in rows for name in names.split()}


_FUNCTIONS: Final = _by_name(
    (
        "DataParallel DistributedDataParallel Variable compile script weight_norm spectral_norm orthogonal",
        lambda at: at.given(0),
    ),
    ("dropout relu tanh sigmoid gelu elu selu leaky_relu layer_norm normalize hardtanh", lambda at: at.given(0)),
    ("allclose equal isclose assert_close assert_allclose", lambda at: v.UNKNOWN),
    ("zeros ones empty zeros_like full arange", _made),
    (
        "randn rand randn_like rand_like normal",
        lambda at: replace(_made(at), random=None if at.state.guarded else at.node),
    ),
    ("uniform_ normal_ xavier_uniform_ xavier_normal_ kaiming_uniform_ kaiming_normal_", _filled),
    ("pack_padded_sequence pack_sequence", _pack),
    ("pad_packed_sequence", lambda at: _pad(at.given(0, "sequence"), at)),
    ("cat concat concatenate stack hstack", lambda at: _cat(at.given(0, "tensors"), at)),
    ("add", lambda at: combined(at.given(0), at.given(1), ast.Add(), at)),
    ("sort", lambda at: method(at.given(0), "sort", at.of(*at.arguments[1:]))),
    ("linear", lambda at: at.consume(*at.arguments, *at.named.values())),
    ("tensor as_tensor LongTensor", lambda at: at.given(0) if isinstance(at.given(0), v.Length) else v.Data()),
)


def _isinstance(at: At) -> v.Value:
    asked = ast.unparse(at.node.args[1]).rpartition(".")[2] if len(at.node.args) > 1 else ""
    value = at.given(0)
    if asked == "tuple" and (isinstance(value, v.Items) or (isinstance(value, v.Result) and value.of != "output")):
        return v.Constant(isinstance(value, v.Items) or value.of == "pair")
    if asked in KINDS and isinstance(value, v.Recurrent) and value.kind:
        return v.Constant(asked == value.kind)
    return v.UNKNOWN


def _plain(at: At) -> v.Value:
    return at.given(0) if isinstance(at.given(0), v.Length | v.Items | v.Constant | v.Symbol) else v.UNKNOWN


def _int(at: At) -> v.Value:
    value = _plain(at)
    number = isinstance(value, v.Constant) and isinstance(value.value, int | float) and abs(value.value) < 1e9
    return v.Constant(int(value.value)) if number else value


def _enumerate(at: At) -> v.Value:
    of = at.given(0)
    known = isinstance(of, v.Items) and not of.open
    items = of.values if known else (item_of(of, at),)
    return v.Items(tuple(v.Items((v.UNKNOWN, each)) for each in items), open=not known)


BUILTINS: Final = _by_name(
    ("print type hasattr range", lambda at: v.UNKNOWN),
    ("bool list tuple reversed", _plain),
    ("isinstance", _isinstance),
    ("int", _int),
    ("len", lambda at: v.Symbol(ast.unparse(at.node))),
    ("enumerate", _enumerate),
    ("zip", lambda at: v.Items((v.Items(tuple(item_of(each, at) for each in at.arguments)),), open=True)),
)
"""Python's own functions, as far as they matter."""
