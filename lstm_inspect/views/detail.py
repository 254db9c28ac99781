"""How much of a report is shown."""

from __future__ import annotations

from dataclasses import dataclass

from lstm_inspect.theory.cell_labels import LABELS


@dataclass(frozen=True, slots=True)
class Detail:
    """What a reader asked to see; a view takes from it what it knows.

    Attributes:
        all: every row of every table, and each check.
        checks: each check with its reason and its tolerance.
        warnings: the warnings too; the command line writes them to stderr instead.
        values: what stands in the cells of a packed batch, as ``pack --values`` takes it.
        by_hand: sorting by hand, beside torch's own.
        framework: whose conversions are shown instead: "keras", "onnx" or "flax".
    """

    all: bool = False
    checks: bool = False
    warnings: bool = True
    values: str = LABELS
    by_hand: bool = False
    framework: str | None = None


PLAIN = Detail()
