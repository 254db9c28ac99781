"""inspect_target: a model that is found by its factory, and its report."""

from __future__ import annotations

from typing import Any

import torch

from lstm_inspect.errors import TargetError
from lstm_inspect.experiment import devices
from lstm_inspect.live.inspect_model import others, report_of_model
from lstm_inspect.live.report import ModelReport
from lstm_inspect.live.seeing import seeing
from lstm_inspect.live.target import ModelCall, Target, factory_of, imported, model_call, parse_target
from lstm_inspect.live.user_code import running


def inspect_target(
    target: str | Target,
    *,
    tf32: bool = False,
    seed: int = 0,
    **looking: Any,
) -> ModelReport:
    """Run a model in eval mode and without gradients, and report every LSTM in it and what is read of it.

    Args:
        target: ``path/to/file.py:factory`` or ``package.module:factory``; the factory takes nothing and
            returns (model, args) or (model, args, kwargs).
        tf32: whether cuDNN may use TF32 in float32.
        seed: of torch's random numbers when the factory is called; the caller's are as they were afterwards.
        looking: what is looked at and how: ``report_of_model``'s own arguments.

    Raises:
        TargetError: the target names no factory, or one that does not return a model and its call.
        UserCodeError: the user's code raised an exception.
    """
    wanted = parse_target(target) if isinstance(target, str) else target
    with torch.random.fork_rng(), devices.tf32(tf32):
        torch.manual_seed(seed)
        with seeing(_Nobody()), running(wanted.text), imported(wanted) as module:
            found = model_call(wanted, factory_of(wanted, module)())
            return _run(wanted, found, looking)


class _Nobody:
    """Looks at nothing, and keeps torch's forwards wrapped: a module may keep its own for later while it is built."""

    before = after = failed = lambda *_: None


def _run(target: Target, call: ModelCall, looking: dict[str, Any]) -> ModelReport:
    model = call.model.eval()
    if not list(others(model)) and not any(isinstance(module, torch.nn.RNNBase) for module in model.modules()):
        instead = "a model that holds an nn.LSTM, as a module of its own or inside another"
        raise TargetError(target.text, f"returned a {type(model).__name__}", "there is no nn.LSTM in it", instead)
    with running(target.text, model), torch.no_grad():
        return report_of_model(target.text, model, call.args, call.kwargs, **looking)
