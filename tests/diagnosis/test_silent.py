"""What torch accepts and gets wrong: shown where shapes, lengths and flags can show it, and by torch that it is so."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import (
    PackedSequence,
    pack_padded_sequence,
    pad_packed_sequence,
    pad_sequence,
    unpad_sequence,
)

from lstm_inspect.diagnosis import check_call as call_module
from lstm_inspect.diagnosis.check_call import check_call, names_of_call, shown
from lstm_inspect.diagnosis.finding import Diagnosis
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.names import facts_of
from lstm_inspect.mistakes.catalogue import BY_ID, CATALOGUE

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
    "the last step after unpacking": ({"lengths": (6, 4, 2)}, "padding-as-last-step"),
    "padding read by the reverse direction": ({"lengths": (6, 3), "bidirectional": True}, "padding-read-in-reverse"),
    "the last step of two directions": ({"bidirectional": True}, "last-step-bidirectional"),
    "the last row of two directions": ({"bidirectional": True}, "one-direction-of-two"),
    "hn.view(B, -1)": ({"input_shape": (5, 3, 3), "bidirectional": True, "num_layers": 1}, "sequences-mixed"),
    "hn.view(D, L, ..)": ({"bidirectional": True, "num_layers": 2}, "layers-for-directions"),
    "output.view(.., H, 2)": ({"bidirectional": True}, "directions-interleaved"),
    "B == L*D": (
        {"input_shape": (2, 5, 3), "batch_first": True, "num_layers": 2, "bidirectional": False},
        "batch-equals-rows",
    ),
    "sorted by hand": ({"lengths": (2, 6, 3, 5)}, "order-not-restored"),
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
    "sorted_indices twice": ({"lengths": (3, 5, 2, 4)}, "order-not-restored"),
    "dropout of one layer": ({"num_layers": 1, "dropout": 0.5}, "dropout-one-layer"),
    "dropout of two layers": ({"num_layers": 2, "dropout": 0.5}, "dropout-where-it-acts"),
    "packed and padded compared to the bit": ({"lengths": (20, 15, 9, 2)}, "packed-to-rounding"),
}  # fmt: skip


def _carried(lstm: torch.nn.LSTM, x: Tensor) -> Any:
    return lstm(x, lstm(x + 1)[1])


def _unpadded(lstm: torch.nn.LSTM, x: Tensor) -> Any:
    output = lstm(x)[0].clone()
    unpad_sequence(output, torch.tensor([4, 4, 4]))
    return output


def _one_bias_twice(lstm: torch.nn.LSTM, x: Tensor) -> Any:
    lstm.get_parameter("bias_hh_l0").copy_(lstm.get_parameter("bias_ih_l0"))
    return lstm(x)[0]


def _one_bias(lstm: torch.nn.LSTM, x: Tensor) -> Any:
    lstm.get_parameter("bias_hh_l0").zero_()
    return lstm(x)[0]


def _gates_of_onnx(lstm: torch.nn.LSTM, x: Tensor) -> Any:
    lstm.get_parameter("weight_ih_l0").copy_(
        torch.cat([lstm.get_parameter("weight_ih_l0").chunk(4)[gate] for gate in (0, 3, 1, 2)])
    )
    return lstm(x)[0]


def _kernel_of_keras(lstm: torch.nn.LSTM, x: Tensor) -> Any:
    lstm.get_parameter("weight_ih_l0").copy_(
        lstm.get_parameter("weight_ih_l0").t().reshape(lstm.get_parameter("weight_ih_l0").shape)
    )
    return lstm(x)[0]


def _as_it_is(lstm: torch.nn.LSTM, x: Tensor) -> Any:
    return lstm(x)[0]


NOT_SHOWN: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "view instead of transpose": (
        lambda lstm, x: lstm(x.view(3, 4, 3))[0],
        lambda lstm, x: lstm(x.transpose(0, 1))[0],
    ),
    "output indexed as a tuple": (lambda lstm, x: lstm(x)[0], lambda lstm, x: lstm(x)[1][0]),
    "unpad_sequence transposes its input in place": (_unpadded, _as_it_is),
    "pad_sequence takes the first dtype": (
        lambda lstm, x: lstm(pad_sequence([x[:, 0].long(), x[:, 1]]).float())[0],
        lambda lstm, x: lstm(pad_sequence([x[:, 0].long().float(), x[:, 1]]))[0],
    ),
    "a state carried between unrelated batches": (
        lambda lstm, x: _carried(lstm, x)[0],
        lambda lstm, x: lstm(x, tuple(torch.zeros_like(each) for each in lstm(x + 1)[1]))[0],
    ),
    "a Keras kernel not transposed": (_kernel_of_keras, _as_it_is),
    "ONNX gates not reordered": (_gates_of_onnx, _as_it_is),
    "one bias copied into both": (_one_bias_twice, _one_bias),
}
"""The mistake, and the same done right: no shape of a call tells them apart."""


def silent(**facts: Any) -> list[Diagnosis]:
    """The silent mistakes that facts show."""
    return list(call_module.silent(names_of_call(facts_of(Known(**facts)))))


def rules(facts: dict[str, Any]) -> list[str | None]:
    found = check_call(Known(**facts))
    return [each.rule for each in (found, *found.further)]


@pytest.mark.parametrize("name", SHOWN)
def test_what_shapes_can_show(name: str) -> None:
    facts, rule = SHOWN[name]
    assert rule in rules(facts)


def calls_and_result(make: Callable[..., Any]) -> tuple[list[list[tuple[int, ...]]], Tensor]:
    """The shapes of every call, and what came of them."""
    torch.manual_seed(0)
    lstm, seen = torch.nn.LSTM(3, 4), list[list[tuple[int, ...]]]()

    def keep(module: torch.nn.Module, args: tuple[Any, ...]) -> None:
        seen.append([tuple(each.shape) for arg in args for each in (arg if isinstance(arg, tuple) else (arg,))])

    lstm.register_forward_pre_hook(keep)
    with torch.no_grad():
        return seen, make(lstm, 3 * torch.randn(4, 3, 3))


@pytest.mark.parametrize("name", NOT_SHOWN)
def test_what_no_shape_of_a_call_can_show(name: str) -> None:
    (wrong_calls, wrong), (right_calls, right) = map(calls_and_result, NOT_SHOWN[name])
    assert wrong_calls == right_calls
    assert wrong.shape != right.shape or not torch.allclose(wrong, right, atol=1e-4)


def test_silent_findings_have_the_shape_that_every_command_gives_them() -> None:
    found = check_call(Known(input_shape=(4, 7, 3), batch_size=4, batch_first=False, bidirectional=True))
    first = found.mistakes[0]
    assert (first.id, first.level) == ("batch-first-forgotten", "error")
    assert (first.what, first.instead) == (found.causes[0].cause, found.causes[0].fix)
    assert {each.level for each in found.mistakes[1:]} == {"note"}
    assert [each.id for each in found.mistakes] == [each.rule for each in (found, *found.further)]


def test_what_torch_refuses_is_no_mistake_of_the_catalogue() -> None:
    found = check_call(Known(input_shape=(5, 3, 3), lengths=(8, 3, 2)))
    assert found.rule == "length-over-t"
    assert found.rule not in {each.id for each in found.mistakes}


def test_every_row_of_the_table_is_shown_by_some_call() -> None:
    shown = {rule for facts, _ in SHOWN.values() for rule in rules(facts)}
    assert {mistake.id for mistake in CATALOGUE if mistake.seen} <= shown


def test_a_row_that_never_finds_anything_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    facts, rule = SHOWN["B == T"]
    seen = BY_ID[rule].seen
    assert seen is not None
    monkeypatch.setattr(call_module, "CATALOGUE", (replace(BY_ID[rule], seen=replace(seen, when="batch == times")),))
    assert rule not in rules(facts)


@pytest.mark.parametrize("name", SHOWN)
def test_no_hole_is_left_in_a_text(name: str) -> None:
    facts, _ = SHOWN[name]
    for found in silent(**facts):
        cause = found.causes[0]
        assert not re.search(r"[{}]|None", cause.cause + cause.fix + cause.likely_if)


def test_the_certain_ones_come_first() -> None:
    found = silent(input_shape=(4, 7, 3), lengths=(7, 5, 2, 1.5), batch_first=False, bidirectional=True)
    kinds = [each.kind for each in found]
    assert kinds == sorted(kinds, key=("wrong", "trap").index)
    assert kinds[0] == "wrong"
    assert shown(list(range(20))).endswith("..]")


@pytest.mark.parametrize(
    "facts", [{}, {"num_layers": 2}, {"lengths": (3, 3)}, {"lengths": (5,)}, {"batch_first": True}]
)
def test_nothing_is_made_up(facts: dict[str, Any]) -> None:
    assert [each.kind for each in silent(**facts) if each.kind == "wrong"] == []


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
