"""What a spec refuses in Python, where a value may be of any type: the words, and what to write instead."""

from __future__ import annotations

from collections import UserList
from typing import Any

import pytest
import torch
from torch import nn

from lstm_inspect import LSTMInspectError, LSTMSpec, explain, inspect


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"hidden_size": 8.0}, "hidden_size=8.0: must be a whole number from 1. Try hidden_size=8."),
        ({"hidden_size": "16"}, "hidden_size='16': must be a whole number from 1. Try hidden_size=16."),
        ({"num_layers": -2}, "num_layers=-2: must be a whole number from 1. Try num_layers=1."),
        ({"seq_len": float("inf")}, "seq_len=inf: must be a whole number from 1. Try seq_len=1."),
        ({"proj_size": None}, "proj_size=None: must be a whole number from 0. Try proj_size=1."),
        ({"seed": 2.0}, "seed=2.0: must be a whole number from 0 to 2**63 - 1. Try seed=0."),
        ({"total_length": 0}, "total_length=0: must be used with lengths. Try seq_len=1."),
        (
            {"lengths": (2, 3), "total_length": -3},
            "total_length=-3: must be at least the longest of lengths (3, sequence 1). Try total_length=3.",
        ),
        (
            {"lengths": torch.tensor([3, 2])},
            "lengths=tensor([3, 2]): must be a tuple or a list of whole numbers from 1. Try lengths=(3, 2).",
        ),
        (
            {"lengths": UserList([4, 2])},
            "lengths=[4, 2]: must be a tuple or a list of whole numbers from 1. Try lengths=(4, 2).",
        ),
        ({"lengths": 5}, "lengths=5: must be a tuple or a list of whole numbers from 1. Try lengths=(8, 9, 10)."),
        (
            {"lengths": "3,2"},
            "lengths='3,2': must be a tuple or a list of whole numbers from 1. Try lengths=(8, 9, 10).",
        ),
        ({"lengths": ()}, "lengths=(): must be at least one whole number from 1. Try lengths=(8, 9, 10)."),
        (
            {"lengths": (3, 0, 2)},
            "lengths=(3, 0, 2): must be whole numbers from 1, but sequence 1 has 0: an empty sequence has no state."
            " Try the others alone, lengths=(3, 2).",
        ),
    ],
)
def test_a_refusal_says_what_to_write_in_python(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(LSTMInspectError) as caught:
        LSTMSpec(**fields)
    assert str(caught.value) == message


@pytest.mark.parametrize("rtol", ["a", True, -1, float("nan")])
def test_a_tolerance_is_a_number(rtol: Any) -> None:
    with pytest.raises(LSTMInspectError, match=r"^rtol=.*: must be a finite number from 0. Try rtol=1e-5.$"):
        inspect(rtol=rtol, predict=True)


def test_a_module_is_no_spec() -> None:
    module: Any = nn.LSTM(10, 20)
    with pytest.raises(LSTMInspectError, match=r"^spec is of type LSTM: it must be an LSTMSpec. Try inspect_module\("):
        inspect(module)
    with pytest.raises(LSTMInspectError, match=r"^spec is of type LSTM: it must be an LSTMSpec. Try inspect_module\("):
        explain("first-layer", module)


@pytest.mark.parametrize("id", [3, None, ""])
def test_what_is_no_id_is_no_mistake(id: Any) -> None:
    with pytest.raises(LSTMInspectError, match="no mistake of the catalogue has this id"):
        explain(id)


def test_a_mistake_of_nearly_this_name_is_offered() -> None:
    with pytest.raises(LSTMInspectError, match=r"^first-layers: no mistake .* has this id. Try first-layer.$"):
        explain("first-layers")


def test_the_arguments_are_what_makes_the_same_spec_again() -> None:
    spec = LSTMSpec(num_layers=2, lengths=(8, 9))
    assert spec.arguments() == {"num_layers": 2, "lengths": (8, 9)}
    assert LSTMSpec(**spec.arguments()) == spec


def test_a_spec_as_json_has_it() -> None:
    assert LSTMSpec.from_dict({"lengths": [8, 9, 10]}) == LSTMSpec(lengths=(8, 9, 10))
