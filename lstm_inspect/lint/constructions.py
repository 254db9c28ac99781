"""``nn.LSTM(..)``: what a line of source says of a recurrent layer, and what an expression says of a flag."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lstm_inspect.lint import values as v

KINDS: Final = ("LSTM", "GRU", "RNN")
_ORDER: Final = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional")
_RNN_ORDER: Final = (*_ORDER[:3], "nonlinearity", *_ORDER[3:])
_DEFAULTS: Final = {"num_layers": 1, "bidirectional": False, "batch_first": False, "dropout": 0.0, "proj_size": 0}
FLAGS: Final = ("hidden_size", *_DEFAULTS)
_SAME: Final = re.compile(
    r"\w*Dropout\dd?|\w*Dropout|Identity|LayerNorm|BatchNorm1d|InstanceNorm1d|\w*LU|Tanh|Sigmoid|Hardtanh|Softplus|Mish"
)


def recurrent(kind: str | None, given: list[v.Value], named: Mapping[str, v.Value], node: ast.Call) -> v.Recurrent:
    """The layer that a call builds; ``**named`` and ``*arguments`` that are not known leave flags unknown."""
    opaque = any(each.arg is None for each in node.keywords) or any(isinstance(e, ast.Starred) for e in node.args)
    flags = {"hidden_size": v.UNKNOWN}
    flags |= {name: v.UNKNOWN if opaque else v.Constant(default) for name, default in _DEFAULTS.items()}
    flags |= dict(zip(_RNN_ORDER if kind == "RNN" else _ORDER, given, strict=False)) | dict(named)
    return v.Recurrent(kind, node, **{name: flags[name] for name in FLAGS})


def layer(name: str) -> v.Layer:
    """Another module of torch.nn by its name.

    >>> layer("Dropout").kind
    'same'
    """
    return v.Layer("linear" if name in ("Linear", "LazyLinear") else "same" if _SAME.fullmatch(name) else "other")


def kinds(value: v.Value) -> tuple[str | None, ...]:
    """The kinds that ``getattr(nn, kind)`` may name."""
    if isinstance(value, v.Several):
        return tuple(kind for each in value.values for kind in kinds(each))
    return (value.value,) if isinstance(value, v.Constant) and value.value in KINDS else (None,)


@dataclass(frozen=True, slots=True)
class Flag:
    """What is known of a flag where a result is used.

    Attributes:
        value: its value; None if it is not known.
        depends: what the finding says it depends on: "bidirectional=True"; None if it stands in the source.
    """

    value: int | bool | None
    depends: str | None = None


def flags(call: v.Call, assumed: Mapping[str, bool]) -> tuple[Flag, Flag]:
    """Whether a call's module is bidirectional, and how many layers it has."""
    return truth(call.module.bidirectional, assumed), layers(call.module.num_layers, assumed)


def both(*given: Flag) -> str | None:
    """What several flags depend on."""
    return " and ".join(each.depends for each in given if each.depends) or None


def truth(value: v.Value, assumed: Mapping[str, bool]) -> Flag:
    """Whether a flag is set, under what has been assumed of tests so far.

    >>> truth(v.Symbol("bidirectional"), {})
    Flag(value=True, depends='bidirectional=True')
    """
    value = v.settled(value, assumed)
    if isinstance(value, v.Constant):
        return Flag(bool(value.value))
    if not isinstance(value, v.Symbol) or (f"?{value.text}" in assumed and value.text not in assumed):
        return Flag(None)
    held = assumed.get(value.text, not value.negated)
    said = value.text if any(sign in value.text for sign in "=<> ") else f"{value.text}={held}"
    return Flag(held is not value.negated, said)


def decided(value: v.Value, assumed: Mapping[str, bool]) -> bool | None:
    """Whether a flag is set on this path; None if the path holds for both.

    >>> decided(v.Symbol("bidirectional"), {}), decided(v.Symbol("bidirectional"), {"bidirectional": False})
    (None, False)
    """
    value = v.settled(value, assumed)
    known = None if isinstance(value, v.Symbol) and value.text not in assumed else truth(value, assumed).value
    return None if known is None else bool(known)


def layers(value: v.Value, assumed: Mapping[str, bool]) -> Flag:
    """How many layers; of a parameter, more than one.

    >>> layers(v.Symbol("num_layers", v.Constant(2)), {})
    Flag(value=2, depends='num_layers > 1')
    """
    value = v.settled(value, assumed)
    if not isinstance(value, v.Symbol):
        return Flag(v.whole(value))
    if assumed.get(f"{value.text} == 1") or assumed.get(f"{value.text} > 1") is False:
        return Flag(1)
    return Flag(v.whole(value.default), f"{value.text} > 1")
