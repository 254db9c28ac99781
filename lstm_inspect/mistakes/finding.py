"""What a finding is: a mistake of the catalogue, seen at one place of somebody's code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from lstm_inspect.theory.contract import Document, written

Level: TypeAlias = Literal["error", "warning", "note"]
"""error: wrong, whatever was meant. warning: likely wrong, and a deliberate use exists. note: worth knowing."""

LEVELS: Final[tuple[Level, ...]] = ("error", "warning", "note")


@written("id level file line column module call reader operation expression what instead explain")
@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Document):
    """One mistake, seen at one place; it never says more than was seen."""

    id: str  #: the mistake's id in the catalogue.
    level: Level  #: see Level.
    what: str  #: what that really is, in words.
    file: str | None = None  #: where in the source; None if not known.
    line: int | None = None  #: from 1.
    column: int | None = None  #: from 1.
    module: str | None = None  #: the recurrent module's qualified name or its attribute: "encoder.rnn".
    call: int | None = None  #: which call of that module, from 0.
    reader: str | None = None  #: the module that reads the result: "fc"; None if code outside any module does.
    operation: str | None = None  #: what it does with it: "linear".
    expression: str | None = None  #: what is read, as Python: "output[:, -1]".
    instead: str | None = None  #: the line to write; None if no single line mends it.
    explain: str = ""  #: the command that shows the mistake on an nn.LSTM.

    def __post_init__(self) -> None:
        if not self.explain:
            object.__setattr__(self, "explain", f"lstm-inspect explain {self.id}")

    def __str__(self) -> str:
        where = "" if self.file is None else f"{self.file}:{self.line}: "
        what = self.what if self.expression is None else f"{self.expression} is {self.what}"
        return f"{where}{self.level} {self.id}: {what}{f'; write {self.instead}' if self.instead else ''}"


class Findings(tuple[Finding, ...]):
    """Findings that tell themselves where an assertion that there are none fails.

    >>> Findings([Finding(id="first-layer", level="warning", what="a lower layer", file="net.py", line=8)])
    net.py:8: warning first-layer: a lower layer
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "\n".join(map(str, self)) or "()"


def worst(findings: Sequence[Finding]) -> Level | None:
    """The highest level among findings; None if there are none."""
    return next((level for level in LEVELS if any(finding.level == level for finding in findings)), None)
