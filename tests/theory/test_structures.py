"""What the overview predicts, as written out by hand."""

from __future__ import annotations

import pytest

from lstm_inspect.errors import SpecError
from lstm_inspect.theory import structures as overview
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.structures import Change, changes, lessons, structures

SPECS = [
    LSTMSpec(num_layers=2),
    LSTMSpec(num_layers=7, proj_size=8),
    LSTMSpec(num_layers=2, batch_size=None),
    LSTMSpec(num_layers=3, lengths=(8, 9, 10)),
    LSTMSpec(num_layers=2, seq_len=3),  # B == T: the swap shows in no shape
    LSTMSpec(num_layers=2, batch_size=0),
]


def test_the_structures_stand_in_the_order_of_the_table() -> None:
    found = [(each.batch_first, each.num_layers, each.num_directions) for each in structures(LSTMSpec(num_layers=4))]
    half = [(1, 1), (4, 1), (1, 2), (4, 2)]
    assert found == [(False, *each) for each in half] + [(True, *each) for each in half]


def test_one_layer_is_refused() -> None:
    with pytest.raises(SpecError, match=r"num_layers=1: must be from 2.*Try num_layers=2"):
        structures(LSTMSpec())


@pytest.mark.parametrize(
    ("structure", "expected"),
    [
        (LSTMSpec(), set()),
        (LSTMSpec(num_layers=2), {(name, 0, "num_layers") for name in ("h0", "c0", "hn", "cn")}),
        (
            LSTMSpec(bidirectional=True),
            {(name, 0, "bidirectional") for name in ("h0", "c0", "hn", "cn")} | {("output", 2, "bidirectional")},
        ),
        (
            LSTMSpec(batch_first=True),
            {(name, axis, "batch_first") for name in ("input", "output") for axis in (0, 1)},
        ),
        (LSTMSpec(batch_first=True, batch_size=None), set()),
    ],
)
def test_changes(structure: LSTMSpec, expected: set[tuple[str, int, str]]) -> None:
    assert {(change.tensor, change.axis, change.by) for change in changes(structure)} == expected


@pytest.mark.parametrize("spec", SPECS)
def test_every_lesson_holds(spec: LSTMSpec) -> None:
    assert [lesson.holds for lesson in lessons(spec, all_changes(spec))] == [True] * 3


def all_changes(spec: LSTMSpec) -> list[Change]:
    return [change for structure in structures(spec) for change in changes(structure)]


@pytest.mark.parametrize("place", range(3))
def test_a_lesson_does_not_hold_where_its_setting_changes_more_or_less(place: int) -> None:
    spec = LSTMSpec(num_layers=2)
    changes = all_changes(spec)
    lesson = lessons(spec, changes)[place]
    for more in (Change("output", 3, lesson.by), Change("c0", 2, lesson.by)):
        assert [each.holds for each in lessons(spec, [*changes, more])] == [each != place for each in range(3)]
    for less in lesson.axes:
        left = [change for change in changes if (change.tensor, change.axis, change.by) != (*less, lesson.by)]
        assert [each.holds for each in lessons(spec, left)] == [each != place for each in range(3)]


def test_unbatched_input_is_not_moved_by_batch_first() -> None:
    assert overview.lessons(LSTMSpec(batch_size=None), [])[2].axes == frozenset()
