"""An error's wording as a template: its fixed words, and the numbers and names that are read out of it.

``Expected hidden[{index:int}] size {expected:shape}, got {got:shape}`` matches the message with any numbers. A whole
word of it is looked for first, among the words of the text, and then its longest fixed part: a log of many megabytes
holds few of them, and a regular expression is many times slower.
"""

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

Value: TypeAlias = int | str | tuple[int, ...]

_WHOLE_WORD: Final = re.compile(r"(?<= )\S+(?= )")
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
        """Its longest word that stands between blanks, whatever its numbers and names are; empty if it has none."""
        return max(
            (word for part in _PIECE.split(self.template)[::3] for word in _WHOLE_WORD.findall(part)),
            key=len,
            default="",
        )

    @cached_property
    def longest(self) -> str:
        """Its longest run of fixed text."""
        return max(_PIECE.split(self.template)[::3], key=len)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The regular expression."""
        parts = _PIECE.split(self.template)
        built = [re.escape(parts[0])]
        for name, kind, fixed in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            built += [f"(?P<{name}>{_PATTERNS[kind or 'word']})", re.escape(fixed)]
        before = r"(?<![\w.])" if self.template[0] == "{" else ""
        return re.compile(before + "".join(built))

    def all(self, text: str, words: Set[str]) -> list[re.Match[str]]:
        """Its occurrences in text whose white space is single blanks, and whose words are these."""
        absent = (self.word and self.word not in words) or self.longest not in text
        return [] if absent else list(self._found(text))

    def _found(self, text: str) -> Iterator[re.Match[str]]:
        """Its occurrences that begin a word; a look behind in the pattern would be tried at every character."""
        for found in self.pattern.finditer(text, max(0, text.find(self.longest) - _MOST_BEFORE)):
            start = found.start()
            if not (self._is_word and start and (text[start - 1].isalnum() or text[start - 1] in "_.")):
                yield found

    @cached_property
    def _is_word(self) -> bool:
        return self.template[0].isalnum() or self.template[0] == "_"

    def read(self, match: re.Match[str]) -> dict[str, Value]:
        """The numbers and names of an occurrence.

        >>> wording = Wording("got {got:shape} and {n:int}")
        >>> wording.read(*wording.all("got [1, 2] and 3", {"and"}))
        {'got': (1, 2), 'n': 3}
        """
        return {name: _value(self.kinds[name], text) for name, text in match.groupdict().items()}

    def write(self, values: Mapping[str, Value]) -> str:
        """The sentence with numbers and names in it.

        >>> Wording("got {got:shape} and {n:int}").write({"got": (1, 2), "n": 3})
        'got (1, 2) and 3'
        """
        return _PIECE.sub(lambda piece: str(values[piece[1]]), self.template)


def _value(kind: str, text: str) -> Value:
    if kind in _SHAPES:
        return tuple(int(number) for number in _WHOLE_NUMBER.findall(text))
    return int(text.rstrip("L")) if kind == "int" else text.strip()
