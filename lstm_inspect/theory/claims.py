"""What must hold of one call, as pairs of Python expressions over its tensors."""

from __future__ import annotations

from typing import Final

from lstm_inspect.theory import expressions as e
from lstm_inspect.theory.claim import Claim
from lstm_inspect.theory.packing_claims import packing_claims
from lstm_inspect.theory.shapes import Shape, format_tuple
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import StateRow, state_row
from lstm_inspect.theory.worked_out import Theory

_MOST_ROWS_LABELLED: Final = 64


def claims(theory: Theory, *, reference: bool = True) -> tuple[Claim, ...]:
    """Every claim about one call.

    Args:
        theory: of the call's spec.
        reference: whether the equations are to be run too.

    >>> from lstm_inspect.theory.worked_out import worked_out
    >>> [claim.id for claim in claims(worked_out(LSTMSpec())) if claim.kind == "equality"]
    ['row-0', 'final-state']
    """
    shapes = _shape_claims(theory)
    if not theory.spec.has_values:
        return shapes
    found = shapes + _equality_claims(theory.spec)
    if theory.packing is not None:
        found += packing_claims(theory.spec, theory.packing)
    return found + _reference_claims(theory) if reference else found


def _shape_claims(theory: Theory) -> tuple[Claim, ...]:
    """The predicted shape of every tensor and of every recipe."""
    tensors = (_shape_claim(each.name, each.expression, each.shape, each.meaning) for each in theory.tensors.values())
    recipes = (_shape_claim(f"recipe-{each.id}", each.expression, each.shape, each.task) for each in theory.recipes)
    return (*tensors, *recipes)


def _shape_claim(id: str, expression: str, shape: Shape, why: str) -> Claim:
    return Claim(f"shape-{id}", "shape", f"{expression}.shape", format_tuple(shape), why)


def _equality_claims(spec: LSTMSpec) -> tuple[Claim, ...]:
    """The same numbers in another place of the same call: bit for bit equal."""
    found = [_row_claim(spec, direction) for direction in range(spec.num_directions)]
    found += [_final_claim(spec, direction) for direction in range(spec.num_directions)]
    if spec.bidirectional:
        found += [_joined_claim(spec), _output_layout_claim(spec)]
    if spec.num_states > 1:
        found.append(_states_layout_claim(spec))
    if spec.state == "zeros":
        found.append(_default_state_claim(spec))
    return tuple(found)


def _row_claim(spec: LSTMSpec, direction: int) -> Claim:
    row = state_row(spec, spec.num_layers - 1, direction)
    assert row.output is not None  # the top layer's rows always stand in output
    return Claim(f"row-{row.row}", "equality", row.hn, row.output, row.why)


def _final_claim(spec: LSTMSpec, direction: int) -> Claim:
    name = f"final-{spec.directions[direction]}" if spec.bidirectional else "final-state"
    left = f"hn[{direction - spec.num_directions}]" if spec.bidirectional else e.final_state(spec)
    right = e.final_output(spec, direction)
    why = ("the top layer's forward state, counted from the end", "the very last row is the top layer's reverse state")
    return Claim(
        name, "equality", left, right, why[direction] if spec.bidirectional else "the last row is the top layer's"
    )


def _joined_claim(spec: LSTMSpec) -> Claim:
    why = "one vector per sequence: both directions' final states joined"
    return Claim("final-joined", "equality", e.final_state(spec), e.final_state_from_output(spec), why)


def _output_layout_claim(spec: LSTMSpec) -> Claim:
    left = e.at_step(spec, e.output_by_direction(spec), "0", "1")
    why = "output's last axis is direction by direction: (D, R), not (R, D)"
    return Claim("output-layout", "equality", left, "hn[-1]", why)


def _states_layout_claim(spec: LSTMSpec) -> Claim:
    top = tuple(e.final_output(spec, direction) for direction in range(spec.num_directions))
    why = "hn's first axis is layer by layer, each with its directions: (L, D), not (D, L)"
    return Claim("hn-layout", "equality", f"{e.states_by_layer(spec)}[-1]", f"torch.stack({format_tuple(top)})", why)


def _default_state_claim(spec: LSTMSpec) -> Claim:
    prefix = "packed_" if spec.lengths else ""
    left, right = f"({prefix}output, (hn, cn))", f"lstm({prefix}input)"
    return Claim("default-state", "equality", left, right, "h0 and c0 are zeros when they are left out", reruns=True)


def _reference_claims(theory: Theory) -> tuple[Claim, ...]:
    """The results against the equations: every step of output, every row of hn and cn, and which row is which."""
    why = {
        "output": "every time step, from the equations in float64",
        "hn": "every layer and direction, from the equations in float64",
        "cn": "every layer and direction, from the equations in float64",
    }
    whole = [Claim(f"reference-{name}", "reference", name, f"reference.{name}", why[name], exact=False) for name in why]
    return (*whole, *(_row_label_claim(row) for row in _labelled_rows(theory.states)))


def _labelled_rows(states: tuple[StateRow, ...]) -> tuple[StateRow, ...]:
    """The rows whose layer and direction are claimed one by one: of a deep stack the lowest and the highest ones."""
    half = _MOST_ROWS_LABELLED // 2
    return states if len(states) <= _MOST_ROWS_LABELLED else states[:half] + states[-half:]


def _row_label_claim(row: StateRow) -> Claim:
    why = f"row {row.row} is layer {row.layer}, {row.direction}"
    right = f'reference.states[{row.layer}, "{row.direction}"]'
    return Claim(f"reference-row-{row.row}", "reference", f"({row.hn}, {row.cn})", right, why, exact=False)
