import torch
from torch import nn


class Net:
    def __init__(self):
        self.lstm = nn.LSTM(4, 8)
        self.lstm(torch.randn(5, 2, 4))
