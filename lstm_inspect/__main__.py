"""The process: entry, exit status, nothing else."""

import _thread
import gc
import os
import signal
import sys

_RARELY = 500_000  # new objects between collections: what imports make, torch half of it, lives as long as the process


def main() -> None:
    """Run the command line of this process and leave; somebody's program is run as Python runs it, and leaves itself.

    Otherwise, once everything is flushed the process leaves without the interpreter's teardown, which would
    free torch's objects one by one: about a fifth of a short run's time.
    """
    if sys.argv[1:2] == ["run"]:
        _run_a_program()
        return
    gc.set_threshold(_RARELY)
    _leave_on_interrupt()
    _open_closed_streams()
    try:
        from lstm_inspect.cli import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = 130
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        status = status or 141  # nobody reads any more
    os._exit(status)


def _run_a_program() -> None:
    from lstm_inspect.cli import run
    from lstm_inspect.cli.run import PLANS, execute

    status = run(sys.argv[1:])
    if not PLANS:
        sys.exit(status)
    execute(PLANS.pop())


def _leave_on_interrupt() -> None:
    """Leave at Ctrl-C even inside one of torch's long loops, which keep Python's own handler waiting."""
    if sys.platform == "win32":
        return  # Python can't wake a thread through a pipe there
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)

    def leave() -> None:
        os.read(reader, 1)
        if os.isatty(2):
            os.write(2, b"\x1b[?25h")  # a progress bar may have hidden the cursor
        os._exit(130)

    _thread.start_new_thread(leave, ())


def _open_closed_streams() -> None:
    """Give a process that was started without stdout or stderr (``>&-``) a stream to write to."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for the process's whole life


if __name__ == "__main__":
    main()
