"""Each sequence alone must give the result that it gives in the batch: run, compare, and say what differs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence
from torch.utils._pytree import tree_leaves

from lstm_inspect.experiment.compare import Comparison, compare
from lstm_inspect.live.alone_report import Alone
from lstm_inspect.live.alone_runs import Pick, Ran, Seen, run
from lstm_inspect.live.seeing import SEQUENCES
from lstm_inspect.mistakes.catalogue import BY_ID
from lstm_inspect.mistakes.finding import Finding
from lstm_inspect.theory.expressions import construct
from lstm_inspect.theory.tolerance import Tolerance, tolerance

MOST_SEQUENCES: Final = 4
_SLACK: Final = 10
"""A model rounds more often than the one LSTM in it that a dtype's tolerance is for."""


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
    whole, again = run(model, args, kwargs), run(model, args, kwargs)
    if not _agree(whole.result, again.result):
        drawn = [one for one, two in zip(whole.calls, again.calls, strict=False) if not _agree(one.state, two.state)]
        found = [_finding(names, "random-initial-state", seen) for seen in drawn[:1]]
        return Alone(None, "two calls with the same arguments differ: random numbers, in eval mode too"), tuple(found)
    apart = _Apart(model, args, kwargs, whole)
    alone, other = apart.alone(batch_axis)
    return alone, tuple(_findings(names, alone, whole, other)) if alone.passed is False else ()


@dataclass(frozen=True, slots=True)
class _Apart:
    """A model's call, taken apart along an axis of its arguments."""

    model: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    whole: Ran

    def alone(self, batch_axis: int | None) -> tuple[Alone, Ran | None]:
        """The comparison, and the run that differs."""
        sequences = next((seen.sequences for seen in self.whole.calls if seen.sequences is not None), None)
        if sequences is None:
            return Alone(None, "no recurrent module was called on a batch"), None
        shape = self._shape()
        if not shape:
            return Alone(None, "no argument is a tensor"), None
        if batch_axis is not None and not -len(shape) <= batch_axis < len(shape):
            return Alone(None, f"the first argument has no axis {batch_axis}: it has {len(shape)}"), None
        own = [axis for axis, size in enumerate(shape) if size == sequences]
        tries = (
            [(axis, True) for axis in own] + [(0, False)] if batch_axis is None else [(batch_axis % len(shape), False)]
        )
        for axis, is_own in tries:
            if shape[axis] < 2:
                return Alone(None, "there is one sequence alone", axis, sequences=shape[axis]), None
            ran, replaced = self._run(axis, shape[axis], 0)
            if ran is None or (is_own and not replaced and not _reads_as_batch(ran)):
                continue
            places = _axes(self.whole, ran, shape[axis], axis, replaced)
            if any(place is not None and (is_own or place == axis) for place in places):
                return self._compared(axis, shape[axis])
        return Alone(None, "no axis of the result goes with a batch axis of the arguments"), None

    def _shape(self) -> tuple[int, ...]:
        """The shape of the first argument that has a batch axis."""
        leaves = tree_leaves((self.args, self.kwargs), is_leaf=lambda each: isinstance(each, PackedSequence))
        for leaf in leaves:
            if isinstance(leaf, PackedSequence):
                return (int(leaf.batch_sizes[0]),)
            if isinstance(leaf, Tensor) and leaf.dim():
                return tuple(leaf.shape)
        return ()

    def _run(self, axis: int, sequences: int, place: int) -> tuple[Ran | None, bool]:
        """A run on one sequence; where the model can't, on copies of it in the place of the others."""
        for places in ([place], [place] * sequences):
            pick = Pick(axis, sequences, places)
            with suppress(Exception):  # a batch size that is hard-coded, or an axis that is none of the batch
                return run(self.model, pick(self.args), pick(self.kwargs)), len(places) > 1
        return None, False

    def _compared(self, axis: int, sequences: int) -> tuple[Alone, Ran | None]:
        compared, worst, replaced, result_axis = [], None, False, None
        places = sorted({0, 1, sequences // 2, sequences - 1})[:MOST_SEQUENCES]
        for place in places:
            ran, replaced = self._run(axis, sequences, place)
            if ran is None:
                return Alone(None, "the model can't run on one of the sequences", axis, None, sequences), None
            axes = _axes(self.whole, ran, sequences, axis, replaced)
            here = list(_comparisons(self.whole, ran, axes, place))
            compared += here
            worst = worst or (ran if not all(each.passed for each in here) else None)
            result_axis = next(each for each in axes if each is not None)
        reason = None if worst is None else BY_ID["sequences-not-independent"].what
        largest = max((each.max_abs_diff for each in compared if each.max_abs_diff is not None), default=None)
        return Alone(worst is None, reason, axis, result_axis, sequences, len(places), largest, replaced), worst


def _reads_as_batch(ran: Ran) -> bool:
    """Whether the recurrent module itself met one sequence."""
    return next((seen.sequences for seen in ran.calls if seen.sequences is not None), None) == 1


def _axes(whole: Ran, ran: Ran, sequences: int, axis: int, replaced: bool) -> list[int | None]:
    """The batch axis of each tensor of the result: the one that shrank; by its size alone where none could."""
    return [
        _axis(one, two, sequences, axis, replaced) if one.dim() == two.dim() else None
        for one, two in zip(whole.result, ran.result, strict=False)
    ]


def _axis(one: Tensor, two: Tensor, sequences: int, axis: int, replaced: bool) -> int | None:
    size = sequences if replaced else 1
    there = [place for place in range(one.dim()) if one.shape[place] == sequences and two.shape[place] == size]
    if replaced:
        return axis if axis in there else 0 if 0 in there else None
    return there[0] if len(there) == 1 else None


def _comparisons(whole: Ran, ran: Ran, axes: list[int | None], place: int) -> Iterator[Comparison]:
    """A sequence's result alone against its result in the batch, tensor by tensor.

    Only what both have is compared: alone a sequence may have fewer padded steps. Classes are left out where
    there are scores: rounding decides them.
    """
    scores = any(one.is_floating_point() for one in whole.result)
    for one, two, axis in zip(whole.result, ran.result, axes, strict=False):
        if axis is not None and (one.is_floating_point() or not scores):
            in_batch = one.narrow(axis, place, 1)
            by_itself = two.narrow(axis, 0 if two.shape[axis] == 1 else place, 1)
            both = tuple(slice(0, min(sizes)) for sizes in zip(in_batch.shape, by_itself.shape, strict=True))
            yield compare(by_itself[both].contiguous(), in_batch[both].contiguous(), _allowed(in_batch))


def _allowed(tensor: Tensor) -> Tolerance:
    if not tensor.is_floating_point() or tensor.numel() == 0:
        return Tolerance()
    usual = tolerance(str(tensor.dtype).removeprefix("torch."))
    size = max(1.0, float(tensor.abs().nan_to_num(posinf=0.0).max()))
    return Tolerance(_SLACK * usual.rtol, _SLACK * usual.atol * size)


def _agree(left: list[Tensor], right: list[Tensor]) -> bool:
    pairs = [(one.nan_to_num(), two.nan_to_num()) for one, two in zip(left, right, strict=False)]
    return len(left) == len(right) and all(compare(one, two, _allowed(one)).passed for one, two in pairs)


def _findings(names: dict[int, str], alone: Alone, whole: Ran, other: Ran | None) -> Iterator[Finding]:
    """Why a sequence alone differs, as far as the calls of the recurrent modules show it."""
    calls = list(zip(whole.calls, [] if other is None else other.calls, strict=False))
    swapped = next((one for one, two in calls if _reads_batch_as_time(one, two, alone)), None)
    if swapped is None:
        yield _finding(names, "sequences-not-independent", whole.calls[0], instead=None)
        return
    what = f"axis {alone.axis} of the arguments is the batch, and the module reads it as time: "
    what += "the recurrence runs over the sequences"
    yield _finding(names, "batch-first-forgotten", swapped, what=what, instead=_other_layout(swapped.module))


def _reads_batch_as_time(one: Seen, two: Seen, alone: Alone) -> bool:
    sliced = one.steps == alone.sequences and two.steps == 1 and not alone.replaced
    return sliced and one.sequences is not None and one.sequences == two.sequences


def _finding(names: dict[int, str], name: str, seen: Seen, **changes: Any) -> Finding:
    mistake, (file, line) = BY_ID[name], seen.here.place or (None, None)
    instead = mistake.instead.replace("lstm =", f"{names.get(id(seen.module)) or 'lstm'} =")
    made = Finding(id=name, level=mistake.live or "note", what=mistake.what, file=file, line=line,
                   module=names.get(id(seen.module)), call=0, instead=instead)  # fmt: skip
    return replace(made, **changes)


def _other_layout(module: nn.RNNBase) -> str:
    """The call that builds the module for the other layout of input."""
    kind = next(kind.__name__ for kind in SEQUENCES if isinstance(module, kind))
    same = {name: getattr(module, name) for name in ("num_layers", "dropout", "bidirectional", "proj_size")}
    given: dict[str, Any] = {**same, "batch_first": not module.batch_first}
    return construct(kind, module.input_size, module.hidden_size, **given)
