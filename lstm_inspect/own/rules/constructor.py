"""What nn.LSTM(...) refuses, or warns of, when it is built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lstm_inspect.own.evidence import Evidence
from lstm_inspect.own.rules.rule import Cause, Rule, says

_ELSEWHERE_NAMED: Final = {
    "units": "hidden_size",
    "hidden": "hidden_size",
    "hidden_dim": "hidden_size",
    "n_hidden": "hidden_size",
    "num_units": "hidden_size",
    "features": "hidden_size",
    "input_dim": "input_size",
    "in_features": "input_size",
    "input_shape": "input_size",
    "embedding_dim": "input_size",
    "n_layers": "num_layers",
    "num_layer": "num_layers",
    "layers": "num_layers",
    "nlayers": "num_layers",
    "use_bias": "bias",
    "batch_size_first": "batch_first",
    "batchfirst": "batch_first",
    "dropout_rate": "dropout",
    "dropout_prob": "dropout",
    "drop_prob": "dropout",
    "bidir": "bidirectional",
    "is_bidirectional": "bidirectional",
    "projection_size": "proj_size",
    "num_proj": "proj_size",
    "output_size": "proj_size",
    "out_features": "proj_size",
}
"""What other libraries and many programs call torch's arguments."""
_OF_THE_CALL: Final = {"h0", "c0", "hx", "lengths", "seq_len", "seq_length", "batch_size", "initial_state"}
_RESULTS: Final = {"return_sequences", "return_state", "stateful", "go_backwards", "time_major", "unroll"}
_LAYERED: Final = {"num_layers", "batch_first", "dropout", "bidirectional", "proj_size"}


def name_is(*names: str) -> Callable[[Evidence], bool | None]:
    """Decide by the argument that the message names."""
    return lambda evidence: evidence.get("name") in names


def type_is(*names: str) -> Callable[[Evidence], bool | None]:
    """Decide by the type that the message names."""
    return lambda evidence: evidence.get("got") in names


def _right_keyword(evidence: Evidence) -> str:
    name = _ELSEWHERE_NAMED[evidence["name"]]
    return evidence.constructor(**({name: name} if name not in ("input_size", "hidden_size") else {}))


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
_LAYERS_TYPE: Final = Cause(
    "num-layers-type",
    "num_layers is not a whole number ({got}): usually a command-line or config value that was not converted",
    "num_layers = int(num_layers)",
    "nn.LSTM(...) itself raises it, and num_layers comes from a command line or a config",
    argument="num_layers",
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
                "dropout acts between stacked layers only: with num_layers={got} it does nothing, output is not dropped",
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
    Rule(
        "constructor-keyword",
        says(
            "RNNBase.__init__() got an unexpected keyword argument '{name:name}'",
            "LSTM.__init__() got an unexpected keyword argument '{name:name}'",
            "LSTMCell.__init__() got an unexpected keyword argument '{name:name}'",
            "RNNCellBase.__init__() got an unexpected keyword argument '{name:name}'",
            "GRU.__init__() got an unexpected keyword argument '{name:name}'",
            "__init__() got an unexpected keyword argument '{name:name}'",
        ),
        "{name}",
        (
            Cause(
                "cell-keyword",
                "nn.LSTMCell is one layer, one direction and one time step: it has no {name}",
                lambda e: e.constructor(**({e["name"]: e["name"]} if e["name"] in _LAYERED else {})),
                "nn.LSTM was meant, or the loop over layers is yours to write",
                lambda e: "Cell" in e.message and e["name"] in _LAYERED,
            ),
            Cause(
                "keyword-of-elsewhere",
                lambda e: f"{e['name']} is another library's name for what torch calls {_ELSEWHERE_NAMED[e['name']]}",
                _right_keyword,
                "the code was ported, or written from memory",
                lambda e: e["name"] in _ELSEWHERE_NAMED,
            ),
            Cause(
                "results-of-keras",
                "{name} is Keras'; torch always returns every step and both final states",
                "output, (hn, cn) = lstm(input)  # output: every step; hn[-1]: the last layer's final state",
                "the code was ported from Keras",
                lambda e: e["name"] in _RESULTS,
            ),
            Cause(
                "belongs-to-the-call",
                "{name} belongs to the call, not to the module: T, B and the initial states may differ in every call",
                "output, (hn, cn) = lstm(input, (h0, c0))",
                "the value changes from batch to batch",
                lambda e: e["name"] in _OF_THE_CALL,
            ),
            Cause(
                "unknown-keyword",
                "nn.LSTM has no argument {name}: it is misspelt, or another library's",
                lambda e: e.constructor() + "  # also: bias, batch_first, dropout, bidirectional, proj_size",
                "it is in none of: input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, "
                "proj_size, device, dtype",
            ),
        ),
        claims=lambda e: e.message[0] != "_" or e.at_an_lstm or e["name"] in _RESULTS,
    ),
    Rule(
        "constructor-missing",
        says(
            "RNNBase.__init__() missing {n:int} required positional argument: {name:text}'hidden_size'",
            "RNNBase.__init__() missing {n:int} required positional arguments: {name:text}'hidden_size'",
            "LSTMCell.__init__() missing {n:int} required positional argument: {name:text}'hidden_size'",
            "LSTMCell.__init__() missing {n:int} required positional arguments: {name:text}'hidden_size'",
            "__init__() missing {n:int} required positional argument: {name:text}'hidden_size'",
            "__init__() missing {n:int} required positional arguments: {name:text}'hidden_size'",
        ),
        "hidden_size",
        (
            Cause(
                "hidden-size-missing",
                "hidden_size was left out: torch needs both sizes, it never infers input_size from the data",
                lambda e: e.constructor(),
                "one size is passed, as Keras' LSTM(units) takes it",
                lambda e: e["n"] == 1,
            ),
            Cause(
                "both-sizes-missing",
                "input_size and hidden_size were left out",
                lambda e: e.constructor(),
                "nn.LSTM() is built without arguments, or from an empty config",
                lambda e: e["n"] != 1,
            ),
        ),
        claims=lambda e: e.message[0] != "_" or e.at_an_lstm,
    ),
    Rule(
        "constructor-twice",
        says(
            "RNNBase.__init__() got multiple values for argument '{name:name}'",
            "LSTM.__init__() got multiple values for argument '{name:name}'",
            "LSTMCell.__init__() got multiple values for argument '{name:name}'",
        ),
        "{name}",
        (
            Cause(
                "given-twice",
                "{name} is passed twice, by position and by name",
                lambda e: e.constructor(),
                "another argument is passed by position in its place",
            ),
        ),
    ),
    Rule(
        "constructor-too-many",
        says(
            "RNNBase.__init__() takes from {fewest:int} to {expected:int} positional arguments but {got:int} were given",
            "RNNBase.__init__() takes {expected:int} positional arguments but {got:int} were given",
        ),
        None,
        (
            Cause(
                "too-many-arguments",
                "nn.LSTM was given more arguments than it has",
                lambda e: e.constructor(),
                "input or states are passed to the constructor, or a list was unpacked with *",
            ),
        ),
    ),
    Rule(
        "compared-with-int",
        says(
            "'<=' not supported between instances of '{got}' and 'int'",
            "'<' not supported between instances of '{got}' and 'int'",
        ),
        "num_layers",
        (
            Cause(
                "num-layers-type",
                _LAYERS_TYPE.cause,
                _LAYERS_TYPE.fix,
                _LAYERS_TYPE.likely_if,
                lambda e: "<=" in e.message,
                "num_layers",
            ),
            Cause(
                "proj-size-type",
                "proj_size is not a whole number ({got}); torch does not check its type",
                "proj_size = int(proj_size)  # 0 for no projection, not None",
                "nn.LSTM(..., proj_size=...) raises it",
                lambda e: False if "<=" in e.message else None,
                "proj_size",
            ),
            Cause(
                "total-length-type",
                "total_length is not a whole number ({got})",
                "output, lengths = pad_packed_sequence(packed_output, total_length=input.shape[{time_axis}])",
                "pad_packed_sequence(...) raises it",
                lambda e: False if "<=" in e.message else e.mentions("pad_packed"),
                "total_length",
            ),
        ),
        scope="near",
        claims=lambda e: e["got"] in ("str", "NoneType", "list", "tuple"),
    ),
    Rule(
        "read-as-integer",
        says("'{got}' object cannot be interpreted as an integer"),
        "num_layers",
        (
            Cause(
                "lengths-none",
                "lengths is None",
                "lengths = [len(sequence) for sequence in sequences]",
                "pack_padded_sequence(...) raises it",
                lambda e: None if e["got"] == "NoneType" else False,
                "lengths",
            ),
            Cause(
                "num-layers-type",
                _LAYERS_TYPE.cause,
                _LAYERS_TYPE.fix,
                _LAYERS_TYPE.likely_if,
                argument="num_layers",
            ),
            Cause(
                "lengths-type",
                "lengths holds something else than whole numbers",
                "lengths = torch.as_tensor(lengths).long()",
                "pack_padded_sequence(...) raises it",
                argument="lengths",
            ),
        ),
        scope="near",
        claims=lambda e: e["got"] in ("float", "NoneType"),
    ),
    Rule(
        "weight-size-type",
        says(
            "empty(): argument 'size' failed to unpack the object at pos {pos:int} with error "
            '"type must be tuple of ints,but got {got}"',
            "empty(): argument 'size' (position 1) must be tuple of ints, but found element of type {got} at pos {pos:int}",
            "empty(): argument 'size' must be tuple of ints, but found element of type {got} at pos {pos:int}",
            "new() received an invalid combination of arguments - got (float, int)",
            "empty() received an invalid combination of arguments - got (tuple, dtype=NoneType, device=NoneType)",
        ),
        "proj_size",
        (
            Cause(
                "proj-size-type",
                "proj_size is not an int: torch does not check its type, so making the weights fails",
                "proj_size = int(proj_size)",
                "nn.LSTM(..., proj_size=...) raises it",
            ),
            Cause(
                "hidden-size-type",
                "hidden_size (or input_size) is a float: nn.LSTMCell, and nn.LSTM of an old torch, don't check its type",
                "hidden_size = int(hidden_size)",
                "nn.LSTMCell(...) raises it, and a size is computed with /",
                argument="hidden_size",
            ),
        ),
        scope="near",
    ),
    Rule(
        "weights-not-floating",
        says(
            "Only Tensors of floating point and complex dtype can require gradients",
            "nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={got}",
        ),
        "dtype",
        (
            Cause(
                "integer-weights",
                "the LSTM's weights were given an integer dtype; they have to be floating point",
                lambda e: e.constructor() + "  # float32 is torch's default dtype",
                "dtype is torch.int64 or torch.long, copied from the data",
            ),
        ),
        scope="near",
    ),
    Rule(
        "dtype-type",
        says("empty(): argument 'dtype' must be torch.dtype, not {got}"),
        "dtype",
        (
            Cause(
                "dtype-text",
                "dtype is a {got}, not a torch.dtype",
                "dtype = torch.float32",
                "dtype comes from a config as text",
            ),
        ),
        scope="near",
    ),
)
