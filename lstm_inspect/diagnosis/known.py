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
    def num_directions(self) -> int | None:
        """D."""
        return None if self.bidirectional is None else 2 if self.bidirectional else 1

    @property
    def rows(self) -> int | None:
        """L * D, the rows of h0 and c0."""
        if self.num_layers is None or self.num_directions is None:
            return None
        return self.num_layers * self.num_directions

    @property
    def state_size(self) -> int | None:
        """R: P if there is a projection, else H.

        >>> Known(hidden_size=20).state_size is None, Known(hidden_size=20, proj_size=0).state_size
        (True, 20)
        """
        return None if self.proj_size is None else self.proj_size or self.hidden_size

    @property
    def batched(self) -> bool | None:
        """Whether the input that was passed has a batch axis."""
        return None if self.input_shape is None or len(self.input_shape) not in (2, 3) else len(self.input_shape) == 3

    @property
    def axes(self) -> dict[str, int]:
        """The input's axes by letter, as the module reads them; those that are not known are left out.

        >>> Known(input_shape=(3, 5, 10), batch_first=True).axes
        {'B': 3, 'T': 5, 'I': 10}
        """
        shape = self.input_shape
        if self.batched is None or shape is None:
            return {}
        if not self.batched:
            return {"T": shape[0], "I": shape[1]}
        letters = {True: "BTI", False: "TBI", None: "??I"}[self.batch_first]
        return {letter: size for letter, size in zip(letters, shape, strict=True) if letter != "?"}

    @property
    def batch(self) -> int | None:
        """B as the module reads it: off the input, else as it was given, else the number of lengths."""
        if "B" in self.axes:
            return self.axes["B"]
        if self.batch_size is not None:
            return self.batch_size
        return None if self.lengths is None else len(self.lengths)

    @property
    def time(self) -> int | None:
        """T as the module reads it: off the input, else as it was given."""
        return self.axes.get("T", self.seq_len)

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
