"""dtypes that nn.LSTM(...) can not be built with."""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.rule import Cause, Rule, says

RULES: Final = (
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
