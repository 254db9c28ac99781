"""What was seen of the calls in a model: frozen data, the same for text, JSON and Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from lstm_inspect.theory.contract import Natural, written
from lstm_inspect.theory.shown import Shown
from lstm_inspect.theory.warnings import SpecWarning
from lstm_inspect.verdict.report import Report


@written("name index report error")
@dataclass(frozen=True, slots=True)
class Call(Shown):
    """One call of one nn.LSTM inside a model.

    Attributes:
        name: the module's qualified name; "" if the model is itself the nn.LSTM. A module that stands in a
            model under several names bears the first of them.
        index: which call of that module it was, from 0.
        report: what was predicted of this very call, what was measured, and the checks.
        error: why there is no report; None if there is one.
    """

    view: ClassVar[Literal["call"]] = "call"
    name: str
    index: Natural
    report: Report | None
    error: str | None = None

    @property
    def verified(self) -> bool:
        """Whether every check of this call held; a call that can't be checked is not verified."""
        return self.report is not None and self.report.verified is True


class Calls(Shown, list[Call]):
    """The calls that were recorded, in the order in which they were made."""

    view: ClassVar[Literal["calls"]] = "calls"


@written("name constructor")
@dataclass(frozen=True, slots=True)
class NotCalled:
    """An nn.LSTM of the model that this run did not call."""

    name: str
    constructor: str


@written("name kind")
@dataclass(frozen=True, slots=True)
class NotCovered:
    """A recurrent module that is no nn.LSTM, by its qualified name and its class."""

    name: str
    kind: str


@written("target model calls not_called not_covered warnings verified", command="model")
@dataclass(frozen=True, slots=True)
class ModelReport(Shown):
    """Every call of every nn.LSTM in one run of a model.

    Attributes:
        target: what the model was asked for as, ``path/to/file.py:factory``.
        model: the model's class.
        calls: in the order in which they were made.
        not_called: LSTMs that were there and not called.
        not_covered: recurrent modules of other kinds.
    """

    view: ClassVar[Literal["model"]] = "model"
    target: str
    model: str
    calls: Sequence[Call]
    not_called: Sequence[NotCalled] = ()
    not_covered: Sequence[NotCovered] = ()

    @property
    def verified(self) -> bool | None:
        """Whether every check of every call held; None if there was none."""
        return all(call.verified for call in self.calls) if self.calls else None

    @property
    def warnings(self) -> list[SpecWarning]:
        """Every call's warnings, once a module, and what was not checked; in Python's words."""
        found = {(call.name, warning.message): warning for call in self.calls for warning in _warnings(call)}
        said = [replace(warning, message=f"{shown(name)}: {message}") for (name, message), warning in found.items()]
        left = [SpecWarning("not-called", f"{shown(lstm.name)}: this run did not call it") for lstm in self.not_called]
        nothing = [] if self.calls else [SpecWarning("nothing-checked", "no nn.LSTM was called: nothing was checked")]
        return [*said, *left, *nothing]


def shown(name: str) -> str:
    """A qualified name to read.

    >>> shown("encoder.rnn"), shown("")
    ('encoder.rnn', 'the model itself')
    """
    return name or "the model itself"


def _warnings(call: Call) -> list[SpecWarning]:
    found = () if call.report is None else call.report.warnings
    return [replace(warning, message=warning.text) for warning in found]
