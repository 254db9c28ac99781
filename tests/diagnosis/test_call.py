"""A call checked from its shapes alone: held against what torch itself takes and refuses."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_inspect.diagnosis import check_call as call_module
from lstm_inspect.diagnosis.check_call import check_call, diagnose_call
from lstm_inspect.diagnosis.finding import Diagnosis
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.theory.shapes import Shape

SIZES = st.integers(1, 3)
MODULES = st.fixed_dictionaries(
    {
        "input_size": SIZES,
        "hidden_size": st.integers(2, 4),
        "num_layers": st.integers(1, 2),
        "bidirectional": st.booleans(),
        "batch_first": st.booleans(),
        "proj_size": st.integers(0, 1),
    }
)
SHAPES = st.lists(SIZES, min_size=2, max_size=3).map(tuple)
STATES = st.lists(st.integers(1, 4), min_size=2, max_size=3).map(tuple)


def torch_refuses(module: dict[str, Any], input: Shape, h0: Shape, c0: Shape) -> str | None:
    """What torch says to a call with tensors of these shapes; None if it runs."""
    lstm = torch.nn.LSTM(**module)
    try:
        run(lstm, torch.zeros(input), (torch.zeros(h0), torch.zeros(c0)))
    except (RuntimeError, ValueError) as error:
        return str(error)
    return None


def run(lstm: torch.nn.LSTM, *arguments: Any) -> Any:
    """The call; torch warns that oneDNN has no kernel for a projection."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="LSTM with projections")
        return lstm(*arguments)


def mistakes(found: Diagnosis) -> list[Diagnosis]:
    """The findings that are no traps."""
    return [each for each in (found, *found.further) if each.matched and each.kind != "trap"]


def agrees_with_torch(module: dict[str, Any], input: Shape, h0: Shape, c0: Shape) -> bool:
    found = mistakes(check_call(Known(input_shape=input, h0_shape=h0, c0_shape=c0, **module)))
    return bool(found) == (torch_refuses(module, input, h0, c0) is not None)


@settings(max_examples=150, deadline=None)
@given(MODULES, SHAPES, STATES, STATES)
def test_it_refuses_what_torch_refuses(module: dict[str, Any], input: Shape, h0: Shape, c0: Shape) -> None:
    assert agrees_with_torch(module, input, h0, c0)


@settings(max_examples=100, deadline=None)
@given(MODULES, SHAPES)
def test_it_accepts_what_torch_accepts(module: dict[str, Any], lead: Shape) -> None:
    input = (*lead[:-1], module["input_size"])
    _, (hn, cn) = run(torch.nn.LSTM(**module), torch.zeros(input))
    assert not mistakes(
        check_call(Known(input_shape=input, h0_shape=tuple(hn.shape), c0_shape=tuple(cn.shape), **module))
    )


def test_a_check_that_misses_a_state_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    module = {"input_size": 3, "hidden_size": 4, "num_layers": 1, "bidirectional": False, "proj_size": 0}
    case = ({**module, "batch_first": False}, (5, 2, 3), (1, 5, 4), (1, 2, 4))
    assert agrees_with_torch(*case)
    monkeypatch.setattr(call_module, "_unfit_state", lambda names: None)
    assert not agrees_with_torch(*case)


@settings(max_examples=150, deadline=None)
@given(MODULES, st.tuples(SIZES, SIZES), STATES, STATES)
def test_the_line_to_write_mends_the_call(module: dict[str, Any], lead: Shape, h0: Shape, c0: Shape) -> None:
    """The states that a finding writes are taken by torch, whichever of the two was wrong."""
    shape = (*lead, module["input_size"])
    known = Known(input_shape=shape, h0_shape=h0, c0_shape=c0, **module)
    lstm, input = torch.nn.LSTM(**module), torch.zeros(shape)
    names: dict[str, Any] = {"torch": torch, "input": input, "h0": torch.zeros(h0), "c0": torch.zeros(c0)}
    for _ in range(3):  # h0's axes or sizes, then c0's
        known = Known(input_shape=shape, h0_shape=tuple(names["h0"].shape), c0_shape=tuple(names["c0"].shape), **module)
        found = mistakes(check_call(known))
        if not found:
            break
        fixes = [cause.fix for cause in found[0].causes if "new_zeros" in cause.fix]
        if not fixes:
            return  # the layout is at fault, not the states
        exec(fixes[0], names)
    run(lstm, input, (names["h0"], names["c0"]))


def first(**facts: Any) -> Diagnosis:
    return check_call(Known(**facts))


FIRST: list[tuple[dict[str, Any], str, str, int | None, str]] = [
    (
        {"input_shape": (5, 3, 10), "h0_shape": (3, 1, 20), "batch_first": False},
        "hidden-size",
        "h0",
        0,
        "states-batch-first",
    ),
    (
        {"input_shape": (3, 5, 10), "h0_shape": (1, 3, 20), "batch_first": False},
        "hidden-size",
        "h0",
        1,
        "batch-first-missing",
    ),
    (
        {"input_shape": (3, 5, 10), "h0_shape": (1, 5, 20), "batch_first": True},
        "hidden-size",
        "h0",
        1,
        "batch-first-too-many",
    ),
    (
        {"input_shape": (5, 7, 10), "h0_shape": (1, 32, 20), "batch_first": False},
        "hidden-size",
        "h0",
        1,
        "last-batch",
    ),
    ({"input_shape": (5, 3, 10), "h0_shape": (2, 9, 20)}, "hidden-size", "h0", 1, "last-batch"),
    (
        {"input_shape": (5, 3, 10), "h0_shape": (2, 3, 20), "num_layers": 2, "bidirectional": True},
        "hidden-size",
        "h0",
        0,
        "directions-missing",
    ),
    (
        {"input_shape": (5, 3, 10), "h0_shape": (1, 3, 20), "num_layers": 2, "bidirectional": False},
        "hidden-size",
        "h0",
        0,
        "layers-missing",
    ),
    (
        {"input_shape": (5, 3, 10), "h0_shape": (2, 3, 20), "num_layers": 1, "bidirectional": False},
        "hidden-size",
        "h0",
        0,
        "bidirectional-into-one-direction",
    ),
    (
        {"input_shape": (5, 3, 10), "h0_shape": (1, 3, 20), "hidden_size": 20, "proj_size": 8},
        "hidden-size",
        "h0",
        2,
        "h0-not-projected",
    ),
    (
        {
            "input_shape": (5, 3, 10),
            "h0_shape": (1, 3, 8),
            "c0_shape": (1, 3, 8),
            "hidden_size": 20,
            "proj_size": 8,
        },
        "hidden-size",
        "c0",
        2,
        "c0-projected",
    ),
    ({"h0_shape": (1, 3, 20), "c0_shape": (1, 4, 20)}, "hidden-size", "c0", 1, "last-batch"),
    ({"input_shape": (5, 3, 7), "input_size": 10}, "input-size", "input", 2, "another-input-size"),
    ({"input_shape": (5, 10, 7), "input_size": 10}, "input-size", "input", 2, "features-not-last"),
    ({"input_shape": (3, 50), "input_size": 1}, "input-size", "input", 1, "feature-axis-missing"),
    ({"input_shape": (3, 50), "input_size": 10}, "input-size", "input", 1, "not-embedded"),
    ({"input_shape": (2, 3, 8, 8)}, "input-axes", "input", None, "image"),
    ({"input_shape": (0, 3, 10), "batch_first": False}, "no-steps", "input", None, "empty-time"),
    ({"input_shape": (5, 3, 10), "h0_shape": (3, 20)}, "states-axes-batched", "h0", 0, "rows-axis-missing"),
    (
        {"input_shape": (5, 10), "h0_shape": (1, 1, 20)},
        "states-axes-unbatched",
        "input",
        None,
        "input-lost-its-batch",
    ),
    ({"h0_shape": (1, 3, 20), "batch_size": 4}, "hidden-size", "h0", 1, "last-batch"),
    ({"h0_shape": (3, 3, 20), "num_layers": 2}, "hidden-size", "h0", 0, "more-layers"),
    ({"h0_shape": (1, 3, 20), "bidirectional": True}, "hidden-size", "h0", 0, "directions-missing"),
    ({"h0_shape": (1, 3, 30), "hidden_size": 20}, "hidden-size", "h0", 2, "another-width"),
    (
        {"input_shape": (5, 3, 10), "h0_shape": (1, 3, 20), "c0_shape": (3, 20)},
        "states-axes-batched",
        "h0",
        None,
        "states-differ",
    ),
    ({"input_shape": (5, 3, 10), "c0_shape": (3, 20)}, "states-axes-batched", "h0", 0, "rows-axis-missing"),
    ({"hidden_size": 8, "proj_size": 8}, "proj-size", "proj_size", None, "not-smaller"),
    ({"dropout": 20.0}, "dropout-range", "dropout", None, "dropout-range"),
    ({"num_layers": 0}, "constructor-size-zero", "num_layers", None, "no-layers"),
]


@pytest.mark.parametrize(
    ("facts", "rule", "argument", "axis", "cause"),
    FIRST,
)
def test_the_first_finding(facts: dict[str, Any], rule: str, argument: str, axis: int | None, cause: str) -> None:
    found = first(**facts)
    assert (found.rule, found.argument, found.axis, found.causes[0].id) == (rule, argument, axis, cause)


PACKED: list[tuple[dict[str, Any], str, int]] = [
    ({"h0_shape": (1, 9, 20)}, "hidden-size", 1),
    ({"h0_shape": (1, 3, 20), "c0_shape": (1, 1, 20)}, "hidden-size", 1),
    ({"h0_shape": (3, 20)}, "states-axes-batched", 0),
    ({"input_size": 7}, "input-size", 2),
    ({"h0_shape": (2, 3, 20), "num_layers": 1, "bidirectional": False}, "hidden-size", 0),
]


@pytest.mark.parametrize(
    ("facts", "rule", "axis"),
    PACKED,
)
def test_packed_input_of_which_torch_checks_nothing(facts: dict[str, Any], rule: str, axis: int) -> None:
    found = first(input_shape=(5, 3, 10), lengths=(5, 3, 2), **facts)
    assert (found.rule, found.axis, found.kind) == (rule, axis, "wrong")
    assert "packed" in str(found.note)


LENGTHS: list[tuple[dict[str, Any], str]] = [
    ({"lengths": (5, 3, 0)}, "lengths-positive"),
    ({"lengths": (5, 3, -1)}, "lengths-positive"),
    ({"lengths": (8, 3, 2)}, "length-over-t"),
    ({"lengths": (5, 4)}, "lengths-count"),
    ({"lengths": (5, 4, 3, 2)}, "lengths-count"),
    ({"lengths": (3, 5, 2), "enforce_sorted": True}, "lengths-sorted"),
    ({"lengths": (5, 3, 2), "total_length": 4}, "total-length"),
]


@pytest.mark.parametrize(
    ("facts", "rule"),
    LENGTHS,
)
def test_lengths(facts: dict[str, Any], rule: str) -> None:
    found = first(input_shape=(5, 3, 10), batch_first=False, **facts)
    assert (found.rule, found.argument) == (rule, "total_length" if rule == "total-length" else "lengths")


def test_an_unknown_flag_is_no_default() -> None:
    found = first(input_shape=(3, 5, 10), h0_shape=(2, 5, 20))
    assert not found.matched
    assert any("batch_first=True" in need for need in found.needs)
    assert any("num_layers" in need for need in found.needs)


def test_a_sound_call_has_nothing_to_say() -> None:
    found = first(
        input_shape=(5, 3, 10), h0_shape=(1, 3, 20), c0_shape=(1, 3, 20), input_size=10, hidden_size=20, num_layers=1,
        bidirectional=False, batch_first=False, proj_size=0,
    )  # fmt: skip
    assert not found.matched
    assert found.needs == ()


def test_a_message_and_its_call() -> None:
    known = Known(
        input_shape=(3, 5, 10), h0_shape=(1, 3, 20), c0_shape=(1, 3, 20), batch_first=False, lengths=(5.5, 2, 1)
    )
    found = diagnose_call("Expected hidden[0] size (1, 5, 20), got [1, 3, 20]", known)
    assert found.causes[0].id == "batch-first-missing"
    assert "fractional-lengths" in [each.rule for each in found.further]


def test_shapes_speak_where_the_message_does_not() -> None:
    found = diagnose_call("Segmentation fault", Known(input_shape=(2, 3, 8, 8)))
    assert found.rule == "input-axes"


def test_python_is_asked_in_python() -> None:
    assert not any("--" in need for need in first(input_shape=(3, 5, 10), h0_shape=(2, 5, 20)).needs)
