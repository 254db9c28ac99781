"""What pages of several reports have: letters, mistakes, checks, warnings, the verdict."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from lstm_inspect.errors import Spell, spell_arguments
from lstm_inspect.mistakes.catalogue import BY_ID
from lstm_inspect.theory.claim import KINDS, Claim, Pitfall
from lstm_inspect.theory.dtypes import largest
from lstm_inspect.theory.letters import LETTERS, sizes
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.theory.shown import Shown
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.words import plural
from lstm_inspect.verdict.report import Report
from lstm_inspect.views import look
from lstm_inspect.views.page import Detail

_PREDICTED: Final = "Predicted from integers alone; nothing was run. Without {predict=True} it is run and checked."
TORCH_NAMES: Final = "in torch's documentation h_n, c_n, backward"


def letters(spec: LSTMSpec, which: str = "TBIHPLD") -> Text:
    """The letters that a page uses, with their sizes."""
    found = sizes(spec, which).items()
    return look.faint(", ".join(f"{letter}={plural(size, LETTERS[letter].one)}" for letter, size in found))


def ending(report: Report, spell: Spell, detail: Detail) -> Iterator[RenderableType]:
    """Mistakes, checks, warnings and the verdict."""
    yield from mistakes(report, detail)
    yield Text()
    yield from (*checks(report, spell, detail), *warnings(report, spell, detail), verdict(report, spell, detail))


def mistakes(report: Report, detail: Detail) -> Iterator[RenderableType]:
    """What looks right, runs and is something else: how far off it is, what it is, how it is written."""
    if not report.pitfalls:
        return
    if detail.checks or detail.all:
        yield Text()
        yield look.sentence("Mistakes near at hand: they look right, they run, they are something else", look.TITLE)
        for result in report.pitfalls:
            yield Text.assemble(distance(result), f": {result.why}")
            yield look.block(f"{result.tempting} != {result.instead}", indent=2)
    else:
        yield look.listing("Mistakes near at hand", ("off by", ""), [_mistake(result) for result in report.pitfalls])


def _mistake(result: Pitfall) -> look.Item:
    style = look.BAD if result.passed is False else ""
    short = BY_ID[result.id].short or result.why
    return look.Item((short, distance(result).plain), result.tempting, style=style)


def distance(result: Pitfall) -> Text:
    """How far off a mistake is, in words."""
    if result.passed is None:
        return look.faint("not run")
    if result.error is not None:
        return Text(result.error, style=look.BAD)
    if not result.passed:
        return Text("nothing: these numbers coincide", style=look.BAD)
    if result.max_abs_diff is not None:
        return Text(f"{result.max_abs_diff:.2g}")
    if result.tempting_shape != result.instead_shape and result.tempting_shape is not None:
        return Text(format_tuple(result.tempting_shape))
    return Text("NaN")


def checks(report: Report, spell: Spell, detail: Detail) -> Iterator[RenderableType]:
    """Each check with its reason and its tolerance, by kind; unasked, those that failed."""
    wanted = detail.checks or detail.all
    for kind, rule in KINDS.items():
        found = [check for check in report.checks if check.kind == kind and (wanted or check.passed is False)]
        in_the_tables_above = kind == "shape" and not detail.all and all(check.passed for check in found)
        if found and not in_the_tables_above:
            kept, cut = look.first_and_last(found, whole=detail.all, always=lambda check: check.passed is False)
            yield look.section(
                f"{'Checks' if wanted else 'FAILED'} of kind {kind}: {rule}",
                *(line for check in kept for line in _check(check)),
                *look.left_out(cut, spell),
            )


def _check(check: Claim) -> tuple[RenderableType, RenderableType]:
    """What came of it and why it must hold; under it the expressions, as they were evaluated."""
    said = Text.assemble((outcome(check), look.BAD if check.passed is False else ""), f": {check.why}")
    marked = look.Fitted(lambda width, signs: Text.assemble(look.mark(check.passed, signs), " ", said))
    return marked, look.block(statement(check), indent=2)


def statement(check: Claim) -> str:
    """A check's two expressions as Python: compared, or within the tolerance that was allowed."""
    left, right, allowed = check.left, check.right, check.tolerance
    if check.exact:
        return f"{left} == {right}"
    return f"torch.testing.assert_close({left}, {right}, rtol={allowed.rtol:g}, atol={allowed.atol:g})"


def outcome(check: Claim) -> str:
    """What came of a check, in words."""
    if check.passed is None:
        return "not run"
    if check.error is not None:
        return check.error
    same = "identical" if check.identical else "not identical"
    said = f"differs by {check.max_abs_diff:.2g}" if check.max_abs_diff else same
    return said if check.passed or check.worst is None else f"{said}, worst at {list(check.worst)}"


def verdict(report: Report, spell: Spell, detail: Detail) -> Text:
    """What held; and how far off, on what, and what shows more."""
    environment = report.environment
    if environment is None:
        return predicted(spell)
    kinds = Counter(check.kind for check in report.checks)
    counts = ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kinds[kind])
    checks = f"{plural(len(report.checks), 'check')} ({counts})"
    said = f"FAILED: {report.failed} of {checks}" if report.failed else f"Verified: {checks}"
    more = "" if detail.all else spell_arguments("; see {all=True}", spell)
    tf32 = ", TF32 allowed" if environment["tf32"] else ""
    numbers = "your own numbers" if report.seed is None else f"seed {report.seed}"
    where = f"{_furthest(report)}{look.where(environment)}, {report.spec.dtype}{tf32}, {numbers}"
    return look.verdict(f"{said}{more}", where, good=report.verified)


def _furthest(report: Report) -> str:
    """The largest difference of the checks that need not be exact, and the smallest that the equations see."""
    furthest = largest(check.max_abs_diff for check in report.checks if not check.exact)
    noticed = "" if report.noticed is None else f", noticed from {report.noticed:.2g}"
    return "" if furthest is None else f"furthest {furthest:.2g}{noticed}; "


def predicted(spell: Spell) -> Text:
    """What is said where nothing was run."""
    return look.sentence(spell_arguments(_PREDICTED, spell), look.TITLE)


def warnings(report: Shown, spell: Spell, detail: Detail) -> list[Text]:
    """A report's warnings, a line each; none where they are said elsewhere."""
    said = report.warnings if detail.warnings else ()
    return [Text(f"warning: {spell_arguments(warning.message, spell)}") for warning in said]
