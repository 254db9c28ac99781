"""The fields of an LSTMSpec and which values they take: one rule a field, and the rules between fields."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Annotated, Final

from lstm_inspect.errors import SpecError
from lstm_inspect.theory.contract import Limit, Natural, Positive
from lstm_inspect.theory.dtypes import DTYPES


class _FromLengths(int):
    """The default of seq_len and batch_size: the lengths decide, else the numbers of the first example."""

    def __repr__(self) -> str:
        return "FROM_LENGTHS"


FROM_LENGTHS: Final[int] = _FromLengths(-1)
STATES: Final = ("random", "zeros")

_LOWEST: Final = {"input_size": 1, "hidden_size": 1, "num_layers": 1, "proj_size": 0, "seq_len": 1}
_FLAGS: Final = ("bias", "batch_first", "bidirectional", "enforce_sorted")
_NAMES: Final = ("dtype", "state", "device")
_SEEDS: Final = 2**63
_DEVICE: Final = re.compile(r"cpu|cuda(:\d{1,4})?|mps|meta|auto")
_MOST_SHOWN: Final = 12

Breach = tuple[str, str, str]
"""A field whose value is not sound, what is allowed, what to write instead."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of an LSTMSpec, with what each is left out for; LSTMSpec says what they mean."""

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


def refuse(spec: Fields, breaches: Iterator[Breach]) -> None:
    """Raise SpecError for the first breach; the rules behind it count on its not being there."""
    for name, allowed, instead in breaches:
        value = getattr(spec, name)
        raise SpecError(name, str(value) if name in _NAMES else _show(value), allowed, instead)


def breaches_of_lengths(spec: Fields) -> Iterator[Breach]:
    """Lengths are whole numbers from 1; they must be sound before T and B are read off them."""
    lengths, total = spec.lengths, spec.total_length
    if lengths is None:
        return
    if not isinstance(lengths, tuple) or not lengths:
        yield "lengths", "at least one whole number from 1", "{lengths=8,9,10}"
    if set(map(type, lengths)) != {int} or min(lengths) < 1:
        sequence, odd = next((i, each) for i, each in enumerate(lengths) if type(each) is not int or each < 1)
        good = [each for each in lengths[:_MOST_SHOWN] if _is_int(each) and each > 0] or [8, 9, 10]
        empty = _is_int(odd) and odd == 0
        allowed = f"whole numbers from 1, but sequence {sequence} has {odd!r}"
        allowed += ": an empty sequence has no state" if empty else ""
        yield "lengths", allowed, f"{'the others alone, ' if empty else ''}{{lengths={_show(tuple(good))}}}"
    if total is not None and not _is_int(total):
        yield "total_length", "a whole number", f"{{total_length={max(lengths)}}}"


def breaches(spec: Fields) -> Iterator[Breach]:
    """What a field may not be, and then what it may not be beside others."""
    return chain(_of_numbers(spec), _of_names(spec), _of_batch(spec), _of_packing(spec))


def _of_numbers(spec: Fields) -> Iterator[Breach]:
    for name in _FLAGS:
        value = getattr(spec, name)
        if not isinstance(value, bool):
            yield name, "True or False", f"{{{name}={bool(value)}}}"
    for name, lowest in _LOWEST.items():
        value = getattr(spec, name)
        if not _is_int(value) or value < lowest:
            yield name, f"a whole number from {lowest}", f"{{{name}={max(lowest, 1)}}}"
    hidden = spec.hidden_size
    if spec.proj_size >= hidden:
        allowed = f"smaller than {{hidden_size}} ({hidden}), or 0 for no projection"
        yield "proj_size", allowed, f"{{proj_size={hidden // 2}}}"
    if not _is_number(spec.dropout) or not 0 <= spec.dropout <= 1:
        yield "dropout", "a probability from 0 to 1", "{dropout=0.5}"
    if not _is_int(spec.seed) or not 0 <= spec.seed < _SEEDS:
        yield "seed", "a whole number from 0 to 2**63 - 1", "{seed=0}"


def _of_names(spec: Fields) -> Iterator[Breach]:
    if not isinstance(spec.dtype, str) or spec.dtype not in DTYPES:
        yield "dtype", _one_of(tuple(DTYPES)), "{dtype=float32}"
    if spec.state not in STATES:
        yield "state", _one_of(STATES), "{state=random}"
    if not isinstance(spec.device, str) or not _DEVICE.fullmatch(spec.device):
        yield "device", "cpu, cuda, cuda:N, mps, meta or auto", "{device=cpu}"
    padding, largest = spec.padding_value, DTYPES[spec.dtype].largest
    if not _is_number(padding) or not abs(padding) < math.inf:
        yield "padding_value", "a finite number", "{padding_value=0}"
    if abs(padding) > largest:
        yield "padding_value", f"at most {largest!r} in {spec.dtype}", "{padding_value=0}"


def _of_batch(spec: Fields) -> Iterator[Breach]:
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
        yield "total_length", "used with {lengths}", f"{{seq_len={spec.total_length}}}"


def _of_packing(spec: Fields) -> Iterator[Breach]:
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


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value is not FROM_LENGTHS


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _one_of(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _show(value: object) -> str:
    """A value as Python writes it; lengths as they are typed, a long list of them cut."""
    if not isinstance(value, tuple):
        return repr(value)
    return ",".join(map(str, value[:_MOST_SHOWN])) + (",..." if len(value) > _MOST_SHOWN else "")
