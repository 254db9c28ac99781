"""What watching broke once, each with its reproduction: the user's module, program and numbers are as without us."""

from __future__ import annotations

import copy
import io
import threading
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from trainings import MODELS, parametrized, trained

from lstm_inspect import inspect_module, watch


@pytest.mark.filterwarnings("ignore")  # torch's own, of compiling and of copies
@pytest.mark.parametrize("name", MODELS)
def test_training_is_bit_for_bit_what_it_is_without(name: str) -> None:
    alone = trained(name)
    with watch() as calls:
        watched = trained(name)
    assert watched == alone
    assert calls.faults == []
    assert [call.error for call in calls] == [None] * len(calls)
    assert calls.verified is True
    torch._dynamo.reset()


def test_weight_dropout_is_said() -> None:
    model = parametrized()
    with watch(model) as calls:
        model(torch.randn(5, 2, 4))
    assert [warning.id for warning in calls.warnings] == ["weights-computed"]


def test_two_threads_leave_the_module_in_its_mode_and_their_numbers_alone() -> None:
    lstm, x = nn.LSTM(4, 8, num_layers=2, dropout=0.5), torch.randn(20, 3, 4)
    modes = set()

    def work(inspected: bool) -> None:
        for _ in range(15):
            if inspected:
                inspect_module(lstm, x, reference=False)
            with watch(lstm, reference=False):
                lstm(x)
            modes.add(lstm.training)

    threads = [threading.Thread(target=work, args=(inspected,)) for inspected in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert modes == {True}


def test_random_numbers_are_not_even_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    def touched(*_: Any, **__: Any) -> Any:
        raise AssertionError("another thread may be drawing")

    lstm, x = nn.LSTM(4, 8), torch.randn(5, 2, 4)
    for name in ("fork_rng", "set_rng_state", "manual_seed"):
        monkeypatch.setattr(torch.random, name, touched)
    assert inspect_module(lstm, x).verified
    with watch(lstm) as calls:
        lstm(x)
    assert calls.verified


def test_nothing_is_kept_by_a_copy_that_is_made_inside() -> None:
    lstm, x = nn.LSTM(4, 8), torch.randn(5, 2, 4)
    with watch(lstm) as calls:
        lstm(x)
        made, file = copy.deepcopy(lstm), io.BytesIO()
        torch.save(lstm, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=False)
    for each in (made, loaded):
        assert not each._forward_hooks
        assert torch.equal(each(x)[0], lstm(x)[0])
    assert len(calls) == 1


def test_forward_called_by_itself_is_seen() -> None:
    lstm = nn.LSTM(4, 8)
    with watch(lstm) as calls:
        lstm.forward(torch.randn(5, 2, 4))
    assert [call.verified for call in calls] == [True]


def test_a_subclass_that_packs_by_itself_is_seen_where_it_calls_torchs_own_forward() -> None:
    class Packs(nn.LSTM):
        def forward(self, x: Tensor, hx: Any = None, lengths: Any = None) -> Any:  # type: ignore[override]
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            output, state = super().forward(packed, hx)
            return pad_packed_sequence(output, batch_first=True)[0], state

    model = Packs(4, 8, batch_first=True)
    with watch(model) as calls:
        model(torch.randn(3, 5, 4), lengths=[2, 5, 3])
    assert calls[0].report is not None
    assert (calls[0].report.spec.lengths, calls[0].verified, calls[0].kind) == ((2, 5, 3), True, "Packs")


def test_a_forward_that_the_program_puts_in_torchs_place_is_called_by_the_program_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs, honest = [], nn.LSTM.forward

    def forward(self: nn.LSTM, *args: Any) -> Any:
        theirs.append(self)
        return honest(self, *args)

    monkeypatch.setattr(nn.LSTM, "forward", forward)
    lstm = nn.LSTM(4, 8, dropout=0.5, num_layers=2)
    with watch() as calls:
        lstm(torch.randn(5, 3, 4))
    assert (theirs, [call.verified for call in calls]) == ([lstm], [True])


def test_a_call_that_torch_refuses_is_recorded_with_its_diagnosis() -> None:
    lstm = nn.LSTM(4, 8)
    with pytest.raises(RuntimeError, match="Expected hidden"), watch(lstm) as calls:
        lstm(torch.randn(5, 2, 4), (torch.zeros(2, 1, 8), torch.zeros(2, 1, 8)))
    call = calls[0]
    assert (call.outcome, call.verified, call.report) == ("refused", False, None)
    assert call.error == "RuntimeError: Expected hidden[0] size (1, 2, 8), got [2, 1, 8]"
    assert call.diagnosis is not None
    assert (call.diagnosis.argument, call.diagnosis.expected, call.diagnosis.got) == ("h0", (1, 2, 8), (2, 1, 8))
    assert (call.file, call.line) == (
        __file__,
        test_a_call_that_torch_refuses_is_recorded_with_its_diagnosis.__code__.co_firstlineno + 3,
    )


def test_a_counter_of_operations_counts_the_users_alone() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    lstm, x = nn.LSTM(4, 8), torch.randn(5, 2, 4)

    def count() -> int:
        with FlopCounterMode(display=False) as counter:
            nn.Linear(4, 8)(lstm(x)[0][..., :4])
        return int(counter.get_total_flops())

    alone = count()
    with watch(lstm) as calls:
        assert count() == alone
    assert calls.verified


def test_one_proof_a_kind_and_the_rest_costs_next_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from lstm_inspect.live import record

    proofs: list[Any] = []
    monkeypatch.setattr(record, "prove", lambda *call: proofs.append(call))
    lstm, x = nn.LSTM(4, 8), torch.randn(5, 2, 4)
    with watch(lstm):
        for _ in range(50):
            lstm(x)
    assert len(proofs) == 1


def test_warnings_of_a_report_name_arguments_as_python_does() -> None:
    lstm = nn.LSTM(4, 8, num_layers=2, bidirectional=True)
    with watch(lstm) as calls:
        lstm(torch.randn(7, 4, 4))
    report = calls[0].report
    assert report is not None
    said = [warning["message"] for warning in report.to_dict()["warnings"]]
    assert said[0].startswith("batch_size == num_layers * directions == 4")
