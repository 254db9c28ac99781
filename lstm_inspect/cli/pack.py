"""lstm-inspect pack"""

from typing import Final

from lstm_inspect.cli.deliver import deliver
from lstm_inspect.cli.flags import Values, command, switch, text
from lstm_inspect.cli.options import CHECK_FLAGS, CHECKS, REPORT_FLAGS, SPEC_FLAGS, checking_of, spec_of
from lstm_inspect.theory.cell_labels import LABELS, NUMBERS, cell_label, words_of

_EXAMPLE: Final = "8,9,10"
_TELLING: Final = "The account"
_PACK_FLAGS: Final = (
    text(_TELLING, "--values", help="What stands in the cells.", default=LABELS, metavar=f"{LABELS}|{NUMBERS}|abc,x"),
    switch(_TELLING, "by_hand", "--sort-by-hand", help="Show sorting by hand too, beside torch's own."),
)


@command(SPEC_FLAGS, _PACK_FLAGS, CHECK_FLAGS, CHECKS, REPORT_FLAGS)
def pack(values: Values) -> int:
    """Sequences of unequal length, from padding to the last valid state, step by step.

    Example: lstm-inspect pack --lengths 4,3,2 --bidir
    """
    words = words_of(values["values"])
    of_words = _EXAMPLE if words is None else ",".join(str(len(word)) for word in words)
    spec = spec_of({**values, "lengths": values["lengths"] or of_words})
    checking = checking_of(values)
    cell_label(values["values"], spec)  # what can't be shown is refused before anything runs
    from lstm_inspect.verdict.report import inspect

    return deliver(inspect(spec, command="pack", numbers=values["values"] == NUMBERS, **checking), values)
