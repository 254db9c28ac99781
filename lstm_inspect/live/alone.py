"""Each sequence alone must give the result that it gives in the batch: run, compare, and say what differs."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence
from torch.utils._pytree import tree_leaves, tree_map

from lstm_inspect.experiment.compare import Comparison, compare
from lstm_inspect.live.prove import arguments_of
from lstm_inspect.live.seeing import SEQUENCES, kind_of, seeing, tensors_in
from lstm_inspect.live.spec_of import batch_of
from lstm_inspect.live.standin import restored
from lstm_inspect.live.where import Line, line_now
from lstm_inspect.mistakes.catalogue import BY_ID
from lstm_inspect.mistakes.finding import Finding
from lstm_inspect.mistakes.read import Alone
from lstm_inspect.theory.dtypes import Tolerance, largest, tolerance
from lstm_inspect.theory.expressions import DEFAULTS, construct

_SLACK: Final = 10
"""A model rounds more often than the one LSTM in it that a dtype's tolerance is for."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A call of a recurrent module."""

    module: nn.RNNBase
    line: Line | None  #: of the user's code.
    steps: int
    sequences: int | None  #: None if it was not batched.
    state: list[Tensor]  #: that it was given.


@dataclass(frozen=True, slots=True)
class _Ran:
    """One run of a model."""

    result: list[Tensor]  #: the tensors of it, but for sparse and nested ones.
    calls: list[_Seen]  #: of recurrent modules.
    replaced: bool = False  #: whether copies of one sequence stood for the others, as the model can't run on one alone.

    @property
    def sequences(self) -> int | None:
        """How many the first recurrent module met that met a batch."""
        return next((seen.sequences for seen in self.calls if seen.sequences is not None), None)


def alone_of(
    model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], batch_axis: int | None = None
) -> tuple[Alone, tuple[Finding, ...]]:
    """Run a model as it was called, and on sequences alone.

    Args:
        model: in eval mode, whose random numbers are the caller's to keep.
        args, kwargs: of the call.
        batch_axis: of the arguments. Left out it is the one that the recurrent module itself reads as B, if
            a result shrinks with it; else axis 0, if the result's axis 0 shrinks with it; else nothing is decided.
    """
    names = {id(module): name for name, module in model.named_modules()}
    whole, again = _run(model, args, kwargs), _run(model, args, kwargs)
    if not _agree(whole.result, again.result):
        drawn = [one for one, two in zip(whole.calls, again.calls, strict=False) if not _agree(one.state, two.state)]
        found = [_finding(names, "random-initial-state", seen) for seen in drawn[:1]]
        return Alone(None, "two calls with the same arguments differ: random numbers, in eval mode too"), tuple(found)
    if any(one.isnan().any() for one in whole.result):
        return Alone(None, "its results hold NaN, which equals nothing"), ()
    alone, other = _decided(model, args, kwargs, whole, batch_axis)
    return alone, () if other is None else (_why(names, alone, whole, other),)


def _run(model: nn.Module, args: Any, kwargs: Any, *, replaced: bool = False) -> _Ran:
    """Run a model on copies of its arguments, without gradients."""
    calls: list[_Seen] = []

    def note(module: nn.Module, args: Any, kwargs: Any, results: Any) -> None:
        if isinstance(module, SEQUENCES):
            input, hx = arguments_of(args, kwargs)
            batch, state = batch_of(module, input), tensors_in(_copied(hx))
            calls.append(_Seen(module, line_now(), batch["seq_len"], batch["batch_size"], state))

    with restored(model), torch.no_grad(), seeing(note):
        result = model(*_copied(args), **_copied(kwargs))
        found = [each.clone() for each in tensors_in(result) if each.layout == torch.strided and not each.is_nested]
        return _Ran(found, calls, replaced)


def _copied(value: Any) -> Any:
    return tree_map(lambda leaf: leaf.clone() if isinstance(leaf, Tensor) else leaf, value)


def _decided(
    model: nn.Module, args: Any, kwargs: Any, whole: _Ran, batch_axis: int | None
) -> tuple[Alone, _Ran | None]:
    """The comparison along the axis that is the batch, and the run that differs."""
    if whole.sequences is None:
        return Alone(None, "no recurrent module was called on a batch"), None
    shape = _shape((args, kwargs), whole.sequences)
    if not shape:
        return Alone(None, "no argument is a tensor"), None
    if batch_axis is not None and not -len(shape) <= batch_axis < len(shape):
        return Alone(None, f"the first argument has no axis {batch_axis}: it has {len(shape)}"), None
    own = [(axis, True) for axis, size in enumerate(shape) if size == whole.sequences]
    for axis, is_own in [*own, (0, False)] if batch_axis is None else [(batch_axis % len(shape), False)]:
        if shape[axis] < 2:
            reason = "there is one sequence alone" if shape[axis] else "there is no sequence"
            return Alone(None, reason, axis, sequences=shape[axis]), None
        compared = _Apart(model, args, kwargs, whole, axis, shape[axis]).compared(is_own=is_own)
        if compared is not None:
            return compared
    return Alone(None, "no axis of the result goes with a batch axis of the arguments"), None


def _shape(arguments: Any, sequences: int) -> tuple[int, ...]:
    """The shape of the first argument that has a batch axis."""
    pick = _Pick(0, sequences, [])
    for leaf in tree_leaves(arguments, is_leaf=lambda each: isinstance(each, PackedSequence) or pick.is_ragged(each)):
        if isinstance(leaf, PackedSequence):
            return (int(leaf.batch_sizes[0]),)
        if isinstance(leaf, (list, tuple)):
            return (len(leaf),)
        if isinstance(leaf, Tensor) and leaf.dim():
            return tuple(leaf.shape)
    return ()


@dataclass(frozen=True, slots=True)
class _Apart:
    """A model's call, taken apart along an axis of its arguments."""

    model: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    whole: _Ran
    axis: int
    sequences: int

    def compared(self, *, is_own: bool) -> tuple[Alone, _Ran | None] | None:
        """Some sequences by themselves against the batch, and the first run that differs; None if no batch is seen.

        The axis is that of the batch if a result shrinks with it: any result if the recurrent module itself reads the
        axis as B (is_own), else one with the same axis.
        """
        first = self._run(0)
        if first is None or (is_own and not first.replaced and first.sequences != 1):
            return None
        axes = [axis for axis in self._axes(first) if axis is not None]
        if not axes or not (is_own or self.axis in axes):
            return None
        compared: list[Comparison] = []
        worst, places = None, sorted({0, 1, self.sequences // 2, self.sequences - 1})
        for place in places:
            ran = self._run(place) if place else first
            if ran is None:
                why = "the model can't run on one of the sequences"
                return Alone(None, why, self.axis, None, self.sequences), None
            here = list(self._comparisons(ran, place))
            compared += here
            worst = worst or (None if all(each.passed for each in here) else ran)
        return Alone(
            passed=worst is None,
            reason=None if worst is None else BY_ID["sequences-not-independent"].what,
            axis=self.axis,
            result_axis=axes[0],
            sequences=self.sequences,
            checked=len(places),
            largest=largest(each.max_abs_diff for each in compared),
            replaced=first.replaced,
        ), worst

    def _run(self, place: int) -> _Ran | None:
        """A run on one sequence; where the model can't, on copies of it in the place of the others."""
        for places in ([place], [place] * self.sequences):
            pick = _Pick(self.axis, self.sequences, places)
            with suppress(Exception):  # a batch size that is hard-coded, or an axis that is none of the batch
                return _run(self.model, pick(self.args), pick(self.kwargs), replaced=len(places) > 1)
        return None

    def _axes(self, ran: _Ran) -> list[int | None]:
        """The batch axis of each tensor of the result: the one that shrank; by its size alone where none could."""
        size = self.sequences if ran.replaced else 1
        axes: list[int | None] = []
        for one, two in zip(self.whole.result, ran.result, strict=False):
            sizes = list(zip(one.shape, two.shape, strict=True)) if one.dim() == two.dim() else []
            there = [axis for axis, each in enumerate(sizes) if each == (self.sequences, size)]
            there = [axis for axis in (self.axis, 0) if axis in there][:1] if ran.replaced else there
            axes.append(there[0] if len(there) == 1 else None)
        return axes

    def _comparisons(self, ran: _Ran, place: int) -> Iterator[Comparison]:
        """A sequence's result alone against its result in the batch, tensor by tensor.

        Only what both have is compared: alone a sequence may have fewer padded steps. Classes are left out where
        there are scores: rounding decides them.
        """
        scores = any(one.is_floating_point() for one in self.whole.result)
        for one, two, axis in zip(self.whole.result, ran.result, self._axes(ran), strict=False):
            if axis is not None and (one.is_floating_point() or not scores):
                in_batch = one.narrow(axis, place, 1)
                by_itself = two.narrow(axis, 0 if two.shape[axis] == 1 else place, 1)
                both = tuple(slice(0, min(sizes)) for sizes in zip(in_batch.shape, by_itself.shape, strict=True))
                yield compare(by_itself[both].contiguous(), in_batch[both].contiguous(), _allowed(in_batch))


@dataclass(frozen=True, slots=True)
class _Pick:
    """Takes chosen sequences out of arguments: along the batch axis, or another axis of its size.

    >>> _Pick(axis=0, sequences=3, places=[2])([torch.zeros(3, 5), [7, 8, 9]])
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
            names = all(isinstance(each, (int, str)) for each in value)  # or lengths
            if len(value) == self.sequences and (names or self.is_ragged(value)):
                return type(value)(value[place] for place in self.places)
            made = [self(each) for each in value]
            return type(value)(*made) if hasattr(value, "_fields") else type(value)(made)
        return value

    def is_ragged(self, value: Any) -> bool:
        """Whether a list holds a tensor for each sequence: most have no axis of the batch's size, one may by chance."""
        if not isinstance(value, (list, tuple)) or len(value) != self.sequences:
            return False
        if not all(isinstance(each, Tensor) for each in value):
            return False
        least = len(value) // 2 + 1 if isinstance(value, list) else len(value)  # a tuple may be the arguments
        return sum(self._axis_of(each) is None for each in value) >= least

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


def _allowed(tensor: Tensor) -> Tolerance:
    if not tensor.is_floating_point() or tensor.numel() == 0:
        return Tolerance()
    usual = tolerance(str(tensor.dtype).removeprefix("torch."))
    size = max(1.0, float(tensor.abs().nan_to_num(posinf=0.0).max()))
    return Tolerance(_SLACK * usual.rtol, _SLACK * usual.atol * size)


def _agree(left: list[Tensor], right: list[Tensor]) -> bool:
    pairs = [(one.nan_to_num(), two.nan_to_num()) for one, two in zip(left, right, strict=False)]
    return len(left) == len(right) and all(compare(one, two, _allowed(one)).passed for one, two in pairs)


def _why(names: dict[int, str], alone: Alone, whole: _Ran, other: _Ran) -> Finding:
    """Why a sequence alone differs, as far as the calls of the recurrent modules show it."""
    for one, two in zip(whole.calls, [] if other.replaced else other.calls, strict=False):
        taken_apart_in_time = one.steps == alone.sequences and two.steps == 1
        if taken_apart_in_time and one.sequences is not None and one.sequences == two.sequences:
            what = f"axis {alone.axis} of the arguments is the batch, and the module reads it as time: "
            what += "the recurrence runs over the sequences"
            return _finding(names, "batch-first-forgotten", one, what=what, instead=_other_layout(one.module))
    return _finding(names, "sequences-not-independent", whole.calls[0], instead=None)


def _other_layout(module: nn.RNNBase) -> str:
    """The call that builds the module for the other layout of input."""
    given = {name: getattr(module, name) for name in DEFAULTS} | {"batch_first": not module.batch_first}
    more = ['nonlinearity="relu"'] if module.mode == "RNN_RELU" else []
    return construct(kind_of(module), module.input_size, module.hidden_size, more=more, **given)


def _finding(names: dict[int, str], name: str, seen: _Seen, **changes: Any) -> Finding:
    mistake, module, (file, line) = BY_ID[name], names.get(id(seen.module)), seen.line or (None, None)
    made = Finding(id=name, level=mistake.live or "note", what=mistake.what, file=file, line=line, module=module,
                   call=0, instead=mistake.instead.replace("lstm =", f"{module or 'lstm'} ="))  # fmt: skip
    return replace(made, **changes)
