"""One run of a program, watched from the moment that it has loaded torch until everything of it is through."""

import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from lstm_inspect.diagnosis.finding import Diagnosis
from lstm_inspect.live.program import Program
from lstm_inspect.live.report import Calls, OfCalls
from lstm_inspect.theory.contract import written


@written(
    "program arguments module torch error diagnosis calls=listed counted reads not_traced mistakes warnings verified",
    command="run",
)
@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport(OfCalls):
    """Every call of every nn.LSTM in one run of a program."""

    view = "run"
    program: str  #: the script, or the module.
    arguments: Sequence[str]  #: what it was run with.
    module: bool  #: whether it was run as ``python -m`` runs it.
    torch: bool  #: whether it loaded torch.
    calls: Calls  #: in the order in which they were made.
    error: str | None = None  #: the exception that it ended with; None if it ended otherwise.
    diagnosis: Diagnosis | None = None  #: what that means, if an LSTM has to do with it.


class Session:
    """A program that runs, the status that it leaves with, and the report of what was seen of it."""

    def __init__(self, program: Program, checking: dict[str, Any]) -> None:
        self.program, self.status = program, 0
        self.report = RunReport(
            program=program.name, arguments=program.arguments, module=program.module, torch=False, calls=Calls()
        )
        self._checking, self._stack = checking, ExitStack()

    def start(self) -> None:
        """Watch every nn.LSTM that is called from now on."""
        from lstm_inspect.live.watch import watch

        self.report = replace(self.report, torch=True, calls=self._stack.enter_context(watch(**self._checking)))

    def end(self) -> None:
        """Watch no longer."""
        self._stack.close()

    def left_by(self, error: BaseException) -> None:
        """The program ended with an exception; sys.exit is one."""
        if isinstance(error, SystemExit):
            self.status = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
            return
        self.status, diagnosis = 1, None
        if self.report.torch and isinstance(error, Exception):
            from lstm_inspect.live.user_code import diagnosis_of_error

            diagnosis = diagnosis_of_error(error)
        last_line = "".join(traceback.format_exception_only(error)).strip()
        self.report = replace(self.report, error=last_line, diagnosis=diagnosis)

    @property
    def faulty(self) -> bool:
        """Whether a check failed or a mistake was found."""
        return self.report.verified is False or any(mistake.level != "note" for mistake in self.report.mistakes)
