"""How every report shows itself: to rich, in a notebook, to print(); the views are asked when it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from lstm_inspect.theory import expressions
from lstm_inspect.theory.contract import Document, Environment, Mode
from lstm_inspect.theory.spec import LSTMSpec

if TYPE_CHECKING:
    from lstm_inspect.theory.warnings import SpecWarning


class Shown(Document):
    """A report that shows itself; nothing of the views, nor rich, is loaded before.

    Its class names the module of the views that has its page: ``view``.
    """

    __slots__ = ()
    view: ClassVar[str]

    @property
    def verified(self) -> bool | None:
        """Whether what it tells of was checked and holds; None where nothing was."""
        return None

    @property
    def warnings(self) -> Sequence[SpecWarning]:
        """What to know beside it."""
        return ()

    def page(self, width: int | None = None, *, checks: bool = False, all: bool = False) -> str:
        """The page as plain text.

        Args:
            width: columns of a line; the terminal's, or 80, where left out.
            checks: each check with its reason and its tolerance.
            all: every row of every table, and each check.
        """
        return str(_view("export").to_terminal_text(self, width, checks=checks, all=all))

    def __str__(self) -> str:
        return self.page()

    def __rich__(self) -> Any:
        return _view("page").page(self)

    def _repr_html_(self) -> str:
        return str(_view("export").to_html(self.__rich__()))


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


def _view(name: str) -> Any:
    """A module of the views, which stand above every report: loaded by name, as nothing here may import them."""
    return import_module(f"lstm_inspect.views.{name}")
