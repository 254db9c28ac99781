"""The mode that follows tensors: what moves them moves their addresses, what computes with them reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

from lstm_inspect.live.addresses import Ledger
from lstm_inspect.live.addresses_move import UNREAD, Place, Trace, move, name_of, tensors_in
from lstm_inspect.live.seeing import is_ours
from lstm_inspect.live.where import called_in, frames, is_users


@dataclass(frozen=True, slots=True)
class Here:
    """Where an operation stands: the user's file, line and instruction, and the innermost module that is called."""

    place: Place
    module: torch.nn.Module | None
    instruction: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that read something; they are counted."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    here: Here
    serial: int = 0


def here() -> Here:
    """The innermost frame that is the user's, and the innermost module that is being called."""
    user = next(filter(is_users, frames()), None)
    module = next((module for module in map(called_in, frames()) if module is not None), None)
    return Here(None, module) if user is None else Here((user.f_code.co_filename, user.f_lineno), module, user.f_lasti)


class Following(TorchFunctionMode):
    """Follows the tensors that have addresses through one call of a model, in one thread.

    Nothing of the user's changes: each operation runs as it would. What goes wrong in following is
    kept in ``lost``, and the tensor is followed no further.
    """

    def __init__(self, read: Callable[[Operation, Tensor, Trace], None]) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.traces: Any = WeakTensorKeyDictionary()
        self.lost: list[str] = []
        self._read = read
        self._serial = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if len(self.traces) and not is_ours():
            with torch._C.DisableTorchFunction():
                try:
                    self._follow(func, args, kwargs, result)
                except Exception as error:
                    self.lost.append(f"{name_of(func)}: {type(error).__name__}: {error}")
        return result

    def _follow(self, func: Any, args: Any, kwargs: Any, result: Any) -> None:
        given = {id(each): each for each in tensors_in((args, kwargs)) if each in self.traces}
        if not given or _transformed():
            return
        traces = {key: self.traces[each] for key, each in given.items()}
        where = here()
        moved = move(self.ledger, func, args, kwargs, result, traces, where.place)
        for tensor, trace in moved or ():
            if trace.parts and trace.parts[0].shape == tensor.shape:
                self.traces[tensor] = trace
        if moved is None and _computes(func, result):
            self._serial += 1
            operation = Operation(name_of(func), args, kwargs, where, self._serial)
            for key, tensor in given.items():
                self._read(operation, tensor, traces[key])


def _transformed() -> bool:
    """Whether torch transforms the program (vmap, grad): its tensors stand for others then."""
    return torch._C._functorch.peek_interpreter_stack() is not None


def _computes(func: Any, result: Any) -> bool:
    name = name_of(func)
    if name in ("numpy", "tolist", "item", "__array__"):
        return True
    return name not in UNREAD and any(each.is_floating_point() for each in tensors_in(result))
