"""lstm-inspect model"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lstm_inspect.cli import streams
from lstm_inspect.cli.deliver import deliver, save_path
from lstm_inspect.cli.flags import Values, argument, command, switch, whole
from lstm_inspect.cli.options import CHECK_FLAGS, PREDICT, REPORT_FLAGS, checking_of, spell_flag
from lstm_inspect.mistakes.finding import worst

if TYPE_CHECKING:
    from lstm_inspect.live.user_code import UserCodeError

TARGET: Final = argument(
    "target",
    metavar="TARGET",
    help="file.py:factory or package.module:factory; the factory returns (model, args) or (model, args, kwargs).",
)
SEED: Final = whole("The run", "seed", "--seed", help="Of torch's random numbers, before the factory runs.", default=0)
_USE: Final = "What the model reads"
_LOOKS: Final = (
    switch(_USE, "reads", "--reads/--no-reads", help="Follow what is read of output, hn and cn.", default=True),
    switch(_USE, "alone", "--alone/--no-alone", help="Run single sequences of the batch too.", default=True),
    whole(_USE, "batch_axis", "--batch-axis", help="The batch axis of the arguments.  [default: found by running]"),
)
_STRICT: Final = switch(_USE, "strict", "--strict", help="Status 1 for warnings too.")


@command(TARGET, SEED, [flag for flag in CHECK_FLAGS if flag is not PREDICT], _LOOKS, _STRICT, REPORT_FLAGS)
def model(values: Values) -> int:
    """Every LSTM in a model of your own: each call is checked, and what the model reads of its results.

    It runs in eval mode. Status 1: a check failed, or what is read is wrong.

    Example: lstm-inspect model tagger.py:make
    """
    checking, path = checking_of(values), save_path(values)
    looking = {flag.name: values[flag.name] for flag in _LOOKS}
    from lstm_inspect.live.target import parse_target
    from lstm_inspect.verdict.report import Options

    Options(**checking)  # a bad tolerance is refused before the user's code runs
    target = parse_target(values["target"])
    try:
        with streams.stdout_to_stderr():
            from lstm_inspect.live.model import inspect_target
            from lstm_inspect.live.user_code import UserCodeError

            report = inspect_target(target, seed=values["seed"], **looking, **checking)
    except KeyboardInterrupt:
        streams.say(f"interrupted while {target.text} was running")
        return streams.INTERRUPTED
    except UserCodeError as error:
        _show(error)
        return streams.REFUSED
    status = deliver(report, values, path)
    wrong = ("error", "warning") if values["strict"] else ("error",)
    return streams.FAILED if worst(report.mistakes) in wrong else status


def _show(error: UserCodeError) -> None:
    """The user's traceback, the error in one line and, if an LSTM has to do with it, what it means."""
    streams.say(error.traceback)
    streams.say(f"error: {error}")
    if error.diagnosis is not None:
        from lstm_inspect.views.page import page

        console = streams.error_console()
        console.print()
        console.print(page(error.diagnosis, spell_flag))
