"""The two expressions that show a mistake on a spec: what is tempting, and what is right."""

from __future__ import annotations

from typing import TypeAlias

from lstm_inspect.theory import expressions as e
from lstm_inspect.theory.packing import sorted_order
from lstm_inspect.theory.packing_claims import sorted_by_hand, valid_cells
from lstm_inspect.theory.shapes import format_tuple
from lstm_inspect.theory.spec import LSTMSpec

Sides: TypeAlias = tuple[str, str]

_GIVEN = "(h0, c0)"
_SORTED, _UNSORTED = "packed_input.sorted_indices", "packed_input.unsorted_indices"


def last_step(spec: LSTMSpec) -> Sides:
    """The last step of output, and the final state."""
    return e.at_step(spec, "output", "-1"), e.final_state(spec)


def last_row(spec: LSTMSpec) -> Sides:
    """The last row of hn, and both directions' final states."""
    return "hn[-1]", e.final_state(spec)


def interleaved(spec: LSTMSpec) -> Sides:
    """Output viewed as (R, D), and as (D, R): the forward half of each."""
    view = format_tuple((*e.output_lead(spec), spec.state_size, 2))
    return f"output.view{view}[..., 0]", f"{e.output_by_direction(spec)}[..., 0, :]"


def first_row(spec: LSTMSpec) -> Sides:
    """The first row of hn, and the top layer's forward one."""
    return "hn[0]", f"hn[-{spec.num_directions}]"


def layers_joined(spec: LSTMSpec) -> Sides:
    """Rows of several layers taken for the directions, and the top layer's."""
    if not spec.bidirectional:
        return "torch.cat((hn[-2], hn[-1]), dim=-1)", "hn[-1]"
    swapped = format_tuple((2, spec.num_layers, *e.state_tail(spec)))
    return f"hn.view{swapped}[0, -1]", f"{e.states_by_layer(spec)}[-1, 0]"


def reshaped(spec: LSTMSpec) -> Sides:
    """Hn reshaped to one row a sequence, and each sequence's own states."""
    rows = f"{spec.batch_size}, {spec.num_states * spec.state_size}"
    return f"hn.reshape({spec.batch_size}, -1)", f"hn.transpose(0, 1).reshape({rows})"


def cell_state(spec: LSTMSpec) -> Sides:
    """The final cell state, and the final hidden state."""
    hidden = e.final_state(spec)
    return hidden.replace("hn", "cn"), hidden


def along_the_batch(spec: LSTMSpec) -> Sides:
    """The last sequence, and the final state of every sequence."""
    return "output[-1]" if spec.batch_first else "output[:, -1]", e.final_state(spec)


def mean_over_padding(spec: LSTMSpec) -> Sides:
    """The mean over all steps, and over the valid ones."""
    time = 1 if spec.batch_first else 0
    masked = f"output.mul(({valid_cells(spec)})[..., None].to(output))" if spec.padding_value else "output"
    return f"output.mean({time})", f"{masked}.sum({time}) / lengths[:, None].to(output)"


def unpacked(spec: LSTMSpec) -> Sides:
    """Hn of the padded batch, and of the packed one."""
    return f"lstm(input, {_GIVEN})[1][0]", "hn"


def unpacked_and_masked(spec: LSTMSpec) -> Sides:
    """The valid steps of the padded batch's output, and of the packed one's."""
    valid = valid_cells(spec)
    return f"lstm(input, {_GIVEN})[0][{valid}]", f"output[{valid}]"


def lengths_alone(spec: LSTMSpec) -> Sides:
    """Hn where the lengths were sorted and the sequences were not, and hn."""
    by_hand = sorted_by_hand(sorted_order(spec.lengths or ()))[0]
    return _packed_hn(spec, f"lengths[{by_hand}]", _GIVEN, enforce_sorted=True), "hn"


def sorted_twice(spec: LSTMSpec) -> Sides:
    """Sorted states sorted once more, and brought back."""
    once = f"hn[:, {_SORTED}]"
    return f"{once}[:, {_SORTED}]", f"{once}[:, {_UNSORTED}]"


def data_and_mask(spec: LSTMSpec) -> Sides:
    """Packed data, and the same cells as a mask picks them."""
    return "packed_output.data", f"output[{valid_cells(spec)}]"


def layout_swapped(spec: LSTMSpec) -> Sides:
    """The output of input whose batch and time were swapped, its axes put back, and output without given states."""
    return "lstm(input.transpose(0, 1))[0].transpose(0, 1)", "lstm(input)[0]"


def in_company(spec: LSTMSpec) -> Sides:
    """The last sequence's result in a batch that is laid out wrongly, and alone."""
    swapped = "input.transpose(0, 1)"
    if spec.batch_first:
        return f"lstm({swapped})[0][:, -1]", f"lstm({swapped}[:, -1:])[0][:, 0]"
    return f"lstm({swapped})[0][-1]", f"lstm({swapped}[-1:])[0][0]"


def drawn_state(spec: LSTMSpec) -> Sides:
    """Hn from a state that is drawn in the call, and from zeros."""
    input = _input(spec)
    drawn = "(torch.randn_like(h0), torch.zeros_like(c0))"
    return f"lstm({input}, {drawn})[1][0]", f"lstm({input})[1][0]"


def share_dropped(spec: LSTMSpec) -> Sides:
    """The share of zeros in output in training mode, and where output is dropped."""
    data, output = (".data", "packed_output.data") if spec.lengths else ("", "output")
    dropped = f"torch.nn.functional.dropout({output}, {spec.dropout!r})"
    share = ".eq(0).float().mean()"
    return f"lstm.train()({_input(spec)}, {_GIVEN})[0]{data}{share}", f"{dropped}{share}"


def vectors(spec: LSTMSpec) -> Sides:
    """One step of a batch as 2-D input, and as one step each."""
    step, time = e.at_step(spec, "input", "0"), 1 if spec.batch_first else 0
    return f"lstm({step})[0]", f"lstm({step}.unsqueeze({time}))[0].squeeze({time})"


def one_sequence(spec: LSTMSpec) -> Sides:
    """The states of one unbatched sequence, and of a batch of one."""
    first, batch = ("input[0]", 0) if spec.batch_first else ("input[:, 0]", 1)
    return f"lstm({first})[1][0]", f"lstm({first}.unsqueeze({batch}))[1][0]"


def data_alone(spec: LSTMSpec) -> Sides:
    """Packed data as if it were one sequence, and packed."""
    return "lstm(packed_input.data)[0]", "lstm(packed_input)[0].data"


def one_length_less(spec: LSTMSpec) -> Sides:
    """Hn with one length too few, and with all."""
    return _packed_hn(spec, "lengths[:-1]"), _packed_hn(spec, "lengths")


def fractions(spec: LSTMSpec) -> Sides:
    """Hn with lengths a little under whole numbers, and hn."""
    return _packed_hn(spec, "lengths - 0.1", _GIVEN), "hn"


def column_of_a_mask(spec: LSTMSpec) -> Sides:
    """Hn with a mask's column as the lengths, and with its sums."""
    mask, time = f"({valid_cells(spec)})", 1 if spec.batch_first else 0
    column = f"{mask}[:, 0]" if spec.batch_first else f"{mask}[0]"
    return _packed_hn(spec, f"{column}.long()", _GIVEN), _packed_hn(spec, f"{mask}.sum({time})", _GIVEN)


def states_swapped(spec: LSTMSpec) -> Sides:
    """Hn from states that were made batch-first, and hn."""
    swapped = ", ".join(f"{name}.transpose(0, 1).contiguous()" for name in ("h0", "c0"))
    return f"lstm({_input(spec)}, ({swapped}))[1][0]", "hn"


def without_total_length(spec: LSTMSpec) -> Sides:
    """Output as long as the longest sequence, and as long as input."""
    layout = ", batch_first=True" if spec.batch_first else ""
    return f"{e.UNPACK}(packed_output{layout})[0]", "output"


def another_kernel(spec: LSTMSpec) -> Sides:
    """The first sequence run without packing, and its steps of output."""
    length = (spec.lengths or (1,))[0]
    cells = f"[:1, :{length}]" if spec.batch_first else f"[:{length}, :1]"
    return f"lstm(input{cells}, (h0[:, :1], c0[:, :1]))[0]", f"output{cells}"


def _input(spec: LSTMSpec) -> str:
    return "packed_input" if spec.lengths else "input"


def _packed_hn(spec: LSTMSpec, lengths: str, states: str = "", *, enforce_sorted: bool = False) -> str:
    """Hn of a batch that is packed with other lengths."""
    layout = ", batch_first=True" if spec.batch_first else ""
    order = "" if enforce_sorted else ", enforce_sorted=False"
    return f"lstm({e.PACK}(input, {lengths}{layout}{order}){', ' if states else ''}{states})[1][0]"
