"""A checkpoint's LSTMs: sizes, the call that builds each, what goes on from there, what looks wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from lstm_inspect.checkpoint.groups import where
from lstm_inspect.checkpoint.report import CERTAINTY, CheckpointReport, FoundLSTM, FoundParameter, OtherModule
from lstm_inspect.errors import Spell
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.views import look, tables
from lstm_inspect.views.look import Signs
from lstm_inspect.views.page import Detail

Found = TypeVar("Found", FoundLSTM, OtherModule)


def page(report: CheckpointReport, spell: Spell, detail: Detail) -> RenderableType:
    """A checkpoint to look at; with ``detail.all`` every parameter and every problem."""
    return _Page(report, spell, detail)


@dataclass(frozen=True, slots=True)
class _Page:
    report: CheckpointReport
    spell: Spell
    detail: Detail

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        report = _sayable(self.report, options.encoding) if options.ascii_only else self.report
        shown, cut = look.first_and_last(report.lstms, whole=self.detail.all)
        yield from (_lstm(lstm, self.spell, whole=self.detail.all) for lstm in shown)
        yield from look.left_out(cut, self.spell)
        if report.others:
            yield _others(report.others, self.spell, whole=self.detail.all)
        yield from tables.warnings(report, self.spell, self.detail)
        yield _verdict(report)


def _sayable(report: CheckpointReport, encoding: str) -> CheckpointReport:
    """The report with the names that a file gives spelt by code point where the terminal's encoding lacks a sign."""

    def say(text: str) -> str:
        return text.encode(encoding, "backslashreplace").decode(encoding)

    def module(found: Found) -> Found:
        keys = tuple(say(key) if isinstance(key, str) else key for key in found.container)
        return replace(found, name=say(found.name), container=keys)

    def parameters(lstm: FoundLSTM) -> tuple[FoundParameter, ...]:
        return tuple(replace(parameter, stored_as=say(parameter.stored_as)) for parameter in lstm.parameters)

    lstms = [
        replace(lstm, parameters=parameters(lstm), notes=[say(note) for note in lstm.notes]) for lstm in report.lstms
    ]
    return replace(
        report,
        file=say(report.file),
        entries=[replace(entry, name=say(entry.name)) for entry in report.entries],
        lstms=[module(lstm) for lstm in lstms],
        others=[module(other) for other in report.others],
    )


def _lstm(lstm: FoundLSTM, spell: Spell, *, whole: bool) -> RenderableType:
    parts: list[RenderableType] = [look.Fitted(partial(_facts, lstm, spell))]
    if lstm.problems:
        parts.append(look.Fitted(partial(_problems, lstm, spell, whole)))
    if whole:
        parts.append(_parameters(lstm.parameters))
    return look.section(where(lstm.name, lstm.container), *parts)


def _facts(lstm: FoundLSTM, spell: Spell, width: int, signs: Signs) -> RenderableType:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style=look.FAINT, no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("sizes", _sizes(lstm))
    facts.add_row("weights", f"{lstm.parameter_count:,} parameters, {lstm.sizes.dtype}")
    for note in lstm.notes:
        facts.add_row("stored", note)
    facts.add_row("known by", _known_by(lstm))
    if lstm.unknown:
        shape = "they shape" if len(lstm.unknown) > 1 else "it shapes"
        facts.add_row("not in the file", f"{' and '.join(lstm.unknown)}: {shape} no parameter")
    if lstm.spec is None:
        facts.add_row("build", Text(f"not known: {_why_unknown(lstm)}", style=look.BAD))
    else:
        facts.add_row("build", look.block(lstm.constructor or ""))
        facts.add_row("go on", look.code(lstm.go_on(spell) or "", whole=True))
    return facts


def _known_by(lstm: FoundLSTM) -> str:
    """What tells each argument, the most certain first."""
    told = [f"{by}: {', '.join(name for name in lstm.known_by if lstm.known_by[name] == by)}" for by in CERTAINTY]
    return "; ".join(part for part in told if not part.endswith(": "))


def _why_unknown(lstm: FoundLSTM) -> str:
    return "no weight_ih_l0 tells its input_size" if lstm.sizes.input_size is None else "no nn.LSTM has these sizes"


def _sizes(lstm: FoundLSTM) -> str:
    sizes = lstm.sizes
    width = "?" if sizes.input_size is None else str(sizes.input_size)
    directions = "2 directions" if sizes.bidirectional else "1 direction"
    parts = [f"input_size I = {width}", f"hidden_size H = {sizes.hidden_size}"]
    parts += [f"proj_size P = {sizes.proj_size}"] if sizes.proj_size else []
    parts += [f"{sizes.num_layers} layer{'s' if sizes.num_layers > 1 else ''}", directions]
    parts.append("bias" if sizes.bias else "no bias")
    return ", ".join(parts)


def _problems(lstm: FoundLSTM, spell: Spell, whole: bool, width: int, signs: Signs) -> RenderableType:
    shown, cut = look.first_and_last(lstm.problems, whole=whole)
    lines = Table.grid(padding=(0, 1))
    for problem in shown:
        lines.add_row(Text(signs.bad, style=look.BAD), Text(problem.message, style=look.BAD))
    return Group(lines, *look.left_out(cut, spell))


def _parameters(parameters: Sequence[FoundParameter]) -> RenderableType:
    table = look.table("stored as", "shape", "dtype")
    for parameter in parameters:
        table.add_row(look.code(parameter.stored_as, whole=True), format_tuple(parameter.shape), parameter.dtype)
    return table


def _others(others: Sequence[OtherModule], spell: Spell, *, whole: bool) -> RenderableType:
    shown, cut = look.first_and_last(others, whole=whole)
    lines = [Text(f"{other.name or 'the model itself'}: {other.message}") for other in shown]
    return look.section("Not covered", *lines, *look.left_out(cut, spell))


def _verdict(report: CheckpointReport) -> Text:
    return look.verdict(report.verdict.removesuffix("."), f"{report.file}, {report.format}", good=report.sound)
