"""torch's threads while a model is looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from lstm_inspect.live.seeing import tensors_in

_SMALL: Final = 10**9  # products of a weight and a number: about a tenth of a second on one thread


@contextmanager
def threads_for(model: nn.Module, arguments: Any) -> Iterator[None]:
    """Run on one thread what is too small to be shared; torch's own number of threads is back afterwards.

    torch starts its threads for each layer and step, however small, and they wait for each other in a loop. On
    a busy machine, a continuous-integration runner or a laptop, one call of a small LSTM takes up to a second.

    >>> with threads_for(nn.LSTM(4, 8), torch.zeros(7, 2, 4)):
    ...     torch.get_num_threads()
    1
    """
    before = torch.get_num_threads()
    weights = sum(weight.numel() for weight in model.parameters() if not is_lazy(weight))
    numbers = sum(tensor.numel() for tensor in tensors_in(arguments))
    if 0 < weights * numbers <= _SMALL:  # 0: it is not known
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
