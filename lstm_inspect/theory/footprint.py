"""Which memory the tensors of one run and of one training step take, from integers alone.

What backward reads was measured on torch 2.13.0, with the native CPU kernel: the numbers that autograd
saves are these, to the byte; of a packed batch of unequal lengths it keeps a little more, as the narrower
steps share the memory of wider ones. Kernels take more beside them: copies of output and workspaces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lstm_inspect.theory.contract import Natural, written
from lstm_inspect.theory.memory import weight_bytes
from lstm_inspect.theory.shapes import tensors
from lstm_inspect.theory.spec import LSTMSpec

CONVENTION: Final = (
    "the tensors themselves, in the module's dtype; kernels (oneDNN, cuDNN) take copies and workspaces beside them"
)


@written("name inference training why")
@dataclass(frozen=True, slots=True)
class MemoryItem:
    """One line of the account, in bytes.

    Attributes:
        name: what takes the memory.
        inference, training: bytes in a run without gradients, and in one with them.
        why: what is counted.
    """

    name: str
    inference: Natural
    training: Natural
    why: str


def footprint(spec: LSTMSpec) -> tuple[MemoryItem, ...]:
    """The account of one run.

    >>> [(item.name, item.inference, item.training) for item in footprint(LSTMSpec())][:2]
    [('weights', 10240, 10240), ('gradients', 0, 10240)]
    """
    weights, size = weight_bytes(spec), spec.itemsize
    sequences = _sequence_numbers(spec, spec.input_size), _sequence_numbers(spec, spec.output_size)
    items = [
        ("weights", weights, weights, "every parameter once"),
        ("gradients", 0, weights, "one number a parameter"),
        ("input", sequences[0] * size, sequences[0] * size, _sequence_why(spec, "input")),
        ("output", sequences[1] * size, sequences[1] * size, _sequence_why(spec, "output")),
        (
            "states",
            state_numbers(spec) * size,
            state_numbers(spec) * size,
            _states_why(spec),
        ),
        ("activations", running_numbers(spec) * size, saved_numbers(spec) * size, _activations_why(spec)),
    ]
    return tuple(MemoryItem(*item) for item in items)


def adam_bytes(spec: LSTMSpec) -> int:
    """What Adam keeps beside the gradients: two moments a parameter (torch.optim.Adam)."""
    return 2 * weight_bytes(spec)


def state_numbers(spec: LSTMSpec) -> int:
    """Numbers in h0, c0, hn and cn."""
    sequences = 1 if spec.batch_size is None else spec.batch_size
    return 2 * spec.num_states * sequences * (spec.state_size + spec.hidden_size)


def running_numbers(spec: LSTMSpec) -> int:
    """What a run without gradients holds at once: the gates of one layer and direction, and that layer's input.

    The layer's output counts as output, whichever layer is at work; the first layer reads the input itself.
    """
    reads = spec.output_size if spec.num_layers > 1 else 0
    return spec.valid_steps * (4 * spec.hidden_size + reads)


def saved_numbers(spec: LSTMSpec) -> int:
    """What backward reads, beside input and weights, summed over layers.

    For every computed step and direction: four gates (4H), c before the step and tanh(c) after it (2H), h
    before it (R) and, with a projection, h before the projection (H). Each layer above the first: its input
    (D*R) and, with dropout, the mask (D*R).
    """
    hidden = spec.hidden_size
    cell = 6 * hidden + spec.state_size + (hidden if spec.proj_size else 0)
    between = spec.output_size * (2 if spec.dropout else 1)
    above = (spec.num_layers - 1) * between
    return spec.valid_steps * (spec.num_states * cell + above)


def _sequence_numbers(spec: LSTMSpec, features: int) -> int:
    """The padded tensor and, where the run is packed, its packed copy."""
    padded = spec.seq_len * (1 if spec.batch_size is None else spec.batch_size)
    return (padded + (spec.valid_steps if spec.lengths else 0)) * features


def _sequence_why(spec: LSTMSpec, name: str) -> str:
    formulas = _formulas(spec)
    packed = f" and its packed copy {formulas[f'packed_{name}']}" if spec.lengths else ""
    return formulas[name] + packed


def _states_why(spec: LSTMSpec) -> str:
    formulas = _formulas(spec)
    return f"h0, hn {formulas['hn']}; c0, cn {formulas['cn']}"


def _formulas(spec: LSTMSpec) -> dict[str, str]:
    return {tensor.name: tensor.formula for tensor in tensors(spec)}


def _activations_why(spec: LSTMSpec) -> str:
    running = ["the gates of one layer and direction"]
    saved = ["the gates, c, tanh(c) and h of every step, layer and direction"]
    if spec.proj_size:
        saved.append("h before the projection")
    if spec.num_layers > 1:
        running.append("its input")
        saved += ["each layer's input", *(["dropout's mask"] if spec.dropout else [])]
    return f"inference: {', '.join(running)}; training: {', '.join(saved)}"
