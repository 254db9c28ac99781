"""What was read of one call of a recurrent module, and what each sequence alone gave: plain data, and in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

from lstm_inspect.theory.contract import Direction, Document, Natural, Positive, record, written

Kind: TypeAlias = Literal["output", "hn", "cn"]
Role: TypeAlias = Literal["features", "state", "sum", "mean", "max"]
DIRECTIONS: Final = ("forward", "reverse")


@dataclass(frozen=True, slots=True)
class Source:
    """One call of an nn.LSTM, nn.GRU or nn.RNN, whose results are followed."""

    module: str  #: its qualified name; "" if the model is itself the module.
    call: int  #: which call of it, from 0.
    kind: str  #: "LSTM", "GRU" or "RNN".
    layers: int  #: L
    directions: int  #: D
    size: int  #: R
    cell_size: int  #: H
    lengths: tuple[int, ...]  #: the valid steps of each sequence; T where padding can't be known, as it is not packed.
    batch_first: bool = False
    batched: bool = True

    @property
    def longest(self) -> int:
        """The valid steps of the longest sequence."""
        return max(self.lengths, default=0)


@record("result=kind layer direction=named sequences=count first_step last_step")
class Part:
    """What was read of one layer and direction."""

    source: Source
    kind: Kind  #: of which result.
    layer: Natural  #: of that result.
    direction: int  #: which half of it.
    first: Mapping[int, int]  #: the lowest step that was read, by sequence.
    last: Mapping[int, int]  #: the highest step that was read, by sequence.
    steps: int = 0  #: how many valid steps were read, of all sequences.

    @property
    def named(self) -> Direction:
        """The direction by its name."""
        return DIRECTIONS[self.direction]

    @property
    def count(self) -> Natural:
        """Of how many sequences."""
        return len(self.first)

    @property
    def first_step(self) -> Natural:
        """The lowest step of any sequence."""
        return min(self.first.values(), default=0)

    @property
    def last_step(self) -> Natural:
        """The highest step of any sequence."""
        return max(self.last.values(), default=0)

    @property
    def is_top(self) -> bool:
        """Whether it is of the top layer, as every part of output is."""
        return self.layer == self.source.layers - 1

    @property
    def one_step(self) -> bool:
        """Whether one step alone of each sequence was read."""
        return self.first == self.last

    @property
    def ends(self) -> Mapping[int, int]:
        """The last valid step of each sequence that was read."""
        return {each: self.source.lengths[each] - 1 for each in self.first}

    @property
    def is_final(self) -> bool:
        """Whether it is that direction's final state, of the top layer or of another."""
        return self.one_step and self.first == (dict.fromkeys(self.first, 0) if self.direction else self.ends)

    @property
    def is_start(self) -> bool:
        """Whether it is the step that its direction starts at, of each sequence of several."""
        ends = self.ends if self.direction else dict.fromkeys(self.first, 0)
        longer = [each for each in self.first if self.source.lengths[each] > 1]
        return bool(longer) and all(self.first[each] == ends[each] for each in longer)

    @property
    def holds_padding(self) -> bool:
        """Whether steps after a sequence's end are in it."""
        return self.kind == "output" and any(step > self.ends[each] for each, step in self.last.items())

    @property
    def what(self) -> str:
        """What it is, in words, whichever layer and direction it is of."""
        longest, found = self.source.longest, set(self.first.values())
        if self.kind == "cn":
            return "the cell state"
        if self.is_final and (self.kind == "hn" or longest > 1):
            return "the final state"
        if not self.one_step:
            return "every step" if self.steps == sum(self.ends.values()) + self.count else "several steps"
        if found == {0}:
            return "the first step" if longest > 1 else "the one step"
        if self.first == self.ends:
            return "the last step"
        return "padding" if self.holds_padding else f"step {found.pop()}" if len(found) == 1 else "one step"


class Rows(NamedTuple):
    """What the rows of what is read hold."""

    mixed: bool = False  #: elements of several sequences, and the same sequence's elements stand in other rows too.
    over_batch: bool = False  #: every sequence at one step, in rows that differ by step.
    several_steps: bool = False  #: several steps of a sequence.
    interleaved: bool = False  #: every other feature of both directions.
    joined: bool = False  #: several layers or directions.


_PLAIN: Final = Rows()


@written("module call reader operation role file line expression words shape times masked parts")
@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Document):
    """What one reader takes of one call's results, at one line."""

    source: Source  #: the call whose results are read.
    parts: tuple[Part, ...]  #: what of them.
    operation: str  #: what it does with them: "linear"; "result" if they are the model's own result.
    #: the qualified name of the module that reads; None if it is the code around the recurrent module.
    reader: str | None = None
    #: "features", or how they are put to use: "state" (the initial state of another call), "mean", "max".
    role: Role = "features"
    file: str | None = None  #: where they are read.
    line: int | None = None  #: where they are read.
    made: tuple[str, int] | None = None  #: the line where what is read was cut out of, or joined from, the results.
    expression: str | None = None  #: the same as Python, where its elements are those of a known expression.
    shape: tuple[Natural, ...] = ()  #: of what is read.
    times: Positive = 1  #: how often this line read this call.
    masked: bool = False  #: whether it was multiplied by something before, a mask or weights.
    rows: Rows = _PLAIN

    @property
    def sequences(self) -> frozenset[int]:
        """The sequences of which anything is read."""
        return frozenset(sequence for part in self.parts for sequence in part.first)

    @property
    def module(self) -> str:
        """The module whose results are read."""
        return self.source.module

    @property
    def call(self) -> Natural:
        """Which call of it."""
        return self.source.call

    @property
    def words(self) -> str:
        """What is read, in words.

        >>> source = Source("lstm", 0, "LSTM", 1, 1, 8, 8, (5, 5))
        >>> final = Part(source, "hn", 0, 0, {0: 4, 1: 4}, {0: 4, 1: 4})
        >>> Read(source=source, parts=(final,), operation="linear").words
        'the final state of each sequence'
        """
        of = ", every other feature alone" if self.rows.interleaved else ""
        if self.source.batched:
            there, all_there = len(self.sequences), len(self.source.lengths)
            of = (" of each sequence" if there == all_there else f" of {there} of {all_there} sequences") + of
        states = {part.layer for part in self.parts if part.kind != "output"} if self.source.layers > 1 else set()
        groups: dict[str, list[Part]] = {}
        for part in self.parts:
            groups.setdefault(part.what, []).append(part)
        found = {what: _which(parts, states) for what, parts in groups.items()}
        if len(set(found.values())) == 1:
            return f"{' and '.join(found)}{of}{next(iter(found.values()))}"
        return " and ".join(f"{what}{of}{which}" for what, which in found.items())


def _which(parts: list[Part], states: set[int]) -> str:
    """Which directions and layers parts are of that one word stands for; states: the layers whose states are read."""
    source, said = parts[0].source, ""
    if source.directions == 2:
        directions = {part.named for part in parts}
        said = ", both directions" if len(directions) == 2 else f", {directions.pop()}"
    if states - {source.layers - 1} and parts[0].kind != "output":
        there = sorted({part.layer for part in parts})
        named = f"layer{'s' if len(there) > 1 else ''} {' and '.join(map(str, there))}"
        said += ", all layers" if len(there) == source.layers else f", {named}"
    return said


@record()
class Alone:
    """Whether each sequence alone gives what it gives in the batch."""

    passed: bool | None  #: None if that could not be decided.
    reason: str | None = None  #: why not, or what differs.
    axis: Natural | None = None  #: along which the arguments are taken apart.
    result_axis: Natural | None = None  #: along which the result is taken apart.
    sequences: Natural | None = None  #: in the batch.
    checked: Natural = 0  #: how many of them were run alone.
    largest: float | None = None  #: the largest difference of any element.
    #: whether the others were replaced by copies of the one, as the model can't run on one alone.
    replaced: bool = False
