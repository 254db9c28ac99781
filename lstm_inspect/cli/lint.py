"""lstm-inspect lint"""

import os
from pathlib import Path
from typing import Final

from lstm_inspect.cli import streams
from lstm_inspect.cli.flags import Values, arguments, command, switch, text
from lstm_inspect.cli.options import JSON
from lstm_inspect.errors import FileError, SpecError
from lstm_inspect.lint.config import Choice, checked, configured
from lstm_inspect.lint.lint import Linted, lint_files, lint_text
from lstm_inspect.lint.source import discover
from lstm_inspect.lint.wording import fixed
from lstm_inspect.mistakes.finding import worst
from lstm_inspect.theory.contract import to_json

_PATHS: Final = arguments(
    "paths", metavar="[PATHS ..]", default=".", help="Files, notebooks, folders; - for standard input.  [default: .]"
)
_CHOICE: Final = "What is found"
_SHOWN: Final = "The report"
_FLAGS: Final = (
    text(_CHOICE, "select", "--select", help="Look only for these; all: the noisy ones too.", metavar="ID,.."),
    text(_CHOICE, "ignore", "--ignore", help="Do not look for these.", metavar="ID,.."),
    switch(_CHOICE, "strict", "--strict", help="Status 1 for warnings too."),
    switch(_CHOICE, "fix", "--fix", help="Apply the fixes that keep every shape: hn's rows for a step of output."),
    text(_CHOICE, "stdin_filename", "--stdin-filename", help="What - is called in findings.", metavar="FILE"),
)
_REPORT: Final = (
    text(_SHOWN, "format", "--format", help="How findings are written.", default="text", metavar="text|github|sarif"),
    switch(_SHOWN, "statistics", "--statistics", help="How often each mistake was found, instead of each."),
)


@command(_PATHS, _FLAGS, _REPORT, JSON)
def lint(values: Values) -> int:
    """Silent mistakes with nn.LSTM, nn.GRU and nn.RNN in source code: nothing of it is run, torch is not needed.

    A line with the comment "lstm-inspect: ignore[ID] reason" is meant as it stands. In pyproject.toml
    [tool.lstm-inspect] may hold select, ignore, exclude and strict. Status 1: an error was found.

    Example: lstm-inspect lint src
    """
    from lstm_inspect.views.lint import FORMATS, statistics

    if values["format"] not in FORMATS:
        raise SpecError("format", values["format"], f"one of {', '.join(FORMATS)}", "{format=github}")
    choice = _choice(values)
    linted = _linted(values, choice)
    if values["json"]:
        streams.write(to_json(linted.to_dict()))
    else:
        streams.write((statistics if values["statistics"] else FORMATS[values["format"]])(linted))
    wrong = ("error", "warning") if choice.strict else ("error",)
    return streams.FAILED if worst(linted.findings) in wrong else streams.OK


def _choice(values: Values) -> Choice:
    """What the command line asks for; what it leaves open the pyproject.toml may say."""
    read = configured(Path())
    select, ignore = (checked(name, (values[name] or "").replace(",", " ").split()) for name in ("select", "ignore"))
    return Choice(select or read.select, ignore or read.ignore, read.exclude, values["strict"] or read.strict)


def _linted(values: Values, choice: Choice) -> Linted:
    if values["paths"] == ["-"]:
        if values["fix"]:
            raise FileError("{fix}", "with -", "standard input can't be written to", "the name of a file")
        with streams.opened("-", "source", "the name of a file, or a pipe") as piped:
            return lint_text(piped.read(), values["stdin_filename"] or "<stdin>", choice)
    files = discover(values["paths"], choice.exclude)
    linted = lint_files(files, choice, processes=os.cpu_count() or 1)
    if not values["fix"] or not any(linted.fixes.values()):
        return linted
    for name, fixes in linted.fixes.items():
        if fixes:
            streams.save(fixed(Path(name).read_bytes().decode(), fixes), Path(name))
    return lint_files(files, choice)
