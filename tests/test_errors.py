"""How errors are spelt."""

from __future__ import annotations

import pytest

from lstm_inspect.cli.options import spell_flag
from lstm_inspect.errors import FileError, SpecError, literal, spell_arguments


@pytest.mark.parametrize(
    ("name", "value", "flag", "python"),
    [
        ("proj_size", "10", "--proj-size 10", "proj_size=10"),
        ("hidden_size", None, "--hidden-size", "hidden_size"),
        ("num_layers", "2", "--layers 2", "num_layers=2"),
        ("bidirectional", "True", "--bidir", "bidirectional=True"),
        ("bidirectional", "False", "--no-bidir", "bidirectional=False"),
        ("bias", "False", "--no-bias", "bias=False"),
        ("reference", "False", "--no-reference", "reference=False"),
        ("predict", "True", "--predict", "predict=True"),
        ("batch_size", "None", "--unbatched", "batch_size=None"),
        ("state", "True", "--state True", "state=True"),
        ("dtype", "False", "--dtype False", "dtype=False"),
    ],
)
def test_arguments_are_spelt_for_their_reader(name: str, value: str | None, flag: str, python: str) -> None:
    placeholder = f"{{{name}}}" if value is None else f"{{{name}={value}}}"
    assert spell_arguments(placeholder, spell_flag) == flag
    assert spell_arguments(placeholder) == python


@pytest.mark.parametrize("text", ["{seed}", "{{seed}}", "a{b}c{d=1}", "{", "}", "{}", "[red]"])
def test_what_others_wrote_names_no_argument(text: str) -> None:
    assert spell_arguments(literal(text)) == text
    assert FileError(literal(text), "already exists", "it was not overwritten", "{force=True}").message(spell_flag) == (
        f"{text} already exists: it was not overwritten. Try --force."
    )


def test_the_message_is_the_exception_s_text() -> None:
    error = SpecError("seed", "-1", "a whole number from 0", "{seed=0}")
    assert str(error) == error.message() == "seed=-1: must be a whole number from 0. Try seed=0."
    assert (error.offender, error.got, error.allowed, error.instead) == (
        "seed",
        "-1",
        "a whole number from 0",
        "{seed=0}",
    )
