"""Evaluate theory's claims and pitfalls on a Run: the very strings that are shown."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import lru_cache
from types import CodeType
from typing import Any, Final

import torch

from lstm_inspect.errors import RunError, literal
from lstm_inspect.experiment.compare import compare
from lstm_inspect.experiment.reference import Reference, called_again, reference
from lstm_inspect.experiment.run import Run, without_gradients
from lstm_inspect.theory.claim import Claim, Pitfall
from lstm_inspect.theory.dtypes import Tolerance, tolerance

# torch imports parts of itself when it first needs them, by the import of whoever calls it
_ALLOWED: Final[dict[str, Any]] = {"__builtins__": {"__import__": __import__}, "torch": torch}
_MOST_KEPT: Final = 500  # characters; the specs of a long stream must not fill the memory


@lru_cache(maxsize=4096)
def _kept(expression: str) -> CodeType:
    if "__" in expression:
        raise NameError(f"no expression names Python's own machinery: {expression}")
    return compile(expression, "<claim>", "eval")


def _value(expression: str, names: dict[str, Any]) -> Any:
    """An expression's value; its code is kept for the next spec unless it is long and names its own lengths alone."""
    code = _kept(expression) if len(expression) <= _MOST_KEPT else _kept.__wrapped__(expression)
    return eval(code, names)  # noqa: S307 - theory's own strings, made of integers


class Verifier:
    """Evaluates expressions on one Run, with no functions of Python's and no names but the contract's."""

    def __init__(self, run: Run) -> None:
        self._names: dict[str, Any] = {**_ALLOWED, "lstm": run.lstm, **run.tensors}
        self._run = run

    def evaluate(self, expression: str) -> Any:
        """The value of an expression over the Run's tensors."""
        return _value(expression, self._names)

    def check(self, claim: Claim) -> Claim:
        """Hold a claim's two sides against each other."""
        if claim.kind == "reference" and "reference" not in self._names:
            self._names["reference"] = self._reference()
        try:
            found = compare(self.evaluate(claim.left), self.evaluate(claim.right), claim.tolerance)
        except Exception as error:  # whatever a result of the wrong form leads to: the check says it and fails
            return replace(claim, identical=False, passed=False, error=_described(error))
        return replace(claim, **found._asdict())

    def check_pitfall(self, pitfall: Pitfall) -> Pitfall:
        """See that a pitfall's two sides differ, and by more than rounding where they come of two runs.

        Where they don't, either torch is wrong or these numbers can't show the pitfall; the equations tell which.
        """
        try:
            tempting, instead = self.evaluate(pitfall.tempting), self.evaluate(pitfall.instead)
            found = compare(tempting, instead, pitfall.tolerance)
            came = replace(pitfall, tempting_shape=tuple(tempting.shape), instead_shape=tuple(instead.shape))
        except Exception as error:  # as in check
            return replace(pitfall, passed=False, error=_described(error))
        hidden = found.passed and self._hides(pitfall)
        passed = None if hidden else not found.passed
        return replace(came, max_abs_diff=found.max_abs_diff, passed=passed, hidden=hidden)

    def _hides(self, pitfall: Pitfall) -> bool:
        """Whether a pitfall's sides are the same by the equations too, as far as the run's dtype can tell."""
        allowed = tolerance(str(self._run.tensor("output").dtype).removeprefix("torch."))
        doubled = Tolerance(2 * allowed.rtol, 2 * allowed.atol)  # torch's sides may stand at the tolerance's very edge
        try:
            names = _ALLOWED | called_again(self._run.lstm, self._run.tensors, self._run.padding_value)
            return compare(_value(pitfall.tempting, names), _value(pitfall.instead, names), doubled).passed
        except Exception:  # the equations can't be run: then nothing speaks for the run
            return False

    def _reference(self) -> Reference:
        try:
            return reference_of(self._run)
        except (RuntimeError, MemoryError) as error:
            needs = "can't run the equations in float64"
            raise RunError("{reference}", needs, literal(str(error)), "{reference=False}") from error


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def reference_of(run: Run) -> Reference:
    """The equations on a Run's own weights, input and initial state."""
    named = run.tensors
    return reference(run.lstm, named["input"], named["h0"], named["c0"], named.get("lengths"), run.padding_value)


def verify(
    run: Run,
    checks: Iterable[Claim],
    pitfalls: Iterable[Pitfall],
    within: Callable[[], AbstractContextManager[None]] = without_gradients,
) -> tuple[Sequence[Claim], Sequence[Pitfall]]:
    """Evaluate on a Run what was only predicted: every check within its tolerance, every pitfall.

    Args:
        run: what is evaluated on; what calls the module anew on ``run.again``, if there is one.
        checks, pitfalls: as they were predicted.
        within: the context of it. The default one sets Python's filter of warnings, which is the process's own;
            a user's program that runs meanwhile needs another.
    """
    verifiers = {False: Verifier(run), True: Verifier(run.again or run)}
    with within():
        return (
            [verifiers[each.reruns].check(each) for each in checks],
            [verifiers[each.reruns].check_pitfall(each) for each in pitfalls],
        )
