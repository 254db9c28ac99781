"""What a user would write instead: build an LSTM, run it, print three shapes, compare two slices."""

import sys

import torch

seq_len, batch_size, input_size, hidden_size, num_layers, bidirectional = (int(word) for word in sys.argv[1:])
lstm = torch.nn.LSTM(input_size, hidden_size, num_layers, bidirectional=bool(bidirectional))
input = torch.randn(seq_len, batch_size, input_size)
output, (hn, cn) = lstm(input)
print(output.shape, hn.shape, cn.shape)
print(torch.equal(output[-1, :, :hidden_size], hn[-1 - bidirectional]))
