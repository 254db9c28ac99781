"""What is known of a call beside its error message; a field that is None is unknown, never a default."""

from dataclasses import dataclass

from lstm_inspect.theory.shapes import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Facts about one LSTM and one call of it, any of them unknown."""

    input_shape: Shape | None = None  #: as it was passed; of packed input the padded batch's.
    h0_shape: Shape | None = None  #: as it was passed.
    c0_shape: Shape | None = None  #: as it was passed.
    lengths: tuple[float, ...] | None = None  #: as they were passed: zeros and fractions too.
    input_size: int | None = None
    hidden_size: int | None = None
    num_layers: int | None = None
    bias: bool | None = None
    batch_first: bool | None = None
    dropout: float | None = None
    bidirectional: bool | None = None
    proj_size: int | None = None
    seq_len: int | None = None  #: T as it is meant.
    batch_size: int | None = None  #: B as it is meant.
    unbatched: bool | None = None  #: whether the input is meant to have no batch axis.
    enforce_sorted: bool | None = None  #: of pack_padded_sequence.
    total_length: int | None = None  #: of pad_packed_sequence.
    dtype: str | None = None  #: of weights and input.
    device: str | None = None  #: of weights and input.
    lstm_call: bool | None = None  #: whether the error is known to come out of a call of an LSTM.
