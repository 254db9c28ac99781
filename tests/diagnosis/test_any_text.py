"""Any text at all: no exception, no number too long, a message found in whatever surrounds it."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_inspect.diagnosis.check_call import diagnose_call
from lstm_inspect.diagnosis.diagnose import diagnose
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.rule import rules

WORDINGS = [wording.template for rule in rules() for wording in rule.wordings]
SIZES = st.integers(0, 20)
SHAPES = st.lists(SIZES, max_size=4).map(tuple)
TYPES = st.sampled_from(
    ["float", "torch.float64", "cpu", "cuda:0", "tuple", "NoneType", "str", "list", "Long", "PackedSequence", "LSTM"]
)
NAMES = st.sampled_from(
    ["dim", "lengths", "h0", "hidden_size", "units", "weight_ih_l0", "batch_sizes", "size", "num_layers", "forward"]
)
FILLED: dict[str, st.SearchStrategy[Any]] = {
    "int": SIZES,
    "shape": SHAPES.map(list),
    "view": st.lists(st.integers(-1, 9), min_size=1, max_size=4),
    "name": NAMES,
    "argument": st.sampled_from(["input_size", "bias", "num_layers"]),
    "number": st.just("0.5"),
    "text": st.sampled_from(["", "input ", "Tensor, Tensor"]),
    "types": st.sampled_from(["", "Tensor, tuple", "Tensor, Tensor, !tuple!, !list!, bool, int, int, bool, !int!"]),
    "rest": st.sampled_from(
        ["", ' Missing key(s) in state_dict: "lstm.weight_ih_l1".', "a.weight_ih_l0: copying a param with shape torch"]
    ),
}
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "input_shape": SHAPES.filter(bool), "h0_shape": SHAPES.filter(bool), "c0_shape": SHAPES.filter(bool),
        "lengths": st.lists(st.integers(-1, 9), min_size=1, max_size=4).map(tuple), "input_size": SIZES,
        "hidden_size": SIZES, "num_layers": SIZES, "proj_size": SIZES, "bidirectional": st.booleans(),
        "batch_first": st.booleans(), "dropout": st.floats(-1, 30), "batch_size": SIZES, "total_length": SIZES,
    },
)  # fmt: skip
FRAME = 'Traceback (most recent call last):\n  File "lstm.py", line 3, in forward\n    y, _ = self.lstm(x)\n'


@st.composite
def messages(draw: st.DrawFn) -> str:
    """A message of any rule, with any numbers and names."""
    template = draw(st.sampled_from(WORDINGS))
    return re.sub(r"\{(\w+)(?::(\w+))?\}", lambda found: str(draw(FILLED.get(found[2] or "word", TYPES))), template)


@settings(max_examples=400, deadline=None)
@given(messages(), FACTS, st.sampled_from(["", FRAME]))
def test_any_numbers_and_any_facts(message: str, facts: dict[str, Any], before: str) -> None:
    found = diagnose_call(f"{before}RuntimeError: {message}", Known(**facts))
    assert all(each.cause and each.fix for each in (*found.causes, *found.if_lstm))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_random_text(text: str) -> None:
    assert not diagnose(text).causes


@settings(max_examples=200, deadline=None)
@given(messages(), st.data())
def test_a_message_cut_and_changed_anywhere(message: str, data: st.DataObject) -> None:
    text = f"{FRAME}RuntimeError: {message}"
    start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    diagnose(text[:start] + data.draw(st.text(max_size=5)) + text[end:])
    diagnose(text[start:end])


@pytest.mark.parametrize(
    "text",
    [
        f"Expected hidden[0] size ({'9' * 5000}, 2, 3), got [1, 2, 3]",
        f"mat1 and mat2 shapes cannot be multiplied ({'9' * 5000}x4 and 5x6)",
        f"{FRAME}{'/' * 300_000}\nRuntimeError: Expected hidden[0] size (1, 2, 3), got [2, 1, 3]",
        f'  File "{"a" * 5000}.py", line {"9" * 5000}, in f\nIndexError: tuple index out of range',
    ],
)
def test_no_number_and_no_line_is_too_long(text: str) -> None:
    assert diagnose(text).rule in (None, "hidden-size", "index-range")


def test_a_log_of_nothing_but_other_codes_errors_ends_in_time() -> None:
    said = "RuntimeError: mat1 and mat2 must have the same dtype\n"
    one = f'  File "net.py", line 3, in f\n    {"hidden mask energy " * 26}%d\n{said}'
    start = time.process_time()
    assert not diagnose("".join(one % number for number in range(1700))).matched
    assert time.process_time() - start < 3  # half a second where nothing else runs
