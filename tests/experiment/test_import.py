"""How torch is loaded, and what is said where it can't be."""

from __future__ import annotations

import importlib
import sys

import pytest


def test_without_torch_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # an import of it fails now
    monkeypatch.delitem(sys.modules, "lstm_inspect.experiment")
    with pytest.raises(ModuleNotFoundError, match=r"pip install torch, or .* predict=True") as caught:
        importlib.import_module("lstm_inspect.experiment")
    assert caught.value.name == "torch"  # by which the command line knows it
