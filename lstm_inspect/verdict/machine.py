"""What this machine has free, asked of the operating system; no torch."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_CGROUPS = (  # limit, usage, and what of it is file cache that the kernel gives up when asked to
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "inactive_file"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "total_inactive_file",
    ),
)


def free_memory() -> int | None:
    """Bytes that a process can still take without harm; None where the system does not say.

    The smallest of what the kernel calls available, what the container's limit leaves (cgroup) and
    what ``ulimit -v`` leaves.
    """
    known = [free for free in (_available(), _cgroup(), _address_space()) if free is not None]
    return max(0, min(known)) if known else None


def _available() -> int | None:
    meminfo = _read("/proc/meminfo")
    for line in meminfo.splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    try:  # not Linux: all the memory there is stands for what is free
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _cgroup() -> int | None:
    for limit_file, usage_file, cache in _CGROUPS:
        limit, usage = _read(limit_file).strip(), _read(usage_file).strip()
        if limit.isdigit() and usage.isdigit():
            statistics = _read(str(Path(limit_file).with_name("memory.stat")))
            return int(limit) - int(usage) + _entry(statistics, cache)
    return None


def _entry(text: str, name: str) -> int:
    """The number that stands after a name; 0 if it is not there."""
    found = [line.split()[1] for line in text.splitlines() if line.startswith(f"{name} ")]
    return int(found[0]) if found else 0


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
