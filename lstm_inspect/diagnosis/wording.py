"""An error's wording as a template: its fixed words, and the numbers and names that are read out of it.

``Expected hidden[{index:int}] size {expected:shape}, got {got:shape}`` matches the message with any numbers. A whole
word of it is looked for first, among the words of the text, and then its longest fixed part: a log of many megabytes
holds few of them, and a regular expression is many times slower.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, zip_longest
from typing import Final, TypeAlias

from lstm_inspect.diagnosis.text import Window

Value: TypeAlias = int | str | tuple[int, ...]

_PIECE: Final = re.compile(r"\{(\w+)(?::(\w+))?\}")
_PATTERNS: Final[Mapping[str, str]] = {
    "int": r"-?\d{1,18}L?(?!\d)",
    "shape": r"(?:torch\.Size\()?[\[(]\s?(?:\d{1,18}L?)?(?:\s?,\s?-?\d{1,18}L?){0,30},?\s?[\])]{1,2}",
    "view": r"\[-?\d{1,18}(?:(?:,\s?| x )-?\d{1,18}){0,30}\]",
    "word": r"[\w.:+-]+",
    "name": r"\w+",
    "argument": "input_size|hidden_size|num_layers|bias|batch_first|dropout|bidirectional|proj_size",
    "number": r"-?\d+(?:\.\d+)?(?:e-?\d+)?",
    "text": r".{0,80}?",
    "types": r"[^)]{0,300}",
    "rest": r".{0,6000}",
}
_MOST_BEFORE: Final = 500
_SHAPES: Final = ("shape", "view")
_WHOLE_NUMBER: Final = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Wording:
    """One way in which torch, of any version, words an error."""

    template: str

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """What is read out of it, by name: the kind of each."""
        return {name: kind or "word" for name, kind in _PIECE.findall(self.template)}

    @cached_property
    def word(self) -> str:
        """Its longest word between blanks that no number or name is part of; empty if it has none."""
        return max(re.findall(r"(?<= )[^ {}]+(?= )", self.template), key=len, default="")

    @cached_property
    def longest(self) -> str:
        """Its longest run of fixed text."""
        return max(_PIECE.split(self.template)[::3], key=len)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The regular expression; it begins a word, where the template does."""
        begins = r"(?<![\w.])" if re.match(r"[\w{]", self.template) else ""
        fixed = [re.escape(part) for part in _PIECE.split(self.template)[::3]]
        read = [f"(?P<{name}>{_PATTERNS[kind]})" for name, kind in self.kinds.items()]
        return re.compile(begins + "".join(chain(*zip_longest(fixed, read, fillvalue=""))))

    def all(self, window: Window) -> list[re.Match[str]]:
        """Its occurrences in a stretch of text."""
        absent = self.word and self.word not in window.words
        start = -1 if absent else window.text.find(self.longest)
        return [] if start < 0 else list(self.pattern.finditer(window.text, max(0, start - _MOST_BEFORE)))

    def read(self, match: re.Match[str]) -> dict[str, Value]:
        """The numbers and names of an occurrence.

        >>> wording = Wording("got {got:shape} and {n:int}")
        >>> wording.read(wording.pattern.match("got [1, 2] and 3"))
        {'got': (1, 2), 'n': 3}
        """
        return {name: _value(self.kinds[name], text) for name, text in match.groupdict().items()}

    def write(self, values: Mapping[str, Value]) -> str:
        """The sentence with numbers and names in it."""
        return _PIECE.sub(lambda piece: str(values[piece[1]]), self.template)


def _value(kind: str, text: str) -> Value:
    if kind in _SHAPES:
        return tuple(int(number) for number in _WHOLE_NUMBER.findall(text))
    return int(text.rstrip("L")) if kind == "int" else text.strip()
