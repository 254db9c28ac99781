"""A file of factories for lstm-inspect model: sound ones, broken ones, ones that fail."""

from __future__ import annotations

from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"

MODELS = """
import os
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

print("noise of an import")

class Model(nn.Module):
    def __init__(self, hx=None, **options):
        super().__init__()
        self.rnn = nn.LSTM(10, 20, **options)
        self.gru = nn.GRU(20, 20)
        self.spare = nn.LSTM(3, 3)
        self.cell = nn.GRUCell(3, 3)
        self.hx = hx

    def forward(self, x):
        print("noise of a call")
        os.system("echo noise of a child")
        return self.rnn(x, self.hx)

def make(): return Model(batch_first=True), (torch.randn(3, 5, 10),)
def swaps(): return Model(), (torch.randn(5, 10, 3),)
def rows():
    state = torch.zeros(1, 3, 20), torch.zeros(1, 3, 20)
    return Model(state, num_layers=2), (pack_padded_sequence(torch.randn(5, 3, 10), [5, 4, 2]),)
def sequential(): return nn.Sequential(nn.LSTM(10, 20), nn.Linear(20, 3)), (torch.randn(5, 3, 10),)
def memory(): raise RuntimeError("CUDA out of memory")
def value():
    raise ValueError("my own\\nand more") from KeyError("deeper")
def interrupts(): raise KeyboardInterrupt
def gru(): return nn.GRU(10, 20), (torch.randn(5, 3, 10),)
def idle():
    model = Model()
    model.forward = lambda x: x
    return model, (1,)
def refused():
    state = torch.zeros(1, 9, 20), torch.zeros(1, 9, 20)
    return Model(state), (pack_padded_sequence(torch.randn(5, 3, 10), [2, 5, 3], enforce_sorted=False),)
"""


def example(name: str) -> str:
    return f"{EXAMPLES / name}.py:make"
