"""Every LSTM of a model: what it is, the shapes of its calls, what was checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell
from lstm_inspect.live.report import Call, ModelReport, shown
from lstm_inspect.theory import expressions
from lstm_inspect.verdict.report import Report
from lstm_inspect.views import look, tables
from lstm_inspect.views.detail import Detail
from lstm_inspect.views.look import Signs
from lstm_inspect.views.report import page as report_page

_KINDS = {"shape": "of shape", "equality": "of equality", "packing": "of packing", "reference": "against the equations"}


_STATE = ", (h0, c0)"


@dataclass(frozen=True, slots=True)
class _Block:
    """Calls of one module that had the same shapes: a decoder's steps are shown once."""

    calls: Sequence[Call]

    @property
    def title(self) -> str:
        indices = [call.index for call in self.calls]
        if len(indices) == 1:
            return f"{_module(self.calls[0].name)}, call {indices[0]}"
        together = indices == list(range(indices[0], indices[-1] + 1))
        which = f"{indices[0]} to {indices[-1]}" if together else ", ".join(map(str, indices))
        return f"{_module(self.calls[0].name)}, calls {which}, all of these shapes"

    @property
    def shows(self) -> Call:
        """The call that stands for all: the first that failed, else the first."""
        return next((call for call in self.calls if not call.verified), self.calls[0])


def page(report: ModelReport, spell: Spell, detail: Detail) -> RenderableType:
    """A model's LSTMs to look at; with ``detail.all`` each call's whole page, and every call by itself."""
    blocks = [_Block([call]) for call in report.calls] if detail.all else _blocks(report.calls)
    parts: list[RenderableType] = [_block(block, spell, detail) for block in blocks]
    parts += [_not_called(report), _not_covered(report), *tables.warnings(report, spell, detail)]
    return Group(*parts, _verdict(report))


def page_of_calls(calls: Sequence[Call], spell: Spell, detail: Detail) -> RenderableType:
    """What ``watch`` recorded, to look at."""
    return page(ModelReport("", "", calls), spell, detail)


def _blocks(calls: Sequence[Call]) -> list[_Block]:
    groups: dict[object, list[Call]] = {}
    for call in calls:
        groups.setdefault((call.name, call.error if call.report is None else call.report.spec), []).append(call)
    return [_Block(group) for group in groups.values()]


def _block(block: _Block, spell: Spell, detail: Detail) -> RenderableType:
    call = block.shows
    if call.report is None:
        return look.section(block.title, Text(f"can't be checked: {call.error}", style=look.BAD))
    if detail.all:
        return look.section(block.title, Text(), report_page(call.report, spell, replace(detail, warnings=False)))
    parts: list[RenderableType] = [look.code(line, whole=True) for line in _statements(call)]
    parts += [Text(), tables.shapes(call.report), *_lengths(call.report), Text()]
    failed = [call for call in block.calls if not call.verified]
    if failed:
        parts += [tables.checks(call.report), tables.pitfalls(call.report)]
    return look.section(block.title, *parts, look.Fitted(partial(_checked, block)))


def _lengths(report: Report) -> list[RenderableType]:
    if report.spec.lengths is None:
        return []
    lengths = look.code(f"lengths {', '.join(map(str, report.spec.lengths))}")
    given = "longest first, as they came" if report.spec.enforce_sorted else "in the given order; the batch runs packed"
    return [lengths + Text(f", {given}", style=look.FAINT)]


def _module(name: str) -> str:
    """A qualified name in a title; one that is a number alone, in an nn.Sequential, is called what it is."""
    return f"module {name}" if name.isdigit() else shown(name)


def _statements(call: Call) -> list[str]:
    """The call as it would be written, the module under its own name."""
    assert call.report is not None
    spec = call.report.spec
    name = call.name if call.name.replace(".", "_").isidentifier() else "lstm"
    made = expressions.call(spec).replace("= lstm(", f"= {name}(", 1)
    return [f"{name} = {call.report.constructor}", made if spec.state == "random" else made.replace(_STATE, "")]


def _checked(block: _Block, width: int, signs: Signs) -> RenderableType:
    """One line: how many checks of each kind held; what failed is in the tables above."""
    reports = [call.report for call in block.calls if call.report is not None]
    counts = [f"{count} {words}" for kind, words in _KINDS.items() if (count := _count(reports, kind))]
    pitfalls = sum(len(report.pitfalls) for report in reports)
    counts += [f"{pitfalls} pitfalls that differ"] if pitfalls else []
    failed = sum(report.failed for report in reports)
    if failed:
        return Text(f"{signs.bad} {failed} failed; checked: {', '.join(counts)}", style=look.BAD)
    return Text(f"{signs.good} checks: {', '.join(counts)}", style=look.GOOD)


def _count(reports: Sequence[Report], kind: str) -> int:
    return sum(check.claim.kind == kind for report in reports for check in report.checks)


def _not_called(report: ModelReport) -> RenderableType:
    if not report.not_called:
        return Group()
    lines: list[RenderableType] = [Text(f"{_module(each.name)}: {each.constructor}") for each in report.not_called]
    return look.section("Not called in this run", *lines)


def _not_covered(report: ModelReport) -> RenderableType:
    if not report.not_covered:
        return Group()
    lines: list[RenderableType] = [Text(f"{_module(each.name)}: {each.kind}") for each in report.not_covered]
    note = look.sentence("lstm-inspect knows the equations and the order of nn.LSTM alone", look.FAINT)
    return look.section("Not covered", *lines, note)


def _verdict(report: ModelReport) -> Text:
    if not report.calls:
        return look.sentence("Nothing was checked: no nn.LSTM was called.", look.TITLE)
    reports = [call.report for call in report.calls if call.report is not None]
    checks, pitfalls = (sum(len(each) for each in column) for column in _columns(reports))
    modules = len({call.name for call in report.calls})
    counts = f"{_number(len(report.calls), 'call')} of {_number(modules, 'nn.LSTM')}, {_number(checks, 'check')}"
    bad = sum(not call.verified for call in report.calls)
    said = f"FAILED: {bad} of {counts}" if bad else f"Verified: {counts}, {_number(pitfalls, 'pitfall')}"
    where = sorted({f"torch {each.environment['torch']}, {each.spec.device}" for each in reports if each.environment})
    in_what = f" in {report.model}" if report.model else ""
    return look.verdict(f"{said}{in_what}", "; ".join(where), good=not bad)


def _columns(reports: Sequence[Report]) -> tuple[list[Sequence[object]], list[Sequence[object]]]:
    return [report.checks for report in reports], [report.pitfalls for report in reports]


def _number(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
