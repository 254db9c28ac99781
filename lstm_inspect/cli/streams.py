"""The only place that prints: the report to stdout, everything else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from lstm_inspect.errors import FileError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

OK: Final = 0
FAILED: Final = 1
REFUSED: Final = 2
INTERRUPTED: Final = 130
CLOSED_PIPE: Final = 141

_STDOUT: Final = 1
_STDERR: Final = 2


def console() -> Console:
    """The terminal, or whatever stdout is; nothing in it is read as markup or coloured by guess."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=False)


def error_console() -> Console:
    """Stderr, for progress."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def piped_in(flag: str, instead: str) -> TextIO:
    """Standard input, if something is piped into it.

    Raises:
        FileError: it is a terminal, or closed.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise FileError(flag, "", "standard input is a terminal: nothing is piped in", f"{instead}, or a pipe")
    return sys.stdin


def show(renderable: RenderableType) -> None:
    """Write a view to stdout."""
    console().print(renderable)
    _flush()


def write(text: str) -> None:
    """Write text to stdout as it stands, with a new line."""
    sys.stdout.write(text + "\n")
    _flush()


def say(text: str) -> None:
    """Write a line to stderr: progress, a warning, an error."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """While other people's code runs, what it writes to stdout goes to stderr: from Python, C or a child process."""
    sys.stdout.flush()
    kept = _point_stdout_at_stderr()
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        sys.stderr.flush()
        if kept is not None:
            os.dup2(kept, _STDOUT)
            os.close(kept)


def _point_stdout_at_stderr() -> int | None:
    """Let the process's stdout be its stderr; a copy of what it was, None if the process has none."""
    try:
        kept = os.dup(_STDOUT)
    except OSError:
        return None
    os.dup2(_STDERR, _STDOUT)
    return kept


def refuse_to_overwrite(path: Path, *, force: bool) -> None:
    """See that a file can be written, before the work that fills it.

    Raises:
        FileError: the file is there already, is a folder, or its own folder is not there.
    """
    if path.is_dir():
        raise FileError(str(path), "can't be written", "it is a folder", f"{path / 'lstm'}{path.suffix}")
    if path.exists() and not force:
        raise FileError(str(path), "is there already", "it is kept", "another name, or {force=True} to overwrite it")
    if not path.parent.is_dir():
        raise FileError(
            str(path), "can't be written", f"there is no folder {path.parent}", f"mkdir -p {path.parent} first"
        )


def save(content: str | bytes, path: Path) -> None:
    """Write a file.

    Raises:
        FileError: it can't be written.
    """
    try:
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    except OSError as error:
        raise FileError(str(path), "can't be written", error.strerror or str(error), "another place") from error
    say(f"saved {path}")


def quietly_on_closed_pipe(run: Callable[[], int]) -> int:
    """Run a command; a reader that closed the pipe ends it without a word.

    Raises:
        FileError: stdout can't be written, for another reason than that nobody reads it.
    """
    try:
        return run()
    except BrokenPipeError:
        return CLOSED_PIPE
    except OSError as error:
        raise FileError("stdout", "can't be written", error.strerror or str(error), "another place") from error


def _flush() -> None:
    sys.stdout.flush()
