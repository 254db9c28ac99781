"""What torch accepts and gets wrong: shown where shapes, lengths and flags can show it, and by torch that it is so."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from lstm_inspect.diagnosis import silent as silent_module
from lstm_inspect.diagnosis.check_call import check_call
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.silent import Silent, silent
from lstm_inspect.diagnosis.silent_table import TABLE

SHOWN: dict[str, tuple[dict[str, Any], str]] = {
    "a (B, T, I) batch and batch_first=False": (
        {"input_shape": (4, 7, 3), "batch_size": 4, "batch_first": False},
        "batch-first-forgotten",
    ),
    "a (T, B, I) batch and batch_first=True": (
        {"input_shape": (7, 4, 3), "seq_len": 7, "batch_first": True},
        "batch-first-forgotten",
    ),
    "the lengths tell the layout": (
        {"input_shape": (4, 7, 3), "lengths": (7, 5, 2, 1), "batch_first": False, "enforce_sorted": False},
        "batch-first-forgotten",
    ),
    "B == T": ({"input_shape": (5, 5, 3)}, "batch-equals-time"),
    "a 2-D batch": ({"input_shape": (6, 3), "batch_size": 6}, "batch-of-vectors"),
    "a 2-D input": ({"input_shape": (6, 3)}, "one-sequence"),
    "the last step of padded data": ({"lengths": (6, 4, 2)}, "padding-read"),
    "the last step after unpacking": ({"lengths": (6, 4, 2)}, "last-step-after-unpacking"),
    "padding read by the reverse direction": ({"lengths": (6, 3), "bidirectional": True}, "padding-read-in-reverse"),
    "the last step of two directions": ({"bidirectional": True}, "output-last-step"),
    "the last row of two directions": ({"bidirectional": True}, "hn-last-row"),
    "hn.view(B, -1)": ({"input_shape": (5, 3, 3), "bidirectional": True, "num_layers": 1}, "hn-view"),
    "hn.view(D, L, ..)": ({"bidirectional": True, "num_layers": 2}, "hn-directions-first"),
    "output.view(.., H, 2)": ({"bidirectional": True}, "output-view"),
    "B == L*D": (
        {"input_shape": (2, 5, 3), "batch_first": True, "num_layers": 2, "bidirectional": False},
        "batch-equals-rows",
    ),
    "sorted by hand": ({"lengths": (2, 6, 3, 5)}, "sorted-and-not-unsorted"),
    "the lengths sorted alone": ({"lengths": (2, 6, 3, 5)}, "lengths-sorted-alone"),
    "fewer lengths than sequences": (
        {"input_shape": (5, 3, 3), "lengths": (5, 3), "batch_first": False, "enforce_sorted": False},
        "fewer-lengths",
    ),
    "a length over T": ({"input_shape": (5, 3, 3), "lengths": (8, 3, 2)}, "length-over-t"),
    "no sequence fills T": ({"input_shape": (8, 3, 3), "lengths": (6, 4, 2)}, "output-shorter"),
    "fractions": ({"lengths": (4.9, 3.9, 2.9)}, "fractional-lengths"),
    "a mask's column": ({"input_shape": (5, 3, 3), "lengths": (1, 1, 1)}, "mask-as-lengths"),
    "packed, and h0 of too many sequences": (
        {"input_shape": (5, 3, 3), "lengths": (3, 5, 2), "h0_shape": (1, 9, 4), "enforce_sorted": False},
        "hidden-size",
    ),
    "packed, and c0 of one sequence": (
        {"input_shape": (5, 3, 3), "lengths": (5, 3, 2), "h0_shape": (1, 3, 4), "c0_shape": (1, 1, 4)},
        "hidden-size",
    ),
    "packed, of equal lengths, and other features": (
        {"input_shape": (5, 3, 7), "lengths": (5, 5, 5), "input_size": 3},
        "input-size",
    ),
    "packed.data": ({"input_shape": (10, 3), "lengths": (5, 3, 2)}, "packed-data-alone"),
    "packed data against masked labels": ({"lengths": (4, 3, 1)}, "packed-order"),
    "sorted_indices twice": ({"lengths": (3, 5, 2, 4)}, "sorted-indices-twice"),
    "dropout of one layer": ({"num_layers": 1, "dropout": 0.5}, "dropout-one-layer"),
    "dropout of two layers": ({"num_layers": 2, "dropout": 0.5}, "dropout-where-it-acts"),
    "packed and padded compared to the bit": ({"lengths": (20, 15, 9, 2)}, "packed-to-rounding"),
}  # fmt: skip

NOT_SHOWN = {
    "view or reshape instead of transpose": "both give the same shape: the numbers alone are in other places",
    "a PackedSequence indexed": "it is a named tuple whatever its shapes are; the mistake is in the line that reads it",
    "unpad_sequence changes its input": "it does so for every input; the call of the LSTM has no part in it",
    "pad_sequence takes the first dtype": "dtypes of single sequences, before there is a batch",
    "a state carried between unrelated batches": "its shape is right; only its owner knows what it belongs to",
    "a Keras kernel not transposed": "the shapes of a call don't hold those of its weights",
    "ONNX gates not reordered": "the shapes are the same",
    "one bias copied into both": "the shapes are the same",
    "autocast and packed input": "a dtype of the result, set by the context of the call",
}


def rules(facts: dict[str, Any]) -> list[str | None]:
    found = check_call(Known(**facts))
    return [each.rule for each in (found, *found.further)]


@pytest.mark.parametrize("name", SHOWN)
def test_what_shapes_can_show(name: str) -> None:
    facts, rule = SHOWN[name]
    assert rule in rules(facts)


def test_what_no_shape_can_show_says_why() -> None:
    """The rest of the known silent mistakes; a reason each, and none that the table claims after all."""
    assert len(NOT_SHOWN) == 9
    assert all(NOT_SHOWN.values())


def test_every_row_of_the_table_is_shown_by_some_call() -> None:
    shown = {rule for facts, _ in SHOWN.values() for rule in rules(facts)}
    assert {row.id for row in TABLE} <= shown


def test_a_row_that_never_finds_anything_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    facts, rule = SHOWN["B == T"]
    blind = tuple(row for row in TABLE if row.id != rule)
    monkeypatch.setattr("lstm_inspect.diagnosis.silent_table.TABLE", blind)
    assert rule not in rules(facts)


def test_the_certain_ones_come_first() -> None:
    found = list(silent(Known(input_shape=(4, 7, 3), lengths=(7, 5, 2, 1.5), batch_first=False, bidirectional=True)))
    kinds = [each.kind for each in found]
    assert kinds == sorted(kinds, key=("wrong", "trap").index)
    assert kinds[0] == "wrong"
    assert isinstance(TABLE[0], Silent)
    assert silent_module.shown(list(range(20))).endswith("..]")


@pytest.mark.parametrize(
    "facts", [{}, {"num_layers": 2}, {"lengths": (3, 3)}, {"lengths": (5,)}, {"batch_first": True}]
)
def test_nothing_is_made_up(facts: dict[str, Any]) -> None:
    assert [each.kind for each in silent(Known(**facts)) if each.kind == "wrong"] == []


def test_torch_drops_the_last_sequences() -> None:
    packed = pack_padded_sequence(torch.zeros(5, 3, 3), torch.tensor([5, 3]), enforce_sorted=False)
    _, (hn, _) = torch.nn.LSTM(3, 4)(packed)
    assert hn.shape[1] == 2


def test_torch_cuts_fractions_and_counts_a_mask() -> None:
    for given, kept in (([4.9, 3.9, 2.9], [4, 3, 2]), ([1.0, 1.0, 1.0], [1, 1, 1])):
        _, lengths = pad_packed_sequence(pack_padded_sequence(torch.zeros(5, 3, 3), torch.tensor(given)))
        assert lengths.tolist() == kept


def test_torch_runs_a_wrong_layout() -> None:
    torch.manual_seed(0)
    lstm, batch = torch.nn.LSTM(3, 4), torch.randn(4, 7, 3)
    changed = batch.clone()
    changed[0] += 1
    with torch.no_grad():
        leak = (lstm(changed)[0] - lstm(batch)[0])[3].abs().max()
    assert leak > 1e-3  # sequence 3 feels what sequence 0 holds


def test_torch_takes_packed_states_of_any_batch() -> None:
    lstm = torch.nn.LSTM(3, 4)
    packed: PackedSequence = pack_padded_sequence(torch.randn(5, 3, 3), torch.tensor([3, 5, 2]), enforce_sorted=False)
    many = torch.zeros(1, 9, 4)
    _, (hn, _) = lstm(packed, (many, many))
    assert hn.shape == (1, 3, 4)
