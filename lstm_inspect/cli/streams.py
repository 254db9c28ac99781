"""The only place that prints: the report to stdout, everything else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from lstm_inspect.errors import FileError, literal, printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

OK: Final = 0
FAILED: Final = 1
REFUSED: Final = 2
INTERRUPTED: Final = 130
CLOSED_PIPE: Final = 141

_STDOUT: Final = 1
_STDERR: Final = 2
_WIDTH: Final = 80
_MOST_SAID: Final = 8000  # characters of a message


class ClosedPipe(Exception):  # noqa: N818 - no error: whoever read has seen enough
    """Nobody reads stdout any more."""


def console(*, stderr: bool = False) -> Console:
    """The terminal, or whatever the stream is; nothing in it is read as markup or coloured by guess."""
    from rich.console import Console

    terminal = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    terminal.width = terminal.width or _WIDTH  # COLUMNS=0
    return terminal


@contextmanager
def opened(source: str, flag: str, instead: str) -> Iterator[TextIO]:
    """A text file, or standard input where its name is ``-``; whoever reads it may raise ValueError: what is wrong.

    Raises:
        FileError: it can't be read, or what it holds is wrong.
    """
    try:
        if source == "-" and (sys.stdin is None or sys.stdin.isatty()):
            raise ValueError("it is a terminal, and nothing is piped in")
        with nullcontext(sys.stdin) if source == "-" else open(source, encoding="utf-8") as file:
            yield file
    except (OSError, ValueError) as error:
        wrong = getattr(error, "strerror", None) or str(error)
        wrong = "it is binary, not text" if isinstance(error, UnicodeDecodeError) else wrong
        raise FileError(flag, f"from {'standard input' if source == '-' else source}", wrong, instead) from None


def show(renderable: RenderableType) -> None:
    """Write a view to stdout."""
    from lstm_inspect.views.look import NARROWEST, Clean

    terminal = console()
    if terminal.width < NARROWEST:
        say(f"note: pages take {NARROWEST} columns, and here are {terminal.width}: their lines go on below")
        terminal.width = NARROWEST
    with terminal.capture() as shown:  # rich would leave with a status of its own where nobody reads
        terminal.print(Clean(renderable))
    write(shown.get(), end="")


def write(text: str, end: str = "\n") -> None:
    """Write text to stdout as it stands.

    Raises:
        ClosedPipe: nobody reads.
    """
    try:
        sys.stdout.write(text + end)
        sys.stdout.flush()
    except BrokenPipeError:
        raise ClosedPipe from None


def say(text: str) -> None:
    """Write a line to stderr: progress, a warning, an error; of a very long one not its middle."""
    if len(text) > _MOST_SAID:
        text = f"{text[: _MOST_SAID // 2]} ... {text[-_MOST_SAID // 2 :]}"
    with suppress(OSError):  # nobody reads, or the disk is full: the exit status still tells
        print(printable(text), file=sys.stderr, flush=True)


def use_ascii() -> None:
    """Let pages use signs of ASCII alone, whatever the terminal knows."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="ascii", errors="backslashreplace")


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """While other people's code runs, what it writes to stdout goes to stderr: from Python, C or a child process."""
    sys.stdout.flush()
    kept = None
    with suppress(OSError):  # the process may have no stdout
        kept = os.dup(_STDOUT)
    if kept is not None:
        os.dup2(_STDERR, _STDOUT)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        sys.stderr.flush()
        if kept is not None:
            os.dup2(kept, _STDOUT)
            os.close(kept)


def refuse_to_overwrite(path: Path, *, force: bool) -> None:
    """See that a file can be written, before the work that fills it.

    Raises:
        FileError: the file already exists, is a folder, or its own folder does not exist.
    """
    name, folder = literal(str(path)), literal(str(path.parent))
    try:
        path.stat()
    except FileNotFoundError:
        if path.parent.is_dir():
            return
        raise FileError(name, "can't be written", f"there is no folder {folder}", f"mkdir -p {folder} first") from None
    except OSError as error:
        raise _unwritable(name, error) from error
    if path.is_dir():
        raise FileError(name, "can't be written", "it is a folder", f"{name}/lstm{path.suffix}")
    if not force:
        raise FileError(name, "already exists", "it was not overwritten", "another name, or {force=True}")


def save(content: str | bytes, path: Path) -> None:
    """Write a file.

    Raises:
        FileError: it can't be written.
    """
    try:
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    except OSError as error:
        raise _unwritable(literal(str(path)), error) from error
    say(f"saved {path}")


def system_error(error: OSError) -> FileError:
    """What the operating system refused, in the house's form: writing to stdout, where it names no file."""
    if error.filename is None:
        return _unwritable("stdout", error)
    return _unwritable(literal(str(error.filename)), error, "can't be read or written")


def _unwritable(name: str, error: OSError, what: str = "can't be written") -> FileError:
    return FileError(name, what, error.strerror or str(error), "another place")
