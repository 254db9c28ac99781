"""What can't be met, said in one message: the offender, what came, what is allowed, what to type instead.

An error names arguments as ``{proj_size}`` or, with a value, ``{proj_size=10}``. Whoever shows it
decides how an argument is spelt: ``proj_size=10`` in Python, ``--proj-size 10`` on the command line.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LENGTHS = re.compile(r"(-?\d+(,-?\d+)+(,\.\.\.)?)?")
_ARGUMENT = re.compile(r"\{\{|\{(\w+)(?:=([^{}]*))?\}")


class Spell:
    """How the reader types: Python here; a subclass says how the command line does."""

    def __call__(self, name: str, value: str | None) -> str:
        """An argument's name and, if there is one, its value; lengths as a tuple."""
        if name == "lengths" and value is not None and _LENGTHS.fullmatch(value):
            value = f"({value.replace(',', ', ')})"
        return name if value is None else f"{name}={value}"

    def inspection(self, spec: Mapping[str, Any], options: Mapping[str, Any] | None = None) -> str:
        """What inspects the spec with these arguments.

        >>> spell_python.inspection({"num_layers": 2}, {"rtol": 0.1})
        'inspect(LSTMSpec(num_layers=2), rtol=0.1)'
        """
        fields = ", ".join(f"{name}={value!r}" for name, value in spec.items())
        return f"inspect({', '.join([f'LSTMSpec({fields})', *(f'{n}={v!r}' for n, v in (options or {}).items())])})"


spell_python: Final = Spell()


def spell_arguments(text: str, spell: Spell = spell_python) -> str:
    """Replace every ``{name}`` and ``{name=value}`` of text by what the reader would type.

    >>> spell_arguments("smaller than {hidden_size}; try {proj_size=10}")
    'smaller than hidden_size; try proj_size=10'
    """
    return _ARGUMENT.sub(lambda match: "{" if match[1] is None else spell(match[1], match[2]), text)


def literal(text: str) -> str:
    """Text that somebody else wrote, for use in an error: its braces name no argument."""
    return text.replace("{", "{{")


def printable(text: str) -> str:
    """Text that somebody else wrote, its control characters spelt: it can't command a terminal."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def one_line(text: str) -> str:
    """Text that somebody else wrote, as one line: what does not print is spelt, lone surrogates too.

    >>> one_line("lstm\\x1b[31m\\n")
    'lstm\\\\x1b[31m\\\\n'
    """
    return text if text.isprintable() else "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


class LSTMInspectError(Exception):
    """A request that can't be met."""

    def __init__(self, offender: str, got: str, allowed: str, instead: str) -> None:
        super().__init__(offender, got, allowed, instead)
        self.offender = offender  #: the argument's name, or what else is at fault (a file, a device).
        self.got = got  #: what came, as text.
        self.allowed = allowed  #: what would have been accepted; may name arguments in braces.
        self.instead = instead  #: what to type instead; may name arguments in braces.

    def message(self, spell: Spell = spell_python) -> str:
        """The whole message, its arguments spelt for the reader.

        >>> SpecError("proj_size", "20", "smaller than {hidden_size} (20)", "{proj_size=10}").message()
        'proj_size=20: must be smaller than hidden_size (20). Try proj_size=10.'
        """
        allowed, instead = spell_arguments(self.allowed, spell), spell_arguments(self.instead, spell)
        return f"{self._opening(spell)} {allowed}. Try {instead}."

    def _opening(self, spell: Spell) -> str:
        return f"{spell_arguments(self.offender, spell)} {self.got}".rstrip() + ":"

    def __str__(self) -> str:
        return self.message()


class SpecError(LSTMInspectError):
    """An argument is out of range or contradicts another; ``allowed`` goes on from "must be"."""

    def _opening(self, spell: Spell) -> str:
        return f"{spell(self.offender, self.got)}: must be"


class CallError(LSTMInspectError):
    """A call does not fit its module: an axis, a dtype or a device of an argument, or the form of what came back."""


class DeviceError(LSTMInspectError):
    """The device is not there, or can't do what was asked."""


class MemoryNeedError(LSTMInspectError):
    """The spec needs more memory than is free; nothing was allocated."""


class FileError(LSTMInspectError):
    """A file can't be read or written, or does not hold what it should."""


class TargetError(LSTMInspectError):
    """A target names no factory, or one that does not return a model and its call."""


class RunError(LSTMInspectError):
    """torch can't run the spec: no kernel for it here, or no memory after all."""
