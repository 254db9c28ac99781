"""Hand a report to its reader: warnings to stderr, the report to stdout and, if asked, to a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from lstm_inspect.cli import streams
from lstm_inspect.cli.flags import Values
from lstm_inspect.cli.options import spell_flag
from lstm_inspect.errors import spell_arguments
from lstm_inspect.theory.contract import to_json

if TYPE_CHECKING:
    from lstm_inspect.theory.shown import Shown
    from lstm_inspect.theory.warnings import SpecWarning


def warn(warnings: Iterable[SpecWarning]) -> None:
    """Say on stderr what a spec lets go wrong."""
    for warning in warnings:
        streams.say(f"warning: {spell_arguments(warning.message, spell_flag)}")


def deliver(report: Shown, values: Values, *, document: dict[str, Any] | None = None) -> int:
    """Show a report as a page, or write its JSON; save the page if asked; return the exit status.

    Args:
        report: any that ``views.page`` knows.
        values: of the command's flags.
        document: its JSON document, where that is not ``report.to_dict()``.
    """
    warn(report.warnings)
    if values.get("save") or not values["json"]:
        _show(report, values)
    if values["json"]:
        streams.write(to_json(report.to_dict() if document is None else document))
    return streams.FAILED if report.verified is False else streams.OK


def _show(report: Shown, values: Values) -> None:
    from lstm_inspect.views.page import Detail, page

    asked = {field.name: values[field.name] for field in fields(Detail) if field.name in values}
    if values.get("save"):
        from lstm_inspect.views.export import FORMATS

        saved = page(report, spell_flag, Detail(**asked))
        streams.save(FORMATS[values["save"].suffix.lower()](saved, streams.console().width), values["save"])
    if not values["json"]:
        streams.show(page(report, spell_flag, Detail(**asked, warnings=False)))
