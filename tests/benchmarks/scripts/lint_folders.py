"""Make two folders to time `lint` on: 1,000 files that use LSTMs, and 1,000 files of which twenty do.

python lint_folders.py FOLDER writes FOLDER/recurrent and FOLDER/mixed.
"""

import sys
from pathlib import Path

NET = '''
"""Model {number}."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class Encoder{number}(nn.Module):
    def __init__(self, vocab_size, embed_dim=128, hidden_size={size}, num_layers=2, bidirectional=True, dropout=0.3):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim, padding_idx=0)
        self.hidden_size = hidden_size
        self.num_directions = 2 if bidirectional else 1
        self.rnn = nn.{kind}(embed_dim, hidden_size, num_layers, batch_first=True, bidirectional={both})
        self.dropout = nn.Dropout(dropout)
        self.attention = nn.Linear(hidden_size * self.num_directions, 1)
        self.fc = nn.Linear(hidden_size * self.num_directions, 5)

    def forward(self, tokens, lengths=None, pool="last"):
        embedded = self.dropout(self.embedding(tokens))
        if lengths is not None:
            packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
            output, state = self.rnn(packed)
            output, _ = pad_packed_sequence(output, batch_first=True)
        else:
            output, state = self.rnn(embedded)
        if pool == "mean":
            features = output.mean(dim=1)
        elif pool == "attention":
            weights = F.softmax(self.attention(output), dim=1)
            features = (weights * output).sum(dim=1)
        else:
            features = {read}
        return self.fc(self.dropout(features))


def train(model, loader, epochs=10, lr=1e-3):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for epoch in range(epochs):
        total, seen = 0.0, 0
        for tokens, lengths, labels in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(tokens, lengths), labels)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(labels)
            seen += len(labels)
        print(f"epoch {{epoch}}: {{total / seen:.4f}}")
'''
OTHER = "def f{number}_{line}(a, b=2, *rest):\n    return [a * b + each for each in rest if each > {line}]\n\n"
READS = ("output[:, -1]", "torch.cat((state[0][-2], state[0][-1]), dim=-1)")


def net(number: int) -> str:
    """A file that uses an LSTM or a GRU, rightly or wrongly."""
    kind = ("LSTM", "GRU")[number % 2]
    read = READS[0] if kind == "GRU" or number % 4 else READS[1]
    return NET.format(number=number, size=64 + number, kind=kind, both=number % 3 > 0, read=read)


def other(number: int) -> str:
    """A file without one."""
    return "".join(OTHER.format(number=number, line=line) for line in range(60))


def main(folder: Path) -> None:
    """Write both folders."""
    for name, every in (("recurrent", 1), ("mixed", 50)):
        for number in range(1_000):
            path = folder / name / f"part{number // 100}" / f"file{number}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(net(number) if number % every == 0 else other(number))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
