"""lstm-inspect explain"""

from typing import Any, Final

from lstm_inspect.cli.deliver import deliver
from lstm_inspect.cli.flags import Values, argument, command
from lstm_inspect.cli.options import PREDICT, REPORT_FLAGS, SPEC_FLAGS, spec_of
from lstm_inspect.mistakes.catalogue import Mistake
from lstm_inspect.theory.expressions import PARAMETERS

_ID: Final = argument("id", metavar="ID", help="A mistake's id; left out: the list of them.", default="")
_OWN: Final = tuple(flag.left_open() for flag in SPEC_FLAGS)
_REPORT: Final = tuple(flag for flag in REPORT_FLAGS if flag.name != "all")
_BATCH: Final = ("lengths", "total_length", "seq_len", "batch_size")


@command(_ID, _OWN, PREDICT, _REPORT)
def explain(values: Values) -> int:
    """One mistake: the tempting line, the right line, why, and the figure; without an ID, all of them.

    lstm-inspect explain last-step-bidirectional --layers 2 makes the mistake on that LSTM. A flag that is not
    given is as the mistake needs it.
    """
    from lstm_inspect.verdict.explanation import Catalogue, mistake_of
    from lstm_inspect.verdict.explanation import explain as explanation_of

    if not values["id"]:
        return deliver(Catalogue(), values)
    spec = spec_of(_filled(values, mistake_of(values["id"])))
    return deliver(explanation_of(values["id"], spec, predict=values["predict"]), values)


def _filled(values: Values, mistake: Mistake) -> dict[str, Any]:
    """The values, those that are not given as the mistake needs them.

    Lengths that are given make their own batch, and a call says all of the LSTM, its defaults too.
    """
    own_batch = any(values[name] is not None for name in ("lengths", "unbatched"))
    settled = (*(_BATCH if own_batch else ()), *(() if values["call"] is None else PARAMETERS))
    needed = {name: value for name, value in mistake.spec.items() if name not in settled and values[name] is None}
    if "lengths" in needed:
        needed["lengths"] = ",".join(map(str, needed["lengths"]))
    return {**values, **needed}
