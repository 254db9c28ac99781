"""lstm-inspect run"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from lstm_inspect.cli import streams
from lstm_inspect.cli.flags import Values, arguments, command, file, switch
from lstm_inspect.cli.options import CHECK_FLAGS, FORCE, PREDICT, SAVE, checking_of, spell_flag
from lstm_inspect.errors import TargetError
from lstm_inspect.live.program import Program, run_program, when_loaded

if TYPE_CHECKING:
    from lstm_inspect.live.session import Session

_REPORT: Final = "The report"
_PROGRAM: Final = "The program, - for standard input, and its own arguments."
_JSON: Final = "Write the report as JSON to a file."
_STRICT: Final = "Exit with 1 where the program exits with 0 and a check failed or a mistake is there."
_CHECKS: Final = [flag for flag in CHECK_FLAGS if flag is not PREDICT and flag.name != "tf32"]
_FLAGS: Final = (
    arguments("program", metavar="SCRIPT.py [ARGS ..]", help=_PROGRAM, default=""),
    switch("The program", "module", "-m", help="What is run is a module, as after python -m."),
    *_CHECKS,
    file(_REPORT, "--json", help=_JSON, suffixes=[".json"], example="report.json"),
    SAVE,
    FORCE,
    switch(_REPORT, "--quiet", help="Show failures and mistakes alone, nothing if there are none."),
    switch(_REPORT, "--strict", help=_STRICT),
)


@dataclass(slots=True)
class Plan:
    """What a command line asks for; its files are named as from here: the program may go elsewhere."""

    session: Session
    values: Values
    json: Path | None
    save: Path | None
    #: ``sys.path`` before the program sets it: where our own modules are found.
    path: list[str] = field(default_factory=lambda: list(sys.path))
    stderr: TextIO = field(default_factory=lambda: sys.stderr)  #: where the report goes.


PLANS: Final[list[Plan]] = []
"""What is to be run once the command line has been read: outside it, as the program leaves in ways of its own."""


@command(_FLAGS, own_streams=False)
def run(values: Values) -> int:
    """Your own program, run unchanged, and every nn.LSTM that it called.

    Options end at the script: what stands after it is the script's own. Its output, its exceptions and its exit
    status are what they are without this; the report goes to stderr when it ends.

    Example: lstm-inspect run train.py --epochs 1
    """
    name, *rest = values["program"]
    if not name:
        raise TargetError("run", "was given no program", "it runs one", "lstm-inspect run script.py")
    program = Program(name, tuple(rest), values["module"])
    program.check_it_exists()
    json, save = (None if path is None else path.absolute() for path in (values["json"], values["save"]))
    checking = checking_of(values)

    from lstm_inspect.live.session import Session

    PLANS.append(Plan(Session(program, checking), values, json, save))
    return streams.OK


def execute(plan: Plan) -> None:
    """Run the program in this process, as Python would, and report when everything of it is through.

    The report is made by an exit handler that was set before the program's own, so it comes after them, and
    after its threads. A child process that the program forks has none.
    """
    session = plan.session
    atexit.register(_report, plan, os.getpid())
    when_loaded("torch", _our_path(plan)(session.start))
    run_program(session.program, _our_path(plan)(session.left_by))
    if plan.values["strict"] and session.faulty:
        raise SystemExit(streams.FAILED)


@contextmanager
def _our_path(plan: Plan) -> Iterator[None]:
    """Find our own modules, and not the program's of the same names."""
    theirs, sys.path = sys.path, plan.path
    try:
        yield
    finally:
        sys.path = theirs


def _report(plan: Plan, process: int) -> None:
    if os.getpid() != process:
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # the program's own streams: Python says what is wrong with them
            stream.flush()
    if plan.values["ascii"]:  # the streams were the program's until now
        streams.use_ascii()
    with _our_path(plan):
        plan.session.end()
        try:
            _write(plan)
            _show(plan)
        except (OSError, ValueError):  # stderr is closed
            return
    if plan.values["strict"] and plan.session.status == 0 and plan.session.faulty:
        os._exit(streams.FAILED)


def _write(plan: Plan) -> None:
    from lstm_inspect.theory.contract import to_json

    report = plan.session.report
    if plan.json is not None:
        plan.json.write_text(to_json(report.to_dict()) + "\n", encoding="utf-8")
    if plan.save is not None:
        from lstm_inspect.views.export import FORMATS
        from lstm_inspect.views.page import page

        text = FORMATS[plan.save.suffix.lower()](page(report, spell_flag), streams.console(stderr=True).width)
        plan.save.write_text(text, encoding="utf-8")


def _show(plan: Plan) -> None:
    """The page on stderr; with a file to read it in, its last lines alone."""
    from rich.console import Console

    from lstm_inspect.views import look
    from lstm_inspect.views import run as view

    report, quiet = plan.session.report, plan.values["quiet"]
    if quiet and not plan.session.faulty and report.diagnosis is None:
        return
    files = [path for path in (plan.json, plan.save) if path is not None]
    console = Console(file=plan.stderr, highlight=False, markup=False, emoji=False)
    console.print()
    console.print(look.Clean(view.page(report, spell_flag, quiet=quiet, brief=bool(files))))
    for path in files:
        console.print(f"saved {path}", soft_wrap=True)
