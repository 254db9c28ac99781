"""What is wrong with a call, as data: the argument, the axis, what was expected, what came, and the likely causes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, TypeAlias

from lstm_inspect.theory.shown import Shown

Values: TypeAlias = tuple[int | float | str, ...]
"""A shape, one size, a dtype or a device: what was expected, or what came."""
Kind: TypeAlias = Literal["refused", "wrong", "trap"]

KINDS: Final[tuple[Kind, ...]] = ("refused", "wrong", "trap")


@dataclass(frozen=True, slots=True)
class LikelyCause:
    """One explanation of a finding.

    Attributes:
        id: stable name, unique within its rule.
        cause: what was done, in words.
        fix: the line to write instead: Python.
        likely_if: the shape, or the fact, that would decide for it.
        fits: True if what is known decides for it, None if it leaves the cause open.
    """

    id: str
    cause: str
    fix: str
    likely_if: str
    fits: bool | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis(Shown):
    """One finding, or that there is none.

    Attributes:
        rule: the rule's stable name; None if nothing was recognised.
        argument: the argument at fault: "input", "h0", "c0", "lengths", a constructor's argument, ..
        axis: its axis, from 0 (-1: the last); None if no single axis is at fault.
        letters: its axes in letters, such as ("L*D", "B", "R"); empty if they are not known.
        expected, got: a shape, or one value; None if the finding has none.
        causes: likeliest first.
        kind: "refused" (torch raises an error), "wrong" (torch runs it, and the result is not what it seems)
            or "trap" (the call is sound; reading its results is where people go wrong).
        message: the words that were recognised.
        note: what else holds of the finding.
        needs: what would have to be known to say more.
        further: other findings of the same call.
        of_a_message: whether an error message was to be explained; else a call was checked.
    """

    view: ClassVar[Literal["diagnosis"]] = "diagnosis"
    rule: str | None = None
    argument: str | None = None
    axis: int | None = None
    letters: tuple[str, ...] = ()
    expected: Values | None = None
    got: Values | None = None
    causes: tuple[LikelyCause, ...] = ()
    kind: Kind = "refused"
    message: str = ""
    note: str = ""
    needs: tuple[str, ...] = ()
    further: tuple[Diagnosis, ...] = ()
    of_a_message: bool = False

    @property
    def matched(self) -> bool:
        """Whether anything was recognised."""
        return self.rule is not None

    @property
    def verified(self) -> bool:
        """Of a message: whether it was recognised. Of a call: whether torch takes it and nothing is surely wrong."""
        if self.of_a_message:
            return self.matched
        return not any(each.matched and each.kind != "trap" for each in (self, *self.further))

    @property
    def letter(self) -> str | None:
        """The axis at fault, in letters.

        >>> Diagnosis("hidden-size", "h0", 1, ("L*D", "B", "R")).letter
        'B'
        """
        if self.axis is None or not -len(self.letters) <= self.axis < len(self.letters):
            return None
        return self.letters[self.axis] if self.letters[self.axis] != "." else None

    def to_dict(self) -> dict[str, Any]:
        """The finding's part of the JSON document of ``diagnose``."""
        return {
            "matched": self.matched,
            **self._finding(),
            "needs": list(self.needs),
            "further": [finding._finding() for finding in self.further],
        }

    def _finding(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "kind": self.kind if self.matched else None,
            "argument": self.argument,
            "axis": self.axis,
            "expected": None if self.expected is None else list(self.expected),
            "got": None if self.got is None else list(self.got),
            "note": self.note or None,
            "causes": [{"cause": each.cause, "fix": each.fix, "likely_if": each.likely_if} for each in self.causes],
        }
