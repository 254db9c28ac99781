"""diagnose(message, facts) -> Diagnosis: which argument, which axis, what was expected, why, and the line to write."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final, Literal, TypeAlias

from lstm_inspect.diagnosis import state_dict
from lstm_inspect.diagnosis.evidence import evidence
from lstm_inspect.diagnosis.expression import Names
from lstm_inspect.diagnosis.finding import Diagnosis, Frame, LikelyCause, Values
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.origin import NOWHERE, Origin, origin_of
from lstm_inspect.diagnosis.rule import Cause, Rule, rules
from lstm_inspect.diagnosis.text import Window, clean, windows
from lstm_inspect.diagnosis.wording import Value, Wording

__all__ = ["Diagnosis", "Known", "diagnose"]

Whose: TypeAlias = Literal["ours", "perhaps", "other"]
"""Whose a message is: an LSTM's, perhaps an LSTM's (nothing tells), or other code's."""

LETTERS: Final = {
    "h0": ("L*D", "B", "R"),
    "c0": ("L*D", "B", "H"),
    "hn": ("L*D", "B", "R"),
    "cn": ("L*D", "B", "H"),
    "packed_input": ("sum(lengths)", "I"),
    "lengths": ("B",),
}
"""The axes of what has the same axes whatever the flags are; those of the input and the output depend on them."""

_ASKS: Final = (
    "the message itself, with the traceback around it",
    "or, without a message, the shapes of the call: {input_shape}, {h0_shape}, {c0_shape}, {lengths}",
)
_THE_TRACEBACK: Final = "the traceback: other code raises the same words, and this holds if they came from an LSTM"
_MOST_SHOWN: Final = 600
_MOST_LOOKED_AT: Final = 100  # occurrences of one wording that other code raised: a log of nothing else ends in time


@dataclass(frozen=True, slots=True)
class _Match:
    rule: Rule
    names: Names
    where: Frame | None
    end: int
    whose: Whose

    @property
    def weight(self) -> tuple[bool, bool, bool, int]:
        """The last error of an LSTM's, else a warning of one's, else what may be one's, else what is other code's."""
        return self.whose == "ours", self.whose == "perhaps", not self.rule.warning, self.end


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
    known = replace(known or Known(), **facts)
    match = last_match(message, known)
    if match is None:
        found = Diagnosis(asks=_ASKS)
    elif match.whose == "other":
        message = _shown(match.names.value("message"))
        found = Diagnosis(message=message, means=match.rule.means or None, where=match.where)
    else:
        found = explain(match.rule, known, match.names, match.where, sure=match.whose == "ours")
    return replace(found, of_a_message=True)


def last_match(text: str, known: Known) -> _Match | None:
    """The weightiest match of a text; a window nearer to its end counts where both weigh the same."""
    best = None
    for window in windows(text):
        found = [match for match in _matches(window, known) if match.end >= window.sure_from]
        last = max(found, key=lambda match: match.weight, default=None)
        if last is not None and (best is None or last.weight[:3] > best.weight[:3]):
            best = last
        if best is not None and best.whose == "ours" and not best.rule.warning:
            break
    return best


def _matches(window: Window, known: Known) -> Iterator[_Match]:
    for rule in rules():
        found = (match for wording in rule.wordings if (match := _match(rule, wording, window, known)))
        yield from islice(found, 1)


def _match(rule: Rule, wording: Wording, window: Window, known: Known) -> _Match | None:
    """The last occurrence of a wording that is the rule's to claim, else the last one of other code."""
    other, seen = None, set()
    for found in reversed(wording.all(window.text, window.words)):
        line = window.line_at(found.start())
        key = (found[0], *window.lines[max(0, line - 2) : line])
        if key in seen:
            continue  # a log repeats itself
        seen.add(key)
        if len(seen) > _MOST_LOOKED_AT:
            break
        origin = origin_of(window.lines, line)
        names = names_of(rule, known, wording.read(found), found[0], origin)
        if rule.claims is not None and not names.value(rule.claims):
            continue
        match = _Match(rule, names, origin.user, found.end(), _whose(rule, names))
        if match.whose != "other":
            return match
        other = other or match
    return other


def _whose(rule: Rule, names: Names) -> Whose:
    if rule.scope == "lstm" or names.value("at_an_lstm") or (rule.ours is not None and names.value(rule.ours)):
        return "ours"
    return "perhaps" if names.value("trace") in (("none", "silent") if rule.backward else ("none",)) else "other"


def names_of(rule: Rule, known: Known, numbers: Mapping[str, Value], message: str, origin: Origin = NOWHERE) -> Names:
    """The names that a rule's expressions may use, its own among them."""
    names = evidence(known, {**dict.fromkeys(rule.numbers), **numbers}, message, origin)
    if rule.reads:
        names = names.with_more(state_dict.facts(message))
    for name, expression in rule.names.items():
        names.define(name, expression)
    return names


def explain(rule: Rule, known: Known, names: Names, where: Frame | None = None, *, sure: bool = True) -> Diagnosis:
    """A rule applied to what is known: its causes in order, and what they say is at fault.

    Args:
        sure: whether it is known to be an LSTM's.
    """
    ranked = ranked_causes(rule, names)
    first = ranked[0][0]
    argument = names.fill(first.argument or rule.argument) or None
    expected, got = (values(names.value(name)) for name in (first.expected, first.got))
    axis = rule.axis if first.axis is None else first.axis
    axis = names.value(axis) if isinstance(axis, str) else axis
    if argument == "input" and axis == -1 and known.input_shape and got is not None and expected is not None:
        lead = known.input_shape[:-1]
        axis, expected, got = len(lead), (*lead, *expected), (*lead, *got)
    causes = tuple(
        LikelyCause(cause.id, names.fill(cause.cause), names.fill(cause.write), names.fill(cause.likely_if), fits)
        for cause, fits in ranked
    )
    return Diagnosis(
        rule=rule.id,
        argument=argument,
        axis=axis,
        letters=rule.letters or letters_of(argument, known),
        expected=expected,
        got=got,
        causes=causes if sure else (),
        if_lstm=() if sure else causes,
        means=None if sure else rule.means,
        kind="refused",
        message=_shown(names.value("message")),
        where=where,
        asks=() if sure else (_THE_TRACEBACK,),
    )


def ranked_causes(rule: Rule, names: Names) -> list[tuple[Cause, bool | None]]:
    """The causes that are not ruled out: those that the facts decide for, then the open ones, in the rule's order."""
    decided = [(cause, cause.decide(names)) for cause in rule.causes]
    kept = [each for each in decided if each[1] is not False] or decided
    return sorted(kept, key=lambda each: each[1] is not True)


def values(value: Any) -> Values | None:
    """What was expected or came, as a shape; None if there is none."""
    return None if value is None else tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _shown(message: str) -> str:
    return clean(message)[:_MOST_SHOWN]


def letters_of(argument: str | None, known: Known) -> tuple[str, ...]:
    """The argument's axes in letters, as far as they are known.

    >>> letters_of("input", Known(input_shape=(5, 3, 10), batch_first=False)), letters_of("dropout", Known())
    (('T', 'B', 'I'), ())
    """
    if argument == "input":
        batched = {True: ("B", "T", "I"), False: ("T", "B", "I"), None: ("T or B", "B or T", "I")}[known.batch_first]
        return {True: batched, False: ("T", "I"), None: ("I",)}[known.batched]
    if argument == "output":
        return (*((".",) * (len(known.input_shape or (0, 0, 0)) - 1)), "D*R")
    letters = LETTERS.get(argument or "", ())
    return letters if known.batched is not False else tuple(letter for letter in letters if letter != "B")
