"""B and T of a padded batch, read off its shape by everything that is known."""

from __future__ import annotations

from lstm_inspect.diagnosis.known import Known
from lstm_inspect.theory.shapes import Shape


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
