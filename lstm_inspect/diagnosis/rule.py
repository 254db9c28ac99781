"""What a rule is: how an error is worded, what it is about, and its causes, each with what decides for it.

The rules are data: the tables of ``rules/``, one a subject. ``words.toml`` says what each of their keys means, and
holds what several of them say.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from lstm_inspect.diagnosis.expression import Names
from lstm_inspect.diagnosis.wording import Wording

Scope: TypeAlias = Literal["lstm", "near"]

_TABLES: Final = Path(__file__).parent / "rules"
_SHARED: Final = re.compile(r"\{([A-Z][A-Z_0-9]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause of an error: the words, what decides for it, and the code that makes its mistake."""

    id: str
    cause: str
    write: str
    likely_if: str
    only: tuple[str, ...] = ()
    sure: tuple[str, ...] = ()
    when: str | None = None
    argument: str | None = None
    axis: int | None = None
    expected: str = "expected"
    got: str = "got"
    makes: str = ""
    says: str = ""
    known: Mapping[str, Any] = field(default_factory=dict)
    first: str = ""
    again: str | None = None
    meant: str = ""

    def decide(self, names: Names) -> bool | None:
        """True: what is known decides for it. None: open. False: ruled out."""
        limits = [names.value(condition) for condition in self.only]
        if any(limit is not None and not limit for limit in limits):
            return False
        if any(names.value(condition) for condition in self.sure):
            return True
        decided = None if self.when is None else names.value(self.when)
        return None if decided is None else bool(decided)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One error, in all its wordings, and its causes: the likeliest first, while nothing decides."""

    id: str
    wordings: tuple[Wording, ...]
    causes: tuple[Cause, ...]
    argument: str = ""
    axis: int | str | None = None
    scope: Scope = "lstm"
    ours: str | None = None
    claims: str | None = None
    means: str = ""
    warning: bool = False
    backward: bool = False
    letters: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    reads: str = ""

    @property
    def numbers(self) -> frozenset[str]:
        """The names of what its wordings read."""
        return frozenset(name for wording in self.wordings for name in wording.kinds)


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, in the order in which they are tried."""
    words = table("words")
    return tuple(_rule(row, words) for subject in words["tables"] for row in table(subject)["rule"])


def rule_of(name: str) -> Rule:
    """The rule of a name.

    >>> rule_of("hidden-size").causes[0].id
    'states-batch-first'
    """
    return next(rule for rule in rules() if rule.id == name)


@cache
def table(name: str) -> dict[str, Any]:
    """One of the tables."""
    return tomllib.loads((_TABLES / f"{name}.toml").read_text(encoding="utf-8"))


def _rule(row: Mapping[str, Any], words: Mapping[str, Any]) -> Rule:
    named = _with_words(row, words)
    wordings = tuple(Wording(text) for text in named.pop("wordings"))
    causes = tuple(_cause(each) for each in named.pop("cause"))
    return Rule(**named, wordings=wordings, causes=causes)


def _cause(row: Mapping[str, Any]) -> Cause:
    several = {name: row.get(name, ()) for name in ("only", "sure")}
    return Cause(**{**row, **{name: (each,) if isinstance(each, str) else each for name, each in several.items()}})


def _with_words(value: Any, words: Mapping[str, Any]) -> Any:
    """A row of a table with the shared words written out."""
    if isinstance(value, str):
        return _SHARED.sub(lambda found: _with_words(words[found[1]], words) if found[1] in words else found[0], value)
    if isinstance(value, list):
        return tuple(_with_words(each, words) for each in value)
    if isinstance(value, dict):
        return {key: _with_words(each, words) for key, each in value.items()}
    return value
