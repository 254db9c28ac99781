"""lstm-inspect overview"""

from dataclasses import replace
from typing import Final

from lstm_inspect.cli.deliver import deliver
from lstm_inspect.cli.flags import Values, command
from lstm_inspect.cli.options import PREDICT, REPORT_FLAGS, SPEC_FLAGS, spec_of
from lstm_inspect.theory.structures import BASE, FEWEST_LAYERS

_LAYERS: Final = next(flag for flag in SPEC_FLAGS if flag.name == "num_layers")
_HELP: Final = f"L: layers of the deeper structures, from {FEWEST_LAYERS}; the others have 1."
_SPEC_FLAGS: Final = (
    replace(_LAYERS, help=_HELP, default=FEWEST_LAYERS),
    *(flag for flag in SPEC_FLAGS if flag.name not in ("call", *BASE)),
)


@command(_SPEC_FLAGS, PREDICT, REPORT_FLAGS)
def overview(values: Values) -> int:
    """The structures side by side: layers, directions, batch_first, and which axis each of them changes.

    Example: lstm-inspect overview
    """
    from lstm_inspect.verdict.structures import overview as overview_of

    return deliver(overview_of(spec_of(values), predict=values["predict"]), values)
