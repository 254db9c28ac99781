"""The command line: Typer, one file a command; the only place that prints."""

from __future__ import annotations

import ast
import os
import pkgutil
from collections.abc import Callable, Collection, Sequence
from importlib import import_module
from typing import Annotated, Any, Final

import typer

from lstm_inspect._version import __version__
from lstm_inspect.cli import streams
from lstm_inspect.cli.constructor import is_constructor
from lstm_inspect.cli.help import GroupedCommand, GroupedProgram, ProgramCommand
from lstm_inspect.cli.options import spell_flag
from lstm_inspect.cli.usage import usage_message
from lstm_inspect.errors import LSTMInspectError

_HELP: Final = {"help_option_names": ["-h", "--help"]}
PROGRAM: Final = "lstm-inspect"
_COMPLETING: Final = "_LSTM_INSPECT_COMPLETE"
HEADINGS: Final = {
    "Your own code": ("run", "model", "lint", "diagnose", "checkpoint"),
    "One nn.LSTM": ("shapes", "pack", "weights", "overview", "draw", "code"),
    "The knowledge behind it": ("explain", "verify", "schema"),
}
"""The commands by their heading in --help; each is the function of its name in the file of its name."""
COMMANDS: Final = tuple(name for names in HEADINGS.values() for name in names)


def _application(arguments: Sequence[str]) -> typer.Typer:
    """The program with the one command that is asked for; with all of them where it is not one of theirs."""
    asked = arguments[:1] if arguments and arguments[0] in COMMANDS else None
    app = typer.Typer(cls=GroupedProgram, add_completion=asked is None, rich_markup_mode=None, context_settings=_HELP)
    app.callback()(_program)
    for heading, names in HEADINGS.items():
        for name in names if asked is None else (each for each in names if each in asked):
            loaded = asked is not None or _COMPLETING in os.environ
            function = getattr(import_module(f"{__name__}.{name}"), name) if loaded else _told(name)
            kind = ProgramCommand if name == "run" else GroupedCommand
            app.command(name, cls=kind, rich_help_panel=heading)(function)
    return app


def _told(name: str) -> Callable[[], None]:
    """A command by its docstring alone, for the list of all: none of them is loaded to be named."""
    source = ast.parse(pkgutil.get_data(__name__, f"{name}.py") or b"")
    function = next(node for node in source.body if isinstance(node, ast.FunctionDef) and node.name == name)

    def named() -> None: ...

    named.__doc__ = ast.get_docstring(function)
    return named


def _print_version(wanted: bool) -> None:
    if wanted:
        streams.write(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Shapes, order and meaning of what torch.nn.LSTM returns, proved by running it."""


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit status; every error becomes one message on stderr.

    0: all that was checked holds. 1: a check failed. 2: the request can't be met.
    """
    if arguments and is_constructor(arguments[0]):
        arguments = ["shapes", "--call", *arguments]
    try:
        status = _command(arguments).main(list(arguments) or ["--help"], prog_name=PROGRAM, standalone_mode=False)
    except (streams.ClosedPipe, SystemExit):  # Typer leaves by SystemExit where nobody reads its help
        return streams.CLOSED_PIPE
    except Exception as error:
        message = _message(error, arguments)
        if message is None:
            raise
        streams.say(f"error: {message}")
        return streams.REFUSED
    return int(status or 0)


def _command(arguments: Sequence[str]) -> Any:
    return typer.main.get_command(_application(arguments))


def _parameters(arguments: Sequence[str]) -> Sequence[Any]:
    """What the command that is asked for takes."""
    found: Sequence[Any] = _command(arguments).commands[arguments[0]].params
    return found


def _message(error: Exception, arguments: Sequence[str]) -> str | None:
    """What is said of a request that can't be met; None where the error is a fault of ours."""
    match error:
        case LSTMInspectError():
            return error.message(spell_flag)
        case typer.TyperException():
            known = bool(arguments) and arguments[0] in COMMANDS
            parameters = _parameters(arguments) if known else ()
            return usage_message(error, arguments, f"{PROGRAM} {arguments[0]}" if known else PROGRAM, parameters)
        case ModuleNotFoundError(name="torch"):
            return _without_torch(arguments[0], {each.name for each in _parameters(arguments)})
        case MemoryError():
            ways = ", or --predict" if "predict" in {each.name for each in _parameters(arguments)} else ""
            return f"memory ran out. Try smaller sizes{ways}."
        case OSError() if error.errno is not None:  # the operating system's
            return str(streams.system_error(error))
    return None


_WITHOUT_TORCH: Final = {"predict": ", or --predict: theory alone", "check": ", or leave out --check"}


def _without_torch(name: str, flags: Collection[str]) -> str:
    """What to do where torch is not installed, in the flags that the command has."""
    ways = [way for flag, way in _WITHOUT_TORCH.items() if flag in flags]
    return f"{name} runs torch, which is not installed here. Try pip install torch{''.join(ways)}."
