"""What is free, read off made-up system files."""

from __future__ import annotations

import resource

import pytest

from lstm_inspect.verdict import guard

GIB = 2**30
V2 = "/sys/fs/cgroup/memory."
V1 = "/sys/fs/cgroup/memory/memory."
NO_LIMIT_OF_V1 = "9223372036854771712"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"/proc/meminfo": "MemTotal: 9 kB\nMemAvailable:   4194304 kB\n"}, 4 * GIB),
        (
            {
                "/proc/meminfo": "MemAvailable: 4194304 kB\n",
                f"{V2}max": f"{2 * GIB}\n",
                f"{V2}current": f"{GIB}\n",
            },
            GIB,
        ),
        (
            {
                "/proc/meminfo": "MemAvailable: 4194304 kB\n",
                f"{V2}max": f"{2 * GIB}\n",
                f"{V2}current": f"{2 * GIB}\n",
                f"{V2}stat": f"anon 5\ninactive_file {GIB}\n",
            },
            GIB,
        ),
        ({"/proc/meminfo": "MemAvailable: 4194304 kB\n", f"{V2}max": "max\n", f"{V2}current": "7\n"}, 4 * GIB),
        (
            {
                "/proc/meminfo": "MemAvailable: 4194304 kB\n",
                f"{V1}limit_in_bytes": f"{3 * GIB}\n",
                f"{V1}usage_in_bytes": f"{2 * GIB}\n",
                f"{V1}stat": f"inactive_file 1\ntotal_inactive_file {GIB}\n",
            },
            2 * GIB,
        ),
        (
            {
                "/proc/meminfo": "MemAvailable: 4194304 kB\n",
                f"{V1}limit_in_bytes": NO_LIMIT_OF_V1,
                f"{V1}usage_in_bytes": "5",
            },
            4 * GIB,
        ),
        (
            {"/proc/meminfo": "MemAvailable: 4194304 kB\n", f"{V2}max": "10\n", f"{V2}current": "30\n"},
            0,
        ),
    ],
)
def test_the_smallest_of_what_is_known(monkeypatch: pytest.MonkeyPatch, files: dict[str, str], expected: int) -> None:
    monkeypatch.setattr(guard, "_read", lambda path: files.get(path, ""))
    monkeypatch.setattr(guard, "_address_space", lambda: None)
    assert guard.free_memory() == expected


def test_what_ulimit_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"/proc/meminfo": "MemAvailable: 4194304 kB\n", "/proc/self/statm": "1000 5 5 5 0 5 0\n"}
    monkeypatch.setattr(guard, "_read", lambda path: files.get(path, ""))
    monkeypatch.setattr(resource, "getrlimit", lambda which: (GIB, resource.RLIM_INFINITY))
    assert guard.free_memory() == GIB - 1000 * resource.getpagesize()
    monkeypatch.setattr(resource, "getrlimit", lambda which: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert guard.free_memory() == 4 * GIB


def test_where_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr(guard, "_read", lambda path: "")
    monkeypatch.setattr(guard, "_address_space", lambda: None)
    monkeypatch.setattr("os.sysconf", unknown)
    assert guard.free_memory() is None


def test_here() -> None:
    free = guard.free_memory()
    assert free is None or free > 0
