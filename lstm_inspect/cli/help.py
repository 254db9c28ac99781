"""--help as plain text in two columns, under headings; nothing is cut, at any width."""

from __future__ import annotations

from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperGroup


class GroupedCommand(TyperCommand):
    """A command whose help groups its flags by their panels.

    Rich's own panels cut long flags off at 80 columns ("--layers,--num-laye…"), which a page that
    people copy flags from can't afford.
    """

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the flags, panel by panel, in the order in which they were declared."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                if isinstance(parameter, TyperArgument):  # without the type that Typer puts after its name
                    record = (parameter.metavar or record[0], parameter.help or record[1])
                panels.setdefault(getattr(parameter, "rich_help_panel", None) or "Options", []).append(record)
        _write(panels, formatter)


class ProgramCommand(GroupedCommand):
    """A command that takes a program and its arguments: its own options end there."""

    allow_interspersed_args = False

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What --help shows after the command's name."""
        return ["[OPTIONS]", "SCRIPT.py | -m MODULE", "[ARGS ..]"]


class GroupedProgram(TyperGroup):
    """The program, whose help lists its commands under headings, each with its whole summary."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands in the order in which they were declared."""
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, panel by panel."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            summary = " ".join((command.help or "").partition("\n\n")[0].split())
            panels.setdefault(getattr(command, "rich_help_panel", None) or "Commands", []).append((name, summary))
        _write(panels, formatter)


def _write(panels: dict[str, list[tuple[str, str]]], formatter: Any) -> None:
    for title, records in panels.items():
        with formatter.section(title):
            formatter.write_dl(records)
