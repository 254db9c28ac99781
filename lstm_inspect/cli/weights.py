"""lstm-inspect weights"""

from __future__ import annotations

from typing import Final

from lstm_inspect.cli.deliver import deliver, save_path
from lstm_inspect.cli.flags import Values, command, switch
from lstm_inspect.cli.options import PREDICT, REPORT_FLAGS, SPEC_FLAGS, spec_of

_CHECK: Final = switch(
    PREDICT.panel, "check", "--check", help="Hold it against torch, on the meta device; else torch is not loaded."
)


@command(SPEC_FLAGS, _CHECK, REPORT_FLAGS)
def weights(values: Values) -> int:
    """Every parameter, its gate rows and bytes; the multiply-adds and the memory of one run; Keras, ONNX and Flax."""
    spec, path = spec_of(values), save_path(values)
    from lstm_inspect.verdict.guard import refuse_long_listing
    from lstm_inspect.verdict.parameters import weights as weights_of

    if values["all"] or values["json"]:
        refuse_long_listing(spec, "json" if values["json"] else "text")

    found = weights_of(spec, check=values["check"])
    return deliver(found, values, path)
