"""What to call a cell of a batch: one time step of one sequence."""

from collections.abc import Callable
from itertools import accumulate
from typing import Final

from lstm_inspect.errors import SpecError
from lstm_inspect.theory.claim import Claim
from lstm_inspect.theory.expressions import PACK
from lstm_inspect.theory.packing import Packing, has_free_order
from lstm_inspect.theory.packing_claims import rows_of
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.theory.spec import LSTMSpec

Label = Callable[[int, int], str]
"""(sequence, time step) -> what stands in that cell."""

LABELS: Final = "labels"
NUMBERS: Final = "numbers"
_MOST_FEATURES: Final = 4
_MOST_NUMBERED_CELLS: Final = 200


def words_of(values: str) -> tuple[str, ...] | None:
    """The words whose letters fill the cells, one per sequence; None if values is not made of words.

    >>> words_of("abc,x"), words_of("labels")
    (('abc', 'x'), None)
    """
    if values in (LABELS, NUMBERS):
        return None
    words = tuple(values.split(","))
    if not all(words):
        raise SpecError("values", repr(values), "labels, numbers, or words without an empty one", "{values=abc,x}")
    return words


def cell_label(values: str, spec: LSTMSpec) -> Label:
    """How the cells of a spec's batch are labelled.

    Args:
        values: "labels" (s0t0), "numbers" (1, 10 / 2, 20 / ...) or comma-separated words, one per sequence.
        spec: with lengths.

    Raises:
        SpecError: the words don't fit the lengths, or input_size is too large for numbers.

    >>> cell_label("numbers", LSTMSpec(input_size=2, lengths=(4, 3, 2)))(1, 0)
    '(5, 50)'
    """
    if values == NUMBERS:
        numbers = _numbers(spec)
        return lambda sequence, step: format_tuple(tuple(numbers(sequence, step)))
    words = words_of(values)
    if words is None:
        return lambda sequence, step: f"s{sequence}t{step}"
    if tuple(map(len, words)) != spec.lengths:
        instead = f"{{lengths={','.join(str(len(word)) for word in words)}}} or leave it out"
        raise SpecError("values", ",".join(words), "words as long as {lengths} say", instead)
    return lambda sequence, step: words[sequence][step]


def _numbers(spec: LSTMSpec) -> Callable[[int, int], list[int]]:
    """Cell n of the batch, counted sequence by sequence from 1, holds n, 10 n, 100 n, ..."""
    assert spec.lengths is not None
    if spec.input_size > _MOST_FEATURES:
        allowed = f"used with {{input_size}} up to {_MOST_FEATURES}"
        raise SpecError("values", NUMBERS, allowed, "{input_size=2}, or {values=labels}")
    starts = [0, *accumulate(spec.lengths)]
    return lambda sequence, step: [(starts[sequence] + step + 1) * 10**k for k in range(spec.input_size)]


def numbers_claim(spec: LSTMSpec, packing: Packing) -> Claim:
    """That torch packs those very numbers in the order that the theory says.

    >>> from lstm_inspect.theory.packing import pack
    >>> numbers_claim(LSTMSpec(input_size=2, lengths=(2, 1)), pack((2, 1))).right
    '[[1, 10], [3, 30], [2, 20]]'
    """
    assert spec.lengths is not None
    if sum(spec.lengths) > _MOST_NUMBERED_CELLS:
        raise SpecError("values", NUMBERS, f"used with at most {_MOST_NUMBERED_CELLS} valid steps", "{values=labels}")
    numbers, empty = _numbers(spec), [0] * spec.input_size
    batch = [
        [numbers(sequence, step) if step < length else empty for step in range(max(spec.lengths))]
        for sequence, length in enumerate(spec.lengths)
    ]
    rows = str(list(map(numbers, packing.row_sequence, packing.row_time_step)))
    if has_free_order(spec):
        rows = f"{rows_of(spec.replace(batch_first=True, device='cpu'), f'torch.tensor({batch})', packing)}.tolist()"
    arguments = f"torch.tensor({batch}), lengths, batch_first=True, enforce_sorted={spec.enforce_sorted}"
    left, why = f"{PACK}({arguments}).data.tolist()", "these numbers, packed by torch, row by row"
    return Claim("numbers", "packing", left, rows, why)
