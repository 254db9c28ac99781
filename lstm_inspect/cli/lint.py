"""lstm-inspect lint"""

from __future__ import annotations

from typing import Final

from lstm_inspect.cli import streams
from lstm_inspect.cli.flags import Values, arguments, command, switch, text
from lstm_inspect.cli.options import JSON
from lstm_inspect.lint.discover import discover
from lstm_inspect.lint.lint import Linted, lint_files, lint_text
from lstm_inspect.mistakes.finding import worst
from lstm_inspect.verdict.contract import to_json

_PATHS: Final = arguments(
    "paths", metavar="[PATHS ..]", default=".", help="Files, notebooks, folders; - for standard input.  [default: .]"
)
_CHOICE: Final = "What is found"
_FLAGS: Final = (
    text(_CHOICE, "stdin_filename", "--stdin-filename", help="What - is called in findings.", metavar="FILE"),
    switch(_CHOICE, "strict", "--strict", help="Status 1 for warnings too."),
    switch(_CHOICE, "statistics", "--statistics", help="How often each mistake was found, instead of each."),
)


@command(_PATHS, _FLAGS, JSON)
def lint(values: Values) -> int:
    """Silent mistakes with nn.LSTM and nn.GRU in source code: nothing of it is run, torch is not needed.

    Status 1: an error was found.
    """
    linted = _linted(values)
    if values["json"]:
        streams.write(to_json(linted.to_dict()))
    else:
        from lstm_inspect.views.lint import statistics
        from lstm_inspect.views.lint import text as shown

        streams.write(statistics(linted) if values["statistics"] else shown(linted))
    wrong = ("error", "warning") if values["strict"] else ("error",)
    return streams.FAILED if worst(linted.findings) in wrong else streams.OK


def _linted(values: Values) -> Linted:
    if values["paths"] == ["-"]:
        piped = streams.piped_in("-", "the name of a file")
        return lint_text(piped.read(), values["stdin_filename"] or "<stdin>")
    return lint_files(discover(values["paths"]))
