"""One table of letters, and whatever says what they mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstm_inspect import LSTMSpec
from lstm_inspect.theory.letters import LETTERS, sizes

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("letter", LETTERS)
def test_every_size_is_a_field_of_the_spec(letter: str) -> None:
    assert getattr(LSTMSpec(proj_size=5), LETTERS[letter].field) > 0


@pytest.mark.parametrize(
    "text", [README.read_text(encoding="utf-8"), LSTMSpec.__doc__ or ""], ids=["README", "LSTMSpec"]
)
def test_the_letters_are_said_in_the_table_s_words(text: str) -> None:
    words = " ".join(text.split())
    assert [letter for letter in LETTERS if letter != "R" and f"{letter} {LETTERS[letter].many}" not in words] == []


def test_a_spec_has_no_letter_without_a_size() -> None:
    assert "P" in sizes(LSTMSpec(proj_size=5))
    assert sizes(LSTMSpec(batch_size=None), "BP") == {}
    assert sizes(LSTMSpec(batch_size=None)) == {"T": 5, "I": 10, "H": 20, "L": 1, "D": 1}
