"""What a run costs, from integers alone: its multiply-adds, and the memory of a run, a training step and a report.

What backward reads was measured on torch 2.13.0, with the native CPU kernel: the numbers that autograd
saves are these, to the byte; of a packed batch of unequal lengths it keeps a little more, as the narrower
steps share the memory of wider ones. Kernels take more beside them: copies of output and workspaces.
"""

from typing import Annotated, Final, NamedTuple

from lstm_inspect.theory.contract import Limit, Natural, record
from lstm_inspect.theory.parameters import GATES, layer_parameter_count, parameter_count, widest_input
from lstm_inspect.theory.shapes import tensors
from lstm_inspect.theory.spec import LSTMSpec

CONVENTION: Final = (
    "one multiply-add is one product and one sum of a matrix product (2 FLOPs); biases, gates and other elementwise "
    "work are not counted, and the padded steps of a packed batch are not computed"
)
_ACCOUNT: Final = (
    "the tensors themselves, in the module's dtype; kernels (oneDNN, cuDNN) take copies and workspaces beside them"
)
PREDICT: Final = "{predict=True} (theory alone)"
"""The way out of whatever a run would take."""
REFERENCE_STEPS_AT_ONCE: Final = 32
"""Time steps whose input products the reference holds at a time."""

_PREDICT_OR_META: Final = f"{PREDICT} or {{device=meta}} (shapes are measured, without numbers)"
_REFERENCE_ITEMSIZE: Final = 8  # the oracle runs in float64
_BYTES_A_STATE: Final = 5 * 4096  # a layer and direction: its Parameters' Python objects, their slots and storages
_BYTES_A_STATE_ROW: Final = 1500
_BYTES_A_LENGTH: Final = 48
_BYTES_A_LISTED_LAYER: Final = {"json": 5_000, "text": 30_000}  # one direction's parameters, the layer's multiply-adds
_UNITS: Final = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


@record("input formula steps this_run by_layer total")
class Work:
    """How many time steps a run computes, over all its sequences, by the form of its input."""

    input: Annotated[str, Limit(enum=["padded", "packed", "unbatched"])]  #: "padded", "packed" or "unbatched".
    formula: str  #: the steps in letters.
    steps: Natural  #: the steps in numbers.
    this_run: bool  #: whether the spec's own input has that form.
    spec: LSTMSpec  #: of the module.

    @property
    def by_layer(self) -> list[Natural]:
        """The multiply-adds of each layer."""
        first, above = (self.steps * layer_parameter_count(self.spec.replace(bias=False), layer) for layer in (0, 1))
        return [first, *[above] * (self.spec.num_layers - 1)]

    @property
    def total(self) -> Natural:
        """The multiply-adds of all layers."""
        return multiply_adds(self.spec, self.steps)


def works(spec: LSTMSpec) -> tuple[Work, ...]:
    """The forms that a spec's input can take: the padded batch, its valid steps alone, one sequence of it.

    >>> [(work.input, work.steps) for work in works(LSTMSpec(lengths=(8, 9, 10)))]
    [('padded', 30), ('packed', 27), ('unbatched', 10)]
    """
    padded = Work("padded", "T * B", spec.padded_steps, spec.lengths is None, spec)
    packed = Work("packed", "sum(lengths)", spec.valid_steps, True, spec)
    unbatched = Work("unbatched", "T", spec.seq_len, not spec.batched, spec)
    return *([padded] if spec.batched else []), *([packed] if spec.lengths else []), unbatched


def formula(spec: LSTMSpec) -> str:
    """The multiply-adds of a run in letters; in is what a layer reads."""
    projection = " + P*H" if spec.proj_size else ""
    return f"steps * sum over layers of D * (4*H*in + 4*H*R{projection}), in = I for layer 0, D*R above"


def multiply_adds(spec: LSTMSpec, steps: int | None = None) -> int:
    """Multiply-adds of ``steps`` computed time steps (valid ones if left out): one for each number of each matrix."""
    return (spec.valid_steps if steps is None else steps) * parameter_count(spec.replace(bias=False))


@record()
class MemoryItem:
    """One line of the account, in bytes."""

    name: str  #: what takes the memory.
    inference: Natural  #: bytes in a run without gradients.
    training: Natural  #: bytes in a run with gradients.
    why: str  #: what is counted.


@record("convention items inference training adam")
class Memory:
    """The account of one run, and of one training step."""

    items: tuple[MemoryItem, ...]  #: what takes memory, one by one.
    inference: Natural  #: the sum without gradients.
    training: Natural  #: the sum with gradients.
    adam: Natural  #: what Adam keeps beside the gradients: two moments a parameter (torch.optim.Adam).
    convention: str = _ACCOUNT  #: what is counted.


def memory(spec: LSTMSpec) -> Memory:
    """The account of a spec's run.

    >>> [(item.name, item.inference, item.training) for item in memory(LSTMSpec()).items][:2]
    [('weights', 10240, 10240), ('gradients', 0, 10240)]
    """
    axes = {name: tensor.formula for name, tensor in tensors(spec).items()}
    packed = {name: f" and its packed copy {formula}" for name, formula in axes.items() if name.startswith("packed_")}
    whys = {name: axes[name] + packed.get(f"packed_{name}", "") for name in ("input", "output")}
    steps = spec.padded_steps + (spec.valid_steps if spec.lengths else 0)  # the padded batch and its packed copy
    weights, input, output = parameter_count(spec), steps * spec.input_size, steps * spec.output_size
    states = 2 * spec.num_states * spec.sequences * (spec.state_size + spec.hidden_size)
    numbers = (
        ("weights", weights, weights, "every parameter once"),
        ("gradients", 0, weights, "one number a parameter"),
        ("input", input, input, whys["input"]),
        ("output", output, output, whys["output"]),
        ("states", states, states, f"h0, hn {axes['hn']}; c0, cn {axes['cn']}"),
        ("activations", running_numbers(spec), saved_numbers(spec), _activations_why(spec)),
    )
    size = spec.itemsize
    items = tuple(MemoryItem(name, running * size, saved * size, why) for name, running, saved, why in numbers)
    inference, training = sum(item.inference for item in items), sum(item.training for item in items)
    return Memory(items, inference, training, 2 * weights * size)


def weight_bytes(spec: LSTMSpec) -> int:
    """Bytes of the module's numbers."""
    return parameter_count(spec) * spec.itemsize


def running_numbers(spec: LSTMSpec) -> int:
    """What a run without gradients holds at once: the gates of one layer and direction, and that layer's input."""
    # whichever layer is at work, its output counts as output; the first layer reads the input itself
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
    above = (spec.num_layers - 1) * spec.output_size * (2 if spec.dropout else 1)
    return spec.valid_steps * (spec.num_states * cell + above)


def _activations_why(spec: LSTMSpec) -> str:
    deep = spec.num_layers > 1
    running = "the gates of one layer and direction" + (", its input" if deep else "")
    saved = ["the gates, c, tanh(c) and h of every step, layer and direction"]
    saved += ["h before the projection"] if spec.proj_size else []
    saved += ["each layer's input"] if deep else []
    saved += ["dropout's mask"] if deep and spec.dropout else []
    return f"inference: {running}; training: {', '.join(saved)}"


class Need(NamedTuple):
    """What something takes of memory at its peak."""

    bytes: int  #: how many.
    largest: str  #: the argument that most of them are owed to, as errors name it.
    sentence: str  #: what is counted.
    instead: str  #: the way out where that is too much.


def need(spec: LSTMSpec, *, reference: bool = False) -> Need:
    """What building a spec's module and running it once takes; on the meta device the module's objects alone.

    Beside the account kernels copy weights and output. The reference holds one layer's weights at a time, its
    input, its output and some gates.
    """
    objects, weights = spec.num_states * _BYTES_A_STATE, weight_bytes(spec)
    if spec.device == "meta":
        return Need(objects, f"{{num_layers={spec.num_layers}}}", "That is the module's Python objects alone", PREDICT)
    copies = weights + spec.padded_steps * spec.output_size * spec.itemsize
    run = memory(spec).inference + copies + objects
    sentence = f"The weights alone are {format_bytes(weights)}, one run takes {format_bytes(run)}"
    sizes = {"input_size": spec.input_size, "hidden_size": len(GATES) * spec.hidden_size, "num_layers": spec.num_layers}
    if 4 * weights < run:
        sizes |= {"seq_len": spec.seq_len, "batch_size": spec.sequences}
    name = max(sizes, key=sizes.__getitem__)
    more = _reference_bytes(spec) if reference and spec.has_values else 0
    return Need(run + more, f"{{{name}={getattr(spec, name)}}}", sentence, _PREDICT_OR_META)


def _reference_bytes(spec: LSTMSpec) -> int:
    rows, layer_in = len(GATES) * spec.hidden_size, widest_input(spec)
    gates = min(spec.seq_len, REFERENCE_STEPS_AT_ONCE) * spec.sequences * rows
    steps = spec.padded_steps * (layer_in + 2 * spec.output_size)
    states = 2 * spec.num_states * spec.sequences * spec.hidden_size
    return (rows * (layer_in + spec.state_size) + gates + steps + states) * _REFERENCE_ITEMSIZE


def need_again(spec: LSTMSpec, *, reference: bool) -> Need:
    """What checking a live call takes, whose module and input are there already."""
    checking = 0
    if spec.device != "meta":
        checking = need(spec, reference=reference).bytes - weight_bytes(spec) + need_of_report(spec).bytes
    instead = "{reference=False}, or a shorter or smaller batch"
    return Need(checking, "checking this call", "The module and its input are there already", instead)


def need_of_report(spec: LSTMSpec) -> Need:
    """What a report takes, its text with it: a row for each state and, packed, T, B and sum(lengths) numbers."""
    rows, largest, numbers = _BYTES_A_STATE_ROW * spec.num_states, f"{{num_layers={spec.num_layers}}}", 0
    if spec.lengths is not None:
        largest, numbers = "{lengths}", max(spec.lengths) + 4 * len(spec.lengths) + 2 * sum(spec.lengths)
    return Need(rows + _BYTES_A_LENGTH * numbers, largest, "That is the report alone", "a smaller number")


def need_of_listing(spec: LSTMSpec, form: str) -> Need:
    """What a list of every parameter takes while it is written, in the form "json" or "text"."""
    listed = _BYTES_A_LISTED_LAYER[form] * spec.num_states
    instead = "without {json} and {all}: the totals and the first and last rows"
    return Need(listed, f"{{num_layers={spec.num_layers}}}", "That is the list of every parameter alone", instead)


def largest_tensor(spec: LSTMSpec) -> int:
    """Elements of the largest tensor: torch counts them in 64 bits, on the meta device too."""
    rows = len(GATES) * spec.hidden_size
    weight = rows * max(widest_input(spec), spec.state_size)
    steps = spec.padded_steps * max(spec.input_size, spec.output_size, rows)
    return max(weight, steps, spec.num_states * spec.sequences * spec.hidden_size)


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
