"""A script that leaves with a status, while a thread of its own still works."""

import sys
import threading
import time

import torch
from torch import nn

lstm = nn.LSTM(4, 8)


def work():
    time.sleep(0.2)
    lstm(torch.randn(5, 2, 4))
    print("worked")


threading.Thread(target=work).start()
sys.exit(3)
