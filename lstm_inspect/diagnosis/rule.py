"""What a rule is: how an error is worded, what it is about, and its causes, each with what decides for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.wording import Wording

Decide: TypeAlias = Callable[[Evidence], bool | None]
"""True: what is known decides for it. None: open. False: ruled out."""
Write: TypeAlias = str | Callable[[Evidence], str]
"""Words or code; ``{name}`` stands for a number of the message or a known fact, else for that name itself."""
Scope: TypeAlias = Literal["lstm", "near", "any"]


def open_(evidence: Evidence) -> bool | None:
    """Nothing in the message or in the facts decides."""
    return None


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of an error.

    Attributes:
        id: stable name, unique within its rule.
        cause, fix, likely_if: see LikelyCause.
        decide: what the numbers and the facts say of it.
        argument, axis: what is at fault if this is the cause; the rule's own where left out.
        expected, got: the names of the numbers that are expected and got if this is the cause.
    """

    id: str
    cause: Write
    fix: Write
    likely_if: Write
    decide: Decide = open_
    argument: Write | None = None
    axis: int | None = None
    expected: str = "expected"
    got: str = "got"


@dataclass(frozen=True, slots=True)
class Rule:
    """One error, in all its wordings.

    Attributes:
        id: stable name.
        wordings: as torch, of any version, writes it; ``{expected}`` and ``{got}`` are what they say.
        argument, axis: what is at fault, if no cause says otherwise.
        causes: in the order in which they are likely while nothing decides.
        scope: "lstm": nothing but an LSTM or its packing says this. "near": other code says it too; it is claimed
            unless a traceback shows that no LSTM was involved. "any": it is claimed only where the traceback
            or a known fact leads to an LSTM.
        claims: whether the numbers can be an LSTM's at all.
        axis_of: finds the axis in the numbers.
        warning: whether torch goes on after it.
        letters: the argument's axes, where they are not those of an nn.LSTM's.
    """

    id: str
    wordings: tuple[Wording, ...]
    argument: Write | None
    causes: tuple[Cause, ...]
    axis: int | None = None
    scope: Scope = "lstm"
    claims: Callable[[Evidence], bool] = lambda evidence: True
    axis_of: Callable[[Evidence], int | None] | None = None
    warning: bool = False
    letters: tuple[str, ...] = ()


def says(*templates: str) -> tuple[Wording, ...]:
    """The wordings of a rule."""
    return tuple(Wording(template) for template in templates)
