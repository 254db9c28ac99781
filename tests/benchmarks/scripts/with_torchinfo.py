"""The bare script with torchinfo's summary in place of its prints."""

import torch
from torchinfo import summary

print(summary(torch.nn.LSTM(10, 20), input_size=(5, 3, 10), verbose=0))
