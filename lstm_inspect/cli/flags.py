"""What a flag is, and how a Typer command is made of flags."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

import typer

from lstm_inspect.errors import SpecError

Values = Mapping[str, Any]
"""The values of a command's flags, by name."""
Command = Callable[[Values], int]
"""What a command does with them; it returns the exit status."""

_KINDS: Final = {int: "a whole number", float: "a number"}
_EXAMPLES: Final = {int: "1", float: "1e-5"}  # the numbers without a default are tolerances


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag of the command line.

    Attributes:
        name: the argument that it sets.
        typed: how it is typed, as Typer has it: ``--bidir/--no-bidir``; empty for an argument, typed without a flag.
        help: what it says of itself.
        kind: bool for a switch, str, int or float for a value.
        default: its value where it is not given; None if something else decides then.
        panel: the heading that it stands under in --help.
        metavar: what stands for its value there.
    """

    name: str
    typed: tuple[str, ...]
    help: str
    kind: type
    default: Any
    panel: str
    metavar: str | None

    def value(self, text: Any) -> Any:
        """What was typed as what it means: numbers are read here, so that a bad one is answered in the house's words.

        Raises:
            SpecError: it is not the number that it should be.
        """
        if self.kind not in _KINDS or text is None:
            return text
        try:
            return self.kind(text)
        except ValueError:
            example = f"{{{self.name}={_EXAMPLES[self.kind] if self.default is None else _shown(self.default)}}}"
            raise SpecError(self.name, repr(text), _KINDS[self.kind], example) from None

    def parameter(self) -> inspect.Parameter:
        """The flag as Typer reads it off a function's signature."""
        if not self.typed:
            place = typer.Argument(help=self.help, rich_help_panel=self.panel, metavar=self.metavar)
            default = inspect.Parameter.empty if self.default is None else self.default
            several = self.kind is list
            return inspect.Parameter(
                self.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=[default] if several else default,
                annotation=Annotated[list[str], place] if several else Annotated[str, place],
            )
        option = typer.Option(*self.typed, help=self.help, rich_help_panel=self.panel, metavar=self.metavar)
        kind = (bool if self.default is not None else bool | None) if self.kind is bool else str | None
        shown = self.default if self.kind is bool else _shown(self.default)
        annotation = Annotated[kind, option]  # type: ignore[valid-type]
        return inspect.Parameter(self.name, inspect.Parameter.KEYWORD_ONLY, default=shown, annotation=annotation)


def _shown(default: Any) -> str | None:
    """A default as it would be typed."""
    return f"{default:g}" if isinstance(default, float) else None if default is None else str(default)


def _flag(
    kind: type, panel: str, name: str, *typed: str, help: str, default: Any = None, metavar: str | None = None
) -> Flag:
    return Flag(name, typed, help, kind, default, panel, metavar)


switch = partial(_flag, bool, default=False)
whole = partial(_flag, int, metavar="INTEGER")
number = partial(_flag, float, metavar="NUMBER")
text = partial(_flag, str)


def argument(name: str, *, metavar: str, help: str, default: str | None = None) -> Flag:
    """What a command is about, typed without a flag; it has to be given unless it has a default."""
    return _flag(str, "The argument", name, help=help, metavar=metavar, default=default)


def arguments(name: str, *, metavar: str, help: str, default: str) -> Flag:
    """Several of what a command is about, typed without a flag."""
    return _flag(list, "The argument", name, help=help, metavar=metavar, default=default)


def command(*groups: Sequence[Flag] | Flag) -> Callable[[Command], Callable[..., int]]:
    """Make a Typer command of a function that takes its flags' values by name and returns the exit status."""
    flags = [flag for group in groups for flag in ((group,) if isinstance(group, Flag) else group)]

    def decorate(function: Command) -> Callable[..., int]:
        def run(**typed: Any) -> int:
            return function({flag.name: flag.value(typed[flag.name]) for flag in flags})

        run.__name__, run.__doc__ = function.__name__, function.__doc__
        run.__signature__ = inspect.Signature([flag.parameter() for flag in flags])  # type: ignore[attr-defined]
        run.__annotations__ = {}
        return run

    return decorate
