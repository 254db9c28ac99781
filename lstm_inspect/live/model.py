"""inspect_target: a model that is found by its name, and its report; and what a file holds that can be inspected."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from inspect import isfunction
from types import ModuleType
from typing import Any

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from lstm_inspect.errors import TargetError
from lstm_inspect.experiment import devices
from lstm_inspect.live.given import Given, constructor_call, input_for
from lstm_inspect.live.inspect_model import others, report_of_model
from lstm_inspect.live.report import Listed, Listing, ModelReport
from lstm_inspect.live.seeing import seeing
from lstm_inspect.live.target import Target, imported, is_defined_there, model_and_call, parse_target, wanted_by
from lstm_inspect.live.user_code import running


def inspect_target(
    target: str | Target, given: Given | None = None, *, tf32: bool = False, seed: int = 0, **looking: Any
) -> ModelReport:
    """Run a model in eval mode and without gradients, and report every LSTM in it and what is read of it.

    Args:
        target: ``path/to/file.py:name`` or ``package.module:name``: a model, a class of one, or a function that
            takes nothing and returns a model, (model, args) or (model, args, kwargs).
        given: what the model is built with and called with, where the target does not say it.
        tf32: whether cuDNN may use TF32 in float32.
        seed: of torch's random numbers when the model is built; the caller's are as they were afterwards.
        looking: what is looked at and how: ``report_of_model``'s own arguments.

    Raises:
        TargetError: the target names no model, or nothing says what it is called with.
        UserCodeError: the user's code raised an exception.
    """
    wanted, given = parse_target(target) if isinstance(target, str) else target, given or Given()
    if given.call is not None and not wanted.factory:
        wanted = replace(wanted, factory=constructor_call(given.call)[0])
    with torch.random.fork_rng(), devices.tf32(tf32):
        torch.manual_seed(seed)
        # Torch's forwards are wrapped all the while: a module may keep its own for later while it is built.
        with seeing(), running(wanted.text), _read(wanted, given) as module:
            model, args, kwargs = model_and_call(wanted, module, given)
            model.eval()
            if not list(others(model)) and not any(isinstance(each, nn.RNNBase) for each in model.modules()):
                instead = "a model that holds an nn.LSTM, as a module of its own or inside another"
                raise TargetError(wanted.text, f"is a {type(model).__name__}", "there is no nn.LSTM in it", instead)
            with running(wanted.text, model), torch.no_grad():
                return report_of_model(wanted.text, model, args, kwargs, times=given.calls, **looking)


def list_target(target: str | Target, given: Given | None = None) -> Listing:
    """What a file or a module holds that can be inspected, and what to type for each.

    Raises:
        TargetError: there is no such module.
        UserCodeError: the user's code raised an exception.
    """
    wanted = parse_target(target) if isinstance(target, str) else target
    with torch.random.fork_rng(), running(wanted.text), _read(wanted, given or Given()) as module:
        return Listing(wanted.text, tuple(_found(wanted.place, module)))


class _Trains(BaseException):
    """A file starts to train while it is imported; no error that the file's own code would catch."""


@contextmanager
def _read(target: Target, given: Given) -> Iterator[ModuleType]:
    """The module of a target; one that trains when it is imported is stopped at its first step, and refused."""

    def stop(*_: Any) -> None:
        raise _Trains

    handle = register_optimizer_step_pre_hook(stop)
    try:
        with imported(target, given.arguments) as module:
            handle.remove()
            yield module
    except _Trains as error:
        came = "trains when it is imported: it started an optimizer's step"
        allowed = "a model is looked at without training it"
        raise TargetError(target.text, came, allowed, f"lstm-inspect run {target.place}") from error
    finally:
        handle.remove()


def _found(place: str, module: ModuleType) -> Iterator[Listed]:
    for name, value in list(vars(module).items()):
        command, own = f"lstm-inspect model {place}:{name}", is_defined_there(module, value)
        if isinstance(value, nn.Module):
            yield Listed(name, "model", f"{command} {input_for(value)}")
        elif own and isinstance(value, type) and issubclass(value, nn.Module):
            yield Listed(name, "class", f"{command} {_flags(value)}")
        elif own and isfunction(value) and not wanted_by(value):
            yield Listed(name, "function", command)


def _flags(kind: Any) -> str:
    """The flags that build a class and call it: one that builds with its defaults says itself what it reads."""
    if wanted := wanted_by(kind):
        return f'--call "{kind.__name__}({", ".join(wanted)})" --input 4,7'
    try:
        return input_for(kind())
    except Exception:  # whatever the user's own constructor raises: the shape is theirs to say
        return "--input 4,7"
