"""``nn.LSTM(..)``: what a line of source says of a recurrent layer, and what an expression says of a flag."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lstm_inspect.lint import values as v

KINDS: Final = ("LSTM", "GRU", "RNN")
_ORDER: Final = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional")
_DEFAULTS: Final = {
    "num_layers": v.Constant(1),
    "bidirectional": v.Constant(False),
    "batch_first": v.Constant(False),
    "dropout": v.Constant(0.0),
    "proj_size": v.Constant(0),
}
_FLAGS: Final = ("hidden_size", *_DEFAULTS)
_SAME: Final = re.compile(
    r"\w*Dropout\dd?|\w*Dropout|Identity|LayerNorm|BatchNorm1d|InstanceNorm1d|\w*LU|Tanh|Sigmoid|Hardtanh|Softplus|Mish"
)


def recurrent(
    kind: str | None, arguments: Sequence[v.Value], named: Mapping[str, v.Value], node: ast.Call
) -> v.Recurrent:
    """The layer that a call builds; ``**named`` and ``*arguments`` that are not known leave flags unknown."""
    opaque = any(keyword.arg is None for keyword in node.keywords) or any(
        isinstance(argument, ast.Starred) for argument in node.args
    )
    given = dict(zip(_ORDER if kind != "RNN" else _rnn_order(arguments), arguments, strict=False)) | dict(named)
    flags = {name: given.get(name, v.UNKNOWN if opaque else _DEFAULTS.get(name, v.UNKNOWN)) for name in _FLAGS}
    return v.Recurrent(kind, node, **flags)


def _rnn_order(arguments: Sequence[v.Value]) -> tuple[str, ...]:
    """nn.RNN has its nonlinearity in the fourth place."""
    return (*_ORDER[:3], "nonlinearity", *_ORDER[3:])


def layer(name: str) -> v.Layer:
    """Another module of torch.nn by its name.

    >>> layer("Dropout")
    Layer(kind='same')
    """
    return v.Layer("linear" if name in ("Linear", "LazyLinear") else "same" if _SAME.fullmatch(name) else "other")


@dataclass(frozen=True, slots=True)
class Flag:
    """What is known of a flag where a result is used.

    Attributes:
        value: its value; None if it is not known.
        depends: what the finding says it depends on: "bidirectional=True"; None if it stands in the source.
    """

    value: int | bool | None
    depends: str | None = None


def truth(value: v.Value, assumed: Mapping[str, bool]) -> Flag:
    """Whether a flag is set, under what has been assumed of tests so far.

    >>> truth(v.Symbol("bidirectional"), {})
    Flag(value=True, depends='bidirectional=True')
    """
    value = v.settled(value, assumed)
    if isinstance(value, v.Constant):
        return Flag(bool(value.value))
    symbol = value.symbol if isinstance(value, v.Negated) else value
    if not isinstance(symbol, v.Symbol) or (f"?{symbol.text}" in assumed and symbol.text not in assumed):
        return Flag(None)
    opposite = symbol is not value
    held = assumed.get(symbol.text, not opposite)
    return Flag(held is not opposite, _said(symbol, held))


def decided(value: v.Value, assumed: Mapping[str, bool]) -> bool | None:
    """Whether a flag is set on this path; None if the path holds for both.

    >>> decided(v.Symbol("bidirectional"), {}), decided(v.Symbol("bidirectional"), {"bidirectional": False})
    (None, False)
    """
    value = v.settled(value, assumed)
    symbol = value.symbol if isinstance(value, v.Negated) else value
    known = None if isinstance(symbol, v.Symbol) and symbol.text not in assumed else truth(value, assumed).value
    return None if known is None else bool(known)


def _said(symbol: v.Symbol, value: bool) -> str:
    return symbol.text if any(sign in symbol.text for sign in "=<> ") else f"{symbol.text}={value}"


def layers(value: v.Value, assumed: Mapping[str, bool]) -> Flag:
    """How many layers; of a parameter, more than one.

    >>> layers(v.Symbol("num_layers", v.Constant(2)), {})
    Flag(value=2, depends='num_layers > 1')
    """
    value = v.settled(value, assumed)
    if isinstance(value, v.Constant) and isinstance(value.value, int):
        return Flag(value.value)
    if isinstance(value, v.Symbol):
        for test, held in ((f"{value.text} == 1", False), (f"{value.text} > 1", True)):
            if assumed.get(test) == (not held):
                return Flag(1)
        default = value.default.value if isinstance(value.default, v.Constant) else None
        return Flag(default if isinstance(default, int) else None, f"{value.text} > 1")
    return Flag(None)


def kinds(value: v.Value) -> tuple[str | None, ...]:
    """The kinds that ``getattr(nn, kind)`` may name."""
    if isinstance(value, v.Several):
        return tuple(kind for each in value.values for kind in kinds(each))
    return (value.value,) if isinstance(value, v.Constant) and value.value in KINDS else (None,)
