"""What to use for what: an expression for each task, with its shape."""

from __future__ import annotations

from dataclasses import dataclass

from lstm_inspect.theory import expressions as e
from lstm_inspect.theory.contract import written
from lstm_inspect.theory.shapes import Shape, format_tuple
from lstm_inspect.theory.spec import LSTMSpec


@written("id task expression shape why")
@dataclass(frozen=True, slots=True)
class Recipe:
    """What to use for a task."""

    id: str  #: stable name, unique in a report.
    task: str  #: what somebody wants.
    expression: str  #: what gives it.
    shape: Shape  #: the expression's shape.
    why: str  #: what to know about it.


def recipes(spec: LSTMSpec) -> tuple[Recipe, ...]:
    """The recipes for a spec.

    >>> [(recipe.expression, recipe.shape) for recipe in recipes(LSTMSpec(bidirectional=True))][:2]
    [('output', (5, 3, 40)), ('torch.cat((hn[-2], hn[-1]), dim=-1)', (3, 40))]
    """
    found = [_each_step(spec), _whole_sequence(spec)]
    if spec.bidirectional:
        found.append(_directions_apart(spec))
    if spec.num_states > 1:
        found.append(_by_layer(spec))
    if spec.num_states > 1 and spec.batched:
        found.append(_all_layers(spec))
    return (*found, *_next_call(spec))


def _each_step(spec: LSTMSpec) -> Recipe:
    shape = (*e.output_lead(spec), spec.output_size)
    why = "mask the padded steps in the loss" if spec.lengths else "one row of features a step, from the top layer"
    return Recipe("each-step", "a label for each time step", "output", shape, why)


def _whole_sequence(spec: LSTMSpec) -> Recipe:
    shape = (*_batch_axis(spec), spec.output_size)
    return Recipe("whole-sequence", "one vector per sequence", e.final_state(spec), shape, _cat_not_stack(spec))


def _cat_not_stack(spec: LSTMSpec) -> str:
    """Case F: why cat and not stack."""
    if not spec.bidirectional:
        return "the top layer's state after the last valid step"
    one = format_tuple((*_batch_axis(spec), spec.state_size))
    joined, stacked = (
        format_tuple((*_batch_axis(spec), spec.output_size)),
        format_tuple((2, *_batch_axis(spec), spec.state_size)),
    )
    return (
        f"cat joins along an axis that exists: {one} + {one} -> {joined}; torch.stack would make a new one: {stacked}"
    )


def _directions_apart(spec: LSTMSpec) -> Recipe:
    shape = (*e.output_lead(spec), 2, spec.state_size)
    why = "index the axis before the last: 0 is forward, 1 is reverse"
    return Recipe("directions-apart", "each direction by itself", e.output_by_direction(spec), shape, why)


def _by_layer(spec: LSTMSpec) -> Recipe:
    shape = (spec.num_layers, spec.num_directions, *e.state_tail(spec))
    why = "index it [layer, direction]"
    return Recipe("by-layer", "states by layer, direction", e.states_by_layer(spec), shape, why)


def _all_layers(spec: LSTMSpec) -> Recipe:
    rows = f"{spec.batch_size}, {spec.num_states * spec.state_size}"
    why = "every layer's and direction's state of a sequence in one row; hn.reshape alone would mix the sequences"
    shape = (*_batch_axis(spec), spec.num_states * spec.state_size)
    return Recipe("all-layers", "every state of a sequence", f"hn.transpose(0, 1).reshape({rows})", shape, why)


def _next_call(spec: LSTMSpec) -> tuple[Recipe, Recipe]:
    h0 = (spec.num_states, *e.state_tail(spec))
    c0 = (*h0[:-1], spec.hidden_size)
    why = "detach keeps this call's graph out of the next one's"
    return (
        Recipe(
            "next-h0",
            "h0 of the next call",
            "hn.detach()",
            h0,
            f"{why}; hn goes on after each sequence's last valid step",
        ),
        Recipe("next-c0", "c0 of the next call", "cn.detach()", c0, f"{why}; cn goes with hn"),
    )


def _batch_axis(spec: LSTMSpec) -> tuple[int, ...]:
    return () if spec.batch_size is None else (spec.batch_size,)
