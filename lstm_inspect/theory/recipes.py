"""What to use for what: an expression for each task, with its shape."""

from collections.abc import Iterator

from lstm_inspect.theory import expressions as e
from lstm_inspect.theory.contract import record
from lstm_inspect.theory.shapes import Shape, format_tuple
from lstm_inspect.theory.spec import LSTMSpec


@record()
class Recipe:
    """What to use for a task."""

    id: str  #: stable name, unique in a report.
    task: str  #: what somebody wants.
    expression: str  #: what gives it.
    shape: Shape  #: the expression's shape.
    why: str  #: what to know about it.


def recipes(spec: LSTMSpec) -> tuple[Recipe, ...]:
    """The recipes for a spec."""
    return (*_of_output(spec), *_of_states(spec))


def _of_output(spec: LSTMSpec) -> Iterator[Recipe]:
    """The final state and each step: what most people want."""
    lead, batch, size = e.output_lead(spec), e.state_tail(spec)[:-1], spec.output_size
    why = "mask the padded steps in the loss" if spec.lengths else "one row of features a step, from the top layer"
    yield Recipe("each-step", "a label for each time step", "output", (*lead, size), why)
    why = "the top layer's state after the last valid step"
    if spec.bidirectional:
        one, joined = format_tuple(e.state_tail(spec)), format_tuple((*batch, size))
        stacked = format_tuple((2, *e.state_tail(spec)))
        why = f"cat joins along an axis that exists: {one} + {one} -> {joined}; "
        why += f"torch.stack would make a new one: {stacked}"
    yield Recipe("whole-sequence", "one vector per sequence", e.final_state(spec), (*batch, size), why)
    if spec.bidirectional:
        why = "index the axis before the last: 0 is forward, 1 is reverse"
        shape = (*lead, 2, spec.state_size)
        yield Recipe("directions-apart", "each direction by itself", e.output_by_direction(spec), shape, why)


def _of_states(spec: LSTMSpec) -> Iterator[Recipe]:
    """Every layer's state, and what the next call starts with."""
    tail, width = e.state_tail(spec), spec.num_states * spec.state_size
    if spec.num_states > 1:
        shape, why = (spec.num_layers, spec.num_directions, *tail), "index it [layer, direction]"
        yield Recipe("by-layer", "states by layer, direction", e.states_by_layer(spec), shape, why)
    if spec.num_states > 1 and spec.batched:
        why = "every layer's and direction's state of a sequence in one row; hn.reshape alone would mix the sequences"
        rows = f"hn.transpose(0, 1).reshape({spec.batch_size}, {width})"
        yield Recipe("all-layers", "every state of a sequence", rows, (*tail[:-1], width), why)
    h0 = (spec.num_states, *tail)
    why = "detach keeps this call's graph out of the next one's"
    after = f"{why}; hn goes on after each sequence's last valid step"
    yield Recipe("next-h0", "h0 of the next call", "hn.detach()", h0, after)
    c0 = (*h0[:-1], spec.hidden_size)
    yield Recipe("next-c0", "c0 of the next call", "cn.detach()", c0, f"{why}; cn goes with hn")
