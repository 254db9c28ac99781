"""lstm-inspect model"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lstm_inspect.cli import streams
from lstm_inspect.cli.deliver import deliver, save_path
from lstm_inspect.cli.flags import Values, argument, command, whole
from lstm_inspect.cli.options import CHECK_FLAGS, PREDICT, REPORT_FLAGS, checking_of, spell_flag

if TYPE_CHECKING:
    from lstm_inspect.live.user_code import UserCodeError

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
    from lstm_inspect.live.target import parse_target
    from lstm_inspect.verdict.report import Options

    Options(**checking)  # a bad tolerance is refused before the user's code runs
    target = parse_target(values["target"])
    try:
        with streams.stdout_to_stderr():
            from lstm_inspect.live.model import inspect_model
            from lstm_inspect.live.user_code import UserCodeError

            report = inspect_model(target, seed=values["seed"], **checking)
    except KeyboardInterrupt:
        streams.say(f"interrupted while {target.text} was running")
        return streams.INTERRUPTED
    except UserCodeError as error:
        _show(error)
        return streams.REFUSED
    return deliver(report, values, path)


def _show(error: UserCodeError) -> None:
    """The user's traceback, the error in one line and, if an LSTM has to do with it, what it means."""
    streams.say(error.traceback)
    streams.say(f"error: {error}")
    if error.diagnosis is not None:
        from lstm_inspect.views.page import page

        console = streams.error_console()
        console.print()
        console.print(page(error.diagnosis, spell_flag))
