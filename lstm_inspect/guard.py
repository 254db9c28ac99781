"""Refuse a spec that this machine can't hold, before anything is allocated."""

from __future__ import annotations

from typing import Final

from lstm_inspect.errors import MemoryNeedError
from lstm_inspect.machine import free_memory
from lstm_inspect.theory.memory import largest_tensor, packing_bytes, reference_bytes, run_bytes, weight_bytes
from lstm_inspect.theory.spec import LSTMSpec

_SHARE: Final = 0.9  # of what is free; the rest is for the interpreter, torch itself and everybody else
_TORCH_COUNTS_TO: Final = 2**63 - 1
_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def refuse_too_large(spec: LSTMSpec, *, predict: bool, reference: bool) -> None:
    """Raise MemoryNeedError if the spec needs more than is free.

    Raises:
        MemoryNeedError: with the estimate, what is free and the ways out.
    """
    if spec.lengths is not None:
        _refuse(spec, packing_bytes(spec.lengths), "fewer or shorter sequences in {lengths}")
    if predict:
        return
    if largest_tensor(spec) * 8 > _TORCH_COUNTS_TO:
        raise MemoryNeedError(
            _largest_part(spec), "is more than torch can count", _estimate(spec), "{predict=True}: theory alone"
        )
    if spec.device == "meta":
        return
    need = run_bytes(spec) + (reference_bytes(spec) if reference and spec.has_values else 0)
    _refuse(spec, need, "{predict=True} (theory alone) or {device=meta} (shapes are measured, without numbers)")


def refuse_too_large_again(spec: LSTMSpec, *, reference: bool) -> None:
    """Raise MemoryNeedError if checking a live call, whose module and input are there already, needs more than is free.

    Raises:
        MemoryNeedError: with what is free and the way out.
    """
    if spec.device == "meta":
        return
    need = run_bytes(spec) - weight_bytes(spec) + (reference_bytes(spec) if reference and spec.has_values else 0)
    free = free_memory()
    if free is not None and need > _SHARE * free:
        way_out = "{reference=False}, or a shorter or smaller batch"
        allowed = f"{format_bytes(free)} are free here"
        raise MemoryNeedError("checking this call", f"needs about {format_bytes(need)} of memory", allowed, way_out)


def _refuse(spec: LSTMSpec, need: int, instead: str) -> None:
    free = free_memory()
    if free is not None and need > _SHARE * free:
        allowed = f"{format_bytes(free)} are free here. {_estimate(spec)}"
        raise MemoryNeedError(_largest_part(spec), f"needs about {format_bytes(need)} of memory", allowed, instead)


def _largest_part(spec: LSTMSpec) -> str:
    """The argument that most of the memory is owed to."""
    if spec.lengths is not None and packing_bytes(spec.lengths) > max(run_bytes(spec) // 2, weight_bytes(spec)):
        return "{lengths}"
    sizes = {"input_size": spec.input_size, "hidden_size": 4 * spec.hidden_size, "num_layers": spec.num_layers}
    if 2 * weight_bytes(spec) < run_bytes(spec) / 2:
        sizes |= {"seq_len": spec.seq_len, "batch_size": spec.batch_size or 1}
    name = max(sizes, key=sizes.__getitem__)
    return f"{{{name}={getattr(spec, name)}}}"


def _estimate(spec: LSTMSpec) -> str:
    weights = weight_bytes(spec)
    return f"The weights alone are {format_bytes(weights)}, one run takes {format_bytes(run_bytes(spec))}"


def format_bytes(count: int) -> str:
    """A number of bytes for reading.

    >>> format_bytes(10240), format_bytes(512)
    ('10.0 KiB', '512 B')
    """
    size, unit = float(count), 0
    while size >= 1024 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{count} B"
