"""The mode that follows tensors: what moves them moves their addresses, what computes with them reads them.

What an operation does to the elements of its arguments stands in operations.toml.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeAlias

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map
from torch.utils.weak import WeakTensorKeyDictionary

from lstm_inspect.live.addresses import NOTHING, Ledger
from lstm_inspect.live.seeing import Function, is_ours, tensors_in
from lstm_inspect.live.where import Line, called_in, frames, is_users
from lstm_inspect.mistakes.read import Role

_TABLE: Final = tomllib.loads(Path(__file__).with_name("operations.toml").read_text(encoding="utf-8"))
OPERATIONS: Final = {does: frozenset(names.split()) for does, names in _TABLE.items() if isinstance(names, str)}
"""The names of those that do the same."""
_REDUCES: Final[Mapping[str, Role]] = _TABLE["reduces"]
_POOLS: Final[Mapping[str, Role]] = _TABLE["pools"]
_RESHAPES: Final[Mapping[str, Function]] = {"view": Tensor.reshape, "view_as": Tensor.reshape_as}
"""What gives the same elements where addresses lie in memory otherwise than the numbers."""
_MOST_PARTS: Final = 8
_MOST_JOINED: Final = 4


@dataclass(frozen=True, slots=True)
class Trace:
    """What a tensor's elements are."""

    parts: tuple[Tensor, ...]  #: addresses, in tensors of its shape: several where it is a sum or the like of several.
    masked: bool = False  #: whether it was multiplied by something that is not followed.
    made: Line | None = None  #: where its elements were last moved in the user's code.
    written: bool = False  #: whether its addresses are its own, so that they can be written into.
    cache: dict[Any, Any] = field(default_factory=dict)  #: what was worked out of it already.


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that has run, on tensors of which some are followed."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    function: Function = tuple
    result: Any = None
    line: Line | None = None  #: where it stands in the user's code.
    instruction: int = 0  #: which of the line.
    module: torch.nn.Module | None = None  #: the innermost that was being called.
    traces: Mapping[int, Trace] = field(default_factory=dict)  #: of those of its arguments that have one, by identity.
    serial: int = field(default_factory=count().__next__)  #: its own number.

    @property
    def masked(self) -> bool:
        """Whether anything in it was."""
        return any(trace.masked for trace in self.traces.values())

    @property
    def widest(self) -> int:
        """The most parts of any of its arguments."""
        return max(len(trace.parts) for trace in self.traces.values())


Made: TypeAlias = list[tuple[Tensor, Trace]]
"""The tensors that an operation gave, or wrote into, that are followed from then on."""


class Following(TorchFunctionMode):
    """Follows the tensors that have addresses through one call of a model, in one thread.

    Nothing of the user's changes: each operation runs as it would. What goes wrong in following is
    kept in ``lost``, and the tensor is followed no further.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.traces: Any = WeakTensorKeyDictionary()
        self.lost: list[str] = []

    def read(self, operation: Operation, tensor: Tensor, trace: Trace) -> None:
        """Note that an operation reads a tensor: whoever wants to know says how."""

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
        given = {id(each): each for each in tensors_in((args, kwargs)) if _stood_for(each) in self.traces}
        if given and is_transformed():
            self.lost.append("torch transforms a part of the call (vmap, grad)")
        if not given or is_transformed():
            return
        user = next(filter(is_users, frames()), None)
        operation = Operation(
            name_of(func), args, kwargs, func, result,
            line=None if user is None else (user.f_code.co_filename, user.f_lineno),
            instruction=0 if user is None else user.f_lasti,
            module=next((module for module in map(called_in, frames()) if module is not None), None),
            traces={key: self.traces[each] for key, each in given.items()},
        )  # fmt: skip
        moved = move(self.ledger, operation)
        for tensor, trace in moved or ():
            if trace.parts and trace.parts[0].shape == tensor.shape:
                self.traces[tensor] = trace
        if moved is None and _computes(operation):
            for key, tensor in given.items():
                self.read(operation, tensor, operation.traces[key])


def is_transformed() -> bool:
    """Whether torch transforms the program (vmap, grad): its tensors stand for others then."""
    return torch._C._functorch.peek_interpreter_stack() is not None


def _stood_for(tensor: Tensor) -> Tensor:
    """The tensor itself, or the one that it stands for while torch transforms the program."""
    while torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        tensor = torch._C._functorch.get_unwrapped(tensor)
    return tensor


def _computes(operation: Operation) -> bool:
    gives_numbers = any(each.is_floating_point() for each in tensors_in(operation.result))
    return operation.name in OPERATIONS["numbers"] or (operation.name not in OPERATIONS["unread"] and gives_numbers)


def name_of(function: Function) -> str:
    """An operation's name, without what in-place ones end in; a property's own.

    >>> name_of(torch.Tensor.T.__get__), name_of(torch.relu_)
    ('T', 'relu')
    """
    name = getattr(function, "__name__", "")
    if name == "__get__":
        return str(getattr(getattr(function, "__self__", None), "__name__", ""))
    return name if name in OPERATIONS["writes"] or name.endswith("__") else name.removesuffix("_")


def move(ledger: Ledger, operation: Operation) -> Made | None:
    """The traces of what an operation gave, if it moved elements or left them where they are.

    Returns:
        Each tensor with its trace; None if the operation computes: it reads its arguments.
    """
    name, args, result = operation.name, operation.args, operation.result
    larger_of_two = name in ("max", "min") and len(args) == 2 and isinstance(args[1], Tensor)
    if name == "_pad_packed_sequence":
        return _unpacked(ledger, operation)
    if name in OPERATIONS["writes"]:
        return _written(operation)
    if name in OPERATIONS["moves"]:
        return _moved(operation)
    if name in OPERATIONS["stays"] or (larger_of_two and isinstance(result, Tensor)):
        return _stayed(operation)
    return _joined(ledger, operation) if name in _REDUCES else None


def _shadow(value: Any, traces: Mapping[int, Trace], part: int) -> Any:
    """Arguments with addresses in the place of tensors: nothing for tensors of numbers that are not followed."""

    def swap(leaf: Any) -> Any:
        if isinstance(leaf, Tensor):
            if id(leaf) in traces:
                parts = traces[id(leaf)].parts
                return parts[part] if part < len(parts) else torch.zeros_like(parts[0])
            return torch.zeros_like(leaf, dtype=torch.int64) if leaf.is_floating_point() else leaf
        return NOTHING if isinstance(leaf, float) else leaf

    return tree_map(swap, value)


def _moved(operation: Operation) -> Made:
    name, traces = operation.name, operation.traces
    fills = _TABLE["fills"].get(name, ())
    args = [NOTHING if at in fills and isinstance(each, int) else each for at, each in enumerate(operation.args)]
    kwargs = {key: NOTHING if key in ("value", "padding_value") else each for key, each in operation.kwargs.items()}
    function = _RESHAPES.get(name, operation.function)
    made = [tensors_in(function(*_shadow(args, traces, part), **_shadow(kwargs, traces, part)))
            for part in range(operation.widest)]  # fmt: skip
    pairs = zip(tensors_in(operation.result), zip(*made, strict=True), strict=True)
    return [(each, Trace(parts, operation.masked, operation.line)) for each, parts in pairs if each.is_floating_point()]


def _written(operation: Operation) -> Made:
    """What was written into a tensor: its addresses change, those of what was made of it before don't."""
    args, target, own = operation.args, operation.args[0], operation.traces.get(id(operation.args[0]))
    parts = [] if own is None else [part if own.written else part.clone() for part in own.parts]
    parts += [torch.zeros_like(target, dtype=torch.int64) for _ in range(operation.widest - len(parts))]
    written = Trace(tuple(parts), operation.masked, operation.line, written=True)
    traces = {**operation.traces, id(target): written}
    for part, addresses in enumerate(parts):
        if len(args) < 2 or operation.name == "fill_":
            addresses.zero_()
        else:
            *shadows, last = _shadow(args, traces, part)
            number = isinstance(args[-1], int | float) and len(args) > 2
            operation.function(*shadows, NOTHING if number else last, **_shadow(operation.kwargs, traces, part))
    return [(target, written)]


def _stayed(operation: Operation) -> Made | None:
    result, traces = operation.result, operation.traces
    if not isinstance(result, Tensor) or not result.is_floating_point():
        return None
    parts = [part for trace in traces.values() for part in trace.parts]
    if len(parts) > _MOST_PARTS:
        return None
    others = [each for each in tensors_in((operation.args, operation.kwargs)) if id(each) not in traces]
    weighed = operation.name in OPERATIONS["weighs"] and any(each.dim() for each in others)
    made = next(iter(traces.values())).made
    return [(result, Trace(tuple(part.expand(result.shape) for part in parts), weighed or operation.masked, made))]


def _joined(ledger: Ledger, operation: Operation) -> Made | None:
    """A sum or the like over layers, directions or features of the same step and sequence: each is still there."""
    args, axes = operation.args, _reduced_axes(operation)
    trace = operation.traces.get(id(args[0])) if args and isinstance(args[0], Tensor) else None
    if trace is None or len(axes) != 1 or not 1 < args[0].shape[axes[0]] <= _MOST_JOINED:
        return None
    pieces = [piece for part in trace.parts for piece in part.unbind(axes[0])]
    first, *rest = [ledger.decode(piece) for piece in pieces]
    states = all(bool((each.kind != 0).all()) for each in (first, *rest))
    same = all(torch.equal(each.sequence, first.sequence) for each in rest)
    same = same and (states or all(torch.equal(each.step, first.step) for each in rest))
    if not same or len(pieces) > _MOST_PARTS:
        return None
    result = tensors_in(operation.result)[0]
    return [(result, Trace(tuple(piece.reshape(result.shape) for piece in pieces), trace.masked, trace.made))]


def _unpacked(ledger: Ledger, operation: Operation) -> Made:
    """Unpacking moves, and adds padding, whose addresses are those of the steps after a sequence's end."""
    data, batch_sizes, batch_first, value, total = operation.args
    trace, padded = operation.traces[id(data)], []
    for part in trace.parts:
        made, lengths = operation.function(part, batch_sizes, False, NOTHING, total)  # steps first
        steps = torch.arange(len(made), device=made.device).view(-1, *[1] * (made.dim() - 1))
        valid = steps < lengths.to(made.device).view(-1, *[1] * (made.dim() - 2))
        addresses = torch.where(valid, made, ledger.padding_of(made[:1], steps))
        padded.append(addresses.transpose(0, 1) if batch_first else addresses)
    return [(operation.result[0], Trace(tuple(padded), trace.masked or value != 0, operation.line))]


def use_of(operation: Operation, tensor: Tensor) -> tuple[Role, tuple[int, ...] | None]:
    """What an operation reads a tensor for, and the axes that make one row of it; None where it has no rows.

    >>> tensor = torch.zeros(2, 3, 4)
    >>> use_of(Operation("mean", (tensor, -2)), tensor)
    ('mean', (1, 2))
    """
    name, first, last = operation.name, operation.args[:1], tensor.dim() - 1
    is_first = bool(first) and first[0] is tensor
    if name in OPERATIONS["recurrent"]:
        return "features" if is_first else "state", (last,)
    if name in _REDUCES and is_first:
        axes = _reduced_axes(operation)
        return ("features", None) if len(axes) == tensor.dim() else (_REDUCES[name], tuple({*axes, last}))
    if name in _POOLS and is_first:
        return _POOLS[name], tuple({last, max(last - 1, 0)})
    if name in OPERATIONS["products"] and not is_first and tensor.dim() > 1:
        return "features", (last - 1,)  # a product sums over the right one's axis before the last
    return "features", (last,) if name in OPERATIONS["products"] else None


def _reduced_axes(operation: Operation) -> tuple[int, ...]:
    """The axes that a reduction runs over, from 0; all if none is named."""
    args, kwargs = operation.args, operation.kwargs
    axes = kwargs.get("dim", kwargs.get("axis", args[1] if len(args) > 1 else None))
    rank = args[0].dim()
    if axes is None or axes == ():
        return tuple(range(rank))
    return tuple(sorted(axis % rank for axis in ((axes,) if isinstance(axes, int) else axes)))
