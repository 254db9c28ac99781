"""What is wrong with a call, as data: the argument, the axis, what was expected, what came, and the likely causes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeAlias

from lstm_inspect.theory.contract import written
from lstm_inspect.theory.shown import Shown

Values: TypeAlias = tuple[int | float | str, ...]
"""A shape, one size, a dtype or a device: what was expected, or what came."""
Kind: TypeAlias = Literal["refused", "wrong", "trap"]

KINDS: Final[tuple[Kind, ...]] = ("refused", "wrong", "trap")


@written("cause fix likely_if")
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


@written(
    "matched rule kind=kind_found argument axis expected got note=note_found causes needs further", command="diagnose"
)
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

    @property
    def kind_found(self) -> Kind | None:
        """The kind; None if nothing was recognised."""
        return self.kind if self.matched else None

    @property
    def note_found(self) -> str | None:
        """The note; None if there is none."""
        return self.note or None
