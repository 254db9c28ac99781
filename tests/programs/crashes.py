"""A state made batch-first, which nn.LSTM refuses."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8, batch_first=True)

    def forward(self, x):
        h0 = torch.zeros(x.shape[0], 1, 8)
        output, _ = self.lstm(x, (h0, h0))
        return output


print("before")
Net()(torch.randn(3, 5, 4))
print("never")
