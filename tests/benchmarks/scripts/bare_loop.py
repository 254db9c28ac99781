"""Build and run the LSTMs of a grid, and nothing else: what ``verify`` does without the proof."""

import sys
import warnings

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lstm_inspect.theory.grid import GRIDS, specs

warnings.simplefilter("ignore")
for spec in specs(GRIDS[sys.argv[1]]):
    dtype = getattr(torch, spec.dtype)
    lstm = torch.nn.LSTM(
        spec.input_size,
        spec.hidden_size,
        spec.num_layers,
        spec.bias,
        spec.batch_first,
        spec.dropout,
        spec.bidirectional,
        spec.proj_size,
        dtype=dtype,
    )
    lead = [spec.seq_len] if spec.batch_size is None else [spec.seq_len, spec.batch_size]
    input = torch.randn(*(reversed(lead) if spec.batch_first else lead), spec.input_size, dtype=dtype)
    rows = [spec.num_states] if spec.batch_size is None else [spec.num_states, spec.batch_size]
    draw = torch.zeros if spec.state == "zeros" else torch.randn
    state = draw(*rows, spec.state_size, dtype=dtype), draw(*rows, spec.hidden_size, dtype=dtype)
    if spec.lengths is None:
        output, _ = lstm(input, state)
    else:
        lengths = torch.tensor(spec.lengths)
        packed = pack_padded_sequence(input, lengths, spec.batch_first, spec.enforce_sorted)
        output, _ = pad_packed_sequence(lstm(packed, state)[0], spec.batch_first)
