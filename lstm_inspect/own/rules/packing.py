"""What pack_padded_sequence, pad_packed_sequence and their kin refuse."""

from __future__ import annotations

from typing import Final

from lstm_inspect.own.evidence import Evidence
from lstm_inspect.own.rules.rule import Cause, Rule, says


def _pack(e: Evidence, **changes: object) -> str:
    batch_first = changes.get("batch_first", e.known.batch_first)
    shown = "lstm.batch_first" if batch_first is None else batch_first
    lengths = changes.get("lengths", "lengths")
    return f"packed_input = pack_padded_sequence(input, {lengths}, batch_first={shown}, enforce_sorted=False)"


def _on_time_axis(e: Evidence) -> bool | None:
    """As many lengths as the other axis has sequences: batch_first is wrong."""
    shape = e.known.input_shape
    if shape is None or len(shape) < 2:
        return None
    expected, got = e.get("expected"), e.get("got")
    return sorted(shape[:2]) == sorted((expected, got))


def _elements(e: Evidence, test: str) -> bool | None:
    if e.known.lengths is None:
        return None
    return any(length == 0 if test == "zero" else length < 0 for length in e.known.lengths)


def _dims(e: Evidence) -> int:
    return int(e["dims"])


def _on_cpu(e: Evidence) -> bool:
    return str(e["got"]) == "cpu"


def _longest_over_time(e: Evidence) -> bool | None:
    if e.known.lengths is None or e.known.time is None:
        return None
    return max(e.known.lengths) > e.known.time


LENGTH_OVER_T: Final = (
    "a length is larger than T: packing accepts it, and makes batch_sizes that ask for more rows than the data has"
)
CLAMP: Final = "lengths = torch.as_tensor(lengths).clamp(max=input.shape[{time_axis}])"

RULES: Final = (
    Rule(
        "lengths-tensor",
        says("'lengths' argument should be a 1D CPU int64 tensor, but got {dims:int}D {got} {type} tensor"),
        "lengths",
        (
            Cause(
                "lengths-on-device",
                "lengths is a tensor on {got}: it has to be on the CPU, even where the data is on a GPU",
                "lengths = lengths.cpu()  # or lengths.tolist()",
                "lengths.device is {got}",
                lambda e: not _on_cpu(e),
            ),
            Cause(
                "lengths-scalar",
                "one number was given for all sequences",
                "lengths = [lengths] * input.shape[{batch_axis}]",
                "lengths has no axis",
                lambda e: _dims(e) == 0,
            ),
            Cause(
                "lengths-column",
                "lengths is a column (B, 1), not a vector (B,)",
                "lengths = lengths.flatten()",
                "lengths.shape is (B, 1)",
                lambda e: None if _dims(e) >= 2 else False,
            ),
            Cause(
                "mask-as-lengths",
                "lengths is a mask (B, T), not the number of valid steps of each sequence",
                "lengths = mask.sum(dim=1).cpu()  # mask: (B, T)",
                "lengths.shape is (B, T)",
                lambda e: None if _dims(e) >= 2 else False,
            ),
        ),
    ),
    Rule(
        "lengths-vector",
        says("index_select(): Index is supposed to be a vector", "index_select(): Index is supposed to be 1-D"),
        "lengths",
        (
            Cause(
                "lengths-column",
                "lengths is a column (B, 1), not a vector; with enforce_sorted=False sorting fails before it is checked",
                "lengths = lengths.flatten()",
                "lengths.shape is (B, 1)",
            ),
            Cause(
                "mask-as-lengths",
                "lengths is a mask (B, T), not the number of valid steps of each sequence",
                "lengths = mask.sum(dim=1)  # mask: (B, T)",
                "lengths.shape is (B, T)",
            ),
        ),
        scope="near",
    ),
    Rule(
        "lengths-positive",
        says(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0",
            "length of all samples has to be greater than 0, but found an element in 'lengths' that is <=0",
            "Length of all samples has to be greater than 0",
        ),
        "lengths",
        (
            Cause(
                "zero-length",
                "a sequence has length 0: it has no step, hence no state",
                "keep = torch.as_tensor(lengths) > 0  # pack these sequences alone and put zeros back for the others",
                "0 is in lengths; or clamp: torch.as_tensor(lengths).clamp(min=1), and mask that row's result",
                lambda e: _elements(e, "zero"),
            ),
            Cause(
                "negative-length",
                "a length is negative: lengths count steps, they are no last indices",
                "lengths = mask.sum(dim=1)  # not mask.sum(dim=1) - 1",
                "lengths are computed with - 1, or -1 stands for a missing sequence",
                lambda e: _elements(e, "negative"),
            ),
            Cause(
                "empty-sequence",
                "a sequence in the list that was packed is empty",
                "sequences = [sequence for sequence in sequences if len(sequence) > 0]",
                "pack_sequence raises it",
            ),
        ),
    ),
    Rule(
        "lengths-sorted",
        says(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True",
            "'lengths' array has to be sorted in decreasing order",
            "`lengths` array has to be sorted in decreasing order",
            "lengths array has to be sorted in decreasing order",
            "sequences must be sorted in the order of decreasing length",
        ),
        "lengths",
        (
            Cause(
                "not-sorted",
                "the lengths don't descend, and enforce_sorted is True, its default",
                _pack,
                "the order of the batch is the data's own; torch then sorts, and puts output, hn and cn back in order "
                "(don't sort the lengths alone: each sequence would get another one's)",
            ),
            Cause(
                "sorted-ascending",
                "they were sorted the wrong way round",
                "lengths, order = torch.as_tensor(lengths).sort(descending=True); input = input.index_select({batch_axis}, order)",
                "an exporter needs enforce_sorted=True; undo it after with torch.argsort(order)",
            ),
        ),
    ),
    Rule(
        "lengths-count",
        says("Expected `len(lengths)` to be equal to batch_size, but got {got:int} (batch_size={expected:int})"),
        "lengths",
        (
            Cause(
                "batch-first-at-packing",
                lambda e: (
                    f"pack_padded_sequence reads axis {_axis(e)} of the input as the batch, and the sequences "
                    f"stand on the other one: {e['got']} lengths, {e['expected']} on that axis"
                ),
                lambda e: _pack(e, batch_first=not e.known.batch_first),
                lambda e: (
                    f"input.shape holds {e['got']} on the axis of the sequences and T = {e['expected']} on the other"
                ),
                _on_time_axis,
            ),
            Cause(
                "other-lengths",
                lambda e: (
                    f"there are {e['got']} lengths for {e['expected']} sequences: they belong to another batch, "
                    "or some sequences were filtered out"
                ),
                "lengths = lengths[:{expected}]  # only if they are the right ones: each belongs to its sequence",
                "the batch was filtered, split or repeated (DataParallel, beams) after the lengths were taken",
                lambda e: None if _on_time_axis(e) is None else not _on_time_axis(e),
            ),
        ),
        axis=0,
    ),
    Rule(
        "lengths-too-many",
        says(
            "INDICES element is out of DATA bounds, id={got:int} axis_dim={expected:int}",
            "index out of range in self",
        ),
        "lengths",
        (
            Cause(
                "more-lengths",
                "there are more lengths than sequences: with enforce_sorted=False the sort runs off the batch axis "
                "before the number is checked",
                lambda e: _pack(e, batch_first=not e.known.batch_first),
                "len(lengths) is more than the batch axis that packing reads; often batch_first was forgotten there",
                lambda e: (
                    None if e.known.lengths is None or e.known.batch is None else len(e.known.lengths) > e.known.batch
                ),
                axis=0,
            ),
            Cause(
                "states-batch",
                "the batch of h0 and c0 is smaller than the packed batch, and they are sorted along with it",
                "h0, c0 = packed_input.data.new_zeros({rows}, {batch}, {state_size}), "
                "packed_input.data.new_zeros({rows}, {batch}, {hidden_size})",
                "h0.shape[1] is smaller than the number of sequences",
                lambda e: (
                    None
                    if e.known.h0_shape is None or e.known.batch is None or len(e.known.h0_shape) < 3
                    else e.known.h0_shape[1] < e.known.batch
                ),
                argument="h0",
                axis=1,
            ),
            Cause(
                "ids-beyond-the-embedding",
                "the embedding before the LSTM has fewer rows than the largest id",
                "embedding = torch.nn.Embedding(int(ids.max()) + 1, {input_size})",
                "torch.nn.functional.embedding raises it",
                lambda e: e.mentions("embedding") if "self" in e.message else False,
                argument="input",
            ),
        ),
        scope="near",
        claims=lambda e: "INDICES" in e.message or e.at_an_lstm,
    ),
    Rule(
        "length-over-t",
        says("start ({start:int}) + length ({n:int}) exceeds dimension size ({size:int})"),
        "lengths",
        (
            Cause(
                "length-over-t",
                LENGTH_OVER_T,
                CLAMP,
                "max(lengths) is more than the input's time axis, {time}",
                lambda e: True if _longest_over_time(e) else None,
            ),
            Cause(
                "handmade-batch-sizes",
                "a PackedSequence was made by hand: the sum of its batch_sizes is more than the rows of its data",
                _pack,
                "PackedSequence(...) is called by your own code",
                argument="packed_input",
            ),
        ),
        scope="near",
    ),
    Rule(
        "nothing-to-pack",
        says("Cannot pack empty tensors."),
        "input",
        (
            Cause(
                "empty-input",
                "the tensor to pack has no elements: T, B or the features are 0",
                "if input.numel() == 0: raise ValueError('an empty batch reached the packing')",
                "input.shape holds a 0",
            ),
        ),
    ),
    Rule(
        "no-sequences",
        says("received an empty list of sequences"),
        "sequences",
        (
            Cause(
                "empty-list",
                "the list of sequences is empty",
                "if not sequences: raise ValueError('a batch without sequences')",
                "a filter, or the end of the data, left nothing",
            ),
        ),
    ),
    Rule(
        "sequences-type",
        says(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: <class '{got}'>",
            "expected Tensor as element {index:int} in argument {n:int}, but got {got}",
        ),
        "sequences",
        (
            Cause(
                "state-missing",
                "one of the two states is not a tensor: packed input is not checked before the kernel",
                "h0, c0 = packed_input.data.new_zeros({rows}, {batch}, {state_size}), "
                "packed_input.data.new_zeros({rows}, {batch}, {hidden_size})",
                "hx is (h0, None)",
                lambda e: e.get("n") == 2,
                argument="hx",
            ),
            Cause(
                "sequences-not-tensors",
                "the sequences are not tensors ({got})",
                "sequences = [torch.as_tensor(sequence) for sequence in sequences]",
                "the data is still Python lists or arrays",
                lambda e: None if e.get("n") in (None, 0) else False,
            ),
        ),
        scope="near",
        claims=lambda e: e.get("n") in (None, 0, 2),
    ),
    Rule(
        "sequence-without-time",
        says(
            "Dimension specified as 0 but tensor has no dimensions",
            "dimension specified as 0 but tensor has no dimensions",
            "ArrayRef: invalid slice, N = 1; M = 0; size = 0",
            "ArrayRef: invalid slice, N = 1; size = 0",
        ),
        "sequences",
        (
            Cause(
                "scalars",
                "the sequences are single numbers: each needs a time axis, (length, ...)",
                "sequences = [sequence.reshape(-1) for sequence in sequences]",
                "each sequence's shape is ()",
            ),
        ),
        scope="near",
    ),
    Rule(
        "total-length",
        says(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            "total_length={got:int} and max sequence length being {expected:int}"
        ),
        "total_length",
        (
            Cause(
                "total-length-short",
                "total_length ({got}) is less than the longest sequence ({expected})",
                "total_length = input.shape[{time_axis}]  # of the padded input, before it is packed",
                "it comes from another batch, or from the axis of the batch",
            ),
        ),
    ),
    Rule(
        "padding-side",
        says("Expected padding_side to be one of left or right, but got {got}."),
        "padding_side",
        (
            Cause(
                "padding-side",
                "padding_side is {got}",
                "input = pad_sequence(sequences, padding_side='right')",
                "it is neither 'left' nor 'right'",
            ),
        ),
    ),
    Rule(
        "packed-by-hand",
        says(
            "Expected data to be a list or tuple of length 2",
            "batch_sizes should always be on CPU. Instances of PackedSequence should never be created manually.",
            "expected scalar type Long but found Int",
        ),
        "packed_input",
        (
            Cause(
                "batch-sizes-device",
                "a PackedSequence was made by hand, with batch_sizes on a GPU: they stay on the CPU",
                "packed_input = packed_input.to(device)  # moves the data alone",
                "PackedSequence(...) is called by your own code",
                lambda e: "CPU" in e.message,
            ),
            Cause(
                "batch-sizes-missing",
                "a PackedSequence was made by hand, with its data alone",
                "packed_output = packed_input._replace(data=data)  # keeps batch_sizes and both orders",
                "PackedSequence(data) is called by your own code",
                lambda e: "length 2" in e.message,
            ),
            Cause(
                "batch-sizes-dtype",
                "a PackedSequence was made by hand, with batch_sizes that are not int64",
                "packed_input = packed_input._replace(batch_sizes=packed_input.batch_sizes.long())",
                "PackedSequence(...) is called by your own code",
                lambda e: "scalar type" in e.message,
            ),
            Cause(
                "made-by-hand",
                "PackedSequence was built by hand; torch's functions are meant to build it",
                _pack,
                "PackedSequence(...) is called by your own code",
            ),
        ),
        claims=lambda e: "scalar type" not in e.message or e.at_an_lstm or e.trace == "none",
    ),
    Rule(
        "packing-types",
        says(
            "_pack_padded_sequence(): argument '{name:name}' (position {n:int}) must be {expected}, not {got}",
            "_pad_packed_sequence(): argument '{name:name}' (position {n:int}) must be {expected}, not {got}",
        ),
        "{name}",
        (
            Cause(
                "not-padded-yet",
                "the sequences are a list: pack_padded_sequence wants one padded tensor",
                "packed_input = pack_sequence(sequences, enforce_sorted=False)",
                "the sequences were not padded with pad_sequence",
                lambda e: e["got"] == "list",
            ),
            Cause(
                "packed-twice",
                "the input is packed already",
                "packed_output, (hn, cn) = lstm(packed_input)",
                "pack_padded_sequence is called twice",
                lambda e: e["got"] == "PackedSequence",
            ),
            Cause(
                "whole-result",
                "the input is the whole result of an LSTM, (output, (hn, cn))",
                "output, (hn, cn) = lstm(input)",
                "the LSTM before it returns a tuple",
                lambda e: e["got"] == "tuple",
            ),
            Cause(
                "wrong-type",
                "{name} is a {got}; {expected} is wanted",
                lambda e: {
                    "int": f"{e['name']} = int({e['name']})",
                    "Number": f"{e['name']} = 0.0",
                }.get(str(e["expected"]), f"{e['name']} = torch.as_tensor({e['name']})"),
                "it comes from NumPy, a config or a division",
                lambda e: None if e["got"] not in ("list", "PackedSequence", "tuple") else False,
            ),
        ),
    ),
    Rule(
        "packing-arguments",
        says(
            "pack_padded_sequence() missing {n:int} required positional argument: '{name:name}'",
            "pack_padded_sequence() got an unexpected keyword argument '{name:name}'",
            "pad_packed_sequence() got an unexpected keyword argument '{name:name}'",
            "pack_sequence() got an unexpected keyword argument '{name:name}'",
            "pad_sequence() got an unexpected keyword argument '{name:name}'",
            "pack_padded_sequence() takes from {fewest:int} to {expected:int} positional arguments but {got:int} were given",
            "pad_packed_sequence() takes from {fewest:int} to {expected:int} positional arguments but {got:int} were given",
        ),
        lambda e: str(e.get("name") or ""),
        (
            Cause(
                "lengths-missing",
                "lengths were left out: packing needs the number of valid steps of each sequence",
                _pack,
                "the sequences are not padded yet: then pack_sequence(sequences, enforce_sorted=False) finds them itself",
                lambda e: "missing" in e.message,
            ),
            Cause(
                "of-the-other-function",
                "{name} belongs to the other function: enforce_sorted and lengths to packing, total_length and "
                "padding_value to unpacking",
                "output, lengths = pad_packed_sequence(packed_output, batch_first={batch_first}, "
                "total_length=input.shape[{time_axis}])",
                "{name} is an argument of pack_padded_sequence or of pad_packed_sequence",
                lambda e: (
                    e.get("name") in {"total_length", "padding_value", "enforce_sorted", "lengths", "batch_first"}
                ),
            ),
            Cause(
                "no-such-argument",
                "the function has no such argument",
                _pack,
                "it is in none of: input, lengths, batch_first, enforce_sorted",
                lambda e: None,
            ),
        ),
    ),
    Rule(
        "lengths-values",
        says(
            "only integer tensors of a single element can be converted to an index",
            "too many dimensions 'str'",
            "new(): invalid data type 'str'",
        ),
        "lengths",
        (
            Cause(
                "lengths-text",
                "lengths are text",
                "lengths = [int(length) for length in lengths]",
                "they come from a file or a config",
                lambda e: "str" in e.message,
            ),
            Cause(
                "lengths-of-tensors",
                "lengths is a list of tensors with several numbers each",
                "lengths = [len(sequence) for sequence in sequences]",
                "the sequences, or rows of a mask, were passed for their lengths",
                lambda e: "integer tensors" in e.message,
            ),
        ),
        scope="near",
    ),
    Rule(
        "unpad-count",
        says(
            "zip() argument 2 is shorter than argument 1",
            "zip() argument 2 is longer than argument 1",
        ),
        "lengths",
        (
            Cause(
                "unpad-batch-first",
                "unpad_sequence counts other sequences than there are lengths: batch_first is wrong there, or the "
                "lengths are another batch's",
                "sequences = unpad_sequence(output, lengths, batch_first=True)  # output: (B, T, .)",
                "len(lengths) is not the number of sequences that it reads off the input",
            ),
        ),
        scope="near",
    ),
    Rule(
        "states-or-input-axes",
        says("Dimension out of range (expected to be in range of [{low:int}, {high:int}], but got {got:int})"),
        "h0",
        (
            Cause(
                "states-2d",
                "the states have two axes, and packed input needs three, (L*D, B, .): torch checks none of it there",
                "h0, c0 = h0.unsqueeze(0), c0.unsqueeze(0)",
                "h0.shape has two sizes, and the input is packed",
                lambda e: (e["low"], e["got"]) == (-2, 2) or False,
            ),
            Cause(
                "one-tensor",
                "hx is one 3-D tensor, not the tuple (h0, c0): its rows are taken for the states",
                "packed_output, (hn, cn) = lstm(packed_input, (h0, c0))",
                "the LSTM is called with one tensor for its states",
                lambda e: None if (e["low"], e["got"]) == (-2, 2) else False,
                argument="hx",
            ),
            Cause(
                "series-1d",
                "the input has one axis: packing needs at least two, time and batch",
                "input = input.reshape(-1, 1, 1)  # one series: (T, 1, 1)",
                "input.shape has a single size",
                lambda e: (e["low"], e["got"]) == (-1, 1) or False,
                argument="input",
            ),
            Cause(
                "result-axes",
                "output or hn has fewer axes than the code expects: unbatched input gives unbatched results",
                "output, (hn, cn) = lstm(input.unsqueeze({batch_axis}))",
                "input.shape has two sizes",
                argument="output",
            ),
        ),
        scope="near",
        claims=lambda e: (e["low"], e["got"]) in ((-2, 2), (-1, 1)) or e.at_an_lstm,
    ),
)


def _axis(e: Evidence) -> int:
    return 0 if e.known.batch_first else 1
