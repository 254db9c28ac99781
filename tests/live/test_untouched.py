"""inspect_module leaves no trace: mode, hooks, random numbers, gradients, weights."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from lstm_inspect import inspect_module
from lstm_inspect.errors import RunError


def fingerprint(lstm: nn.LSTM) -> dict[str, Any]:
    """Everything about a module that a careless look at it could change."""
    hooks = [name for name in vars(lstm) if "hook" in name]
    return {
        "modes": [module.training for module in lstm.modules()],
        "random": torch.get_rng_state().tolist(),
        "python random": random.getstate(),
        "weights": {name: weight.detach().clone().tolist() for name, weight in lstm.named_parameters()},
        "identities": {name: (id(weight), weight.data_ptr()) for name, weight in lstm.named_parameters()},
        "versions": {name: weight._version for name, weight in lstm.named_parameters()},
        "requires grad": [weight.requires_grad for weight in lstm.parameters()],
        "grads": [None if weight.grad is None else weight.grad.tolist() for weight in lstm.parameters()],
        "flat weights": [id(weight) for weight in lstm._flat_weights],
        "buffers": {name: buffer.tolist() for name, buffer in lstm.named_buffers()},
        "attributes": sorted(vars(lstm)),
        "hooks": {name: dict(getattr(lstm, name)) for name in hooks if hasattr(getattr(lstm, name), "items")},
        "grad mode": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "dtype": (torch.get_default_dtype(), lstm.weight_ih_l0.dtype),
    }


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_it_leaves_no_trace(training: bool, packed: bool) -> None:
    lstm = nn.LSTM(10, 20, num_layers=2, dropout=0.5, bidirectional=True).train(training)
    lstm.bias_hh_l0.requires_grad_(False)
    input = torch.randn(5, 3, 10, requires_grad=True)
    lstm(input)[0].sum().backward()
    seen: list[str] = []
    lstm.register_forward_hook(lambda *_: seen.append("forward"))
    lstm.register_forward_pre_hook(lambda *_: seen.append("pre"))
    given = pack_padded_sequence(input, [5, 2, 4], enforce_sorted=False) if packed else input
    before = fingerprint(lstm)
    assert inspect_module(lstm, given).verified is True
    assert fingerprint(lstm) == before
    assert seen == []
    output, _ = lstm(input)
    output.sum().backward()  # the graph is the user's as ever


def test_global_hooks_are_not_called() -> None:
    seen: list[str] = []
    handle = nn.modules.module.register_module_forward_hook(lambda *_: seen.append("global"))
    try:
        assert inspect_module(nn.LSTM(4, 8), torch.randn(5, 2, 4)).verified is True
    finally:
        handle.remove()
    assert seen == []


def test_it_leaves_no_trace_when_it_fails() -> None:
    class Broken(nn.LSTM):
        def forward(self, input: Any, hx: Any = None) -> Any:
            self.counted = True
            raise RuntimeError("broken on purpose")

    lstm, input = Broken(4, 8).train(), torch.randn(5, 2, 4)
    before = fingerprint(lstm)
    with pytest.raises(RunError, match="broken on purpose"):
        inspect_module(lstm, input)
    assert fingerprint(lstm) == before


def test_it_works_inside_the_users_contexts() -> None:
    lstm, input = nn.LSTM(4, 8, num_layers=2), torch.randn(5, 2, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert inspect_module(lstm, input).verified is True
        assert torch.is_autocast_enabled("cpu")
    with torch.device("meta"):
        assert inspect_module(lstm, input).verified is True
        assert torch.zeros(1).is_meta
    with torch.inference_mode():
        assert inspect_module(lstm, input).verified is True
