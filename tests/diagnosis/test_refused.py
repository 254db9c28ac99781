"""What torch refuses: each mistake is made, and the message that this torch raises has to lead back to it."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import rnn

from lstm_inspect.diagnosis import diagnose as diagnosis
from lstm_inspect.diagnosis.diagnose import diagnose
from lstm_inspect.diagnosis.rule import rules

TABLE: list[dict[str, Any]] = json.loads((Path(__file__).parent / "refused.json").read_text(encoding="utf-8"))
BY_NAME = {row["mistake"]: row for row in TABLE}
NAMES = {
    "torch": torch,
    "nn": nn,
    "LSTM": nn.LSTM,
    "LSTMCell": nn.LSTMCell,
    "Linear": nn.Linear,
    "randn": torch.randn,
    "zeros": torch.zeros,
    "pack": rnn.pack_padded_sequence,
    "unpack": rnn.pad_packed_sequence,
    "pack_sequence": rnn.pack_sequence,
    "pad_sequence": rnn.pad_sequence,
    "unpad_sequence": rnn.unpad_sequence,
    "PackedSequence": rnn.PackedSequence,
}


@pytest.fixture(autouse=True)
def _onednn_stays_on() -> Iterator[None]:
    before = torch.backends.mkldnn.enabled
    yield
    torch.backends.mkldnn.set_flags(before)  # type: ignore[no-untyped-call]


def message_of(row: dict[str, Any]) -> str:
    """What the installed torch says to a mistake, as a traceback's last line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec("\n".join(row["code"]), dict(NAMES))
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    assert caught, "torch accepts this by now"
    return f"{caught[-1].category.__name__}: {caught[-1].message}"


def test_the_table_is_whole() -> None:
    assert len(TABLE) >= 200
    assert len(BY_NAME) == len(TABLE)


@pytest.mark.parametrize("name", BY_NAME)
def test_its_own_cause_is_among_the_first_two(name: str) -> None:
    row = BY_NAME[name]
    found = diagnose(message_of(row))
    assert found.rule == row["rule"]
    assert row["cause"] in [cause.id for cause in (found.causes or found.if_lstm)[:2]]
    if "argument" in row:
        assert found.argument == row["argument"]


@pytest.mark.parametrize("name", BY_NAME)
def test_every_line_to_write_is_python(name: str) -> None:
    for cause in diagnose(message_of(BY_NAME[name])).causes:
        assert ast.parse(cause.fix).body, cause.fix
        assert cause.cause
        assert cause.likely_if


def test_a_rule_that_does_not_know_the_words_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    row = BY_NAME["hx-batch-first"]
    message = message_of(row)
    others = tuple(rule for rule in rules() if rule.id != row["rule"])
    monkeypatch.setattr(diagnosis, "rules", lambda: others)
    assert not diagnose(message).matched


def test_ids_are_unique() -> None:
    assert len({rule.id for rule in rules()}) == len(rules())
    for rule in rules():
        assert len({cause.id for cause in rule.causes}) == len(rule.causes), rule.id
