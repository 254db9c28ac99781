"""What a rule decides on: the numbers of the message, the known facts, and the traceback around it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from lstm_inspect.diagnosis.known import Known
from lstm_inspect.theory.shapes import Shape, format_tuple

Trace: TypeAlias = Literal["none", "lstm", "hidden", "silent", "elsewhere"]

_FALLBACKS: Final = {
    "rows": "num_layers * num_directions",
    "batch": "batch_size",
    "state_size": "hidden_size",
    "time": "seq_len",
    "batch_first": "lstm.batch_first",
    "time_axis": "1 if lstm.batch_first else 0",
    "batch_axis": "0 if lstm.batch_first else 1",
}


class _Words(dict[str, Any]):
    """The words that fill a template; what is not known stays the name that code has for it."""

    def __missing__(self, name: str) -> str:
        return _FALLBACKS.get(name, name)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that bears on one message.

    Attributes:
        numbers: what its wording reads out of it.
        known: facts given beside it.
        context: the traceback that led to it, white space as single blanks; empty if there is none.
        message: the message itself.
        trace: "none" (a bare message), "lstm" (the traceback names an LSTM or packing), "hidden" (a traceback that
            shows no line of the user's code), "silent" (one that does, without a word of an LSTM) or "elsewhere" (one
            that leads to a data loader, a convolution, ..).
    """

    numbers: Mapping[str, Any] = field(default_factory=dict)
    known: Known = field(default_factory=Known)
    context: str = ""
    message: str = ""
    trace: Trace = "none"

    def __getitem__(self, name: str) -> Any:
        return self.numbers[name]

    def get(self, name: str) -> Any:
        """A number of the message; None if its wording has no such number."""
        return self.numbers.get(name)

    def mentions(self, pattern: str) -> bool | None:
        """Whether the traceback has it; None if there is no traceback, or one without it."""
        return True if re.search(pattern, self.context) else None

    @property
    def at_an_lstm(self) -> bool:
        """Whether it is known that an LSTM is involved."""
        return self.trace == "lstm" or self.known.anything

    @property
    def expected(self) -> Shape:
        """The shape that the message expects."""
        return tuple(self.numbers["expected"])

    @property
    def got(self) -> Shape:
        """The shape that the message got."""
        return tuple(self.numbers["got"])

    def fill(self, template: str) -> str:
        """A template with its names filled in.

        >>> Evidence({"got": (1, 2)}, Known(hidden_size=20)).fill("{got} for {hidden_size}, {rows}")
        '(1, 2) for 20, num_layers * num_directions'
        """
        return template.format_map(_Words(self._words()))

    def _words(self) -> dict[str, Any]:
        known = self.known
        facts = {
            "input_size": known.input_size,
            "hidden_size": known.hidden_size,
            "proj_size": known.proj_size,
            "num_layers": known.num_layers,
            "num_directions": known.num_directions,
            "state_size": known.state_size,
            "rows": known.rows,
            "batch": known.batch,
            "time": known.time,
            "time_axis": _axis(known.batch_first, 1, 0),
            "batch_axis": _axis(known.batch_first, 0, 1),
            "batch_first": known.batch_first,
            "input_shape": known.input_shape,
            "lengths": known.lengths,
        }
        words = {**{name: value for name, value in facts.items() if value is not None}, **self.numbers}
        return {name: format_tuple(value) if isinstance(value, tuple) else value for name, value in words.items()}

    def constructor(self, **changes: object) -> str:
        """The line that builds the module with some arguments changed; sizes that are not known stay names.

        >>> Evidence(known=Known(hidden_size=20, num_layers=2)).constructor(batch_first=True)
        'lstm = torch.nn.LSTM(input_size, 20, num_layers=2, batch_first=True)'
        """
        values = {name: getattr(self.known, name) for name in _KEYWORDS} | changes
        sizes = [str(_or(changes.get(name), getattr(self.known, name), name)) for name in ("input_size", "hidden_size")]
        keywords = [
            f"{name}={values[name]}" for name, default in _KEYWORDS.items() if values[name] not in (None, default)
        ]
        return f"lstm = torch.nn.LSTM({', '.join([*sizes, *keywords])})"


_KEYWORDS: Final[Mapping[str, object]] = {
    "num_layers": 1,
    "bias": True,
    "batch_first": False,
    "dropout": 0.0,
    "bidirectional": False,
    "proj_size": 0,
}


def _axis(batch_first: bool | None, if_first: int, else_: int) -> int | None:
    return None if batch_first is None else if_first if batch_first else else_


def _or(*values: object) -> object:
    return next(value for value in values if value is not None)
