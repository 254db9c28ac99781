"""What a user would write instead of ``checkpoint``: load the state dict, print its names and shapes."""

import sys

import torch

for name, value in torch.load(sys.argv[1], weights_only=True).items():
    print(name, tuple(value.shape), value.dtype)
