"""What load_state_dict's message holds: the keys of each side, and the shapes that differ, as names for the rules."""

import re
from typing import Any, Final, TypeAlias

from lstm_inspect.theory.shapes import Shape

Parameter: TypeAlias = tuple[str, int, bool]
"""A parameter of an LSTM: its kind, its layer, whether it is the reverse direction's."""

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
_OLD_KEY: Final = re.compile(r'unexpected key "([^"]{1,300})" in state_dict')
_RAW: Final = re.compile(r"(?:weight|bias)_\w+_l\d+(?:_reverse)?_raw$")
_PARAMETER: Final = re.compile(r"(?:^|.*\.)(weight_ih|weight_hh|weight_hr|bias_ih|bias_hh)_l(\d{1,9})(_reverse)?$")
_OF_A_CELL: Final = re.compile(r"(?:^|.*\.)(?:weight_ih|weight_hh|bias_ih|bias_hh)$")


def facts(message: str) -> dict[str, Any]:
    """The names that the rule of load_state_dict uses; those of which the message says nothing are left out.

    >>> found = facts('Missing key(s) in state_dict: "lstm.weight_ih_l1".')
    >>> found["missing"], found["unexpected"], found["of_an_lstm"]
    ([('weight_ih', 1, False)], [], True)
    """
    missing_keys, unexpected_keys = (_keys(message, side) for side in ("Missing", "Unexpected"))
    missing, unexpected = _parameters(missing_keys), _parameters(unexpected_keys)
    shapes = _mismatches(message)
    raw = [key for key in (*unexpected_keys, *missing_keys) if _RAW.search(key)]
    cells = [key for key in (*unexpected_keys, *missing_keys) if _OF_A_CELL.search(key)]
    return {
        "missing": missing,
        "unexpected": unexpected,
        "missing_keys": missing_keys,
        "unexpected_keys": unexpected_keys,
        "of_a_cell": any(map(_OF_A_CELL.match, unexpected_keys)),
        "of_an_lstm": bool(shapes or missing or unexpected or raw or cells or " for LSTM:" in message),
        "shapes": shapes,
        **({"raw": raw[0]} if raw else {}),
        **_prefixes(missing_keys, unexpected_keys),
    }


def _keys(message: str, side: str) -> list[str]:
    found = _KEYS[side].search(message)
    if found is None:
        return _OLD_KEY.findall(message) if side == "Unexpected" else []
    return re.findall(r'"([^"]*)"', found[1])


def _parameters(keys: list[str]) -> list[Parameter]:
    found = [match for key in keys if (match := _PARAMETER.match(key))]
    return [(match[1], int(match[2]), match[3] is not None) for match in found]


def _mismatches(message: str) -> dict[str, tuple[Shape, Shape]]:
    """Parameters of an LSTM by name: the shape in the checkpoint, the shape in the model."""
    found = [(name, _shape(a), _shape(b)) for name, a, b in _MISMATCH.findall(message)]
    found += [(name, _shape(b), _shape(a)) for name, a, b in _OLD.findall(message)]
    return {name: (loaded, here) for name, loaded, here in found if _PARAMETER.match(name)}


def _shape(text: str) -> Shape:
    return tuple(int(size) for size in re.findall(r"\d{1,18}", text))


def _prefixes(missing: list[str], unexpected: list[str]) -> dict[str, str]:
    """The two prefixes, where the keys of both sides differ by a prefix alone."""
    tails = {key.rsplit(".", 1)[-1]: key for key in reversed(missing)}
    for key in unexpected:
        tail = key.rsplit(".", 1)[-1]
        if _PARAMETER.match(key) and tail in tails:
            return {"loaded_prefix": key.removesuffix(tail), "model_prefix": tails[tail].removesuffix(tail)}
    wrapped = bool(unexpected) and all(key.startswith("module.") for key in unexpected)
    return {"loaded_prefix": "module.", "model_prefix": ""} if wrapped else {}
