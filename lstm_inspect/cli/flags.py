"""What a flag is, and how a Typer command is made of flags."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from lstm_inspect.cli import streams
from lstm_inspect.errors import FileError, SpecError

Values = Mapping[str, Any]
"""The values of a command's flags, by name."""

_NUMBERS: Final = {int: ("a whole number", "1"), float: ("a number", "1e-5")}
"""What a number must be, and one to type where the flag has no default."""
_MOST: Final = 2**59  # as many layers have parameters that can be counted
_MOST_SHOWN: Final = 40  # characters of what was typed


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag of the command line."""

    name: str  #: the argument that it sets.
    #: how it is typed, as Typer has it: ``--bidir/--no-bidir``; empty for an argument, typed without a flag.
    typed: tuple[str, ...]
    kind: type  #: bool for a switch; str, int or float for a value, Path for a file to write, list for several.
    panel: str  #: the heading that it stands under in --help.
    help: str  #: what it says of itself there.
    metavar: str | None = None  #: what stands for its value there.
    default: Any = None  #: its value where it is not given; None if something else decides then.
    choices: Sequence[str] = ()  #: all that it may be, or a file's suffix; empty if that is not a list.
    example: str = ""  #: what is named where it is none of them.

    def read(self, typed: Any) -> Any:
        """What was typed as what it means; here and not in Typer, so that a bad value is answered in our words.

        Raises:
            SpecError: it is not the number, or none of the choices, that it should be.
            FileError: a file of this suffix is not written.
        """
        if self.kind is list:
            return list(typed or self.default)
        if not isinstance(typed, str):  # a switch, or not given
            return typed
        if self.kind is Path:
            return self._file(typed)
        if self.choices and typed not in self.choices:
            few = len(self.choices) < 3
            allowed = " or ".join(self.choices) if few else f"one of {', '.join(self.choices)}"
            raise SpecError(self.name, typed, allowed, f"{{{self.name}={self.example}}}")
        return self._number(typed) if self.kind in _NUMBERS else typed

    def _number(self, typed: str) -> int | float:
        allowed, example = _NUMBERS[self.kind]
        with suppress(ValueError):
            value: int | float = self.kind(typed)
            if self.kind is float or abs(value) < _MOST or self.name == "seed":  # which says itself what is too large
                return value
            allowed = "a whole number below 2**59"
        instead = f"{{{self.name}={example if self.default is None else _shown(self.default)}}}"
        raise SpecError(self.name, repr(typed[:_MOST_SHOWN]), allowed, instead)

    def _file(self, typed: str) -> Path:
        path = Path(typed)
        if path.suffix.lower() not in self.choices:
            allowed = f"its suffix must be {'one of ' if len(self.choices) > 1 else ''}{', '.join(self.choices)}"
            raise FileError(f"{{{self.name}}}", typed, allowed, f"{{{self.name}={self.example}}}")
        return path

    def spelled(self, value: str | None) -> str:
        """The flag as it is typed for a value.

        >>> switch("", "--bias/--no-bias", help="").spelled("False"), whole("", "--layers", help="").spelled("2")
        ('--no-bias', '--layers 2')
        """
        yes, _, no = self.typed[0].partition("/")
        if value is None or (self.kind is bool and value == "True"):
            return yes
        return no if self.kind is bool and value == "False" and no else f"{yes} {value}"

    def left_open(self) -> Flag:
        """The same flag where something else decides if it is not given."""
        return replace(self, default=None, help=self.help.partition("  [default")[0])

    def parameter(self) -> inspect.Parameter:
        """The flag as Typer reads it off a function's signature: text, but for switches."""
        if self.kind is bool:
            kind: Any = bool if self.default is not None else bool | None
        else:
            kind = list[str] if self.kind is list else str | None
        said: Any = {"help": self.help, "rich_help_panel": self.panel, "metavar": self.metavar}
        place = typer.Option(*self.typed, **said) if self.typed else typer.Argument(**said)
        default = self.default if self.kind in (bool, list) else _shown(self.default)
        if not self.typed and default is None:
            default = inspect.Parameter.empty
        keyword = inspect.Parameter.KEYWORD_ONLY
        return inspect.Parameter(self.name, keyword, default=default, annotation=Annotated[kind, place])


def _shown(default: Any) -> str | None:
    return f"{default:g}" if isinstance(default, float) else None if default is None else str(default)


def _flag(kind: type, panel: str, *typed: str, **more: Any) -> Flag:
    """A flag by its spellings; the last one is its name too, if that does not stand before them."""
    named = not typed[0].startswith("-")
    name = typed[0] if named else typed[-1].partition("/")[0].strip("-").replace("-", "_")
    return Flag(name, typed[named:], kind, panel, **more)


switch = partial(_flag, bool, default=False)
whole = partial(_flag, int, metavar="INTEGER")
number = partial(_flag, float, metavar="NUMBER")
text = partial(_flag, str)
texts = partial(_flag, list, default=())
argument = partial(text, "The argument")  # typed without a flag; it has to be given unless it has a default


def choice(panel: str, *typed: str, choices: Sequence[str], **more: Any) -> Flag:
    """A flag that is one of a few words."""
    return text(panel, *typed, choices=tuple(choices), **{"metavar": "|".join(choices), "example": choices[0], **more})


def file(panel: str, *typed: str, suffixes: Sequence[str], example: str, help: str) -> Flag:
    """A flag that names a file to write: before the command runs it is refused if it can't be."""
    metavar = f"FILE{'|'.join(suffixes)}"
    return _flag(Path, panel, *typed, help=help, metavar=metavar, choices=tuple(suffixes), example=example)


def arguments(name: str, *, metavar: str, help: str, default: str) -> Flag:
    """Several of what a command is about, typed without a flag."""
    return texts("The argument", name, help=help, metavar=metavar, default=[default])


_ASCII: Final = switch("Every command", "--ascii", help="ASCII characters only, whatever the terminal can show.")


def command(
    *groups: Sequence[Flag] | Flag, own_streams: bool = True
) -> Callable[[Callable[[Values], int]], Callable[..., int]]:
    """Make a Typer command of a function that takes its flags' values by name and returns the exit status.

    Args:
        groups: its own flags; those of every command stand behind them.
        own_streams: whether stdout and stderr are ours while it runs.
    """
    flags = [flag for group in (*groups, _ASCII) for flag in ((group,) if isinstance(group, Flag) else group)]

    def decorate(function: Callable[[Values], int]) -> Callable[..., int]:
        def run(**typed: Any) -> int:
            values = {flag.name: flag.read(typed[flag.name]) for flag in flags}
            for path in (value for value in values.values() if isinstance(value, Path)):
                streams.refuse_to_overwrite(path, force=values["force"])
            if values["ascii"] and own_streams:
                streams.use_ascii()
            return function(values)

        run.__name__, run.__doc__ = function.__name__, function.__doc__
        run.__signature__ = inspect.Signature([flag.parameter() for flag in flags])  # type: ignore[attr-defined]
        run.__annotations__ = {}
        return run

    return decorate
