"""Ways to train that watching must leave bit for bit as they are, and everything that comes of four steps of each."""

from __future__ import annotations

import copy
import io
from typing import Any

import torch
from live_modules import autocast_runs_an_lstm
from torch import Tensor, nn
from torch.nn.utils import parametrize

AUTOCAST = autocast_runs_an_lstm()


class WeightDrop(nn.Module):
    """Weight dropout as AWD-LSTM has it: the raw weight is a parameter of its own, the dropped one is set anew."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(4, 8)
        raw = self.rnn.get_parameter("weight_hh_l0")
        del self.rnn._parameters["weight_hh_l0"]
        self.rnn.register_parameter("weight_hh_l0_raw", nn.Parameter(raw.data))
        rnn: Any = self.rnn
        torch_forward = rnn.forward

        def forward(*args: Any) -> Any:
            rnn.weight_hh_l0 = nn.functional.dropout(rnn.weight_hh_l0_raw, 0.5, self.training)
            return torch_forward(*args)

        rnn.forward = forward

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.rnn(x)[0]
        return output


class Buffered(nn.LSTM):
    """A subclass that feeds its state on, in buffers."""

    def __init__(self, *sizes: int) -> None:
        super().__init__(*sizes)
        self.register_buffer("h", torch.zeros(1, 2, 8))
        self.register_buffer("c", torch.zeros(1, 2, 8))
        self.calls = 0

    def forward(self, input: Any, hx: Any = None) -> Any:
        self.calls += 1
        output, state = super().forward(input, (self.get_buffer("h"), self.get_buffer("c")))
        self.h, self.c = (each.detach() for each in state)
        return output, state


class InPlace(nn.LSTM):
    """A subclass that changes its input."""

    def forward(self, input: Any, hx: Any = None) -> Any:
        return super().forward(input.mul_(2), hx)


class Insists(nn.LSTM):
    """A subclass that can't be called in eval mode, nor without its own attribute."""

    __slots__ = ("extra",)

    def forward(self, input: Any, hx: Any = None) -> Any:
        assert self.training
        if not hasattr(self, "extra"):
            self.extra = {"calls": 0}
        self.extra["calls"] += 1
        return super().forward(input, hx)


class Dropped(nn.Module):
    """A parametrization that drops weights at random."""

    def forward(self, weight: Tensor) -> Tensor:
        return nn.functional.dropout(weight, 0.3, self.training)


def parametrized() -> nn.LSTM:
    lstm = nn.LSTM(4, 8)
    parametrize.register_parametrization(lstm, "weight_hh_l0", Dropped())
    return lstm


class Checkpointed(nn.Module):
    """A model that computes its forward again in the backward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(4, 8, num_layers=2, dropout=0.5)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = torch.utils.checkpoint.checkpoint(lambda x: self.rnn(x)[0], x, use_reentrant=False)
        return output


class Copied(nn.Module):
    """A model that keeps an average of itself, and is saved, in every step."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(4, 8)

    def forward(self, x: Tensor) -> Tensor:
        torch.save(copy.deepcopy(self.rnn), io.BytesIO())
        output: Tensor = copy.deepcopy(self).rnn(x)[0] + self.rnn(x)[0]
        return output


class Compiled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(4, 8, num_layers=2, dropout=0.5)
        self.fc = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.fc(self.rnn(x)[0])
        return result


class Autocast(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(4, 8, num_layers=2, dropout=0.5)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=AUTOCAST):
            output: Tensor = self.rnn(x)[0]
        return output.float()


def dropout() -> nn.LSTM:
    return nn.LSTM(4, 8, num_layers=2, dropout=0.5, bidirectional=True)


MODELS: dict[str, Any] = {
    "dropout": dropout,
    "weight dropout set on the module": WeightDrop,
    "weight dropout by parametrization": parametrized,
    "state in buffers": lambda: Buffered(4, 8),
    "changes its input": lambda: InPlace(4, 8),
    "insists on training": lambda: Insists(4, 8),
    "checkpointing": Checkpointed,
    "autocast": Autocast,
    "deepcopy and save inside": Copied,
    "compiled": lambda: torch.compile(Compiled(), backend="eager"),
}


def trained(name: str) -> dict[str, Any]:
    """Four steps of training, and everything that came of them."""
    torch.manual_seed(0)
    model = MODELS[name]()
    torch.manual_seed(1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for _ in range(4):
        x = torch.randn(5, 2, 4) * torch.ones(1, requires_grad=True)
        results = model(x)
        loss = (results if isinstance(results, Tensor) else results[0]).pow(2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {
        "losses": losses,
        "weights": {key: value.tolist() for key, value in model.state_dict().items()},
        "random": torch.get_rng_state().tolist(),
        "modes": [each.training for each in model.modules()],
        "attributes": [sorted(vars(each)) for each in model.modules()],
        "hooks": [len(each._forward_hooks) + len(each._forward_pre_hooks) for each in model.modules()],
        "calls": [getattr(each, "calls", None) for each in model.modules()],
    }
