"""Every mistake, once: its id, what is tempting, what that really is, and what to write instead."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from lstm_inspect.mistakes.finding import Level
from lstm_inspect.theory.contract import record


@dataclass(frozen=True, slots=True)
class Seen:
    """How ``diagnose`` sees a mistake in the shapes, lengths and flags of a call, and what it says."""

    when: str  #: the condition that shows it, over the names of diagnosis/rules/call.toml.
    argument: str  #: what is at fault.
    #: what was done; braces hold expressions over those names, ``{what}`` stands for the mistake's own words.
    text: str
    likely_if: str  #: the fact that would decide for it.
    axis: int | None = None  #: of the argument.
    fix: str = ""  #: the line to write with this call's numbers; the mistake's own where it is empty.
    expected: str = "None"  #: an expression for what the call should have had.
    got: str = "None"  #: the same of what it has.
    #: "wrong" (what is known makes it certain) or "trap" (the call is sound, its results are easily misread).
    kind: Literal["wrong", "trap"] = "trap"


@dataclass(frozen=True, slots=True)
class Need:
    """What a spec must have before a mistake can be made on it."""

    field: str  #: the spec's field that decides.
    allowed: str  #: what it must be, in words that go on from "must be".
    instead: str  #: what to change it to.


@dataclass(frozen=True, slots=True)
class Proof:
    """How a mistake is shown on a spec: two expressions whose numbers differ."""

    tempting: str  #: the one side; braces hold the names that pitfalls.py works out for a spec.
    instead: str  #: the other side.
    needs: Sequence[str] = ()  #: what the spec must have, by the keys of ``NEEDS``.
    values: str = "one row of hn"  #: how many values must come out different at least, by the keys in pitfalls.py.
    exact: bool = True  #: whether both sides are numbers of one run, so that any difference counts.
    near: int = 0  #: its place among those that are shown unasked; 0 if it is shown only where it is asked for.


@record("id title given tempting what instead lint live found_by")
class Mistake:
    """One mistake that torch accepts."""

    id: str  #: part of the contract; it is never used for anything else.
    title: str  #: the mistake in a few words.
    tempting: str  #: a line that makes it.
    what: str  #: what that line really gives, in words that hold for every nn.LSTM.
    instead: str  #: the line to write.
    short: str = ""  #: what it gives in up to 38 characters, for a list; empty where no spec shows it unasked.
    given: str = ""  #: what stands before the two lines, beside the call; empty if nothing does.
    then: str = ""  #: what the two lines lead to, as an expression; empty where it is what they set.
    lint: Level | None = None  #: the level of a finding in source code; None if the linter does not look for it.
    live: Level | None = None  #: the level of a finding in a run; None if a run can't show it.
    seen: Seen | None = None  #: how it is seen from a call's shapes alone; None if they can't show it.
    proofs: tuple[Proof, ...] = ()  #: how it is shown; of several, the one whose needs a spec meets.
    spec: Mapping[str, Any] = field(default_factory=dict)  #: arguments of an LSTMSpec on which it can be shown.

    @property
    def found_by(self) -> tuple[str, ...]:
        """The commands that find it, some of lint, model, run and diagnose."""
        places = {"lint": self.lint, "model": self.live, "run": self.live, "diagnose": self.seen}
        return tuple(command for command, found in places.items() if found is not None)


def _mistake(*, proofs: Sequence[Mapping[str, Any]], seen: Mapping[str, Any] | None = None, **entry: Any) -> Mistake:
    shown = tuple(Proof(**proof) for proof in proofs)
    return Mistake(**entry, proofs=shown, seen=None if seen is None else Seen(**seen))


_TABLE: Final = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
CATALOGUE: Final = tuple(_mistake(**entry) for entry in _TABLE["mistake"])
NEEDS: Final = {name: Need(**need) for name, need in _TABLE["needs"].items()}
BY_ID: Final = {mistake.id: mistake for mistake in CATALOGUE}
