"""The rules, one table: how each error is worded, what it is about, its causes and what decides between them.

The rules of one subject stand in one module. Where two recognise the same words at the same place, the first counts.
"""

from __future__ import annotations

from typing import Final

from lstm_inspect.diagnosis.rule import Rule
from lstm_inspect.diagnosis.rules import (
    attributes,
    broadcasting,
    constructor,
    constructor_arguments,
    constructor_dtypes,
    devices,
    dtypes,
    export,
    inputs,
    packed_axes,
    packed_states,
    packing,
    packing_calls,
    products,
    results,
    state_dict,
    states,
    training,
    tuples,
    weights,
)

RULES: Final[tuple[Rule, ...]] = (
    *constructor.RULES,
    *constructor_arguments.RULES,
    *constructor_dtypes.RULES,
    *inputs.RULES,
    *states.RULES,
    *packed_states.RULES,
    *packing.RULES,
    *packing_calls.RULES,
    *packed_axes.RULES,
    *devices.RULES,
    *dtypes.RULES,
    *products.RULES,
    *broadcasting.RULES,
    *attributes.RULES,
    *tuples.RULES,
    *results.RULES,
    *state_dict.RULES,
    *weights.RULES,
    *training.RULES,
    *export.RULES,
)
