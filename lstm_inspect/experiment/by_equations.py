"""A call by the equations alone: what its expressions give where torch has no part in any number."""

from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from lstm_inspect.experiment.reference import reference

State: TypeAlias = tuple[Tensor, Tensor]


class Equations:
    """An nn.LSTM whose calls are worked out by the equations, in float64; all else of it is the module's own."""

    def __init__(self, lstm: torch.nn.LSTM) -> None:
        self._lstm = lstm

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lstm, name)

    def __call__(self, input: Tensor | PackedSequence, hx: State | None = None) -> tuple[Any, State]:
        """What nn.LSTM gives: output, padded or packed as input is, and (hn, cn)."""
        if not isinstance(input, PackedSequence):
            found = reference(self._lstm, input, *(hx or self._zeros(input)))
            return found.output, (found.hn, found.cn)
        first = self._lstm.batch_first
        padded, lengths = pad_packed_sequence(input, batch_first=first)
        found = reference(self._lstm, padded, *(hx or self._zeros(padded)), lengths)
        order = torch.arange(len(lengths)) if input.sorted_indices is None else input.sorted_indices.cpu()
        by_length = found.output[order] if first else found.output[:, order]
        packed = pack_padded_sequence(by_length, lengths[order], batch_first=first)
        return packed._replace(sorted_indices=order, unsorted_indices=torch.argsort(order)), (found.hn, found.cn)

    def _zeros(self, input: Tensor) -> State:
        lstm = self._lstm
        rows = lstm.num_layers * (2 if lstm.bidirectional else 1)
        lead = (rows,) if input.dim() == 2 else (rows, input.shape[0 if lstm.batch_first else 1])
        return input.new_zeros(*lead, lstm.proj_size or lstm.hidden_size), input.new_zeros(*lead, lstm.hidden_size)


def called_again(lstm: torch.nn.LSTM, tensors: dict[str, Any], padding_value: float) -> dict[str, Any]:
    """A call's names for expressions, its results worked out by the equations."""
    equations, exact = Equations(lstm), {name: _exact(value) for name, value in tensors.items()}
    packed = exact.get("packed_input")
    output, (hn, cn) = equations(exact["input"] if packed is None else packed, (exact["h0"], exact["c0"]))
    found = {**exact, "lstm": equations, "output": output, "hn": hn, "cn": cn}
    if packed is not None:
        longest = exact["input"].shape[1 if lstm.batch_first else 0]
        padded, _ = pad_packed_sequence(output, lstm.batch_first, padding_value, total_length=longest)
        found |= {"packed_output": output, "output": padded}
    return found


def _exact(value: Any) -> Any:
    if isinstance(value, PackedSequence):
        return value.to(torch.float64).cpu()
    return value.detach().to("cpu", torch.float64) if value.is_floating_point() else value
