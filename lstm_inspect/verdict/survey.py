"""Many reports counted up by structure and by dtype, the failures in full; it does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from lstm_inspect.theory.shown import Shown
from lstm_inspect.verdict import contract
from lstm_inspect.verdict.report import Report

MOST_FAILURES_KEPT: Final = 50
"""Failed reports that are kept in full; the rest are counted."""


@dataclass(slots=True)
class Tally:
    """What came of some specs."""

    specs: int = 0
    checks: int = 0
    pitfalls: int = 0
    failed: int = 0
    furthest: float = 0.0

    def add(self, report: Report) -> None:
        """Count one report."""
        self.specs += 1
        self.checks += len(report.checks)
        self.pitfalls += len(report.pitfalls)
        self.failed += report.verified is False
        self.furthest = max([self.furthest, *_distances(report)])

    def to_dict(self) -> dict[str, Any]:
        """The tally as the contract has it; ``furthest`` is the largest difference from the equations."""
        return {name: getattr(self, name) for name in Tally.__slots__}


def _distances(report: Report) -> Iterable[float]:
    """How far a report's results are from the equations."""
    return (check.max_abs_diff or 0.0 for check in report.checks if check.claim.kind == "reference")


@dataclass(slots=True)
class Survey(Shown):
    """The counts of many reports.

    Attributes:
        total: of all.
        structures: by (num_layers, num_directions).
        dtypes: by dtype.
        failures: the failed reports, the first ``MOST_FAILURES_KEPT`` of them.
        environment: what ran them.
    """

    view: ClassVar[Literal["survey"]] = "survey"
    total: Tally = field(default_factory=Tally)
    structures: dict[tuple[int, int], Tally] = field(default_factory=dict)
    dtypes: dict[str, Tally] = field(default_factory=dict)
    failures: list[Report] = field(default_factory=list)
    environment: dict[str, Any] | None = None

    def add(self, report: Report) -> None:
        """Count one report; keep it if it failed."""
        spec = report.spec
        structure = self.structures.setdefault((spec.num_layers, spec.num_directions), Tally())
        for tally in (self.total, structure, self.dtypes.setdefault(spec.dtype, Tally())):
            tally.add(report)
        self.environment = report.environment
        if report.verified is False and len(self.failures) < MOST_FAILURES_KEPT:
            self.failures.append(report)

    @property
    def verified(self) -> bool:
        """Whether every report was verified."""
        return self.total.failed == 0

    def to_dict(self) -> dict[str, Any]:
        """The survey's document, schema lstm-inspect/1."""
        structures = [
            {"num_layers": layers, "num_directions": directions, **tally.to_dict()}
            for (layers, directions), tally in sorted(self.structures.items())
        ]
        return {
            **contract.header("verify"),
            **self.total.to_dict(),
            "structures": structures,
            "dtypes": [{"dtype": dtype, **tally.to_dict()} for dtype, tally in self.dtypes.items()],
            "failures": [failure.to_dict() for failure in self.failures],
            "environment": self.environment,
            "verified": self.verified,
        }
