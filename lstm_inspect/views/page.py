"""Every report's page: one match, one signature. A report says which it is; only that view is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, assert_never

from lstm_inspect.errors import Spell, spell_python
from lstm_inspect.views.detail import PLAIN, Detail

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lstm_inspect.checkpoint.report import CheckpointReport
    from lstm_inspect.diagnosis.finding import Diagnosis
    from lstm_inspect.live.listing import Listing
    from lstm_inspect.live.report import Call, Calls, ModelReport, RunReport
    from lstm_inspect.verdict.explanation import Catalogue, Explanation
    from lstm_inspect.verdict.parameters import Weights
    from lstm_inspect.verdict.report import Report
    from lstm_inspect.verdict.structures import Overview
    from lstm_inspect.verdict.survey import Survey

    OneReport: TypeAlias = (
        Report
        | Overview
        | Weights
        | Survey
        | ModelReport
        | CheckpointReport
        | Diagnosis
        | Explanation
        | Catalogue
        | Listing
    )
    """What a command tells of: it has ``verified`` and ``to_dict()``."""


def page(  # noqa: C901, PLR0911, PLR0912 - a case a report, and no other logic
    shown: OneReport | Calls | Call | RunReport, spell: Spell = spell_python, detail: Detail = PLAIN
) -> RenderableType:
    """A report to look at.

    Args:
        shown: any report; a type checker sees to it that each has its case.
        spell: how its reader types what the page advises.
        detail: how much of it is shown.
    """
    match shown.view:
        case "report":
            from lstm_inspect.views import report

            return report.page(shown, spell, detail)
        case "structures":
            from lstm_inspect.views import structures

            return structures.page(shown, spell, detail)
        case "parameters":
            from lstm_inspect.views import parameters

            return parameters.page(shown, spell, detail)
        case "survey":
            from lstm_inspect.views import survey

            return survey.page(shown, spell, detail)
        case "model":
            from lstm_inspect.views import model

            return model.page(shown, spell, detail)
        case "listing":
            from lstm_inspect.views import listing

            return listing.page(shown)
        case "run":
            from lstm_inspect.views import run

            return run.page(shown, spell, detail)
        case "calls":
            from lstm_inspect.views import calls

            return calls.page(shown, spell, detail)
        case "call":
            from lstm_inspect.live.report import Calls
            from lstm_inspect.views import calls

            return calls.page(Calls([shown]), spell, detail)
        case "checkpoint":
            from lstm_inspect.views import checkpoint

            return checkpoint.page(shown, spell, detail)
        case "diagnosis":
            from lstm_inspect.views import diagnose

            return diagnose.page(shown, spell, detail)
        case "explanation":
            from lstm_inspect.views import explain

            return explain.page(shown, spell, detail)
        case "catalogue":
            from lstm_inspect.views import explain

            return explain.page_of_all(shown, spell, detail)
    assert_never(shown)
