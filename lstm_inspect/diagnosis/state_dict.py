"""What load_state_dict's message holds: the keys of each side, and the shapes that differ, as names for the rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
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

Mismatches: TypeAlias = Mapping[str, tuple[Shape, Shape]]


def is_parameter(name: object) -> bool:
    """Whether a name is that of an LSTM's parameter.

    >>> is_parameter("encoder.weight_hh_l0_reverse"), is_parameter("fc.weight")
    (True, False)
    """
    return _PARAMETER.match(str(name)) is not None


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
    return {
        "missing": missing,
        "unexpected": unexpected,
        "unexpected_keys": unexpected_keys,
        "deepest": max((layer for _, layer, _ in unexpected), default=0),
        "of_a_cell": any(_OF_A_CELL.match(key) for key in unexpected_keys),
        "of_an_lstm": bool(shapes or missing or unexpected or raw or " for LSTM:" in message),
        "rename_raw": _renamed_raw(raw, unexpected_keys),
        **_prefixes(missing_keys, unexpected_keys),
        **_shapes(shapes),
    }


def _keys(message: str, side: str) -> list[str]:
    found = _KEYS[side].search(message)
    if found is None:
        return _OLD_KEY.findall(message) if side == "Unexpected" else []
    return re.findall(r'"([^"]*)"', found[1])


def _parameters(keys: list[str]) -> list[Parameter]:
    found = [match for key in keys if (match := _PARAMETER.match(key))]
    return [(match[1], int(match[2]), match[3] is not None) for match in found]


def _mismatches(message: str) -> Mismatches:
    """Parameters of an LSTM by name: the shape in the checkpoint, the shape in the model."""
    found = [(name, _shape(a), _shape(b)) for name, a, b in _MISMATCH.findall(message)]
    found += [(name, _shape(b), _shape(a)) for name, a, b in _OLD.findall(message)]
    return {name: (loaded, model) for name, loaded, model in found if is_parameter(name)}


def _shape(text: str) -> Shape:
    return tuple(int(size) for size in re.findall(r"\d{1,18}", text))


def _prefixes(missing: list[str], unexpected: list[str]) -> dict[str, Any]:
    """Where the keys of both sides differ by a prefix alone: the two prefixes, and the line that renames."""
    tails = {key.rsplit(".", 1)[-1]: key for key in reversed(missing)}
    loaded = next((key for key in unexpected if is_parameter(key) and key.rsplit(".", 1)[-1] in tails), None)
    if loaded is None:
        wrapped = bool(unexpected) and all(key.startswith("module.") for key in unexpected)
        whole = {"loaded_prefix": "module.", "model_prefix": "", "rename": _rename("module.", "")}
        return {"prefixed": wrapped, **(whole if wrapped else {})}
    tail = loaded.rsplit(".", 1)[-1]
    old, new = loaded.removesuffix(tail), tails[tail].removesuffix(tail)
    return {"prefixed": True, "loaded_prefix": old, "model_prefix": new, "rename": _rename(old, new)}


def _renamed_raw(raw: list[str], unexpected: list[str]) -> str | None:
    """The line that takes _raw off the checkpoint's keys, or puts it on; None if no key ends so."""
    if not raw:
        return None
    if raw[0] in unexpected:
        return "state_dict = {key.removesuffix('_raw'): value for key, value in state_dict.items()}"
    name = raw[0].removesuffix("_raw")
    return f"state_dict = {{key + '_raw' * (key == {name!r}): value for key, value in state_dict.items()}}"


def _rename(old: str, new: str) -> str:
    if not new:
        return f"{{key.removeprefix({old!r}): value for key, value in state_dict.items()}}"
    if not old:
        return f"{{{new!r} + key: value for key, value in state_dict.items()}}"
    return f"{{key.replace({old!r}, {new!r}, 1): value for key, value in state_dict.items()}}"


def _shapes(found: Mismatches) -> dict[str, Any]:
    """What the shapes of the checkpoint say of its module."""
    both = [pair for pair in found.values() if pair[0] and pair[1]]
    matrices = [pair for pair in both if len(pair[0]) == 2]
    rows = next(((loaded[0], here[0]) for loaded, here in both if loaded[0] != here[0]), None)
    facts: dict[str, Any] = {
        "transposed": bool(matrices) and all(loaded == here[::-1] for loaded, here in matrices),
        "loaded": {},
    }
    if rows is not None:
        facts["rows_loaded"], facts["rows_here"] = rows
        if rows[0] % 4 == 0:
            facts["loaded"]["hidden_size"] = rows[0] // 4
    columns = {name: pair for name, pair in found.items() if len(pair[0]) == len(pair[1]) == 2}
    first = next((pair for name, pair in columns.items() if "weight_ih_l0" in name), None)
    recurrent = next((pair for name, pair in columns.items() if "weight_hh" in name), None)
    if first is not None:
        facts["loaded"]["input_size"] = first[0][1]
        facts["other_input"] = first[0][1] if first[0][1] != first[1][1] else None
    if recurrent is not None:
        facts["recurrent_width"] = recurrent[0][1]
    return facts
