"""lstm-inspect weights"""

from typing import Final

from lstm_inspect.cli.deliver import deliver
from lstm_inspect.cli.flags import Values, choice, command, switch
from lstm_inspect.cli.options import PREDICT, REPORT_FLAGS, SPEC_FLAGS, spec_of
from lstm_inspect.theory.frameworks import FRAMEWORKS

_CHECK: Final = switch(
    PREDICT.panel, "--check", help="Check it against torch, on the meta device; else torch is not loaded."
)
_FRAMEWORK: Final = choice("The report", "--framework", help="How the weights get there and back.", choices=FRAMEWORKS)


@command(SPEC_FLAGS, _CHECK, _FRAMEWORK, REPORT_FLAGS)
def weights(values: Values) -> int:
    """Every parameter, its gate rows and bytes; the work and the memory of one run; Keras, ONNX and Flax.

    Example: lstm-inspect weights --bidir --framework keras
    """
    spec = spec_of(values)
    from lstm_inspect.theory.costs import need_of_listing
    from lstm_inspect.verdict.guard import refuse
    from lstm_inspect.verdict.parameters import weights as weights_of

    if values["all"] or values["json"]:
        refuse(need_of_listing(spec, "json" if values["json"] else "text"))
    return deliver(weights_of(spec, check=values["check"]), values)
