"""The calls of a program's LSTMs: what each was, its shapes, what was proved of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell
from lstm_inspect.live.report import Call, Calls, named
from lstm_inspect.mistakes.read import Alone
from lstm_inspect.theory import expressions
from lstm_inspect.theory.claim import Claim
from lstm_inspect.theory.shapes import TensorReport, format_tuple
from lstm_inspect.theory.words import plural
from lstm_inspect.verdict.report import Report
from lstm_inspect.views import look, reads, tables
from lstm_inspect.views.look import Signs
from lstm_inspect.views.page import Detail
from lstm_inspect.views.report import page as report_page

_KINDS: Final = {
    "shape": "of shape and dtype",
    "equality": "of equality",
    "packing": "of packing",
    "reference": "against the equations in float64",
}
_STATE: Final = ", (h0, c0)"
_MOST_LENGTHS: Final = 8


def page(report: Calls | Call, spell: Spell, detail: Detail) -> RenderableType:
    """The calls of a program, or one of them, to look at; with ``detail.all`` each call's whole page."""
    calls = report if isinstance(report, Calls) else Calls([report])
    return Group(*parts(calls, spell, detail), *uses(calls), *tables.warnings(calls, spell, detail), *verdict(calls))


def uses(calls: Calls, alone: Alone | None = None) -> Iterator[RenderableType]:
    """The sections of what is read of the calls' results."""
    return reads.parts(calls.reads, calls.mistakes, alone, calls.not_traced)


def parts(calls: Calls, spell: Spell, detail: Detail) -> list[RenderableType]:
    """A section for each module and what was wrong with it; the other shapes that it was called with, a line each."""
    if detail.all:
        return [_section([call], (), spell, detail) for call in calls]
    groups: dict[object, list[Call]] = defaultdict(list)  # a decoder's steps, or training and eval mode, stand together
    for call in calls:
        form = call.error or (str(call.recurrent.tensors) if call.recurrent else call.report and call.report.spec)
        groups[call.name, form].append(call)
    shown: list[list[Call]] = []
    seen: set[object] = set()  # modules that are shown, packed or not
    more: dict[str, list[RenderableType]] = defaultdict(list)
    for group in groups.values():
        call = _foremost(group)
        like = call.name, call.report and call.report.spec.lengths is None
        if call.report and call.verified and like in seen:
            more[call.name].append(_line(group, call.report))
        else:
            shown.append(group)
        seen.add(like)
    return [_section(group, more.pop(group[0].name, ()), spell, detail) for group in shown]


def _foremost(calls: Sequence[Call]) -> Call:
    """The call that stands for all of the same shapes: the first that failed, else the first."""
    return next((call for call in calls if not call.verified), calls[0])


def _times(calls: Iterable[Call]) -> int:
    return sum(call.times for call in calls)


def _line(calls: Sequence[Call], report: Report) -> RenderableType:
    """What a section says of the module's other shapes."""
    lengths = report.spec.lengths or ()
    packed = f", lengths {', '.join(map(str, lengths[:_MOST_LENGTHS]))}" if lengths else ""
    packed += ", .." if len(lengths) > _MOST_LENGTHS else ""
    state = "" if report.spec.state == "zeros" else " and a state"
    counts = f"{plural(_times(calls), 'call')}, {plural(len(_checks(calls)), 'check')}"
    said = f"also with input {_shapes(report)['input']}{packed}{state}: {counts}"
    return look.Fitted(lambda width, signs: Text(f"{signs.good} {said}", style=look.GOOD))


def _shapes(report: Report) -> dict[str, str]:
    return {tensor.name: format_tuple(tensor.shape) for tensor in report.tensors}


def _section(calls: Sequence[Call], more: Sequence[RenderableType], spell: Spell, detail: Detail) -> RenderableType:
    call, times = _foremost(calls), _times(calls)
    inside: Iterable[RenderableType]
    if call.error is not None:
        inside = _not_checked(call)
    elif call.report is not None and detail.all:
        inside = [report_page(call.report, spell, replace(detail, warnings=False))]
    else:
        proved = look.Fitted(partial(_proved_line, calls))
        inside = [*_call(call), *_failures(call, spell, detail), proved, *more]
    name = f"module {call.name}" if call.name.isdigit() else named(call.name)  # a number alone, in a Sequential
    title = f"{name}, call {call.index}" if times == 1 else f"{name}, {times:,} calls of these shapes"
    return look.section(title, look.faint(_place(call)), *inside)


def _place(call: Call) -> str:
    kind = f"nn.{call.kind}" if call.kind in ("LSTM", "GRU", "RNN") else call.kind
    inside = f" in {call.model}" if call.name and call.model != call.kind else ""
    return f"{kind}{inside}" + (f", called at {Path(call.file).name}:{call.line}" if call.file else "")


def _not_checked(call: Call) -> Iterator[RenderableType]:
    said = {"refused": "torch refused it", "misfit": "torch took it, and it contradicts the module"}
    bad = call.outcome in said
    yield Text(f"{said.get(call.outcome, 'not checked')}: {call.error}", style=look.BAD if bad else "")
    for cause in call.diagnosis.causes[:1] if call.diagnosis is not None else ():
        yield from (Text(cause.cause), look.block(cause.fix))


def _call(call: Call) -> Iterator[RenderableType]:
    """The call as it would be written, the module under its own name, and its tensors."""
    name = call.name if call.name.replace(".", "_").isidentifier() else "lstm" if call.report else "rnn"
    if call.recurrent is not None:
        yield look.block(f"{name} = {call.recurrent.constructor}")
        measured = ", ".join(f"{each.name} {format_tuple(each.shape)}" for each in call.recurrent.tensors)
        yield Text(f"{measured}; the equations of an {call.kind} are not known here")
    if call.report is not None:
        spec = call.report.spec
        made = expressions.call(spec).replace("= lstm(", f"= {name}(", 1)
        yield look.block(f"{name} = {call.report.constructor}")
        yield look.block(made if spec.state == "random" else made.replace(_STATE, ""))
        yield Text()
        yield look.Fitted(partial(_tensors, call.report))
        yield from (look.sentence(line, look.FAINT) for line in _beside(call.report))


def _tensors(report: Report, width: int, signs: Signs) -> RenderableType:
    headers = ["tensor", "axes", "shape", "dtype"] if width >= look.NARROW else ["tensor", "axes", "shape"]
    there = [each for each in report.tensors if each.actual is not None]
    rows = [(look.name(each.name), each.formula, _shape(each, signs), each.dtype) for each in there]
    return look.table(*headers, rows=[row[: len(headers)] for row in rows], whole=[0])


def _shape(tensor: TensorReport, signs: Signs) -> Text:
    predicted = format_tuple(tensor.shape)
    if tensor.otherwise is None:
        return Text(f"{predicted} {signs.good}", style=look.GOOD)
    return Text(f"{format_tuple(tensor.otherwise)} {signs.bad} must be {predicted}", style=look.BAD)


def _beside(report: Report) -> Iterator[str]:
    """What stands under the table: the letters, and what the call neither got nor gave."""
    spec = report.spec
    yield tables.letters(spec).plain
    shapes = _shapes(report)
    if spec.state == "zeros":
        yield f"h0 {shapes['h0']} and c0 {shapes['c0']} were not given: they are zeros"
    if spec.lengths is not None:
        order = "longest first, as they came" if spec.enforce_sorted else "in the given order"
        yield f"lengths {', '.join(map(str, spec.lengths))}, {order}; padded it would be {shapes['input']}"


def _failures(call: Call, spell: Spell, detail: Detail) -> Iterator[RenderableType]:
    if call.report is not None and not call.verified:
        yield from tables.checks(call.report, spell, detail)
        yield from tables.mistakes(call.report, detail)
    for check in call.recurrent.checks if call.recurrent is not None else ():
        if not check.passed:
            yield Text(f"{tables.outcome(check)}: {check.why}")
            yield look.block(tables.statement(check), indent=2)


def _checks(calls: Sequence[Call]) -> list[Claim]:
    return [check for call in calls if call.proof for check in call.proof.checks]


def _proved_line(calls: Sequence[Call], width: int, signs: Signs) -> RenderableType:
    counts = Counter(check.kind for check in _checks(calls))
    said = ", ".join(f"{counts[kind]} {words}" for kind, words in _KINDS.items() if counts[kind])
    failed = sum(call.proof.failed for call in calls if call.proof)
    found = f"{signs.bad} {failed} failed of the checks" if failed else f"{signs.good} proved"
    return Text(f"{found}: {said}", style=look.BAD if failed else look.GOOD)


def verdict(calls: Calls, alone: Alone | None = None, left: Sequence[str] = ()) -> Iterator[Text]:
    """The last lines: what was proved, what was not looked at (with what else is ``left``), what is read wrongly."""
    where = sorted({look.where(call.report.environment) for call in calls if call.report and call.report.environment})
    smallest = max((call.report.noticed or 0 for call in calls if call.report), default=0)
    noticed = look.noticed((smallest or None) if calls.verified else None)
    yield look.verdict(_proved(calls), "; ".join(where) + noticed, good=calls.verified)
    rest = [*_not_proved(calls), *left]
    if rest:
        yield look.sentence(f"Not looked at: {'; '.join(rest)}.")
    yield from reads.verdict(calls.reads, calls.mistakes, alone, calls.not_traced)


def _proved(calls: Calls) -> str:
    proved = [call for call in calls if call.proof]
    modules = len({call.name for call in proved})
    checks = len(_checks(proved))
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
        yield f"{plural(each.times, 'call')} of {named(each.name)} ({each.kind})"
    unchecked = sum(call.outcome == "unchecked" for call in calls)
    if unchecked:
        yield f"{plural(unchecked, 'call')} that can't be checked"
