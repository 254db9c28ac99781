"""Addresses: an int64 for each element of a call's results, that says which element it is, and is moved with it.

An address is ``lane << 42 | step << 16 | feature``. A lane is one sequence in one direction of one layer of a result;
lane 0 is of no element. A state's step is the one that its direction ends at. Steps after a sequence's end have
addresses too: they are its padding.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from lstm_inspect.mistakes.read import Kind, Part, Rows, Source

KINDS: Final[tuple[Kind, ...]] = ("output", "hn", "cn")
NOTHING: Final = 0
_LANE, _STEP = 42, 16
FEATURE: Final = (1 << _STEP) - 1
"""The bits of an address that say which feature of its direction it is."""
MOST_ELEMENTS: Final = 1 << (_LANE - _STEP)
"""Results with more elements are not followed: their addresses alone would take half a gigabyte."""
_MOST_LANES: Final = 1 << (63 - _LANE)


class Group(NamedTuple):
    """One direction of one layer of a result of a call."""

    number: int
    kind: Kind
    layer: int
    direction: int


class Places(NamedTuple):
    """Decoded addresses, tensor by tensor of one shape; -1 where there is no address."""

    group: Tensor
    kind: Tensor  #: 0 for output.
    sequence: Tensor
    step: Tensor


class Ledger:
    """The calls that addresses count."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self.groups: list[Group] = []
        self._lanes = torch.full((1, 3), -1)  # group, kind and sequence of each
        self._first: dict[tuple[int, Kind], int] = {}  # lane of a result

    def has_room_for(self, source: Source) -> bool:
        """Whether its features can be counted, and its sequences in each direction of each layer of each result."""
        more = len(KINDS) * source.layers * source.directions * len(source.lengths)
        return len(self._lanes) + more < _MOST_LANES and max(source.size, source.cell_size) <= FEATURE + 1

    def add(self, source: Source) -> int:
        """Take in a call; returns its number."""
        number, sequences = len(self.sources), torch.arange(len(source.lengths))
        for place, kind in enumerate(KINDS):
            layers = range(source.layers)[-1 if kind == "output" else 0 :]
            made = [Group(number, kind, layer, half) for layer in layers for half in range(source.directions)]
            groups = torch.arange(len(made)) + len(self.groups)
            self._first[number, kind] = len(self._lanes)
            self._lanes = torch.cat((self._lanes, torch.cartesian_prod(groups, torch.tensor([place]), sequences)))
            self.groups += made
        self.sources.append(source)
        return number

    def addresses(self, number: int, kind: Kind) -> Tensor:
        """The addresses of one result of a call, laid out as that result is; output as it is unpacked.

        >>> ledger = Ledger()
        >>> ledger.addresses(ledger.add(Source("", 0, "RNN", 1, 1, 2, 2, (3,))), "hn") & FEATURE
        tensor([[[0, 1]]])
        """
        source, is_output = self.sources[number], kind == "output"
        ends, layers = torch.tensor(source.lengths) - 1, 1 if is_output else source.layers
        features = torch.arange(source.cell_size if kind == "cn" else source.size)
        lanes = torch.arange(layers * source.directions * len(ends)).view(layers, source.directions, -1, 1)
        last_steps = torch.stack((ends, torch.zeros_like(ends)))[: source.directions, :, None]
        steps = torch.arange(source.longest).view(-1, 1, 1, 1) if is_output else last_steps
        made = (self._first[number, kind] + lanes) << _LANE | steps << _STEP | features
        made = made.transpose(1, 2).flatten(2) if is_output else made.flatten(0, 1)
        if not source.batched:
            return made[:, 0]
        return made.transpose(0, 1) if is_output and source.batch_first else made

    def packed(self, number: int, output: PackedSequence) -> Tensor:
        """The addresses of output as it is packed: step by step, the sequences in its order."""
        source = self.sources[number]
        padded = self.addresses(number, "output")
        padded = padded.transpose(0, 1) if source.batch_first else padded
        order = slice(None) if output.sorted_indices is None else output.sorted_indices.cpu()
        return padded[:, order][torch.arange(padded.shape[1]) < output.batch_sizes[:, None]]

    def padding_of(self, first_steps: Tensor, steps: Tensor) -> Tensor:
        """The addresses of later steps of elements whose addresses at step 0 are given; nothing if not output's."""
        return torch.where(self.decode(first_steps).kind == 0, first_steps + (steps << _STEP), NOTHING)

    def decode(self, addresses: Tensor) -> Places:
        """What addresses are, their features aside."""
        steps = torch.where(addresses == NOTHING, -1, addresses >> _STEP & (MOST_ELEMENTS - 1))
        group, kind, sequence = self._lanes.to(addresses.device)[addresses >> _LANE].unbind(-1)
        return Places(group, kind, sequence, steps)

    def groups_of(self, addresses: Tensor) -> list[Group]:
        """Which directions of which layers of which results addresses are of, each once."""
        return [self.groups[place] for place in torch.unique(self.decode(addresses).group).tolist() if place >= 0]

    def parts(self, places: Tensor) -> dict[int, tuple[Part, ...]]:
        """What places that were read are, by the number of the call."""
        found = self.decode(torch.unique(places[places != NOTHING].cpu()))  # by sequence, then by step
        parts: dict[int, list[Part]] = {}
        for place in torch.unique(found.group).tolist():
            number, kind, layer, direction = self.groups[place]
            here, source = found.group == place, self.sources[number]
            pairs = list(zip(found.sequence[here].tolist(), found.step[here].tolist(), strict=True))
            valid = sum(step < source.lengths[sequence] for sequence, step in pairs)
            part = Part(source, kind, layer, direction, dict(reversed(pairs)), dict(pairs), valid)
            parts.setdefault(number, []).append(part)
        in_order = (sorted(each, key=lambda part: (part.layer, part.direction)) for each in parts.values())
        return dict(zip(parts, map(tuple, in_order), strict=True))


def places_in(parts: Iterable[Tensor]) -> Tensor:
    """Every place in some tensors of addresses, once: their elements without their features."""
    places: Tensor = torch.unique(torch.cat([torch.unique_consecutive(each.flatten() & ~FEATURE) for each in parts]))
    return places


def expression_of(ledger: Ledger, parts: Sequence[Tensor]) -> str | None:
    """The known expression that gives what was read, its axes of size 1 aside; None if none of them does."""
    wanted = parts[0]
    if len(parts) != 1 or wanted.numel() == 0 or bool((wanted == NOTHING).any()):
        return None
    number = ledger.groups_of(wanted.flatten()[:1])[0].number
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
    interleaved = any(_takes_every_other(ledger, part.reshape(-1, part.shape[-1])[0]) for part in parts)
    if axes is None:
        return Rows(interleaved=interleaved)
    kept = [axis for axis in range(parts[0].dim()) if axis not in axes]
    addresses = torch.cat([part.permute(*kept, *axes).flatten(len(kept)) for part in parts], dim=-1)
    found = ledger.decode(_distinct_columns(addresses & ~FEATURE))
    steps = torch.where(found.kind > 0, 0, found.step)  # states are of one step each
    ends = [_ends(each) for each in (found.sequence, steps, found.group)]
    several, several_steps, joined = (bool((low < high).any()) for low, high in ends)
    row = addresses.reshape(-1, addresses.shape[-1])[0]
    one_feature = len(torch.unique(row[row != NOTHING] & FEATURE)) <= 1  # of each sequence: a transposed matrix
    if not several or one_feature:
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
    highest = values.amax(-1)
    lowest = torch.where(values >= 0, values, torch.iinfo(torch.int64).max).amin(-1)
    return torch.stack((lowest.minimum(highest), highest))


def _more_steps_than_sequences(found: Places) -> bool:
    """Whether a row holds several steps of one sequence."""
    sequences, steps = (each.reshape(-1, each.shape[-1])[0] for each in (found.sequence, found.step))
    return len(torch.unique(torch.stack((sequences, steps)), dim=1)[0]) > len(torch.unique(sequences))


def _takes_every_other(ledger: Ledger, row: Tensor) -> bool:
    """Whether a row takes features 0, 2, 4 .. of both directions of one step."""
    if row.numel() < 4 or bool((row == NOTHING).any()):
        return False
    places = row & ~FEATURE
    by_two = (row & FEATURE).diff()[places[1:] == places[:-1]] == 2
    both = len({group.direction for group in ledger.groups_of(row)}) == 2
    return both and by_two.numel() > 0 and bool(by_two.all())
