"""LSTMSpec: one nn.LSTM and one batch for it, validated."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any, Final

from lstm_inspect.errors import SpecError
from lstm_inspect.theory import validation
from lstm_inspect.theory.contract import Document, record
from lstm_inspect.theory.dtypes import DTYPES
from lstm_inspect.theory.validation import FROM_LENGTHS, Fields

DEFAULT_SEQ_LEN: Final = 5
DEFAULT_BATCH_SIZE: Final = 3


@record()
class LSTMSpec(Fields, Document):
    """One ``torch.nn.LSTM`` and one batch for it.

    Letters used everywhere (theory.letters): T time steps, B sequences, I input features, H cell features,
    P projected features, R features of one direction's hidden state (P if P > 0, else H), L layers, D directions.

    Args:
        input_size: I, at least 1.
        hidden_size: H, at least 1.
        num_layers: L, at least 1.
        bias: whether the module has its two bias vectors a layer and direction.
        batch_first: whether input and output are (B, T, .) rather than (T, B, .).
        dropout: probability between layers, 0 to 1; the module runs in eval mode, where it does nothing.
        bidirectional: whether D is 2.
        proj_size: P, from 0 (no projection) to H - 1.
        seq_len: T, at least 1; left out it is total_length, else the longest length, else 5.
        batch_size: B, at least 0, or None for unbatched input; left out it is the number of lengths, else 3.
        lengths: valid time steps of each sequence, each at least 1: the batch runs packed.
        enforce_sorted: refuse lengths that are not in descending order, as torch does by default.
        total_length: T of the padded batch when it is more than the longest length.
        padding_value: what fills the padded cells of input and output.
        state: "random" or "zeros": what h0 and c0 hold.
        seed: of weights, input and initial state.
        dtype: "float32", "float64", "float16" or "bfloat16".
        device: "cpu", "cuda", "cuda:N", "mps", "meta" or "auto".

    Raises:
        SpecError: an argument is out of range, or two contradict each other.

    >>> LSTMSpec(num_layers=2, bidirectional=True).num_directions
    2
    >>> LSTMSpec(lengths=(8, 9, 10)).seq_len
    10
    """

    def __post_init__(self) -> None:
        lengths: object = self.lengths
        if isinstance(lengths, list):  # as JSON has it
            object.__setattr__(self, "lengths", tuple(lengths))
        validation.refuse(self, validation.breaches_of_lengths(self))
        if self.seq_len is FROM_LENGTHS:
            longest = max(self.lengths) if self.lengths else DEFAULT_SEQ_LEN
            object.__setattr__(self, "seq_len", (self.lengths and self.total_length) or longest)
        if self.batch_size is FROM_LENGTHS:
            object.__setattr__(self, "batch_size", len(self.lengths) if self.lengths else DEFAULT_BATCH_SIZE)
        validation.refuse(self, validation.breaches(self))

    @property
    def num_directions(self) -> int:
        """D: 2 if bidirectional, else 1."""
        return 2 if self.bidirectional else 1

    @property
    def directions(self) -> tuple[str, ...]:
        """The directions in the order of their rows: forward, then reverse."""
        return ("forward", "reverse")[: self.num_directions]

    @property
    def num_states(self) -> int:
        """L * D: the rows of h0, c0, hn and cn."""
        return self.num_layers * self.num_directions

    @property
    def state_size(self) -> int:
        """R: the features of one direction's hidden state, P if P > 0, else H."""
        return self.proj_size or self.hidden_size

    @property
    def output_size(self) -> int:
        """D * R: the last axis of output."""
        return self.num_directions * self.state_size

    @property
    def batched(self) -> bool:
        """Whether input and states have a batch axis."""
        return self.batch_size is not None

    @property
    def sequences(self) -> int:
        """B, or 1 for unbatched input."""
        return 1 if self.batch_size is None else self.batch_size

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return DTYPES[self.dtype].bytes

    @property
    def has_values(self) -> bool:
        """Whether a run leaves numbers to compare: not on the meta device, not from an empty batch."""
        return self.device != "meta" and self.batch_size != 0

    @property
    def valid_steps(self) -> int:
        """Time steps that are computed, over all sequences: the sum of lengths, else T * B."""
        return self.padded_steps if self.lengths is None else sum(self.lengths)

    @property
    def padded_steps(self) -> int:
        """T * B, the padding included."""
        return self.seq_len * self.sequences

    def replace(self, **changes: Any) -> LSTMSpec:
        """The same spec with some fields changed; the others keep their resolved values."""
        return dataclasses.replace(self, **changes)

    def arguments(self) -> dict[str, Any]:
        """The fields that don't stand at their default nor follow from the lengths.

        >>> LSTMSpec(num_layers=2, lengths=(8, 9)).arguments()
        {'num_layers': 2, 'lengths': (8, 9)}
        """
        default, follow = LSTMSpec(), ("seq_len", "batch_size") if self.lengths else ()
        names = [field.name for field in dataclasses.fields(self) if field.name not in follow]
        return {name: getattr(self, name) for name in names if getattr(self, name) != getattr(default, name)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LSTMSpec:
        """The spec of a contract's ``spec`` object; missing keys take their defaults.

        Raises:
            SpecError: a key is unknown, or a value is refused.

        >>> LSTMSpec.from_dict({"lengths": [8, 9, 10]}).batch_size
        3
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for key, value in values.items():
            if key not in known:
                close = difflib.get_close_matches(str(key), known, n=1) or ["one of these names"]
                raise SpecError(str(key), repr(value), f"one of {', '.join(known)}", close[0])
        return cls(**values)
