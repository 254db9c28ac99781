"""What a flag is, and how a Typer command is made of flags."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

import typer

from lstm_inspect.cli import streams
from lstm_inspect.errors import SpecError

Values = Mapping[str, Any]
"""The values of a command's flags, by name."""
Command = Callable[[Values], int]
"""What a command does with them; it returns the exit status."""

_KINDS: Final = {int: "a whole number", float: "a number"}
_MOST: Final = 2**59  # as many layers have parameters that can be counted
_MOST_SHOWN: Final = 40  # characters of what was typed
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

    def value(self, text: str) -> Any:
        """What was typed as what it means: numbers are read here, so that a bad one is answered in the house's words.

        Raises:
            SpecError: it is not the number that it should be.
        """
        if self.kind not in _KINDS:
            return text
        try:
            value = self.kind(text)
        except ValueError:
            raise self._refused(text, _KINDS[self.kind]) from None
        if self.kind is int and abs(value) >= _MOST and self.name != "seed":  # which says so itself
            raise self._refused(text, "a whole number below 2**59")
        return value

    def _refused(self, text: str, allowed: str) -> SpecError:
        example = _EXAMPLES[self.kind] if self.default is None else _shown(self.default)
        return SpecError(self.name, repr(text[:_MOST_SHOWN]), allowed, f"{{{self.name}={example}}}")

    def parameter(self) -> inspect.Parameter:
        """The flag as Typer reads it off a function's signature."""
        said: dict[str, Any] = {"help": self.help, "rich_help_panel": self.panel, "metavar": self.metavar}
        if self.kind is bool:
            kind: Any = bool if self.default is not None else bool | None
        else:
            kind, said["parser"] = (list[str] if self.kind is list else str | None), self.value
        place = typer.Option(*self.typed, **said) if self.typed else typer.Argument(**said)
        shown = self.default if self.kind in (bool, list) else _shown(self.default)
        if not self.typed and self.default is None:
            shown = inspect.Parameter.empty
        return inspect.Parameter(
            self.name, inspect.Parameter.KEYWORD_ONLY, default=shown, annotation=Annotated[kind, place]
        )


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
texts = partial(_flag, list, default=())


def argument(name: str, *, metavar: str, help: str, default: str | None = None) -> Flag:
    """What a command is about, typed without a flag; it has to be given unless it has a default."""
    return _flag(str, "The argument", name, help=help, metavar=metavar, default=default)


def arguments(name: str, *, metavar: str, help: str, default: str) -> Flag:
    """Several of what a command is about, typed without a flag."""
    return _flag(list, "The argument", name, help=help, metavar=metavar, default=[default])


EVERYWHERE: Final[Mapping[Flag, Callable[[], None]]] = {
    switch(
        "Every command", "ascii", "--ascii", help="ASCII characters only, whatever the terminal can show."
    ): streams.use_ascii
}
"""The switches that all commands have, and what each does before the command runs."""


def act_on(values: Values) -> None:
    """Do what the switches of every command ask for."""
    for flag, act in EVERYWHERE.items():
        if values[flag.name]:
            act()


def command(*groups: Sequence[Flag] | Flag, at_once: bool = True) -> Callable[[Command], Callable[..., int]]:
    """Make a Typer command of a function that takes its flags' values by name and returns the exit status.

    Args:
        groups: its own flags; those of every command stand behind them.
        at_once: whether the switches of every command act before it; else the command calls ``act_on`` itself.
    """
    flags = [flag for group in (*groups, [*EVERYWHERE]) for flag in ((group,) if isinstance(group, Flag) else group)]

    def decorate(function: Command) -> Callable[..., int]:
        def run(**values: Any) -> int:
            if at_once:
                act_on(values)
            return function(values)

        run.__name__, run.__doc__ = function.__name__, function.__doc__
        run.__signature__ = inspect.Signature([flag.parameter() for flag in flags])  # type: ignore[attr-defined]
        run.__annotations__ = {}
        return run

    return decorate
