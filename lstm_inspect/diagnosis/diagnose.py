"""diagnose(message, facts) -> Diagnosis: which argument, which axis, what was expected, why, and the line to write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.finding import Diagnosis, Kind, LikelyCause, Values
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.rule import Cause, Rule, Write
from lstm_inspect.diagnosis.rules import RULES
from lstm_inspect.diagnosis.text import Window, clean, trace_of, windows
from lstm_inspect.diagnosis.wording import Wording

__all__ = ["Diagnosis", "Known", "diagnose"]

LETTERS: Final = {
    "h0": ("L*D", "B", "R"),
    "c0": ("L*D", "B", "H"),
    "hn": ("L*D", "B", "R"),
    "cn": ("L*D", "B", "H"),
    "packed_input": ("sum(lengths)", "I"),
    "lengths": ("B",),
}
"""The axes of what has the same axes whatever the flags are; those of the input and the output depend on them."""

NEEDS: Final = (
    "the message itself, with the traceback around it",
    "or, without a message, the shapes of the call: --input-shape, --h0-shape, --c0-shape, --lengths",
)
_THE_TRACEBACK: Final = "the traceback: other code raises the same words, and this holds if they came from an LSTM"
_MOST_SHOWN: Final = 600


@dataclass(frozen=True, slots=True)
class _Match:
    rule: Rule
    evidence: Evidence
    end: int


def diagnose(message: str, known: Known | None = None, **facts: Any) -> Diagnosis:
    """Explain an error message, a traceback or a whole log: the last error in it that an LSTM has to do with.

    Args:
        message: any text; colours, line ends and line breaks don't matter.
        known: what is known beside it; or give its fields as keyword arguments.

    Returns:
        A Diagnosis; its ``matched`` is False if nothing in the text is an LSTM's.

    >>> found = diagnose("RuntimeError: Expected hidden[0] size (1, 5, 4), got [5, 1, 4]")
    >>> found.argument, found.axis, found.letter, found.causes[0].fix
    ('h0', 0, 'L*D', 'h0, c0 = h0.transpose(0, 1).contiguous(), c0.transpose(0, 1).contiguous()')
    >>> diagnose("CUDA out of memory").matched
    False
    """
    known = replace(known or Known(), **facts)
    match = _last_match(message, known)
    found = Diagnosis(needs=NEEDS) if match is None else explain(match.rule, match.evidence)
    return replace(found, of_a_message=True)


def _last_match(text: str, known: Known) -> _Match | None:
    """The last error; a warning only where there is no error."""
    warning = None
    for window in windows(text):
        found = [match for match in _matches(window, known) if match.end >= window.sure_from]
        errors = [match for match in found if not match.rule.warning]
        if errors:
            return max(errors, key=lambda match: match.end)
        warning = warning or max(found, key=lambda match: match.end, default=None)
    return warning


def _matches(window: Window, known: Known) -> Iterator[_Match]:
    for rule in RULES:
        for wording in rule.wordings:
            match = _match(rule, wording, window, known)
            if match is not None:
                yield match
                break


def _match(rule: Rule, wording: Wording, window: Window, known: Known) -> _Match | None:
    """The last occurrence of a wording that is the rule's to claim."""
    seen = set()
    for found in reversed(wording.all(window.text, window.words)):
        start = window.traceback_at(found.start())
        if (found[0], start) in seen:
            continue  # a log repeats itself
        seen.add((found[0], start))
        context = "" if start is None else window.text[start : found.start()]
        evidence = Evidence(wording.read(found), known, context, found[0], trace_of(context))
        if _claims(rule, evidence):
            return _Match(rule, evidence, found.end())
    return None


def _claims(rule: Rule, evidence: Evidence) -> bool:
    """Whether a message is the rule's: its words alone, or the words, the numbers and where it was raised."""
    if rule.scope == "any" and not evidence.at_an_lstm:
        return False
    if rule.scope == "near" and evidence.trace == "elsewhere" and not evidence.known.anything:
        return False
    return rule.claims(evidence)


def explain(rule: Rule, evidence: Evidence, kind: Kind = "refused") -> Diagnosis:
    """A rule applied to what is known: its causes in order, and what they say is at fault."""
    ranked = _ranked(rule, evidence)
    first = ranked[0][0]
    argument = _written(first.argument or rule.argument or "", evidence) or None
    axis = first.axis if first.axis is not None else rule.axis_of(evidence) if rule.axis_of else rule.axis
    expected, got = _values(evidence.get(first.expected)), _values(evidence.get(first.got))
    if argument == "input" and axis == -1 and evidence.known.input_shape and got is not None and expected is not None:
        lead = evidence.known.input_shape[:-1]
        axis, expected, got = len(lead), (*lead, *expected), (*lead, *got)
    shared = rule.scope != "lstm" and not evidence.at_an_lstm
    return Diagnosis(
        rule=rule.id,
        argument=argument,
        axis=axis,
        letters=rule.letters or letters_of(argument, evidence.known),
        expected=expected,
        got=got,
        causes=tuple(_likely(cause, decided, evidence) for cause, decided in ranked),
        kind=kind,
        message=clean(evidence.message)[:_MOST_SHOWN],
        needs=(_THE_TRACEBACK,) if shared else (),
    )


def _ranked(rule: Rule, evidence: Evidence) -> list[tuple[Cause, bool | None]]:
    """The causes that are not ruled out: those that the facts decide for, then the open ones, in the rule's order."""
    decided = [(cause, cause.decide(evidence)) for cause in rule.causes]
    kept = [each for each in decided if each[1] is not False] or decided
    return sorted(kept, key=lambda each: each[1] is not True)


def _likely(cause: Cause, decided: bool | None, evidence: Evidence) -> LikelyCause:
    words, fix, likely_if = (_written(each, evidence) for each in (cause.cause, cause.fix, cause.likely_if))
    return LikelyCause(cause.id, words, fix, likely_if, decided)


def _written(template: Write, evidence: Evidence) -> str:
    return evidence.fill(template) if isinstance(template, str) else template(evidence)


def _values(value: Any) -> Values | None:
    return None if value is None else tuple(value) if isinstance(value, tuple) else (value,)


def letters_of(argument: str | None, known: Known) -> tuple[str, ...]:
    """The argument's axes in letters, as far as they are known.

    >>> letters_of("input", Known(input_shape=(5, 3, 10), batch_first=False)), letters_of("dropout", Known())
    (('T', 'B', 'I'), ())
    """
    if argument == "input":
        undecided = known.batched and known.batch_first is None
        return ("T or B", "B or T", "I") if undecided else tuple(known.axes) or ("I",)
    if argument == "output":
        return (*((".",) * (len(known.input_shape or (0, 0, 0)) - 1)), "D*R")
    letters = LETTERS.get(argument or "", ())
    return letters if known.batched is not False else tuple(letter for letter in letters if letter != "B")
