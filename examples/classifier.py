"""A classifier with a mistake that torch accepts: what it takes for the final state is half a final state.

lstm-inspect model examples/classifier.py:make
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Classifier(nn.Module):
    """Sequences (B, T, features) to scores (B, classes)."""

    def __init__(self, features: int = 16, classes: int = 3) -> None:
        super().__init__()
        self.lstm = nn.LSTM(features, 32, batch_first=True, bidirectional=True)
        self.scores = nn.Linear(2 * 32, classes)

    def forward(self, sequences: Tensor) -> Tensor:
        """Scores of every class for every sequence."""
        output, _ = self.lstm(sequences)
        scores: Tensor = self.scores(output[:, -1])  # wrong: torch.cat((hn[-2], hn[-1]), dim=-1) is meant
        return scores


def make() -> tuple[nn.Module, tuple[Tensor]]:
    """The classifier and four sequences of nine steps."""
    return Classifier(), (torch.randn(4, 9, 16),)
