"""A survey to look at: a table by structure, one by dtype, the failures in full, the verdict."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell
from lstm_inspect.theory.claim import CheckResult
from lstm_inspect.theory.tolerance import tolerance
from lstm_inspect.verdict.report import Report
from lstm_inspect.verdict.survey import Survey, Tally
from lstm_inspect.views import look, tables
from lstm_inspect.views.page import Detail

_COUNTS = ("specs", "checks", "pitfalls", "failed")


def page(survey: Survey, spell: Spell, detail: Detail) -> RenderableType:
    """A survey to look at; every failure with what repeats it."""
    failures = [_failure(report, spell) for report in survey.failures]
    left_out = survey.total.failed - len(survey.failures)
    if left_out:
        failures.append(look.sentence(f"{left_out:,} more specs failed"))
    return Group(_by_structure(survey.structures), _by_dtype(survey.dtypes), *failures, _verdict(survey))


def _by_structure(structures: Mapping[tuple[int, int], Tally]) -> RenderableType:
    table = look.table("layers", "directions", *_COUNTS)
    for (layers, directions), tally in sorted(structures.items()):
        table.add_row(str(layers), str(directions), *_counts(tally))
    return look.section("By structure", table)


def _by_dtype(dtypes: Mapping[str, Tally]) -> RenderableType:
    table = look.table("dtype", *_COUNTS, "furthest", "allowed")
    for dtype, tally in dtypes.items():
        table.add_row(dtype, *_counts(tally), f"{tally.furthest:.2g}", f"{tolerance(dtype).atol:g}")
    note = "furthest: the largest difference of any element from the equations in float64"
    return look.section("By dtype", table, look.sentence(note, look.FAINT))


def _counts(tally: Tally) -> list[Text]:
    counts = [Text(f"{getattr(tally, name):,}") for name in _COUNTS]
    if tally.failed:
        counts[-1].stylize(look.BAD)
    return counts


def _failure(report: Report, spell: Spell) -> RenderableType:
    failed = [result for result in report.checks if not result.passed]
    lines = [part for check in failed for part in _failed_check(check)]
    for result in report.pitfalls:
        if not result.passed:
            lines += [Text.assemble("  ", tables.distance(result)), look.block(tables.pair(result), indent=4)]
    return look.section(f"FAILED: {spell.inspection(report.spec.arguments(), report.options.arguments())}", *lines)


def _failed_check(check: CheckResult) -> tuple[RenderableType, RenderableType]:
    result = Text(", ".join(tables.result_lines(check)), style=look.BAD)
    return Text.assemble(f"  {check.claim.id}: ", result), look.block(tables.statement(check), indent=4)


def _verdict(survey: Survey) -> Text:
    """How many specs were proved, on what."""
    total = survey.total
    counts = f"{total.specs:,} specs, {total.checks:,} checks, {total.pitfalls:,} pitfalls"
    said = f"Verified: {counts}" if survey.verified else f"FAILED: {total.failed:,} of {counts}"
    where = "" if survey.environment is None else look.where(survey.environment)
    return look.verdict(said, where + look.noticed(total.noticed if survey.verified else None), good=survey.verified)
