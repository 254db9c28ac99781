"""An encoder whose final states start a decoder, which then runs step by step on what it gave before.

lstm-inspect model examples/seq2seq.py:make
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Encoder(nn.Module):
    """Source words (T, B) to the states (L, B, H) that the decoder starts with."""

    def __init__(self, words: int, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, size)
        self.lstm = nn.LSTM(size, size, num_layers=2)

    def forward(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """The final hidden and cell states of both layers."""
        _, (hn, cn) = self.lstm(self.embedding(words))
        return hn, cn


class Decoder(nn.Module):
    """One step: the word before (B,) and the states to scores (B, words) and the next states."""

    def __init__(self, words: int, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, size)
        self.lstm = nn.LSTM(size, size, num_layers=2)
        self.scores = nn.Linear(size, words)

    def forward(self, word: Tensor, states: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """The scores of the next word."""
        output, states = self.lstm(self.embedding(word).unsqueeze(0), states)  # (1, B, size)
        return self.scores(output[0]), states


class Seq2Seq(nn.Module):
    """Source words (T, B) to target words (steps, B), the likeliest one at each step."""

    def __init__(self, source_words: int = 60, target_words: int = 40, size: int = 24) -> None:
        super().__init__()
        self.encoder = Encoder(source_words, size)
        self.decoder = Decoder(target_words, size)

    def forward(self, source: Tensor, steps: int = 5) -> Tensor:
        """Decode greedily, from the word 0."""
        states, word, words = self.encoder(source), source.new_zeros(source.shape[1]), []
        for _ in range(steps):
            scores, states = self.decoder(word, states)
            word = scores.argmax(dim=-1)
            words.append(word)
        return torch.stack(words)


def make() -> tuple[nn.Module, tuple[Tensor], dict[str, int]]:
    """The model, three sentences of 8 words and how many words to decode."""
    return Seq2Seq(), (torch.randint(60, (8, 3)),), {"steps": 6}
