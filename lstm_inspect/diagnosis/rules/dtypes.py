"""Tensors of different dtypes."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.evidence import Evidence
from lstm_inspect.diagnosis.rule import Cause, Rule, says

_INTEGERS: Final = (
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "bool",
    "Long",
    "Int",
    "Short",
    "Char",
    "Byte",
    "Bool",
    "long",
)
_HALVES: Final = ("float16", "bfloat16", "Half", "BFloat16", "half")
_DOUBLES: Final = ("float64", "Double", "double")
_STATES: Final = "h0, c0 = h0.to(input.dtype), c0.to(input.dtype)"
_EMBED: Final = (
    "input = torch.nn.Embedding(num_embeddings, {input_size})(ids)  # numbers that are no ids: input.float()"
)


def _is(value: object, names: tuple[str, ...]) -> bool:
    return str(value).removeprefix("torch.") in names


def _got(e: Evidence, names: tuple[str, ...]) -> bool:
    return _is(e.get("got"), names)


def _expected(e: Evidence, names: tuple[str, ...]) -> bool:
    return _is(e.get("expected"), names)


_NOT_EMBEDDED: Final = Cause(
    "not-embedded",
    "the input holds integers: token ids that never went through an nn.Embedding (torch's second advice, to turn the "
    "model to integers, can't work)",
    _EMBED,
    "the input holds ids; counts or flags need .float() instead",
    lambda e: _got(e, _INTEGERS),
    argument="input",
)
_MIXED_WEIGHTS: Final = Cause(
    "mixed-weights",
    "one of the weights has another dtype than the rest: only the first weight's is checked",
    "lstm = lstm.to(torch.float32)",
    "weights were assigned, loaded in part, or quantised: {{p.dtype for p in lstm.parameters()}} holds two",
    argument="lstm",
)

RULES: Final = (
    Rule(
        "input-dtype",
        says(
            "RNN input dtype ({got}) does not match weight dtype ({expected})",
            "input must have the type {expected}, got type {got}",
        ),
        "input",
        (
            _NOT_EMBEDDED,
            Cause(
                "module-turned-double",
                "the module was turned to float64, and the input was not",
                "input = input.double()  # or keep the module in float32: lstm.float()",
                "lstm.double() or torch.set_default_dtype(torch.float64) is somewhere",
                lambda e: _expected(e, _DOUBLES) and not _got(e, _INTEGERS),
            ),
            Cause(
                "from-numpy",
                "the input is float64, which is what NumPy's arrays become, and the weights are {expected}",
                "input = input.float()  # or lstm.double()",
                "it comes from torch.from_numpy or torch.tensor of an array",
                lambda e: _got(e, _DOUBLES),
            ),
            Cause(
                "half-precision",
                "one of the two is in half precision: input {got}, weights {expected}",
                "input = input.to({expected})",
                "model.half(), or data kept in half precision; under torch.autocast nothing needs converting",
                lambda e: _got(e, _HALVES) or _expected(e, _HALVES),
            ),
            Cause(
                "another-dtype",
                "the input is {got} and the weights are {expected}",
                "input = input.to(next(lstm.parameters()).dtype)",
                "input.dtype is not next(lstm.parameters()).dtype",
            ),
        ),
    ),
    Rule(
        "product-dtypes",
        says(
            "mat1 and mat2 must have the same dtype, but got {got} and {expected}",
            "self and mat2 must have the same dtype, but got {got} and {expected}",
            "expected m1 and m2 to have the same dtype, but got: {got} != {expected}",
            "expected mat1 and mat2 to have the same dtype, but got: {got} != {expected}",
            "mat1 and mat2 must have the same dtype",
            "Expected object of scalar type {expected} but got scalar type {got} for argument",
            "expected scalar type {expected} but found {got}",
        ),
        "h0",
        (
            _NOT_EMBEDDED,
            Cause(
                "mixed-weights",
                _MIXED_WEIGHTS.cause,
                _MIXED_WEIGHTS.fix,
                _MIXED_WEIGHTS.likely_if,
                lambda e: e.message.startswith("self"),
                argument="lstm",
            ),
            Cause(
                "states-dtype",
                "h0 and c0 are {got} and the weights {expected}: torch.zeros and NumPy don't follow the input's dtype",
                _STATES,
                "h0.dtype is not input.dtype (a GPU, packed input, or a path without oneDNN says it in these words)",
            ),
            Cause(
                "packed-input-dtype",
                "the packed input, or a cell's input, is {got} and the weights are {expected}: there torch does not "
                "check it first",
                "packed_input = packed_input.to(next(lstm.parameters()).dtype)",
                "packed_input.data.dtype is not the weights'",
                argument="packed_input",
            ),
            Cause(
                "mixed-weights-too",
                _MIXED_WEIGHTS.cause,
                _MIXED_WEIGHTS.fix,
                _MIXED_WEIGHTS.likely_if,
                lambda e: False if e.message.startswith("self") else None,
                argument="lstm",
            ),
        ),
        scope="near",
    ),
    Rule(
        "onednn-dtype",
        says(
            "get_mkldnn_dtype: unsupported data type",
            "could not create a primitive descriptor for the LSTM forward",
            "could not create a primitive descriptor for an LSTM forward",
            "could not create a primitive",
        ),
        "h0",
        (
            Cause(
                "states-dtype",
                "h0 or c0 has another dtype than the input: float64 from torch's default or from NumPy, half "
                "precision, "
                "integers",
                _STATES,
                "h0.dtype or c0.dtype is not input.dtype",
            ),
            _MIXED_WEIGHTS,
        ),
        scope="near",
        claims=lambda e: "mkldnn" in e.message or "LSTM" in e.message or e.at_an_lstm,
    ),
    Rule(
        "not-implemented-for",
        says("\"{name}\" not implemented for '{got}'"),
        "dtype",
        (
            Cause(
                "half-on-cpu",
                "the LSTM runs in {got}, for which this device has no kernel",
                "lstm, input = lstm.float(), input.float()",
                "half precision on a CPU, or bfloat16 on an old GPU",
            ),
        ),
        scope="near",
        claims=lambda e: "lstm" in e["name"].lower() or e.at_an_lstm,
    ),
)
