"""Addresses: an int64 for each element of a call's results, that says which element it is, and is moved with it.

An address is ``head << 40 | element``. The head counts results (0: of no followed call; then output, hn
and cn of each call in turn). The element counts features fastest: ((step * B + sequence) * D + direction) * R
+ feature in output, ((layer * D + direction) * B + sequence) * R + feature in hn and cn. Steps after a
sequence's end have addresses too: they are its padding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import torch
from torch import Tensor

from lstm_inspect.mistakes.read import Kind, Part, Source

KINDS: Final[tuple[Kind, ...]] = ("output", "hn", "cn")
_BITS: Final = 40
_ELEMENT: Final = (1 << _BITS) - 1
NOTHING: Final = 0
MOST_ELEMENTS: Final = 1 << 26
"""Results with more elements are not followed: their addresses alone would take half a gigabyte."""


@dataclass(frozen=True, slots=True)
class Places:
    """Decoded addresses, tensor by tensor of one shape; -1 where there is no address."""

    head: Tensor
    layer: Tensor
    direction: Tensor
    step: Tensor
    sequence: Tensor


@dataclass
class Ledger:
    """The calls that addresses count."""

    sources: list[Source] = field(default_factory=list)

    def add(self, source: Source) -> int:
        """Take in a call; returns its number."""
        self.sources.append(source)
        self.__dict__.pop("_tables", None)
        return len(self.sources) - 1

    def addresses(self, number: int, kind: Kind) -> Tensor:
        """The addresses of one result of a call, laid out as that result is; output as it is unpacked.

        >>> Ledger([Source("", 0, "RNN", 1, 1, 2, 2, (3,))]).addresses(0, "hn") & 0xFF
        tensor([[[0, 1]]])
        """
        source = self.sources[number]
        rows = source.layers * source.directions
        lead = (
            (max(source.lengths, default=0), len(source.lengths)) if kind == "output" else (rows, len(source.lengths))
        )
        width = _width(source, kind) * (source.directions if kind == "output" else 1)
        made = torch.arange(lead[0] * lead[1] * width).view(*lead, width) + (
            (number * 3 + KINDS.index(kind) + 1) << _BITS
        )
        if not source.batched:
            return made[:, 0]
        return made.transpose(0, 1) if kind == "output" and source.batch_first else made

    def packed(self, number: int, batch_sizes: Sequence[int], order: Sequence[int] | None) -> Tensor:
        """The addresses of output as it is packed: step by step, the sequences in a given order."""
        source = self.sources[number]
        padded = self.addresses(number, "output")
        padded = padded.transpose(0, 1) if source.batch_first else padded
        order = range(len(source.lengths)) if order is None else order
        index = torch.as_tensor(list(order))
        return torch.cat([padded[step, index[:size]] for step, size in enumerate(batch_sizes)])

    @cached_property
    def _tables(self) -> Tensor:
        """By head: width, B, D, L, whether it is output, where its lengths begin."""
        rows, start = [[1, 1, 1, 1, 0, 0]], 0
        for source in self.sources:
            for kind in KINDS:
                sizes = [_width(source, kind), max(1, len(source.lengths)), source.directions, source.layers]
                rows.append([*sizes, int(kind == "output"), start])
            start += len(source.lengths)
        return torch.tensor(rows)

    def places(self, addresses: Tensor) -> Tensor:
        """Addresses without their features: equal for all features of one direction at one step or in one row."""
        head = addresses >> _BITS
        width = self._tables.to(addresses.device)[:, 0][head]
        return (head << _BITS) | ((addresses & _ELEMENT) // width)

    def features(self, addresses: Tensor) -> Tensor:
        """Which feature of its direction each address is."""
        return (addresses & _ELEMENT) % self._tables.to(addresses.device)[:, 0][addresses >> _BITS]

    def decode(self, places: Tensor) -> Places:
        """What places are: what ``places`` makes of addresses."""
        head, element = places >> _BITS, places & _ELEMENT
        _, sequences, directions, layers, output, start = self._tables.to(places.device)[head].unbind(-1)
        output = output.bool()
        sequence = torch.where(output, element // directions, element) % sequences
        row = element // sequences
        direction = torch.where(output, element, row) % directions
        layer = torch.where(output, layers - 1, row // directions)
        lengths = torch.tensor([length for source in self.sources for length in (*source.lengths,)] or [0])
        ends = lengths.to(places.device)[(start + sequence).clamp(max=len(lengths) - 1)] - 1
        step = torch.where(output, element // directions // sequences, torch.where(direction == 1, 0, ends))
        there = head > 0
        return Places(head, *(torch.where(there, each, -1) for each in (layer, direction, step, sequence)))

    def modules(self, places: Tensor) -> tuple[str, ...]:
        """Whose results places are of."""
        heads = torch.unique_consecutive(places >> _BITS).tolist()  # places are sorted
        return tuple(dict.fromkeys(self.sources[(head - 1) // 3].module for head in heads if head))

    def padding_of(self, first_steps: Tensor, steps: Tensor) -> Tensor:
        """The addresses of later steps of elements whose addresses at step 0 are given; nothing if not output's."""
        rows = self._tables.to(first_steps.device)[first_steps >> _BITS]
        width, sequences, directions, _, output, _ = rows.unbind(-1)
        return torch.where(output.bool(), first_steps + steps * (width * sequences * directions), NOTHING)

    def parts(self, places: Tensor) -> dict[int, tuple[Part, ...]]:
        """What places that were read are, by the number of the call."""
        places = torch.unique(places[places > 0].cpu())
        found = self.decode(places)
        key = (found.head * 2 + found.direction) * 2**20 + found.layer
        parts: dict[int, list[Part]] = {}
        for value in torch.unique(key).tolist():
            here = key == value
            head, layer, direction = (int(each[here][0]) for each in (found.head, found.layer, found.direction))
            number, kind = divmod(head - 1, 3)
            lengths = torch.tensor(self.sources[number].lengths)
            sequences, steps = found.sequence[here], found.step[here]
            first, last = _range(sequences, steps, len(lengths))
            valid = int((steps < lengths[sequences]).sum())
            parts.setdefault(number, []).append(Part(KINDS[kind], layer, direction, first, last, valid))
        order = {number: sorted(each, key=lambda part: (part.layer, part.direction)) for number, each in parts.items()}
        return {number: tuple(each) for number, each in order.items()}


def _width(source: Source, kind: Kind) -> int:
    return source.cell_size if kind == "cn" else source.size


def _range(sequences: Tensor, steps: Tensor, count: int) -> tuple[dict[int, int], dict[int, int]]:
    """The lowest and the highest step by sequence."""
    there = torch.unique(sequences).tolist()
    ends = []
    for reduce in ("amin", "amax"):
        start = torch.zeros(count, dtype=torch.int64)
        ends.append(start.scatter_reduce(0, sequences, steps, reduce, include_self=False).tolist())
    return ({each: ends[0][each] for each in there}, {each: ends[1][each] for each in there})


def unique_places(ledger: Ledger, parts: Iterable[Tensor]) -> Tensor:
    """Every place of some tensors of addresses, once."""
    found = [torch.unique_consecutive(ledger.places(part.flatten())) for part in parts]
    once: Tensor = torch.unique(torch.cat(found))
    return once
