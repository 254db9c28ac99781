"""What nn.LSTM(...) refuses in its arguments: their names, their number, the types that it never checks."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.rule import Cause, Rule, says

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

_OF_THE_CALL: Final = {"h0", "c0", "hx", "lengths", "seq_len", "seq_length", "batch_size", "initial_state"}

_RESULTS: Final = {"return_sequences", "return_state", "stateful", "go_backwards", "time_major", "unroll"}

_LAYERED: Final = {"num_layers", "batch_first", "dropout", "bidirectional", "proj_size"}


def _right_keyword(evidence: Evidence) -> str:
    name = _ELSEWHERE_NAMED[evidence["name"]]
    return evidence.constructor(**({name: name} if name not in ("input_size", "hidden_size") else {}))


_LAYERS_TYPE: Final = Cause(
    "num-layers-type",
    "num_layers is not a whole number ({got}): usually a command-line or config value that was not converted",
    "num_layers = int(num_layers)",
    "nn.LSTM(...) itself raises it, and num_layers comes from a command line or a config",
    argument="num_layers",
)

RULES: Final = (
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
            "RNNBase.__init__() takes from {fewest:int} to {expected:int} positional arguments but {got:int} "
            "were given",
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
            "empty(): argument 'size' (position 1) must be tuple of ints, but found element of type {got} at "
            "pos {pos:int}",
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
                "hidden_size (or input_size) is a float: nn.LSTMCell, and nn.LSTM of an old torch, don't check "
                "its type",
                "hidden_size = int(hidden_size)",
                "nn.LSTMCell(...) raises it, and a size is computed with /",
                argument="hidden_size",
            ),
        ),
        scope="near",
    ),
)
