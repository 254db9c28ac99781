"""One mistake's page, and the list of all of them."""

from functools import partial
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lstm_inspect.errors import Spell, spell_arguments
from lstm_inspect.mistakes.catalogue import BY_ID, Mistake
from lstm_inspect.theory.claim import Pitfall
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.verdict.explanation import Catalogue, Explanation
from lstm_inspect.views import look, tables
from lstm_inspect.views.page import Detail

_SAME = "wrong and right come out the same: these numbers can't show it, by the equations either; try {seed=1}"
_BROKEN = "wrong and right come out the same, and by the equations they differ"


def page(found: Explanation | Catalogue, spell: Spell, detail: Detail) -> RenderableType:
    """One mistake: the tempting line, what it is, the right line, and what making it on an nn.LSTM gave; or all."""
    if isinstance(found, Catalogue):
        return _all(found)
    mistake, pair = found.mistake, found.pitfall
    given = [mistake.given] if mistake.given else []
    made = look.block(*found.call, f"wrong = {pair.tempting}", f"right = {pair.instead}")
    return Group(
        Text(mistake.title, style=look.TITLE),
        look.faint(_where(mistake)),
        Text(),
        look.section("Tempting", look.block(*given, mistake.tempting)),
        look.section("What it is", look.sentence(mistake.what)),
        look.section("Write instead", look.block(*given, mistake.instead)),
        look.section("Made on an nn.LSTM", made, _figure(found.pitfall, spell)),
        *tables.warnings(found, spell, detail),
        _verdict(found, spell),
    )


def _where(mistake: Mistake) -> str:
    levels = {"lint": mistake.lint, "model": mistake.live, "run": mistake.live}
    found = [f"{name} ({levels[name]})" if levels.get(name) else name for name in mistake.found_by]
    return f"{mistake.id}, found by {', '.join(found)}"


def _figure(result: Pitfall, spell: Spell) -> Text:
    """How far apart the two came out, in words."""
    if result.passed is None:
        return look.sentence(spell_arguments(_SAME, spell)) if result.hidden else look.faint("not run")
    if not result.passed:
        return look.sentence(result.error or _BROKEN, look.BAD)
    wrong, right = format_tuple(result.tempting_shape or ()), format_tuple(result.instead_shape or ())
    if wrong != right:
        return look.sentence(f"wrong has the shape {wrong}, right has {right}")
    if result.tempting_shape == () and result.max_abs_diff is not None:
        return look.sentence(f"each is one number, and they differ by {result.max_abs_diff:.2g}")
    by = "" if result.max_abs_diff is None else f", by up to {result.max_abs_diff:.2g}"
    return look.sentence(f"both have the shape {right}, and their numbers differ{by}")


def _verdict(found: Explanation, spell: Spell) -> Text:
    if found.environment is None:
        return tables.predicted(spell)
    said = {True: "Verified: they differ", False: "FAILED", None: "Not shown"}[found.verified]
    where = f"{look.where(found.environment)}, {found.spec.dtype}, seed {found.spec.seed}"
    return look.verdict(said, where, good=found.verified)


def _all(catalogue: Catalogue) -> RenderableType:
    """The mistakes, by what finds them."""
    by_place = sorted(catalogue.mistakes, key=lambda mistake: (-len(mistake.found_by), mistake.found_by))
    groups = [
        look.section(f"Found by {', '.join(place)}", look.Fitted(partial(_list, list(mistakes))))
        for place, mistakes in groupby(by_place, key=lambda mistake: mistake.found_by)
    ]
    return Group(*groups, look.sentence("lstm-inspect explain ID shows one of them"))


def _list(mistakes: list[Mistake], width: int, signs: look.Signs) -> RenderableType:
    if width < look.NARROW:
        return Group(*(Group(look.code(each.id), Padding(Text(each.title), (0, 0, 0, 2))) for each in mistakes))
    table = Table.grid(padding=(0, look.BETWEEN - 1))
    table.add_column(no_wrap=True, min_width=max(map(len, BY_ID)))
    for mistake in mistakes:
        table.add_row(look.code(mistake.id), Text(mistake.title))
    return table
