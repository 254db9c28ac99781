"""What a rule decides on: the numbers of the message, the known facts, and where the message was raised."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from lstm_inspect.diagnosis.expression import Names
from lstm_inspect.diagnosis.known import Known
from lstm_inspect.diagnosis.origin import NOWHERE, Origin

_DERIVED: Final = ("num_directions", "rows", "state_size", "batch", "time", "batched")
FACTS: Final = (*(each.name for each in fields(Known)), *_DERIVED, "time_axis", "batch_axis")
"""The names of what can be known of a call."""
OF_A_MESSAGE: Final = ("message", "trace", "at_an_lstm", "mentions", "constructor", "line", "raised", "in_torch")
"""The names that a message has; the last three where its traceback shows them."""

_KEYWORDS: Final[Mapping[str, object]] = {
    "num_layers": 1,
    "bias": True,
    "batch_first": False,
    "dropout": 0.0,
    "bidirectional": False,
    "proj_size": 0,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that bears on a message: what its wording reads out of it, the facts, itself, where it was raised."""

    numbers: Mapping[str, Any] = field(default_factory=dict)
    known: Known = field(default_factory=Known)
    message: str = ""
    origin: Origin = NOWHERE

    @property
    def at_an_lstm(self) -> bool:
        """Whether it is known that an LSTM is involved."""
        return self.origin.trace == "lstm" or self.known.anything

    def mentions(self, pattern: str) -> bool | None:
        """Whether the traceback has it; None if there is no traceback, or one without it."""
        return True if re.search(pattern, self.origin.text) else None

    def constructor(self, facts: Mapping[str, object] | None = None, **changes: object) -> str:
        """The line that builds the module with some arguments changed; sizes that are not known stay names.

        >>> Evidence(known=Known(hidden_size=20, num_layers=2)).constructor(batch_first=True)
        'lstm = torch.nn.LSTM(input_size, 20, num_layers=2, batch_first=True)'
        """
        changes = {**(facts or {}), **changes}
        values = {name: getattr(self.known, name) for name in _KEYWORDS} | changes
        sizes = [str(_or(changes.get(name), getattr(self.known, name), name)) for name in ("input_size", "hidden_size")]
        keywords = [f"{name}={values[name]}" for name, usual in _KEYWORDS.items() if values[name] not in (None, usual)]
        return f"lstm = torch.nn.LSTM({', '.join([*sizes, *keywords])})"

    def names(self) -> Names:
        """What an expression may use; a fact that is not known is no name."""
        facts = {name: getattr(self.known, name) for name in FACTS if hasattr(self.known, name)}
        facts |= {"time_axis": _axis(self.known.batch_first, 1, 0), "batch_axis": _axis(self.known.batch_first, 0, 1)}
        facts |= {name: getattr(self.origin, name) for name in ("trace", "line", "raised", "in_torch")}
        facts |= {name: getattr(self, name) for name in ("message", "at_an_lstm", "mentions", "constructor")}
        return Names({**{name: value for name, value in facts.items() if value is not None}, **self.numbers})


def _axis(batch_first: bool | None, if_first: int, else_: int) -> int | None:
    return None if batch_first is None else if_first if batch_first else else_


def _or(*values: object) -> object:
    return next(value for value in values if value is not None)
