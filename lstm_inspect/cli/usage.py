"""A command line that Typer refuses, answered in the house's form: what came, and what to type instead."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import typer

UsageError: Final[Any] = typer.BadParameter.__base__
"""What Typer raises; it has no public name of its own before Typer 0.27.3."""

_OFF: Final = ("false", "off", "no", "0")
_CLOSE: Final = 0.75
_FEWEST_LETTERS: Final = 3


def usage_message(error: Any, arguments: Sequence[str], program: str, parameters: Sequence[Any]) -> str:
    """The message for a usage error.

    Args:
        error: what Typer raised.
        arguments: the command line.
        program: its name, with the command's if there is one.
        parameters: what the command takes.
    """
    flags = {name: each for each in parameters for name in (*each.opts, *each.secondary_opts) if name.startswith("-")}
    typed = getattr(error, "option_name", "")
    match type(error).__name__:
        case "NoSuchOption":
            return f"No such option: {typed}.{_meant(typed, flags)} Try {program} --help."
        case "BadOptionUsage" if typed in flags and flags[typed].is_flag:
            value = next((each.partition("=")[2] for each in arguments if each.startswith(f"{typed}=")), "")
            return _takes_no_value(flags[typed], value)
    message = error.format_message().rstrip(".")
    extra = _after_a_flag(arguments, flags) if "unexpected extra argument" in message else None
    return extra or f"{message}{'' if message.endswith('?') else '.'} Try {program} --help."


def _meant(typed: str, flags: Mapping[str, Any]) -> str:
    """Names the flag that was meant, if it is near enough to be right."""
    longer = [name for name in flags if name.startswith(typed) and len(typed) >= _FEWEST_LETTERS + 2]
    close = longer[:1] or difflib.get_close_matches(typed, flags, n=1, cutoff=_CLOSE)
    return f" Did you mean {close[0]}?" if close else ""


def _takes_no_value(parameter: Any, value: str) -> str:
    on, off = parameter.opts[0], next(iter(parameter.secondary_opts), None)
    instead = (off or f"without {on}") if value.lower() in _OFF else on
    turned_off = f", and {off} turns it off" if off else ""
    return f"{on} takes no value: it is on where it stands{turned_off}. Try {instead}."


def _after_a_flag(arguments: Sequence[str], flags: Mapping[str, Any]) -> str | None:
    """The message for a word too many that was meant for the flag before it; None if there is none."""
    for place, word in enumerate(arguments[1:], start=1):
        before = arguments[place - 1]
        if not word.startswith("-") and before in flags and flags[before].is_flag:
            return _takes_no_value(flags[before], word)
        if place > 1 and arguments[place - 2] == "--lengths" and not word.startswith("-"):
            return f"--lengths takes one value. Try --lengths {before},{word}."
    return None
