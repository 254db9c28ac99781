"""inspect_module: live modules and real input, every kind of call; what it leaves behind; what it refuses."""

from __future__ import annotations

import random
from typing import Any

import jsonschema
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import break_lstm, permuted_gates
from torch import Tensor, nn
from torch.nn.utils import parametrize, prune
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence

import lstm_inspect
from lstm_inspect import LSTMInspectError, inspect_module
from lstm_inspect.contract import json_schema
from lstm_inspect.errors import CallError, RunError
from lstm_inspect.report import Report
from lstm_inspect.theory.packing import batch_sizes, lengths_of
from lstm_inspect.theory.states import state_rows

SHAPES: list[dict[str, Any]] = [
    {},
    {"num_layers": 2, "bidirectional": True},
    {"num_layers": 3, "dropout": 0.5, "bidirectional": True, "proj_size": 8},
    {"batch_first": True, "bias": False, "bidirectional": True},
]
DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]


def ids(report: Report) -> set[str]:
    return {check.claim.id for check in report.checks}


def failed(report: Report) -> list[str]:
    return [check.claim.id for check in report.checks if not check.passed] + [
        result.pitfall.id for result in report.pitfalls if not result.passed
    ]


def states(lstm: nn.LSTM, *batch: int) -> tuple[Tensor, Tensor]:
    rows, dtype = lstm.num_layers * (2 if lstm.bidirectional else 1), next(lstm.parameters()).dtype
    size = lstm.proj_size or lstm.hidden_size
    return torch.randn(rows, *batch, size, dtype=dtype), torch.randn(rows, *batch, lstm.hidden_size, dtype=dtype)


@pytest.mark.parametrize(
    ("shape", "dtype"), [*((shape, torch.float32) for shape in SHAPES), *((SHAPES[1], d) for d in DTYPES[1:])]
)
def test_every_form_of_call_holds(shape: dict[str, Any], dtype: torch.dtype) -> None:
    lstm = nn.LSTM(10, 20, dtype=dtype, **shape)
    batch = torch.randn(4, 4, 10, dtype=dtype)
    packed = pack_padded_sequence(batch, [3, 4, 4, 1], batch_first=lstm.batch_first, enforce_sorted=False)
    descending = pack_padded_sequence(batch, [4, 3, 3, 1], batch_first=lstm.batch_first)
    for input, sizes in ((batch, (4,)), (batch[0], ()), (packed, (4,)), (descending, (4,))):
        for hx in (None, states(lstm, *sizes)):
            report = inspect_module(lstm, input, hx)
            assert failed(report) == []
            assert report.verified is True
            assert ("default-state" in ids(report)) is (hx is None)
            assert (report.packing is not None) is isinstance(input, PackedSequence)


def test_the_report_is_of_this_module_and_this_call() -> None:
    lstm = nn.LSTM(10, 20, num_layers=2, batch_first=True, bidirectional=True, proj_size=8, dtype=torch.float64)
    report = inspect_module(lstm, torch.randn(3, 7, 10, dtype=torch.float64))
    assert report.constructor == (
        "torch.nn.LSTM(10, 20, num_layers=2, batch_first=True, bidirectional=True, proj_size=8, dtype=torch.float64)"
    )
    actual = {tensor.theory.name: tensor.actual for tensor in report.tensors}
    assert actual == {
        "input": (3, 7, 10),
        "h0": (4, 3, 8),
        "c0": (4, 3, 20),
        "output": (3, 7, 16),
        "hn": (4, 3, 8),
        "cn": (4, 3, 20),
    }
    assert report.spec.state == "zeros"
    jsonschema.validate(report.to_dict(), json_schema())


@pytest.mark.parametrize("shape", SHAPES)
def test_the_row_table_holds_for_the_users_own_call(shape: dict[str, Any]) -> None:
    lstm, input = nn.LSTM(10, 20, **shape).eval(), torch.randn(5, 4, 10)
    report = inspect_module(lstm, input)
    with torch.no_grad():
        output, (hn, _) = lstm(input)
    for row in report.states:
        if row.output is not None:
            assert torch.equal(eval(row.output, {"output": output}), hn[row.row])
    assert tuple(report.states) == state_rows(report.spec)


LENGTHS = st.lists(st.integers(1, 6), min_size=1, max_size=9)


@given(lengths=LENGTHS, batch_first=st.booleans())
@settings(max_examples=25, deadline=None)
def test_lengths_are_recovered_in_the_given_order(lengths: list[int], batch_first: bool) -> None:
    sequences = [torch.randn(length, 3) for length in lengths]
    lstm = nn.LSTM(3, 4, batch_first=batch_first)
    report = inspect_module(lstm, pack_sequence(sequences, enforce_sorted=False), reference=False)
    assert report.spec.lengths == tuple(lengths)
    assert report.verified is True
    descending = sorted(lengths, reverse=True)
    assert lengths_of(batch_sizes(lengths)) == tuple(descending)
    sorted_sequences = sorted(sequences, key=len, reverse=True)
    assert inspect_module(lstm, pack_sequence(sorted_sequences), reference=False).spec.lengths == tuple(descending)


def test_equal_lengths_in_an_order_of_the_users_own() -> None:
    packed = pack_padded_sequence(torch.randn(4, 3, 5), [2, 4, 4], enforce_sorted=False)
    data = packed.data.clone()
    mine = PackedSequence(data, packed.batch_sizes, torch.tensor([2, 1, 0]), torch.tensor([2, 1, 0]))
    report = inspect_module(nn.LSTM(5, 6, bidirectional=True), mine)
    assert failed(report) == []
    assert report.packing is not None
    assert report.packing.sorted_indices == (2, 1, 0)


# ------------------------------------------------------------------------------------------- it leaves no trace


def fingerprint(lstm: nn.LSTM) -> dict[str, Any]:
    """Everything about a module that a careless look at it could change."""
    hooks = [name for name in vars(lstm) if "hook" in name]
    return {
        "modes": [module.training for module in lstm.modules()],
        "random": torch.get_rng_state().tolist(),
        "python random": random.getstate(),
        "weights": {name: weight.detach().clone().tolist() for name, weight in lstm.named_parameters()},
        "identities": {name: (id(weight), weight.data_ptr()) for name, weight in lstm.named_parameters()},
        "versions": {name: weight._version for name, weight in lstm.named_parameters()},
        "requires grad": [weight.requires_grad for weight in lstm.parameters()],
        "grads": [None if weight.grad is None else weight.grad.tolist() for weight in lstm.parameters()],
        "flat weights": [id(weight) for weight in lstm._flat_weights],
        "buffers": {name: buffer.tolist() for name, buffer in lstm.named_buffers()},
        "attributes": sorted(vars(lstm)),
        "hooks": {name: dict(getattr(lstm, name)) for name in hooks if hasattr(getattr(lstm, name), "items")},
        "grad mode": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "dtype": (torch.get_default_dtype(), lstm.weight_ih_l0.dtype),
    }


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_it_leaves_no_trace(training: bool, packed: bool) -> None:
    lstm = nn.LSTM(10, 20, num_layers=2, dropout=0.5, bidirectional=True).train(training)
    lstm.bias_hh_l0.requires_grad_(False)
    input = torch.randn(5, 3, 10, requires_grad=True)
    lstm(input)[0].sum().backward()
    seen: list[str] = []
    lstm.register_forward_hook(lambda *_: seen.append("forward"))
    lstm.register_forward_pre_hook(lambda *_: seen.append("pre"))
    given = pack_padded_sequence(input, [5, 2, 4], enforce_sorted=False) if packed else input
    before = fingerprint(lstm)
    assert inspect_module(lstm, given).verified is True
    assert fingerprint(lstm) == before
    assert seen == []
    output, _ = lstm(input)
    output.sum().backward()  # the graph is the user's as ever


def test_global_hooks_are_not_called() -> None:
    seen: list[str] = []
    handle = nn.modules.module.register_module_forward_hook(lambda *_: seen.append("global"))
    try:
        assert inspect_module(nn.LSTM(4, 8), torch.randn(5, 2, 4)).verified is True
    finally:
        handle.remove()
    assert seen == []


def test_it_leaves_no_trace_when_it_fails() -> None:
    class Broken(nn.LSTM):
        def forward(self, input: Any, hx: Any = None) -> Any:
            self.counted = True
            raise RuntimeError("broken on purpose")

    lstm, input = Broken(4, 8).train(), torch.randn(5, 2, 4)
    before = fingerprint(lstm)
    with pytest.raises(RunError, match="broken on purpose"):
        inspect_module(lstm, input)
    assert fingerprint(lstm) == before


def test_it_works_inside_the_users_contexts() -> None:
    lstm, input = nn.LSTM(4, 8, num_layers=2), torch.randn(5, 2, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert inspect_module(lstm, input).verified is True
        assert torch.is_autocast_enabled("cpu")
    with torch.device("meta"):
        assert inspect_module(lstm, input).verified is True
        assert torch.zeros(1).is_meta
    with torch.inference_mode():
        assert inspect_module(lstm, input).verified is True


# ------------------------------------------------------------------------------------- modules that are special


def test_a_subclass_whose_forward_is_overridden_is_checked_as_it_is() -> None:
    class Scaled(nn.LSTM):
        def forward(self, input: Any, hx: Any = None) -> Any:
            output, state = super().forward(input, hx)
            return output * 2, state

    class Honest(nn.LSTM):
        def forward(self, input: Any) -> Any:  # type: ignore[override]
            return super().forward(input)

    input = torch.randn(5, 3, 4)
    report = inspect_module(Scaled(4, 8), input)
    assert report.verified is False
    assert {"row-0", "final-state", "reference-output"} <= set(failed(report))
    honest = Honest(4, 8, bidirectional=True)
    assert inspect_module(honest, input).verified is True
    assert inspect_module(honest, pack_padded_sequence(input, [5, 4, 2])).verified is True
    with pytest.raises(CallError, match=r"hx was given: .*Honest\.forward takes no state"):
        inspect_module(honest, input, states(honest, 3))


def test_a_forward_that_returns_something_else() -> None:
    class OutputAlone(nn.LSTM):
        def forward(self, input: Any, hx: Any = None) -> Any:
            return super().forward(input, hx)[0]

    with pytest.raises(CallError, match=r"OutputAlone\.forward returned a Tensor.*return output, \(hn, cn\)"):
        inspect_module(OutputAlone(4, 8), torch.randn(5, 3, 4))


def weight_normed() -> nn.LSTM:
    with pytest.warns(FutureWarning):
        return torch.nn.utils.weight_norm(nn.LSTM(4, 8), "weight_hh_l0")


def new_weight_norm() -> nn.LSTM:
    lstm = nn.LSTM(4, 8)
    torch.nn.utils.parametrizations.weight_norm(lstm, "weight_hh_l0")
    return lstm


def spectral() -> nn.LSTM:
    lstm = nn.LSTM(4, 8)
    torch.nn.utils.parametrizations.spectral_norm(lstm, "weight_hh_l0")
    return lstm


def pruned() -> nn.LSTM:
    lstm = nn.LSTM(4, 8)
    prune.l1_unstructured(lstm, "weight_hh_l0", amount=0.5)  # type: ignore[no-untyped-call]
    return lstm


@pytest.mark.parametrize("make", [weight_normed, new_weight_norm, spectral, pruned])
def test_reparametrised_weights(make: Any) -> None:
    lstm = make().train()
    with torch.no_grad():
        for weight in lstm.parameters():
            weight.add_(0.05)  # a computed weight is stale now, until the next call
    before = {name: value.clone() for name, value in lstm.state_dict().items()}
    report = inspect_module(lstm, torch.randn(5, 3, 4))
    assert failed(report) == []
    assert all(torch.equal(value, before[name]) for name, value in lstm.state_dict().items())
    assert lstm.training


def test_a_computed_weight_is_the_one_that_the_next_call_would_use() -> None:
    lstm, input = pruned(), torch.randn(5, 3, 4)
    outputs: list[Tensor] = []

    class Spy(nn.LSTM):
        def forward(self, input: Any, hx: Any = None) -> Any:
            results = super().forward(input, hx)
            outputs.append(results[0])
            return results

    lstm.__class__ = Spy
    with torch.no_grad():
        lstm.get_parameter("weight_hh_l0_orig").mul_(3)
        inspect_module(lstm, input, reference=False)
        lstm(input)
    assert torch.equal(outputs[0], outputs[-1])


def test_parametrised_weights_are_not_cached() -> None:
    lstm = new_weight_norm()
    with parametrize.cached():
        inspect_module(lstm, torch.randn(5, 3, 4))
        lstm(torch.randn(5, 3, 4))[0].sum().backward()
    assert all(weight.grad is not None for weight in lstm.parameters())


@pytest.mark.parametrize("shape", [(5, 3, 4), (5, 4), (5, 0, 4)])
def test_on_the_meta_device_shapes_are_measured(shape: tuple[int, ...]) -> None:
    report = inspect_module(nn.LSTM(4, 8, device="meta"), torch.zeros(shape, device="meta"))
    assert report.verified is True
    assert {check.claim.kind for check in report.checks} == {"shape"}


def test_a_module_of_zeros_hides_its_pitfalls_and_says_so() -> None:
    lstm = nn.LSTM(4, 8, num_layers=2, bidirectional=True)
    for weight in lstm.parameters():
        nn.init.zeros_(weight)
    report = inspect_module(lstm, torch.randn(5, 3, 4))
    assert report.verified is True
    hidden = {warning.id for warning in report.warnings}
    assert {"hidden-hn-first-row", "hidden-output-last-step"} <= hidden
    assert all(result.passed for result in report.pitfalls)


def test_nan_fails_the_checks_that_meet_it_and_is_named() -> None:
    input = torch.randn(5, 3, 4)
    input[2, 1, 0] = torch.nan
    report = inspect_module(nn.LSTM(4, 8), input)
    assert report.verified is False
    assert "not-finite" in {warning.id for warning in report.warnings}
    assert all(check.max_abs_diff is None for check in report.checks if not check.passed)


# --------------------------------------------------------------------------------------------- the checks can fail


def test_swapped_halves_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    break_lstm(monkeypatch, lambda lstm, output, hn, cn: (output, (hn.flip(0), cn)))
    report = inspect_module(nn.LSTM(4, 8, bidirectional=True), torch.randn(5, 3, 4))
    assert {"row-0", "row-1", "reference-hn"} <= set(failed(report))


def test_a_module_patched_on_the_instance_is_found() -> None:
    lstm = nn.LSTM(4, 8)
    honest = lstm.forward

    def forward(input: Any, hx: Any = None) -> Any:
        output, (hn, cn) = honest(input, hx)
        return output, (hn, cn * 1.001)

    lstm.forward = forward  # type: ignore[method-assign]
    assert failed(inspect_module(lstm, torch.randn(5, 3, 4))) == ["reference-cn"]


def test_other_gate_orders_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    lstm, input = nn.LSTM(4, 8), torch.randn(5, 3, 4)
    honest = nn.LSTM.forward

    def forward(self: nn.LSTM, *args: Any) -> Any:
        with permuted_gates(lstm, (0, 2, 1, 3)):
            return honest(self, *args)

    monkeypatch.setattr(nn.LSTM, "forward", forward)
    assert {"reference-output", "reference-hn", "reference-cn"} <= set(failed(inspect_module(lstm, input)))


def test_a_default_state_that_is_not_zeros_is_found() -> None:
    class Warm(nn.LSTM):
        def forward(self, input: Any, hx: Any = None) -> Any:
            return super().forward(input, hx or (torch.ones(1, 3, 8), torch.ones(1, 3, 8)))

    assert failed(inspect_module(Warm(4, 8), torch.randn(5, 3, 4))) == ["default-state"]


# ------------------------------------------------------------------------------------------------- what is refused

LSTM = nn.LSTM(10, 20, num_layers=2, bidirectional=True)
FIRST = nn.LSTM(10, 20, batch_first=True)
X = torch.zeros(5, 3, 10)
H = torch.zeros(4, 3, 20)
PACKED = pack_padded_sequence(X, [5, 3, 2])
TOO_LONG = pack_padded_sequence(X, [7, 3, 2])


@pytest.mark.parametrize(
    ("lstm", "input", "hx", "message"),
    [
        (LSTM, X.transpose(1, 2), None, "input (5, 10, 3): axis 2 (I) must be 10. Try input.transpose(1, 2)."),
        (
            LSTM,
            torch.zeros(5, 3, 7),
            None,
            "input (5, 3, 7): axis 2 (I) must be 10. Try 10 features a step, or a module with input_size=7.",
        ),
        (
            LSTM,
            torch.zeros(5),
            None,
            "input (5,): it must have 3 axes, (T, B, I) or (B, T, I) with batch_first, or 2, (T, I). "
            "Try input.unsqueeze(-1) if I is 1.",
        ),
        (
            LSTM,
            torch.zeros(0, 3, 10),
            None,
            "input (0, 3, 10): axis 0 (T) must be at least 1. Try one time step or more.",
        ),
        (
            FIRST,
            torch.zeros(3, 0, 10),
            None,
            "input (3, 0, 10): axis 1 (T) must be at least 1. Try one time step or more.",
        ),
        (
            LSTM,
            X,
            (H.transpose(0, 1), H),
            "h0 (3, 4, 20): axis 0 (L*D) must be 4. Try h0.transpose(0, 1).contiguous().",
        ),
        (
            LSTM,
            X,
            (H, torch.zeros(2, 3, 20)),
            "c0 (2, 3, 20): axis 0 (L*D) must be 4. Try c0 of shape (L*D, B, H) = (4, 3, 20).",
        ),
        (
            LSTM,
            X,
            (torch.zeros(4, 5, 20), H),
            "h0 (4, 5, 20): axis 1 (B) must be 3. Try batch_first=True in the module if input is (B, T, I), "
            "or h0 of shape (4, 3, 20).",
        ),
        (
            LSTM,
            X,
            (torch.zeros(4, 20), H),
            "h0 (4, 20): it must have 3 axes, (L*D, B, H) = (4, 3, 20). Try a tensor of that shape for h0.",
        ),
        (
            LSTM,
            PACKED,
            (torch.zeros(4, 9, 20), H),
            "h0 (4, 9, 20): axis 1 (B) must be 3. Try h0 of shape (L*D, B, H) = (4, 3, 20).",
        ),
        (
            LSTM,
            pack_padded_sequence(torch.zeros(5, 3, 7), [5, 3, 2]),
            None,
            "packed_input.data (10, 7): axis 1 (I) must be 10. Try 10 features a step, or a module with input_size=7.",
        ),
        (
            LSTM,
            TOO_LONG,
            None,
            "packed_input.data has 10 rows: its batch_sizes count 12: a length was greater than T when it was packed. "
            "Try lengths of at most T.",
        ),
        (
            LSTM,
            X,
            H,
            "hx is a Tensor: an LSTM has two states: it must be the tuple of two tensors (h0, c0). Try hx=(h0, c0).",
        ),
        (
            LSTM,
            X,
            (H,),
            "hx is a tuple of 1: an LSTM has two states: it must be the tuple of two tensors (h0, c0). "
            "Try hx=(h0, c0).",
        ),
        (
            LSTM,
            X.double(),
            None,
            "input is torch.float64: it must be torch.float32, as the weights are. Try input.to(torch.float32).",
        ),
        (
            LSTM,
            X,
            (H.double(), H),
            "h0 is torch.float64: it must be torch.float32, as the weights are. Try h0.to(torch.float32).",
        ),
        (LSTM, X.to("meta"), None, 'input is on meta: it must be on cpu, where the weights are. Try input.to("cpu").'),
        (
            LSTM,
            [1, 2],
            None,
            "input is a list: it must be a tensor or a PackedSequence. Try input of shape (T, B, I).",
        ),
        (
            nn.GRU(10, 20),
            X,
            None,
            "lstm is a GRU: a torch.nn.LSTM, or a class derived from it, is inspected. "
            "Try watch(model) for a module that holds some.",
        ),
    ],
)
def test_a_call_that_does_not_fit_is_refused_before_torch_is_called(
    monkeypatch: pytest.MonkeyPatch, lstm: Any, input: Any, hx: Any, message: str
) -> None:
    monkeypatch.setattr(nn.LSTM, "forward", lambda *_: pytest.fail("torch was called"))
    with pytest.raises(LSTMInspectError) as caught:
        inspect_module(lstm, input, hx)
    assert str(caught.value) == message


def test_packed_orders_that_contradict_each_other_are_refused() -> None:
    made = pack_padded_sequence(X, [2, 5, 3], enforce_sorted=False)
    wrong = made._replace(unsorted_indices=made.sorted_indices)
    with pytest.raises(CallError, match="sorted_indices"):
        inspect_module(LSTM, wrong)
    rising = PackedSequence(torch.zeros(3, 10), torch.tensor([1, 2]))
    with pytest.raises(CallError, match="may fall, never rise"):
        inspect_module(LSTM, rising)


def test_a_kernel_of_the_wrong_shape_is_refused_though_torch_runs_it() -> None:
    lstm = nn.LSTM(3, 4)
    lstm.weight_ih_l0 = nn.Parameter(torch.randn(3, 16))  # as Keras has it
    lstm(torch.randn(5, 2, 3))  # not a word
    with pytest.raises(CallError, match=r"lstm\.weight_ih_l0 \(3, 16\): it must be \(4\*H, I\) = \(16, 3\)"):
        inspect_module(lstm, torch.randn(5, 2, 3))


def test_weights_of_two_dtypes_are_refused() -> None:
    lstm = nn.LSTM(3, 4)
    lstm.weight_hh_l0.data = lstm.weight_hh_l0.data.double()
    with pytest.raises(CallError, match="float32 and float64"):
        inspect_module(lstm, torch.randn(5, 2, 3))


def test_it_refuses_what_this_machine_cannot_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstm_inspect.guard.free_memory", lambda: 10_000)
    with pytest.raises(LSTMInspectError, match="reference=False"):
        inspect_module(nn.LSTM(10, 512, bidirectional=True), torch.zeros(200, 16, 10))


def test_tolerances_are_the_callers() -> None:
    report = inspect_module(nn.LSTM(10, 20), torch.randn(50, 3, 10), rtol=0.0, atol=0.0)
    assert report.verified is False
    assert all(name.startswith("reference") for name in failed(report))
    assert "reference-output" not in ids(inspect_module(nn.LSTM(10, 20), torch.randn(5, 3, 10), reference=False))


def test_the_names_are_public() -> None:
    assert {"inspect_module", "watch"} <= set(lstm_inspect.__all__)
