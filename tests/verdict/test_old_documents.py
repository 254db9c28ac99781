"""The contract over time: every key and every fact of documents that 0.1.0 wrote stands in those of today."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import Cli

WRITTEN: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "documents" / "0.1.0.json").read_text())
WORDS = {"version", "environment", "why", "message", "note", "meaning", "task"}
"""Keys whose words may change, as torch's version and the machine's may."""
CHANGED = {"script", "pitfalls[].id", "frameworks.conversions[].from_torch", "frameworks.conversions[].to_torch"}
"""What is written in another way since, and proved by tests of its own."""


def lost(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """The places of what stands in an old document and not in the new one."""
    if path in CHANGED or path.rpartition(".")[2] in WORDS:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from (f"{path}.{key}" for key in old if key not in new)
        for key in old.keys() & new.keys():
            yield from lost(old[key], new[key], f"{path}.{key}".strip("."))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for before, after in zip(old, new, strict=True):
            yield from lost(before, after, f"{path}[]")
    elif isinstance(old, float) and isinstance(new, (float, int)):
        yield from [] if new == pytest.approx(old, rel=1e-3, abs=1e-6) else [path]
    elif old != new or type(old) is not type(new):
        yield path


@pytest.mark.parametrize("command", WRITTEN)
def test_nothing_that_was_written_is_lost(cli: Cli, command: str) -> None:
    assert list(lost(WRITTEN[command], cli(*command.split(), "--json").document)) == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda document: document.pop("recipes"), ".recipes"),
        (lambda document: document["tensors"][3].update(predicted=[5, 3, 20]), "tensors[].predicted[]"),
        (lambda document: document["checks"].pop(), "checks"),
        (lambda document: document["checks"][0].update(kind="equality"), "checks[].kind"),
        (lambda document: document["states"][0].update(row="0"), "states[].row"),
    ],
)
def test_what_is_lost_is_seen(change: Any, place: str) -> None:
    old = WRITTEN["shapes --layers 2 --bidir"]
    new = copy.deepcopy(old)
    change(new)
    assert list(lost(old, new)) == [place]
