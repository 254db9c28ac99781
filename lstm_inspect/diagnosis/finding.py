"""What is wrong with a call, as data: the argument, the axis, what was expected, what came, and the likely causes."""

from __future__ import annotations

from typing import Literal, TypeAlias

from lstm_inspect.errors import Spell, spell_arguments, spell_python
from lstm_inspect.mistakes.catalogue import BY_ID
from lstm_inspect.mistakes.finding import Finding
from lstm_inspect.theory.contract import record
from lstm_inspect.theory.shown import Shown

Values: TypeAlias = tuple[int | float | str, ...]
"""A shape, one size, a dtype or a device: what was expected, or what came."""
Kind: TypeAlias = Literal["refused", "wrong", "trap"]


@record()
class Frame:
    """One frame of a traceback; what it does not show is None or empty."""

    file: str
    line: int | None = None
    function: str = ""
    code: str = ""


@record("cause fix likely_if")
class LikelyCause:
    """One explanation of a finding."""

    id: str  #: a stable name, unique within its rule.
    cause: str  #: what was done, in words.
    fix: str  #: the line to write instead: Python.
    likely_if: str  #: the shape, or the fact, that would decide for it.
    fits: bool | None = None  #: True if what is known decides for it, None if it leaves the cause open.


@record(
    "matched rule kind argument axis expected got note causes if_lstm means where needs further mistakes",
    command="diagnose",
)
class Diagnosis(Shown):
    """One finding, or that there is none."""

    view = "diagnose"
    rule: str | None = None  #: the rule's stable name; None if nothing was recognised.
    argument: str | None = None  #: what is at fault: "input", "h0", "c0", "lengths", a constructor's argument, ..
    axis: int | None = None  #: its axis, from 0 (-1: the last); None if no single axis is at fault.
    letters: tuple[str, ...] = ()  #: its axes, such as ("L*D", "B", "R"); empty if they are not known.
    expected: Values | None = None  #: a shape, or one value; None if the finding has none.
    got: Values | None = None  #: what came instead; None if the finding has none.
    causes: tuple[LikelyCause, ...] = ()  #: likeliest first.
    if_lstm: tuple[LikelyCause, ...] = ()  #: the causes if an LSTM raised it, where nothing says whether one did.
    means: str | None = None  #: what the words mean wherever they come from; None if the message is an LSTM's.
    where: Frame | None = None  #: the user's own innermost line of the traceback; None if there is none.
    #: "refused" (torch raises an error), "wrong" (torch runs it, and the result is not what it seems) or "trap" (the
    #: call is sound; reading its results is where people go wrong); None if nothing was recognised.
    kind: Kind | None = None
    message: str = ""  #: the words that were recognised.
    note: str | None = None  #: what else holds of the finding; None if nothing does.
    asks: tuple[str, ...] = ()  #: what would have to be known to say more, its arguments in braces.
    further: tuple[Diagnosis, ...] = ()  #: other findings of the same call.
    of_a_message: bool = False  #: whether an error message was to be explained; else a call was checked.

    @property
    def matched(self) -> bool:
        """Whether it was recognised as an LSTM's."""
        return self.rule is not None and not self.if_lstm

    @property
    def verified(self) -> bool:
        """Of a message: whether it was recognised. Of a call: whether torch takes it and nothing is surely wrong."""
        if self.of_a_message:
            return self.matched
        return not any(each.matched and each.kind != "trap" for each in (self, *self.further))

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        """Those of the findings that are mistakes of the catalogue, in the shape that all commands give them.

        >>> Diagnosis("first-layer", kind="trap", causes=(LikelyCause("", "hn[0] is a lower layer's", "hn[-1]", ""),)
        ...          ).mistakes[0].level
        'note'
        """
        return tuple(
            Finding(
                id=each.rule, level="error" if each.kind == "wrong" else "note", what=cause.cause, instead=cause.fix
            )
            for each in (self, *self.further)
            if each.rule in BY_ID
            for cause in each.causes[:1]
        )

    @property
    def needs(self) -> tuple[str, ...]:
        """What would have to be known to say more, in Python's words: ``("the shape: input_shape",)``."""
        return self.needed(spell_python)

    def needed(self, spell: Spell) -> tuple[str, ...]:
        """The same, with arguments spelt for the reader."""
        return tuple(spell_arguments(ask, spell) for ask in self.asks)

    @property
    def letter(self) -> str | None:
        """The axis at fault, in letters.

        >>> Diagnosis("hidden-size", "h0", 1, ("L*D", "B", "R")).letter
        'B'
        """
        if self.axis is None or not -len(self.letters) <= self.axis < len(self.letters):
            return None
        return self.letters[self.axis] if self.letters[self.axis] != "." else None
