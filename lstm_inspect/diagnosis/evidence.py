"""The names that a rule decides on: the numbers of the message, the known facts, and where the message was raised."""

import re
from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from typing import Any, Final

from lstm_inspect.diagnosis.expression import Names
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.origin import NOWHERE, Origin
from lstm_inspect.diagnosis.rule import table
from lstm_inspect.theory.expressions import DEFAULTS

OF_A_MESSAGE: Final = ("message", "trace", "at_an_lstm", "mentions", "constructor", "line", "raised", "in_torch")
"""The names that a message has; the last three where its traceback shows them."""


def evidence(known: Known, numbers: Mapping[str, Any], message: str = "", origin: Origin = NOWHERE) -> Names:
    """What an expression may use; what is not known is no name."""
    facts = {each.name: getattr(known, each.name) for each in fields(known)}
    facts |= {name: getattr(origin, name) for name in ("trace", "line", "raised", "in_torch")}
    facts |= {"message": message, "at_an_lstm": origin.trace == "lstm" or known.anything}
    facts |= {"mentions": partial(_mentions, origin.text), "constructor": partial(constructor, known)}
    names = Names({name: value for name, value in facts.items() if value is not None})
    for name, expression in table("words")["facts"].items():
        names.define(name, expression)
    return names.with_more(numbers)


def _mentions(text: str, pattern: str) -> bool | None:
    """Whether the traceback has it; None if there is no traceback, or one without it."""
    return True if re.search(pattern, text) else None


def constructor(known: Known, facts: Mapping[str, object] | None = None, **changes: object) -> str:
    """The line that builds the module with some arguments changed; sizes that are not known stay names.

    >>> constructor(Known(hidden_size=20, num_layers=2), batch_first=True)
    'lstm = torch.nn.LSTM(input_size, 20, num_layers=2, batch_first=True)'
    """
    given = {name: getattr(known, name) for name in ("input_size", "hidden_size", *DEFAULTS)}
    given |= {
        name: value for name, value in {**(facts or {}), **changes}.items() if name in DEFAULTS or value is not None
    }
    sizes = [str(name if given[name] is None else given[name]) for name in ("input_size", "hidden_size")]
    keywords = [f"{name}={given[name]}" for name, usual in DEFAULTS.items() if given[name] not in (None, usual)]
    return f"lstm = torch.nn.LSTM({', '.join([*sizes, *keywords])})"
