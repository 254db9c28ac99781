"""The LSTM equations written out, step by step, in float64 on the CPU: the independent oracle.

The equations are those of torch's documentation of nn.LSTM, after Hochreiter and Schmidhuber (1997)
and, with proj_size, Sak et al. (2014). Nothing here knows how theory.states or theory.claims count
rows, steps or slices: an oracle that shared their arithmetic would share their mistakes.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TypeAlias

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from lstm_inspect.theory.costs import REFERENCE_STEPS_AT_ONCE

State: TypeAlias = tuple[Tensor, Tensor]
_NAMES: Final = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")  # the last three are not always there


class Reference(NamedTuple):
    """What the equations give, in float64 on the CPU, with the axes that nn.LSTM would give them."""

    output: Tensor  #: as nn.LSTM returns them.
    hn: Tensor  #: as nn.LSTM returns them.
    cn: Tensor  #: as nn.LSTM returns them.
    #: by layer and direction ("forward", "reverse"): the last h (B, R) and the last c (B, H), so that a row
    #: of hn is known by what computed it and not by its place.
    states: dict[tuple[int, str], tuple[Tensor, Tensor]]


class _Weights(NamedTuple):
    """One layer's weights in one direction; gate rows in the order i, f, g, o."""

    w_ih: Tensor  # (4H, in)
    w_hh: Tensor  # (4H, R)
    bias: Tensor | None  # (4H,), torch's two added
    w_hr: Tensor | None  # (P, H)


def reference(
    lstm: torch.nn.LSTM,
    input: Tensor,
    h0: Tensor,
    c0: Tensor,
    lengths: Tensor | None = None,
    padding_value: float = 0.0,
) -> Reference:
    """Run the equations on a module's weights.

    Args:
        lstm: the module; its dropout is taken to be off.
        input: (T, B, I), (B, T, I) if the module is batch_first, or (T, I).
        h0: (L*D, B, R), or (L*D, R). c0: (L*D, B, H), or (L*D, H).
        lengths: (B,) valid time steps of each sequence; all T if left out.
        padding_value: what output holds after a sequence's end.
    """
    batched = input.dim() == 3
    x, h, c = (_exact(each) if batched else _exact(each).unsqueeze(1) for each in (input, h0, c0))
    if batched and lstm.batch_first:
        x = x.transpose(0, 1)
    valid = None if lengths is None else torch.arange(len(x))[:, None, None] < lengths[:, None]  # (T, B, 1)
    output, states = _stack(lstm, x, h, c, valid)
    if valid is not None:
        output = output.masked_fill_(~valid, padding_value)
    if not batched:
        output, states = output.squeeze(1), {key: (h.squeeze(0), c.squeeze(0)) for key, (h, c) in states.items()}
    elif lstm.batch_first:
        output = output.transpose(0, 1)
    hn, cn = (torch.stack(rows) for rows in zip(*states.values(), strict=True))
    return Reference(output, hn, cn, states)


def _stack(
    lstm: torch.nn.LSTM, x: Tensor, h0: Tensor, c0: Tensor, valid: Tensor | None
) -> tuple[Tensor, dict[tuple[int, str], tuple[Tensor, Tensor]]]:
    """Every layer on the one below it: each reads all directions of the layer below, joined."""
    states = {}
    initial = zip(h0, c0, strict=True)
    for layer in range(lstm.num_layers):
        halves = []
        for reverse in (False, True) if lstm.bidirectional else (False,):
            h, c = next(initial)
            steps, h, c = _direction(_weights(lstm, layer, reverse), x, h, c, valid, reverse)
            halves.append(steps)
            states[layer, "reverse" if reverse else "forward"] = h, c
        x = torch.cat(halves, dim=-1) if lstm.bidirectional else halves[0]
    return x, states


def _direction(
    w: _Weights, x: Tensor, h: Tensor, c: Tensor, valid: Tensor | None, reverse: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """One layer in one direction: x (T, B, in), h (B, R), c (B, H) -> h of every step (T, B, R), last h, last c.

    A sequence's state stands still outside its valid steps, so in reverse it starts at its own last one.
    """
    steps = x.new_empty(*x.shape[:2], h.shape[-1])
    for time_step, from_input in _input_products(w, x, reverse):
        new_h, new_c = _cell(w, from_input, h, c)
        if valid is not None:
            new_h, new_c = torch.where(valid[time_step], new_h, h), torch.where(valid[time_step], new_c, c)
        h, c = new_h, new_c
        steps[time_step] = h
    return steps, h, c


def _cell(w: _Weights, from_input: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    i, f, g, o = torch.addmm(from_input, h, w.w_hh.t()).chunk(4, dim=-1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    h = o.sigmoid() * c.tanh()
    return (h if w.w_hr is None else h @ w.w_hr.t()), c


def _input_products(w: _Weights, x: Tensor, reverse: bool) -> Iterator[tuple[int, Tensor]]:
    """(time step, W_ih x_t + b) in the direction's order; some steps at a time, for memory's sake."""
    order = slice(None, None, -1 if reverse else 1)
    for start in range(0, len(x), REFERENCE_STEPS_AT_ONCE)[order]:
        block = torch.nn.functional.linear(x[start : start + REFERENCE_STEPS_AT_ONCE], w.w_ih, w.bias)
        yield from ((start + offset, block[offset]) for offset in range(len(block))[order])


def _weights(lstm: torch.nn.LSTM, layer: int, reverse: bool) -> _Weights:
    suffix = f"_l{layer}_reverse" if reverse else f"_l{layer}"
    own = {name: _exact(getattr(lstm, name + suffix)) for name in _NAMES if hasattr(lstm, name + suffix)}
    bias = own["bias_ih"] + own["bias_hh"] if lstm.bias else None
    return _Weights(own["weight_ih"], own["weight_hh"], bias, own["weight_hr"] if lstm.proj_size else None)


class Equations:
    """An nn.LSTM whose calls are worked out by the equations, in float64; all else of it is the module's own."""

    def __init__(self, lstm: torch.nn.LSTM) -> None:
        self._lstm = lstm

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lstm, name)

    def __call__(self, input: Tensor | PackedSequence, hx: State | None = None) -> tuple[Any, State]:
        """What nn.LSTM gives: output, padded or packed as input is, and (hn, cn)."""
        if not isinstance(input, PackedSequence):
            found = reference(self._lstm, input, *(hx or self._zeros(input)))
            return found.output, (found.hn, found.cn)
        first = self._lstm.batch_first
        padded, lengths = pad_packed_sequence(input, batch_first=first)
        found = reference(self._lstm, padded, *(hx or self._zeros(padded)), lengths)
        order = torch.arange(len(lengths)) if input.sorted_indices is None else input.sorted_indices.cpu()
        by_length = found.output[order] if first else found.output[:, order]
        packed = pack_padded_sequence(by_length, lengths[order], batch_first=first)
        return packed._replace(sorted_indices=order, unsorted_indices=torch.argsort(order)), (found.hn, found.cn)

    def _zeros(self, input: Tensor) -> State:
        lstm = self._lstm
        rows = lstm.num_layers * (2 if lstm.bidirectional else 1)
        lead = (rows,) if input.dim() == 2 else (rows, input.shape[0 if lstm.batch_first else 1])
        return input.new_zeros(*lead, lstm.proj_size or lstm.hidden_size), input.new_zeros(*lead, lstm.hidden_size)


def called_again(lstm: torch.nn.LSTM, tensors: dict[str, Any], padding_value: float) -> dict[str, Any]:
    """A call's names for expressions, its results worked out by the equations."""
    equations, exact = Equations(lstm), {name: _exact(value) for name, value in tensors.items()}
    packed = exact.get("packed_input")
    output, (hn, cn) = equations(exact["input"] if packed is None else packed, (exact["h0"], exact["c0"]))
    found = {**exact, "lstm": equations, "output": output, "hn": hn, "cn": cn}
    if packed is not None:
        longest = exact["input"].shape[1 if lstm.batch_first else 0]
        padded, _ = pad_packed_sequence(output, lstm.batch_first, padding_value, total_length=longest)
        found |= {"packed_output": output, "output": padded}
    return found


def _exact(value: Any) -> Any:
    """A tensor or a PackedSequence in float64 on the CPU; whole numbers as they are."""
    if isinstance(value, PackedSequence):
        return value.to(torch.float64).cpu()
    return value.detach().to("cpu", torch.float64) if value.is_floating_point() else value
