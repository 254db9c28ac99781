"""What load_state_dict's message holds: the keys of each side, and the shapes that differ."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from lstm_inspect.diagnosis.evidence import Evidence

_KEYS: Final = {
    side: re.compile(rf"{side} key\(s\) in state_dict: ((?:\"[^\"]*\"(?:, )?)+)") for side in ("Missing", "Unexpected")
}
_MISMATCH: Final = re.compile(
    r"size mismatch for ([\w.]+): copying a param with shape (?:torch\.Size\()?\[?\(?([\d, ]*)\]?\)*"
    r" from checkpoint, (?:the|where the) shape (?:in current model is|is) (?:torch\.Size\()?\[?\(?([\d, ]*)\]?\)*"
)
_OLD: Final = re.compile(
    r"copying the parameter named \"?([\w.]+)\"?, whose dimensions in the model are (?:torch\.Size\()?\[([\d, ]*)\]\)?"
    r" and whose dimensions in the checkpoint are (?:torch\.Size\()?\[([\d, ]*)\]\)?"
)
PARAMETER: Final = re.compile(r"(?:^|.*\.)(weight_ih|weight_hh|weight_hr|bias_ih|bias_hh)_l(\d+)(_reverse)?$")
OF_A_CELL: Final = re.compile(r"(?:^|.*\.)(?:weight_ih|weight_hh|bias_ih|bias_hh)$")


def keys(e: Evidence, side: str) -> list[str]:
    """The keys that are missing from, or unexpected in, the state dict."""
    found = _KEYS[side].search(e.message)
    return re.findall(r'"([^"]*)"', found[1]) if found else []


def mismatches(e: Evidence) -> Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    """Parameters of an LSTM by name: the shape in the checkpoint, the shape in the model."""
    found = [(name, _shape(a), _shape(b)) for name, a, b in _MISMATCH.findall(e.message)]
    found += [(name, _shape(b), _shape(a)) for name, a, b in _OLD.findall(e.message)]
    return {name: (loaded, model) for name, loaded, model in found if PARAMETER.match(name)}


def _shape(text: str) -> tuple[int, ...]:
    return tuple(int(size) for size in re.findall(r"\d+", text))


def lstm_keys(e: Evidence, side: str) -> list[re.Match[str]]:
    """Those of them that are parameters of an LSTM, taken apart: kind, layer, direction."""
    return [match for key in keys(e, side) if (match := PARAMETER.match(key))]


def of_an_lstm(e: Evidence) -> bool:
    """Whether an LSTM's parameters are among them."""
    names = [*keys(e, "Missing"), *keys(e, "Unexpected")]
    return bool(mismatches(e)) or any(PARAMETER.match(name) for name in names) or " for LSTM:" in e.message
