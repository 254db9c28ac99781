"""--call "nn.LSTM(10, 20, 2, bidirectional=True)": the constructor as it stands in somebody's code, never run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from lstm_inspect.cli.flags import text
from lstm_inspect.errors import SpecError, literal
from lstm_inspect.theory.words import some

CALL: Final = text(
    "The LSTM",
    "call",
    "--call",
    help="The call that builds it, as it stands in your code, instead of these flags.",
    metavar='"nn.LSTM(10, 20)"',
)
_PARAMETERS: Final = (
    *("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional", "proj_size"),
    *("device", "dtype"),
)
_SHAPED_LIKE: Final = re.compile(r"\s*(?:[\w.]+\s*=\s*)?(?:[\w.]+\.)?LSTM\s*\(.*\)\s*,?\s*", re.DOTALL)
_EXAMPLE: Final = "{call='nn.LSTM(10, 20)'}"
_MOST_SHOWN: Final = 60


def is_constructor(text: str) -> bool:
    """Whether a word of the command line is a call of nn.LSTM.

    >>> is_constructor("self.rnn = nn.LSTM(10, 20)"), is_constructor("shapes")
    (True, False)
    """
    return _SHAPED_LIKE.fullmatch(text) is not None


def parse_constructor(text: str) -> dict[str, Any]:
    """The fields of an LSTMSpec that a constructor's call names; nothing of it is evaluated.

    Raises:
        SpecError: it is no call of nn.LSTM, or an argument is not a number, a string or True or False.

    >>> parse_constructor("torch.nn.LSTM(10, 20, 2, bidirectional=True)")
    {'input_size': 10, 'hidden_size': 20, 'num_layers': 2, 'bidirectional': True}
    """
    call = _call(text)
    found: dict[str, Any] = {}
    for name, node in _arguments(call, text):
        if name not in _PARAMETERS or name in found:
            wrong = "given twice" if name in found else f"one of {some(_PARAMETERS, len(_PARAMETERS))}"
            raise SpecError("call", _cut(text), f"without {literal(str(name))!r}: it is {wrong}", _EXAMPLE)
        found[name] = _value(name, node, text)
    return found


def _call(text: str) -> ast.Call:
    try:
        statement = ast.parse(text.strip().rstrip(",;")).body[0] if is_constructor(text) else None
    except (SyntaxError, ValueError, RecursionError, MemoryError, IndexError):
        statement = None
    node = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
    if not isinstance(node, ast.Call):
        raise SpecError("call", _cut(text), "one call of nn.LSTM", _EXAMPLE)
    return node


def _arguments(call: ast.Call, text: str) -> Iterator[tuple[str, ast.expr]]:
    if len(call.args) > len(_PARAMETERS):
        raise SpecError("call", _cut(text), f"of at most {len(_PARAMETERS)} arguments", _EXAMPLE)
    yield from zip(_PARAMETERS, call.args, strict=False)
    yield from ((keyword.arg or "**", keyword.value) for keyword in call.keywords)


def _value(name: str, node: ast.expr, text: str) -> Any:
    if name == "dtype" and isinstance(node, ast.Attribute):
        return node.attr  # torch.float64
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        value = None
    if not isinstance(value, bool | int | float | str):
        written = literal(ast.unparse(node)[:_MOST_SHOWN])
        raise SpecError("call", _cut(text), f"of numbers, but {name} is {written}: write its value", _EXAMPLE)
    return value


def _cut(text: str) -> str:
    return repr(text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]} ..")
