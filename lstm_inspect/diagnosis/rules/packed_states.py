"""States of packed input, of which torch checks no shape: what its kernels say instead."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.rule import Cause, Rule, says
from lstm_inspect.diagnosis.rules.weights import MODULE_CHANGED

RULES: Final = (
    Rule(
        "states-rows-packed",
        says(
            "Expected more hidden states in stacked_rnn",
            "Odd number of params or hiddens given to a bidirectional RNN",
            "select(): index {index:int} out of range for tensor of size {got:shape} at dimension 0",
        ),
        "h0",
        (
            Cause(
                "rows",
                "h0 has too few or too many rows for packed input (torch checks no shape there, and the words "
                "mislead): "
                "axis 0 is L*D, the module's layers times directions",
                "h0, c0 = packed_input.data.new_zeros({rows}, {batch}, {state_size}), "
                "packed_input.data.new_zeros({rows}, {batch}, {hidden_size})",
                "h0.shape[0] is not num_layers * directions, {rows}",
                lambda e: (
                    None if e.known.h0_shape is None or e.known.rows is None else e.known.h0_shape[0] != e.known.rows
                ),
                axis=0,
            ),
            Cause(
                "states-batch-first",
                "h0 and c0 were made batch-first (B, L*D, .), as the input is: so their rows are sequences",
                "h0, c0 = h0.transpose(0, 1).contiguous(), c0.transpose(0, 1).contiguous()",
                "h0.shape[0] is the number of sequences",
                lambda e: (
                    None
                    if e.known.h0_shape is None or e.known.batch is None
                    else e.known.h0_shape[0] == e.known.batch and e.known.h0_shape[0] != e.known.rows
                ),
                axis=0,
            ),
            Cause(
                "module-changed",
                "num_layers or bidirectional of the module was changed after it was built",
                lambda e: e.constructor(),
                "the states have the right number of rows",
            ),
        ),
    ),
    Rule(
        "weights-in-stack",
        says("Expected more weights in stacked_rnn"),
        "num_layers",
        (MODULE_CHANGED,),
    ),
    Rule(
        "parameters-count",
        says("got an incorrect number of RNN parameters"),
        "c0",
        (
            Cause(
                "c0-width",
                "c0 has the wrong width for packed input (torch checks no shape there): it is hidden_size wide, "
                "with a projection too; c0 of another width than h0 is read as a projection",
                "c0 = packed_input.data.new_zeros({rows}, {batch}, {hidden_size})",
                "c0.shape[-1] is not hidden_size, {hidden_size}",
                lambda e: (
                    None
                    if e.known.c0_shape is None or e.known.hidden_size is None
                    else e.known.c0_shape[-1] != e.known.hidden_size
                ),
                axis=2,
            ),
            Cause(
                "h0-not-projected",
                "the module has a projection: h0 is proj_size wide, c0 is hidden_size wide; two of the same width "
                "are read as no projection",
                "h0 = packed_input.data.new_zeros({rows}, {batch}, {proj_size})",
                "h0.shape[-1] is not proj_size, {proj_size}",
                lambda e: (
                    None
                    if e.known.h0_shape is None or not e.known.proj_size
                    else e.known.h0_shape[-1] != e.known.proj_size
                ),
                argument="h0",
                axis=2,
            ),
            Cause(
                "module-changed",
                "proj_size or bias of the module was changed after it was built",
                lambda e: e.constructor(),
                "lstm.proj_size or lstm.bias is assigned somewhere",
            ),
        ),
    ),
    Rule(
        "states-batch-packed",
        says("output with shape {got:shape} doesn't match the broadcast shape {expected:shape}"),
        "h0",
        (
            Cause(
                "made-for-one-sequence",
                lambda e: (
                    f"h0 has batch {e.got[0]} and the packed input {e.expected[0]} sequences; "
                    "the shapes shown are (B, 4*H)"
                ),
                lambda e: f"h0, c0 = (state.expand(-1, {e.expected[0]}, -1).contiguous() for state in (h0, c0))",
                lambda e: f"h0.shape[1] is {e.got[0]}, and batch_sizes[0] is {e.expected[0]}",
                axis=1,
            ),
            Cause(
                "handmade-batch-sizes",
                "a PackedSequence was made by hand: its batch_sizes grow, and they may only fall",
                "packed_input = pack_padded_sequence(input, lengths, enforce_sorted=False)",
                "PackedSequence(...) is called by your own code",
                argument="packed_input",
            ),
        ),
        scope="near",
        claims=lambda e: len(e.got) == len(e.expected) == 2 and e.got[1] == e.expected[1] and e.got[1] % 4 == 0,
    ),
)
