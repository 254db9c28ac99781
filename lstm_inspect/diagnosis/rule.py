"""What a rule is: how an error is worded, what it is about, and its causes, each with what decides for it.

The rules are data: the tables of ``rules/``, one a subject. ``words.toml`` says what each of their keys means, and
holds what several of them say.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from lstm_inspect.diagnosis.wording import Wording

Scope: TypeAlias = Literal["lstm", "near"]

_TABLES: Final = Path(__file__).parent / "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause of an error: the words, what decides for it, and the code that makes its mistake."""

    id: str
    cause: str
    write: str
    likely_if: str
    only: Sequence[str] = ()
    sure: Sequence[str] = ()
    when: str = "None"
    argument: str = ""
    axis: int | None = None
    expected: str = "expected"
    got: str = "got"
    makes: str = ""
    says: str = ""
    known: Mapping[str, Any] = field(default_factory=dict)
    first: str = ""
    again: str | None = None
    meant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One error, in all its wordings, and its causes: the likeliest first, while nothing decides."""

    id: str
    wordings: Sequence[Wording] = ()
    causes: Sequence[Cause]
    argument: str = ""
    axis: int | str | None = None
    scope: Scope = "lstm"
    ours: str = "False"
    claims: str = "True"
    means: str | None = None
    warning: bool = False
    backward: bool = False
    letters: Sequence[str] = ()
    names: Mapping[str, str | Sequence[str]] = field(default_factory=dict)

    @property
    def numbers(self) -> frozenset[str]:
        """The names of what its wordings read."""
        return frozenset(name for wording in self.wordings for name in wording.kinds)


@cache
def rules() -> Sequence[Rule]:
    """All rules, in the order in which they are tried."""
    return [_rule(**row) for subject in table("words")["tables"] for row in table(subject)["rule"]]


@cache
def table(name: str) -> dict[str, Any]:
    """One of the tables."""
    return tomllib.loads((_TABLES / f"{name}.toml").read_text(encoding="utf-8"))


def _rule(*, wordings: Sequence[str], cause: Sequence[Mapping[str, Any]], **row: Any) -> Rule:
    return Rule(**row, wordings=[Wording(text) for text in wordings], causes=[Cause(**each) for each in cause])
