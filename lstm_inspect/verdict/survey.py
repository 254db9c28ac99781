"""Many reports counted up by structure and by dtype, the failures in full; it does not grow with their number."""

from dataclasses import dataclass, field
from typing import Final

from lstm_inspect.theory.contract import Environment, Natural, Positive, record, written
from lstm_inspect.theory.dtypes import largest
from lstm_inspect.theory.shown import Shown
from lstm_inspect.verdict.report import Report

MOST_FAILURES_KEPT: Final = 50
"""Failed reports that are kept in full; the rest are counted."""


@written("specs checks pitfalls failed furthest noticed")
@dataclass(slots=True)
class Tally:
    """What came of some specs."""

    specs: Natural = 0
    checks: Natural = 0
    pitfalls: Natural = 0
    failed: Natural = 0
    furthest: float = 0.0  #: the largest difference of any element from the equations.
    noticed: float | None = None  #: any element off by more would have been noticed, in every one of them.

    def add(self, report: Report) -> None:
        """Count one report."""
        self.specs += 1
        self.checks += len(report.checks)
        self.pitfalls += len(report.pitfalls)
        self.failed += report.verified is False
        inexact = (check for check in report.checks if check.kind == "reference")
        self.furthest = max([self.furthest, *(check.max_abs_diff or 0.0 for check in inexact)])
        self.noticed = largest((self.noticed, report.noticed))


@record("num_layers num_directions *tally")
class OfStructure:
    """The tally of one structure."""

    num_layers: Positive
    num_directions: Positive
    tally: Tally


@record("dtype *tally")
class OfDtype:
    """The tally of one dtype."""

    dtype: str
    tally: Tally


@written("*total structures=by_structure dtypes=by_dtype failures environment verified", command="verify")
@dataclass(slots=True)
class Survey(Shown):
    """The counts of many reports."""

    view = "survey"
    total: Tally = field(default_factory=Tally)  #: of all.
    structures: dict[tuple[int, int], Tally] = field(default_factory=dict)  #: by (num_layers, num_directions).
    dtypes: dict[str, Tally] = field(default_factory=dict)  #: by dtype.
    #: the failed reports, the first ``MOST_FAILURES_KEPT`` of them.
    failures: list[Report] = field(default_factory=list)
    environment: Environment | None = None  #: what ran them.

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

    @property
    def by_structure(self) -> list[OfStructure]:
        """The tallies of the structures, by layers and directions."""
        return [OfStructure(*structure, tally) for structure, tally in sorted(self.structures.items())]

    @property
    def by_dtype(self) -> list[OfDtype]:
        """The tallies of the dtypes."""
        return [OfDtype(dtype, tally) for dtype, tally in self.dtypes.items()]
