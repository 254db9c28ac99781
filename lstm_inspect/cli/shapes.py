"""lstm-inspect shapes"""

from lstm_inspect.cli.deliver import deliver
from lstm_inspect.cli.expect import EXPECT, expected_of, hold, shapes_of
from lstm_inspect.cli.flags import Values, command
from lstm_inspect.cli.options import CHECK_FLAGS, CHECKS, REPORT_FLAGS, SPEC_FLAGS, checking_of, spec_of


@command(SPEC_FLAGS, CHECK_FLAGS, CHECKS, EXPECT, REPORT_FLAGS)
def shapes(values: Values) -> int:
    """What an nn.LSTM takes and returns, which row of hn is what, and the proof.

    Example: lstm-inspect shapes --layers 2 --bidir --batch-first
    """
    spec, checking, expected = spec_of(values), checking_of(values), expected_of(values)
    from lstm_inspect.verdict.report import inspect

    report = inspect(spec, **checking)
    return max(hold(expected, shapes_of(report)), deliver(report, values))
