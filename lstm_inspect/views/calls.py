"""The calls of a program's LSTMs: what each was, its shapes, what was proved of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell
from lstm_inspect.live.report import Call, Calls, shown
from lstm_inspect.theory import expressions
from lstm_inspect.theory.claim import CheckResult
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.theory.words import plural
from lstm_inspect.verdict.report import Report, TensorReport
from lstm_inspect.views import look, reads, tables
from lstm_inspect.views.detail import Detail
from lstm_inspect.views.look import Signs
from lstm_inspect.views.report import page as report_page

_KINDS: Final = {
    "shape": "of shape and dtype",
    "equality": "of equality",
    "packing": "of packing",
    "reference": "against the equations in float64",
}
_STATE: Final = ", (h0, c0)"
_MOST_LENGTHS: Final = 8


@dataclass(frozen=True, slots=True)
class _Block:
    """Calls of one module that had the same shapes: a decoder's steps, or training and eval mode, are shown once."""

    calls: Sequence[Call]

    @property
    def title(self) -> str:
        name, times = _module(self.calls[0].name), sum(call.times for call in self.calls)
        return f"{name}, call {self.calls[0].index}" if times == 1 else f"{name}, {times:,} calls of these shapes"

    @property
    def name(self) -> str:
        return self.calls[0].name

    def is_like(self, others: Sequence[_Block]) -> bool:
        """Whether all is well, and one of the others shows the same module on another shape."""
        report = self.shows.report
        if report is None or not self.shows.verified:
            return False
        return any(
            other.shows.report is not None
            and other.name == self.name
            and (other.shows.report.spec.lengths is None) == (report.spec.lengths is None)
            for other in others
        )

    @property
    def line(self) -> RenderableType:
        """What a section says of the module's other shapes."""
        report = self.shows.report
        assert report is not None
        packed = f", lengths {_few(report.spec.lengths)}" if report.spec.lengths is not None else ""
        shapes = {tensor.theory.name: format_tuple(tensor.theory.shape) for tensor in report.tensors}
        state = "" if report.spec.state == "zeros" else " and a state"
        times, checks = sum(call.times for call in self.calls), len(_Checked(self.calls).checks)
        said = f"also with input {shapes['input']}{packed}{state}: {plural(times, 'call')}, {plural(checks, 'check')}"
        return look.Fitted(lambda width, signs: Text(f"{signs.good} {said}", style=look.GOOD))

    @property
    def shows(self) -> Call:
        """The call that stands for all: the first that failed, else the first."""
        return next((call for call in self.calls if not call.verified), self.calls[0])


def page(report: Calls | Call, spell: Spell, detail: Detail) -> RenderableType:
    """The calls of a program, or one of them, to look at; with ``detail.all`` each call's whole page."""
    calls = report if isinstance(report, Calls) else Calls([report])
    use = reads.parts(calls.reads, calls.mistakes, None, calls.not_traced)
    last = [*verdict(calls), *reads.verdict(calls.reads, calls.mistakes, None, calls.not_traced)]
    return Group(*parts(calls, spell, detail), *use, *tables.warnings(calls, spell, detail), *last)


def parts(calls: Calls, spell: Spell, detail: Detail) -> list[RenderableType]:
    """A section for each module and what was wrong with it; the other shapes that it was called with, a line each."""
    if detail.all:
        return [_block(_Block([call]), (), spell, detail) for call in calls]
    blocks = _blocks(calls)
    shown = [block for place, block in enumerate(blocks) if not block.is_like(blocks[:place])]
    more = {id(block): [each for each in blocks if each not in shown and each.name == block.name] for block in shown}
    first = {block.name: block for block in reversed(shown)}
    return [_block(block, more[id(block)] if first[block.name] is block else (), spell, detail) for block in shown]


def _blocks(calls: Sequence[Call]) -> list[_Block]:
    groups: dict[object, list[Call]] = {}
    for call in calls:
        form = call.error or (str(call.recurrent.tensors) if call.recurrent else call.report and call.report.spec)
        groups.setdefault((call.name, form), []).append(call)
    return [_Block(group) for group in groups.values()]


def _few(lengths: Sequence[int]) -> str:
    return ", ".join(map(str, lengths[:_MOST_LENGTHS])) + (", .." if len(lengths) > _MOST_LENGTHS else "")


def _block(block: _Block, more: Sequence[_Block], spell: Spell, detail: Detail) -> RenderableType:
    call = block.shows
    opening: list[RenderableType] = [Text(place(call), style=look.FAINT)]
    if call.error is not None:
        return look.section(block.title, *opening, *_not_checked(call))
    if call.report is None or not detail.all:
        return look.section(
            block.title,
            *opening,
            *_call(block),
            *_failures(block, spell, detail),
            _Checked(block.calls).line,
            *(each.line for each in more),
        )
    return look.section(block.title, *opening, report_page(call.report, spell, replace(detail, warnings=False)))


def place(call: Call) -> str:
    """Where a call was made, in words."""
    inside = f" in {call.model}" if call.name and call.model != call.kind else ""
    where = f", called at {Path(call.file).name}:{call.line}" if call.file else ""
    return f"nn.{call.kind}{inside}{where}" if call.kind in ("LSTM", "GRU", "RNN") else f"{call.kind}{inside}{where}"


def _not_checked(call: Call) -> Iterator[RenderableType]:
    said = {"refused": "torch refused it", "misfit": "torch took it, and it contradicts the module"}
    bad = call.outcome in said
    yield Text(f"{said.get(call.outcome, 'not checked')}: {call.error}", style=look.BAD if bad else "")
    if call.diagnosis is not None and call.diagnosis.causes:
        cause = call.diagnosis.causes[0]
        yield Text(cause.cause)
        yield look.block(cause.fix)


def _module(name: str) -> str:
    """A qualified name in a title; one that is a number alone, in an nn.Sequential, is called what it is."""
    return f"module {name}" if name.isdigit() else shown(name)


def _call(block: _Block) -> Iterator[RenderableType]:
    """The call as it would be written, the module under its own name, and its tensors."""
    call = block.shows
    name = call.name if call.name.replace(".", "_").isidentifier() else "lstm" if call.report else "rnn"
    if call.report is None:
        assert call.recurrent is not None
        yield look.block(f"{name} = {call.recurrent.constructor}")
        measured = ", ".join(f"{each.name} {format_tuple(each.shape)}" for each in call.recurrent.tensors)
        yield Text(f"{measured}; the equations of an {call.kind} are not known here")
        return
    spec = call.report.spec
    made = expressions.call(spec).replace("= lstm(", f"= {name}(", 1)
    yield look.block(f"{name} = {call.report.constructor}")
    yield look.block(made if spec.state == "random" else made.replace(_STATE, ""))
    yield Text()
    yield look.Fitted(partial(_tensors, call.report))
    yield from (look.sentence(line, look.FAINT) for line in _beside(call.report))


def _tensors(report: Report, width: int, signs: Signs) -> RenderableType:
    extra = ["dtype"] if width >= look.NARROW else []
    table = look.table("tensor", "axes", "shape", *extra)
    table.columns[0].no_wrap = True
    for tensor in report.tensors:
        if tensor.actual is not None:
            cells = look.name(tensor.theory.name), tensor.theory.formula, _shape(tensor, signs)
            table.add_row(*cells, *([tensor.dtype] if extra else []))
    return table


def _shape(tensor: TensorReport, signs: Signs) -> Text:
    assert tensor.actual is not None
    if tensor.actual == tensor.theory.shape:
        return Text(f"{format_tuple(tensor.actual)} {signs.good}", style=look.GOOD)
    predicted = f"{signs.bad} must be {format_tuple(tensor.theory.shape)}"
    return Text(f"{format_tuple(tensor.actual)} {predicted}", style=look.BAD)


def _beside(report: Report) -> Iterator[str]:
    """What stands under the table: the letters, and what the call neither got nor gave."""
    spec = report.spec
    yield tables.letters(spec).plain
    shapes = {tensor.theory.name: format_tuple(tensor.theory.shape) for tensor in report.tensors}
    if spec.state == "zeros":
        yield f"h0 {shapes['h0']} and c0 {shapes['c0']} were not given: they are zeros"
    if spec.lengths is not None:
        order = "longest first, as they came" if spec.enforce_sorted else "in the given order"
        yield f"lengths {', '.join(map(str, spec.lengths))}, {order}; padded it would be {shapes['input']}"


def _failures(block: _Block, spell: Spell, detail: Detail) -> Iterator[RenderableType]:
    call = block.shows
    if call.verified:
        return
    if call.report is not None:
        yield from tables.checks(call.report, spell, detail)
        yield from tables.mistakes(call.report, detail)
    elif call.recurrent is not None:
        for check in call.recurrent.checks:
            if not check.passed:
                yield Text(f"{', '.join(tables.result_lines(check))}: {check.claim.why}")
                yield look.block(tables.statement(check), indent=2)


@dataclass(frozen=True, slots=True)
class _Checked:
    """How many checks of each kind held of some calls."""

    calls: Iterable[Call]

    @property
    def checks(self) -> list[CheckResult]:
        return [check for call in self.calls for each in (call.report, call.recurrent) if each for check in each.checks]

    @property
    def line(self) -> RenderableType:
        return look.Fitted(self._line)

    def _line(self, width: int, signs: Signs) -> RenderableType:
        """One line: what was proved; what failed is in the tables above."""
        counts = Counter(check.claim.kind for check in self.checks)
        said = ", ".join(f"{counts[kind]} {words}" for kind, words in _KINDS.items() if counts[kind])
        reports = [call.report or call.recurrent for call in self.calls]
        failed = sum(report.failed for report in reports if report is not None)
        if failed:
            return Text(f"{signs.bad} {failed} failed of the checks: {said}", style=look.BAD)
        return Text(f"{signs.good} proved: {said}", style=look.GOOD)


def verdict(calls: Calls, left: Sequence[str] = ()) -> Iterator[Text]:
    """What was proved, and what was not looked at.

    Args:
        calls: all of them.
        left: what else was not looked at.
    """
    proved = [call for call in calls if call.report is not None or call.recurrent is not None]
    where = sorted({look.where(call.report.environment) for call in calls if call.report and call.report.environment})
    smallest = max((call.report.noticed or 0 for call in proved if call.report), default=0)
    noticed = look.noticed((smallest or None) if calls.verified else None)
    yield look.verdict(_proved(calls, proved), "; ".join(where) + noticed, good=calls.verified)
    rest = [*_not_proved(calls), *left]
    if rest:
        yield look.sentence(f"Not looked at: {'; '.join(rest)}.")


def _proved(calls: Calls, proved: Sequence[Call]) -> str:
    modules = len({call.name for call in proved})
    checks = len(_Checked(proved).checks)
    counts = f"{plural(checks, 'check')} of {plural(len(proved), 'call')} of {plural(modules, 'module')}"
    failed = sum(call.verified is False and call.outcome != "refused" for call in calls)
    refused = sum(call.outcome == "refused" for call in calls)
    said = [f"FAILED: {plural(failed, 'call')}"] if failed else []
    said += [f"torch refused {plural(refused, 'call')}"] if refused else []
    if proved:
        said.append(f"{'held against' if failed else 'proved'}: {counts}")
    sentence = "; ".join(said) or "nothing was checked: no nn.LSTM was called"
    return sentence[0].upper() + sentence[1:]


def _not_proved(calls: Calls) -> Iterator[str]:
    more = sum(call.times - 1 for call in calls)
    if more:
        yield f"{plural(more, 'call')} of the same kinds, which were counted"
    for each in calls.counted:
        yield f"{plural(each.times, 'call')} of {shown(each.name)} ({each.kind})"
    unchecked = sum(call.outcome == "unchecked" for call in calls)
    if unchecked:
        yield f"{plural(unchecked, 'call')} that can't be checked"
