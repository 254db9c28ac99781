"""What is known of a call beside its error message; a field that is None is unknown, never a default."""

from dataclasses import dataclass, fields

from lstm_inspect.theory.shapes import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Facts about one LSTM and one call of it, any of them unknown.

    Attributes:
        input_shape, h0_shape, c0_shape: the shapes that were passed; of packed input the padded batch's.
        lengths: valid time steps of each sequence, as they were passed (zeros and fractions too).
        input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size: of the module.
        seq_len, batch_size: T and B as they are meant.
        unbatched: whether the input is meant to have no batch axis.
        enforce_sorted, total_length: of pack_padded_sequence and pad_packed_sequence.
        dtype, device: of weights and input.
        lstm_call: whether the error is known to come out of a call of an LSTM.
    """

    input_shape: Shape | None = None
    h0_shape: Shape | None = None
    c0_shape: Shape | None = None
    lengths: tuple[float, ...] | None = None
    input_size: int | None = None
    hidden_size: int | None = None
    num_layers: int | None = None
    bias: bool | None = None
    batch_first: bool | None = None
    dropout: float | None = None
    bidirectional: bool | None = None
    proj_size: int | None = None
    seq_len: int | None = None
    batch_size: int | None = None
    unbatched: bool | None = None
    enforce_sorted: bool | None = None
    total_length: int | None = None
    dtype: str | None = None
    device: str | None = None
    lstm_call: bool | None = None

    @property
    def anything(self) -> bool:
        """Whether any fact is known."""
        return any(getattr(self, field.name) is not None for field in fields(self))
