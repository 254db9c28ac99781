"""A bidirectional LSTM that gives each word a tag; sentences of unequal lengths go in packed.

lstm-inspect model examples/tagger.py:make
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class Tagger(nn.Module):
    """Words (B, T) and their counts (B,) to scores (B, T, tags)."""

    def __init__(self, words: int = 100, tags: int = 7) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, 16, padding_idx=0)
        self.lstm = nn.LSTM(16, 32, num_layers=2, batch_first=True, dropout=0.2, bidirectional=True)
        self.scores = nn.Linear(2 * 32, tags)

    def forward(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Scores of every tag for every word; those of the padding mean nothing."""
        packed = pack_padded_sequence(self.embedding(words), lengths, batch_first=True, enforce_sorted=False)
        packed_output, _ = self.lstm(packed)
        output, _ = pad_packed_sequence(packed_output, batch_first=True, total_length=words.shape[1])
        scores: Tensor = self.scores(output)
        return scores


def make() -> tuple[nn.Module, tuple[Tensor, Tensor]]:
    """The tagger and three sentences of 4, 9 and 6 words."""
    lengths = torch.tensor([4, 9, 6])
    words = torch.randint(1, 100, (3, 9))
    words[torch.arange(9) >= lengths[:, None]] = 0
    return Tagger(), (words, lengths)


if __name__ == "__main__":
    from lstm_inspect import watch

    model, args = make()
    with watch(model) as calls:
        model(*args)
    for call in calls:
        print(call.name, call.report.spec.lengths if call.report else call.error, "verified:", call.verified)
