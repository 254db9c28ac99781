"""The one way of seeing calls: the forwards of torch's recurrent classes, wrapped while somebody looks."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields, is_dataclass
from functools import update_wrapper
from types import FrameType, FunctionType
from typing import Any, Final, TypeAlias, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules import module as module_file
from torch.nn.modules import rnn as rnn_file
from torch.utils._pytree import tree_leaves

SEQUENCES: Final = (nn.LSTM, nn.GRU, nn.RNN)
CELLS: Final = (nn.LSTMCell, nn.GRUCell, nn.RNNCell)
Function: TypeAlias = Callable[..., Any]
Told: TypeAlias = Callable[[nn.Module, tuple[Any, ...], dict[str, Any], Any], object]
"""Who is told of a call: the module, its arguments, and what it returned or raised."""
Surround: TypeAlias = Callable[
    [nn.Module, tuple[Any, ...], dict[str, Any]], AbstractContextManager[Callable[[Any], object]] | None
]
"""What is to stand around a call of a module, and whom that hands the results to; None for nothing."""
Called = TypeVar("Called", bound=Function)
_MOST_FAULTS: Final = 20
_OBSERVING: Final = object()  # innermost while an observer runs: what it calls is not the user's
_compiler: Final[Any] = getattr(getattr(torch._C, "_dynamo", None), "eval_frame", None)
_set_compiler: Final[Function] = getattr(_compiler, "set_eval_frame", lambda compiler: None)
"""Sets what compiles the frames of this thread, and returns what did."""


def tensors_in(value: Any) -> list[Tensor]:
    """The tensors in the arguments or in the result of a call."""
    leaves = tree_leaves(value)
    for each in filter(is_dataclass, leaves):  # which torch itself does not look into
        leaves = [*leaves, *tree_leaves([getattr(each, field.name, None) for field in fields(each)])]
    return [leaf for leaf in leaves if isinstance(leaf, Tensor)]


def kind_of(module: nn.Module) -> str:
    """Which of torch's recurrent classes a module is of: "GRU" for an nn.GRU."""
    return next(kind.__name__ for kind in (*SEQUENCES, *CELLS) if isinstance(module, kind))


def _not_compiled(function: Called) -> Called:
    """A function that torch.compile leaves as it is, where it meets it under the user's compiled program."""
    if hasattr(_compiler, "skip_code"):  # torch up to 2.7
        _compiler.skip_code(function.__code__)
    elif hasattr(_compiler, "set_code_exec_strategy"):
        action = _compiler._FrameAction
        this_alone = _compiler._FrameExecStrategy(action.SKIP, action.DEFAULT)
        _compiler.set_code_exec_strategy(function.__code__, this_alone)
    return function


def _nobody(*call: Any) -> None:
    """Who does not ask."""


class _Thread(threading.local):
    """What one thread is inside of: the calls that are being seen, and how deep it is in modules."""

    def __init__(self) -> None:
        self.inside: list[object] = []
        self.depth = 0


_thread: Final = _Thread()
_lock: Final = threading.RLock()


class Faults(list[str]):
    """What observers raised, as text: nothing of it reached the user's program."""

    @_not_compiled
    def ask(self, observer: Function, *call: Any) -> Any:
        """Call an observer: what it calls is not seen, what it raises is kept, and torch.compile does not read it."""
        _thread.inside.append(_OBSERVING)
        compiler = _set_compiler(None)
        try:
            return observer(*call)
        except Exception as error:
            text = "".join(traceback.format_exception(error))  # the exception itself would keep tensors alive
            if text not in self and len(self) < _MOST_FAULTS:
                self.append(text)
            return None
        finally:
            _set_compiler(compiler)
            _thread.inside.pop()


def seeing(after: Told = _nobody, failed: Told = _nobody) -> AbstractContextManager[Faults]:
    """Tell of every call of torch's recurrent modules, in every thread, while the context lasts.

    ``nn.LSTM.forward`` itself is wrapped, so that ``lstm.forward(x)`` and a subclass's ``super().forward(x)``
    are seen too. Contexts may be entered again and left in any order. What torch scripts, traces, exports or
    compiles meanwhile is as it would be without; such calls are not seen.

    Args:
        after: told of a call that has returned, with its results, which the user gets as they are.
        failed: told of a call that has raised, with the exception, which the user gets as it is.

    Returns:
        What ``after`` and ``failed`` raised, if they did: nothing of it goes into the user's program.

    >>> seen = []
    >>> with seeing(lambda module, *call: seen.append(module)) as faults:
    ...     results = nn.LSTM(4, 8)(torch.zeros(7, 2, 4))
    >>> seen, faults
    ([LSTM(4, 8)], [])
    """
    return _OBSERVERS.joined_by(after, failed)


def surrounding(surround: Surround) -> AbstractContextManager[Faults]:
    """Put a context around each outermost call of a module, in every thread: entered and left in one frame.

    Returns what the contexts raised on their way in or out, if they did.
    """
    return _SURROUNDS.joined_by(surround)


class _Group:
    """Who looks at a function of some of torch's classes: wrappers stand in for it as long as anybody does.

    A wrapper that the user has wrapped in turn can't be taken out: it stays, and calls on what it wraps.
    """

    def __init__(self, owners: Sequence[type[nn.Module]], name: str, scope: dict[str, Any], see: Function) -> None:
        self.members: tuple[tuple[Any, ...], ...] = ()
        self._owners, self._name, self._scope, self._see = owners, name, scope, see
        self._made: list[Function] = []

    @contextmanager
    def joined_by(self, *asked: Function) -> Iterator[Faults]:
        """Look too: each member is who is asked, and what that raises."""
        faults = Faults()
        member = *asked, faults
        with _lock:
            self.members = (*self.members, member)
            for owner, current in self._current():
                if current not in self._made:
                    self._made.append(_wrapper(current, self._scope, self._see))
                    setattr(owner, self._name, self._made[-1])
        try:
            yield faults
        finally:
            with _lock:
                self.members = tuple(each for each in self.members if each is not member)
                for owner, current in () if self.members else self._current():
                    if current in self._made:
                        setattr(owner, self._name, current.__wrapped__)

    def _current(self) -> list[tuple[type[nn.Module], Any]]:
        return [(owner, vars(owner)[self._name]) for owner in self._owners]


def _wrapper(original: Function, scope: dict[str, Any], see: Function) -> Function:
    """A wrapper that torch.jit.script reads as the original: by ``__wrapped__``, and with the original's globals."""
    left_alone = _is_read_by_torch

    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if left_alone():
            return original(self, *args, **kwargs)
        return see(original, self, args, kwargs)

    made = FunctionType(wrapper.__code__, scope, original.__name__, None, wrapper.__closure__)
    return update_wrapper(_not_compiled(made), original)


@_not_compiled
def _is_read_by_torch() -> bool:
    """Whether torch makes a program of the call, or runs under a transformation: there is nothing to see then."""
    return torch.compiler.is_compiling() or torch._C._is_tracing()


@_not_compiled
def _see(original: Function, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    inside, observers = _thread.inside, _OBSERVERS.members
    if not observers or (inside and (inside[-1] is module or inside[-1] is _OBSERVING)):
        return original(module, *args, **kwargs)
    inside.append(module)
    try:
        results = original(module, *args, **kwargs)
    except Exception as error:
        for _, failed, faults in observers:
            faults.ask(failed, module, args, kwargs, error)
        raise
    finally:
        inside.pop()
    for after, _, faults in observers:
        faults.ask(after, module, args, kwargs, results)
    return results


def call_in(frame: FrameType) -> tuple[nn.Module, tuple[Any, ...], dict[str, Any]] | None:
    """The call that a frame of an exception is making: the module and its arguments; None if it makes none."""
    if frame.f_code is not _see.__code__:
        return None
    local = frame.f_locals
    return local["module"], local["args"], local["kwargs"]


@_not_compiled
def _surround(original: Function, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """One call of a module; the outermost one in what was asked for."""
    surrounds = _SURROUNDS.members
    if not surrounds or _thread.depth or _OBSERVING in _thread.inside:
        return original(module, *args, **kwargs)
    entered: list[tuple[AbstractContextManager[object], Function, Faults]] = []
    _thread.depth += 1
    try:
        for surround, faults in surrounds:
            context = faults.ask(surround, module, args, kwargs)
            returned = None if context is None else faults.ask(context.__enter__)
            if returned is not None:
                entered.append((context, returned, faults))
        results = original(module, *args, **kwargs)
        for _, returned, faults in entered:
            faults.ask(returned, results)
        return results
    finally:
        _thread.depth -= 1
        for context, _, faults in reversed(entered):
            faults.ask(context.__exit__, None, None, None)


def is_ours() -> bool:
    """Whether what this thread calls now is called by an observer, and not by the user's program."""
    return _OBSERVING in _thread.inside


@contextmanager
def unseen() -> Iterator[None]:
    """What this thread calls in the context is ours, not the user's: no observer is told of it."""
    _thread.inside.append(_OBSERVING)
    try:
        yield
    finally:
        _thread.inside.pop()


_OBSERVERS: Final = _Group((*SEQUENCES, *CELLS), "forward", vars(rnn_file), _see)
_SURROUNDS: Final = _Group([nn.Module], "__call__", vars(module_file), _surround)
