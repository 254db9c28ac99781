"""The Python expressions over a call's tensors, written once and with every number resolved.

Everything here is made of validated integers: the strings are shown, pasted, evaluated and put in scripts.
"""

from collections.abc import Sequence
from typing import Final

from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.theory.spec import LSTMSpec

PACK: Final = "torch.nn.utils.rnn.pack_padded_sequence"
UNPACK: Final = "torch.nn.utils.rnn.pad_packed_sequence"
DEFAULTS: Final = {
    "num_layers": 1,
    "bias": True,
    "batch_first": False,
    "dropout": 0.0,
    "bidirectional": False,
    "proj_size": 0,
}
"""What nn.LSTM's constructor takes when it isn't told otherwise."""
PARAMETERS: Final = ("input_size", "hidden_size", *DEFAULTS)
"""What nn.LSTM's constructor and a spec call alike, in the constructor's order."""


def constructor(spec: LSTMSpec, device: str | None = None) -> str:
    """The call that builds the module, without the arguments that stand at torch's defaults.

    Args:
        spec: the module.
        device: an expression for its device; the spec's own if left out, where torch knows no "auto".

    >>> constructor(LSTMSpec(num_layers=2, bidirectional=True))
    'torch.nn.LSTM(10, 20, num_layers=2, bidirectional=True)'
    """
    if device is None and spec.device not in ("cpu", "auto"):
        device = f'"{spec.device}"'
    more = [f"device={device}"] if device else []
    if spec.dtype != "float32":
        more.append(f"dtype=torch.{spec.dtype}")
    arguments = {name: getattr(spec, name) for name in DEFAULTS}
    return construct("LSTM", spec.input_size, spec.hidden_size, more=more, **arguments)


def construct(kind: str, *sizes: object, more: Sequence[str] = (), **arguments: object) -> str:
    """The call that builds a recurrent module, without the arguments that stand at torch's defaults.

    Args:
        kind: "LSTM", "GRU", ..
        sizes: the arguments given by place.
        more: arguments that are expressions.
        arguments: those given by name.
    """
    told = [f"{name}={value!r}" for name, value in arguments.items() if value != DEFAULTS[name]]
    return f"torch.nn.{kind}({', '.join([*map(str, sizes), *told, *more])})"


def call(spec: LSTMSpec) -> str:
    """The statement that runs the module: of packed_input if there are lengths."""
    packed = "packed_" if spec.lengths else ""
    return f"{packed}output, (hn, cn) = lstm({packed}input, (h0, c0))"


def pack_call(spec: LSTMSpec) -> str:
    """The call that packs input."""
    layout = ", batch_first=True" if spec.batch_first else ""
    return f"{PACK}(input, lengths{layout}{'' if spec.enforce_sorted else ', enforce_sorted=False'})"


def unpack_call(spec: LSTMSpec, packed: str = "packed_output") -> str:
    """The call that unpacks into output and lengths."""
    layout = ", batch_first=True" if spec.batch_first else ""
    padding = f", padding_value={spec.padding_value!r}" if spec.padding_value else ""
    total = "" if spec.total_length is None else f", total_length={spec.total_length}"
    return f"{UNPACK}({packed}{layout}{padding}{total})"


def statements(spec: LSTMSpec) -> tuple[str, ...]:
    """Building, packing, running and unpacking as Python, one statement a line."""
    build = f"lstm = {constructor(spec)}"
    if spec.lengths is None:
        return (build, call(spec))
    return (build, f"packed_input = {pack_call(spec)}", call(spec), f"output, lengths = {unpack_call(spec)}")


def cell_step(spec: LSTMSpec) -> tuple[str, ...]:
    """The statements that make layer 0's next ``h`` (B, R) and ``c`` (B, H) of one step ``x`` (B, I), going forward.

    The equations are those of torch's documentation of nn.LSTM. They are the same in every layer and direction: the
    parameters' names alone change.
    """
    biases = " + lstm.bias_ih_l0 + lstm.bias_hh_l0" if spec.bias else ""
    steps = (
        f"gates = x @ lstm.weight_ih_l0.T + h @ lstm.weight_hh_l0.T{biases}",
        "i, f, g, o = gates.chunk(4, dim=-1)",
        "c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)",
        "h = torch.sigmoid(o) * torch.tanh(c)",
    )
    return (*steps, "h = h @ lstm.weight_hr_l0.T") if spec.proj_size else steps


def columns(spec: LSTMSpec, direction: int, *, both_ends: bool = False) -> str | None:
    """The slice of output's last axis that holds a direction; None if there is only one direction.

    >>> columns(LSTMSpec(bidirectional=True), 0), columns(LSTMSpec(bidirectional=True), 1, both_ends=True)
    (':20', '20:40')
    """
    size = spec.state_size
    if not spec.bidirectional:
        return None
    reverse = f"{size}:{2 * size}" if both_ends else f"{size}:"
    return reverse if direction == 1 else f":{size}"


def at_step(spec: LSTMSpec, name: str, step: str, features: str | None = None) -> str:
    """``name`` (input or output) at one time step: (B, features), or (features,) unbatched.

    >>> at_step(LSTMSpec(), "output", "-1", ":20"), at_step(LSTMSpec(batch_first=True), "output", "-1")
    ('output[-1, :, :20]', 'output[:, -1]')
    """
    if not spec.batched:
        return _index(name, step, features)
    if spec.batch_first:
        return _index(name, ":", step, features)
    return _index(name, step, *((":", features) if features else ()))


def at_last_valid_step(spec: LSTMSpec, features: str | None = None) -> str:
    """Output at each sequence's own last valid time step: (B, features)."""
    sequences = f"torch.arange({spec.batch_size})"
    steps = (sequences, "lengths - 1") if spec.batch_first else ("lengths - 1", sequences)
    return _index("output", *steps, features)


def final_output(spec: LSTMSpec, direction: int) -> str:
    """The slice of output that holds the last layer's final state of a direction: (B, R), or (R,) unbatched.

    >>> final_output(LSTMSpec(bidirectional=True), 1)
    'output[0, :, 20:]'
    """
    features = columns(spec, direction)
    if direction == 0 and spec.lengths is not None:
        return at_last_valid_step(spec, features)
    return at_step(spec, "output", "0" if direction == 1 else "-1", features)


def final_state(spec: LSTMSpec) -> str:
    """The last layer's final state as one vector per sequence, from hn: (B, D * R), or (D * R,) unbatched."""
    return "torch.cat((hn[-2], hn[-1]), dim=-1)" if spec.bidirectional else "hn[-1]"


def final_state_from_output(spec: LSTMSpec) -> str:
    """The same vector, taken from output."""
    forward = final_output(spec, 0)
    return f"torch.cat(({forward}, {final_output(spec, 1)}), dim=-1)" if spec.bidirectional else forward


def states_by_layer(spec: LSTMSpec) -> str:
    """Hn with layers and directions on axes of their own: (L, D, B, R), or (L, D, R) unbatched."""
    return f"hn.view{format_tuple((spec.num_layers, spec.num_directions, *state_tail(spec)))}"


def output_by_direction(spec: LSTMSpec) -> str:
    """Output with the directions on an axis of their own: (T, B, D, R)."""
    return f"output.view{format_tuple((*output_lead(spec), spec.num_directions, spec.state_size))}"


def state_tail(spec: LSTMSpec) -> tuple[int, ...]:
    """The axes of hn behind its rows: (B, R), or (R,) unbatched."""
    return (spec.state_size,) if spec.batch_size is None else (spec.batch_size, spec.state_size)


def output_lead(spec: LSTMSpec) -> tuple[int, ...]:
    """The axes of output before its features: (T, B), (B, T) with batch_first, or (T,) unbatched."""
    if spec.batch_size is None:
        return (spec.seq_len,)
    return (spec.batch_size, spec.seq_len) if spec.batch_first else (spec.seq_len, spec.batch_size)


def _index(name: str, *parts: str | None) -> str:
    return f"{name}[{', '.join(part for part in parts if part)}]"
