"""Axes and PackedSequences of the wrong kind, which torch notices late."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.rule import Cause, Rule, says
from lstm_inspect.diagnosis.rules.packing import pack_line

RULES: Final = (
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
                pack_line,
                "PackedSequence(...) is called by your own code",
            ),
        ),
        claims=lambda e: "scalar type" not in e.message or e.at_an_lstm or e.trace == "none",
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
