"""Theory that is wrong by one is caught: each function that yields an index or an expression is changed, and a
check of the report, with torch itself on the other side, fails.
"""

from __future__ import annotations

import dataclasses
import importlib
import sys
from collections.abc import Callable
from typing import Any

import pytest

from lstm_inspect import LSTMSpec, inspect

PLAIN, LAYERS, BIDIR = LSTMSpec(), LSTMSpec(num_layers=2), LSTMSpec(bidirectional=True)
BOTH, THREE = LSTMSpec(num_layers=2, bidirectional=True), LSTMSpec(num_layers=3, bidirectional=True)
UNBATCHED = LSTMSpec(num_layers=2, bidirectional=True, batch_size=None)
BATCH_FIRST = LSTMSpec(num_layers=2, bidirectional=True, batch_first=True)
PROJECTED = LSTMSpec(num_layers=2, bidirectional=True, proj_size=5)
PACKED = LSTMSpec(bidirectional=True, lengths=(3, 1, 4, 2))
PACKED_FIRST = LSTMSpec(bidirectional=True, lengths=(3, 1, 4, 2), batch_first=True, num_layers=2)

Honest = Callable[..., Any]
Mutation = Callable[[Honest], Callable[..., Any]]


def plus_one(honest: Honest) -> Honest:
    return lambda *args, **kwargs: honest(*args, **kwargs) + 1


def next_row(honest: Honest) -> Honest:
    return lambda spec, layer, direction: (honest(spec, layer, direction) + 1) % spec.num_states


def directions_first(honest: Honest) -> Honest:
    return lambda spec, layer, direction: direction * spec.num_layers + layer


def layers_from_the_top(honest: Honest) -> Honest:
    return lambda spec, layer, direction: honest(spec, spec.num_layers - 1 - layer, direction)


def other_direction(honest: Honest) -> Honest:
    return lambda spec, direction, *args, **kwargs: honest(spec, 1 - direction, *args, **kwargs)


def one_step_early(honest: Honest) -> Honest:
    def changed(*args: Any) -> Any:
        step = honest(*args)
        return step if step in (None, 0) else step - 1

    return changed


def one_step_late(honest: Honest) -> Honest:
    return lambda spec, direction: honest(spec, direction) + (1 if direction == 1 else 0)


def swapped(honest: Honest) -> Honest:
    def changed(*args: Any, **kwargs: Any) -> Any:
        first, second, *rest = honest(*args, **kwargs)
        return second, first, *rest

    return changed


def last_plus_one(honest: Honest) -> Honest:
    def changed(*args: Any, **kwargs: Any) -> Any:
        *rest, last = honest(*args, **kwargs)
        return *rest, last + 1

    return changed


def backwards(honest: Honest) -> Honest:
    return lambda *args, **kwargs: honest(*args, **kwargs)[::-1]


def without_last(honest: Honest) -> Honest:
    return lambda *args, **kwargs: honest(*args, **kwargs)[:-1]


def unchanged_argument(honest: Honest) -> Honest:
    return tuple


def text(old: str, new: str) -> Mutation:
    """In the expression that a function yields, other text in the place of some."""

    def mutation(honest: Honest) -> Honest:
        def changed(*args: Any, **kwargs: Any) -> Any:
            expression = honest(*args, **kwargs)
            return expression if expression is None else expression.replace(old, new)

        return changed

    mutation.__name__ = f"{old} becomes {new}"
    return mutation


def packing(**changes: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Mutation:
    """A Packing with some of its fields changed."""

    def mutation(honest: Honest) -> Honest:
        def changed(*args: Any) -> Any:
            found = honest(*args)
            return dataclasses.replace(
                found, **{name: change(getattr(found, name)) for name, change in changes.items()}
            )

        return changed

    mutation.__name__ = f"{', '.join(changes)} changed"
    return mutation


def every(field: str, change: Callable[[Any], Any]) -> Mutation:
    """A tuple of records with one field changed in each of them."""

    def mutation(honest: Honest) -> Honest:
        def changed(*args: Any) -> Any:
            return tuple(dataclasses.replace(each, **{field: change(getattr(each, field))}) for each in honest(*args))

        return changed

    mutation.__name__ = f"{field} of each changed"
    return mutation


def rotated(values: tuple[int, ...]) -> tuple[int, ...]:
    return (*values[1:], values[0])


MUTATIONS: list[tuple[str, str, Mutation, LSTMSpec, str]] = [
    # module of theory, function, mutation, spec, a check that fails
    ("states", "row_index", next_row, LAYERS, "row-0"),
    ("states", "row_index", next_row, BOTH, "row-3"),
    ("states", "row_index", directions_first, BOTH, "row-1"),
    ("states", "row_index", directions_first, THREE, "row-2"),
    ("states", "row_index", layers_from_the_top, THREE, "row-0"),
    ("states", "final_step", one_step_early, PLAIN, "row-0"),
    ("states", "final_step", one_step_early, UNBATCHED, "row-2"),
    ("states", "final_step", one_step_late, BIDIR, "row-1"),
    ("states", "final_step", one_step_late, LSTMSpec(bidirectional=True, lengths=(3, 3)), "row-1"),
    ("states", "final_step", other_direction, BATCH_FIRST, "row-2"),
    ("expressions", "columns", other_direction, BIDIR, "row-0"),
    ("expressions", "columns", other_direction, BIDIR, "final-reverse"),
    ("expressions", "columns", text("20", "19"), BOTH, "row-2"),
    ("expressions", "columns", text("5", "6"), PROJECTED, "final-joined"),
    ("expressions", "at_step", text("-1", "-2"), PLAIN, "final-state"),
    ("expressions", "at_step", text("[0", "[1"), BIDIR, "final-reverse"),
    ("expressions", "at_step", text("[:, 0", "[:, 1"), BATCH_FIRST, "final-reverse"),
    ("expressions", "at_step", text("[:, -1", "[-1"), BATCH_FIRST, "final-forward"),
    ("expressions", "at_last_valid_step", text("lengths - 1", "lengths - 2"), PACKED, "row-0"),
    ("expressions", "at_last_valid_step", text("lengths - 1", "-1"), PACKED_FIRST, "final-forward"),
    ("expressions", "at_last_valid_step", text("arange(4)", "arange(3, -1, -1)"), PACKED, "row-0"),
    ("expressions", "final_output", other_direction, BIDIR, "final-forward"),
    ("expressions", "final_output", other_direction, PACKED, "final-joined"),
    ("expressions", "final_output", text("-1", "-2"), UNBATCHED, "final-forward"),
    ("expressions", "final_state", text("hn[-2], hn[-1]", "hn[-1], hn[-2]"), BOTH, "final-joined"),
    ("expressions", "final_state", text("hn[-2]", "hn[1]"), THREE, "final-joined"),
    ("expressions", "final_state", text("dim=-1", "dim=0"), BIDIR, "shape-recipe-whole-sequence"),
    ("expressions", "final_state", text("-1", "0"), LAYERS, "final-state"),
    ("expressions", "final_state_from_output", text("[0, :", "[-1, :"), BOTH, "final-joined"),
    ("expressions", "states_by_layer", text("3, 2, 3, 20", "2, 3, 3, 20"), THREE, "hn-layout"),
    ("expressions", "output_by_direction", text("2, 20", "20, 2"), BIDIR, "output-layout"),
    ("expressions", "output_by_direction", text("3, 2, 20", "3, 20, 2"), BOTH, "shape-recipe-directions-apart"),
    ("expressions", "state_tail", last_plus_one, LAYERS, "shape-recipe-by-layer"),
    ("expressions", "state_tail", swapped, LAYERS, "hn-layout"),
    ("expressions", "output_lead", swapped, BIDIR, "output-layout"),
    ("expressions", "output_lead", swapped, BATCH_FIRST, "output-layout"),
    ("expressions", "unpack_call", text(", batch_first=True", ""), PACKED_FIRST, "by-hand-output"),
    ("shapes", "axis_size", plus_one, PLAIN, "shape-hn"),
    ("shapes", "axis_size", plus_one, PACKED, "shape-packed_input"),
    ("shapes", "_sequence_axes", swapped, PLAIN, "shape-output"),
    ("shapes", "_sequence_axes", swapped, BATCH_FIRST, "shape-input"),
    ("shapes", "_state_axes", swapped, BATCH_FIRST, "shape-cn"),
    ("shapes", "_state_axes", backwards, PROJECTED, "shape-h0"),
    ("recipes", "recipes", every("shape", lambda shape: (*shape[:-1], shape[-1] + 1)), BOTH, "shape-recipe-all-layers"),
    ("recipes", "recipes", every("shape", lambda shape: shape[::-1]), PROJECTED, "shape-recipe-next-c0"),
    ("packing", "sorted_order", backwards, PACKED, "sorted-indices"),
    ("packing", "sorted_order", backwards, PACKED, "data-rows"),
    ("packing", "inverse", unchanged_argument, PACKED, "unsorted-indices"),
    ("packing", "inverse", unchanged_argument, PACKED_FIRST, "by-hand-hn"),
    ("packing", "batch_sizes", last_plus_one, PACKED, "batch-sizes"),
    ("packing", "batch_sizes", without_last, PACKED, "batch-sizes"),
    ("packing", "pack", packing(row_time_step=rotated), PACKED, "data-rows"),
    ("packing", "pack", packing(row_sequence=rotated), PACKED_FIRST, "output-rows"),
    ("packing", "pack", packing(lengths=rotated), PACKED, "unpacked-lengths"),
    ("packing_claims", "valid_cells", text(">=", ">"), PACKED, "padding"),
    ("packing_claims", "rows_of", text("input[[0", "input[[1"), PACKED, "data-rows"),
    ("packing_claims", "sorted_by_hand", swapped, PACKED, "by-hand-output"),
]


@pytest.mark.parametrize(
    ("module", "function", "mutation", "spec", "failing"),
    MUTATIONS,
    ids=[f"{each[1]}-{each[2].__name__}-{each[4]}" for each in MUTATIONS],
)
def test_theory_that_is_wrong_is_caught(
    monkeypatch: pytest.MonkeyPatch, module: str, function: str, mutation: Mutation, spec: LSTMSpec, failing: str
) -> None:
    assert inspect(spec).verified
    replace_everywhere(
        monkeypatch, getattr(importlib.import_module(f"lstm_inspect.theory.{module}"), function), mutation
    )
    report = inspect(spec)
    failed = [check.id for check in report.checks if not check.passed]
    assert report.verified is False
    assert failing in failed


def replace_everywhere(monkeypatch: pytest.MonkeyPatch, honest: Honest, mutation: Mutation) -> None:
    """A function's mutant in its place, in every module that imported it by name."""
    mutant, places = mutation(honest), 0
    for name, module in list(sys.modules.items()):
        if name.startswith("lstm_inspect."):
            for attribute, value in list(vars(module).items()):
                if value is honest:
                    monkeypatch.setattr(module, attribute, mutant)
                    places += 1
    assert places > 0
