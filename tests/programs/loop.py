"""Everything at the top level, a state that is carried on, and an LSTM without a model around it."""

import torch
from torch import nn

lstm, gru, head = nn.LSTM(4, 8), nn.GRU(4, 8), nn.Linear(8, 4)
cell = nn.LSTMCell(4, 8)
state = None
for step in range(6):
    output, (hn, cn) = lstm(torch.randn(5, 2, 4), state)
    state = hn.detach(), cn.detach()
    head(output).sum().backward()
gru(torch.randn(5, 2, 4))
for _ in range(3):
    cell(torch.randn(2, 4))
print("steps", step + 1)
