"""What everything that is written about one spec says of it."""

from lstm_inspect.theory import expressions
from lstm_inspect.theory.contract import Document, Environment, Mode
from lstm_inspect.theory.shown import Shown
from lstm_inspect.theory.spec import LSTMSpec


class OfSpec(Document):
    """What is shown of a spec."""

    __slots__ = ()
    spec: LSTMSpec

    @property
    def constructor(self) -> str:
        """The call that builds the module."""
        return expressions.constructor(self.spec)


class SpecReport(OfSpec, Shown):
    """A report about a spec: by theory alone, or held against a run."""

    __slots__ = ()
    environment: Environment | None

    @property
    def mode(self) -> Mode:
        """Whether it was run."""
        return "predict" if self.environment is None else "run"
