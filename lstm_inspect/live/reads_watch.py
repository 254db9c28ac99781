"""What a running program reads: the first calls of each kind of its models are followed, the others cost nothing."""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from torch import nn

from lstm_inspect.live.reads import Recorder, Traced, why_not_traced
from lstm_inspect.live.seeing import SEQUENCES, Function, seeing, surrounding, tensors_in
from lstm_inspect.mistakes.finding import Finding
from lstm_inspect.mistakes.read import Read

_EACH_KIND: Final = 1
_MOST: Final = 16
_MOST_ASKED: Final = 200  # calls of one module: after them nothing new is looked for, and a call costs nothing
"""Calls of a program's models that are followed at most."""


class Tracer:
    """Follows the first outermost calls of each kind: module, shapes and mode.

    Args:
        model: whose recurrent modules are followed; those of whatever is called if None.
    """

    def __init__(self, model: nn.Module | None = None) -> None:
        self._names = {} if model is None else {id(module): name for name, module in model.named_modules()}
        self._counts: Counter[int] = Counter()
        self._kinds: Counter[Hashable] = Counter()
        self._asked: Counter[weakref.ref[nn.Module]] = Counter()
        self._thread = threading.local()
        self._traced: list[Traced] = []
        self.faults: list[list[str]] = [[], []]

    @property
    def reads(self) -> tuple[Read, ...]:
        """What was read, call by call."""
        return tuple(read for traced in self._traced for read in traced.reads)

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        """The mistakes in it, each place once."""
        once: dict[Hashable, Finding] = {}
        for finding in (each for traced in self._traced for each in traced.mistakes):
            once.setdefault((finding.id, finding.file, finding.line, finding.module, finding.reader), finding)
        return tuple(once.values())

    @property
    def not_traced(self) -> str | None:
        """Why something was not followed; None if nothing was left out."""
        ours = [fault.strip().splitlines()[-1] for faults in self.faults for fault in faults]
        return next((reason for reason in (*(traced.not_traced for traced in self._traced), *ours) if reason), None)

    def after(self, module: nn.Module, args: Any, kwargs: Any, results: Any) -> None:
        """Follow the results of a call within a call that is followed."""
        recorder = getattr(self._thread, "recorder", None)
        if recorder is not None and isinstance(module, SEQUENCES):
            recorder.called(module, self._counts[id(module)], results)
        self._counts[id(module)] += 1

    def failed(self, module: nn.Module, *call: Any) -> None:
        """Count a call that raised."""
        self._counts[id(module)] += 1

    def surround(self, module: nn.Module, args: Any, kwargs: Any) -> AbstractContextManager[Function] | None:
        """What stands around an outermost call: nothing if there is nothing to follow, or enough was."""
        here = weakref.ref(module)
        self._asked[here] += 1
        if self._asked[here] > _MOST_ASKED:
            return None
        kind = here, module.training, tuple(each.shape for each in tensors_in((args, kwargs)))
        if sum(self._kinds.values()) >= _MOST or self._kinds[kind] >= _EACH_KIND:
            return None
        names = {id(each): name for name, each in module.named_modules()}
        followed = [each for each in module.modules() if isinstance(each, SEQUENCES)]
        if not followed or (self._names and not any(id(each) in self._names for each in followed)):
            self._asked[here] = _MOST_ASKED
            return None
        self._kinds[kind] += 1
        reason = why_not_traced(module)
        if reason is not None:
            self._traced.append(Traced(not_traced=reason))
            return None
        return self._follow(Recorder(names | self._names))

    @contextmanager
    def _follow(self, recorder: Recorder) -> Iterator[Function]:
        """Follow one call, whose results are told to what it gives."""
        self._thread.recorder = recorder
        try:
            with recorder.following:
                yield recorder.returned
        finally:
            self._thread.recorder = None
            self._traced.append(recorder.traced())


@contextmanager
def following(tracer: Tracer) -> Iterator[Tracer]:
    """Follow what is read while the context lasts.

    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.lstm, self.fc = nn.LSTM(4, 8, bidirectional=True), nn.Linear(16, 2)
    ...     def forward(self, x):
    ...         return self.fc(self.lstm(x)[0][-1])
    >>> import torch
    >>> with following(Tracer()) as tracer:
    ...     result = Net()(torch.zeros(7, 2, 4))
    >>> [finding.id for finding in tracer.mistakes]
    ['last-step-bidirectional']
    """
    faults = tracer.faults
    with seeing(tracer.after, tracer.failed) as faults[0], surrounding(tracer.surround) as faults[1]:
        yield tracer
