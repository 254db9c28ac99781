"""lstm-inspect shapes"""

from __future__ import annotations

from lstm_inspect.cli.deliver import deliver, save_path
from lstm_inspect.cli.flags import Values, command
from lstm_inspect.cli.options import CHECK_FLAGS, REPORT_FLAGS, SPEC_FLAGS, checking_of, spec_of


@command(SPEC_FLAGS, CHECK_FLAGS, REPORT_FLAGS)
def shapes(values: Values) -> int:
    """What an nn.LSTM takes and returns, which row of hn is what, and the proof."""
    spec, checking, path = spec_of(values), checking_of(values), save_path(values)
    from lstm_inspect.verdict.report import inspect

    report = inspect(spec, **checking)
    return deliver(report, values, path)
