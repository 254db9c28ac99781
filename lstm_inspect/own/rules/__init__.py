"""The rules, one table: how each error is worded, what it is about, its causes and what decides between them.

The rules of one subject stand in one module. Where two recognise the same words at the same place, the first counts.
"""

from __future__ import annotations

from typing import Final

from lstm_inspect.own.rules import (
    constructor,
    devices,
    dtypes,
    inputs,
    packing,
    products,
    results,
    states,
    training,
    weights,
)
from lstm_inspect.own.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    *constructor.RULES,
    *inputs.RULES,
    *states.RULES,
    *packing.RULES,
    *devices.RULES,
    *dtypes.RULES,
    *products.RULES,
    *results.RULES,
    *weights.RULES,
    *training.RULES,
)
