"""The process: entry, exit status, nothing else."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line of this process and leave.

    Once everything is flushed the process leaves without the interpreter's teardown, which would
    free torch's objects one by one: about a fifth of a short run's time.
    """
    status = _run()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        status = status or 141  # nobody reads any more
    os._exit(status)


def _run() -> int:
    try:
        from lstm_inspect.cli import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    main()
