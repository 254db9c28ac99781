"""What the packing functions refuse in what they are called with: sequences, types, arguments."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.rule import Cause, Rule, says
from lstm_inspect.diagnosis.rules.packing import pack_line

RULES: Final = (
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
            "pack_padded_sequence() takes from {fewest:int} to {expected:int} positional arguments but "
            "{got:int} were given",
            "pad_packed_sequence() takes from {fewest:int} to {expected:int} positional arguments but "
            "{got:int} were given",
        ),
        lambda e: str(e.get("name") or ""),
        (
            Cause(
                "lengths-missing",
                "lengths were left out: packing needs the number of valid steps of each sequence",
                pack_line,
                "the sequences are not padded yet: then pack_sequence(sequences, enforce_sorted=False) finds "
                "them itself",
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
                pack_line,
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
)
