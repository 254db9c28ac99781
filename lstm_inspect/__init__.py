"""lstm-inspect: what torch.nn.LSTM takes and returns, worked out from integers and proved by running it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lstm_inspect._version import __version__

if TYPE_CHECKING:
    from lstm_inspect.calls import Call
    from lstm_inspect.errors import LSTMInspectError
    from lstm_inspect.inventory import CheckpointReport
    from lstm_inspect.own.checkpoint import checkpoint
    from lstm_inspect.own.diagnosis import diagnose
    from lstm_inspect.own.module import inspect_module
    from lstm_inspect.own.watch import watch
    from lstm_inspect.report import Report, inspect
    from lstm_inspect.theory.spec import LSTMSpec

__all__ = [
    "Call",
    "CheckpointReport",
    "LSTMInspectError",
    "LSTMSpec",
    "Report",
    "__version__",
    "checkpoint",
    "diagnose",
    "inspect",
    "inspect_module",
    "watch",
]

_HOMES = {
    "Call": "lstm_inspect.calls",
    "CheckpointReport": "lstm_inspect.inventory",
    "checkpoint": "lstm_inspect.own.checkpoint",
    "LSTMInspectError": "lstm_inspect.errors",
    "LSTMSpec": "lstm_inspect.theory.spec",
    "Report": "lstm_inspect.report",
    "diagnose": "lstm_inspect.own.diagnosis",
    "inspect": "lstm_inspect.report",
    "inspect_module": "lstm_inspect.own.module",
    "watch": "lstm_inspect.own.watch",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562): importing the package costs next to nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
