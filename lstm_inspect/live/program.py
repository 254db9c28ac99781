"""Run somebody's program as Python runs it: its arguments, its path, ``__main__``, its exceptions and exit status."""

import io
import os
import runpy
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any, Final

from lstm_inspect.errors import TargetError

_OURS: Final = str(Path(__file__).resolve().parents[1]) + os.sep
_STDIN: Final = "-"
_LISTED: Final = "__main__.py"


@dataclass(frozen=True, slots=True)
class Program:
    """A program and its arguments, as they were typed."""

    name: str  #: a script's file, a folder or archive with a ``__main__.py``, "-" for standard input; or a module.
    arguments: tuple[str, ...] = ()  #: what stands after it.
    module: bool = False  #: whether it is a module's name, ``python -m``.

    def check_it_exists(self) -> None:
        """Refuse a script that can't be read, before anything runs.

        Raises:
            TargetError: there is no such file.
        """
        path = Path(self.name)
        if self.module or self.name == _STDIN or path.is_file() or (path / _LISTED).is_file():
            return
        there = f"there is no file {path} in {Path.cwd()}"
        allowed = f"there is no {_LISTED} in that folder" if path.is_dir() else there
        raise TargetError(self.name, "can't be run", allowed, "run path/to/script.py, or run -m package.module")


def run_program(program: Program, raised: Callable[[BaseException], None]) -> None:
    """Run a program in this process, which is its own from now on.

    ``sys.argv``, the first entry of ``sys.path`` and ``__main__`` are set as Python sets them, and left so: what the
    program started, a thread or an exit handler, may need them.

    Args:
        program: what is run.
        raised: told of the exception that the program ends with, its traceback still whole.

    Raises:
        BaseException: whatever the program raises, with a traceback that holds none of our frames.
    """
    sys.argv = [program.name, *program.arguments]
    main = ModuleType("__main__")
    vars(main)["__builtins__"] = sys.modules["builtins"]
    sys.modules["__main__"] = main
    try:
        if program.module or Path(program.name).is_dir() or _is_archive(program.name):
            _run_module(program)
        else:
            exec(_code(program, main), vars(main))  # noqa: S102 - the user's own program, asked to be run
    except BaseException as error:
        raised(error)
        without_ours(error)
        sys.excepthook = _hook(sys.excepthook)
        raise


def _is_archive(name: str) -> bool:
    import zipfile

    return name != _STDIN and not name.endswith(".py") and zipfile.is_zipfile(name)


def _first_on_path(folder: str) -> None:
    if not sys.flags.safe_path:
        sys.path[0] = folder


def _run_module(program: Program) -> None:
    """What ``python -m module`` and ``python folder`` do, by the function of Python's own that does it."""
    run: Any = runpy._run_module_as_main  # type: ignore[attr-defined]
    if program.module:
        _first_on_path(os.getcwd())
        run(program.name)
    else:
        sys.path.insert(0, program.name)
        run("__main__", False)


def _code(program: Program, main: ModuleType) -> CodeType:
    """A script's code, its ``__main__`` prepared."""
    if program.name == _STDIN:
        _first_on_path("")
        source: bytes | str = sys.stdin.read()
        return compile(source, "<stdin>", "exec", dont_inherit=True)
    path = os.path.abspath(program.name)
    _first_on_path(os.path.dirname(os.path.realpath(path)))
    vars(main).update(__file__=path, __cached__=None, __loader__=SourceFileLoader("__main__", path))
    with io.open_code(path) as file:
        return compile(file.read(), path, "exec", dont_inherit=True)


def _hook(shown_by: Any) -> Any:
    """An excepthook that shows an exception as the program's own would, without the frames that are added to it."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        without_ours(error)
        shown_by(kind, error, error.__traceback__)

    return hook


def without_ours(error: BaseException) -> None:
    """Take our frames, and what started us, out of an exception's traceback, and ours out of those it came from."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        left += each.__cause__, each.__context__, *getattr(each, "exceptions", ())
        frames = list(_frames(each.__traceback__))
        first = next((place for place, frame in enumerate(frames) if _is_ours(frame)), 0) if each is error else 0
        kept = [frame for frame in frames[first:] if not _is_ours(frame)]
        for frame, after in zip(kept, [*kept, None][1:], strict=True):
            frame.tb_next = after
        each.__traceback__ = kept[0] if kept else None


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _is_ours(trace: TracebackType) -> bool:
    return trace.tb_frame.f_code.co_filename.startswith(_OURS)


def when_loaded(name: str, then: Callable[[], None]) -> None:
    """Call ``then`` once, right after the program's own import of a module; at once if it is there already.

    What a program sets before it imports torch holds: torch is not loaded for this.

    >>> when_loaded("sys", lambda: print("there"))
    there
    """
    if name in sys.modules:
        then()
    else:
        sys.meta_path.insert(0, _Finder(name, then))


class _Finder(MetaPathFinder):
    """Finds one module, as the others would, and goes; what is to be done is done when its loader has run it."""

    def __init__(self, name: str, then: Callable[[], None]) -> None:
        self._name, self._then = name, then

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader

            def exec_module(module: ModuleType) -> None:
                del loader.exec_module  # its class's own again
                loader.exec_module(module)
                self._then()

            loader.exec_module = exec_module
        return spec
