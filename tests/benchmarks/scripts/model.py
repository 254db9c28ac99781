"""A model with two LSTMs, run once."""

import torch
from torch import nn


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.LSTM(16, 32, batch_first=True, bidirectional=True)
        self.sentences = nn.LSTM(64, 32, num_layers=2, batch_first=True)
        self.fc = nn.Linear(32, 5)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        output, _ = self.words(input)
        _, (hn, _) = self.sentences(output)
        scores: torch.Tensor = self.fc(hn[-1])
        return scores


def make() -> tuple[nn.Module, tuple[torch.Tensor]]:
    return Model(), (torch.randn(4, 20, 16),)


if __name__ == "__main__":
    model, input = make()
    print(model.eval()(*input).shape)
