"""The result of a call, or an argument of it, that is not the tensor it is taken for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.rule import Cause, Rule, says

UNPACK: Final = "output, (hn, cn) = lstm(input)"

PAD: Final = "output, lengths = pad_packed_sequence(packed_output, batch_first=lstm.batch_first)"

_TENSOR_METHODS: Final = frozenset(
    re.findall(
        r"\w+",
        """
        T add argmax backward chunk clone contiguous cpu cuda data detach device dim double dtype expand fill_ flatten
        float gather grad_fn half index_select is_cuda is_nested item log_softmax long masked_fill matmul max mean min
        mul narrow ndim new_zeros norm numpy permute relu repeat requires_grad requires_grad_ reshape select shape
        sigmoid size softmax split squeeze stride sum tanh to tolist transpose unbind unsqueeze view zero_
        """,
    )
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


def _tuple_used(e: Evidence) -> bool | None:
    """A tuple where a tensor was meant; ``.dim`` is what the LSTM asks of its own input, so that leaves it open."""
    if e["got"] != "tuple" or e["name"] == "batch_sizes":
        return False
    return None if e["name"] == "dim" else True


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
                PAD,
                "the LSTM was called with packed input",
                lambda e: e["got"] == "PackedSequence",
                argument="packed_output",
            ),
            Cause(
                "tuple-as-input",
                "a tuple was passed as the input: the whole result of another LSTM, as nn.Sequential does, or "
                "(input, hx)",
                "output, _ = first(input); output, (hn, cn) = second(output)",
                "two LSTMs follow each other, or the call reads lstm((input, hx))",
                lambda e: None if e["got"] == "tuple" and e["name"] == "dim" else False,
                argument="input",
            ),
            Cause(
                "result-is-a-tuple",
                "nn.LSTM returns (output, (hn, cn)), and its second result is a tuple too: one of them was "
                "used as a tensor",
                UNPACK + "  # then output.{name} or hn.{name}",
                "the value comes straight from the LSTM, from hidden = (hn, cn), or from pad_packed_sequence",
                _tuple_used,
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
                "h0, c0 = input.new_zeros({rows}, {batch}, {state_size}), input.new_zeros({rows}, {batch}, "
                "{hidden_size})",
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
                "nn.LSTM has no {name}: its parameters are weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, "
                "and so on "
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
)
