"""What a program called while it ran, after its own output."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell
from lstm_inspect.live.report import Calls
from lstm_inspect.live.session import RunReport
from lstm_inspect.views import calls, diagnose, look, reads, tables
from lstm_inspect.views.page import PLAIN, Detail


def page(
    report: RunReport, spell: Spell, detail: Detail = PLAIN, *, quiet: bool = False, brief: bool = False
) -> RenderableType:
    """A run to look at.

    Args:
        report: what was seen.
        spell, detail: as for every page.
        quiet: failures and mistakes alone.
        brief: the last lines alone; the rest stands in a file.
    """
    parts = [*_diagnosis(report, spell, detail)]
    if not brief:
        shown = Calls(report.calls[:-1]) if _is_told(report) else report.calls
        parts += calls.parts(_failed(shown) if quiet else shown, spell, detail)
        parts += [
            *reads.parts([] if quiet else report.calls.reads, report.mistakes, None, report.calls.not_traced),
            *tables.warnings(report, spell, detail),
        ]
    told = [
        *calls.verdict(report.calls),
        *reads.verdict(report.calls.reads, report.mistakes, None, report.calls.not_traced),
    ]
    end = told if report.torch else [look.sentence("torch was not loaded: there was nothing to see.")]
    return Group(Text(f"lstm-inspect run {report.program}", style=look.TITLE), *parts, *end)


def _diagnosis(report: RunReport, spell: Spell, detail: Detail) -> Iterator[RenderableType]:
    if report.diagnosis is not None:
        yield diagnose.page(report.diagnosis, spell, detail)
        yield Text()


def _is_told(report: RunReport) -> bool:
    """Whether the call that the program ended with is told by the diagnosis."""
    last = report.calls[-1] if report.calls else None
    return last is not None and last.outcome == "refused" and last.error == report.error and bool(report.diagnosis)


def _failed(all_calls: Calls) -> Calls:
    return Calls(call for call in all_calls if call.verified is False)
