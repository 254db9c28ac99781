"""lstm-inspect model"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lstm_inspect.cli import streams
from lstm_inspect.cli.deliver import deliver
from lstm_inspect.cli.expect import EXPECT, expected_of, hold, shapes_of_calls
from lstm_inspect.cli.flags import Values, argument, arguments, command, switch, text, texts, whole
from lstm_inspect.cli.lengths import parse_lengths
from lstm_inspect.cli.options import CHECK_FLAGS, PREDICT, REPORT_FLAGS, checking_of, spell_flag
from lstm_inspect.live.given import Given
from lstm_inspect.mistakes.finding import worst

if TYPE_CHECKING:
    from lstm_inspect.live.user_code import UserCodeError

_TARGET: Final = (
    "file.py:name or package.module:name: a model, a class of one, or a function that returns model, args; "
    "a file alone lists what it holds."
)
_INPUT: Final = (
    "An argument: random numbers of this shape; with a colon, whole numbers below what stands behind it. "
    "Repeat it for several, in order."
)
_CALL: Final = "The call"
_USE: Final = "What the model reads"
_GIVEN: Final = (
    argument("target", metavar="TARGET", help=_TARGET),
    arguments("arguments", metavar="[-- ARGS ..]", help="The file's own arguments, its sys.argv.", default=""),
    text(_CALL, "--call", help="Build the class with these literals.", metavar='"Net(vocab=100)"'),
    texts(_CALL, "input", "--input", "--input-ids", help=_INPUT, metavar="4,7 | 4,7:100"),
    text(_CALL, "--lengths", help="An argument of lengths, where the call wants one.", metavar="7,5,2,1"),
    whole(_CALL, "--calls", help="How often it is called, its state fed on.", default=1),
    whole("The run", "--seed", help="Of torch's random numbers, before the factory runs.", default=0),
    *(flag for flag in CHECK_FLAGS if flag is not PREDICT),
)
_LOOKS: Final = (
    switch(_USE, "--reads/--no-reads", help="Follow what is read of output, hn and cn.", default=True),
    switch(_USE, "--alone/--no-alone", help="Run single sequences of the batch too.", default=True),
    whole(_USE, "--batch-axis", help="The batch axis of the arguments.  [default: found by running]"),
)
_STRICT: Final = switch(_USE, "--strict", help="Status 1 for warnings too.")


@command(_GIVEN, _LOOKS, _STRICT, EXPECT, REPORT_FLAGS)
def model(values: Values) -> int:
    """Every LSTM in a model of your own: each call is checked, and what the model reads of its results.

    It runs in eval mode. Status 1: a check failed, or what is read is wrong.

    Example: lstm-inspect model tagger.py:make
    """
    expected, looking = expected_of(values), checking_of(values) | {flag.name: values[flag.name] for flag in _LOOKS}
    from lstm_inspect.live.target import parse_target

    target, given = parse_target(values["target"]), _given(values)

    import lstm_inspect.experiment  # noqa: F401 - loads torch: a missing one is said before anybody's code runs
    from lstm_inspect.live.model import inspect_target, list_target
    from lstm_inspect.live.user_code import UserCodeError

    try:
        with streams.stdout_to_stderr():
            if not target.factory and given.call is None:
                listing = list_target(target, given)
            else:
                listing, report = None, inspect_target(target, given, seed=values["seed"], **looking)
    except KeyboardInterrupt:
        streams.say(f"interrupted while {target.text} was running")
        return streams.INTERRUPTED
    except UserCodeError as error:
        _show(error)
        return streams.REFUSED
    if listing is not None:
        return deliver(listing, values)
    status = max(hold(expected, shapes_of_calls(report.calls)), deliver(report, values))
    wrong = ("error", "warning") if values["strict"] else ("error",)
    return streams.FAILED if worst(report.mistakes) in wrong else status


def _given(values: Values) -> Given:
    lengths = None if values["lengths"] is None else parse_lengths(values["lengths"])
    inputs, file_arguments = tuple(values["input"]), tuple(each for each in values["arguments"] if each)
    return Given(inputs, lengths, values["call"], file_arguments, values["calls"])


def _show(error: UserCodeError) -> None:
    """The user's traceback, the error in one line and, if an LSTM has to do with it, what it means."""
    streams.say(error.traceback)
    streams.say(f"error: {error}")
    if error.diagnosis is not None:
        from lstm_inspect.views.page import page

        console = streams.console(stderr=True)
        console.print()
        console.print(page(error.diagnosis, spell_flag))
