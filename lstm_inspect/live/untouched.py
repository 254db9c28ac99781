"""Run a user's module without leaving a trace on it: neither mode nor hooks nor random numbers nor weights."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from inspect import Parameter, signature
from typing import Any, cast

import torch
from torch.nn.utils import parametrize

from lstm_inspect.experiment.run import without_gradients

_OWN_DICTS = ("_parameters", "_buffers", "_modules")


class _Unhooked:
    """A module as the expressions call it: its forward alone.

    ``Module.__call__`` would run the user's hooks, and the global ones, a second time: they may log,
    count or change what they see.
    """

    __slots__ = ("_module", "_takes_state")

    def __init__(self, module: torch.nn.LSTM) -> None:
        self._module = module
        self._takes_state = takes_state(module)

    def __call__(self, input: Any, hx: Any = None) -> Any:
        """Call forward; one of a subclass that takes no state starts from zeros, and is given none."""
        return self._module.forward(input, hx) if self._takes_state and hx is not None else self._module.forward(input)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    @property  # type: ignore[misc]  # object's own can be set
    def __class__(self) -> Any:  # what isinstance asks, and what messages name
        return type(self._module)


def argument_names(lstm: torch.nn.LSTM) -> tuple[str, str]:
    """What forward calls its input and its state; nn.LSTM's own names where it does not say, with ``*args``.

    >>> argument_names(torch.nn.LSTM(4, 8))
    ('input', 'hx')
    """
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    names = [parameter.name for parameter in signature(lstm.forward).parameters.values() if parameter.kind in kinds]
    first, second = [*names, *("input", "hx")[len(names) :]][:2]
    return first, second


def takes_state(lstm: torch.nn.LSTM) -> bool:
    """Whether forward takes a state: a subclass's own may not."""
    parameters = signature(lstm.forward).parameters.values()
    return len(parameters) > 1 or any(parameter.kind is Parameter.VAR_POSITIONAL for parameter in parameters)


@contextmanager
def untouched(lstm: torch.nn.LSTM) -> Iterator[torch.nn.LSTM]:
    """A stand-in that computes what the module does in eval mode, for as long as the context lasts.

    It has the module's own weights and forward, overridden or not, and attributes of its own. Training
    mode, torch's random state, hooks, gradients and the default device are as they were afterwards,
    whatever happens; neither hooks nor autocast are at work meanwhile. A pre-hook of torch.nn.utils
    that computes a weight (weight_norm, spectral_norm, prune) is run once, on the stand-in.
    """
    modes = [(module, module.training) for module in lstm.modules()]
    with ExitStack() as stack:
        stack.callback(_set_modes, modes)
        stack.enter_context(torch.random.fork_rng(devices=_cuda_devices(lstm)))
        stack.enter_context(torch.device("cpu"))  # where expressions make what they index with
        for device in {parameter.device.type for parameter in lstm.parameters()} & {"cpu", "cuda"}:
            stack.enter_context(torch.autocast(device, enabled=False))
        stack.enter_context(without_gradients())
        _set_modes([(module, False) for module, _ in modes])
        yield cast(torch.nn.LSTM, _Unhooked(_stand_in(lstm)))


def _set_modes(modes: list[tuple[torch.nn.Module, bool]]) -> None:
    for module, training in modes:
        module.training = training


def _cuda_devices(lstm: torch.nn.LSTM) -> list[int]:
    devices = {parameter.device for parameter in lstm.parameters()}
    return sorted(device.index or 0 for device in devices if device.type == "cuda")


def _stand_in(lstm: torch.nn.LSTM) -> torch.nn.LSTM:
    """A module of the same class and weights whose attributes can be set without setting the user's."""
    parametrized = parametrize.is_parametrized(lstm)
    made = cast(torch.nn.LSTM, object.__new__(parametrize.type_before_parametrizations(lstm)))
    made.__dict__.update(lstm.__dict__)
    for name in _OWN_DICTS:
        made.__dict__[name] = copy.copy(lstm.__dict__[name])
    made.__dict__["_flat_weights"] = list(lstm.__dict__["_flat_weights"])
    made.__dict__["_forward_pre_hooks"] = OrderedDict()
    if parametrized:  # computed here and now: read off the module, a weight might be kept in parametrize's cache
        for name, compute in cast(torch.nn.ModuleDict, lstm.parametrizations).items():
            setattr(made, name, compute())
    for hook in lstm._forward_pre_hooks.values():
        if type(hook).__module__.startswith("torch.nn.utils."):
            cast(Any, hook)(made, ())
    return made
