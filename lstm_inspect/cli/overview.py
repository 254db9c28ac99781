"""lstm-inspect overview"""

from __future__ import annotations

from typing import Final

from lstm_inspect.cli.deliver import deliver, save_path
from lstm_inspect.cli.flags import Values, command, whole
from lstm_inspect.cli.options import LSTM_FLAGS, PREDICT, REPORT_FLAGS, SPEC_FLAGS, spec_of
from lstm_inspect.theory.structures import BASE, FEWEST_LAYERS

_LAYERS: Final = next(flag for flag in LSTM_FLAGS if flag.name == "num_layers")
_DEEPER: Final = whole(
    _LAYERS.panel,
    _LAYERS.name,
    *_LAYERS.typed,
    help=f"L: layers of the deeper structures, from {FEWEST_LAYERS}; the others have 1.",
    default=FEWEST_LAYERS,
)
_SPEC_FLAGS: Final = (_DEEPER, *(flag for flag in SPEC_FLAGS if flag.name not in BASE))


@command(_SPEC_FLAGS, PREDICT, REPORT_FLAGS)
def overview(values: Values) -> int:
    """The structures side by side: layers, directions, batch_first, and which axis each of them changes.

    Example: lstm-inspect overview
    """
    spec, path = spec_of(values), save_path(values)
    from lstm_inspect.verdict.structures import overview as overview_of

    found = overview_of(spec, predict=values["predict"])
    return deliver(found, values, path)
