"""lstm-inspect run"""

from __future__ import annotations

import atexit
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from lstm_inspect.cli import streams
from lstm_inspect.cli.flags import Values, arguments, command, file, switch
from lstm_inspect.cli.options import CHECK_FLAGS, FORCE, PREDICT, SAVE, checking_of, spell_flag
from lstm_inspect.errors import TargetError
from lstm_inspect.live.program import Program, run_program, when_loaded

if TYPE_CHECKING:
    from lstm_inspect.diagnosis.finding import Diagnosis
    from lstm_inspect.live.report import Calls, RunReport

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
    """A program to run, what is seen of it, and where its report goes: the program may change any of this process's."""

    program: Program
    values: Values
    files: list[Path]  #: where the report goes too, named as from here.
    status: int = streams.OK  #: what the program leaves with.
    calls: Calls | None = None  #: those that were seen; None as long as torch is not loaded.
    error: str | None = None  #: the exception that the program ended with.
    diagnosis: Diagnosis | None = None  #: what that means.
    watching: ExitStack = field(default_factory=ExitStack)
    #: ``sys.path`` before the program sets it: where our own modules are found.
    path: list[str] = field(default_factory=lambda: list(sys.path))
    stderr: TextIO = field(default_factory=lambda: sys.stderr)  #: where the report goes.

    @contextmanager
    def our_path(self) -> Iterator[None]:
        """Find our own modules, and not the program's of the same names."""
        theirs, sys.path = sys.path, self.path
        try:
            yield
        finally:
            sys.path = theirs

    def start(self) -> None:
        """Watch every nn.LSTM that is called from now on: the program has loaded torch."""
        with self.our_path():
            from lstm_inspect.live.watch import watch

            self.calls = self.watching.enter_context(watch(**checking_of(self.values)))

    def left_by(self, error: BaseException) -> None:
        """The program ended with an exception; sys.exit is one."""
        if isinstance(error, SystemExit):
            self.status = error.code if isinstance(error.code, int) else streams.OK if error.code is None else 1
            return
        self.status = 1
        with self.our_path():
            if self.calls is not None and isinstance(error, Exception):
                from lstm_inspect.live.user_code import diagnosis_of_error

                self.diagnosis = diagnosis_of_error(error)
            self.error = "".join(traceback.format_exception_only(error)).strip()

    def report(self) -> RunReport:
        """What was seen of the program so far."""
        with self.our_path():
            from lstm_inspect.live.report import Calls, RunReport

            asked, calls = self.program, Calls() if self.calls is None else self.calls
            given = asked.name, asked.arguments, asked.module
            return RunReport(*given, self.calls is not None, calls, self.error, self.diagnosis)


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
    checking_of(values)  # refuses a tolerance that is none
    files = [path.absolute() for path in (values["json"], values["save"]) if path is not None]
    PLANS.append(Plan(program, values, files))
    return streams.OK


def execute(plan: Plan) -> None:
    """Run the program in this process, as Python would, and report when everything of it is through.

    The report is made by an exit handler that was set before the program's own, so it comes after them, and
    after its threads. A child process that the program forks has none.
    """
    atexit.register(_report, plan, os.getpid())
    when_loaded("torch", plan.start)
    run_program(plan.program, plan.left_by)
    if plan.values["strict"] and plan.report().faulty:
        raise SystemExit(streams.FAILED)


def _report(plan: Plan, process: int) -> None:
    if os.getpid() != process:
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # the program's own streams: Python says what is wrong with them
            stream.flush()
    if plan.values["ascii"]:  # the streams were the program's until now
        streams.use_ascii()
    with plan.our_path():
        plan.watching.close()
        report = plan.report()
        try:
            for path in plan.files:
                _write(report, path)
            _show(report, plan)
        except (OSError, ValueError):  # stderr is closed
            return
    if plan.values["strict"] and plan.status == streams.OK and report.faulty:
        os._exit(streams.FAILED)


def _write(report: RunReport, path: Path) -> None:
    from lstm_inspect.theory.contract import to_json
    from lstm_inspect.views.export import FORMATS
    from lstm_inspect.views.page import page

    if path.suffix.lower() in FORMATS:
        text = FORMATS[path.suffix.lower()](page(report, spell_flag), streams.console(stderr=True).width)
    else:
        text = to_json(report.to_dict()) + "\n"
    path.write_text(text, encoding="utf-8")


def _show(report: RunReport, plan: Plan) -> None:
    """The page on stderr; with a file to read it in, its last lines alone."""
    from rich.console import Console

    from lstm_inspect.views import look
    from lstm_inspect.views import run as view

    quiet = plan.values["quiet"]
    if quiet and not report.faulty and report.diagnosis is None:
        return
    console = Console(file=plan.stderr, highlight=False, markup=False, emoji=False)
    console.print()
    console.print(look.Clean(view.page(report, spell_flag, quiet=quiet, brief=bool(plan.files))))
    for path in plan.files:
        console.print(f"saved {path}", soft_wrap=True)
