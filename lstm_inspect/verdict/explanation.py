"""explain(id) -> Explanation: one mistake of the catalogue, made on a spec and held against the right line."""

import difflib
from collections.abc import Sequence
from dataclasses import field, replace

from lstm_inspect.errors import LSTMInspectError, literal
from lstm_inspect.mistakes.catalogue import BY_ID, CATALOGUE, Mistake
from lstm_inspect.mistakes.pitfalls import pitfall
from lstm_inspect.theory import expressions
from lstm_inspect.theory.claim import Pitfall
from lstm_inspect.theory.claims import tolerance_of
from lstm_inspect.theory.contract import Environment, record
from lstm_inspect.theory.shown import Shown, SpecReport
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.warnings import SpecWarning, spec_warnings
from lstm_inspect.verdict.guard import a_spec, refuse_too_large


@record("mode *mistake spec constructor call pitfall environment warnings verified", command="explain")
class Explanation(SpecReport):
    """One mistake, and what making it on a spec gave."""

    view = "explain"
    mistake: Mistake  #: as it stands in the catalogue.
    spec: LSTMSpec  #: that it is made on.
    #: the tempting expression and the right one and, after a run, how far apart they came out.
    pitfall: Pitfall
    environment: Environment | None = None  #: what ran it; None if nothing ran.

    @property
    def call(self) -> Sequence[str]:
        """Building, packing, running and unpacking as Python, one statement a line."""
        return expressions.statements(self.spec)

    @property
    def verified(self) -> bool | None:
        """Whether the two lines came out different; None if nothing ran, or if these numbers can't show it."""
        return self.pitfall.passed

    @property
    def warnings(self) -> tuple[SpecWarning, ...]:
        """What the spec lets go wrong beside this mistake."""
        return tuple(warning for warning in spec_warnings(self.spec) if warning.id != self.mistake.id)


@record(command="explain")
class Catalogue(Shown):
    """Every mistake that is known, in the order of the catalogue."""

    view = "explain"
    mistakes: Sequence[Mistake] = field(default=CATALOGUE)


def explain(id: str, spec: LSTMSpec | None = None, *, predict: bool = False) -> Explanation:
    """Make a mistake of the catalogue on an nn.LSTM, and hold it against the right line.

    Args:
        id: the mistake's.
        spec: the LSTM and its batch; left out, one on which the mistake can be made.
        predict: theory alone; torch is not imported.

    Raises:
        LSTMInspectError: there is no such mistake, or it can't be made on this spec.
        MemoryNeedError: the spec needs more memory than is free.
        DeviceError: the spec's device is not there.

    >>> explain("cell-for-hidden").pitfall.passed
    True
    """
    mistake = mistake_of(id)
    spec = LSTMSpec.from_dict(mistake.spec) if spec is None else a_spec(spec)
    pair = pitfall(id, spec)
    refuse_too_large(spec, predict=predict, reference=False)
    found = Explanation(mistake, spec, pair if pair.exact else replace(pair, tolerance=tolerance_of(spec)))
    return found if predict else _measured(found)


def mistake_of(id: str) -> Mistake:
    """The mistake of an id; where there is none, part of an id or of a tempting line names those that are near.

    Raises:
        LSTMInspectError: there is none.
    """
    if id not in BY_ID:
        came = str(id)
        held = [each.id for each in CATALOGUE if came in each.id or came in each.tempting] if len(came) > 2 else []
        near = held[:3] or difflib.get_close_matches(came, BY_ID, n=1)
        instead = " or ".join(near) or "lstm-inspect explain, which lists them"
        raise LSTMInspectError(literal(came), "", "no mistake of the catalogue has this id", instead)
    return BY_ID[id]


def _measured(found: Explanation) -> Explanation:
    """The same, run; the caller's random numbers are left as they were, though some mistakes draw their own."""
    from lstm_inspect.experiment import devices
    from lstm_inspect.experiment.run import run
    from lstm_inspect.experiment.verify import verify

    spec = devices.on_device(found.spec)
    with devices.tf32(False, spec.device), devices.seeded(spec.seed + 1):
        _, (result,) = verify(run(spec), (), [found.pitfall])
    environment = devices.environment(spec.device, tf32=False)
    return replace(found, spec=spec, pitfall=result, environment=environment)
