"""What was read of one call of a recurrent module: plain data, and the same in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from lstm_inspect.theory.contract import Direction, Document, Natural, Positive, written

Kind: TypeAlias = Literal["output", "hn", "cn"]
Role: TypeAlias = Literal["features", "state", "sum", "mean", "max"]
DIRECTIONS: Final = ("forward", "reverse")


@dataclass(frozen=True, slots=True)
class Source:
    """One call of an nn.LSTM, nn.GRU or nn.RNN, whose results are followed.

    Attributes:
        module: its qualified name; "" if the model is itself the module.
        call: which call of it, from 0.
        kind: "LSTM", "GRU" or "RNN".
        layers, directions, size, cell_size: L, D, R, H.
        lengths: the valid steps of each sequence: T for all of a padded batch, whose padding can't be known.
        batch_first, batched, packed: how input came, and output went.
    """

    module: str
    call: int
    kind: str
    layers: int
    directions: int
    size: int
    cell_size: int
    lengths: tuple[int, ...]
    batch_first: bool = False
    batched: bool = True
    packed: bool = False

    def final_step(self, sequence: int, direction: int) -> int:
        """The step after which a direction's state is final."""
        return 0 if direction else self.lengths[sequence] - 1


@written("result=kind layer direction=named sequences=count first_step last_step")
@dataclass(frozen=True, slots=True)
class Part:
    """What was read of one layer and direction.

    Attributes:
        kind, layer, direction: of which result, and which half of it.
        first, last: the lowest and the highest step that was read, by sequence.
        steps: how many valid steps were read, of all sequences.
    """

    kind: Kind
    layer: Natural
    direction: int
    first: Mapping[int, int]
    last: Mapping[int, int]
    steps: int = 0

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
    def one_step(self) -> bool:
        """Whether one step alone of each sequence was read."""
        return self.first == self.last


@written("module call reader operation role file line expression words shape times masked parts")
@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Document):
    """What one reader takes of one call's results, at one line.

    Attributes:
        source: the call whose results are read.
        parts: what of them.
        reader: the qualified name of the module that reads; None if it is the code around the recurrent module.
        operation: what it does with them: "linear"; "result" if they are the model's own result.
        role: "features", or how they are put to use: "state" (the initial state of another call), "mean", "max".
        file, line: where they are read.
        made_file, made_line: where what is read was cut out of, or joined from, the results.
        expression: the same as Python, where its elements are those of a known expression.
        shape: of what is read.
        times: how often this line read this call.
        masked: whether it was multiplied by something before, a mask or weights.
        mixed: whether rows hold elements of several sequences that belong into several rows.
        interleaved: whether every other feature of both directions is taken.
        over_batch: whether a mean or the like runs over the sequences and leaves the steps.
        joined: whether a row holds several layers or directions.
    """

    source: Source
    parts: tuple[Part, ...]
    operation: str
    reader: str | None = None
    role: Role = "features"
    file: str | None = None
    line: int | None = None
    made_file: str | None = None
    made_line: int | None = None
    expression: str | None = None
    shape: tuple[Natural, ...] = ()
    times: Positive = 1
    masked: bool = False
    mixed: bool = False
    interleaved: bool = False
    over_batch: bool = False
    joined: bool = False

    @property
    def sequences(self) -> frozenset[int]:
        """The sequences of which anything is read."""
        return frozenset(sequence for part in self.parts for sequence in part.first)

    @property
    def words(self) -> str:
        """What is read, in words."""
        return words(self)

    @property
    def module(self) -> str:
        """The module whose results are read."""
        return self.source.module

    @property
    def call(self) -> Natural:
        """Which call of it."""
        return self.source.call


def is_final(source: Source, part: Part) -> bool:
    """Whether a part is that direction's final state, of the top layer or of another."""
    final = {sequence: source.final_step(sequence, part.direction) for sequence in part.first}
    return part.one_step and dict(part.first) == final


def words(read: Read) -> str:
    """What is read, in words.

    >>> source = Source("lstm", 0, "LSTM", 1, 1, 8, 8, (5, 5))
    >>> words(Read(source=source, parts=(Part("hn", 0, 0, {0: 4, 1: 4}, {0: 4, 1: 4}),), operation="linear"))
    'the final state of each sequence'
    """
    of, found = _of_sequences(read), _by_result(read)
    if read.interleaved:
        of = f"{of}, every other feature alone"
    if len({which for _, which in found}) == 1:
        return f"{' and '.join(what for what, _ in found)}{of}{found[0][1]}"
    return " and ".join(f"{what}{of}{which}" for what, which in found)


def _by_result(read: Read) -> list[tuple[str, str]]:
    """What is read and its directions: the top layer's states and output's that equal them, and the rest."""
    groups: dict[str, list[Part]] = {}
    for part in read.parts:
        groups.setdefault(_what(read.source, part), []).append(part)
    layers = {part.layer for part in read.parts if part.kind != "output"} if read.source.layers > 1 else set()
    return [(what, _which(read.source, parts, layers)) for what, parts in groups.items()]


def _what(source: Source, part: Part) -> str:
    if part.kind == "cn":
        return "the cell state"
    if is_final(source, part) and (part.kind == "hn" or max(source.lengths, default=1) > 1):
        return "the final state"
    if not part.one_step:
        return "every step" if part.steps == sum(source.lengths[each] for each in part.first) else "several steps"
    found = set(part.first.values())
    if all(step == source.lengths[sequence] - 1 for sequence, step in part.first.items()) and found != {0}:
        return "the last step"
    if found == {0}:
        return "the first step" if max(source.lengths, default=1) > 1 else "the one step"
    padding = any(step >= source.lengths[sequence] for sequence, step in part.first.items())
    return "padding" if padding else f"step {found.pop()}" if len(found) == 1 else "one step"


def _of_sequences(read: Read) -> str:
    there, all_there = len(read.sequences), len(read.source.lengths)
    if not read.source.batched:
        return ""
    return " of each sequence" if there == all_there else f" of {there} of {all_there} sequences"


def _which(source: Source, parts: list[Part], layers: set[int]) -> str:
    """Which directions and layers, where there are several."""
    directions = sorted({part.direction for part in parts})
    said = ["both directions" if len(directions) == 2 else DIRECTIONS[directions[0]]]
    said = said if source.directions == 2 else []
    if layers - {source.layers - 1} and parts[0].kind != "output":
        there = sorted({part.layer for part in parts})
        which = "all layers" if len(there) == source.layers else f"layer{'s' if len(there) > 1 else ''} "
        said.append(which if which == "all layers" else which + " and ".join(map(str, there)))
    return "".join(f", {each}" for each in said)


@written("passed reason axis result_axis sequences checked largest replaced")
@dataclass(frozen=True, slots=True)
class Alone:
    """Whether each sequence alone gives what it gives in the batch.

    Attributes:
        passed: None if that could not be decided.
        reason: why not, or what differs.
        axis, result_axis: along which the arguments and the result are taken apart.
        sequences: in the batch.
        checked: how many of them were run alone.
        largest: the largest difference of any element.
        replaced: whether the others were replaced by copies of the one, as the model can't run on one alone.
    """

    passed: bool | None
    reason: str | None = None
    axis: Natural | None = None
    result_axis: Natural | None = None
    sequences: Natural | None = None
    checked: Natural = 0
    largest: float | None = None
    replaced: bool = False
