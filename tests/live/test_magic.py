"""%%lstm, in a shell that does what IPython's does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import lstm_inspect


class Shell:
    """The four things that the extension asks of IPython."""

    def __init__(self) -> None:
        self.user: dict[str, Any] = {"torch": torch}
        self.magics: dict[str, Callable[[str, str], Any]] = {}

    def register_magic_function(self, function: Any, kind: str, name: str) -> None:
        assert kind == "cell"
        self.magics[name] = function

    def run_cell(self, cell: str, *, store_history: bool) -> None:
        assert not store_history
        exec(cell, self.user)

    def push(self, names: dict[str, Any]) -> None:
        self.user |= names


class Printer:
    def __init__(self) -> None:
        self.written = ""

    def text(self, text: str) -> None:
        self.written += text


def test_a_cell_is_run_and_its_calls_are_shown() -> None:
    shell = Shell()
    extension: Any = lstm_inspect
    extension.load_ipython_extension(shell)
    calls = shell.magics["lstm"](" kept ", "lstm = torch.nn.LSTM(4, 8)\noutput, state = lstm(torch.zeros(5, 2, 4))")
    assert shell.user["output"].shape == (5, 2, 8)
    assert shell.user["kept"] is calls
    assert calls.verified
    assert "lstm = torch.nn.LSTM(4, 8)" in calls._repr_html_()
    printer = Printer()
    calls._repr_pretty_(printer, False)
    assert printer.written == str(calls)
    assert "Proved: " in str(calls)
    shell.magics["lstm"]("", "pass")
