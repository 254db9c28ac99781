"""Refuse a spec that this machine can't hold, before anything is allocated."""

from __future__ import annotations

from typing import Final

from lstm_inspect.errors import MemoryNeedError
from lstm_inspect.theory.memory import (
    largest_tensor,
    listing_bytes,
    module_bytes,
    reference_bytes,
    report_bytes,
    run_bytes,
    weight_bytes,
)
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.verdict.machine import free_memory

_SHARE: Final = 0.9  # of what is free; the rest is for the interpreter, torch itself and everybody else
_ALWAYS_THERE: Final = 16 * 2**20  # less than the interpreter itself takes: not worth asking for
_TORCH_COUNTS_TO: Final = 2**63 - 1
_PREDICT: Final = "{predict=True} (theory alone)"
_UNITS: Final = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def refuse_too_large(spec: LSTMSpec, *, predict: bool, reference: bool) -> None:
    """Raise MemoryNeedError if the spec needs more than is free.

    Raises:
        MemoryNeedError: with the estimate, what is free and the ways out.
    """
    _refuse(_longest_list(spec), report_bytes(spec), "That is the report alone", "a smaller number")
    if predict:
        return
    refuse_uncountable(spec, _PREDICT)
    if spec.device == "meta":
        detail = "That is the module's Python objects alone"
        _refuse(f"{{num_layers={spec.num_layers}}}", module_bytes(spec), detail, _PREDICT)
        return
    need = run_bytes(spec) + (reference_bytes(spec) if reference and spec.has_values else 0)
    _refuse(
        _largest_part(spec),
        need,
        _estimate(spec),
        f"{_PREDICT} or {{device=meta}} (shapes are measured, without numbers)",
    )


def refuse_too_large_again(spec: LSTMSpec, *, reference: bool) -> None:
    """Refuse to check a live call, whose module and input are there already, if that needs more than is free.

    Raises:
        MemoryNeedError: with what is free and the way out.
    """
    if spec.device == "meta":
        return
    need = run_bytes(spec) - weight_bytes(spec) + (reference_bytes(spec) if reference and spec.has_values else 0)
    way_out = "{reference=False}, or a shorter or smaller batch"
    _refuse("checking this call", need + report_bytes(spec), "The module and its input are there already", way_out)


def refuse_long_listing(spec: LSTMSpec, form: str) -> None:
    """Raise MemoryNeedError if a list of every parameter, as "json" or "text", is more than fits.

    Raises:
        MemoryNeedError: with what to type instead.
    """
    offender, detail = f"{{num_layers={spec.num_layers}}}", "That is the list of every parameter alone"
    _refuse(
        offender, listing_bytes(spec, form), detail, "without {json} and {all}: the totals and the first and last rows"
    )


def refuse_uncountable(spec: LSTMSpec, instead: str) -> None:
    """Raise MemoryNeedError if a tensor has more elements than torch can count, on the meta device too.

    Raises:
        MemoryNeedError: with what to type instead.
    """
    if largest_tensor(spec) * 8 > _TORCH_COUNTS_TO:
        raise MemoryNeedError(_largest_part(spec), "is more than torch can count", _estimate(spec), instead)


def _refuse(offender: str, need: int, detail: str, instead: str) -> None:
    if need < _ALWAYS_THERE:
        return
    free = free_memory()
    if free is not None and need > _SHARE * free:
        allowed = f"{format_bytes(free)} are free here. {detail}"
        raise MemoryNeedError(offender, f"needs about {format_bytes(need)} of memory", allowed, instead)


def _longest_list(spec: LSTMSpec) -> str:
    """The argument that makes a report long."""
    return f"{{num_layers={spec.num_layers}}}" if spec.lengths is None else "{lengths}"


def _largest_part(spec: LSTMSpec) -> str:
    """The argument that most of a run's memory is owed to."""
    sizes = {"input_size": spec.input_size, "hidden_size": 4 * spec.hidden_size, "num_layers": spec.num_layers}
    if 4 * weight_bytes(spec) < run_bytes(spec):
        sizes |= {"seq_len": spec.seq_len, "batch_size": spec.batch_size or 1}
    name = max(sizes, key=sizes.__getitem__)
    return f"{{{name}={getattr(spec, name)}}}"


def _estimate(spec: LSTMSpec) -> str:
    weights = weight_bytes(spec)
    return f"The weights alone are {format_bytes(weights)}, one run takes {format_bytes(run_bytes(spec))}"


def format_bytes(count: int) -> str:
    """A number of bytes for reading.

    >>> format_bytes(10240), format_bytes(512), format_bytes(10**400)
    ('10.0 KiB', '512 B', 'more than 1024 EiB')
    """
    if count < 1024:
        return f"{count} B"
    for unit in _UNITS:
        if count < 1024**2:
            return f"{count / 1024:.1f} {unit}"
        count //= 1024  # in integers: the number may be beyond any float
    return f"more than 1024 {_UNITS[-1]}"
