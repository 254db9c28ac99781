"""The structures side by side, which axis each setting changes, and the sentences that this teaches."""

from collections.abc import Sequence
from itertools import product
from typing import Annotated, Final, NamedTuple, TypeAlias

from lstm_inspect.errors import SpecError
from lstm_inspect.theory.contract import Limit, Natural, record, written
from lstm_inspect.theory.shapes import tensors
from lstm_inspect.theory.spec import LSTMSpec

FEWEST_LAYERS: Final = 2
"""The structures have one layer or num_layers of them: with one there would be nothing beside it."""

BASE: Final[dict[str, int | bool]] = {"num_layers": 1, "bidirectional": False, "batch_first": False}
"""The settings that the table varies, in the order of its columns and blocks, and where each starts."""

Setting: TypeAlias = Annotated[str, Limit(enum=list(BASE))]


@written("tensor axis")
class Axis(NamedTuple):
    """One axis of one tensor, from 0."""

    tensor: str
    axis: Natural


@record()
class Change:
    """An axis that a setting changes."""

    tensor: str  #: the tensor's name.
    axis: Natural  #: its index, from 0.
    by: Setting  #: "num_layers", "bidirectional" or "batch_first".


@record()
class Lesson:
    """What the table teaches about one setting: a sentence, and the axes that it speaks of."""

    by: Setting  #: the setting.
    sentence: str  #: for people.
    axes: frozenset[Axis]  #: every axis that the setting changes; all others it leaves alone.
    holds: bool  #: whether it made those changes and no others: in theory and, after a run, of what was measured.


def structures(spec: LSTMSpec) -> tuple[LSTMSpec, ...]:
    """One and num_layers layers, one and two directions, batch_first off and on: eight specs.

    Raises:
        SpecError: num_layers is 1.
    """
    if spec.num_layers < FEWEST_LAYERS:
        allowed = f"from {FEWEST_LAYERS}: the structures of one layer stand beside it anyway"
        raise SpecError("num_layers", str(spec.num_layers), allowed, f"{{num_layers={FEWEST_LAYERS}}}")
    settings = product((False, True), (False, True), (1, spec.num_layers))
    return tuple(
        spec.replace(num_layers=layers, bidirectional=bidirectional, batch_first=batch_first)
        for batch_first, bidirectional, layers in settings
    )


def changes(structure: LSTMSpec) -> tuple[Change, ...]:
    """Every axis that differs from the neighbour that lacks one setting: one layer, one direction, no batch_first.

    >>> [(change.tensor, change.axis) for change in changes(LSTMSpec(bidirectional=True))][:2]
    [('h0', 0), ('c0', 0)]
    """
    here, found = tensors(structure), []
    for setting, base in BASE.items():
        there = tensors(structure.replace(**{setting: base}))
        for name, tensor in here.items():
            before, now = (list(zip(each.axes, each.shape, strict=True)) for each in (there[name], tensor))
            found += [Change(name, axis, setting) for axis in range(len(now)) if now[axis] != before[axis]]
    return tuple(found)


def lessons(spec: LSTMSpec, found: Sequence[Change]) -> tuple[Lesson, ...]:
    """The three sentences that the table teaches, and whether each holds of the changes of all structures.

    >>> lesson = lessons(LSTMSpec(), [])[0]
    >>> lesson.sentence, lesson.holds
    ('layers change the first axis of h0, c0, hn and cn, and never output', False)
    """
    states = frozenset(Axis(name, 0) for name in ("h0", "c0", "hn", "cn"))
    last = {Axis(name, len(tensor.axes) - 1) for name, tensor in tensors(spec).items() if name.endswith("output")}
    moved, batch_first = frozenset[Axis](), "nothing here: unbatched input has no batch axis to move"
    if spec.batched:
        moved = frozenset(Axis(name, axis) for name in ("input", "output") for axis in (0, 1))
        batch_first = "input and output only: h0, c0, hn and cn stay as they are"
    taught = (
        ("num_layers", "layers change the first axis of h0, c0, hn and cn, and never output", states),
        ("bidirectional", "directions change output's last axis and the states' first", states | last),
        ("batch_first", f"batch_first changes {batch_first}", moved),
    )
    return tuple(
        Lesson(by, sentence, axes, axes == {Axis(each.tensor, each.axis) for each in found if each.by == by})
        for by, sentence, axes in taught
    )
