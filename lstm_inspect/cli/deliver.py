"""Hand a report to its reader: warnings to stderr, the report to stdout and, if asked, to a file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from lstm_inspect.cli import streams
from lstm_inspect.cli.flags import Values
from lstm_inspect.cli.options import spell_flag
from lstm_inspect.errors import FileError, spell_arguments
from lstm_inspect.verdict.contract import to_json

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lstm_inspect.theory.warnings import SpecWarning


class Deliverable(Protocol):
    """What can be handed over: a report, or a view of its own that has these three as well."""

    @property
    def warnings(self) -> Sequence[SpecWarning]:
        """What is said on stderr beside it."""

    @property
    def verified(self) -> bool | None:
        """Whether all that was checked holds; None if nothing was."""

    def to_dict(self) -> dict[str, Any]:
        """Its JSON document."""


def save_path(values: Values) -> Path | None:
    """The file that --save names, if it can be written: asked before anything runs.

    Raises:
        FileError: its suffix is unknown, it is there already, or its folder is not.
    """
    if values["save"] is None:
        return None
    from lstm_inspect.views.export import FORMATS

    return writable_path("save", values, FORMATS, "report.html")


def writable_path(name: str, values: Values, suffixes: Collection[str], example: str) -> Path:
    """The file that a flag names, if it can be written.

    Raises:
        FileError: its suffix is unknown, it is there already, or its folder is not.
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


def deliver(report: Deliverable, page: Callable[..., RenderableType], values: Values, path: Path | None) -> int:
    """Show a report as a page, or write its JSON; save the page if asked; return the exit status."""
    whole = values.get("all", False)
    warn(report.warnings)
    if path is not None:
        from lstm_inspect.views.export import FORMATS

        whole_page = page(report, whole=whole)
        streams.save(FORMATS[path.suffix.lower()](whole_page, streams.console().width), path)
    if values["json"]:
        streams.write(to_json(report.to_dict()))
    else:
        streams.show(page(report, whole=whole, warnings=False))
    return streams.FAILED if report.verified is False else streams.OK
