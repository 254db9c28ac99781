"""The command line: Typer, one file a command; the only place that prints."""

import ast
import os
import pkgutil
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, Final

import typer

from lstm_inspect._version import __version__
from lstm_inspect.cli import streams
from lstm_inspect.cli.constructor import is_constructor
from lstm_inspect.cli.help import GroupedCommand, GroupedProgram, ProgramCommand
from lstm_inspect.cli.options import spell_flag
from lstm_inspect.cli.usage import UsageError, usage_message
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
_WITHOUT_TORCH: Final = {"predict": ", or --predict: theory alone", "check": ", or leave out --check"}
COMMANDS: Final = tuple(name for names in HEADINGS.values() for name in names)


def _command(arguments: Sequence[str]) -> Any:
    """The program with the one command that is asked for; with all of them where it is not one of theirs."""
    asked = arguments[0] if arguments and arguments[0] in COMMANDS else None
    app = typer.Typer(cls=GroupedProgram, add_completion=asked is None, rich_markup_mode=None, context_settings=_HELP)
    app.callback()(_program)
    loaded = asked is not None or _COMPLETING in os.environ
    for heading, names in HEADINGS.items():
        for name in names:
            if asked in (None, name):
                kind = ProgramCommand if name == "run" else GroupedCommand
                said = None if loaded else _docstring(name)
                function = getattr(import_module(f"{__name__}.{name}"), name) if loaded else lambda: None
                app.command(name, cls=kind, help=said, rich_help_panel=heading)(function)
    return typer.main.get_command(app)


def _docstring(name: str) -> str | None:
    """A command's own, for the list of all: none of them is loaded to be named."""
    source = ast.parse(pkgutil.get_data(__name__, f"{name}.py") or b"")
    function = next(node for node in source.body if isinstance(node, ast.FunctionDef) and node.name == name)
    return ast.get_docstring(function)


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
    program = _command(arguments)
    try:
        status = program.main(list(arguments) or ["--help"], prog_name=PROGRAM, standalone_mode=False)
    except (streams.ClosedPipe, SystemExit):  # Typer leaves by SystemExit where nobody reads its help
        return streams.CLOSED_PIPE
    except Exception as error:
        message = _message(error, arguments, program)
        if message is None:
            raise
        streams.say(f"error: {message}")
        return streams.REFUSED
    return int(status or 0)


def _message(error: Exception, arguments: Sequence[str], program: Any) -> str | None:
    """What is said of a request that can't be met; None where the error is a fault of ours."""
    known = [name for name in arguments[:1] if name in COMMANDS]
    parameters = [each for name in known for each in program.commands[name].params]
    flags = {each.name for each in parameters}
    match error:
        case LSTMInspectError():
            return error.message(spell_flag)
        case UsageError():
            return usage_message(error, arguments, " ".join([PROGRAM, *known]), parameters)
        case ModuleNotFoundError(name="torch"):
            ways = "".join(way for flag, way in _WITHOUT_TORCH.items() if flag in flags)
            return f"{arguments[0]} runs torch, which is not installed here. Try pip install torch{ways}."
        case MemoryError():
            return f"memory ran out. Try smaller sizes{', or --predict' if 'predict' in flags else ''}."
        case OSError() if error.errno is not None:  # the operating system's
            return str(streams.system_error(error))
    return None
