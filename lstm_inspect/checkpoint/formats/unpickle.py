"""A pickle read without running it: what it would import, call and fill stands here as inert data.

Python's own unpickler in Python decodes the instructions. Whatever one of them would make, hash, call or import is a
stand-in of this file: a mapping is a list of pairs, as a few bytes of nested tuples as a key would be hashed for ever.
"""

import pickle
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any, ClassVar, Final, NamedTuple

from lstm_inspect.checkpoint.content import STATE_DICT, UnreadableError

_MOST_INSTRUCTIONS: Final = 1_500_000  # about a second
_MOST_BYTES: Final = 2**28
_MOST_PLACES: Final = 2**32  # of the memo


@dataclass(frozen=True, slots=True, eq=False)
class Persistent:
    """What stands outside of the pickle, by its id: in torch's files a storage."""

    id: Any


class Pairs(list[tuple[Any, Any]]):
    """A mapping, as its pairs in order: no key is hashed."""

    def __setitem__(self, key: Any, value: Any) -> None:
        self.append((key, value))


@dataclass(frozen=True, slots=True, eq=False)
class Global:
    """What a pickle would import: a class or a function, as ``module.name``."""

    name: str


@dataclass(slots=True, eq=False)
class Made:
    """An object that a pickle would make: by which call, and what it would put into it."""

    maker: Any  #: what it would call, a Global where all is well.
    arguments: Any  #: of that call.
    state: Any = None  #: what its __setstate__ or __dict__ would take.
    items: Pairs = field(default_factory=Pairs)  #: what would be set in it by key, or appended to it.

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items[key] = value

    def append(self, value: Any) -> None:
        """Keep an item of a list or a set."""
        self.items[len(self.items)] = value

    add = append


class Pickled(NamedTuple):
    """One pickle: what it holds, the globals that it asks for, and what it takes from outside of itself."""

    held: Any
    names: tuple[str, ...]
    outside: tuple[Persistent, ...]


def unpickle(file: IO[bytes]) -> Pickled:
    """What one pickle of a file holds; the file then stands behind it.

    >>> import io, os, pickle
    >>> unpickle(io.BytesIO(pickle.dumps({"call": os.system}))).names == (f"{os.name}.system",)
    True
    """
    machine = _Unpickler(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in damaged strings
            held = machine.load()
    except UnreadableError:
        raise
    except MemoryError:
        raise UnreadableError("reading its names and shapes takes more memory than there is", STATE_DICT) from None
    except Exception as error:  # a damaged pickle may lead anywhere
        if machine.ended:
            raise UnreadableError("it is truncated: it ends amid the names and shapes") from None
        raise UnreadableError(f"it is damaged ({type(error).__name__} amid the names and shapes)") from None
    return Pickled(held, tuple(machine.names), tuple(machine.outside))


def _too_much(limit: int, unit: str) -> UnreadableError:
    return UnreadableError(f"what it holds beside its tensors takes more than {limit:,} {unit}", STATE_DICT)


_InPython: Any = pickle._Unpickler  # each instruction is a method that can be replaced
_STOP: Any = pickle._Stop  # type: ignore[attr-defined]


class _Unpickler(_InPython):  # type: ignore[misc]
    """Bytes are counted: no length in a pickle is believed."""

    dispatch: ClassVar[dict[int, Callable[..., Any]]] = dict(_InPython.dispatch)

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="latin-1")
        self.file, self.left, self.ended = file, _MOST_BYTES, False
        self.names: dict[str, None] = {}
        self.outside: list[Persistent] = []

    def load(self) -> Any:
        """Read one pickle; the frames of protocol 4 are no more than a hint, and are left out."""
        self.metastack: list[Any] = []
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.append = self.stack.append
        next_code = self.file.read  # a byte of each instruction: those are counted as instructions
        acts = {bytes([code]): act for code, act in self.dispatch.items()}
        acts[b""] = lambda self: self.stop()
        try:
            for _ in range(_MOST_INSTRUCTIONS):
                acts[next_code(1)](self)
        except _STOP as stop:
            return stop.value
        raise _too_much(_MOST_INSTRUCTIONS, "instructions")

    def read(self, size: int) -> bytes:
        content = self.file.read(size if size < self.left else self.left + 1)
        self.left -= len(content)
        if len(content) < size:
            self.stop()
        return content

    def readline(self) -> bytes:
        line = self.file.readline(self.left + 1)
        self.left -= len(line)
        if not line.endswith(b"\n"):
            self.stop()
        return line

    def stop(self) -> None:
        """End for want of bytes: those of the file, or those that are read here."""
        if self.left < 0:
            raise _too_much(_MOST_BYTES, "bytes")
        self.ended = True
        raise EOFError

    def find_class(self, module: str, name: str) -> Global:
        module = {"__builtin__": "builtins", "copy_reg": "copyreg"}.get(module, module)  # as Python 2 calls them
        self.names[f"{module}.{name}"] = None
        return Global(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> Persistent:
        self.outside.append(Persistent(pid))
        return self.outside[-1]

    def get_extension(self, code: int) -> None:
        self.append(self.find_class("copyreg", f"extension{code}"))

    def _instantiate(self, maker: Any, arguments: list[Any]) -> None:
        self.append(Made(maker, tuple(arguments)))

    def _new(self, taken: int) -> None:
        maker, arguments = self.stack[-taken : len(self.stack) - taken + 2]
        self.stack[-taken:] = [Made(maker, arguments)]

    def _put(self) -> None:
        place = int(self.readline())
        if not 0 <= place < _MOST_PLACES:  # larger numbers can be chosen so that they collide
            raise ValueError
        self.memo[place] = self.stack[-1]

    def _dict(self) -> None:
        items = self.pop_mark()
        self.append(Pairs(zip(items[::2], items[1::2], strict=True)))

    dispatch |= {
        pickle.FRAME[0]: lambda self: self.read(8),
        pickle.REDUCE[0]: lambda self: self._new(2),
        pickle.NEWOBJ[0]: lambda self: self._new(2),
        pickle.NEWOBJ_EX[0]: lambda self: self._new(3),
        pickle.EMPTY_DICT[0]: lambda self: self.append(Pairs()),
        pickle.DICT[0]: _dict,
        pickle.EMPTY_SET[0]: lambda self: self.append(Made(Global("builtins.set"), ())),
        pickle.FROZENSET[0]: _InPython.load_tuple,
        pickle.PUT[0]: _put,
        pickle.BYTEARRAY8[0]: _InPython.load_binbytes8,
        pickle.NEXT_BUFFER[0]: lambda self: self.append(Global("an outside buffer")),
        pickle.READONLY_BUFFER[0]: lambda self: None,
    }
