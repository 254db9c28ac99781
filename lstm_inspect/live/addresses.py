"""Addresses: an int64 for each element of a call's results, that says which element it is, and is moved with it.

An address is ``head << 40 | element``. The head counts results (0: of no followed call; then output, hn
and cn of each call in turn). The element counts features fastest: ((row * B + sequence) * D + direction) * R
+ feature, where a row is a step of output, and a layer of hn and cn. Steps after a sequence's end have addresses
too: they are its padding.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from lstm_inspect.mistakes.read import Kind, Part, Rows, Source

KINDS: Final[tuple[Kind, ...]] = ("output", "hn", "cn")
_BITS: Final = 40
_ELEMENT: Final = (1 << _BITS) - 1
NOTHING: Final = 0
MOST_ELEMENTS: Final = 1 << 26
"""Results with more elements are not followed: their addresses alone would take half a gigabyte."""


class Places(NamedTuple):
    """Decoded addresses, tensor by tensor of one shape; -1 where there is no address."""

    head: Tensor
    layer: Tensor
    direction: Tensor
    step: Tensor
    sequence: Tensor


class Ledger:
    """The calls that addresses count."""

    def __init__(self, *sources: Source) -> None:
        self.sources = [*sources]

    def add(self, source: Source) -> int:
        """Take in a call; returns its number."""
        self.sources.append(source)
        self.__dict__.pop("_tables", None)
        return len(self.sources) - 1

    def addresses(self, number: int, kind: Kind) -> Tensor:
        """The addresses of one result of a call, laid out as that result is; output as it is unpacked.

        >>> Ledger(Source("", 0, "RNN", 1, 1, 2, 2, (3,))).addresses(0, "hn") & 0xFF
        tensor([[[0, 1]]])
        """
        source = self.sources[number]
        rows = source.longest if kind == "output" else source.layers
        sizes = rows, len(source.lengths), source.directions, _width(source, kind)
        first = (number * len(KINDS) + KINDS.index(kind) + 1) << _BITS
        made = first + torch.arange(math.prod(sizes)).view(sizes)
        made = made.flatten(2) if kind == "output" else made.transpose(1, 2).contiguous().flatten(0, 1)
        if not source.batched:
            return made[:, 0]
        return made.transpose(0, 1) if kind == "output" and source.batch_first else made

    def packed(self, number: int, output: PackedSequence) -> Tensor:
        """The addresses of output as it is packed: step by step, the sequences in its order."""
        source = self.sources[number]
        padded = self.addresses(number, "output")
        padded = padded.transpose(0, 1) if source.batch_first else padded
        order = slice(None) if output.sorted_indices is None else output.sorted_indices.cpu()
        return padded[:, order][torch.arange(padded.shape[1]) < output.batch_sizes[:, None]]

    @cached_property
    def _tables(self) -> tuple[Tensor, Tensor]:
        """By head: width, B, D, L, whether it is output, where its lengths begin; and the lengths of all calls."""
        rows: list[list[int]] = [[1, 1, 1, 1, 0, 0]]
        lengths: list[int] = []
        for source in self.sources:
            sizes = len(source.lengths), source.directions, source.layers
            rows += [[_width(source, kind), *sizes, int(kind == "output"), len(lengths)] for kind in KINDS]
            lengths += source.lengths
        return torch.tensor(rows), torch.tensor([*lengths, 0])

    def _sizes(self, addresses: Tensor) -> tuple[Tensor, ...]:
        return self._tables[0].to(addresses.device)[addresses >> _BITS].unbind(-1)

    def features(self, addresses: Tensor) -> Tensor:
        """Which feature of its direction each address is."""
        widths = self._tables[0][:, 0].to(addresses.device)  # no more than is needed: there may be millions
        return (addresses & _ELEMENT) % widths[addresses >> _BITS]

    def places(self, addresses: Tensor) -> Tensor:
        """Addresses without their features: equal for all features of one direction at one step or in one row."""
        return addresses - self.features(addresses)

    def decode(self, addresses: Tensor) -> Places:
        """What addresses are."""
        head = addresses >> _BITS
        width, sequences, directions, layers, output, start = self._sizes(addresses)
        element = (addresses & _ELEMENT) // width
        element, direction = element // directions, element % directions
        row, sequence = element // sequences, element % sequences
        ends = self._tables[1].to(addresses.device)[start + sequence] - 1
        layer = torch.where(output == 1, layers - 1, row)
        step = torch.where(output == 1, row, torch.where(direction == 1, 0, ends))
        return Places(head, *(torch.where(head > 0, each, -1) for each in (layer, direction, step, sequence)))

    def modules(self, places: Tensor) -> tuple[str, ...]:
        """Whose results places are of."""
        heads = torch.unique_consecutive(places >> _BITS).tolist()  # places are sorted
        return tuple(dict.fromkeys(self.sources[(head - 1) // 3].module for head in heads if head))

    def padding_of(self, first_steps: Tensor, steps: Tensor) -> Tensor:
        """The addresses of later steps of elements whose addresses at step 0 are given; nothing if not output's."""
        width, sequences, directions, _, output, _ = self._sizes(first_steps)
        return torch.where(output == 1, first_steps + steps * (width * sequences * directions), NOTHING)

    def once(self, parts: Iterable[Tensor]) -> Tensor:
        """Every place of some tensors of addresses, once."""
        found: Tensor = torch.unique(
            torch.cat([torch.unique_consecutive(self.places(each.flatten())) for each in parts])
        )
        return found

    def parts(self, places: Tensor) -> dict[int, tuple[Part, ...]]:
        """What places that were read are, by the number of the call."""
        found = self.decode(torch.unique(places[places > 0].cpu()))
        groups = (found.head << 21) | (found.layer << 1) | found.direction
        parts: dict[int, list[Part]] = {}
        for group in torch.unique(groups).tolist():
            number, kind = divmod((group >> 21) - 1, len(KINDS))
            source = self.sources[number]
            sequences, steps = found.sequence[groups == group], found.step[groups == group]
            there, place = torch.unique(sequences, return_inverse=True)
            ends = (torch.zeros_like(there).scatter_reduce(0, place, steps, each, include_self=False)
                    for each in ("amin", "amax"))  # fmt: skip
            first, last = (dict(zip(there.tolist(), each.tolist(), strict=True)) for each in ends)
            valid = int((steps < torch.tensor(source.lengths)[sequences]).sum())
            part = Part(source, KINDS[kind], (group >> 1) & 0xFFFFF, group & 1, first, last, valid)
            parts.setdefault(number, []).append(part)
        in_order = {
            number: sorted(each, key=lambda part: (part.layer, part.direction)) for number, each in parts.items()
        }
        return {number: tuple(each) for number, each in in_order.items()}


def _width(source: Source, kind: Kind) -> int:
    return source.cell_size if kind == "cn" else source.size


def expression_of(ledger: Ledger, parts: Sequence[Tensor]) -> str | None:
    """The known expression that gives what was read, its axes of size 1 aside; None if none of them does."""
    wanted = parts[0]
    if len(parts) != 1 or wanted.numel() == 0 or bool((wanted == NOTHING).any()):
        return None
    number = ((int(wanted.flatten()[0]) >> _BITS) - 1) // len(KINDS)
    source = ledger.sources[number]
    names: dict[str, Any] = {kind: ledger.addresses(number, kind).to(wanted.device) for kind in KINDS}
    names |= {"torch": torch, "lengths": torch.tensor(source.lengths)}
    known = (each for each in _expressions(source) if source.kind == "LSTM" or "cn" not in each)
    return next((each for each in known if _gives(each, names, wanted)), None)


def _gives(expression: str, names: dict[str, Any], wanted: Tensor) -> bool:
    try:
        made: Tensor = eval(expression, names)  # noqa: S307 - one of the expressions below
    except (RuntimeError, IndexError):
        return False  # a view that this shape does not have
    return torch.equal(made.squeeze(), wanted.squeeze())


def _expressions(source: Source) -> Iterator[str]:
    """Expressions over output, hn and cn that people write, right or wrong."""
    rows, sequences, size = source.layers * source.directions, len(source.lengths), source.size
    before, after = (":, ", "") if source.batch_first and source.batched else ("", ":, " if source.batched else "")
    yield from ("output", "hn", "cn", f"output[{before}-1]", f"output[{before}0]", "output[-1]")
    yield from (f"{name}[{row}]" for name in ("hn", "cn") for row in (-1, -2, *range(rows)) if row >= -rows)
    if source.directions == 2:
        halves = [f"output[{before}{step}, {after}{half}]" for step in (-1, 0) for half in (f":{size}", f"{size}:")]
        yield from (f"output[..., :{size}]", f"output[..., {size}:]", halves[0], halves[3], halves[1], halves[2])
        yield f"torch.cat(({halves[0]}, {halves[3]}), dim=-1)"
    if rows > 1:
        pairs = ((-2, -1), (-1, -2), (0, 1), (0, -1))
        yield from (f"torch.cat(({name}[{a}], {name}[{b}]), dim=-1)" for name in ("hn", "cn") for a, b in pairs)
    if source.batched:
        yield from ("hn.transpose(0, 1).flatten(1)", f"hn.view({sequences}, -1)", f"output.reshape({sequences}, -1)")
        every, last = "torch.arange(len(lengths))", "lengths - 1"
        yield f"output[{every}, {last}]" if source.batch_first else f"output[{last}, {every}]"


def rows_of(ledger: Ledger, parts: Sequence[Tensor], axes: tuple[int, ...] | None) -> Rows:
    """What the rows of tensors of addresses hold.

    Args:
        ledger: the calls.
        parts: of one shape.
        axes: those that make a row: the last alone, or with it those that are reduced; None: rows mean nothing.
    """
    if parts[0].dim() == 0 or parts[0].numel() == 0:
        return Rows()
    interleaved = any(_takes_every_other(ledger, part) for part in parts)
    if axes is None:
        return Rows(interleaved=interleaved)
    kept = [axis for axis in range(parts[0].dim()) if axis not in axes]
    addresses = torch.cat([part.permute(*kept, *axes).flatten(len(kept)) for part in parts], dim=-1)
    found = ledger.decode(_distinct_columns(ledger.places(addresses)))
    is_output = (found.head - 1) % 3 == 0
    steps = torch.where(is_output, found.step, found.head.clamp(max=1) - 1)  # states are of one step each
    groups = found.head * 2**21 + found.layer * 2 + found.direction
    ends = [_ends(each) for each in (found.sequence, steps, groups)]
    several, several_steps, joined = (bool((low < high).any()) for low, high in ends)
    if not several or _one_feature(ledger, addresses):
        return Rows(several_steps=several_steps, interleaved=interleaved, joined=joined)
    changes = [[bool(each.diff(dim=axis).any()) for each in ends] for axis in range(1, ends[0].dim())]
    reduced = len(axes) > 1
    chunks = several_steps and _more_steps_than_sequences(found)
    states = len([size for size in addresses.shape[:-1] if size > 1]) == 1 and not reduced
    mixed = any(
        (sequence and group) or (chunks and step) or (states and group and not step)
        for sequence, step, group in changes
    )
    over_batch = reduced and not chunks and any(step and not sequence for sequence, step, _ in changes)
    return Rows(mixed, over_batch, chunks, interleaved, joined)


def _distinct_columns(places: Tensor) -> Tensor:
    """The columns that differ from the one before: a direction's features all have the same place."""
    differ = places.reshape(places[..., 0].numel(), -1).diff(dim=-1).any(0)
    return places.index_select(-1, torch.cat([differ.new_ones(1), differ]).nonzero().squeeze(-1))


def _ends(values: Tensor) -> Tensor:
    """The lowest and the highest value of each row, of what has an address."""
    highest = values.clamp(min=-1).amax(-1)
    lowest = torch.where(values >= 0, values, torch.iinfo(torch.int64).max).amin(-1)
    return torch.stack((lowest.minimum(highest), highest))


def _first_row(values: Tensor) -> Tensor:
    return values.reshape(-1, values.shape[-1])[0]


def _one_feature(ledger: Ledger, addresses: Tensor) -> bool:
    """Whether a row holds one and the same feature of each sequence: a transposed matrix."""
    row = _first_row(addresses)
    return len(torch.unique(ledger.features(row[row > NOTHING]))) <= 1


def _more_steps_than_sequences(found: Places) -> bool:
    """Whether a row holds several steps of one sequence."""
    pairs = torch.stack((_first_row(found.sequence), _first_row(found.step)))
    return len(torch.unique(pairs, dim=1)[0]) > len(torch.unique(pairs[0]))


def _takes_every_other(ledger: Ledger, part: Tensor) -> bool:
    """Whether a row takes features 0, 2, 4 .. of both directions of one step."""
    row = _first_row(part)
    if row.numel() < 4 or bool((row == NOTHING).any()):
        return False
    places = ledger.places(row)
    same = places[1:] == places[:-1]
    by_two = ledger.features(row).diff()[same] == 2
    both = len(torch.unique(ledger.decode(places).direction)) == 2
    return both and by_two.numel() > 0 and bool(by_two.all())
