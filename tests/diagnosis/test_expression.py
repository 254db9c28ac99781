"""Conditions and holes: what is known decides, what is not known is unknown; nothing else can be reached."""

from __future__ import annotations

from dataclasses import fields

import pytest
from diagnosis.cases import alternatives

from lstm_inspect.diagnosis.diagnose import decide
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.names import FUNCTIONS, HOLES, Names
from lstm_inspect.diagnosis.origin import origin_of
from lstm_inspect.diagnosis.rule import Cause, Rule, rules, table

NAMES = Names({"got": (1, 2, 3), "n": 0, "name": "h0"})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("got[0] == 1", True),
        ("n", 0),
        ("lengths[0] > 1", None),
        ("n == 0 or lengths", True),
        ("got[7] == 1", None),
        ("known('got') and not known('lengths')", True),
        ("any(size == 2 for size in got)", True),
    ],
)
def test_a_name_that_is_not_known_makes_it_unknown(expression: str, value: object) -> None:
    assert NAMES.value(expression) == value


@pytest.mark.parametrize("expression", ["open('x')", "__import__('os')", "exec('1')", "torch"])
def test_nothing_else_can_be_reached(expression: str) -> None:
    assert NAMES.value(expression) is None


def test_what_is_not_known_stays_a_name() -> None:
    assert NAMES.fill("{got} {name} {rows} {seed} {{{n}}}") == "(1, 2, 3) h0 num_layers * num_directions seed {0}"


def test_of_several_expressions_the_first_counts_that_has_a_value() -> None:
    names = NAMES.with_more(
        {"n": 2}, {"size": ["lengths[0]", "n", "7"], "open": ["lengths", "None"], "name": "lengths"}
    )
    assert (names.value("size"), "open" in names, names.value("name")) == (2, False, "h0")
    assert NAMES.value("n") == 0


def test_a_text_that_several_rules_share_is_filled_too() -> None:
    assert (
        NAMES.fill("{CLAMP}")
        == "lengths = torch.as_tensor(lengths).clamp(max=input.shape[1 if lstm.batch_first else 0])"
    )


DECISIONS = [
    ({}, {}, None),
    ({"only": ("n == 1",)}, {}, None),
    ({"only": ("n == 1",)}, {"n": 1}, None),
    ({"only": ("n == 1",)}, {"n": 2}, False),
    ({"sure": ("n == 1",)}, {"n": 1}, True),
    ({"sure": ("n == 1",)}, {"n": 2}, None),
    ({"when": "n == 1"}, {"n": 1}, True),
    ({"when": "n == 1"}, {"n": 2}, False),
    ({"when": "n == 1"}, {}, None),
    ({"only": ("m == 1",), "when": "n == 1"}, {"n": 1, "m": 2}, False),
    ({"only": ("m == 1", "n == 2"), "sure": ("n == 1",)}, {"n": 1, "m": 1}, False),
]


@pytest.mark.parametrize(("conditions", "values", "decided"), DECISIONS)
def test_when_decides_both_ways_only_rules_out_and_sure_decides_for(
    conditions: dict[str, object], values: dict[str, object], decided: bool | None
) -> None:
    cause = Cause(id="", cause="", write="", likely_if="", **conditions)  # type: ignore[arg-type]
    assert decide(cause, Names(values)) is decided


def names_used(expression: str) -> set[str]:
    """The names that an expression looks up and does not bind itself."""
    code = compile(expression, "", "eval")
    nested = [each for each in code.co_consts if hasattr(each, "co_names")]
    attributes = {each for code in (code, *nested) for each in code.co_names}
    return attributes - {word for word in attributes if f".{word}" in expression}


def names_of(rule: Rule) -> set[str]:
    """The names that a rule's expressions may use."""
    of_the_message = {"message", *origin_of([""], 0), *rule.numbers, *rule.names, *table("words")["shared"]}
    facts_known = {"any_fact", "constructor", *(each.name for each in fields(Known)), *table("words")["facts"]}
    return {*FUNCTIONS, "known", *facts_known, *of_the_message, *table("words")["texts"]}


def holes(template: str) -> list[str]:
    """The expressions in a text, those of the texts that it names among them."""
    own = [hole for hole in HOLES.findall(template) if hole]
    return own + [hole for name in own for hole in HOLES.findall(table("words")["texts"].get(name, "")) if hole]


def expressions(rule: Rule) -> list[str]:
    """Every expression of a rule."""
    named = [each for _, each in alternatives({**rule.names, **table("words")["shared"]})]
    found = [*named, rule.claims, rule.ours, *holes(rule.argument)]
    for cause in rule.causes:
        found += [*cause.only, *cause.sure, cause.when]
        for template in (cause.cause, cause.write, cause.likely_if, cause.argument):
            found += holes(template)
    return found


def strange_names(rule: Rule) -> set[str]:
    return {name for expression in expressions(rule) for name in names_used(expression)} - names_of(rule)


USUAL = {"num_embeddings", "ids", "packed_input", "lstm"}  # what code calls a value that nobody knows


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_every_name_of_every_table_can_be_known(rule: Rule) -> None:
    assert strange_names(rule) <= USUAL


def test_a_misspelt_name_is_seen() -> None:
    rule = rules()[0]
    assert strange_names(Rule(id="x", wordings=rule.wordings, causes=(), claims="gott == 1")) == {"gott"}
