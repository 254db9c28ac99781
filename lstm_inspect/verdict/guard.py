"""Refuse a spec that this machine can't hold, before anything is allocated: theory's need against what is free."""

import os
import re
import sys
from pathlib import Path
from typing import Final

from lstm_inspect.errors import LSTMInspectError, MemoryNeedError
from lstm_inspect.theory import costs
from lstm_inspect.theory.costs import Need, format_bytes
from lstm_inspect.theory.spec import LSTMSpec

_SHARE: Final = 0.9  # of what is free; the rest is for the interpreter, torch itself and everybody else
_ALWAYS_THERE: Final = 16 * 2**20  # less than the interpreter itself takes: not worth asking for
_TORCH_COUNTS_TO: Final = 2**63 - 1
_CGROUPS: Final = (  # limit, usage, and what of it is file cache that the kernel gives up when asked to
    ("memory.max", "memory.current", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
)


def a_spec(given: object) -> LSTMSpec:
    """What was given as a spec; raise LSTMInspectError if it is none."""
    if isinstance(given, LSTMSpec):
        return given
    instead = "inspect_module(lstm, input) for a module of yours"
    raise LSTMInspectError("spec", f"is of type {type(given).__name__}", "it must be an LSTMSpec", instead)


def refuse_too_large(spec: LSTMSpec, *, predict: bool, reference: bool) -> None:
    """Raise MemoryNeedError, which says the ways out, if the spec needs more than is free."""
    refuse(costs.need_of_report(spec))
    if not predict:
        refuse_uncountable(spec, costs.PREDICT)
        refuse(costs.need(spec, reference=reference))


def refuse_uncountable(spec: LSTMSpec, instead: str) -> None:
    """Raise MemoryNeedError if a tensor has more elements than torch can count, on the meta device too."""
    if costs.largest_tensor(spec) * 8 > _TORCH_COUNTS_TO:
        run = costs.need(spec.replace(device="cpu"))
        raise MemoryNeedError(run.largest, "is more than torch can count", run.sentence, instead)


def refuse(need: Need) -> None:
    """Raise MemoryNeedError if it is more than is free."""
    free = free_memory() if need.bytes >= _ALWAYS_THERE else None
    if free is not None and need.bytes > _SHARE * free:
        allowed = f"{format_bytes(free)} are free here. {need.sentence}"
        raise MemoryNeedError(need.largest, f"needs about {format_bytes(need.bytes)} of memory", allowed, need.instead)


def free_memory() -> int | None:
    """Bytes that a process can still take without harm; None where the system does not say."""
    said = _available(), _cgroup(), _address_space()  # what the kernel, the container's limit and ulimit -v leave
    known = [free for free in said if free is not None]
    return max(0, min(known)) if known else None


def _available() -> int | None:
    found = re.search(r"^MemAvailable: +(\d+)", _read("/proc/meminfo"), re.MULTILINE)
    if found:
        return int(found[1]) * 1024
    try:  # not Linux: all the memory there is stands for what is free
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _cgroup() -> int | None:
    for limit_file, usage_file, cache in _CGROUPS:
        limit, usage = (_read(f"/sys/fs/cgroup/{name}").strip() for name in (limit_file, usage_file))
        if limit.isdigit() and usage.isdigit():
            stat = _read(str(Path("/sys/fs/cgroup", limit_file).with_name("memory.stat")))
            cached = re.search(rf"^{cache} (\d+)", stat, re.MULTILINE)
            return int(limit) - int(usage) + (int(cached[1]) if cached else 0)
    return None


def _address_space() -> int | None:
    if sys.platform == "win32":
        return None
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    pages = _read("/proc/self/statm").split()
    return limit - int(pages[0]) * os.sysconf("SC_PAGE_SIZE") if pages else None


def _read(path: str) -> str:
    """A small system file's text; empty where there is none."""
    try:
        return Path(path).read_text(encoding="ascii")
    except OSError:
        return ""
