"""Runs of a model that leave no trace on it, and chosen sequences taken out of the arguments of a call."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence
from torch.utils._pytree import tree_leaves, tree_map

from lstm_inspect.live.addresses_mode import Here, here
from lstm_inspect.live.seeing import SEQUENCES, seeing


@dataclass(frozen=True, slots=True)
class Seen:
    """A call of a recurrent module: where, over how many steps and sequences (None: unbatched), from which state."""

    module: nn.RNNBase
    here: Here
    steps: int
    sequences: int | None
    state: list[Tensor]


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of a model: the tensors of its result, and its calls of recurrent modules."""

    result: list[Tensor]
    calls: list[Seen]


class _Observer:
    """Notes each call."""

    def __init__(self) -> None:
        self.calls: list[Seen] = []

    def before(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        if not isinstance(module, SEQUENCES):
            return
        given = dict(zip(("input", "hx"), args, strict=False)) | kwargs
        input, state = given["input"], tensors_of(_copied(given.get("hx")))
        if isinstance(input, PackedSequence):
            self.calls.append(Seen(module, here(), len(input.batch_sizes), int(input.batch_sizes[0]), state))
            return
        time = 1 if module.batch_first and input.dim() == 3 else 0
        sequences = input.shape[1 - time] if input.dim() == 3 else None
        self.calls.append(Seen(module, here(), input.shape[time], sequences, state))

    def after(self, *call: Any) -> None:
        """Nothing more to note."""

    failed = after


def run(model: nn.Module, args: Any, kwargs: Any) -> Ran:
    """Run a model on copies of its arguments, without gradients."""
    observer = _Observer()
    with restored(model), torch.no_grad(), seeing(observer):
        result = model(*_copied(args), **_copied(kwargs))
        return Ran(tensors_of(_copied(result)), observer.calls)


def tensors_of(value: Any) -> list[Tensor]:
    """The tensors in arguments or in a result."""
    return [leaf for leaf in tree_leaves(value) if isinstance(leaf, Tensor)]


def _copied(value: Any) -> Any:
    return tree_map(lambda leaf: leaf.clone() if isinstance(leaf, Tensor) else leaf, value)


@contextmanager
def restored(model: nn.Module) -> Iterator[None]:
    """Whatever a run changes in a model's modules (states that it keeps, counters, buffers, modes) is put back."""
    kept = [(module, [(*item, _content(item[1])) for item in vars(module).items()]) for module in model.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        for module, attributes in kept:
            vars(module).clear()
            for name, value, content in attributes:
                vars(module)[name] = value
                if content is not None:
                    value.clear()
                    value.extend(content) if isinstance(value, list) else value.update(content)
        with torch.no_grad():
            for buffer, before in buffers:
                if not torch.equal(buffer, before):
                    buffer.copy_(before)


def _content(value: Any) -> Any:
    return value.copy() if type(value) in (dict, OrderedDict, list, set) else None


@dataclass(frozen=True, slots=True)
class Pick:
    """Takes chosen sequences out of arguments: along the batch axis, or another axis of its size.

    >>> Pick(axis=0, sequences=3, places=[2])([torch.zeros(3, 5), [7, 8, 9]])
    [tensor([[0., 0., 0., 0., 0.]]), [9]]
    """

    axis: int
    sequences: int
    places: Sequence[int]

    def __call__(self, value: Any) -> Any:
        """The same arguments with the chosen sequences alone."""
        if isinstance(value, PackedSequence):
            return self._packed(value)
        if isinstance(value, Tensor):
            return self._tensor(value)
        if isinstance(value, dict):
            return {key: self(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            if len(value) == self.sequences and all(self._is_of_one(each) for each in value):
                return type(value)(value[place] for place in self.places)
            made = [self(each) for each in value]
            return type(value)(*made) if hasattr(value, "_fields") else type(value)(made)
        return value

    def _is_of_one(self, value: Any) -> bool:
        """Whether an item of a list is of one sequence: a length, or a ragged tensor."""
        return isinstance(value, (int, str)) or (isinstance(value, Tensor) and self._axis_of(value) is None)

    def _axis_of(self, tensor: Tensor) -> int | None:
        there = [axis for axis, size in enumerate(tensor.shape) if size == self.sequences]
        return next((axis for axis in (self.axis, 0, 1) if axis in there), None)

    def _tensor(self, tensor: Tensor) -> Tensor:
        axis = self._axis_of(tensor)
        places = torch.tensor(list(self.places), device=tensor.device)
        return tensor if axis is None else tensor.index_select(axis, places)

    def _packed(self, packed: PackedSequence) -> PackedSequence:
        padded, lengths = pad_packed_sequence(packed, batch_first=True)
        if len(lengths) != self.sequences:
            return packed
        places = torch.tensor(list(self.places))
        picked, lengths = padded.index_select(0, places.to(padded.device)), lengths[places]
        return pack_padded_sequence(picked[:, : int(lengths.max())], lengths, batch_first=True, enforce_sorted=False)
