"""What an operation does to addresses: it moves them, leaves them on their elements, or computes, which is a read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from lstm_inspect.live.addresses import NOTHING, Ledger
from lstm_inspect.mistakes.read import Role

Function: TypeAlias = Callable[..., Any]
Place: TypeAlias = tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class Trace:
    """What a tensor's elements are.

    Attributes:
        parts: tensors of addresses, of the tensor's shape; several where it is a sum or the like of several.
        masked: whether it was multiplied by something that is not followed.
        made: where its elements were last moved in the user's code.
        written: whether its addresses are its own, so that they can be written into.
        cache: what was worked out of it already.
    """

    parts: tuple[Tensor, ...]
    masked: bool = False
    made: Place = None
    written: bool = False
    cache: dict[Any, Any] = field(default_factory=dict)


Traces: TypeAlias = Mapping[int, Trace]
"""By the id of a tensor among an operation's arguments."""
Made: TypeAlias = list[tuple[Tensor, Trace]]


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


_MOVES: Final = names(
    """view reshape permute transpose t T mT H mH swapaxes swapdims movedim moveaxis flatten unflatten ravel squeeze
    unsqueeze expand expand_as view_as reshape_as broadcast_to broadcast_tensors repeat repeat_interleave tile
    __getitem__ select narrow index_select gather take_along_dim take masked_select chunk split split_with_sizes
    tensor_split hsplit vsplit dsplit unsafe_chunk unsafe_split unbind cat concat concatenate stack hstack vstack dstack
    column_stack row_stack flip fliplr flipud roll rot90 where diagonal unfold scatter index_copy index_put
    masked_scatter select_scatter slice_scatter masked_fill pad constant_pad_nd pad_sequence atleast_1d atleast_2d
    atleast_3d adjoint block_diag _pack_padded_sequence index_fill"""
)
_WRITES: Final = names(
    "__setitem__ index_put_ scatter_ copy_ masked_fill_ index_copy_ masked_scatter_ zero_ fill_ index_fill_"
)
_RESHAPES: Final[dict[str, Function]] = {"view": Tensor.reshape, "view_as": Tensor.reshape_as}
"""What gives the same elements where addresses lie in memory otherwise than the numbers."""
_FILLS: Final = {"where": (1, 2), "masked_fill": (2,), "pad": (3,), "constant_pad_nd": (2,), "scatter": (3,),
                 "index_fill": (3,), "pad_sequence": (2,)}  # fmt: skip
"""Where among their arguments operations take a number that fills: it is no element of anything."""
_STAYS: Final = names(
    """relu relu6 leaky_relu tanh sigmoid gelu elu selu celu silu mish softplus softsign hardtanh hardswish hardsigmoid
    logsigmoid threshold dropout dropout1d dropout2d alpha_dropout feature_alpha_dropout feature_dropout layer_norm
    rms_norm group_norm instance_norm batch_norm normalize to float double half bfloat16 type type_as cpu cuda
    contiguous clone detach data requires_grad_ alias real neg negative abs absolute exp expm1 log log1p sqrt rsqrt pow
    square reciprocal clamp clip clamp_min clamp_max nan_to_num sin cos round floor sign erf tanhshrink softshrink
    hardshrink prelu rrelu __pow__ __neg__ add sub subtract __add__ __radd__ __sub__ __rsub__ rsub __iadd__ __isub__
    mul multiply __mul__ __rmul__ __imul__ div divide true_divide __truediv__ __rtruediv__ __itruediv__ maximum minimum
    lerp addcmul where_ __deepcopy__ copy pin_memory as_subclass retain_grad"""
)
_WEIGHS: Final = names("mul multiply __mul__ __rmul__ __imul__ addcmul")
REDUCES: Final[dict[str, Role]] = {
    "mean": "mean",
    "nanmean": "mean",
    "max": "max",
    "amax": "max",
    "sum": "sum",
    "logsumexp": "max",
}
POOLS: Final[dict[str, Role]] = {
    "avg_pool1d": "mean",
    "adaptive_avg_pool1d": "mean",
    "max_pool1d": "max",
    "adaptive_max_pool1d": "max",
}
_MOST_PARTS: Final = 8
_MOST_JOINED: Final = 4
UNREAD: Final = names("__setstate__ __reduce_ex__ __repr__ __format__ __hash__ backward register_hook size")


def name_of(function: Function) -> str:
    """An operation's name, without what in-place ones end in; a property's own.

    >>> name_of(torch.Tensor.T.__get__), name_of(torch.relu_)
    ('T', 'relu')
    """
    name = getattr(function, "__name__", "")
    if name == "__get__":
        return str(getattr(getattr(function, "__self__", None), "__name__", ""))
    return name if name in _WRITES or name.endswith("__") else name.removesuffix("_")


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The tensors among an operation's arguments or results."""
    yield from (leaf for leaf in tree_leaves(value) if isinstance(leaf, Tensor))


def move(
    ledger: Ledger, function: Function, args: Any, kwargs: dict[str, Any], result: Any, traces: Traces, here: Place
) -> Made | None:
    """The traces of what an operation gave, if it moved elements or left them where they are.

    Args:
        ledger: the calls that are followed.
        function, args, kwargs, result: the operation, which has run.
        traces: of those of its arguments that have one; at least one has.
        here: where it stands in the user's code.

    Returns:
        Each tensor with its trace; None if the operation computes: it reads its arguments.
    """
    name = name_of(function)
    if name == "_pad_packed_sequence":
        return _unpacked(ledger, function, args, result, traces, here)
    if name in _WRITES:
        return _written(function, args, kwargs, traces, here)
    if name in _MOVES:
        return _moved(function, args, kwargs, result, traces, here)
    if name in _STAYS or (name in ("max", "min") and isinstance(result, Tensor) and _pair(args)):
        return _stayed(name, args, kwargs, result, traces)
    if name in REDUCES and isinstance(result, Tensor | tuple):
        return _joined(ledger, args, kwargs, result, traces)
    return None


def _pair(args: Any) -> bool:
    return len(args) == 2 and isinstance(args[1], Tensor)


def _widest(traces: Traces) -> int:
    return max(len(trace.parts) for trace in traces.values())


def _swapped(value: Any, traces: Traces, part: int) -> Any:
    """Arguments with addresses in the place of tensors: nothing for tensors of numbers that are not followed."""

    def swap(leaf: Any) -> Any:
        if isinstance(leaf, Tensor):
            if id(leaf) in traces:
                parts = traces[id(leaf)].parts
                return parts[part] if part < len(parts) else torch.zeros_like(parts[0])
            return torch.zeros_like(leaf, dtype=torch.int64) if leaf.is_floating_point() else leaf
        return NOTHING if isinstance(leaf, float) else leaf

    return tree_map(swap, value)


def _without_fills(name: str, args: Any, kwargs: Any) -> tuple[list[Any], dict[str, Any]]:
    fills = _FILLS.get(name, ())
    plain = [NOTHING if place in fills and isinstance(each, int) else each for place, each in enumerate(args)]
    return plain, {key: NOTHING if key in ("value", "padding_value") else each for key, each in kwargs.items()}


def _moved(function: Function, args: Any, kwargs: Any, result: Any, traces: Traces, here: Place) -> Made:
    args, kwargs = _without_fills(name_of(function), args, kwargs)
    function = _RESHAPES.get(name_of(function), function)
    made = [list(tensors_in(function(*_swapped(args, traces, part), **_swapped(kwargs, traces, part))))
            for part in range(_widest(traces))]  # fmt: skip
    masked = any(trace.masked for trace in traces.values())
    pairs = zip(tensors_in(result), zip(*made, strict=True), strict=True)
    return [(each, Trace(parts, masked, here)) for each, parts in pairs if each.is_floating_point()]


def _written(function: Function, args: Any, kwargs: Any, traces: Traces, here: Place) -> Made:
    """What was written into a tensor: its addresses change, those of what was made of it before don't."""
    target, own = args[0], traces.get(id(args[0]))
    parts = list(own.parts) if own and own.written else [part.clone() for part in own.parts] if own else []
    parts += [torch.zeros_like(target, dtype=torch.int64) for _ in range(_widest(traces) - len(parts))]
    masked = any(trace.masked for trace in traces.values())
    written = Trace(tuple(parts), masked, here, written=True)
    for part, addresses in enumerate(parts):
        if len(args) < 2 or name_of(function) == "fill_":
            addresses.zero_()
        else:
            swapped = _swapped(args, {**traces, id(target): written}, part)
            number = isinstance(args[-1], int | float) and len(args) > 2
            function(*swapped[:-1], NOTHING if number else swapped[-1], **_swapped(kwargs, traces, part))
    return [(target, written)]


def _stayed(name: str, args: Any, kwargs: Any, result: Any, traces: Traces) -> Made | None:
    if not isinstance(result, Tensor) or not result.is_floating_point():
        return None
    given = {id(each): each for each in tensors_in((args, kwargs)) if id(each) in traces}
    parts = [part for each in given for part in traces[each].parts]
    if len(parts) > _MOST_PARTS:
        return None
    weighed = name in _WEIGHS and any(id(each) not in traces and each.dim() for each in tensors_in((args, kwargs)))
    masked = weighed or any(traces[each].masked for each in given)
    made = next(traces[each].made for each in given)
    return [(result, Trace(tuple(part.expand(result.shape) for part in parts), masked, made))]


def _joined(ledger: Ledger, args: Any, kwargs: Any, result: Any, traces: Traces) -> Made | None:
    """A sum or the like over layers, directions or features of the same step and sequence: each is still there."""
    axes = reduced_axes(args, kwargs)
    trace = traces.get(id(args[0])) if args and isinstance(args[0], Tensor) else None
    if trace is None or len(axes) != 1 or not 1 < args[0].shape[axes[0]] <= _MOST_JOINED:
        return None
    pieces = [piece for part in trace.parts for piece in part.unbind(axes[0])]
    found = [ledger.decode(ledger.places(piece)) for piece in pieces]
    states = all(bool(((each.head - 1) % 3 > 0).all()) for each in found)
    same = all(torch.equal(each.sequence, found[0].sequence) for each in found)
    same = same and (states or all(torch.equal(each.step, found[0].step) for each in found))
    if not same or len(pieces) > _MOST_PARTS:
        return None
    first = next(tensors_in(result))
    return [(first, Trace(tuple(piece.reshape(first.shape) for piece in pieces), trace.masked, trace.made))]


def reduced_axes(args: Any, kwargs: Any) -> tuple[int, ...]:
    """The axes that a reduction runs over, from 0; all if none is named.

    >>> reduced_axes((torch.zeros(2, 3), -1), {})
    (1,)
    """
    axes = kwargs.get("dim", kwargs.get("axis", args[1] if len(args) > 1 else None))
    rank = args[0].dim()
    if axes is None or axes == ():
        return tuple(range(rank))
    return tuple(sorted(axis % rank for axis in ((axes,) if isinstance(axes, int) else axes)))


def _unpacked(ledger: Ledger, function: Function, args: Any, result: Any, traces: Traces, here: Place) -> Made:
    """Unpacking moves, and adds padding, whose addresses are those of the steps after a sequence's end."""
    data, batch_sizes, batch_first, value, total = args
    trace, padded = traces[id(data)], []
    time, batch = (1, 0) if batch_first else (0, 1)
    for part in trace.parts:
        made, lengths = function(part, batch_sizes, batch_first, NOTHING, total)
        steps = _along(torch.arange(made.shape[time], device=made.device), time, made)
        later = ledger.padding_of(made.narrow(time, 0, 1), steps)
        padded.append(torch.where(steps < _along(lengths.to(made.device), batch, made), made, later))
    return [(result[0], Trace(tuple(padded), trace.masked or value != 0, here))]


def _along(values: Tensor, axis: int, like: Tensor) -> Tensor:
    """A vector along one axis of a tensor, to broadcast."""
    return values.view([-1 if place == axis else 1 for place in range(like.dim())])
