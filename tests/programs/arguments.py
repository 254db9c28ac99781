"""A training script with a command line of its own."""

import argparse

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--json", action="store_true")
options = parser.parse_args()

import torch
from torch import nn


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleDict({"rnn": nn.LSTM(4, 8, batch_first=True, bidirectional=True)})
        self.fc = nn.Linear(16, 3)

    def forward(self, x):
        output, _ = self.encoder["rnn"](x)
        return self.fc(output)


model = Tagger()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(options.epochs):
    for _ in range(3):
        loss = model(torch.randn(2, 5, 4)).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("epoch", epoch, options.data, options.json, __name__)
