"""Each cause of each rule: the mistake is made, torch says it, the cause is seen, the line mends it.

And each condition and each line is made wrong on purpose: something must turn red.
"""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from diagnosis.cases import (
    CASES,
    Mended,
    cases_of,
    changed_lines,
    conditions,
    decided,
    diagnosed,
    ids,
    line_of,
    mended,
    message_of,
    more_cases,
    turned_round,
)

from lstm_inspect.diagnosis import diagnose as diagnosis
from lstm_inspect.diagnosis.diagnose import diagnose
from lstm_inspect.diagnosis.rule import Rule, rules

RULES = {rule.id: rule for rule in rules()}

NOT_HERE = {
    "lengths-tensor/lengths-on-device": "a tensor on meta has no numbers to move: only a GPU has",
    "packed-by-hand/batch-sizes-device": "the same",
    "other-device/states-elsewhere": "the same",
    "quantized/quantized-on-a-device": "the same",
    "quantized/no-engine": "this machine has its engine already",
    "cudnn-eval/cudnn-off": "cuDNN's switch changes nothing on a CPU",
    "second-derivative/double-backward": "the same",
    "cudnn-status/cudnn-build": "the same",
    "not-contiguous-weights/weights-touched": "a CPU's weights need no compacting",
    "target-size/batch-and-features": "the line only shows where the shapes differ",
    "attribute/method-of-elsewhere": "the line only shows what there is",
    "state-dict/another-module": "the line only shows what there is",
    "state-dict-type/not-loaded": "a state dict loads without weights_only too",
}
"""Lines whose absence, or whose other number, no call on this machine can show, and why."""
NOT_RUN = 19
"""Causes that no call on a CPU can make or mend: their lines are read, not run."""


@pytest.mark.parametrize("name", RULES)
def test_each_mistake_leads_back_to_its_cause(name: str) -> None:
    rule = RULES[name]
    for cause in rule.causes:
        found = diagnosed(rule, cause)
        assert found.rule == name
        assert ids(found).index(cause.id) + 1 == cause.rank, cause.id
        assert ast.parse(line_of(rule, cause).removeprefix("return ")).body
        assert all((each.cause, each.likely_if, each.fix) for each in found.causes or found.if_lstm)


@pytest.mark.parametrize("name", RULES)
def test_each_line_to_write_mends_its_call(name: str) -> None:
    for cause in RULES[name].causes:
        if cause.meant:
            assert mended(cause, line_of(RULES[name], cause)) == Mended("", holds=True), cause.id


def test_few_are_not_run_and_few_are_not_first() -> None:
    assert sum(not cause.meant for _, cause in CASES) <= NOT_RUN
    assert sum(cause.rank > 1 for _, cause in CASES) <= len(CASES) // 6  # nothing that is known sets them apart
    assert sum(cause.rank > 2 for _, cause in CASES) <= 15


@pytest.mark.parametrize("name", RULES)
def test_each_condition_that_is_turned_round_is_seen(name: str) -> None:
    rule = RULES[name]
    cases = cases_of(rule)
    for names, asked in cases:
        assert asked.met_by(decided(rule, names)), (asked, decided(rule, names))
    for cause in rule.causes:
        for field, place, condition in conditions(cause):
            wrong = turned_round(cause, field, place, condition)
            other = replace(rule, causes=tuple(wrong if each is cause else each for each in rule.causes))
            assert not all(asked.met_by(decided(other, names)) for names, asked in cases), (cause.id, condition)


@pytest.mark.parametrize("name", RULES)
def test_each_line_that_is_made_wrong_is_seen(name: str) -> None:
    rule = RULES[name]
    for cause in rule.causes:
        if not cause.meant or f"{name}/{cause.id}" in NOT_HERE:
            continue
        right = line_of(rule, cause)
        for line in changed_lines(cause, right):
            assert not mended(cause, line, right).holds, line


def test_what_can_not_be_seen_here_is_named() -> None:
    assert set(NOT_HERE) <= {f"{rule.id}/{cause.id}" for rule, cause in CASES}
    assert all(rule in RULES for rule, *_ in more_cases())


def test_a_rule_that_does_not_know_the_words_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    text = message_of("hidden-size", "states-batch-first")
    assert diagnose(text).rule == "hidden-size"
    others = tuple(rule for rule in rules() if rule.id != "hidden-size")
    monkeypatch.setattr(diagnosis, "rules", lambda: others)
    assert diagnose(text).rule is None


def test_ids_are_unique() -> None:
    assert len(RULES) == len(rules())
    for rule in rules():
        assert len({cause.id for cause in rule.causes}) == len(rule.causes), rule.id


def test_every_rule_that_shares_its_words_says_what_they_mean() -> None:
    assert [rule.id for rule in rules() if rule.scope == "near" and not rule.means] == []


def test_a_rule_is_a_rule_of_data() -> None:
    assert all(isinstance(rule, Rule) and rule.wordings and rule.causes for rule in rules())
