"""The fields of an LSTMSpec and which values they take: one rule a field, and the rules between fields."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
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
_SEEDS: Final = 2**63
_DEVICE: Final = re.compile(r"cpu|cuda(:\d{1,4})?|mps|meta|auto")
_MOST_SHOWN: Final = 12


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


def sequence_of(lengths: object) -> object:
    """A list of lengths, as JSON has it, as a tuple; anything else as it came."""
    return tuple(lengths) if isinstance(lengths, list) else lengths


def validate_lengths(spec: Fields) -> None:
    """Refuse lengths that are not whole numbers from 1; they must be sound before T and B are read off them."""
    lengths = spec.lengths
    if lengths is None:
        return
    if not isinstance(lengths, tuple) or not lengths:
        raise SpecError("lengths", _show(lengths), "at least one whole number from 1", "{lengths=8,9,10}")
    if set(map(type, lengths)) != {int} or min(lengths) < 1:
        raise _bad_length(lengths, next(i for i, length in enumerate(lengths) if type(length) is not int or length < 1))
    if spec.total_length is not None and not _is_int(spec.total_length):
        raise SpecError("total_length", repr(spec.total_length), "a whole number", f"{{total_length={max(lengths)}}}")


def _bad_length(lengths: tuple[int, ...], sequence: int) -> SpecError:
    good = [length for length in lengths[:_MOST_SHOWN] if _is_int(length) and length > 0] or [8, 9, 10]
    allowed = f"whole numbers from 1, but sequence {sequence} has {lengths[sequence]!r}: an empty sequence has no state"
    if _is_int(lengths[sequence]) and lengths[sequence] == 0:
        return SpecError("lengths", _show(lengths), allowed, f"the others alone, {{lengths={_show(tuple(good))}}}")
    allowed = f"whole numbers from 1, but sequence {sequence} has {lengths[sequence]!r}"
    return SpecError("lengths", _show(lengths), allowed, f"{{lengths={_show(tuple(good))}}}")


def validate(spec: Fields) -> None:
    """Raise SpecError for the first field that is out of range or contradicts another."""
    _validate_types(spec)
    _validate_numbers(spec)
    _validate_names(spec)
    _validate_batch(spec)
    _validate_packing(spec)


def _validate_types(spec: Fields) -> None:
    for name in _FLAGS:
        value = getattr(spec, name)
        if not isinstance(value, bool):
            raise SpecError(name, repr(value), "True or False", f"{{{name}={bool(value)}}}")
    for name, lowest in _LOWEST.items():
        value = getattr(spec, name)
        if not _is_int(value) or value < lowest:
            raise SpecError(name, repr(value), f"a whole number from {lowest}", f"{{{name}={max(lowest, 1)}}}")


def _validate_numbers(spec: Fields) -> None:
    if spec.proj_size >= spec.hidden_size:
        allowed = f"smaller than {{hidden_size}} ({spec.hidden_size}), or 0 for no projection"
        raise SpecError("proj_size", str(spec.proj_size), allowed, f"{{proj_size={spec.hidden_size // 2}}}")
    if not _is_number(spec.dropout) or not 0 <= spec.dropout <= 1:
        raise SpecError("dropout", repr(spec.dropout), "a probability from 0 to 1", "{dropout=0.5}")
    if not _is_int(spec.seed) or not 0 <= spec.seed < _SEEDS:
        raise SpecError("seed", repr(spec.seed), "a whole number from 0 to 2**63 - 1", "{seed=0}")


def _validate_names(spec: Fields) -> None:
    if not isinstance(spec.dtype, str) or spec.dtype not in DTYPES:
        raise SpecError("dtype", str(spec.dtype), _one_of(tuple(DTYPES)), "{dtype=float32}")
    if spec.state not in STATES:
        raise SpecError("state", str(spec.state), _one_of(STATES), "{state=random}")
    if not isinstance(spec.device, str) or not _DEVICE.fullmatch(spec.device):
        raise SpecError("device", str(spec.device), "cpu, cuda, cuda:N, mps, meta or auto", "{device=cpu}")
    largest = DTYPES[spec.dtype].largest
    if not _is_number(spec.padding_value) or not abs(spec.padding_value) < math.inf:
        raise SpecError("padding_value", repr(spec.padding_value), "a finite number", "{padding_value=0}")
    if abs(spec.padding_value) > largest:
        raise SpecError(
            "padding_value", repr(spec.padding_value), f"at most {largest!r} in {spec.dtype}", "{padding_value=0}"
        )


def _validate_batch(spec: Fields) -> None:
    batch_size = spec.batch_size
    if batch_size is None:
        if spec.lengths is not None:
            raise SpecError(
                "lengths", _show(spec.lengths), "left out when the input is unbatched", _without_unbatched(spec)
            )
    elif not _is_int(batch_size) or batch_size < 0:
        raise SpecError("batch_size", repr(batch_size), "a whole number from 0", "{batch_size=3}")
    elif spec.lengths is not None and batch_size != len(spec.lengths):
        allowed = f"{len(spec.lengths)}, the number of {{lengths}}, or left out"
        raise SpecError("batch_size", str(batch_size), allowed, f"{{batch_size={len(spec.lengths)}}}")


def _without_unbatched(spec: Fields) -> str:
    assert spec.lengths is not None
    return f"{{lengths={_show(spec.lengths)}}} alone, or {{batch_size=None}} with {{seq_len={spec.lengths[0]}}}"


def _validate_packing(spec: Fields) -> None:
    if spec.lengths is None:
        if spec.total_length is not None:
            raise SpecError(
                "total_length", str(spec.total_length), "used with {lengths}", f"{{seq_len={spec.total_length}}}"
            )
        return
    longest = max(spec.lengths)
    if spec.total_length is not None and spec.total_length < longest:
        allowed = f"at least the longest of {{lengths}} ({longest}, sequence {spec.lengths.index(longest)})"
        raise SpecError("total_length", str(spec.total_length), allowed, f"{{total_length={longest}}}")
    if spec.seq_len != (spec.total_length or longest):
        raise _contradicting_seq_len(spec, longest)
    if spec.enforce_sorted and any(a < b for a, b in pairwise(spec.lengths)):
        descending = _show(tuple(sorted(spec.lengths, reverse=True)))
        allowed = f"in descending order with {{enforce_sorted=True}}, that is {descending}"
        raise SpecError(
            "lengths", _show(spec.lengths), allowed, f"without {{enforce_sorted=True}}, or {{lengths={descending}}}"
        )


def _contradicting_seq_len(spec: Fields, longest: int) -> SpecError:
    expected = spec.total_length or longest
    whose = "{total_length}" if spec.total_length else "the longest of {lengths}"
    instead = f"{{seq_len={expected}}}"
    if spec.seq_len > longest and not spec.total_length:
        instead = f"{{total_length={spec.seq_len}}} for a batch padded further"
    return SpecError("seq_len", str(spec.seq_len), f"{expected}, {whose}, or left out", instead)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value is not FROM_LENGTHS


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _one_of(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _show(lengths: object) -> str:
    """Lengths as they are typed; a long list is cut."""
    if not isinstance(lengths, tuple):
        return repr(lengths)
    shown = ",".join(str(length) for length in lengths[:_MOST_SHOWN])
    return shown if len(lengths) <= _MOST_SHOWN else f"{shown},..."
