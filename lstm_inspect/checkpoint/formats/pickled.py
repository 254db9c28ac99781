"""What a pickle asks for, read off its instructions: none of them is carried out."""

from __future__ import annotations

import pickletools
import warnings
from collections.abc import Iterator
from itertools import chain
from typing import IO, Final

_MOST_PICKLES: Final = 5  # a legacy file: magic number, protocol, system, the object, the storages' keys
_STRINGS: Final = ("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8")


def globals_of(file: IO[bytes]) -> list[str]:
    """The globals that the pickles of a file import, as ``module.name``, in order, each once.

    >>> import io
    >>> globals_of(io.BytesIO(b"cposix\\nsystem\\n."))
    ['posix.system']
    """
    found: dict[str, None] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in damaged strings
            for name in chain.from_iterable(_globals(file) for _ in range(_MOST_PICKLES)):
                found[name] = None
    except Exception:  # no pickle from here on, and that may raise anything
        return list(found)
    return list(found)


def has_storage_views(file: IO[bytes]) -> bool:
    """Whether a legacy file's storages are parts of other storages, as torch before 0.4 wrote them.

    The id of a storage is a tuple that ends in None, or in what it is a view of (torch.serialization, _legacy_load).
    """
    before: list[str] = []
    for operation, _, _ in chain.from_iterable(pickletools.genops(file) for _ in range(_MOST_PICKLES - 1)):
        if operation.name == "BINPERSID" and before[-2:] != ["NONE", "TUPLE"]:
            return True
        if "PUT" not in operation.name:
            before = [*before[-1:], operation.name]
    return False


def _globals(file: IO[bytes]) -> Iterator[str]:
    strings: list[str] = []
    memo: dict[int, str] = {}
    for operation, argument, _ in pickletools.genops(file):
        name = operation.name
        if name in {"GLOBAL", "INST"}:
            yield ".".join(str(argument).split(" ", 1))
        elif name == "STACK_GLOBAL" and len(strings) > 1:
            yield ".".join(strings[-2:])
        elif name in _STRINGS:
            strings.append(str(argument))
        elif name == "MEMOIZE" and strings:
            memo[len(memo)] = strings[-1]
        elif "GET" in name and argument in memo:
            strings.append(memo[argument])
