"""Which memory a run, a training step and a report take, from integers alone: one account.

What backward reads was measured on torch 2.13.0, with the native CPU kernel: the numbers that autograd
saves are these, to the byte; of a packed batch of unequal lengths it keeps a little more, as the narrower
steps share the memory of wider ones. Kernels take more beside them: copies of output and workspaces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lstm_inspect.theory.contract import Natural, written
from lstm_inspect.theory.parameters import GATES, parameter_count, widest_input
from lstm_inspect.theory.shapes import tensors
from lstm_inspect.theory.spec import LSTMSpec

CONVENTION: Final = (
    "the tensors themselves, in the module's dtype; kernels (oneDNN, cuDNN) take copies and workspaces beside them"
)
REFERENCE_STEPS_AT_ONCE: Final = 32
"""Time steps whose input products the reference holds at a time."""

_REFERENCE_ITEMSIZE: Final = 8  # the oracle runs in float64
_BYTES_A_STATE: Final = 5 * 4096  # a layer and direction: its Parameters' Python objects, their slots and storages
_BYTES_A_STATE_ROW: Final = 1500
_BYTES_A_LENGTH: Final = 48
_BYTES_A_LISTED_LAYER: Final = {"json": 5_000, "text": 30_000}  # one direction's parameters, the layer's multiply-adds
_UNITS: Final = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


@written("name inference training why")
@dataclass(frozen=True, slots=True)
class MemoryItem:
    """One line of the account, in bytes."""

    name: str  #: what takes the memory.
    inference: Natural  #: bytes in a run without gradients.
    training: Natural  #: bytes in a run with gradients.
    why: str  #: what is counted.


@written("convention items inference training adam")
@dataclass(frozen=True, slots=True)
class Memory:
    """The account of one run, and of one training step."""

    items: tuple[MemoryItem, ...]  #: what takes memory, one by one.
    inference: Natural  #: the sum without gradients.
    training: Natural  #: the sum with gradients.
    adam: Natural  #: what Adam keeps beside the gradients: two moments a parameter (torch.optim.Adam).
    convention: str = CONVENTION  #: what is counted.


def memory(spec: LSTMSpec) -> Memory:
    """The account of a spec's run.

    >>> [(item.name, item.inference, item.training) for item in memory(LSTMSpec()).items][:2]
    [('weights', 10240, 10240), ('gradients', 0, 10240)]
    """
    weights, running, saved = weight_bytes(spec), running_numbers(spec), saved_numbers(spec)
    formula = {name: tensor.formula for name, tensor in tensors(spec).items()}
    counts = _data_numbers(spec)
    packed = {name: f" and its packed copy {axes}" for name, axes in formula.items() if name.startswith("packed_")}
    numbers = [
        ("input", counts["input"], formula["input"] + packed.get("packed_input", "")),
        ("output", counts["output"], formula["output"] + packed.get("packed_output", "")),
        ("states", counts["states"], f"h0, hn {formula['hn']}; c0, cn {formula['cn']}"),
    ]
    items = (
        MemoryItem("weights", weights, weights, "every parameter once"),
        MemoryItem("gradients", 0, weights, "one number a parameter"),
        *(MemoryItem(name, count * spec.itemsize, count * spec.itemsize, why) for name, count, why in numbers),
        MemoryItem("activations", running * spec.itemsize, saved * spec.itemsize, _activations_why(spec)),
    )
    return Memory(items, _inference_bytes(spec), sum(item.training for item in items), 2 * weights)


def _data_numbers(spec: LSTMSpec) -> dict[str, int]:
    """Elements of what goes into a call and comes out of it."""
    steps = spec.padded_steps + (spec.valid_steps if spec.lengths else 0)  # the padded batch and its packed copy
    return {
        "input": steps * spec.input_size,
        "output": steps * spec.output_size,
        "states": _state_numbers(spec),
    }


def _inference_bytes(spec: LSTMSpec) -> int:
    """The account's sum at inference, without the words of its items: it is asked for of every spec of a grid."""
    numbers = sum(_data_numbers(spec).values()) + running_numbers(spec)
    return weight_bytes(spec) + numbers * spec.itemsize


def weight_bytes(spec: LSTMSpec) -> int:
    """Bytes of the module's numbers.

    >>> weight_bytes(LSTMSpec())
    10240
    """
    return parameter_count(spec) * spec.itemsize


def _state_numbers(spec: LSTMSpec) -> int:
    """Numbers in h0, c0, hn and cn."""
    return 2 * spec.num_states * spec.sequences * (spec.state_size + spec.hidden_size)


def running_numbers(spec: LSTMSpec) -> int:
    """What a run without gradients holds at once: the gates of one layer and direction, and that layer's input.

    The layer's output counts as output, whichever layer is at work; the first layer reads the input itself.
    """
    reads = spec.output_size if spec.num_layers > 1 else 0
    return spec.valid_steps * (len(GATES) * spec.hidden_size + reads)


def saved_numbers(spec: LSTMSpec) -> int:
    """What backward reads, beside input and weights, summed over layers.

    For every computed step and direction: four gates (4H), c before the step and tanh(c) after it (2H), h
    before it (R) and, with a projection, h before the projection (H). Each layer above the first: its input
    (D*R) and, with dropout, the mask (D*R).
    """
    hidden = spec.hidden_size
    cell = (len(GATES) + 2) * hidden + spec.state_size + (hidden if spec.proj_size else 0)
    between = spec.output_size * (2 if spec.dropout else 1)
    above = (spec.num_layers - 1) * between
    return spec.valid_steps * (spec.num_states * cell + above)


def _activations_why(spec: LSTMSpec) -> str:
    running = ["the gates of one layer and direction"]
    saved = ["the gates, c, tanh(c) and h of every step, layer and direction"]
    if spec.proj_size:
        saved.append("h before the projection")
    if spec.num_layers > 1:
        running.append("its input")
        saved += ["each layer's input", *(["dropout's mask"] if spec.dropout else [])]
    return f"inference: {', '.join(running)}; training: {', '.join(saved)}"


@dataclass(frozen=True, slots=True)
class Need:
    """What something takes of memory at its peak."""

    bytes: int  #: how many.
    largest: str  #: the argument that most of them are owed to, as errors name it.
    sentence: str  #: what is counted.


def need(spec: LSTMSpec, *, reference: bool = False) -> Need:
    """What building a spec's module and running it once takes; on the meta device the module's objects alone.

    >>> need(LSTMSpec(hidden_size=1000)).sentence
    'The weights alone are 15.4 MiB, one run takes 31.3 MiB'
    """
    if spec.device == "meta":
        objects = spec.num_states * _BYTES_A_STATE
        return Need(objects, f"{{num_layers={spec.num_layers}}}", "That is the module's Python objects alone")
    run = _run_bytes(spec)
    sentence = f"The weights alone are {format_bytes(weight_bytes(spec))}, one run takes {format_bytes(run)}"
    return Need(run + (_reference_bytes(spec) if reference and spec.has_values else 0), _largest(spec, run), sentence)


def need_again(spec: LSTMSpec, *, reference: bool) -> Need:
    """What checking a live call takes, whose module and input are there already."""
    checking = need(spec, reference=reference).bytes - weight_bytes(spec) + need_of_report(spec).bytes
    return Need(checking, "checking this call", "The module and its input are there already")


def need_of_report(spec: LSTMSpec) -> Need:
    """What a report takes, its text with it: a row for each state and, packed, T, B and sum(lengths) numbers."""
    rows = _BYTES_A_STATE_ROW * spec.num_states
    if spec.lengths is None:
        return Need(rows, f"{{num_layers={spec.num_layers}}}", "That is the report alone")
    numbers = max(spec.lengths) + 4 * len(spec.lengths) + 2 * sum(spec.lengths)
    return Need(rows + _BYTES_A_LENGTH * numbers, "{lengths}", "That is the report alone")


def need_of_listing(spec: LSTMSpec, form: str) -> Need:
    """What a list of every parameter takes while it is written, in the form "json" or "text".

    >>> need_of_listing(LSTMSpec(num_layers=1000), "json").bytes
    5000000
    """
    listed = _BYTES_A_LISTED_LAYER[form] * spec.num_states
    return Need(listed, f"{{num_layers={spec.num_layers}}}", "That is the list of every parameter alone")


def largest_tensor(spec: LSTMSpec) -> int:
    """Elements of the largest tensor: torch counts them in 64 bits, on the meta device too."""
    rows = len(GATES) * spec.hidden_size
    return max(
        rows * max(widest_input(spec), spec.state_size),
        spec.padded_steps * max(spec.input_size, spec.output_size, rows),
        spec.num_states * spec.sequences * spec.hidden_size,
    )


def _run_bytes(spec: LSTMSpec) -> int:
    """The account of a run, the kernels' copies of weights and output, and the module's Python objects."""
    copies = weight_bytes(spec) + spec.padded_steps * spec.output_size * spec.itemsize
    return _inference_bytes(spec) + copies + spec.num_states * _BYTES_A_STATE


def _reference_bytes(spec: LSTMSpec) -> int:
    """The float64 oracle: one layer's weights at a time, its input, its output and some gates."""
    rows, layer_in = len(GATES) * spec.hidden_size, widest_input(spec)
    gates = min(spec.seq_len, REFERENCE_STEPS_AT_ONCE) * spec.sequences * rows
    steps = spec.padded_steps * (layer_in + 2 * spec.output_size)
    states = 2 * spec.num_states * spec.sequences * spec.hidden_size
    return (rows * (layer_in + spec.state_size) + gates + steps + states) * _REFERENCE_ITEMSIZE


def _largest(spec: LSTMSpec, run: int) -> str:
    """The argument that most of a run's memory is owed to."""
    sizes = {"input_size": spec.input_size, "hidden_size": len(GATES) * spec.hidden_size, "num_layers": spec.num_layers}
    if 4 * weight_bytes(spec) < run:
        sizes |= {"seq_len": spec.seq_len, "batch_size": spec.sequences}
    name = max(sizes, key=sizes.__getitem__)
    return f"{{{name}={getattr(spec, name)}}}"


def format_bytes(count: int) -> str:
    """A number of bytes for reading.

    >>> format_bytes(10240), format_bytes(512), format_bytes(10**400)
    ('10.0 KiB', '512 B', 'more than 1024 EiB')
    """
    if count < 1024:
        return f"{count} B"
    for unit in _UNITS:
        if count < 1024**2:
            return f"{count / 1024:.1f} {unit}"
        count //= 1024  # in integers: the number may be beyond any float
    return f"more than 1024 {_UNITS[-1]}"
