"""The account of memory, held against what autograd keeps and what the allocator gives out."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import pytest
import torch
from support import native_kernel
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence
from torch.profiler import ProfilerActivity, profile

from lstm_inspect.experiment.run import build, make_input, make_state
from lstm_inspect.theory.costs import memory, running_numbers, saved_numbers
from lstm_inspect.theory.spec import LSTMSpec

SHAPES: list[dict[str, Any]] = [
    {},
    {"num_layers": 2},
    {"bidirectional": True},
    {"num_layers": 3, "bidirectional": True},
    {"proj_size": 8},
    {"num_layers": 2, "bidirectional": True, "proj_size": 8},
    {"num_layers": 2, "bidirectional": True, "dropout": 0.5},
    {"num_layers": 2, "bias": False, "batch_size": 7, "seq_len": 4},
    {"num_layers": 2, "batch_size": None},
]


def input_of(spec: LSTMSpec) -> Tensor | PackedSequence:
    input = make_input(spec)
    return pack_padded_sequence(input, torch.tensor(spec.lengths), enforce_sorted=False) if spec.lengths else input


def saved(spec: LSTMSpec) -> int:
    """Bytes that autograd keeps of one call of the native kernel, parameters left out, each place once."""
    lstm, input = build(spec).train(), input_of(spec)
    parameters = {parameter.data_ptr() for parameter in lstm.parameters()}
    places: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        if tensor.is_floating_point() and tensor.untyped_storage().data_ptr() not in parameters:
            places[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with (
        native_kernel(),
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
    ):
        output, _ = lstm(input)  # default states: those given would be counted whole, for the one step that reads them
    del output
    return sum(tensor.untyped_storage().nbytes() for tensor in places.values())


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize("shape", [*SHAPES, {"lengths": (4, 4)}])
def test_training_keeps_what_backward_reads_to_the_byte(shape: dict[str, Any]) -> None:
    spec = LSTMSpec(**shape)
    read = spec.valid_steps * spec.input_size + saved_numbers(spec)
    assert saved(spec) == read * spec.itemsize


def test_training_on_unequal_lengths_keeps_only_what_is_computed() -> None:
    spec = LSTMSpec(lengths=(20, 40, 1))
    read, padded = ((steps * spec.input_size + steps * 140) * spec.itemsize for steps in (61, 120))
    assert read == (spec.valid_steps * spec.input_size + saved_numbers(spec)) * spec.itemsize
    assert read <= saved(spec) < read + (padded - read) / 10


def test_the_measure_tells_a_wrong_number() -> None:
    spec = LSTMSpec(num_layers=2)
    assert saved(spec) != (spec.valid_steps * spec.input_size + saved_numbers(spec.replace(num_layers=3))) * 4


def peak(spec: LSTMSpec) -> int:
    """The most bytes that one call of the native kernel has taken at a time, beside what it was given."""
    lstm, input, states = build(spec), make_input(spec), make_state(spec)
    with native_kernel(), torch.inference_mode():
        lstm(input, states)
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
            lstm(input, states)
    events: list[Any] = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    return max(accumulate(int(event.nbytes()) for event in sorted(events, key=lambda event: event.start_ns())))


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize(
    "shape", [{}, {"num_layers": 2}, {"num_layers": 3}, {"proj_size": 8}, {"num_layers": 2, "proj_size": 8}]
)
def test_inference_holds_one_layers_gates_and_its_input(shape: dict[str, Any]) -> None:
    """What a step more costs at the peak is the account's own, and the kernel's second copy of output."""
    short, long = (LSTMSpec(seq_len=steps, **shape) for steps in (40, 80))

    def account(spec: LSTMSpec) -> int:
        copy = spec.valid_steps * spec.output_size
        return (running_numbers(spec) + spec.valid_steps * spec.output_size + copy) * spec.itemsize

    assert peak(long) - peak(short) == account(long) - account(short)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_the_items_are_the_tensors(shape: dict[str, Any], dtype: str) -> None:
    spec = LSTMSpec(dtype=dtype, **shape)
    meta = spec.replace(device="meta")
    lstm, input, (h0, c0) = build(meta), make_input(meta), make_state(meta)
    with torch.inference_mode():
        output, _ = lstm(input, (h0, c0))
    items = {item.name: item for item in memory(spec).items}
    assert memory(spec).inference == sum(item.inference for item in items.values())
    assert items["weights"].inference == sum(parameter.nbytes for parameter in lstm.parameters())
    assert items["weights"].training == items["gradients"].training == memory(spec).adam // 2
    assert items["gradients"].inference == 0
    assert items["input"].inference == input.nbytes
    assert items["output"].training == output.nbytes
    assert items["states"].inference == 2 * (h0.nbytes + c0.nbytes)


def test_a_packed_batch_has_its_packed_copy_beside_the_padded_one() -> None:
    spec = LSTMSpec(lengths=(8, 9, 10), bidirectional=True)
    padded, packed = torch.zeros(10, 3, 10), PackedSequence
    data = pack_padded_sequence(padded, torch.tensor((8, 9, 10)), enforce_sorted=False)
    assert isinstance(data, packed)
    items = {item.name: item.inference for item in memory(spec).items}
    assert items["input"] == padded.nbytes + data.data.nbytes == 4 * (300 + 270)
    assert items["output"] == 4 * (30 + 27) * 40
    assert items["activations"] == 4 * 27 * 80
