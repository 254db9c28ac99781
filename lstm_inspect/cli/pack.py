"""lstm-inspect pack"""

from __future__ import annotations

from typing import Any, Final

from lstm_inspect.cli.constructor import CALL
from lstm_inspect.cli.deliver import deliver, save_path
from lstm_inspect.cli.flags import Values, command, switch, text
from lstm_inspect.cli.options import CHECK_FLAGS, CHECKS, REPORT_FLAGS, SPEC_FLAGS, checking_of, spec_of
from lstm_inspect.theory.cell_labels import LABELS, NUMBERS, cell_label, words_of

DEFAULT_LENGTHS: Final = "8,9,10"

_TELLING: Final = "The account"
PACK_FLAGS: Final = (
    text(
        _TELLING,
        "values",
        "--values",
        help="What stands in the cells.",
        default=LABELS,
        metavar=f"{LABELS}|{NUMBERS}|abc,x",
    ),
    switch(_TELLING, "by_hand", "--sort-by-hand", help="Show sorting by hand too, beside torch's own."),
)


@command(CALL, SPEC_FLAGS, PACK_FLAGS, CHECK_FLAGS, CHECKS, REPORT_FLAGS)
def pack(values: Values) -> int:
    """Sequences of unequal length, from padding to the last valid state, step by step.

    Example: lstm-inspect pack --lengths 4,3,2 --bidir
    """
    spec, checking, path = spec_of(_with_lengths(values)), checking_of(values), save_path(values)
    cell_label(values["values"], spec)  # what can't be shown is refused before anything runs
    from lstm_inspect.verdict.report import inspect

    report = inspect(spec, command="pack", numbers=values["values"] == NUMBERS, **checking)
    return deliver(report, values, path)


def _with_lengths(values: Values) -> dict[str, Any]:
    """The values with lengths: those given, else the words' own, else the example's."""
    words = words_of(values["values"])
    lengths = DEFAULT_LENGTHS if words is None else ",".join(str(len(word)) for word in words)
    return {**values, "lengths": values["lengths"] or lengths}
