"""Hand a report to its reader: warnings to stderr, the report to stdout and, if asked, to a file."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lstm_inspect.cli import streams
from lstm_inspect.cli.flags import Values
from lstm_inspect.cli.options import spell_flag
from lstm_inspect.errors import FileError, spell_arguments
from lstm_inspect.verdict.contract import to_json

if TYPE_CHECKING:
    from lstm_inspect.theory.shown import Shown
    from lstm_inspect.theory.warnings import SpecWarning


def save_path(values: Values) -> Path | None:
    """The file that --save names, if it can be written: asked before anything runs.

    Raises:
        FileError: its suffix is unknown, it already exists, or its folder does not.
    """
    if values["save"] is None:
        return None
    from lstm_inspect.views.export import FORMATS

    return writable_path("save", values, FORMATS, "report.html")


def writable_path(name: str, values: Values, suffixes: Collection[str], example: str) -> Path:
    """The file that a flag names, if it can be written.

    Raises:
        FileError: its suffix is unknown, it already exists, or its folder does not.
    """
    path = Path(values[name])
    if path.suffix.lower() not in suffixes:
        allowed = f"its suffix must be {'one of ' if len(suffixes) > 1 else ''}{', '.join(suffixes)}"
        raise FileError(f"{{{name}}}", values[name], allowed, f"{{{name}={example}}}")
    streams.refuse_to_overwrite(path, force=values["force"])
    return path


def warn(warnings: Iterable[SpecWarning]) -> None:
    """Say on stderr what a spec lets go wrong."""
    for warning in warnings:
        streams.say(f"warning: {spell_arguments(warning.message, spell_flag)}")


def deliver(report: Shown, values: Values, path: Path | None = None, *, document: dict[str, Any] | None = None) -> int:
    """Show a report as a page, or write its JSON; save the page if asked; return the exit status.

    Args:
        report: any that ``views.page`` knows.
        values: of the command's flags.
        path: the file of --save, as ``save_path`` gives it.
        document: its JSON document, where that is not ``report.to_dict()``.
    """
    warn(getattr(report, "warnings", ()))
    if path is not None or not values["json"]:
        _show(report, values, path)
    if values["json"]:
        streams.write(to_json(report.to_dict() if document is None else document))
    return streams.FAILED if report.verified is False else streams.OK


def _show(report: Shown, values: Values, path: Path | None) -> None:
    from lstm_inspect.views.detail import Detail
    from lstm_inspect.views.page import page

    asked = {field.name: values[field.name] for field in fields(Detail) if field.name in values}
    if path is not None:
        from lstm_inspect.views.export import FORMATS

        saved = page(report, spell_flag, Detail(**asked))
        streams.save(FORMATS[path.suffix.lower()](saved, streams.console().width), path)
    if not values["json"]:
        streams.show(page(report, spell_flag, Detail(**asked, warnings=False)))
