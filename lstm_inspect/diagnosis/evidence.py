"""The names that a rule decides on: the numbers of the message, the known facts, and where the message was raised."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from typing import Any, Final

from lstm_inspect.diagnosis.expression import Names
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.origin import NOWHERE, Origin

_DERIVED: Final = ("num_directions", "rows", "state_size", "batch", "time", "batched")
FACTS: Final = (*(each.name for each in fields(Known)), *_DERIVED, "time_axis", "batch_axis")
"""The names of what can be known of a call."""
OF_A_MESSAGE: Final = ("message", "trace", "at_an_lstm", "mentions", "constructor", "line", "raised", "in_torch")
"""The names that a message has; the last three where its traceback shows them."""

_USUAL: Final = {
    "num_layers": 1,
    "bias": True,
    "batch_first": False,
    "dropout": 0.0,
    "bidirectional": False,
    "proj_size": 0,
}


def evidence(known: Known, numbers: Mapping[str, Any], message: str = "", origin: Origin = NOWHERE) -> Names:
    """What an expression may use; what is not known is no name."""
    facts: dict[str, Any] = {name: getattr(known, name) for name in FACTS if hasattr(known, name)}
    if known.batch_first is not None:
        facts |= {"time_axis": int(known.batch_first), "batch_axis": int(not known.batch_first)}
    facts |= {name: getattr(origin, name) for name in ("trace", "line", "raised", "in_torch")}
    facts |= {"message": message, "at_an_lstm": origin.trace == "lstm" or known.anything}
    facts |= {"mentions": partial(_mentions, origin.text), "constructor": partial(constructor, known)}
    return Names({**{name: value for name, value in facts.items() if value is not None}, **numbers})


def _mentions(text: str, pattern: str) -> bool | None:
    """Whether the traceback has it; None if there is no traceback, or one without it."""
    return True if re.search(pattern, text) else None


def constructor(known: Known, facts: Mapping[str, object] | None = None, **changes: object) -> str:
    """The line that builds the module with some arguments changed; sizes that are not known stay names.

    >>> constructor(Known(hidden_size=20, num_layers=2), batch_first=True)
    'lstm = torch.nn.LSTM(input_size, 20, num_layers=2, batch_first=True)'
    """
    given = {name: getattr(known, name) for name in ("input_size", "hidden_size", *_USUAL)}
    given |= {
        name: value for name, value in {**(facts or {}), **changes}.items() if name in _USUAL or value is not None
    }
    sizes = [str(name if given[name] is None else given[name]) for name in ("input_size", "hidden_size")]
    keywords = [f"{name}={given[name]}" for name, usual in _USUAL.items() if given[name] not in (None, usual)]
    return f"lstm = torch.nn.LSTM({', '.join([*sizes, *keywords])})"
