"""What a user would write instead of ``pack``: pad, pack, run, unpack, print shapes, compare two slices."""

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

lengths = torch.tensor([8, 9, 10])
lstm = torch.nn.LSTM(10, 20)
input = pad_sequence([torch.randn(length, 10) for length in lengths.tolist()])
packed_output, (hn, cn) = lstm(pack_padded_sequence(input, lengths, enforce_sorted=False))
output, _ = pad_packed_sequence(packed_output)
print(output.shape, hn.shape, cn.shape)
print(torch.equal(output[lengths - 1, torch.arange(3)], hn[-1]))
