"""Each cause of each rule: the mistake is made, torch says it, the cause is seen, the line mends it.

And each condition and each line is made wrong on purpose: something must turn red.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace

import pytest
from diagnosis.cases import (
    CASES,
    Mended,
    alternatives,
    cases_of,
    changed_lines,
    claimed,
    conditions,
    decided,
    diagnosed,
    ids,
    line_of,
    mended,
    message_of,
    more_cases,
    turned_round,
    whose,
    with_one_turned_round,
)

from lstm_inspect.diagnosis import diagnose as diagnosis
from lstm_inspect.diagnosis.diagnose import diagnose
from lstm_inspect.diagnosis.rule import Rule, rules, table

RULES = {rule.id: rule for rule in rules()}


@pytest.mark.parametrize("name", RULES)
def test_each_mistake_leads_back_to_its_cause(name: str) -> None:
    rule = RULES[name]
    for cause in rule.causes:
        found = diagnosed(rule, cause)
        assert found.rule == name
        assert ids(found)[0] == cause.id, ids(found)
        assert ast.parse(line_of(rule, cause).removeprefix("return ")).body
        assert all((each.cause, each.likely_if, each.fix) for each in found.causes or found.if_lstm)


@pytest.mark.parametrize("name", RULES)
def test_each_line_to_write_mends_its_call(name: str) -> None:
    for cause in RULES[name].causes:
        assert mended(cause, line_of(RULES[name], cause)) == Mended("", holds=True), cause.id


def test_each_cause_is_made_and_mended() -> None:
    assert [cause.id for _, cause in CASES if not (cause.makes and cause.meant)] == []


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


def all_met(rule: Rule) -> bool:
    """Whether a rule decides every case as it is asked to; one whose list became a truth value does not."""
    try:
        return all(asked.met_by(decided(rule, names)) for names, asked in cases_of(rule))
    except (TypeError, AttributeError):
        return False


def lines_written(rule: Rule) -> list[str]:
    """The line of the first cause in every case."""
    matches = (diagnosis.Match(rule, names) for names, _ in cases_of(rule))
    return [match.names.fill(match.causes[0][0].write) for match in matches]


@pytest.mark.parametrize("name", [rule.id for rule in rules() if rule.names])
def test_each_name_of_a_condition_that_is_turned_round_is_seen(name: str) -> None:
    rule = RULES[name]
    named = [each for _, each in alternatives(rule.names)]
    used = " ".join([*named, *(each for cause in rule.causes for _, _, each in conditions(cause))])
    for word, expression in alternatives(rule.names):
        wrong = replace(rule, names=with_one_turned_round(rule.names, word, expression))
        if re.search(rf"\b{word}\b", used):
            assert not all_met(wrong) or lines_written(wrong) != lines_written(rule), word


@pytest.mark.parametrize("name", table("words")["shared"])
def test_each_shared_name_that_is_turned_round_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = table("words")
    turned = with_one_turned_round(words["shared"], name, words["shared"][name])
    monkeypatch.setattr(diagnosis, "table", lambda _: {**words, "shared": turned})
    using = [
        rule for rule in rules() if name in " ".join(each for cause in rule.causes for _, _, each in conditions(cause))
    ]
    assert not all(map(all_met, using)) or any(
        whose(rule, text) != found for rule in rules() for text, found in claimed(rule)
    )


@pytest.mark.parametrize("name", [rule.id for rule in rules() if (rule.claims, rule.ours) != ("True", "False")])
def test_each_claim_that_is_turned_round_or_dropped_is_seen(name: str) -> None:
    rule = RULES[name]
    cases = claimed(rule)
    assert [whose(rule, text) for text, _ in cases] == [found for _, found in cases]
    turned = [replace(rule, claims=claims) for claims in (f"not ({rule.claims})", "True") if rule.claims != "True"]
    turned += [replace(rule, ours=ours) for ours in (f"not ({rule.ours})", "False", "True") if rule.ours != "False"]
    for wrong in turned:
        assert any(whose(wrong, text) != found for text, found in cases), (wrong.claims, wrong.ours)


@pytest.mark.parametrize("name", RULES)
def test_each_line_that_is_made_wrong_is_seen(name: str) -> None:
    rule = RULES[name]
    for cause in rule.causes:
        right = line_of(rule, cause)
        for line in changed_lines(right):
            assert not mended(cause, line, right).holds, line


def test_every_case_beyond_the_causes_own_is_of_a_rule() -> None:
    assert {rule for rule, *_ in more_cases()} <= set(RULES)


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
