"""lstm-inspect: what torch.nn.LSTM takes and returns, worked out from integers and proved by running it."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lstm_inspect._version import __version__

if TYPE_CHECKING:
    from lstm_inspect.checkpoint.read import checkpoint
    from lstm_inspect.checkpoint.report import CheckpointReport
    from lstm_inspect.diagnosis.diagnose import diagnose
    from lstm_inspect.errors import LSTMInspectError
    from lstm_inspect.lint.lint import lint
    from lstm_inspect.live.call import inspect_module
    from lstm_inspect.live.inspect_model import inspect_model
    from lstm_inspect.live.report import Call
    from lstm_inspect.live.watch import watch
    from lstm_inspect.theory.spec import LSTMSpec
    from lstm_inspect.verdict.explanation import explain
    from lstm_inspect.verdict.report import Report, inspect

__all__ = [
    "Call",
    "CheckpointReport",
    "LSTMInspectError",
    "LSTMSpec",
    "Report",
    "__version__",
    "checkpoint",
    "diagnose",
    "explain",
    "inspect",
    "inspect_model",
    "inspect_module",
    "lint",
    "watch",
]

_HOMES = {
    "Call": "lstm_inspect.live.report",
    "CheckpointReport": "lstm_inspect.checkpoint.report",
    "checkpoint": "lstm_inspect.checkpoint.read",
    "LSTMInspectError": "lstm_inspect.errors",
    "LSTMSpec": "lstm_inspect.theory.spec",
    "Report": "lstm_inspect.verdict.report",
    "diagnose": "lstm_inspect.diagnosis.diagnose",
    "explain": "lstm_inspect.verdict.explanation",
    "inspect": "lstm_inspect.verdict.report",
    "inspect_model": "lstm_inspect.live.inspect_model",
    "load_ipython_extension": "lstm_inspect.live.watch",
    "inspect_module": "lstm_inspect.live.call",
    "lint": "lstm_inspect.lint.lint",
    "watch": "lstm_inspect.live.watch",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562): importing the package costs next to nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


class _Package(ModuleType):
    """This package, whose public function ``checkpoint`` is not hidden by the folder of the same name."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _HOMES or not isinstance(value, ModuleType):  # the import system binds each folder here
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
