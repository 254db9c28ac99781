"""What torch says of a module's parameters and of the multiply-adds of one run: on the meta device, without numbers."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence
from torch.utils.flop_counter import FlopCounterMode

from lstm_inspect.experiment.run import build, make_input, without_gradients
from lstm_inspect.theory.shapes import Shape
from lstm_inspect.theory.spec import LSTMSpec

_MOST_LAYERS: Final = 1000  # that are built: nn.LSTM takes time that grows with their square
_MOST_CELLS: Final = 240  # layers * directions * time steps that are counted: torch walks them one by one
_FLOPS_A_MULTIPLY_ADD: Final = 2


class Measured(NamedTuple):
    """What torch says."""

    built: LSTMSpec  #: the module that was asked: the spec's own, or its first layers where there are very many.
    shapes: Mapping[str, Shape]  #: every parameter's shape by its name, in the order of ``named_parameters()``.
    bytes: int  #: of all parameters together.
    #: the run that the multiply-adds were counted on: the spec's own, or its first layers and time steps
    #: where that is a long one.
    counted: LSTMSpec
    multiply_adds: int  #: of that run, by ``torch.utils.flop_counter.FlopCounterMode``.


def measure(spec: LSTMSpec) -> Measured:
    """Build a spec's module on the meta device, ask it for its parameters and count one run.

    >>> measure(LSTMSpec(bias=False)).shapes
    {'weight_ih_l0': (80, 10), 'weight_hh_l0': (80, 20)}
    """
    spec = spec.replace(device="meta", num_layers=min(spec.num_layers, _MOST_LAYERS))
    counted = _shortened(spec)
    with without_gradients():
        named, work = dict(build(spec).named_parameters()), _count(counted)
    shapes = {name: tuple(parameter.shape) for name, parameter in named.items()}
    size = sum(parameter.numel() * parameter.element_size() for parameter in named.values())
    return Measured(spec, shapes, size, counted, work)


def _count(spec: LSTMSpec) -> int:
    """Multiply-adds of one call of the module, packed if there are lengths."""
    padded = make_input(spec)
    input: Tensor | PackedSequence = padded
    if spec.lengths is not None:
        input = pack_padded_sequence(padded, torch.tensor(spec.lengths), spec.batch_first, spec.enforce_sorted)
    with FlopCounterMode(display=False) as counter:
        build(spec)(input)
    return int(counter.get_total_flops()) // _FLOPS_A_MULTIPLY_ADD


def _shortened(spec: LSTMSpec) -> LSTMSpec:
    """The spec with so many layers and time steps that counting takes about a second, the first of each."""
    layers = min(spec.num_layers, max(_MOST_CELLS // 10 // spec.num_directions, 2))
    steps = max(1, _MOST_CELLS // (layers * spec.num_directions))
    lengths = spec.lengths and tuple(min(length, steps) for length in spec.lengths)
    longest = max(lengths) if lengths else min(spec.seq_len, steps)
    return spec.replace(num_layers=layers, lengths=lengths, total_length=None, seq_len=longest)
