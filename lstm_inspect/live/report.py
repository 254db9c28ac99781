"""What was seen of the calls in a model: frozen data, the same for text, JSON and Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Literal

from lstm_inspect.errors import spell_arguments
from lstm_inspect.theory.shown import Shown
from lstm_inspect.theory.warnings import SpecWarning
from lstm_inspect.verdict import contract
from lstm_inspect.verdict.report import Report


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
    index: int
    report: Report | None
    error: str | None = None

    @property
    def verified(self) -> bool:
        """Whether every check of this call held; a call that can't be checked is not verified."""
        return self.report is not None and self.report.verified is True

    def to_dict(self) -> dict[str, Any]:
        """The call as it stands in a model's document."""
        report = None if self.report is None else self.report.to_dict()
        return {"name": self.name, "index": self.index, "report": report, "error": self.error}


class Calls(Shown, list[Call]):
    """The calls that were recorded, in the order in which they were made."""

    view: ClassVar[Literal["calls"]] = "calls"


@dataclass(frozen=True, slots=True)
class NotCalled:
    """An nn.LSTM of the model that this run did not call."""

    name: str
    constructor: str


@dataclass(frozen=True, slots=True)
class NotCovered:
    """A recurrent module that is no nn.LSTM, by its qualified name and its class."""

    name: str
    kind: str


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

    def to_dict(self) -> dict[str, Any]:
        """The document of ``model --json``, schema lstm-inspect/1."""
        return {
            **contract.header("model"),
            "target": self.target,
            "model": self.model,
            "calls": [call.to_dict() for call in self.calls],
            "not_called": [asdict(lstm) for lstm in self.not_called],
            "not_covered": [asdict(module) for module in self.not_covered],
            "warnings": [asdict(warning) for warning in self.warnings],
            "verified": self.verified,
        }


def shown(name: str) -> str:
    """A qualified name to read.

    >>> shown("encoder.rnn"), shown("")
    ('encoder.rnn', 'the model itself')
    """
    return name or "the model itself"


def _warnings(call: Call) -> list[SpecWarning]:
    found = () if call.report is None else call.report.warnings
    return [replace(warning, message=spell_arguments(warning.message)) for warning in found]
