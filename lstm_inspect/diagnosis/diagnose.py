"""diagnose(message, facts) -> Diagnosis: which argument, which axis, what was expected, why, and the line to write."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from lstm_inspect.diagnosis.finding import Diagnosis, LikelyCause, Values
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.names import Names, facts_of
from lstm_inspect.diagnosis.origin import origin_of
from lstm_inspect.diagnosis.rule import Cause, Rule, rules, table
from lstm_inspect.diagnosis.text import Window, clean, windows

__all__ = ["Diagnosis", "Known", "diagnose"]

Whose: TypeAlias = Literal["ours", "perhaps", "other"]
"""Whose a message is: an LSTM's, perhaps an LSTM's (nothing tells), or other code's."""

_ASKS: Final = (
    "the message itself, with the traceback around it",
    "or, without a message, the shapes of the call: {input_shape}, {h0_shape}, {c0_shape}, {lengths}",
)
_THE_TRACEBACK: Final = "the traceback: other code raises the same words, and this holds if they came from an LSTM"
_AN_LSTM: Final = (
    "whether results of an LSTM go into that line: {hidden_size}, or any argument of it, says that they do"
)
_MOST_SHOWN: Final = 600
_MOST_LOOKED_AT: Final = 100  # occurrences of a rule's words: a log of nothing but other code's errors ends in time


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that holds: its words were found, or the shapes of a call break it."""

    rule: Rule
    names: Names  #: what is known: the facts, the numbers of the message, where it was raised, the rule's own names.
    place: tuple[int, int] = (0, 0)  #: where the words end in the text: the window, the place in it.

    @property
    def whose(self) -> Whose:
        """Whose the message is."""
        rule, value = self.rule, self.names.value
        if rule.scope == "lstm" or value("at_an_lstm") or value(rule.ours):
            return "ours"
        return "perhaps" if value("trace") in (("none", "silent") if rule.backward else ("none",)) else "other"

    @property
    def weight(self) -> tuple[bool, bool, bool, tuple[int, int]]:
        """The last error of an LSTM's, else a warning of one's, else what may be one's, else what is other code's."""
        return self.whose == "ours", self.whose == "perhaps", not self.rule.warning, self.place

    @property
    def causes(self) -> Sequence[tuple[Cause, bool | None]]:
        """Those not ruled out: first what is known decides for, then the open ones, in the rule's order."""
        decided = [(cause, decide(cause, self.names)) for cause in self.rule.causes]
        kept = [each for each in decided if each[1] is not False] or decided
        return sorted(kept, key=lambda each: each[1] is not True)

    def explained(self) -> Diagnosis:
        """The causes in order, and what they say is at fault; of other code's message what it means in general."""
        names, rule = self.names, self.rule
        found = Diagnosis(message=clean(names.value("message", "''"))[:_MOST_SHOWN], where=names.value("where"))
        if self.whose == "other":
            return replace(found, means=rule.means)
        ranked = self.causes
        first = ranked[0][0]
        argument = names.fill(first.argument or rule.argument) or None
        found = replace(
            found,
            rule=rule.id,
            argument=argument,
            axis=names.value(str(rule.axis if first.axis is None else first.axis)),
            letters=tuple(rule.letters) or _letters(argument, names),
            expected=_values(names.value(first.expected)),
            got=_values(names.value(first.got)),
            kind="refused",
        )
        causes = tuple(
            LikelyCause(cause.id, names.fill(cause.cause), names.fill(cause.write), names.fill(cause.likely_if), fits)
            for cause, fits in ranked
        )
        if self.whose == "ours":
            return replace(found, causes=causes)
        return replace(found, if_lstm=causes, means=rule.means, asks=(_AN_LSTM if found.where else _THE_TRACEBACK,))


def decide(cause: Cause, names: Names) -> bool | None:
    """True: what is known decides for it. None: open. False: ruled out."""
    limits = [names.value(condition) for condition in cause.only]
    if any(limit is not None and not limit for limit in limits):
        return False
    if any(names.value(condition) for condition in cause.sure):
        return True
    decided = names.value(cause.when)
    return None if decided is None else bool(decided)


def diagnose(message: str, known: Known | None = None, **facts: Any) -> Diagnosis:
    """Explain an error message, a traceback or a whole log: the last error in it that an LSTM has to do with.

    Args:
        message: any text; colours, line ends and line breaks don't matter.
        known: what is known beside it; or give its fields as keyword arguments.

    Returns:
        A Diagnosis; its ``matched`` is False if nothing in the text is known to be an LSTM's. Of words that other
        code says too, ``if_lstm`` then holds what they mean if they came from one.

    >>> found = diagnose("RuntimeError: Expected hidden[0] size (1, 5, 4), got [5, 1, 4]")
    >>> found.argument, found.axis, found.letter, found.causes[0].fix
    ('h0', 0, 'L*D', 'h0, c0 = h0.transpose(0, 1).contiguous(), c0.transpose(0, 1).contiguous()')
    >>> diagnose("CUDA out of memory").matched
    False
    """
    matches = _matches(message, facts_of(replace(known or Known(), **facts)))
    match = max(matches, key=lambda match: match.weight, default=None)
    found = Diagnosis(asks=_ASKS) if match is None else match.explained()
    return replace(found, of_a_message=True)


def _matches(text: str, facts: Names) -> Iterator[Match]:
    """What each rule finds in a text, from its end on: nothing outweighs the last error that is an LSTM's."""
    for window in windows(text):
        found = [match for rule in rules() if (match := match_in(window, rule, facts))]
        yield from found
        if any(match.whose == "ours" and not match.rule.warning for match in found):
            return


def match_in(window: Window, rule: Rule, facts: Names) -> Match | None:
    """The last occurrence of a rule's words that is the rule's to claim, else the last one of other code."""
    other, seen = None, set[Sequence[str]]()
    for wording, found in ((each, found) for each in rule.wordings for found in reversed(each.all(window))):
        line = window.line_at(found.start())
        key = (found[0], *window.lines[max(0, line - 2) : line])
        if key in seen or len(seen) == _MOST_LOOKED_AT or found.end() < window.sure_from:
            continue  # a log repeats itself
        seen.add(key)
        raised = {"message": found[0], **origin_of(window.lines, line)}
        match = Match(rule, names_of(rule, facts, raised, wording.read(found)), (window.start, found.end()))
        if match.names.value(rule.claims):
            if match.whose != "other":
                return match
            other = other or match
    return other


def names_of(rule: Rule, facts: Names, raised: Mapping[str, Any], numbers: Mapping[str, Any]) -> Names:
    """The names that a rule's expressions may use, its own among them.

    Args:
        raised: the message, and what is known of where it was raised.
        numbers: what the wording reads out of the message; None for what another wording would.
    """
    known = {name: value for name, value in raised.items() if value is not None}
    return facts.with_more({**known, **dict.fromkeys(rule.numbers), **numbers}, table("words")["shared"], rule.names)


def _values(value: Any) -> Values | None:
    """What was expected or came, as a shape; None if there is none."""
    return None if value is None else tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _letters(argument: str | None, names: Names) -> tuple[str, ...]:
    """The argument's axes in letters, as far as they are known."""
    batched = names.value("batched")
    if argument == "input":
        layout = {True: ("B", "T"), False: ("T", "B"), None: ("T or B", "B or T")}[names.value("batch_first")]
        return (*{True: layout, False: ("T",), None: ()}[batched], "I")
    if argument == "output":
        return (*["."] * names.value("len(input_shape) - 1", "2"), "D*R")
    letters = table("words")["letters"].get(argument, [])
    return tuple(letter for letter in letters if letter != "B" or batched is not False)
