"""Build an nn.LSTM and its input from a spec, and run it once."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from lstm_inspect.errors import RunError, literal
from lstm_inspect.experiment.devices import seeded
from lstm_inspect.theory.expressions import PARAMETERS, constructor
from lstm_inspect.theory.spec import LSTMSpec

_SAID_ELSEWHERE = (
    "dropout option adds dropout",  # theory.warnings says it in the words of the flags
    "LSTM with projections is not supported with oneDNN",  # of speed alone
)


@dataclass(frozen=True, slots=True)
class Run:
    """One call and everything that went into it and came out of it."""

    lstm: torch.nn.LSTM  #: the module, in eval mode.
    #: by name, as expressions call them: input, h0, c0, output, hn, cn and, with lengths, lengths,
    #: packed_input, packed_output.
    tensors: dict[str, Any]
    padding_value: float = 0.0  #: what output holds after a sequence's end.
    again: "Run | None" = None  #: the same call, where what calls the module anew starts from another one than this.

    def tensor(self, name: str) -> Tensor:
        """The tensor of a name; a PackedSequence's data."""
        value = self.tensors[name]
        tensor: Tensor = value.data if isinstance(value, PackedSequence) else value
        return tensor


def run(spec: LSTMSpec) -> Run:
    """Build the module, the input and the initial state that a spec names, and call the module once.

    The same seed gives the same numbers on every device: they are drawn on the CPU and moved. The
    caller's random state is left as it was.

    Raises:
        RunError: torch can't run it, for want of memory or of a kernel.
    """
    with seeded(spec.seed), without_gradients():
        try:
            return call(spec, build(spec), make_input(spec), *make_state(spec))
        except (RuntimeError, MemoryError) as error:
            said = f"can't run {constructor(spec)}"
            raise RunError("torch", said, literal(str(error)), "{predict=True}: theory alone") from error


@contextmanager
def without_gradients() -> Iterator[None]:
    """Run the module for its results alone, without torch's warnings that are said elsewhere in better words."""
    with torch.inference_mode(), warnings.catch_warnings():
        for said_elsewhere in _SAID_ELSEWHERE:
            warnings.filterwarnings("ignore", message=said_elsewhere)
        yield


def build(spec: LSTMSpec) -> torch.nn.LSTM:
    """The module of a spec, in eval mode: dropout is off."""
    arguments = {name: getattr(spec, name) for name in PARAMETERS}
    return torch.nn.LSTM(**arguments, **_drawn(spec)).eval().to(spec.device)


def make_input(spec: LSTMSpec) -> Tensor:
    """Random input, (T, B, I), (B, T, I) or (T, I); padded cells hold the padding value."""
    lead = (spec.seq_len,) if spec.batch_size is None else (spec.seq_len, spec.batch_size)
    input = torch.randn(*lead, spec.input_size, **_drawn(spec))
    if spec.lengths is not None and spec.has_values:
        padded = torch.arange(spec.seq_len)[:, None] >= torch.tensor(spec.lengths)  # (T, B)
        input.masked_fill_(padded[..., None], spec.padding_value)
    if spec.batched and spec.batch_first:
        input = input.transpose(0, 1).contiguous()
    return input.to(spec.device)


def make_state(spec: LSTMSpec) -> tuple[Tensor, Tensor]:
    """h0 (L*D, B, R) and c0 (L*D, B, H), without the batch axis if unbatched."""
    rows = (spec.num_states,) if spec.batch_size is None else (spec.num_states, spec.batch_size)
    draw = torch.zeros if spec.state == "zeros" else torch.randn
    h0, c0 = (draw(*rows, size, **_drawn(spec)) for size in (spec.state_size, spec.hidden_size))
    return h0.to(spec.device), c0.to(spec.device)


def call(spec: LSTMSpec, lstm: torch.nn.LSTM, input: Tensor, h0: Tensor, c0: Tensor) -> Run:
    """Call the module: packed if the spec has lengths."""
    given: dict[str, Any] = {"input": input, "h0": h0, "c0": c0}
    if spec.lengths is None:
        output, (hn, cn) = lstm(input, (h0, c0))
        return Run(lstm, {**given, "output": output, "hn": hn, "cn": cn})
    lengths = torch.tensor(spec.lengths)  # on the CPU, where pack_padded_sequence wants it
    packed_input = pack_padded_sequence(input, lengths, spec.batch_first, spec.enforce_sorted)
    packed_output, (hn, cn) = lstm(packed_input, (h0, c0))
    unsorted = packed_output
    if spec.device == "meta":  # there are no numbers there to bring into another order
        unsorted = packed_output._replace(unsorted_indices=None)
    output, _ = pad_packed_sequence(unsorted, spec.batch_first, spec.padding_value, spec.total_length)
    given |= {"lengths": lengths, "packed_input": packed_input, "packed_output": packed_output}
    return Run(lstm, {**given, "output": output, "hn": hn, "cn": cn}, spec.padding_value)


def _drawn(spec: LSTMSpec) -> dict[str, Any]:
    """Where numbers are drawn, and of which dtype."""
    return {"device": "meta" if spec.device == "meta" else "cpu", "dtype": getattr(torch, spec.dtype)}
