"""The recurrent modules that are no nn.LSTM: told apart, named, not covered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

from lstm_inspect.checkpoint.groups import Container, Group, prefix
from lstm_inspect.checkpoint.names import place_suffix
from lstm_inspect.checkpoint.sizes import GATE_COUNTS, Sizes
from lstm_inspect.theory.contract import Limit, written
from lstm_inspect.theory.expressions import construct
from lstm_inspect.theory.shapes import format_tuple

_KINDS: Final = ("GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell", "quantized LSTM", "unknown")


@written("name container prefix kind *sizes message")
@dataclass(frozen=True, slots=True)
class OtherModule:
    """A recurrent module that is not an nn.LSTM: named, not covered.

    Attributes:
        kind: "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell", "quantized LSTM" or "unknown".
        sizes: None where the shapes don't tell.
        message: a sentence that says what it is.
    """

    container: Container
    name: str
    wrapper: str
    kind: Annotated[str, Limit(enum=list(_KINDS))]
    sizes: Sizes | None
    message: str

    @property
    def prefix(self) -> str:
        """What stands before its parameters' names in the state dict."""
        return prefix(self.wrapper, self.name)


def other_of(group: Group, agreed: Sizes | None) -> OtherModule:
    """A group of parameters that is no nn.LSTM; its sizes None where the shapes don't tell."""
    if agreed is not None and not group.quantized:
        kind = agreed.kind + ("Cell" if group.cell else "")
        return other_module(group.module, kind, agreed, group.container, group.wrapper)
    kind, message = (
        "quantized LSTM",
        "an LSTM made for quantization (torch.ao.nn): its parameters bear names of their own",
    )
    if not group.quantized:
        slot, stored = next(iter(group.parameters.items()))
        shape = f"{slot.kind}{place_suffix(slot.layer, reverse=slot.reverse)} is {format_tuple(stored.entry.shape)}"
        kind, message = "unknown", f"named like a recurrent module, but its shapes fit no LSTM, GRU or RNN: {shape}"
    return OtherModule(group.container, group.module, group.wrapper, kind, agreed, message)


def other_module(name: str, kind: str, agreed: Sizes, container: Container = (), wrapper: str = "") -> OtherModule:
    """A recurrent module that is no nn.LSTM, with a sentence that says what it is."""
    call = _call(kind, agreed)
    gates = GATE_COUNTS[agreed.kind]
    rows = f"{gates} x {agreed.hidden_size} gate rows" if gates > 1 else f"{agreed.hidden_size} rows, no gates"
    message = f"{'an' if kind[0] in 'LR' else 'a'} {kind} ({rows}), {call}: {_WHY_NOT[kind]}"
    return OtherModule(container, name, wrapper, kind, agreed, message)


_WHY_NOT: Final = {
    "GRU": "its one state h has no cell state beside it",
    "RNN": "its one state h has no cell state beside it; tanh or relu is not in a checkpoint",
    "LSTMCell": "it runs one time step at a time and has no layers or directions",
    "GRUCell": "it runs one time step at a time and has no cell state",
    "RNNCell": "it runs one time step at a time and has no cell state",
}


def _call(kind: str, agreed: Sizes) -> str:
    """The call that builds a module which is not an nn.LSTM, without the arguments at torch's defaults."""
    given: dict[str, Any] = {
        "num_layers": agreed.num_layers,
        "bias": agreed.bias,
        "bidirectional": agreed.bidirectional,
    }
    return construct(kind, "?" if agreed.input_size is None else agreed.input_size, agreed.hidden_size, **given)
