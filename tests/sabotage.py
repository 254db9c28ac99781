"""Ways to break nn.LSTM, one place at a time; each is for support.break_lstm."""

from __future__ import annotations

import torch
from support import Output, Results, on_output
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence


def swap_rows_of_hn(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return output, (hn[[1, 0, *range(2, len(hn))]], cn)


def reverse_rows_of_hn(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return output, (hn.flip(0), cn)


def directions_before_layers(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    order = [layer * 2 + direction for direction in (0, 1) for layer in range(lstm.num_layers)]
    return output, (hn[order], cn[order])


def swap_rows_of_cn(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return output, (hn, cn[[1, 0, *range(2, len(cn))]])


def swap_sequences_of_hn(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return output, (hn.flip(1), cn)


def swap_hn_and_cn(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return output, (cn, hn)


def shift_output(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    time = 1 if lstm.batch_first and not isinstance(output, PackedSequence) else 0
    return on_output(output, lambda data: data.roll(1, dims=time)), (hn, cn)


def swap_halves_of_output(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return on_output(output, lambda data: data.roll(data.shape[-1] // 2, dims=-1)), (hn, cn)


def interleave_halves_of_output(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return on_output(output, lambda data: torch.stack(data.chunk(2, dim=-1), dim=-1).flatten(-2)), (hn, cn)


def scale_a_row_of_cn(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    scaled = cn.clone()
    scaled[0] *= 1.001
    return output, (hn, scaled)


def touch_one_step(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    def nudge(data: Tensor) -> Tensor:
        data = data.clone()
        data[2, 1, 3] += 1e-3
        return data

    return on_output(output, nudge), (hn, cn)


def drop_a_step(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return on_output(output, lambda data: data[:-1]), (hn, cn)


def drop_a_row(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return output, (hn[1:], cn)


def another_dtype(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return output, (hn.double(), cn)


def all_in_another_dtype(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return on_output(output, Tensor.double), (hn.double(), cn.double())


def last_bit_of_hn(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return output, (torch.nextafter(hn, hn + 1), cn)


def nan_in_output(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return on_output(output, lambda data: data.clone().fill_(torch.nan)), (hn, cn)


def nan_in_cn(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return output, (hn, torch.full_like(cn, torch.nan))


def swap_sequences(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    """hn in sorted order: what a packed run gives before it is unsorted."""
    if isinstance(output, PackedSequence) and output.sorted_indices is not None:
        hn = hn[:, output.sorted_indices]
    return output, (hn, cn)


def move_a_batch_size(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    """One sequence a step longer, another a step shorter."""
    if isinstance(output, PackedSequence) and output.sorted_indices is not None:
        sizes = output.batch_sizes.clone()
        sizes[int((sizes == sizes[0]).sum()) - 1] -= 1  # the last step of all sequences
        sizes[int((sizes >= output.batch_sizes[0] - 1).sum())] += 1
        output = output._replace(batch_sizes=sizes)
    return output, (hn, cn)


def shift_rows(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    packed = isinstance(output, PackedSequence)
    return (on_output(output, lambda data: data.roll(1, 0)) if packed else output), (hn, cn)


def reverse_from_the_padding(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    """The reverse half of shorter sequences is off, as if it had started in the padding."""
    if isinstance(output, PackedSequence):
        data = output.data.clone()
        data[-1, lstm.hidden_size :] *= 0.9
        output = output._replace(data=data)
    return output, (hn, cn)


def constant(lstm: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
    return on_output(output, torch.zeros_like), (torch.zeros_like(hn), cn)
