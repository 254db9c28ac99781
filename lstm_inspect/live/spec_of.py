"""The spec of a live module and of a real call of it; a call that does not fit is refused before torch sees it."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from lstm_inspect.errors import CallError
from lstm_inspect.theory.dtypes import DTYPES
from lstm_inspect.theory.expressions import PARAMETERS
from lstm_inspect.theory.packing import lengths_of
from lstm_inspect.theory.parameters import parameters
from lstm_inspect.theory.shapes import Shape, TensorReport, format_tuple, tensors
from lstm_inspect.theory.spec import LSTMSpec

Input: TypeAlias = Tensor | PackedSequence
State: TypeAlias = tuple[Tensor, Tensor] | None


class NotCoveredError(CallError):
    """A call that can't be checked, which says nothing against it: of a dtype or a form that is not covered."""


def spec_of_module(lstm: torch.nn.Module) -> LSTMSpec:
    """What a live module is; the batch is the default one.

    Raises:
        CallError: it is not an nn.LSTM, or its weights are of several dtypes.
        NotCoveredError: its dtype is not one that is covered.
        SpecError: its device is not one that is covered.

    >>> spec_of_module(torch.nn.LSTM(4, 8, bidirectional=True)).output_size
    16
    """
    if not isinstance(lstm, torch.nn.LSTM):
        allowed = "a torch.nn.LSTM, or a class derived from it, is inspected"
        raise CallError("lstm", f"is a {type(lstm).__name__}", allowed, "watch(model) for a module that holds some")
    found = sorted({dtype_of(weight) for weight in lstm.parameters()})
    if len(found) != 1:
        raise CallError("the weights", f"are {' and '.join(found)}", "they must be of one dtype", "lstm.float()")
    if found[0] not in DTYPES:
        allowed = f"{', '.join(DTYPES)} are inspected"
        raise NotCoveredError("the weights", f"are {found[0]}", allowed, "lstm.float() before it is inspected")
    place = next(lstm.parameters()).device
    device = str(place) if place.type == "cuda" else place.type
    return LSTMSpec(**{name: getattr(lstm, name) for name in PARAMETERS}, dtype=found[0], device=device)


def dtype_of(tensor: Tensor) -> str:
    """A tensor's dtype, as a spec names it."""
    return str(tensor.dtype).removeprefix("torch.")


def data_of(input: Any) -> Any:
    """The tensor that an input's numbers stand in."""
    return input.data if isinstance(input, PackedSequence) else input


def spec_of_call(lstm: torch.nn.LSTM, input: Input, hx: State = None) -> LSTMSpec:
    """The spec of a call of a live module, if every shape fits.

    >>> spec_of_call(torch.nn.LSTM(4, 8), torch.zeros(7, 4, 2))
    Traceback (most recent call last):
    lstm_inspect.errors.CallError: input (7, 4, 2): axis 2 (I) must be 4. Try input.transpose(1, 2).
    """
    module = spec_of_module(lstm)
    state = "zeros" if hx is None else "random"
    spec = module.replace(state=state, **batch_of(module, input))
    theory = tensors(spec)
    for name, tensor in _arguments(input, hx):
        _see_that_it_fits(spec, theory[name], tuple(tensor.shape))
    return spec


def batch_of(module: LSTMSpec | torch.nn.RNNBase, input: Any) -> dict[str, Any]:
    """T and B of an input and, if it is packed, its lengths, as a spec names them.

    Raises:
        CallError: it has no such axes, or a PackedSequence contradicts itself.
    """
    if isinstance(input, PackedSequence):
        return _packed_batch(input)
    if not isinstance(input, Tensor):
        allowed = "it must be a tensor or a PackedSequence"
        raise CallError("input", f"is a {type(input).__name__}", allowed, "input of shape (T, B, I)")
    shape = tuple(input.shape)
    if len(shape) not in (2, 3):
        allowed = "it must have 3 axes, (T, B, I) or (B, T, I) with batch_first, or 2, (T, I)"
        instead = "input.unsqueeze(-1) if I is 1" if len(shape) == 1 else "input.flatten(2) if the last axes are I"
        raise CallError("input", format_tuple(shape), allowed, instead)
    time = 1 if module.batch_first and len(shape) == 3 else 0
    if shape[time] == 0:
        raise CallError("input", format_tuple(shape), f"axis {time} (T) must be at least 1", "one time step or more")
    return {"seq_len": shape[time], "batch_size": shape[1 - time] if len(shape) == 3 else None}


def _packed_batch(packed: PackedSequence) -> dict[str, Any]:
    """T, B and the lengths, in the order in which the sequences were given."""
    sizes = packed.batch_sizes.tolist()
    if not sizes or min(sizes) < 1 or sorted(sizes, reverse=True) != sizes:
        allowed = "from step to step they may fall, never rise, and none is 0"
        raise CallError("packed_input.batch_sizes", str(sizes), allowed, "pack_padded_sequence to make it")
    if sum(sizes) != len(packed.data):
        allowed = f"its batch_sizes count {sum(sizes)}: a length was greater than T when it was packed"
        raise CallError("packed_input.data", f"has {len(packed.data)} rows", allowed, "lengths of at most T")
    by_length = lengths_of(sizes)
    lengths = tuple(by_length[place] for place in _order_back(packed, len(by_length)))
    in_order = packed.sorted_indices is None
    return {"seq_len": len(sizes), "batch_size": len(lengths), "lengths": lengths, "enforce_sorted": in_order}


def lengths_of_packed(packed: PackedSequence) -> tuple[int, ...] | None:
    """The lengths in the order in which the sequences were given; None if the PackedSequence contradicts itself."""
    with suppress(CallError):
        lengths: tuple[int, ...] = _packed_batch(packed)["lengths"]
        return lengths
    return None


def _order_back(packed: PackedSequence, sequences: int) -> Sequence[int]:
    """Where each given sequence stands among the sorted ones; on the meta device, where no number is, as sorted."""
    orders = packed.sorted_indices, packed.unsorted_indices
    if orders[0] is None or orders[1] is None or orders[0].is_meta:
        return range(sequences)
    there, back = (order.tolist() for order in orders if order is not None)
    if sorted(there) != list(range(sequences)) or [there[place] for place in back] != list(range(sequences)):
        allowed = f"it must be a permutation of {sequences} sequences, unsorted_indices its inverse"
        raise CallError("packed_input.sorted_indices", str(there), allowed, "pack_padded_sequence to make it")
    return back


def _arguments(input: Input, hx: Any) -> list[tuple[str, Tensor]]:
    named = [("packed_input" if isinstance(input, PackedSequence) else "input", data_of(input))]
    if hx is None:
        return named
    if isinstance(hx, (tuple, list)) and len(hx) == 2 and all(isinstance(state, Tensor) for state in hx):
        return [*named, ("h0", hx[0]), ("c0", hx[1])]
    came = f"is a {type(hx).__name__}" + (f" of {len(hx)}" if isinstance(hx, (tuple, list)) else "")
    raise CallError("hx", came, "an LSTM has two states: it must be the tuple of two tensors (h0, c0)", "hx=(h0, c0)")


def _see_that_it_fits(spec: LSTMSpec, theory: TensorReport, shape: Shape) -> None:
    name = theory.name.replace("packed_input", "packed_input.data")
    if len(shape) != len(theory.shape):
        allowed = f"it must have {len(theory.shape)} axes, {theory.formula} = {format_tuple(theory.shape)}"
        raise CallError(name, format_tuple(shape), allowed, f"a tensor of that shape for {name}")
    for axis, (size, expected) in enumerate(zip(shape, theory.shape, strict=True)):
        if size != expected:
            allowed = f"axis {axis} ({theory.letters[axis]}) must be {expected}"
            raise CallError(name, format_tuple(shape), allowed, _remedy(spec, theory, shape, axis))


def _remedy(spec: LSTMSpec, theory: TensorReport, shape: Shape, axis: int) -> str:
    """The transpose that mends it, if one does; else the module or the shape that fits."""
    name, letter, expected = theory.name, theory.letters[axis], theory.shape
    other = None if spec.lengths and letter == "I" else _swapped_with(expected, shape, axis, whole=letter != "I")
    if other is not None:
        first, second = sorted((axis, other))
        return f"{name}.transpose({first}, {second}){'.contiguous()' if name in ('h0', 'c0') else ''}"
    if letter == "I":
        return f"{expected[axis]} features a step, or a module with input_size={shape[axis]}"
    if letter == "B" and shape[axis] == spec.seq_len and not spec.batch_first and not spec.lengths:
        return f"batch_first=True in the module if input is (B, T, I), or {name} of shape {format_tuple(expected)}"
    return f"{name} of shape {theory.formula} = {format_tuple(expected)}"


def _swapped_with(expected: Shape, shape: Shape, axis: int, *, whole: bool) -> int | None:
    """The axis that holds what this one should, the two being swapped; with ``whole`` that must mend the shape."""
    for other in range(len(shape)):
        swapped = list(shape)
        swapped[axis], swapped[other] = swapped[other], swapped[axis]
        if swapped[axis] == expected[axis] and (not whole or tuple(swapped) == expected):
            return other
    return None


def check_dtypes(lstm: torch.nn.LSTM, input: Input, hx: State = None) -> None:
    """Refuse arguments on another device or of another dtype than the weights, which torch says less plainly.

    Raises:
        CallError: with the conversion to write.
    """
    weight = next(lstm.parameters())
    for name, tensor in _arguments(input, hx):
        if tensor.device != weight.device:
            allowed = f"it must be on {weight.device}, where the weights are"
            raise CallError(name, f"is on {tensor.device}", allowed, f'{name}.to("{weight.device}")')
        if tensor.dtype != weight.dtype:
            allowed = f"it must be {weight.dtype}, as the weights are"
            raise CallError(name, f"is {tensor.dtype}", allowed, f"{name}.to({weight.dtype})")


def check_weights(lstm: torch.nn.LSTM, spec: LSTMSpec) -> None:
    """Refuse weights of another shape than the module's own fields name: oneDNN computes with them without a word.

    Raises:
        CallError: an assigned weight has the wrong shape, an untransposed kernel from Keras for one.
    """
    for parameter in parameters(spec):
        shape = tuple(getattr(lstm, parameter.name).shape)
        if shape != parameter.shape:
            allowed = f"it must be {parameter.formula} = {format_tuple(parameter.shape)}"
            instead = f"{parameter.name}.copy_(...) under torch.no_grad(), which checks the shape"
            raise CallError(f"lstm.{parameter.name}", format_tuple(shape), allowed, instead)
