"""What nn.LSTM(...) refuses, or warns of, when it is built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.rule import Cause, Rule, says

"""What other libraries and many programs call torch's arguments."""


def name_is(*names: str) -> Callable[[Evidence], bool | None]:
    """Decide by the argument that the message names."""
    return lambda evidence: evidence.get("name") in names


def type_is(*names: str) -> Callable[[Evidence], bool | None]:
    """Decide by the type that the message names."""
    return lambda evidence: evidence.get("got") in names


_SIZE_CAUSES: Final = (
    Cause(
        "division",
        "{name} is a float: true division gives one even where nothing is left over, as in hidden / 2",
        "{name} = int({name})  # or divide with //",
        "it is computed with /, as half a width often is",
        type_is("float"),
    ),
    Cause(
        "unparsed",
        "{name} is text: a command-line or config value that was not converted",
        "{name} = int({name})",
        "it comes from argparse without type=int, from an environment variable, or from a quoted config value",
        type_is("str"),
    ),
    Cause(
        "whole-shape",
        "{name} is a whole shape; one number is wanted, the size of the last axis",
        "{name} = x.shape[-1]",
        "x.shape, or a list of layer sizes, was passed",
        type_is("tuple", "list", "Size"),
    ),
    Cause(
        "missing",
        "{name} is None: a config value that is missing",
        "{name} = 20  # a whole number from 1",
        "it is looked up with .get(...) or is an optional argument",
        type_is("NoneType"),
    ),
    Cause(
        "tensor",
        "{name} is not a Python int but an array's or a tensor's number",
        "{name} = int({name})",
        "it was computed with torch or NumPy",
        lambda e: e["got"] not in ("float", "str", "tuple", "list", "Size", "NoneType"),
    ),
)

RULES: Final = (
    Rule(
        "constructor-size-type",
        says("{name:argument} should be of type int, got: {got}"),
        "{name}",
        _SIZE_CAUSES,
    ),
    Rule(
        "constructor-flag-type",
        says("{name:argument} should be of type bool, got: {got}"),
        "{name}",
        (
            Cause(
                "dropout-by-position",
                "dropout was passed by position and landed in {name}: the order is input_size, hidden_size, "
                "num_layers, bias, batch_first, dropout, bidirectional, proj_size",
                lambda e: e.constructor(dropout=e.known.dropout or 0.5),
                "the argument in that place is a probability",
                type_is("float"),
            ),
            Cause(
                "by-position",
                "an argument was passed by position and landed in {name}",
                lambda e: e.constructor(**{e["name"]: True}),
                "more than three arguments are passed without their names",
                lambda e: None if e["got"] == "int" else False,
            ),
            Cause(
                "not-a-bool",
                "{name} is of type {got}; only True and False are taken, not what Python would count as true",
                "{name} = bool({name})  # text: {name} = {name} == 'True'",
                "it comes from a config or a command line",
            ),
        ),
    ),
    Rule(
        "constructor-size-zero",
        says("{name:argument} must be greater than zero"),
        "{name}",
        (
            Cause(
                "empty-features",
                "input_size is 0 or less: a feature count taken from an empty table, or from the wrong axis",
                "input_size = x.shape[-1]",
                "the size is computed: print it before the LSTM is built",
                name_is("input_size"),
            ),
            Cause(
                "hidden-rounded-down",
                "hidden_size is 0 or less: a small width was divided and rounded down",
                "hidden_size = max(1, hidden_size)",
                "the size is computed, as in hidden // 2",
                name_is("hidden_size"),
            ),
            Cause(
                "no-layers",
                "num_layers is 0 or less; 1 means a single LSTM, with nothing stacked on it",
                "num_layers = max(1, num_layers)",
                "it counts the layers on top of the first, or comes from a config",
                name_is("num_layers"),
            ),
        ),
    ),
    Rule(
        "proj-size",
        says(
            "proj_size has to be smaller than hidden_size",
            "proj_size should be a positive integer or zero to disable projections",
            "proj_size argument is only supported for LSTM, not RNN or GRU",
        ),
        "proj_size",
        (
            Cause(
                "not-smaller",
                "proj_size is at least hidden_size; a projection has to make the hidden state smaller",
                lambda e: e.constructor(proj_size=max(1, (e.known.hidden_size or 20) // 2)),
                "proj_size >= hidden_size; 0 means no projection",
                lambda e: "smaller" in e.message,
            ),
            Cause(
                "negative",
                "proj_size is negative; 0 is what switches the projection off",
                "proj_size = 0",
                '-1 stands for "none" in the config',
                lambda e: "positive" in e.message,
            ),
            Cause(
                "lstm-alone",
                "GRU and RNN have no projection",
                "output = torch.nn.Linear(hidden_size, proj_size)(output)",
                "the module is an nn.GRU or nn.RNN",
                lambda e: "only supported" in e.message,
            ),
        ),
    ),
    Rule(
        "dropout-range",
        says("dropout should be a number in range [0, 1] representing the probability of an element being zeroed"),
        "dropout",
        (
            Cause(
                "dropout-bool",
                "dropout is True or False: torch refuses a bool, although it lies in the range that it names",
                "dropout = 0.5",
                "dropout is a switch in the config",
                lambda e: None if e.known.dropout is None else False,
            ),
            Cause(
                "dropout-range",
                "dropout is below 0 or above 1, perhaps a percentage",
                lambda e: f"dropout = {e.known.dropout / 100:g}" if e.known.dropout else "dropout = dropout / 100",
                "dropout is 20 and 20 % is meant",
                lambda e: None if e.known.dropout is None else not 0 <= e.known.dropout <= 1,
            ),
            Cause(
                "positions-shifted",
                "arguments were passed by position, and another one landed in dropout",
                lambda e: e.constructor(dropout=0.5),
                "more than three arguments are passed without their names",
            ),
        ),
    ),
    Rule(
        "dropout-one-layer",
        says(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
            "num_layers greater than 1, but got dropout={dropout:number} and num_layers={got:int}"
        ),
        "dropout",
        (
            Cause(
                "no-layer-between",
                "dropout acts between stacked layers only: with num_layers={got} it does nothing, output is "
                "not dropped",
                "output = torch.nn.functional.dropout(output, p={dropout}, training=lstm.training)",
                "num_layers is 1; from 2 on it acts on the output of every layer but the last",
            ),
        ),
        warning=True,
    ),
    Rule(
        "dropout-type",
        says(
            "float() argument must be a string or a real number, not '{got}'",
            "float() argument must be a string or a number, not '{got}'",
            "could not convert string to float: '{text:text}'",
        ),
        "dropout",
        (
            Cause(
                "dropout-none",
                "dropout is None; torch calls float() on it before it checks it, so the message does not name it",
                "dropout = 0.0",
                "nn.LSTM(..., dropout=None) raises it: 0.0 is what means no dropout",
                lambda e: e.get("got") == "NoneType",
            ),
            Cause(
                "dropout-text",
                "dropout is text that is not a number; torch calls float() on it before it checks it",
                "dropout = 0.5",
                "nn.LSTM(..., dropout='{text}') raises it",
                lambda e: e.get("text") is not None,
            ),
            Cause(
                "dropout-object",
                "dropout is a {got}; one probability is wanted",
                "dropout = 0.5",
                "nn.LSTM(..., dropout=...) got a list, one for each layer, or an nn.Dropout",
                lambda e: e.get("got") not in (None, "NoneType"),
            ),
        ),
        scope="near",
    ),
)
