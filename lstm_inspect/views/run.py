"""What a program called while it ran, after its own output."""

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell
from lstm_inspect.live.report import Call, Calls, RunReport
from lstm_inspect.views import calls, diagnose, look, reads, tables
from lstm_inspect.views.page import PLAIN, Detail


def page(
    report: RunReport, spell: Spell, detail: Detail = PLAIN, *, quiet: bool = False, brief: bool = False
) -> RenderableType:
    """A run to look at: quietly its failures and mistakes alone; in brief its last lines, the rest stands in a file."""
    parts: list[RenderableType] = []
    if report.diagnosis is not None:
        parts += [diagnose.page(report.diagnosis, spell, detail), Text()]
    if not brief:
        told = _told(report)
        shown = [call for call in report.calls if call is not told and (not quiet or call.verified is False)]
        parts += calls.parts(Calls(shown), spell, detail)
        parts += reads.parts(report.reads, report.mistakes, None, report.not_traced, quiet=quiet)
        parts += tables.warnings(report, spell, detail)
    end = calls.verdict(report.calls) if report.torch else [Text("torch was not loaded: there was nothing to see.")]
    return Group(Text(f"lstm-inspect run {report.program}", style=look.TITLE), *parts, *end)


def _told(report: RunReport) -> Call | None:
    """The call that the program ended with, if the diagnosis tells of it."""
    last = report.calls[-1] if report.calls and report.diagnosis is not None else None
    return last if last is not None and last.outcome == "refused" and last.error == report.error else None
