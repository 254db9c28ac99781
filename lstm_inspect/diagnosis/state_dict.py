"""What load_state_dict's message holds, as functions for the rules: the keys of a side, the shapes that differ."""

import re
from collections.abc import Sequence
from typing import Final

from lstm_inspect.theory.shapes import Shape

_PARAMETER: Final = re.compile(r"(?:^|.*\.)(weight_ih|weight_hh|weight_hr|bias_ih|bias_hh)_l(\d{1,9})(_reverse)?$")
_MISMATCHES: Final = (
    r"size mismatch for (?P<name>[\w.]+): copying a param with shape (?:torch\.Size\()?\[?\(?(?P<saved>[\d, ]*)\]?\)*"
    r" from checkpoint, (?:the|where the) shape (?:in current model is|is) (?:torch\.Size\()?\[?\(?(?P<here>[\d, ]*)",
    r"copying the parameter named \"?(?P<name>[\w.]+)\"?, whose dimensions in the model are (?:torch\.Size\()?"
    r"\[(?P<here>[\d, ]*)\]\)? and whose dimensions in the checkpoint are (?:torch\.Size\()?\[(?P<saved>[\d, ]*)\]",
)


def keys(message: str, side: str) -> list[str]:
    """The keys of a side, "Missing" or "Unexpected"."""
    found = re.search(rf"{side} key\(s\) in state_dict: ((?:\"[^\"]*\"(?:, )?)+)", message)
    if found:
        return re.findall(r'"([^"]*)"', found[1])
    return re.findall(rf'{side.lower()} key "([^"]{{1,300}})" in state_dict', message)


def parameters(names: Sequence[str]) -> list[tuple[str, int, bool]]:
    """Those of an LSTM, each as its kind, its layer, and whether it is the reverse direction's.

    >>> parameters(["lstm.weight_ih_l1", "fc.weight"])
    [('weight_ih', 1, False)]
    """
    found = [match for name in names if (match := _PARAMETER.match(name))]
    return [(match[1], int(match[2]), match[3] is not None) for match in found]


def mismatches(message: str) -> dict[str, tuple[Shape, Shape]]:
    """Parameters of an LSTM by name: the shape in the checkpoint, the shape in the model."""
    found = [match for pattern in _MISMATCHES for match in re.finditer(pattern, message)]
    return {each["name"]: (_shape(each["saved"]), _shape(each["here"])) for each in found if parameters([each["name"]])}


def _shape(text: str) -> Shape:
    return tuple(int(size) for size in re.findall(r"\d{1,18}", text))
