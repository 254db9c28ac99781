"""inspect_model: a live model and a call of it: every LSTM proved, what is read of it, each sequence alone."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import torch
from torch import nn

from lstm_inspect.errors import CallError, LSTMInspectError
from lstm_inspect.live.alone import alone_of
from lstm_inspect.live.given import fed_on
from lstm_inspect.live.report import ModelReport, NotCalled, NotCovered
from lstm_inspect.live.spec_of import spec_of_module
from lstm_inspect.live.standin import restored
from lstm_inspect.live.tree import outputs, tree_of
from lstm_inspect.live.user_code import threads_for
from lstm_inspect.live.watch import watch
from lstm_inspect.mistakes.finding import Finding, Findings
from lstm_inspect.mistakes.read import Alone
from lstm_inspect.theory.expressions import constructor

_RECURRENT: Final = re.compile(r"LSTM|GRU|RNN")


def inspect_model(model: Any, *args: Any, **kwargs: Any) -> ModelReport:
    """Call a model as it is called, and report its LSTMs and what it reads of their results.

    It runs in eval mode and without gradients, a few times: as it is called, and on single sequences of the
    batch. Modes, attributes, buffers and random numbers are as they were afterwards. In a unit test one line is
    enough, whose failure tells the findings: ``assert not inspect_model(model, x).mistakes``.

    Args:
        model: any module with an nn.LSTM, nn.GRU or nn.RNN in it, or one itself.
        args, kwargs: what it is called with.

    Raises:
        CallError: the model is not an nn.Module.

    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.lstm = nn.LSTM(4, 8, bidirectional=True, batch_first=True)
    ...         self.fc = nn.Linear(16, 2)
    ...     def forward(self, x):
    ...         output, (hn, cn) = self.lstm(x)
    ...         return self.fc(torch.cat((hn[-2], hn[-1]), dim=-1))
    >>> report = inspect_model(Net(), torch.randn(3, 7, 4))
    >>> report.verified, report.mistakes, report.alone.passed
    (True, (), True)
    >>> report.reads[0].reader, report.reads[0].words
    ('fc', 'the final state of each sequence, both directions')
    """
    if not isinstance(model, nn.Module):
        allowed = "it must be a torch.nn.Module"
        raise CallError("model", f"is a {type(model).__name__}", allowed, "inspect_model(model, *args)")
    with torch.random.fork_rng(), torch.no_grad(), restored(model):
        model.eval()
        return report_of_model(type(model).__name__, model, args, kwargs)


def report_of_model(
    target: str,
    model: nn.Module,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    *,
    reads: bool = True,
    alone: bool = True,
    batch_axis: int | None = None,
    times: int = 1,
    **checking: Any,
) -> ModelReport:
    """The report of a model, which is in eval mode already, and of one call of it.

    Args:
        target: what the report calls it.
        model, args, kwargs: the call.
        reads: whether it is followed what is read of the results.
        alone: whether single sequences are run.
        batch_axis: along which the arguments are taken apart; see ``alone_of``.
        times: how often the model is called, each time with the state that the call before returned.
        checking: how each call is checked: ``watch``'s own arguments.

    Raises:
        Exception: whatever the model raises.
    """
    found: Alone | None = None
    with threads_for(model, (args, kwargs)):
        with outputs() as found_outputs, watch(model, reads=reads, **checking) as calls:
            results = model(*args, **kwargs)
            call = tuple(args), kwargs
            for _ in range(1, times):
                call = fed_on(target, results, model.forward, *call)
                results = model(*call[0], **call[1])
        if alone:
            found, more = alone_of(model, tuple(args), kwargs, batch_axis)
            calls.mistakes = Findings(_by_cause(calls.mistakes, more))
    called = {call.name for call in calls}
    rnns = {name: module for name, module in model.named_modules() if isinstance(module, nn.RNNBase)}
    left = [NotCalled(name, _constructor(module)) for name, module in rnns.items() if name not in called]
    tree = tuple(tree_of(model, found_outputs))
    return ModelReport(target, type(model).__name__, calls, left, list(others(model)), found, tree)


def _by_cause(mistakes: Sequence[Finding], more: Sequence[Finding]) -> Iterator[Finding]:
    """One finding a cause: rows that are mixed are why sequences depend on each other, swapped axes why one is read."""
    swapped = {finding.module for finding in more if finding.id == "batch-first-forgotten"}
    yield from (finding for finding in mistakes if finding.id != "last-sequence" or finding.module not in swapped)
    explained = any(finding.level == "error" or finding.id == "padding-averaged" for finding in mistakes)
    yield from (finding for finding in more if finding.id != "sequences-not-independent" or not explained)


def others(model: nn.Module) -> Iterator[NotCovered]:
    """Recurrent modules of torch that are counted at most: the cells, quantized and scripted ones.

    >>> [module.kind for module in others(nn.ModuleList([nn.GRUCell(4, 8), nn.LSTM(4, 8)]))]
    ['GRUCell']
    """
    for name, module in model.named_modules():
        kind, scripted = type(module).__name__, str(getattr(module, "original_name", ""))
        if isinstance(module, nn.RNNCellBase):
            yield NotCovered(name, kind)
        elif isinstance(module, torch.jit.ScriptModule) and _RECURRENT.match(scripted):
            yield NotCovered(name, f"{scripted} (TorchScript)")
        elif type(module).__module__.startswith("torch.ao.nn.") and _RECURRENT.search(kind):
            yield NotCovered(name, f"{kind} (quantized)")


def _constructor(lstm: nn.RNNBase) -> str:
    if not isinstance(lstm, nn.LSTM):
        return f"torch.nn.{lstm}"
    try:
        return constructor(spec_of_module(lstm))
    except LSTMInspectError:
        return str(lstm)  # of a dtype or a device that is not covered
