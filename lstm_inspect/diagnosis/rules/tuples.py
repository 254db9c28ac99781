"""The result of a call, a tuple, used as if it were the output."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.rule import Cause, Rule, says
from lstm_inspect.diagnosis.rules.attributes import PAD, UNPACK

RULES: Final = (
    Rule(
        "parameter-missing",
        says("Module 'LSTM({rest:text})' has no parameter or buffer with name '{name:name}'"),
        "lstm",
        (
            Cause(
                "parameter-name",
                "nn.LSTM has no {name}: name one of its parameters, such as weight_hh_l0",
                "lstm = torch.nn.utils.parametrizations.weight_norm(lstm, name='weight_hh_l0')",
                "weight_norm, spectral_norm or pruning is applied to the whole LSTM",
            ),
        ),
    ),
    Rule(
        "tuple-indexed",
        says("tuple indices must be integers or slices, not {got}"),
        "output",
        (
            Cause(
                "result-not-unpacked",
                "the result, (output, (hn, cn)), was indexed as if it were output",
                UNPACK + "  # then output[:, -1], of one direction and without padding",
                "out = lstm(input) is one name for two results",
            ),
            Cause(
                "still-packed",
                "the result is still a PackedSequence, which is a named tuple",
                PAD,
                "the LSTM was called with packed input",
                argument="packed_output",
            ),
        ),
        scope="near",
    ),
    Rule(
        "tuple-passed-on",
        says(
            "{name:name}(): argument '{argument:name}' (position {n:int}) must be Tensor, not {got}",
            "{name:name}() received an invalid combination of arguments - got (tuple,",
            "{name:name}() received an invalid combination of arguments - got (PackedSequence,",
            "unsupported operand type(s) for {operator}: 'Tensor' and 'tuple'",
            "unsupported operand type(s) for {operator}: 'tuple' and 'Tensor'",
            'can only concatenate tuple (not "{got}") to tuple',
        ),
        "output",
        (
            Cause(
                "still-packed",
                "the LSTM's output is still a PackedSequence, and the next layer wants a tensor",
                PAD
                + "  # or, for a layer that works step by step: packed_output._replace(data=layer(packed_output.data))",
                "the LSTM was called with packed input",
                lambda e: "PackedSequence" in e.message,
                argument="packed_output",
            ),
            Cause(
                "whole-result",
                "nn.LSTM returns (output, (hn, cn)), and the next layer got the tuple",
                "output, _ = lstm(input)  # nn.Sequential passes the whole tuple on: write a forward instead",
                "the LSTM stands in an nn.Sequential, or its result has one name",
                lambda e: None if "tuple" in e.message else False,
            ),
            Cause(
                "pair-of-states",
                "(hn, cn) was passed where one state is wanted",
                "hn, cn = hidden",
                "hidden is the LSTM's second result",
                lambda e: None if "tuple" in e.message else False,
                argument="hn",
            ),
        ),
        scope="near",
        claims=lambda e: "PackedSequence" in e.message or "tuple" in e.message,
    ),
    Rule(
        "unpacking",
        says(
            "not enough values to unpack (expected {expected:int}, got {got:int})",
            "too many values to unpack (expected {expected:int})",
        ),
        "output",
        (
            Cause(
                "three-results",
                "nn.LSTM has two results, and the second is a tuple of two",
                UNPACK,
                "the line reads output, hn, cn = lstm(input)",
                lambda e: (e["expected"], e.get("got")) == (3, 2),
            ),
            Cause(
                "cell-results",
                "nn.LSTMCell has no output: its result is (hn, cn)",
                "hn, cn = cell(input, (hn, cn))",
                "the line reads output, (hn, cn) = cell(..)",
                lambda e: None if e.get("got") is None else False,
            ),
            Cause(
                "output-taken-apart",
                "one tensor was taken apart along its first axis",
                UNPACK,
                "the line takes output, or a packed result, apart",
            ),
        ),
        scope="near",
        claims=lambda e: (e["expected"], e.get("got")) == (3, 2) or e.at_an_lstm,
    ),
    Rule(
        "module-misused",
        says("'LSTM' object is not {name:name}"),
        "lstm",
        (
            Cause(
                "parameters-missing",
                "the module itself was passed, where its parameters are wanted",
                "optimizer = torch.optim.Adam(lstm.parameters())",
                "an optimizer, or a loop, raises it",
                lambda e: e["name"] == "iterable",
            ),
            Cause(
                "one-module",
                "nn.LSTM is one module, stacked inside: its layers can't be indexed",
                "weight = lstm.weight_ih_l0  # layer 0; weight_ih_l1: layer 1",
                "lstm[0] was meant as its first layer",
            ),
        ),
    ),
)
