"""Every way to train of tests/trainings.py, and two threads: prints a digest of all that came of each."""

import hashlib
import sys
import threading
import warnings
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
warnings.simplefilter("ignore")

from trainings import MODELS, dropout, trained


def digest(what: object) -> str:
    """What stands for numbers that are compared bit for bit."""
    return hashlib.sha256(repr(what).encode()).hexdigest()


for name in MODELS:
    came = trained(name)
    print(name, came["losses"][-1], digest(came))

lstm, x = dropout().eval(), torch.ones(5, 2, 4)
found: list[str] = []
threads = [threading.Thread(target=lambda: found.append(digest(lstm(x)[0].tolist()))) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("two threads", found, digest(torch.get_rng_state().tolist()))
