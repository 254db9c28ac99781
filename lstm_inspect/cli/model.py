"""lstm-inspect model"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from lstm_inspect.cli import streams
from lstm_inspect.cli.deliver import deliver, save_path
from lstm_inspect.cli.flags import Values, argument, command, whole
from lstm_inspect.cli.options import CHECK_FLAGS, PREDICT, REPORT_FLAGS, checking_of
from lstm_inspect.theory.shapes import format_tuple

if TYPE_CHECKING:
    from lstm_inspect.findings import Diagnosis
    from lstm_inspect.own.user_code import UserCodeError

TARGET: Final = argument(
    "target",
    metavar="TARGET",
    help="file.py:factory or package.module:factory; the factory returns (model, args) or (model, args, kwargs).",
)
SEED: Final = whole("The run", "seed", "--seed", help="Of torch's random numbers, before the factory runs.", default=0)


@command(TARGET, SEED, [flag for flag in CHECK_FLAGS if flag is not PREDICT], REPORT_FLAGS)
def model(values: Values) -> int:
    """Every LSTM in a model of your own: it is run once, in eval mode, and each call is checked."""
    checking, path = checking_of(values), save_path(values)
    from lstm_inspect.own.target import parse_target

    target = parse_target(values["target"])
    try:
        with streams.stdout_to_stderr():
            from lstm_inspect.own.model import inspect_model
            from lstm_inspect.own.user_code import UserCodeError

            report = inspect_model(target, seed=values["seed"], **checking)
    except KeyboardInterrupt:
        streams.say(f"interrupted while {target.text} was running")
        return streams.INTERRUPTED
    except UserCodeError as error:
        _show(error)
        return streams.REFUSED
    from lstm_inspect.views.model import page

    return deliver(report, page, values, path)


def _show(error: UserCodeError) -> None:
    """The user's traceback, the error in one line and, if an LSTM has to do with it, what it means."""
    streams.say(error.traceback)
    streams.say(f"error: {error}")
    if error.diagnosis is not None:
        streams.say("\n".join(_diagnosis(error.diagnosis)))


def _diagnosis(found: Diagnosis) -> Iterator[str]:
    axis = "" if found.axis is None else f", axis {found.axis}" + (f" ({found.letter})" if found.letter else "")
    sizes = "" if found.expected is None else f": expected {format_tuple(found.expected)}"
    sizes += "" if found.got is None else f", got {format_tuple(found.got)}"
    yield f"diagnosis: {found.argument or found.rule}{axis}{sizes}"
    for place, cause in enumerate(found.causes, start=1):
        yield f"  {place}. {cause.cause}"
        yield f"     write: {cause.fix}"
        yield f"     likely if: {cause.likely_if}"
