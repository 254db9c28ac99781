"""What goes wrong after the call: the result is a tuple, packed, wider or laid out otherwise than expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lstm_inspect.own.evidence import Evidence
from lstm_inspect.own.rules.rule import Cause, Rule, says

_UNPACK: Final = "output, (hn, cn) = lstm(input)"
_PAD: Final = "output, lengths = pad_packed_sequence(packed_output, batch_first=lstm.batch_first)"
_TENSOR_METHODS: Final = frozenset(
    "shape size view dim ndim detach squeeze unsqueeze reshape permute transpose contiguous to cuda cpu backward mean sum "
    "max min softmax log_softmax flatten numpy item float double half long repeat expand chunk split data dtype device "
    "requires_grad requires_grad_ clone add mul matmul relu tanh sigmoid argmax norm index_select gather masked_fill T "
    "new_zeros zero_ fill_ tolist is_cuda is_nested grad_fn unbind select narrow stride".split()
)
_CONTAINERS: Final = (
    "list",
    "tuple",
    "dict",
    "str",
    "int",
    "float",
    "NoneType",
    "numpy.ndarray",
    "Embedding",
    "DataFrame",
)


def _pair(types: tuple[str, ...], names: frozenset[str] | set[str]) -> Callable[[Evidence], bool]:
    return lambda e: e["got"] in types and e["name"] in names


def _known_pair(e: Evidence) -> bool:
    """Whether torch's LSTM code, or what reads its result, looks for this attribute on this type."""
    got, name = e["got"], e["name"]
    if got in ("LSTM", "PackedSequence", "LSTMCell"):
        return True
    return (
        (got == "tuple" and name in _TENSOR_METHODS | {"batch_sizes"})
        or (got in _CONTAINERS and name in {"dim", "batch_sizes", "index_select"})
        or (got == "Tensor" and name in {"batch_sizes", "sorted_indices", "unsorted_indices"})
        or (got == "list" and name in {"device", "size", "transpose_"})
        or (got == "NoneType" and name == "dtype")
        or (got in ("int", "float") and name == "size")
    )


RULES: Final = (
    Rule(
        "attribute",
        says("'{got}' object has no attribute '{name:name}'"),
        None,
        (
            Cause(
                "whole-result",
                "the whole result, (output, (hn, cn)), was passed on where its first part is wanted",
                "packed_output, (hn, cn) = lstm(packed_input); output, lengths = pad_packed_sequence(packed_output)",
                "pad_packed_sequence raises it",
                _pair(("tuple",), {"batch_sizes"}),
                argument="packed_output",
            ),
            Cause(
                "not-packed",
                "pad_packed_sequence was given a tensor: only what was packed comes out packed",
                "output, (hn, cn) = lstm(input)  # padded in, padded out: nothing to unpack",
                "the LSTM was called with a tensor, or .data of a PackedSequence was taken, or it was unpacked already",
                _pair(("Tensor",), {"batch_sizes", "sorted_indices", "unsorted_indices"}),
                argument="packed_output",
            ),
            Cause(
                "still-packed",
                "the result is still a PackedSequence: it has .data and .batch_sizes, and no {name}",
                _PAD,
                "the LSTM was called with packed input",
                lambda e: e["got"] == "PackedSequence",
                argument="packed_output",
            ),
            Cause(
                "tuple-as-input",
                "a tuple was passed as the input: the whole result of another LSTM, as nn.Sequential does, or (input, hx)",
                "output, _ = first(input); output, (hn, cn) = second(output)",
                "two LSTMs follow each other, or the call reads lstm((input, hx))",
                lambda e: None if e["got"] == "tuple" and e["name"] == "dim" else False,
                argument="input",
            ),
            Cause(
                "result-is-a-tuple",
                "nn.LSTM returns (output, (hn, cn)), and its second result is a tuple too: one of them was used as a tensor",
                _UNPACK + "  # then output.{name} or hn.{name}",
                "the value comes straight from the LSTM, from hidden = (hn, cn), or from pad_packed_sequence",
                lambda e: (
                    e["got"] == "tuple"
                    and e["name"] != "batch_sizes"
                    and e["name"] != "dim"
                    or (None if e["got"] == "tuple" and e["name"] == "dim" else False)
                ),
                argument="output",
            ),
            Cause(
                "states-in-a-tuple",
                "one of the two states is itself a tuple: (h0, c0) was wrapped twice",
                "output, (hn, cn) = lstm(input, (h0, c0))",
                "hx is ((h0, c0), ..)",
                lambda e: None if e["got"] == "tuple" and e["name"] == "dim" else False,
                argument="hx",
            ),
            Cause(
                "batch-sizes-list",
                "a list where a tensor is wanted: unpad_sequence takes lengths as a tensor (packing takes lists too), "
                "and PackedSequence its batch_sizes",
                "lengths = torch.tensor(lengths)",
                "unpad_sequence or PackedSequence raises it",
                _pair(("list",), {"device"}),
                argument="lengths",
            ),
            Cause(
                "sequences-not-tensors",
                "the sequences are Python lists or numbers, not tensors",
                "sequences = [torch.tensor(sequence) for sequence in sequences]",
                "pack_sequence raises it",
                _pair(("list", "int", "float"), {"size"}),
                argument="sequences",
            ),
            Cause(
                "list-to-unpad",
                "unpad_sequence was given a list: it takes the padded tensor",
                "sequences = unpad_sequence(output, lengths, batch_first=True)",
                "unpad_sequence raises it",
                _pair(("list",), {"transpose_"}),
                argument="output",
            ),
            Cause(
                "state-is-none",
                "one of the two states is None: give both, or no hx at all (zeros are its default)",
                "h0, c0 = input.new_zeros({rows}, {batch}, {state_size}), input.new_zeros({rows}, {batch}, {hidden_size})",
                "hx is (h0, None), or (None, None)",
                lambda e: (
                    True
                    if (e["got"], e["name"]) == ("NoneType", "index_select")
                    else None
                    if (e["got"], e["name"]) == ("NoneType", "dim")
                    else False
                ),
                argument="hx",
            ),
            Cause(
                "input-is-none",
                "the input is None: what comes before the LSTM returns nothing",
                "input = embedding(ids)  # a forward without return gives None",
                "a forward, or a method that works in place, has no return",
                lambda e: (
                    None if (e["got"], e["name"]) in (("NoneType", "dim"), ("NoneType", "batch_sizes")) else False
                ),
                argument="input",
            ),
            Cause(
                "weight-is-none",
                "a weight of the LSTM is None",
                lambda e: e.constructor(),
                "lstm.weight_ih_l0 = None, or a pruning or quantising tool, took it away",
                _pair(("NoneType",), {"dtype"}),
                argument="lstm",
            ),
            Cause(
                "input-not-a-tensor",
                "the input is a {got}, not a tensor",
                lambda e: (
                    "input = pad_sequence([torch.as_tensor(each) for each in input])"
                    if e["got"] == "list"
                    else "input = torch.as_tensor(input, dtype=torch.float32)"
                ),
                "it comes straight from Python, NumPy or a DataFrame",
                lambda e: (
                    e["name"] in ("dim", "batch_sizes")
                    and e["got"] not in ("tuple", "NoneType", "Tensor", "LSTM", "PackedSequence")
                ),
                argument="input",
            ),
            Cause(
                "states-not-tensors",
                "the states are {got}s, not tensors",
                "h0, c0 = torch.as_tensor(h0), torch.as_tensor(c0)",
                "hx was made with NumPy or as numbers, or lengths were passed in its place",
                lambda e: (
                    None
                    if e["name"] == "dim" and e["got"] in ("numpy.ndarray", "int", "float", "list", "str")
                    else False
                ),
                argument="hx",
            ),
            Cause(
                "parameter-name",
                "nn.LSTM has no {name}: its parameters are weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, and so on "
                "for each layer, with _reverse for the second direction",
                "for name, parameter in lstm.named_parameters(): print(name, tuple(parameter.shape))",
                "{name} names a weight or a bias",
                lambda e: e["got"].startswith("LSTM") and any(word in e["name"] for word in ("weight", "bias")),
                argument="lstm",
            ),
            Cause(
                "method-of-elsewhere",
                "{got} has no {name}: it is a method of your own class, or of another library",
                "print([name for name in dir(lstm) if not name.startswith('_')])",
                "self.lstm was meant to be the class around it, as with init_hidden",
                lambda e: e["got"].startswith("LSTM"),
                argument="lstm",
            ),
        ),
        scope="near",
        claims=_known_pair,
    ),
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
                _UNPACK + "  # then output[:, -1], of one direction and without padding",
                "out = lstm(input) is one name for two results",
            ),
            Cause(
                "still-packed",
                "the result is still a PackedSequence, which is a named tuple",
                _PAD,
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
                _PAD
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
                _UNPACK,
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
                _UNPACK,
                "the line takes output, or a packed result, apart",
            ),
        ),
        scope="near",
        claims=lambda e: (e["expected"], e.get("got")) == (3, 2) or e.at_an_lstm,
    ),
    Rule(
        "index-range",
        says(
            "index {index:int} is out of bounds for dimension {axis:int} with size {size:int}",
            "tuple index out of range",
            "list index out of range",
        ),
        "hx",
        (
            Cause(
                "one-tensor",
                "hx is one tensor, not the tuple (h0, c0): hx[1] is looked for among its rows, and there is one",
                "output, (hn, cn) = lstm(input, (h0, c0))",
                "the LSTM is called with a single tensor, and L*D is 1",
                lambda e: (e.get("index"), e.get("axis"), e.get("size")) == (1, 0, 1) or False,
            ),
            Cause(
                "one-state",
                "hx holds one state; both are wanted, or none",
                "output, (hn, cn) = lstm(input, (h0, c0))",
                "hx is (h0,), or ()",
                lambda e: None if e.get("index") is None else False,
            ),
            Cause(
                "row-of-hn",
                lambda e: (
                    f"hn has {e['size']} row(s): L*D, the layers times the directions"
                    if e.get("size") is not None
                    else "(hn, cn) has two parts, and a PackedSequence four"
                ),
                "state = hn[-1]  # the last layer's; with two directions torch.cat((hn[-2], hn[-1]), dim=-1)",
                "hn or cn is indexed: hn[-2] exists with two directions, or from two layers on",
                lambda e: None if e.get("axis") in (0, None) else False,
                argument="hn",
                axis=0,
            ),
            Cause(
                "lengths-as-index",
                "a length was used as an index: the last valid step is lengths - 1",
                "last = output[torch.arange(output.shape[0]), lengths - 1]  # batch_first, one direction",
                lambda e: (
                    f"index {e['index']} is max(lengths), or batch and time are swapped"
                    if e.get("index") is not None
                    else "the index is computed from lengths"
                ),
                lambda e: None if e.get("index") is not None else False,
                argument="output",
            ),
        ),
        scope="near",
        claims=lambda e: e.at_an_lstm or e.trace in ("none", "hidden"),
    ),
    Rule(
        "too-many-indices",
        says("too many indices for tensor of dimension {got:int}"),
        "output",
        (
            Cause(
                "unbatched-output",
                "output has two axes, (T, D*R): the input was 2-D, so torch took it for one unbatched sequence",
                "output, (hn, cn) = lstm(input.unsqueeze({batch_axis}))",
                "input.shape has two sizes",
                lambda e: None if e["got"] == 2 else False,
            ),
            Cause(
                "state-already-taken",
                "the axis is gone already: hn[-1] is (B, R), output[-1] is (B, D*R)",
                "features = hn[-1]  # (B, R), nothing left to take a step from",
                "a step or a row was taken before",
            ),
        ),
        scope="near",
        claims=lambda e: e["got"] <= 2,
    ),
    Rule(
        "loss-layout",
        says(
            "Expected target size {expected:shape}, got {got:shape}",
            "Expected target size {expected:shape}, got torch.Size({got:shape})",
        ),
        "output",
        (
            Cause(
                "classes-last",
                "the loss wants the classes on axis 1, (B, C, T), and the LSTM gives them last, (B, T, C)",
                "loss = criterion(output.transpose(1, 2), target)  # or output.flatten(0, 1), target.flatten()",
                lambda e: (
                    f"target.shape is {e['got']}, and {e['expected'][-1]} of {e['expected']} is the number of classes"
                ),
            ),
            Cause(
                "target-transposed",
                "output is (T, B, C) and the target (B, T), or the other way round",
                "target = target.transpose(0, 1)",
                "{got} are B and T in another order than output's",
            ),
        ),
        axis=1,
        scope="near",
        claims=lambda e: len(e.expected) == len(e.got) == 2,
    ),
    Rule(
        "loss-batch",
        says("Expected input batch_size ({got:int}) to match target batch_size ({expected:int})."),
        "output",
        (
            Cause(
                "target-not-flattened",
                lambda e: (
                    f"output was flattened to {e['got']} steps, and the target still has its own axes"
                    if e["got"] > e["expected"]
                    else "one result a sequence meets a target for each step"
                ),
                lambda e: (
                    "loss = criterion(output.flatten(0, 1), target.flatten())"
                    if e["got"] > e["expected"]
                    else "loss = criterion(output.flatten(0, 1), target.flatten())  # output of every step, not hn[-1]"
                ),
                lambda e: f"{max(e['got'], e['expected'])} is T*B",
                lambda e: None if max(e["got"], e["expected"]) % max(1, min(e["got"], e["expected"])) == 0 else False,
            ),
            Cause(
                "batch-first-missing",
                "the step was taken on the axis of the batch: output[-1] belongs to batch_first=False, output[:, -1] to True",
                "features = hn[-1]  # (B, R), whatever batch_first is",
                lambda e: f"{e['got']} is T, and B is {e['expected']}",
            ),
        ),
        axis=0,
        scope="near",
    ),
    Rule(
        "target-axes",
        says("0D or 1D target tensor expected, multi-target not supported", "multi-target not supported at"),
        "output",
        (
            Cause(
                "one-result-for-every-step",
                "the target has a label for each step, and the LSTM's result was cut to one step or one state",
                "loss = criterion(output.flatten(0, 1), target.flatten())  # a label for each step",
                "target.shape is (B, T)",
            ),
        ),
        scope="near",
    ),
    Rule(
        "next-layer-width",
        says(
            "running_mean should contain {got:int} elements not {expected:int}",
            "Given normalized_shape=[{expected:int}], expected input with shape [*, {again:int}], but got input of size{got:shape}",
            "was expecting embedding dimension of {expected:int}, but got {got:int}",
        ),
        "output",
        (
            Cause(
                "batch-norm-layout",
                "BatchNorm1d wants features on axis 1, (B, H, T), and the LSTM gives them last: it took T for the features",
                "output = norm(output.transpose(1, 2)).transpose(1, 2)  # output: (B, T, H)",
                "output has three axes",
                lambda e: "running_mean" in e.message,
            ),
            Cause(
                "two-directions",
                "the next layer was made for H features, and output of a bidirectional LSTM has 2*H",
                lambda e: f"norm = torch.nn.LayerNorm({2 * e['expected']})",
                "the LSTM has bidirectional=True and hidden_size={expected}",
                lambda e: (
                    "running_mean" not in e.message
                    and (e["got"][-1] if isinstance(e["got"], tuple) else e["got"]) == 2 * e["expected"]
                ),
                axis=-1,
            ),
            Cause(
                "another-width",
                "the next layer was made for {expected} features",
                "width = output.shape[-1]  # D*R: what the next layer has to take",
                "output.shape[-1] is not {expected}",
                lambda e: None if "running_mean" not in e.message else False,
                axis=-1,
            ),
        ),
        scope="near",
    ),
    Rule(
        "joined-sizes",
        says(
            "Sizes of tensors must match except in dimension {axis:int}. Expected size {expected:int} but got size {got:int}",
            "Sizes of tensors must match except in dimension {axis:int}. Got {got:int} and {expected:int}",
            "Gather got an input of invalid size: got {got:shape}, but expected {expected:shape}",
            "Expected size for first two dimensions of batch2 tensor to be: {expected:shape} but got: {got:shape}",
        ),
        "output",
        (
            Cause(
                "replicas-differ",
                "DataParallel's replicas unpacked outputs of different lengths, each its own longest sequence",
                "output, lengths = pad_packed_sequence(packed_output, batch_first=True, total_length=input.shape[1])",
                "the model is wrapped in DataParallel and unpacks inside forward",
                lambda e: True if e.message.startswith("Gather") else e.mentions("parallel") or None,
            ),
            Cause(
                "axes-of-states",
                "output is (T, B, .) or (B, T, .), and hn is (L*D, B, .): one of them has to be brought to the other's axes",
                "state = hn[-1].unsqueeze({time_axis}).expand_as(output)  # the last layer's, at every step",
                "a state is joined with, or multiplied by, output",
                lambda e: False if e.message.startswith("Gather") else None,
            ),
        ),
        scope="near",
        claims=lambda e: e.message.startswith("Gather") or e.at_an_lstm or 1 in (e["expected"], e["got"]),
    ),
    Rule(
        "view-not-contiguous",
        says("view size is not compatible with input tensor's size and stride"),
        "hn",
        (
            Cause(
                "transposed-view",
                "a transposed hn or output is not contiguous, and view can't merge its axes",
                "states = hn.transpose(0, 1).reshape(hn.shape[1], -1)  # (B, L*D*R)",
                "transpose, permute or batch_first comes before view (a plain hn.view(B, -1) would mix the sequences)",
            ),
        ),
        scope="near",
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
