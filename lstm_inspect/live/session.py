"""One run of a program, watched from the moment that it has loaded torch until everything of it is through."""

from __future__ import annotations

import traceback
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from lstm_inspect.live.program import Program

if TYPE_CHECKING:
    from lstm_inspect.diagnosis.finding import Diagnosis
    from lstm_inspect.live.report import Calls, RunReport


class Session:
    """What is known of a program that runs.

    Attributes:
        program: what runs.
        status: the exit status that it leaves with.
    """

    def __init__(self, program: Program, checking: dict[str, Any]) -> None:
        self.program = program
        self.status = 0
        self._checking = checking
        self._stack = ExitStack()
        self._calls: Calls | None = None
        self._error: str | None = None
        self._diagnosis: Diagnosis | None = None

    def start(self) -> None:
        """Watch every nn.LSTM that is called from now on."""
        from lstm_inspect.live.watch import watch

        self._calls = self._stack.enter_context(watch(**self._checking))

    def end(self) -> None:
        """Watch no longer."""
        self._stack.close()

    def left_by(self, error: BaseException) -> None:
        """The program ended with an exception; sys.exit is one."""
        if isinstance(error, SystemExit):
            code = error.code
            self.status = code if isinstance(code, int) else 0 if code is None else 1
            return
        self.status = 1
        self._error = "".join(traceback.format_exception_only(error)).strip()
        if self._calls is not None and isinstance(error, Exception):
            from lstm_inspect.live.user_code import diagnosis_of_error

            self._diagnosis = diagnosis_of_error(error)

    @property
    def faulty(self) -> bool:
        """Whether a check failed or a mistake was found."""
        return self._calls is not None and (self._calls.verified is False or bool(self._calls.wrong))

    def report(self) -> RunReport:
        """What was seen."""
        from lstm_inspect.live.report import Calls, RunReport

        calls = Calls() if self._calls is None else self._calls
        return RunReport(
            program=self.program.name,
            arguments=self.program.arguments,
            module=self.program.module,
            torch=self._calls is not None,
            calls=calls,
            error=self._error,
            diagnosis=self._diagnosis,
        )
