"""A checkpoint's LSTMs: sizes, the call that builds each, what goes on from there, what looks wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import partial
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from lstm_inspect.checkpoint.groups import where
from lstm_inspect.checkpoint.report import CERTAINTY, CheckpointReport, FoundLSTM, Sizes
from lstm_inspect.errors import Spell
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.theory.words import plural
from lstm_inspect.views import look, tables
from lstm_inspect.views.look import Signs
from lstm_inspect.views.page import Detail


def page(report: CheckpointReport, spell: Spell, detail: Detail) -> RenderableType:
    """A checkpoint to look at; with ``detail.all`` every parameter and every problem."""
    return _Page(report, spell, detail)


@dataclass(frozen=True, slots=True)
class _Page:
    report: CheckpointReport
    spell: Spell
    detail: Detail

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        report, whole = self.report, self.detail.all
        lstms, cut = look.first_and_last(report.lstms, whole=whole)
        yield from (_lstm(_sayable(lstm, options.encoding), self.spell, whole=whole) for lstm in lstms)
        yield from look.left_out(cut, self.spell)
        if report.others:
            others, cut = look.first_and_last(report.others, whole=whole)
            lines = [f"{each.name or 'the model itself'}: {each.message}" for each in others]
            yield look.section(
                "Not covered", *map(Text, _sayable(lines, options.encoding)), *look.left_out(cut, self.spell)
            )
        yield from tables.warnings(report, self.spell, self.detail)
        said, where_it_is = report.verdict.removesuffix("."), f"{report.file}, {report.format}"
        yield look.verdict(*_sayable((said, where_it_is), options.encoding), good=report.sound)


def _sayable(value: Any, encoding: str) -> Any:
    """What a file gives, its names spelt by code point where the terminal's encoding lacks a sign."""
    if isinstance(value, str):
        return value.encode(encoding, "backslashreplace").decode(encoding)
    if isinstance(value, list | tuple):
        return type(value)(_sayable(part, encoding) for part in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    return replace(value, **{each.name: _sayable(getattr(value, each.name), encoding) for each in fields(value)})


def _lstm(lstm: FoundLSTM, spell: Spell, *, whole: bool) -> RenderableType:
    facts = look.table("", "", rows=((look.faint(word), said) for word, said in _facts(lstm, spell)), whole=[0])
    problems = [look.Fitted(partial(_problems, lstm, spell, whole))] if lstm.problems else []
    rows = ((look.code(each.stored_as), format_tuple(each.shape), each.dtype) for each in lstm.parameters)
    parameters = [look.table("stored as", "shape", "dtype", rows=rows)] if whole else []
    return look.section(where(lstm.name, lstm.container), facts, *problems, *parameters)


def _facts(lstm: FoundLSTM, spell: Spell) -> Iterator[tuple[str, RenderableType]]:
    yield "sizes", _sizes(lstm.sizes)
    yield "weights", f"{lstm.parameter_count:,} parameters, {lstm.sizes.dtype}"
    yield from (("stored", note) for note in lstm.notes)
    yield "known by", _known_by(lstm)
    if lstm.unknown:
        shape = "they shape" if len(lstm.unknown) > 1 else "it shapes"
        yield "not in the file", f"{' and '.join(lstm.unknown)}: {shape} no parameter"
    if lstm.spec is None:
        why = "no nn.LSTM has these sizes" if lstm.sizes.input_size else "no weight_ih_l0 tells its input_size"
        yield "build", Text(f"not known: {why}", style=look.BAD)
    else:
        yield "build", look.block(lstm.constructor or "")
        yield "go on", look.code(lstm.go_on(spell) or "")


def _known_by(lstm: FoundLSTM) -> str:
    told = [f"{by}: {', '.join(name for name in lstm.known_by if lstm.known_by[name] == by)}" for by in CERTAINTY]
    return "; ".join(part for part in told if not part.endswith(": "))


def _sizes(sizes: Sizes) -> str:
    width = "?" if sizes.input_size is None else str(sizes.input_size)
    projected = f", proj_size P = {sizes.proj_size}" if sizes.proj_size else ""
    layers, directions = plural(sizes.num_layers, "layer"), plural(1 + sizes.bidirectional, "direction")
    bias = "bias" if sizes.bias else "no bias"
    return f"input_size I = {width}, hidden_size H = {sizes.hidden_size}{projected}, {layers}, {directions}, {bias}"


def _problems(lstm: FoundLSTM, spell: Spell, whole: bool, width: int, signs: Signs) -> RenderableType:
    shown, cut = look.first_and_last(lstm.problems, whole=whole)
    lines = Table.grid(padding=(0, 1))
    for problem in shown:
        lines.add_row(Text(signs.bad, style=look.BAD), Text(problem.message, style=look.BAD))
    return Group(lines, *look.left_out(cut, spell))
