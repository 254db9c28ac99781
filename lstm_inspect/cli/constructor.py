"""--call "nn.LSTM(10, 20, 2, bidirectional=True)": the constructor as it stands in somebody's code, never run."""

import ast
import re
from contextlib import suppress
from typing import Any, Final

from lstm_inspect.cli.flags import text
from lstm_inspect.errors import SpecError, literal
from lstm_inspect.theory.expressions import PARAMETERS
from lstm_inspect.theory.words import some

CALL: Final = text(
    "The LSTM",
    "--call",
    help="The call that builds it, as it stands in your code, instead of these flags.",
    metavar='"nn.LSTM(10, 20)"',
)
_PARAMETERS: Final = (*PARAMETERS, "device", "dtype")
_SHAPED_LIKE: Final = re.compile(r"\s*(?:[\w.]+\s*=\s*)?(?:[\w.]+\.)?LSTM\s*\(.*\)\s*,?\s*", re.DOTALL)
_MOST_SHOWN: Final = 60
_NOT_PYTHON: Final = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError, IndexError)


def is_constructor(text: str) -> bool:
    """Whether a word of the command line is a call of nn.LSTM, as ``self.rnn = nn.LSTM(10, 20)`` is."""
    return _SHAPED_LIKE.fullmatch(text) is not None


def parse_constructor(text: str) -> dict[str, Any]:
    """The fields of an LSTMSpec that a constructor's call names; nothing of it is evaluated.

    Raises:
        SpecError: it is no call of nn.LSTM, or an argument is not a number, a string or True or False.

    >>> parse_constructor("torch.nn.LSTM(10, 20, 2, bidirectional=True)")
    {'input_size': 10, 'hidden_size': 20, 'num_layers': 2, 'bidirectional': True}
    """
    call = _call(text) if is_constructor(text) else None
    if call is None:
        raise _refused(text, "one call of nn.LSTM")
    if len(call.args) > len(_PARAMETERS):
        raise _refused(text, f"of at most {len(_PARAMETERS)} arguments")
    named = [(keyword.arg or "**", keyword.value) for keyword in call.keywords]
    found: dict[str, Any] = {}
    for name, node in [*zip(_PARAMETERS, call.args, strict=False), *named]:
        if name not in _PARAMETERS or name in found:
            wrong = "given twice" if name in found else f"one of {some(_PARAMETERS, len(_PARAMETERS))}"
            raise _refused(text, f"without {literal(name)!r}: it is {wrong}")
        found[name] = _value(name, node)
        if not isinstance(found[name], bool | int | float | str):
            written = literal(ast.unparse(node)[:_MOST_SHOWN])
            raise _refused(text, f"of numbers, but {name} is {written}: write its value")
    return found


def _call(text: str) -> ast.Call | None:
    with suppress(*_NOT_PYTHON):
        statement = ast.parse(text.strip().rstrip(",;")).body[0]
        if isinstance(statement, ast.Expr | ast.Assign) and isinstance(statement.value, ast.Call):
            return statement.value
    return None


def _value(name: str, node: ast.expr) -> Any:
    if name == "dtype" and isinstance(node, ast.Attribute):
        return node.attr  # torch.float64
    with suppress(*_NOT_PYTHON):
        return ast.literal_eval(node)
    return None  # it is no literal


def _refused(text: str, allowed: str) -> SpecError:
    shown = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]} .."
    return SpecError("call", repr(shown), allowed, "{call='nn.LSTM(10, 20)'}")
