"""overview(spec) -> Overview: the structures side by side, predicted and measured."""

from collections.abc import Sequence
from dataclasses import replace

from lstm_inspect.theory.contract import Environment, record
from lstm_inspect.theory.shapes import TensorReport, tensors
from lstm_inspect.theory.shown import OfSpec, SpecReport
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.structures import Change, Lesson, changes, lessons, structures
from lstm_inspect.theory.warnings import SpecWarning, spec_warnings
from lstm_inspect.verdict.guard import refuse_too_large
from lstm_inspect.verdict.report import measured_tensor


@record(
    "num_layers=spec.num_layers bidirectional=spec.bidirectional batch_first=spec.batch_first"
    " constructor tensors changes"
)
class Structure(OfSpec):
    """One structure: its tensors, and which of their axes a setting changed."""

    spec: LSTMSpec
    tensors: Sequence[TensorReport]
    changes: Sequence[Change]


@record("mode spec environment structures lessons warnings verified", command="overview")
class Overview(SpecReport):
    """The eight structures: four with batch_first off, then the same four with it on."""

    view = "structures"
    spec: LSTMSpec
    structures: Sequence[Structure]
    environment: Environment | None = None

    @property
    def failed(self) -> int:
        """How many measured shapes are not as predicted."""
        return sum(tensor.otherwise is not None for structure in self.structures for tensor in structure.tensors)

    @property
    def lessons(self) -> tuple[Lesson, ...]:
        """What the table teaches; no lesson holds while a measured shape is not as predicted."""
        right, found = self.failed == 0, [change for structure in self.structures for change in structure.changes]
        return tuple(replace(lesson, holds=right and lesson.holds) for lesson in lessons(self.spec, found))

    @property
    def verified(self) -> bool | None:
        """Whether every shape came out as predicted and every lesson holds; None if nothing ran."""
        return None if self.environment is None else all(lesson.holds for lesson in self.lessons)

    @property
    def warnings(self) -> tuple[SpecWarning, ...]:
        """The warnings of all structures, each once."""
        found = [warning for structure in self.structures for warning in spec_warnings(structure.spec)]
        return tuple({warning.message: warning for warning in found}.values())


def overview(spec: LSTMSpec | None = None, *, predict: bool = False) -> Overview:
    """Put the structures of 1 and num_layers layers, one and two directions, batch_first off and on side by side.

    Args:
        spec: sizes and batch of all of them, and the number of layers of the deeper ones, at least 2;
            its own bidirectional and batch_first don't matter. LSTMSpec(num_layers=2) if left out.
        predict: theory alone; torch is not imported.

    Raises:
        SpecError: num_layers is 1.
        MemoryNeedError: a structure needs more memory than is free.
        DeviceError: the spec's device is not there.

    >>> overview(predict=True).structures[3].tensors[3].shape
    (5, 3, 40)
    """
    spec = LSTMSpec(num_layers=2) if spec is None else spec
    specs = structures(spec)
    if predict:
        return Overview(spec, [_predicted(each) for each in specs])
    for each in specs:
        refuse_too_large(each, predict=False, reference=False)
    from lstm_inspect.experiment import devices

    device = devices.on_device(spec).device
    found = [_measured(_predicted(each.replace(device=device))) for each in specs]
    return Overview(spec.replace(device=device), found, devices.environment(device, tf32=False))


def _predicted(spec: LSTMSpec) -> Structure:
    return Structure(spec, list(tensors(spec).values()), changes(spec))


def _measured(structure: Structure) -> Structure:
    from lstm_inspect.experiment.run import run

    result = run(structure.spec)
    return replace(structure, tensors=[measured_tensor(tensor, result) for tensor in structure.tensors])
