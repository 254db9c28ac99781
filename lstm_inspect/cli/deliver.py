"""Hand a report to its reader: warnings to stderr, the report to stdout and, if asked, to a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lstm_inspect.cli import streams
from lstm_inspect.cli.flags import Values
from lstm_inspect.cli.options import spell_flag
from lstm_inspect.contract import to_json
from lstm_inspect.errors import FileError, spell_arguments

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lstm_inspect.calls import ModelReport
    from lstm_inspect.report import Report


def save_path(values: Values) -> Path | None:
    """The file that --save names, if it can be written: asked before anything runs.

    Raises:
        FileError: its suffix is unknown, it is there already, or its folder is not.
    """
    if values["save"] is None:
        return None
    from lstm_inspect.views.export import FORMATS

    path = Path(values["save"])
    if path.suffix.lower() not in FORMATS:
        allowed = f"its suffix must be one of {', '.join(FORMATS)}"
        raise FileError("{save}", str(path), allowed, "{save=report.html}")
    streams.refuse_to_overwrite(path, force=values["force"])
    return path


def deliver(
    report: Report | ModelReport, page: Callable[..., RenderableType], values: Values, path: Path | None
) -> int:
    """Show a report as a page, or write its JSON; save the page if asked; return the exit status."""
    for warning in report.warnings:
        streams.say(f"warning: {spell_arguments(warning.message, spell_flag)}")
    if path is not None:
        from lstm_inspect.views.export import FORMATS

        whole_page = page(report, whole=values["all"])
        streams.save(FORMATS[path.suffix.lower()](whole_page, streams.console().width), path)
    if values["json"]:
        streams.write(to_json(report.to_dict()))
    else:
        streams.show(page(report, whole=values["all"], warnings=False))
    return streams.FAILED if report.verified is False else streams.OK
