"""The parts of a report as tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell, spell_arguments
from lstm_inspect.theory import expressions
from lstm_inspect.theory.claim import CheckResult, PitfallResult
from lstm_inspect.theory.recipes import Recipe
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import StateRow
from lstm_inspect.theory.warnings import SpecWarning
from lstm_inspect.verdict.report import Report, TensorReport
from lstm_inspect.views import look
from lstm_inspect.views.detail import Detail
from lstm_inspect.views.look import Signs

_PREDICTED = "Predicted from integers alone; nothing was run. Without {predict=True} it is run and checked."

_KINDS = {
    "shape": "predicted shape == measured shape",
    "equality": "the same numbers in another place of one call, bit for bit",
    "packing": "what packing promises",
    "reference": "against the LSTM equations, step by step in float64; |a - b| <= atol + rtol * |b|",
}


def constructor(report: Report) -> RenderableType:
    """The calls that build the module and run it, as Python."""
    return calls(report.spec)


def calls(spec: LSTMSpec) -> RenderableType:
    """The same, of a spec."""
    return look.section("Call", look.code("\n".join(expressions.statements(spec)), whole=True))


def tensors(report: Report) -> RenderableType:
    """Every tensor: axes in letters, predicted and measured shape, dtype, meaning."""
    return look.section("Tensors", look.Fitted(partial(_tensors, report.tensors)), _letters(report))


def shapes(report: Report) -> RenderableType:
    """The table of tensors by itself, without what they mean."""
    return Group(look.Fitted(partial(_shapes, report.tensors)), _letters(report))


def _shapes(tensors: Sequence[TensorReport], width: int, signs: Signs) -> RenderableType:
    extra = ["dtype"] if width >= look.NARROW else []
    table = look.table("tensor", "axes", "predicted", "measured", *extra)
    table.columns[0].no_wrap = True
    for tensor in tensors:
        table.add_row(*_tensor_cells(tensor, signs), *([tensor.dtype] if extra else []))
    return table


def _tensors(tensors: Sequence[TensorReport], width: int, signs: Signs) -> RenderableType:
    """One table; where there is no room for it, dtype and meaning stand below it."""
    wide, narrow = width >= look.WIDE, width < look.NARROW
    table = look.table("tensor", "axes", "predicted", "measured", *_extra("dtype", "meaning", wide=wide, narrow=narrow))
    table.columns[0].no_wrap = True
    for tensor in tensors:
        table.add_row(
            *_tensor_cells(tensor, signs), *_extra(tensor.dtype, tensor.theory.meaning, wide=wide, narrow=narrow)
        )
    below = [] if wide else [Text(), *(_meaning(tensor, dtype=narrow) for tensor in tensors)]
    return Group(table, *below)


def _extra(dtype: str, meaning: str, *, wide: bool, narrow: bool) -> list[str]:
    return [dtype, meaning] if wide else [] if narrow else [dtype]


def _tensor_cells(tensor: TensorReport, signs: Signs) -> list[RenderableType]:
    theory = tensor.theory
    return [look.code(theory.name), theory.formula, format_tuple(theory.shape), _measured(tensor, signs)]


def _measured(tensor: TensorReport, signs: Signs) -> Text:
    if tensor.actual is None:
        return Text("not run", style=look.FAINT)
    same = tensor.actual == tensor.theory.shape
    return Text(
        f"{format_tuple(tensor.actual)} {signs.good if same else signs.bad}", style=look.GOOD if same else look.BAD
    )


def _meaning(tensor: TensorReport, *, dtype: bool) -> Text:
    text = look.code(tensor.theory.name) + Text(f": {tensor.theory.meaning}")
    return text + Text(f"; {tensor.dtype}") if dtype else text


def _letters(report: Report) -> Text:
    return look.sentence(letters(report), look.FAINT)


def letters(report: Report) -> str:
    """The size that each letter stands for."""
    spec = report.spec
    sizes = {"T": spec.seq_len, "B": spec.batch_size, "I": spec.input_size, "H": spec.hidden_size}
    sizes |= {"P": spec.proj_size or None, "L": spec.num_layers, "D": spec.num_directions}
    return ", ".join(f"{letter} = {size}" for letter, size in sizes.items() if size is not None)


def states(report: Report, *, whole: bool = False) -> RenderableType:
    """Every row of hn and cn: layer, direction, time step, the slice of output that equals it."""
    shown, cut = look.first_and_last(report.states, whole=whole)
    note = look.sentence("row = layer * D + direction; cn's rows are never part of output", look.FAINT)
    return look.section("Rows of hn and cn", look.Fitted(partial(_state_table, shown)), *look.left_out(cut), note)


def _state_table(states: Sequence[StateRow], width: int, signs: Signs) -> RenderableType:
    narrow = width < look.NARROW
    table = look.table("row" if narrow else "rows", "layer", "direction", "step", "output that equals hn's row")
    table.columns[0].no_wrap = table.columns[2].no_wrap = True
    for state in states:
        name = state.hn if narrow else f"{state.hn}, {state.cn}"
        table.add_row(look.code(name), str(state.layer), state.direction, _step(state), _equal(state))
    return table


def _step(state: StateRow) -> str:
    return "length - 1" if state.time_step is None else str(state.time_step)


def _equal(state: StateRow) -> Text:
    return look.sentence(state.why, look.FAINT) if state.output is None else look.code(state.output)


def checks(report: Report, *, whole: bool = False) -> RenderableType:
    """Every check by kind: what was compared, whether bit for bit, how far apart, what was allowed."""
    kinds = (kind for kind in _KINDS if any(check.claim.kind == kind for check in report.checks))
    tables = [
        _checks_of_kind([check for check in report.checks if check.claim.kind == kind], kind, whole) for kind in kinds
    ]
    return look.section("Checks" if report.mode == "run" else "What must hold (nothing was run)", *tables)


def _checks_of_kind(checks: Sequence[CheckResult], kind: str, whole: bool) -> RenderableType:
    title = look.sentence(f"{kind}: {_KINDS[kind]}", look.FAINT)
    if kind == "shape" and not whole and all(check.passed is not False for check in checks):
        return Group(title, look.Fitted(partial(_shapes_in_one_line, checks)))
    shown, cut = look.first_and_last(checks, whole=whole, always=lambda check: check.passed is False)
    return Group(Text(), title, look.Fitted(partial(_check_table, shown, whole)), *look.left_out(cut))


def _shapes_in_one_line(checks: Sequence[CheckResult], width: int, signs: Signs) -> RenderableType:
    if checks[0].passed is None:
        return look.sentence(f"{len(checks)} shapes, of the tensors above and the recipes below")
    return look.sentence(
        f"{signs.good} {len(checks)} of {len(checks)}: the tensors above and the recipes below", look.GOOD
    )


def _check_table(checks: Sequence[CheckResult], whole: bool, width: int, signs: Signs) -> RenderableType:
    table = look.table("", "check", "result")
    for check in checks:
        claim = check.claim
        sides = look.sides(claim.left, _sign(check), claim.right, width, whole=whole)
        table.add_row(_mark(check.passed, signs), look.with_reason(sides, claim.why), _check_result(check))
    return table


def _sign(check: CheckResult) -> str:
    return "==" if check.claim.exact else "~"


def _mark(passed: bool | None, signs: Signs) -> Text:
    if passed is None:
        return Text("?", style=look.FAINT)
    return Text(signs.good, style=look.GOOD) if passed else Text(signs.bad, style=look.BAD)


def _check_result(check: CheckResult) -> Text:
    style = look.BAD if check.passed is False else ""
    return Text("\n".join(result_lines(check)), style=style)


def result_lines(check: CheckResult) -> list[str]:
    """What came of a check, in words, a line each."""
    if check.passed is None:
        return ["not run"]
    if check.error is not None:
        return [check.error]
    lines = ["identical" if check.identical else "not identical"]
    if check.max_abs_diff:
        lines = [f"differs by {check.max_abs_diff:.2g}"]
    if not check.claim.exact:
        lines += [f"atol {check.tolerance.atol:g}", f"rtol {check.tolerance.rtol:g}"]
    if check.passed is False and check.worst is not None:
        lines.append(f"worst at {list(check.worst)}")
    return lines


def pitfalls(report: Report) -> RenderableType:
    """Every pitfall: what is tempting, what was meant, how far off it is."""
    if not report.pitfalls:
        return Group()
    title = "Pitfalls: they look right, they run, they are something else"
    return look.section(title, look.Fitted(partial(_pitfall_table, report.pitfalls)))


def _pitfall_table(pitfalls: Sequence[PitfallResult], width: int, signs: Signs) -> RenderableType:
    table = look.table("tempting != what was meant", "off by")
    for result in pitfalls:
        pitfall = result.pitfall
        sides = look.sides(pitfall.tempting, "!=", pitfall.instead, width)
        table.add_row(look.with_reason(sides, pitfall.why), distance(result))
    return table


def distance(result: PitfallResult) -> Text:
    """How far off a pitfall is, in words."""
    if result.passed is None:
        return Text("not run", style=look.FAINT)
    if result.error is not None:
        return Text(result.error, style=look.BAD)
    if not result.passed:
        return Text("nothing: these numbers coincide; try another --seed", style=look.BAD)
    if result.tempting_shape == result.instead_shape and result.max_abs_diff is None:
        return Text("no number: there is a NaN or an infinity")
    if result.tempting_shape is not None and result.instead_shape is not None and result.max_abs_diff is None:
        return Text(f"{format_tuple(result.tempting_shape)}, not {format_tuple(result.instead_shape)}")
    return Text(f"{result.max_abs_diff:.2g}")


def recipes(report: Report) -> RenderableType:
    """What to use for what, with its shape."""
    return look.section("What to use when", look.Fitted(partial(_recipe_table, report.recipes)))


def _recipe_table(recipes: Sequence[Recipe], width: int, signs: Signs) -> RenderableType:
    wide = width >= look.WIDE
    table = look.table(*(["for", "use"] if wide else ["for, and what to use"]), "shape")
    table.columns[-1].no_wrap = True
    for recipe in recipes:
        task, use = Text(recipe.task), look.with_reason(look.code(recipe.expression), recipe.why)
        table.add_row(*([task, use] if wide else [Text("\n").join([task, use])]), format_tuple(recipe.shape))
    return table


def verdict(report: Report, spell: Spell) -> Text:
    """One line: what held, on what."""
    environment = report.environment
    if environment is None:
        return predicted(spell)
    counts = f"{len(report.checks)} checks, {len(report.pitfalls)} pitfalls"
    said = f"FAILED: {report.failed} of {counts}" if report.failed else f"Verified: {counts}"
    tf32 = ", TF32 allowed" if environment["tf32"] else ""
    where = f"{look.where(environment)}, {report.spec.dtype}{tf32}, {_numbers(report)}"
    return look.verdict(said, where, good=report.verified)


def predicted(spell: Spell) -> Text:
    """What is said where nothing was run."""
    return look.sentence(spell_arguments(_PREDICTED, spell), look.TITLE)


def _numbers(report: Report) -> str:
    return "your own numbers" if report.seed is None else f"seed {report.seed}"


class Warned(Protocol):
    """Whatever has warnings: a report of any kind."""

    @property
    def warnings(self) -> Sequence[SpecWarning]:
        """What to know about it."""


def warnings(report: Warned, spell: Spell, detail: Detail) -> list[Text]:
    """A report's warnings, a line each; none where they are said elsewhere."""
    said = report.warnings if detail.warnings else ()
    return [Text(f"warning: {spell_arguments(warning.message, spell)}") for warning in said]
