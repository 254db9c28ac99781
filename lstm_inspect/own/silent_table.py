"""The silent mistakes, one table."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from lstm_inspect.own.known import Known
from lstm_inspect.own.layout import layout
from lstm_inspect.own.silent import Silent, shown, uneven, unsorted, whole_lengths

Numbers: TypeAlias = "dict[str, Any] | None"
_PACKED: Final = "packed_input = pack_padded_sequence(input, lengths, batch_first={batch_first}, enforce_sorted=False)"
_RUN_PACKED: Final = _PACKED + "; packed_output, (hn, cn) = lstm(packed_input)"


def _wrong_layout(known: Known) -> Numbers:
    data = known.data_batch_first
    if known.batch_first is None or data is None or data is known.batch_first or known.input_shape is None:
        return None
    first, second, *rest = known.input_shape
    layouts = ("(B, T, I)", "(T, B, I)")
    return {
        "got": known.input_shape,
        "expected": (second, first, *rest),
        "is_laid": layouts[not data],
        "is_read": layouts[data],
        "flag": known.batch_first,
        "read_batch": second if data else first,
        "change": f"batch_first={data}",
    }


def _sample_as_sequence(known: Known) -> Numbers:
    if known.batched is not False or known.unbatched or known.lengths is not None:
        return None
    assert known.input_shape is not None
    return {"got": known.input_shape, "steps": known.input_shape[0]}


def _batch_of_vectors(known: Known) -> Numbers:
    numbers = _sample_as_sequence(known)
    meant = known.batch_size is not None or known.unbatched is False
    return numbers if meant else None


def _maybe_batch_of_vectors(known: Known) -> Numbers:
    return None if _batch_of_vectors(known) else _sample_as_sequence(known)


def _packed_data(known: Known) -> Numbers:
    lengths = whole_lengths(known)
    if lengths is None or known.batched is not False or known.input_shape is None or len(lengths) < 2:
        return None
    return {"got": known.input_shape, "n": sum(lengths)} if known.input_shape[0] == sum(lengths) else None


def _fewer_lengths(known: Known) -> Numbers:
    batch, _ = layout(known)
    if known.lengths is None or batch is None or known.enforce_sorted is not False or len(known.lengths) >= batch:
        return None
    return {"expected": batch, "got": len(known.lengths), "lost": batch - len(known.lengths)}


def _fractions(known: Known) -> Numbers:
    if known.lengths is None or all(length == int(length) for length in known.lengths):
        return None
    return {"got": known.lengths, "cut": shown([int(length) for length in known.lengths])}


def _mask(known: Known) -> Numbers:
    _, time = layout(known)
    if known.lengths is None or len(known.lengths) < 2 or set(known.lengths) - {0, 1} or time in (None, 1):
        return None
    return {"got": known.lengths, "time": time}


def _shorter_than_t(known: Known) -> Numbers:
    lengths = whole_lengths(known)
    _, time = layout(known)
    if lengths is None or time is None or max(lengths) >= time or known.total_length is not None:
        return None
    return {"expected": time, "got": max(lengths)}


def _square(known: Known) -> Numbers:
    batch, time = layout(known)
    return {"n": batch, "got": known.input_shape} if batch is not None and batch == time and batch > 1 else None


def _square_states(known: Known) -> Numbers:
    batch, _ = layout(known)
    return {"n": batch} if batch is not None and batch > 1 and batch == known.rows else None


def _no_dropout(known: Known) -> Numbers:
    return {"p": f"{known.dropout:g}"} if known.dropout and known.num_layers == 1 else None


def _dropout(known: Known) -> Numbers:
    deep = known.dropout and known.num_layers is not None and known.num_layers > 1
    return {"p": f"{known.dropout:g}"} if deep else None


def _two_directions(known: Known) -> Numbers:
    return {} if known.bidirectional else None


def _two_directions_read_to_the_end(known: Known) -> Numbers:
    _, time = layout(known)
    return {"last": "[:, -1]" if known.batch_first else "[-1]"} if known.bidirectional and time != 1 else None


def _several_rows(known: Known) -> Numbers:
    batch, _ = layout(known)
    rows = known.rows
    several = rows is not None and rows > 1 and batch != 1 and known.batched is not False
    return {"rows": rows, "batch": batch if batch is not None else "batch_size"} if several else None


def _layers_and_directions(known: Known) -> Numbers:
    if not known.bidirectional or known.num_layers is None or known.num_layers < 2:
        return None
    same = "the same shape" if known.num_layers == 2 else "as many numbers"
    return {"same": same}


def _ends_early(known: Known) -> Numbers:
    lengths = uneven(known)
    if lengths is None:
        return None
    _, time = layout(known)
    end = max(lengths) if time is None else time
    early = [sequence for sequence, length in enumerate(lengths) if length < end]
    return {"got": lengths, "early": shown(list(early)), "count": len(early), "n": len(lengths)}


def _ends_early_both_ways(known: Known) -> Numbers:
    return _ends_early(known) if known.bidirectional else None


def _ends_early_one_way(known: Known) -> Numbers:
    return None if known.bidirectional else _ends_early(known)


def _not_its_own_inverse(known: Known) -> Numbers:
    numbers = unsorted(known)
    return None if numbers is None or numbers["self_inverse"] else numbers


def _packed_order(known: Known) -> Numbers:
    lengths = whole_lengths(known)
    return {"got": lengths} if lengths is not None and len(lengths) > 1 and max(lengths) > 1 else None


TABLE: Final[tuple[Silent, ...]] = (
    Silent(
        "batch-first-forgotten",
        "wrong",
        "input",
        0,
        _wrong_layout,
        "the data is {is_laid}, and with batch_first={flag} it is read as {is_read}: the recurrence runs over the "
        "sequences, so one leaks into the next; output has the shape that is expected",
        "input = input.transpose(0, 1)  # or build the module with {change}; never view or reshape",
        "hn.shape[1] is {read_batch}, which is T and not the batch",
    ),
    Silent(
        "batch-of-vectors",
        "wrong",
        "input",
        None,
        _batch_of_vectors,
        "a 2-D batch is taken for ONE sequence of {steps} steps, whatever batch_first is",
        "input = input.unsqueeze({time_axis})  # (B, I): one step each; one sequence (T, I): unsqueeze({batch_axis})",
        "input.shape {got} is meant as a batch: hn then has no batch axis",
    ),
    Silent(
        "packed-data-alone",
        "wrong",
        "input",
        None,
        _packed_data,
        "the data of a PackedSequence ({n} rows, the sum of the lengths) is taken for one sequence, in which the "
        "sequences are interleaved",
        "packed_output, (hn, cn) = lstm(packed_input)  # not packed_input.data",
        "input.shape[0] is the sum of the lengths, {n}",
    ),
    Silent(
        "fewer-lengths",
        "wrong",
        "lengths",
        0,
        _fewer_lengths,
        "{got} lengths for {expected} sequences: with enforce_sorted=False the last {lost} vanish without a word",
        "assert len(lengths) == input.shape[{batch_axis}]",
        "len(lengths) is {got} and B is {expected}",
    ),
    Silent(
        "fractional-lengths",
        "wrong",
        "lengths",
        None,
        _fractions,
        "lengths are cut to whole numbers, here to {cut}: a relative length times T loses a step to rounding",
        "lengths = torch.as_tensor(lengths).round().long()",
        "lengths.dtype is a floating point one",
    ),
    Silent(
        "mask-as-lengths",
        "wrong",
        "lengths",
        None,
        _mask,
        "the lengths are all 0 or 1, and T is {time}: a column of a mask, whose True counts as 1 step",
        "lengths = mask.sum(dim={time_axis}).cpu()",
        "lengths come from a mask, not from counting it",
    ),
    Silent(
        "batch-equals-time",
        "trap",
        "input",
        None,
        _square,
        "B == T == {n}: no shape, not even hn's or an explicit h0's, can show batch and time swapped",
        "assert input.shape[{batch_axis}] == len(targets)  # and test with a B and a T that differ",
        "any other two sizes would show it",
    ),
    Silent(
        "batch-equals-rows",
        "trap",
        "h0",
        None,
        _square_states,
        "B == L*D == {n}: h0, c0, hn or cn made or read batch-first (B, L*D, .) are accepted, layers and sequences swapped",
        "h0 = input.new_zeros({rows}, {batch}, {state_size})  # (L*D, B, R), whatever batch_first is",
        "another batch size would show it",
    ),
    Silent(
        "output-shorter",
        "trap",
        "output",
        None,
        _shorter_than_t,
        "the longest sequence has {got} of T = {expected} steps: the unpacked output is {got} long, so masks, residuals "
        "and DataParallel's gathering don't fit",
        "output, lengths = pad_packed_sequence(packed_output, batch_first=lstm.batch_first, total_length={expected})",
        "output is used beside something of T = {expected} steps",
    ),
    Silent(
        "dropout-one-layer",
        "trap",
        "dropout",
        None,
        _no_dropout,
        "dropout={p} with one layer does nothing: it acts between layers",
        "output = torch.nn.functional.dropout(output, p={p}, training=lstm.training)",
        "num_layers is 1",
    ),
    Silent(
        "dropout-where-it-acts",
        "trap",
        "dropout",
        None,
        _dropout,
        "dropout={p} acts on the output of every layer but the last, in training mode only: output itself is never dropped",
        "output = torch.nn.functional.dropout(output, p={p}, training=lstm.training)",
        "numbers are compared without lstm.eval(), or the last layer was meant too",
    ),
    Silent(
        "output-last-step",
        "trap",
        "output",
        None,
        _two_directions_read_to_the_end,
        "output{last} joins the final forward state with the FIRST reverse state, which has seen one step",
        "features = torch.cat((hn[-2], hn[-1]), dim=-1)  # (B, 2*R)",
        "one vector a sequence is wanted",
    ),
    Silent(
        "hn-last-row",
        "trap",
        "hn",
        0,
        _two_directions,
        "hn[-1] is the reverse direction alone: half of the features are lost, without a shape that shows it",
        "features = torch.cat((hn[-2], hn[-1]), dim=-1)  # (B, 2*R)",
        'hn[-1] is read as "the last layer"',
    ),
    Silent(
        "hn-view",
        "trap",
        "hn",
        0,
        _several_rows,
        "hn.view({batch}, -1) mixes the states of different sequences: its first axis holds {rows} layers and directions",
        "features = hn.transpose(0, 1).reshape({batch}, -1)  # (B, L*D*R)",
        "all rows of hn are wanted as one vector a sequence",
    ),
    Silent(
        "hn-directions-first",
        "trap",
        "hn",
        0,
        _layers_and_directions,
        "hn is ordered layer by layer, the directions inside: a view as (D, L, ..) has {same} and other states",
        "states = hn.view({num_layers}, 2, *hn.shape[1:])  # (L, D, B, R)",
        "layers or directions are picked out of hn by a view",
    ),
    Silent(
        "output-view",
        "trap",
        "output",
        -1,
        _two_directions,
        "output's last axis is forward, then reverse, not interleaved: a view as (.., R, 2) mixes the two",
        "forward, reverse = output.chunk(2, dim=-1)",
        "the directions are taken apart by a view",
    ),
    Silent(
        "padding-read",
        "trap",
        "hn",
        None,
        _ends_early_one_way,
        "{count} of {n} sequences end early, {early}: without packing hn and the last step of output are what came "
        "after their padding was read",
        _RUN_PACKED,
        "the padded batch is passed to the LSTM",
    ),
    Silent(
        "padding-read-in-reverse",
        "trap",
        "output",
        None,
        _ends_early_both_ways,
        "{count} of {n} sequences end early, {early}: without packing the reverse direction starts in their padding, so "
        "even their valid steps are wrong, and masking output afterwards does not help",
        _RUN_PACKED,
        "the padded batch is passed to the LSTM",
    ),
    Silent(
        "last-step-after-unpacking",
        "trap",
        "output",
        None,
        _ends_early,
        "after unpacking the last step of output is padding (zeros) for sequences {early}",
        "features = hn[-1]  # one direction; of two: torch.cat((hn[-2], hn[-1]), dim=-1)",
        "output[-1] or output[:, -1] is taken for the last state",
    ),
    Silent(
        "sorted-and-not-unsorted",
        "trap",
        "lengths",
        0,
        unsorted,
        "sorted by hand, the results come in the order {order} and no longer belong to the labels",
        _RUN_PACKED,
        "the batch is sorted by your own code; torch's own sorting is undone by torch, twice undone is wrong again",
    ),
    Silent(
        "lengths-sorted-alone",
        "trap",
        "lengths",
        0,
        unsorted,
        "sorting the lengths alone, to {sorted}, silences torch and gives {moved} sequences another one's length",
        _PACKED,
        "lengths.sort(..) comes without input.index_select(..)",
    ),
    Silent(
        "sorted-indices-twice",
        "trap",
        "lengths",
        0,
        _not_its_own_inverse,
        "sorted_indices {order} is not its own inverse: the way back is unsorted_indices, {back}",
        "restored = values[packed_input.unsorted_indices]  # for what you sorted yourself; output, hn, cn are restored",
        "sorted_indices is applied a second time to undo it",
    ),
    Silent(
        "packed-order",
        "trap",
        "packed_output",
        0,
        _packed_order,
        "packed_output.data runs time step by time step, labels[mask] sequence by sequence: as many rows, in another order",
        "labels = pack_padded_sequence(labels, lengths, batch_first=lstm.batch_first, enforce_sorted=False).data",
        "packed data is held against labels that were picked by a mask",
    ),
    Silent(
        "packed-to-rounding",
        "trap",
        "packed_output",
        None,
        lambda known: {} if uneven(known) else None,
        "packed input of unequal lengths runs another kernel than padded input: they agree to rounding, not to the bit",
        "torch.testing.assert_close(packed_result, padded_result)",
        "results of two runs are compared with torch.equal",
    ),
)
