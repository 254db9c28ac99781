"""What was seen of the calls in a model: frozen data, the same for text, JSON and Python."""

from collections.abc import Sequence
from dataclasses import field
from operator import attrgetter
from typing import Annotated, Any, TypeAlias

from lstm_inspect.diagnosis.finding import Diagnosis
from lstm_inspect.mistakes.finding import Finding, Findings
from lstm_inspect.mistakes.read import Alone, Read
from lstm_inspect.theory.claim import Claim
from lstm_inspect.theory.contract import Limit, Natural, Positive, record, written
from lstm_inspect.theory.shapes import Shape
from lstm_inspect.theory.shown import Shown
from lstm_inspect.theory.warnings import SpecWarning
from lstm_inspect.verdict.report import Report

Outcome: TypeAlias = Annotated[str, Limit(enum=["checked", "misfit", "refused", "unchecked"])]
"""checked: there is a report. misfit: torch took a call that contradicts its module. refused: torch raised an error.
unchecked: there is nothing to check, or no way to: the reason is said."""


@record()
class Measured:
    """One tensor's shape, as measured."""

    name: str
    shape: Shape


@record("constructor tensors checks verified")
class RecurrentReport:
    """One call of an nn.GRU or nn.RNN."""

    constructor: str  #: the call that builds the module.
    tensors: Sequence[Measured]  #: input, h0, output and hn, as far as the caller gave or got them.
    checks: Sequence[Claim]  #: of shape, of equality and of packing.

    @property
    def failed(self) -> int:
        """How many checks did not hold."""
        return sum(not check.passed for check in self.checks)

    @property
    def verified(self) -> bool:
        """Whether every check held."""
        return self.failed == 0


@record("name index report recurrent error outcome diagnosis kind model file line times verified")
class Call(Shown):
    """One call of one nn.LSTM, or nn.GRU or nn.RNN, and the calls of its kind that were counted after it."""

    view = "calls"
    #: the module's qualified name; "" if the model is itself the module. A module that stands in a model
    #: under several names bears the first of them.
    name: str
    index: Natural  #: which call of that module it was, from 0.
    #: what was predicted of this very call of an nn.LSTM, what was measured, and the checks.
    report: Report | None = None
    recurrent: RecurrentReport | None = None  #: the same of an nn.GRU or nn.RNN.
    error: str | None = None  #: why there is neither; None if there is one.
    outcome: Outcome = "checked"  #: see Outcome.
    diagnosis: Diagnosis | None = None  #: what the error of a refused call means.
    kind: str = "LSTM"  #: the module's class.
    model: str = ""  #: the class of the outermost module that was called.
    file: str | None = None  #: of the user's code that called it.
    line: int | None = None  #: of the user's code that called it.
    times: Positive = 1  #: how many calls there were of the same module, shapes, mode and dtype, this one among them.
    reads: Sequence[Read] = ()  #: what is read of its results, where that was followed.

    @property
    def proof(self) -> Report | RecurrentReport | None:
        """What was checked of it; None if it can't be."""
        return self.report or self.recurrent

    @property
    def verified(self) -> bool | None:
        """Whether every check of this call held; None if it can't be checked."""
        if self.proof is not None:
            return self.proof.verified
        return None if self.outcome == "unchecked" else False


@record()
class NotProved:
    """Calls that were seen and not proved: of a cell, or of more shapes than are proved."""

    name: str  #: the module's qualified name.
    kind: str  #: its class.
    times: Positive  #: how often it was called.


@written("calls=listed counted reads not_traced mistakes warnings verified", command="watch")
class Calls(Shown, list[Call]):
    """The calls that were proved or refused, in the order in which they were made."""

    view = "calls"
    counted: Sequence[NotProved] = ()  #: calls that were seen and not proved.
    faults: Sequence[str] = ()  #: what failed in this program itself meanwhile; nothing of it reached the user's.
    reads: Sequence[Read] = ()  #: what is read of the results, in the calls of models that were followed.
    not_traced: str | None = None  #: why something was not followed; None if nothing was left out.
    mistakes: Sequence[Finding] = Findings()  #: what the code that was run takes wrongly from the results.

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))  # IPython would print any list item by item

    @property
    def listed(self) -> Sequence[Call]:
        """The calls alone."""
        return tuple(self)

    @property
    def verified(self) -> bool | None:
        """Whether every check of every call held; None if there was none."""
        found = [call.verified for call in self if call.verified is not None]
        return all(found) if found else None

    @property
    def warnings(self) -> Sequence[SpecWarning]:
        """Every call's warnings, once a module, and what was not checked; in Python's words."""
        said = {(call.name, each.text): each for call in self if call.report for each in call.report.warnings}
        warnings = [SpecWarning(each.id, f"{named(name)}: {text}") for (name, text), each in said.items()]
        for call in self:
            if call.outcome == "unchecked":
                warnings.append(SpecWarning("not-checked", f"{named(call.name)}, call {call.index}: {call.error}"))
        for fault in self.faults:
            told = fault.strip().splitlines()[-1]
            message = f"lstm-inspect itself failed while the program ran, which it did not notice: {told}"
            warnings.append(SpecWarning("fault", message))
        return warnings


@record()
class NotCalled:
    """An nn.LSTM of the model that this run did not call."""

    name: str
    constructor: str


@record()
class NotCovered:
    """A recurrent module that is no nn.LSTM, by its qualified name and its class."""

    name: str
    kind: str


@record()
class TreeRow:
    """One module of a model."""

    name: str  #: its qualified name; "" for the model itself.
    kind: str  #: its class.
    parameters: Natural  #: how many numbers it and what is in it hold.
    output: str | None  #: the shapes of what its first call gave; None if it was not called.
    layers: Natural  #: of a recurrent module; 0 for all others.
    directions: Natural  #: of a recurrent module; 0 for all others.


def _of_calls(name: str) -> Any:
    """What a report's calls have under this name."""
    return property(attrgetter(f"calls.{name}"))


class OfCalls(Shown):
    """What a report has of the calls that it is about."""

    __slots__ = ()
    calls: Calls
    listed: Sequence[Call] = _of_calls("listed")  #: the calls alone.
    counted: Sequence[NotProved] = _of_calls("counted")  #: calls that were seen and not proved.
    reads: Sequence[Read] = _of_calls("reads")  #: what is read of the results, in the calls that were followed.
    not_traced: str | None = _of_calls("not_traced")  #: why something was not followed; None if nothing was left out.
    mistakes: Sequence[Finding] = _of_calls("mistakes")  #: what is taken wrongly from the results.

    @property
    def verified(self) -> bool | None:
        """Whether every check of every call held; None if there was none."""
        return self.calls.verified

    @property
    def warnings(self) -> Sequence[SpecWarning]:
        """What to know about the calls."""
        return self.calls.warnings


@record(
    "target model tree calls=listed counted not_called not_covered reads not_traced alone mistakes warnings verified",
    command="model",
)
class ModelReport(OfCalls):
    """Every call of every nn.LSTM in one run of a model."""

    view = "model"
    target: str  #: what the model was asked for as, ``path/to/file.py:factory``.
    model: str  #: the model's class.
    calls: Calls  #: in the order in which they were made.
    not_called: Sequence[NotCalled] = ()  #: LSTMs that were there and not called.
    not_covered: Sequence[NotCovered] = ()  #: recurrent modules of other kinds.
    #: whether each sequence alone gives what it gives in the batch; None if it was not asked for.
    alone: Alone | None = None
    tree: Sequence[TreeRow] = ()  #: every module of the model.

    @property
    def warnings(self) -> list[SpecWarning]:
        """Every call's warnings, once a module, and what was not checked; in Python's words."""
        said = "no call of it was seen in this run"
        left = [SpecWarning("not-called", f"{named(lstm.name)}: {said}") for lstm in self.not_called]
        if not self.calls:
            left.append(SpecWarning("nothing-checked", "no nn.LSTM was called: nothing was checked"))
        return [*self.calls.warnings, *left]


@record(
    "program arguments module torch error diagnosis calls=listed counted reads not_traced mistakes warnings verified",
    command="run",
)
class RunReport(OfCalls):
    """Every call of every nn.LSTM in one run of a program."""

    view = "run"
    program: str  #: the script, or the module.
    arguments: Sequence[str]  #: what it was run with.
    module: bool  #: whether it was run as ``python -m`` runs it.
    torch: bool = False  #: whether it loaded torch.
    calls: Calls = field(default_factory=Calls)  #: in the order in which they were made.
    error: str | None = None  #: the exception that it ended with; None if it ended otherwise.
    diagnosis: Diagnosis | None = None  #: what that means, if an LSTM has to do with it.

    @property
    def faulty(self) -> bool:
        """Whether a check failed or a mistake was found."""
        return self.verified is False or any(mistake.level != "note" for mistake in self.mistakes)


@record()
class Listed:
    """One model, class or factory of a file."""

    name: str  #: under which it stands there.
    kind: str  #: "class", "model" or "function".
    command: str  #: what to type to inspect it.


@record(command="list")
class Listing(Shown):
    """Everything in a file or a module that can be inspected."""

    view = "model"
    target: str  #: the file or the module.
    found: Sequence[Listed]  #: in the order in which they stand there.


def named(name: str) -> str:
    """A qualified name to read."""
    return name or "the model itself"
