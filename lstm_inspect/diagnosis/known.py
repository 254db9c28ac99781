"""What is known of a call beside its error message; a field that is None is unknown, never a default."""

from __future__ import annotations

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

    @property
    def batched(self) -> bool | None:
        """Whether the input that was passed has a batch axis."""
        return None if self.input_shape is None or len(self.input_shape) not in (2, 3) else len(self.input_shape) == 3

    @property
    def data_batch_first(self) -> bool | None:
        """Whether the data is laid out (B, T, I), as far as the sizes that were given can tell.

        >>> Known(input_shape=(3, 5, 10), batch_size=3, seq_len=5).data_batch_first
        True
        """
        if not self.batched or self.input_shape is None:
            return None
        first, second = self.input_shape[:2]
        for size, meant_first in ((self._meant_batch, True), (self.seq_len, False)):
            if size is not None and first != second and size in (first, second):
                return (size == first) is meant_first
        return None

    @property
    def _meant_batch(self) -> int | None:
        return self.batch_size if self.lengths is None else len(self.lengths)


def layout(known: Known) -> tuple[int | None, int | None]:
    """B and T of the padded batch: by batch_first, or by what the other sizes say; None where nothing tells.

    >>> layout(Known(input_shape=(3, 5, 10), lengths=(5, 4, 2)))
    (3, 5)
    """
    shape = known.input_shape
    if shape is None or len(shape) < 2 or known.batched is False:
        return known.batch_size, known.seq_len
    first = known.batch_first if known.batch_first is not None else known.data_batch_first
    if first is None:
        same = shape[0] == shape[1]
        return (shape[0], shape[1]) if same else _neither(known, shape)
    return (shape[0], shape[1]) if first else (shape[1], shape[0])


def _neither(known: Known, shape: Shape) -> tuple[int | None, int | None]:
    """The layout is not known: as many lengths as neither axis has sequences are wrong all the same."""
    fits = known.lengths is None or len(known.lengths) in shape[:2]
    return (None, None) if fits else (shape[1], None)
