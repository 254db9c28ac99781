"""An LSTM inside nn.Sequential: it returns a tuple, so a small module takes what the next layer reads.

lstm-inspect model examples/sequential.py:make
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Output(nn.Module):
    """output, (hn, cn) to output alone."""

    def forward(self, results: tuple[Tensor, tuple[Tensor, Tensor]]) -> Tensor:
        """The hidden states of every step, (B, T, H)."""
        return results[0]


def make() -> tuple[nn.Module, tuple[Tensor]]:
    """A classifier of each step, and a batch (B, T, I) of 4 sequences of 12 steps."""
    model = nn.Sequential(nn.LSTM(6, 20, batch_first=True), Output(), nn.ReLU(inplace=True), nn.Linear(20, 3))
    return model, (torch.randn(4, 12, 6),)
