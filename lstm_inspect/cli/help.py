"""How Typer is used: values stay as they were typed; --help is plain text in two columns, whole at any width."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperGroup


def _as_typed(parameter: Any, ctx: Any, value: Any) -> Any:
    """A parameter's value, not converted: flags.py reads it.

    Typer 0.29 imports pydantic before it looks at any value, a third of the time in which an error or a prediction
    is shown. A Typer that does not ask a parameter for ``process_value`` makes text of text, and is slower.
    """
    if parameter.required and value in (None, ()):
        return type(parameter).process_value(parameter, ctx, value)  # which says that it is missing
    return value if parameter.callback is None else parameter.callback(ctx, parameter, value)


class _AsTyped:
    """A command whose parameters are not converted."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its parameters, --help among them."""
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for each in parameters:
            each.process_value = partial(_as_typed, each)
        return parameters


class GroupedCommand(_AsTyped, TyperCommand):
    """A command whose help groups its flags by their panels.

    Rich's own panels cut long flags off at 80 columns ("--layers,--num-laye…"), which a page that
    people copy flags from can't afford.
    """

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the flags, panel by panel, in the order in which they were declared."""
        records = ((each, each.get_help_record(ctx)) for each in self.get_params(ctx))
        _write(((each, _plain(each, *record)) for each, record in records if record), "Options", formatter)


def _plain(parameter: Any, name: str, help: str) -> tuple[str, str]:
    """What stands in help's two columns: an argument without the type that Typer puts after its name."""
    is_argument = isinstance(parameter, TyperArgument)
    return (parameter.metavar or name, parameter.help or help) if is_argument else (name, help)


class ProgramCommand(GroupedCommand):
    """A command that takes a program and its arguments: its own options end there."""

    allow_interspersed_args = False

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What --help shows after the command's name."""
        return ["[OPTIONS]", "SCRIPT.py | -m MODULE", "[ARGS ..]"]


class GroupedProgram(_AsTyped, TyperGroup):
    """The program, whose help lists its commands under headings, each with its whole summary."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, panel by panel."""
        summaries = (
            (each, " ".join((each.help or "").partition("\n\n")[0].split())) for each in self.commands.values()
        )
        _write(((each, (str(each.name), summary)) for each, summary in summaries), "Commands", formatter)


def _write(records: Iterable[tuple[Any, tuple[str, str]]], other: str, formatter: Any) -> None:
    panels: dict[str, list[tuple[str, str]]] = {}
    for owner, record in records:
        panels.setdefault(getattr(owner, "rich_help_panel", None) or other, []).append(record)
    for title, found in panels.items():
        with formatter.section(title):
            formatter.write_dl(found)
