"""In a notebook: ``%load_ext lstm_inspect``, then ``%%lstm`` on top of a cell runs it and shows the calls."""

from __future__ import annotations

from typing import Any

from lstm_inspect.live.report import Calls
from lstm_inspect.live.watch import watch


def load_ipython_extension(shell: Any) -> None:
    """Give a notebook the cell magic ``%%lstm``.

    ``%%lstm`` shows the calls of every nn.LSTM that the cell made, ``%%lstm calls`` keeps them under that name too.

    Args:
        shell: IPython's own.
    """

    def lstm(line: str, cell: str) -> Calls:
        with watch() as calls:
            shell.run_cell(cell, store_history=False)
        if line.strip():
            shell.push({line.strip(): calls})
        return calls

    shell.register_magic_function(lstm, "cell", "lstm")
