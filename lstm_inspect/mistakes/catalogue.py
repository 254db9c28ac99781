"""Every mistake, once: its id, what is tempting, what that really is, and what to write instead."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from lstm_inspect.mistakes.finding import Level
from lstm_inspect.theory.contract import written


@dataclass(frozen=True, slots=True)
class Seen:
    """How ``diagnose`` sees a mistake in the shapes, lengths and flags of a call, and what it says.

    Attributes:
        when: the condition that shows it, over the names that diagnosis/check_call.py knows.
        argument, axis: what is at fault.
        text: what was done; braces hold expressions over those names, ``{what}`` stands for the mistake's own words.
        likely_if: the fact that would decide for it.
        fix: the line to write with this call's numbers; the mistake's own where it is empty.
        expected, got: expressions for what the call should have had and has.
        kind: "wrong" (what is known makes it certain) or "trap" (the call is sound, its results are easily misread).
    """

    when: str
    argument: str
    text: str
    likely_if: str
    axis: int | None = None
    fix: str = ""
    expected: str = "None"
    got: str = "None"
    kind: Literal["wrong", "trap"] = "trap"


@dataclass(frozen=True, slots=True)
class Proof:
    """How a mistake is shown on a spec: two expressions whose numbers differ.

    Attributes:
        tempting, instead: the two sides; braces hold the names that pitfalls.py works out for a spec.
        needs: what the spec must have, by the keys of ``needs.NEEDS``.
        values: how many values must come out different at least, by the keys of ``needs.VALUES``.
        exact: whether both sides are numbers of one run, so that any difference counts.
        near: its place among those that are shown unasked; 0 if it is shown only where it is asked for.
    """

    tempting: str
    instead: str
    needs: Sequence[str] = ()
    values: str = "one row of hn"
    exact: bool = True
    near: int = 0


@written("id title given tempting what instead lint live found_by")
@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake that torch accepts.

    Attributes:
        id: part of the contract; it is never used for anything else.
        title: the mistake in a few words.
        tempting: a line that makes it.
        what: what that line really gives, in words that hold for every nn.LSTM.
        short: the same in up to 38 characters, for a list; empty where no spec shows it unasked.
        instead: the line to write.
        given: what stands before the two lines, beside the call; empty if nothing does.
        then: what the two lines lead to, as an expression; empty where it is what they set.
        lint: the level of a finding in source code; None if the linter does not look for it.
        live: the level of a finding in a run; None if a run can't show it.
        seen: how it is seen from a call's shapes alone; None if they can't show it.
        proofs: how it is shown; of several, the one whose needs a spec meets.
        spec: arguments of an LSTMSpec on which it can be shown.
    """

    id: str
    title: str
    tempting: str
    what: str
    instead: str
    short: str = ""
    given: str = ""
    then: str = ""
    lint: Level | None = None
    live: Level | None = None
    seen: Seen | None = None
    proofs: tuple[Proof, ...] = ()
    spec: Mapping[str, Any] = field(default_factory=dict)

    @property
    def found_by(self) -> tuple[str, ...]:
        """The commands that find it.

        >>> BY_ID["first-layer"].found_by
        ('lint', 'model', 'run')
        """
        places = {"lint": self.lint, "model": self.live, "run": self.live, "diagnose": self.seen}
        return tuple(command for command, found in places.items() if found is not None)


def _mistake(*, proofs: Sequence[Mapping[str, Any]], seen: Mapping[str, Any] | None = None, **entry: Any) -> Mistake:
    return Mistake(
        **entry, proofs=tuple(Proof(**proof) for proof in proofs), seen=None if seen is None else Seen(**seen)
    )


CATALOGUE: Final = tuple(
    _mistake(**entry)
    for entry in tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["mistake"]
)
BY_ID: Final = {mistake.id: mistake for mistake in CATALOGUE}
