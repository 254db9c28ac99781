"""What must hold of one call, as pairs of Python expressions over its tensors."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from lstm_inspect.theory import expressions as e
from lstm_inspect.theory.claim import Claim
from lstm_inspect.theory.dtypes import Tolerance, tolerance
from lstm_inspect.theory.packing import Packing, pack
from lstm_inspect.theory.packing_claims import packing_claims
from lstm_inspect.theory.parameters import widest_input
from lstm_inspect.theory.recipes import Recipe, recipes
from lstm_inspect.theory.shapes import Shape, TensorReport, format_tuple, tensors
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import StateRow, state_row, state_rows
from lstm_inspect.theory.warnings import SpecWarning, spec_warnings

_MOST_ROWS_LABELLED: Final = 64


class Theory(NamedTuple):
    """What must come out of one call; whoever needs a part of it takes it from here."""

    spec: LSTMSpec
    tensors: Mapping[str, TensorReport]  #: by name, in the contract's order.
    states: tuple[StateRow, ...]
    recipes: tuple[Recipe, ...]
    packing: Packing | None  #: None without lengths.
    warnings: tuple[SpecWarning, ...]


def worked_out(spec: LSTMSpec) -> Theory:
    """The theory of a spec."""
    packing = None if spec.lengths is None else pack(spec.lengths, spec.seq_len)
    return Theory(spec, tensors(spec), state_rows(spec), recipes(spec), packing, spec_warnings(spec))


def tolerance_of(spec: LSTMSpec, *, tf32: bool = False) -> Tolerance:
    """The tolerance of a spec's run against the equations; TF32 is CUDA's alone."""
    terms = widest_input(spec) + spec.state_size  # the most products that one gate of any layer sums
    tf32 = tf32 and spec.device.startswith("cuda")
    return tolerance(spec.dtype, tf32=tf32, terms=terms, hidden_size=spec.hidden_size)


def claims(theory: Theory, *, reference: bool = True) -> tuple[Claim, ...]:
    """Every claim about one call.

    Args:
        theory: of the call's spec.
        reference: whether the equations are to be run too.

    >>> [claim.id for claim in claims(worked_out(LSTMSpec())) if claim.kind == "equality"]
    ['row-0', 'final-state']
    """
    found = [_shape(each.name, each.expression, each.shape, each.meaning) for each in theory.tensors.values()]
    found += [_shape(f"recipe-{each.id}", each.expression, each.shape, each.task) for each in theory.recipes]
    if not theory.spec.has_values:
        return tuple(found)
    found += [Claim(id, "equality", left, right, why) for id, left, right, why in _equalities(theory.spec)]
    if theory.spec.state == "zeros":
        found.append(_default_state(theory.spec))
    if theory.packing is not None:
        found += packing_claims(theory.spec, theory.packing)
    if reference:
        found += (Claim(*sides, exact=False) for sides in _references(theory.states))
    return tuple(found)


def _shape(id: str, expression: str, shape: Shape, why: str) -> Claim:
    return Claim(f"shape-{id}", "shape", f"{expression}.shape", format_tuple(shape), why)


def _equalities(spec: LSTMSpec) -> Iterator[tuple[str, str, str, str]]:
    """The same numbers in another place of the same call, bit for bit equal: id, left, right and why."""
    directions = range(spec.num_directions)
    for direction in directions:
        row = state_row(spec, spec.num_layers - 1, direction)
        assert row.output is not None  # the top layer's rows always stand in output
        yield f"row-{row.row}", row.hn, row.output, row.why
    top = [e.final_output(spec, direction) for direction in directions]
    if spec.bidirectional:
        yield "final-forward", "hn[-2]", top[0], "the top layer's forward state, counted from the end"
        yield "final-reverse", "hn[-1]", top[1], "the very last row is the top layer's reverse state"
        why = "one vector per sequence: both directions' final states joined"
        yield "final-joined", e.final_state(spec), e.final_state_from_output(spec), why
        why = "output's last axis is direction by direction: (D, R), not (R, D)"
        yield "output-layout", e.at_step(spec, e.output_by_direction(spec), "0", "1"), "hn[-1]", why
    else:
        yield "final-state", e.final_state(spec), top[0], "the last row is the top layer's"
    if spec.num_states > 1:
        why = "hn's first axis is layer by layer, each with its directions: (L, D), not (D, L)"
        yield "hn-layout", f"{e.states_by_layer(spec)}[-1]", f"torch.stack({format_tuple(tuple(top))})", why


def _default_state(spec: LSTMSpec) -> Claim:
    prefix = "packed_" if spec.lengths else ""
    left, right = f"({prefix}output, (hn, cn))", f"lstm({prefix}input)"
    return Claim("default-state", "equality", left, right, "h0 and c0 are zeros when they are left out", reruns=True)


def _references(states: tuple[StateRow, ...]) -> Iterator[tuple[str, str, str, str, str]]:
    """The results against the equations: every step of output, every row of hn and cn, and which row is which.

    Of a deep stack the lowest and the highest rows are labelled one by one.
    """
    for name, what in (("output", "time step"), ("hn", "layer and direction"), ("cn", "layer and direction")):
        why = f"every {what}, from the equations in float64"
        yield f"reference-{name}", "reference", name, f"reference.{name}", why
    half = _MOST_ROWS_LABELLED // 2
    for row in states if len(states) <= _MOST_ROWS_LABELLED else states[:half] + states[-half:]:
        why = f"row {row.row} is layer {row.layer}, {row.direction}"
        right = f'reference.states[{row.layer}, "{row.direction}"]'
        yield f"reference-row-{row.row}", "reference", f"({row.hn}, {row.cn})", right, why
