"""Runs of a model that leave no trace on it, and chosen sequences taken out of the arguments of a call."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence
from torch.utils._pytree import tree_map

from lstm_inspect.live.prove import arguments_of
from lstm_inspect.live.seeing import SEQUENCES, seeing, tensors_in
from lstm_inspect.live.spec_of import batch_of
from lstm_inspect.live.where import Line, line_now


@dataclass(frozen=True, slots=True)
class Seen:
    """A call of a recurrent module."""

    module: nn.RNNBase
    line: Line | None  #: of the user's code.
    steps: int
    sequences: int | None  #: None if it was not batched.
    state: list[Tensor]  #: that it was given.


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of a model."""

    result: list[Tensor]  #: the tensors of it.
    calls: list[Seen]  #: of recurrent modules.
    replaced: bool  #: whether copies of one sequence stood for the others, as the model can't run on one alone.

    @property
    def sequences(self) -> int | None:
        """How many the first recurrent module met that met a batch."""
        return next((seen.sequences for seen in self.calls if seen.sequences is not None), None)


def run(model: nn.Module, args: Any, kwargs: Any, *, replaced: bool = False) -> Ran:
    """Run a model on copies of its arguments, without gradients."""
    calls: list[Seen] = []

    def note(module: nn.Module, args: Any, kwargs: Any, results: Any) -> None:
        if isinstance(module, SEQUENCES):
            input, hx = arguments_of(args, kwargs)
            batch = batch_of(module, input)
            state = tensors_in(_copied(hx))
            calls.append(Seen(module, line_now(), batch["seq_len"], batch["batch_size"], state))

    with restored(model), torch.no_grad(), seeing(note):
        result = model(*_copied(args), **_copied(kwargs))
        return Ran(tensors_in(_copied(result)), calls, replaced)


def _copied(value: Any) -> Any:
    return tree_map(lambda leaf: leaf.clone() if isinstance(leaf, Tensor) else leaf, value)


@contextmanager
def restored(model: nn.Module) -> Iterator[None]:
    """Whatever a run changes in a model's modules (states that it keeps, counters, buffers, modes) is put back."""
    kept = [
        (module, module.training, [(*item, _content(item[1])) for item in vars(module).items()])
        for module in model.modules()
    ]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        for module, training, attributes in kept:
            vars(module).clear()
            for name, value, content in attributes:
                vars(module)[name] = value
                if content is not None:
                    value.clear()
                    value.extend(content) if isinstance(value, list) else value.update(content)
            module.training = training  # which a scripted module keeps elsewhere
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
    places: list[int]

    def __call__(self, value: Any) -> Any:
        """The same arguments with the chosen sequences alone."""
        if isinstance(value, PackedSequence):
            return self._packed(value)
        if isinstance(value, Tensor):
            axis = self._axis_of(value)
            return value if axis is None else value.index_select(axis, torch.tensor(self.places, device=value.device))
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

    def _packed(self, packed: PackedSequence) -> PackedSequence:
        padded, lengths = pad_packed_sequence(packed, batch_first=True)
        if len(lengths) != self.sequences:
            return packed
        lengths = lengths[self.places]
        picked = padded[self.places, : int(lengths.max())]
        return pack_padded_sequence(picked, lengths, batch_first=True, enforce_sorted=False)
