"""LSTMSpec: one nn.LSTM and one batch for it, and which values its fields take."""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice, pairwise
from typing import Annotated, Any, Final

from lstm_inspect.errors import SpecError
from lstm_inspect.theory.contract import Document, Limit, Natural, Positive, record
from lstm_inspect.theory.dtypes import DTYPES, is_number

DEFAULT_SEQ_LEN: Final = 5
DEFAULT_BATCH_SIZE: Final = 3
STATES: Final = ("random", "zeros")

_LOWEST: Final = {"input_size": 1, "hidden_size": 1, "num_layers": 1, "proj_size": 0, "seq_len": 1}
_FLAGS: Final = ("bias", "batch_first", "bidirectional", "enforce_sorted")
_NAMES: Final = ("dtype", "state", "device")
_DEVICE: Final = re.compile(r"cpu|cuda(:\d{1,4})?|mps|meta|auto")
_MOST_SHOWN: Final = 12

Breach = tuple[str, str, str]  # a field whose value is not sound, what is allowed, what to write instead


class _FromLengths(int):
    """The default of seq_len and batch_size: the lengths decide, else the numbers of the first example."""

    def __repr__(self) -> str:
        return "FROM_LENGTHS"


FROM_LENGTHS: Final[int] = _FromLengths(-1)


@record()
class LSTMSpec(Document):
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

    >>> LSTMSpec(lengths=(8, 9, 10)).seq_len
    10
    """

    input_size: Positive = 10
    hidden_size: Positive = 20
    num_layers: Positive = 1
    bias: bool = True
    batch_first: bool = False
    dropout: Annotated[float, Limit(minimum=0, maximum=1)] = 0.0
    bidirectional: bool = False
    proj_size: Natural = 0
    seq_len: Positive = FROM_LENGTHS
    batch_size: Natural | None = FROM_LENGTHS
    lengths: Annotated[tuple[Positive, ...], Limit(minItems=1)] | None = None
    enforce_sorted: bool = False
    total_length: int | None = None
    padding_value: float = 0.0
    state: Annotated[str, Limit(enum=list(STATES))] = STATES[0]
    seed: Natural = 0
    dtype: Annotated[str, Limit(enum=list(DTYPES))] = "float32"
    device: str = "cpu"

    def __post_init__(self) -> None:
        lengths: object = self.lengths
        if isinstance(lengths, list):  # as JSON has it
            object.__setattr__(self, "lengths", tuple(lengths))
        self._refuse(_breaches_of_lengths(self))
        if self.seq_len is FROM_LENGTHS:
            steps = max(*self.lengths, self.total_length or 0) if self.lengths else DEFAULT_SEQ_LEN
            object.__setattr__(self, "seq_len", steps)
        if self.batch_size is FROM_LENGTHS:
            object.__setattr__(self, "batch_size", len(self.lengths) if self.lengths else DEFAULT_BATCH_SIZE)
        self._refuse(chain(_of_numbers(self), _of_names(self), _of_batch(self), _of_packing(self)))

    def _refuse(self, breaches: Iterator[Breach]) -> None:
        for name, allowed, instead in breaches:  # the first is told: those behind it count on its not being there
            value = getattr(self, name)
            raise SpecError(name, str(value) if name in _NAMES else _show(value), allowed, instead)

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
        """The fields that don't stand at their default nor follow from the lengths."""
        default, follow = LSTMSpec(), ("seq_len", "batch_size") if self.lengths else ()
        names = [field.name for field in dataclasses.fields(self) if field.name not in follow]
        return {name: getattr(self, name) for name in names if getattr(self, name) != getattr(default, name)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LSTMSpec:
        """The spec of a contract's ``spec`` object; missing keys take their defaults.

        Raises:
            SpecError: a key is unknown, or a value is refused.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for key, value in values.items():
            if key not in known:
                close = difflib.get_close_matches(str(key), known, n=1) or ["one of these names"]
                raise SpecError(str(key), repr(value), f"one of {', '.join(known)}", close[0])
        return cls(**values)


def _breaches_of_lengths(spec: LSTMSpec) -> Iterator[Breach]:
    """Lengths are whole numbers from 1; they must be sound before T and B are read off them."""
    lengths, total = spec.lengths, spec.total_length
    if lengths is None:
        return
    if type(lengths) is not tuple:
        yield "lengths", "a tuple or a list of whole numbers from 1", f"{{lengths={_sound(lengths)}}}"
    if not lengths:
        yield "lengths", "at least one whole number from 1", "{lengths=8,9,10}"
    if set(map(type, lengths)) != {int} or min(lengths) < 1:
        sequence, odd = next((i, each) for i, each in enumerate(lengths) if type(each) is not int or each < 1)
        empty = _is_int(odd) and odd == 0
        allowed = f"whole numbers from 1, but sequence {sequence} has {odd!r}"
        allowed += ": an empty sequence has no state" if empty else ""
        yield "lengths", allowed, f"{'the others alone, ' if empty else ''}{{lengths={_sound(lengths)}}}"
    if total is not None and not _is_int(total):
        yield "total_length", "a whole number", f"{{total_length={max(lengths)}}}"


def _of_numbers(spec: LSTMSpec) -> Iterator[Breach]:
    for name in _FLAGS:
        value = getattr(spec, name)
        if not isinstance(value, bool):
            yield name, "True or False", f"{{{name}={bool(value)}}}"
    for name, lowest in _LOWEST.items():
        value = getattr(spec, name)
        if not _is_int(value) or value < lowest:
            yield name, f"a whole number from {lowest}", f"{{{name}={_nearest(value, lowest)}}}"
    hidden = spec.hidden_size
    if spec.proj_size >= hidden:
        allowed = f"smaller than {{hidden_size}} ({hidden}), or 0 for no projection"
        yield "proj_size", allowed, f"{{proj_size={hidden // 2}}}"
    if not is_number(spec.dropout) or not 0 <= spec.dropout <= 1:
        yield "dropout", "a probability from 0 to 1", "{dropout=0.5}"
    if not _is_int(spec.seed) or not 0 <= spec.seed < 2**63:
        yield "seed", "a whole number from 0 to 2**63 - 1", "{seed=0}"


def _of_names(spec: LSTMSpec) -> Iterator[Breach]:
    *others, last = DTYPES
    if not isinstance(spec.dtype, str) or spec.dtype not in DTYPES:
        yield "dtype", f"{', '.join(others)} or {last}", "{dtype=float32}"
    if spec.state not in STATES:
        yield "state", " or ".join(STATES), "{state=random}"
    if not isinstance(spec.device, str) or not _DEVICE.fullmatch(spec.device):
        yield "device", "cpu, cuda, cuda:N, mps, meta or auto", "{device=cpu}"
    padding, largest = spec.padding_value, DTYPES[spec.dtype].largest
    if not is_number(padding) or not abs(padding) < math.inf:
        yield "padding_value", "a finite number", "{padding_value=0}"
    if abs(padding) > largest:
        yield "padding_value", f"at most {largest!r} in {spec.dtype}", "{padding_value=0}"


def _of_batch(spec: LSTMSpec) -> Iterator[Breach]:
    size, lengths = spec.batch_size, spec.lengths
    if size is not None and (not _is_int(size) or size < 0):
        yield "batch_size", "a whole number from 0", "{batch_size=3}"
    if lengths is not None and size is None:
        alone = f"{{lengths={_show(lengths)}}} alone, or {{batch_size=None}} with {{seq_len={lengths[0]}}}"
        yield "lengths", "left out when the input is unbatched", alone
    if lengths is not None and size != len(lengths):
        allowed = f"{len(lengths)}, the number of {{lengths}}, or left out"
        yield "batch_size", allowed, f"{{batch_size={len(lengths)}}}"
    if lengths is None and spec.total_length is not None:
        yield "total_length", "used with {lengths}", f"{{seq_len={_nearest(spec.total_length, 1)}}}"


def _of_packing(spec: LSTMSpec) -> Iterator[Breach]:
    lengths, total = spec.lengths, spec.total_length
    if lengths is None:
        return
    longest = max(lengths)
    if total is not None and total < longest:
        allowed = f"at least the longest of {{lengths}} ({longest}, sequence {lengths.index(longest)})"
        yield "total_length", allowed, f"{{total_length={longest}}}"
    steps, whose = (total, "{total_length}") if total else (longest, "the longest of {lengths}")
    if spec.seq_len != steps:
        further = spec.seq_len > longest and not total
        instead = f"{{total_length={spec.seq_len}}} for a batch padded further" if further else f"{{seq_len={steps}}}"
        yield "seq_len", f"{steps}, {whose}, or left out", instead
    if spec.enforce_sorted and any(a < b for a, b in pairwise(lengths)):
        descending = _show(tuple(sorted(lengths, reverse=True)))
        allowed = f"in descending order with {{enforce_sorted=True}}, that is {descending}"
        yield "lengths", allowed, f"without {{enforce_sorted=True}}, or {{lengths={descending}}}"


def _nearest(value: Any, lowest: int) -> int:
    try:
        near = int(value)
    except (TypeError, ValueError, OverflowError):
        near = -1
    return near if near >= lowest else max(lowest, 1)


def _sound(lengths: Any) -> str:
    """The first of some lengths that are sound, as they are typed; three others if none is."""
    listed = lengths.tolist() if hasattr(lengths, "tolist") else lengths
    first = islice(listed, _MOST_SHOWN) if isinstance(listed, Iterable) else ()
    return _show(tuple(each for each in first if _is_int(each) and each > 0) or (8, 9, 10))


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value is not FROM_LENGTHS


def _show(value: object) -> str:
    """A value as Python writes it; lengths as they are typed, a long list of them cut."""
    if not isinstance(value, tuple):
        return repr(value)
    return ",".join(map(str, value[:_MOST_SHOWN])) + (",..." if len(value) > _MOST_SHOWN else "")
