"""The command line: Typer, one file a command; the only place that prints."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, Final

import typer

from lstm_inspect._version import __version__
from lstm_inspect.cli import streams
from lstm_inspect.cli.help import GroupedCommand
from lstm_inspect.cli.options import spell_flag
from lstm_inspect.errors import LSTMInspectError

_HELP: Final = {"help_option_names": ["-h", "--help"]}
PROGRAM: Final = "lstm-inspect"
COMMANDS: Final = (
    "shapes",
    "pack",
    "verify",
    "overview",
    "weights",
    "draw",
    "code",
    "model",
    "checkpoint",
    "lint",
    "diagnose",
    "explain",
    "schema",
)
"""The commands in the order of --help; each is the function of its name in the file of its name."""


def _application(arguments: Sequence[str]) -> typer.Typer:
    """The program with the one command that is asked for; with all of them where it is not one of theirs."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=_HELP)
    app.callback()(_program)
    for name in arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS:
        app.command(cls=GroupedCommand)(getattr(import_module(f"{__name__}.{name}"), name))
    return app


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
    try:
        program = typer.main.get_command(_application(arguments))
        status = program.main(list(arguments) or ["--help"], prog_name=PROGRAM, standalone_mode=False)
    except LSTMInspectError as error:
        streams.say(f"error: {error.message(spell_flag)}")
        return streams.REFUSED
    except typer.TyperException as error:
        streams.say(f"error: {_usage_message(error, arguments)}")
        return streams.REFUSED
    except (streams.ClosedPipe, SystemExit):  # Typer leaves by SystemExit where nobody reads its help
        return streams.CLOSED_PIPE
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        streams.say("error: torch is not installed here. Try pip install torch, or --predict: theory alone.")
        return streams.REFUSED
    except OSError as error:
        if error.errno is None:  # not the operating system's
            raise
        streams.say(f"error: {streams.system_error(error)}")
        return streams.REFUSED
    return int(status or 0)


def _usage_message(error: Any, arguments: Sequence[str]) -> str:
    """A usage error in the house's form: offender, what came, what is allowed, what to type instead."""
    parameter = getattr(error, "param", None)
    message = error.format_message().rstrip(".")
    default = getattr(parameter, "default", None)
    if parameter is not None and getattr(parameter, "opts", None) and error.message:
        example = f"{parameter.opts[0]} {default}" if default is not None and not callable(default) else None
        message = f"{parameter.opts[0]}: {error.message.rstrip('.')}"
        if example:
            return f"{message}. Try {example}."
    path = f"{PROGRAM} {arguments[0]}" if arguments and arguments[0] in COMMANDS else PROGRAM
    return f"{message}{'' if message.endswith('?') else '.'} Try {path} --help."
