"""How torch is loaded, and what is said where it can't be."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest


def test_without_torch_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # an import of it fails now
    monkeypatch.delitem(sys.modules, "lstm_inspect.experiment", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"pip install torch, or .* predict=True") as caught:
        importlib.import_module("lstm_inspect.experiment")
    assert caught.value.name == "torch"  # by which the command line knows it


def test_an_expression_may_be_the_first_to_need_a_part_of_torch() -> None:
    """Which torch imports by the builtins that the expression sees; this process has it already."""
    verifier = "from lstm_inspect import LSTMSpec; from lstm_inspect.experiment import run, verify\n"
    script = verifier + "print(verify.Verifier(run.run(LSTMSpec())).evaluate('torch.tensor(True)'))"
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "tensor(True)\n"
