"""A survey to look at: a table by structure, one by dtype, the failures in full, the verdict."""

from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell
from lstm_inspect.theory.dtypes import tolerance
from lstm_inspect.verdict.report import Report
from lstm_inspect.verdict.survey import Survey, Tally
from lstm_inspect.views import look, tables
from lstm_inspect.views.page import Detail

_COUNTS: Final = ("specs", "checks", "pitfalls", "failed")
_LIMITS: Final = (*_COUNTS, "furthest", "allowed")
_FURTHEST: Final = "furthest: the largest difference of any element from the equations in float64"


def page(survey: Survey, spell: Spell, detail: Detail) -> RenderableType:
    """A survey to look at; every failure with what repeats it."""
    structures, dtypes = look.table("layers", "directions", *_COUNTS), look.table("dtype", *_LIMITS)
    for (layers, directions), tally in sorted(survey.structures.items()):
        structures.add_row(str(layers), str(directions), *_counts(tally))
    for dtype, tally in survey.dtypes.items():
        dtypes.add_row(dtype, *_counts(tally), f"{tally.furthest:.2g}", f"{tolerance(dtype).atol:g}")
    left_out = survey.total.failed - len(survey.failures)
    return Group(
        look.section("By structure", structures),
        look.section("By dtype", dtypes, look.faint(_FURTHEST)),
        *(_failure(report, spell) for report in survey.failures),
        *([look.sentence(f"{left_out:,} more specs failed")] if left_out else []),
        _verdict(survey),
    )


def _counts(tally: Tally) -> list[Text]:
    counts = [Text(f"{getattr(tally, name):,}") for name in _COUNTS]
    if tally.failed:
        counts[-1].stylize(look.BAD)
    return counts


def _failure(report: Report, spell: Spell) -> RenderableType:
    lines: list[RenderableType] = []
    for check in report.checks:
        if not check.passed:
            lines.append(Text.assemble(f"  {check.id}: ", (tables.outcome(check), look.BAD)))
            lines.append(look.block(tables.statement(check), indent=4))
    for result in report.pitfalls:
        if not result.passed:
            lines.append(Text.assemble("  ", tables.distance(result)))
            lines.append(look.block(f"{result.tempting} != {result.instead}", indent=4))
    return look.section(f"FAILED: {spell.inspection(report.spec.arguments(), report.options.arguments())}", *lines)


def _verdict(survey: Survey) -> Text:
    total = survey.total
    counts = f"{total.specs:,} specs, {total.checks:,} checks, {total.pitfalls:,} pitfalls"
    said = f"Verified: {counts}" if survey.verified else f"FAILED: {total.failed:,} of {counts}"
    where = "" if survey.environment is None else look.where(survey.environment)
    return look.verdict(said, where + look.noticed(total.noticed if survey.verified else None), good=survey.verified)
