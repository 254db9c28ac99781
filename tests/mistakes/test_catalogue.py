"""The catalogue as a contract: its ids, its levels, and that its words are short and stand once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

import lstm_inspect
from lstm_inspect.cli import COMMANDS
from lstm_inspect.mistakes.catalogue import BY_ID, CATALOGUE, NEEDS, Mistake
from lstm_inspect.mistakes.finding import LEVELS, Level
from lstm_inspect.mistakes.pitfalls import ALWAYS, differing_of, holds_of, pitfalls
from lstm_inspect.theory.spec import LSTMSpec

LEVEL_OF: dict[str, tuple[Level | None, Level | None]] = {
    "last-step-bidirectional": ("error", "error"),
    "padding-as-last-step": ("error", "error"),
    "one-direction-of-two": ("warning", "warning"),
    "sequences-mixed": ("error", "error"),
    "layers-for-directions": ("error", "error"),
    "first-layer": ("error", "warning"),
    "directions-interleaved": ("error", "error"),
    "last-sequence": ("error", "error"),
    "cell-for-hidden": ("error", "warning"),
    "padding-averaged": (None, "warning"),
    "sequences-not-independent": (None, "warning"),
    "batch-first-forgotten": ("error", "error"),
    "random-initial-state": ("warning", "warning"),
    "dropout-one-layer": ("note", "note"),
    "order-not-restored": ("error", None),
}
"""What the linter and a run find: the id, and the highest level of each."""

FROM_SHAPES = {
    "padding-read", "padding-read-in-reverse", "lengths-sorted-alone", "packed-order", "batch-of-vectors",
    "one-sequence", "packed-data-alone", "fewer-lengths", "fractional-lengths", "mask-as-lengths", "batch-equals-time",
    "batch-equals-rows", "output-shorter", "dropout-where-it-acts", "packed-to-rounding",
}  # fmt: skip
"""What the shapes of a call alone show."""

STALE = ("one step only", "seen one step", "is kept", "utilise", "whilst")
_PACKAGE = Path(lstm_inspect.__file__).parent


def faults(catalogue: Sequence[Mistake]) -> Iterator[str]:
    """What is wrong with a catalogue."""
    if len({mistake.id for mistake in catalogue}) < len(catalogue):
        yield "an id stands twice"
    for mistake in catalogue:
        yield from (f"{mistake.id}: {fault}" for fault in faults_of(mistake))
    for first, second in combinations(catalogue, 2):
        if first.what in second.what or second.what in first.what or first.title == second.title:
            yield f"{first.id} and {second.id} say the same"


def faults_of(mistake: Mistake) -> list[str]:
    seen = mistake.seen
    texts = [mistake.title, mistake.what, *((seen.text, seen.likely_if) if seen else ())]
    holds = {
        "its id is not words and hyphens": re.fullmatch(r"[a-z]+(-[a-z]+)*", mistake.id) is not None,
        "its title is long, or begins with a small letter": len(mistake.title) <= 50 and mistake.title[0].isupper(),
        "what it is takes many words, or does not go on from 'is'": len(mistake.what) <= 150
        and mistake.what[0].islower(),
        "a text ends in a full stop": not any(re.search(r"[^.]\.$", text) for text in texts),
        "it says what is not so, or in stale words": not any(stale in text for stale in STALE for text in texts),
        "a level is none": {mistake.lint, mistake.live} <= {None, *LEVELS},
        "nothing finds it": bool(mistake.found_by),
        "a line is several lines": "\n" not in mistake.tempting + mistake.instead,
    }
    return [fault for fault, held in holds.items() if not held]


def test_the_catalogue_is_sound() -> None:
    assert list(faults(CATALOGUE)) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"id": "one-direction-of-two"},
        {"id": "First layer"},
        {"title": "a lower layer's row"},
        {"title": "Word " * 20},
        {"what": "Another layer."},
        {"what": "its reverse half has seen one step only"},
        {"what": BY_ID["cell-for-hidden"].what},
        {"lint": "fatal"},
        {"lint": None, "live": None},
        {"instead": "features = (\n hn[-1])"},
    ],
)
def test_a_broken_catalogue_is_seen(broken: dict[str, str]) -> None:
    changed = replace(BY_ID["first-layer"], **broken)  # type: ignore[arg-type]
    assert list(faults([each if each.id != "first-layer" else changed for each in CATALOGUE]))


def test_no_id_of_the_contract_goes_away() -> None:
    """More may come; theirs need no line here."""
    assert set(LEVEL_OF) | FROM_SHAPES <= set(BY_ID)


@pytest.mark.parametrize("id", LEVEL_OF)
def test_the_levels_are_those_of_the_contract(id: str) -> None:
    assert (BY_ID[id].lint, BY_ID[id].live) == LEVEL_OF[id]


@pytest.mark.parametrize("id", sorted(FROM_SHAPES))
def test_what_shapes_show_is_found_by_diagnose_alone(id: str) -> None:
    assert BY_ID[id].found_by == ("diagnose",)


def test_each_mistake_has_a_proof_whose_names_are_known() -> None:
    proofs = [proof for mistake in CATALOGUE for proof in mistake.proofs]
    assert all(mistake.proofs for mistake in CATALOGUE)
    assert {*ALWAYS, *(need for proof in proofs for need in proof.needs)} == set(NEEDS) == set(holds_of(LSTMSpec()))
    assert {proof.values for proof in proofs} == set(differing_of(LSTMSpec()))


def test_a_line_for_one_direction_says_what_to_write_for_two() -> None:
    """Else who has two directions is told to make another mistake; a tempting line that joins both is right for two."""
    of_one = [each for each in CATALOGUE if "hn[-1]" in each.instead and "hn[-2]" not in each.tempting]
    assert len(of_one) >= 4
    assert not [each.id for each in of_one if "hn[-2]" not in each.instead]


def test_each_place_near_at_hand_is_taken_once() -> None:
    near = [proof.near for mistake in CATALOGUE for proof in mistake.proofs if proof.near]
    assert sorted(near) == list(range(1, len(near) + 1))


def test_what_stands_in_a_list_has_a_short_form() -> None:
    specs = [LSTMSpec(num_layers=2, bidirectional=True, lengths=lengths) for lengths in (None, (2, 3), (3, 5, 4))]
    listed = {pitfall.id for spec in specs for pitfall in pitfalls(spec)}
    assert {mistake.id for mistake in CATALOGUE if mistake.short} == listed
    assert all(len(mistake.short) <= 38 for mistake in CATALOGUE)


def test_the_specs_are_specs() -> None:
    for mistake in CATALOGUE:
        assert LSTMSpec.from_dict(mistake.spec).has_values


def test_no_sentence_of_the_catalogue_stands_in_another_file() -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in _PACKAGE.rglob("*.py")}
    assert [
        (path.name, mistake.id) for path, text in sources.items() for mistake in CATALOGUE if mistake.what in text
    ] == []


def test_what_finds_a_mistake_is_a_command() -> None:
    assert {command for mistake in CATALOGUE for command in mistake.found_by} <= {*COMMANDS, "lint", "run"}
