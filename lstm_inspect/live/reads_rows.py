"""What stands together in one row of what is read: one sequence, or elements of several that belong apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lstm_inspect.live.addresses import Ledger, Places


@dataclass(frozen=True, slots=True)
class Rows:
    """What rows hold.

    Attributes:
        mixed: elements of several sequences, and the same sequence's elements stand in other rows too.
        over_batch: every sequence at one step, in rows that differ by step.
        several_steps: several steps of a sequence.
        interleaved: every other feature of both directions.
        joined: several layers or directions.
    """

    mixed: bool = False
    over_batch: bool = False
    several_steps: bool = False
    interleaved: bool = False
    joined: bool = False

    def __or__(self, other: Rows) -> Rows:
        return Rows(*(getattr(self, each) or getattr(other, each) for each in self.__slots__))


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
    addresses = torch.cat([_rows_last(part, axes) for part in parts], dim=-1)
    found = ledger.decode(_distinct_columns(ledger.places(addresses)))
    sequences, steps = _ends(found.sequence), _ends(_steps(found))
    groups = _ends(found.head * 2**21 + found.layer * 2 + found.direction, keep=found.head > 0)
    several, several_steps, joined = (bool((low < high).any()) for low, high in (sequences, steps, groups))
    if not several or _one_feature(ledger, addresses):
        return Rows(several_steps=several_steps, interleaved=interleaved, joined=joined)
    changes = [
        tuple(_changes(ends, axis) for ends in (sequences, steps, groups)) for axis in range(addresses.dim() - 1)
    ]
    reduced = len(axes) > 1
    chunks = several_steps and _more_steps_than_sequences(found)
    states = len([size for size in addresses.shape[:-1] if size > 1]) == 1 and not reduced
    mixed = any(
        (sequence and group) or (chunks and step) or (states and group and not step)
        for sequence, step, group in changes
    )
    over_batch = reduced and not chunks and any(step and not sequence for sequence, step, _ in changes)
    return Rows(mixed, over_batch, chunks or not several, interleaved, joined)


def _rows_last(part: Tensor, axes: tuple[int, ...]) -> Tensor:
    kept = [axis for axis in range(part.dim()) if axis not in axes]
    return part.permute(*kept, *axes).flatten(len(kept))


def _distinct_columns(places: Tensor) -> Tensor:
    """The columns that differ from the one before: a direction's features all have the same place."""
    differ = (
        (places[..., 1:] != places[..., :-1]).flatten(0, -2).any(0) if places.dim() > 1 else places[1:] != places[:-1]
    )
    keep = torch.cat([differ.new_ones(1), differ]).nonzero().squeeze(-1)
    return places.index_select(-1, keep)


def _steps(found: Places) -> Tensor:
    """Steps of output; states are of one step each, whatever its number."""
    return torch.where((found.head - 1) % 3 == 0, found.step, torch.where(found.head > 0, 0, -1))


def _ends(values: Tensor, keep: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The lowest and the highest value of each row, of what has an address."""
    keep = values >= 0 if keep is None else keep
    highest = torch.where(keep, values, -1).amax(-1)
    return torch.where(keep, values, torch.iinfo(torch.int64).max).amin(-1).minimum(highest), highest


def _changes(ends: tuple[Tensor, Tensor], axis: int) -> bool:
    return any(bool(end.diff(dim=axis).any()) for end in ends)


def _one_feature(ledger: Ledger, addresses: Tensor) -> bool:
    """Whether a row holds one and the same feature of each sequence: a transposed matrix."""
    row = addresses.reshape(-1, addresses.shape[-1])[0]
    features = ledger.features(row[row > 0])
    return features.numel() == 0 or bool(features.amin() == features.amax())


def _more_steps_than_sequences(found: Places) -> bool:
    """Whether a row holds several steps of one sequence."""
    sequence, step = (each.reshape(-1, each.shape[-1])[0] for each in (found.sequence, found.step))
    pairs = torch.stack((sequence, step))
    return bool(torch.unique(pairs, dim=1).shape[1] > len(torch.unique(sequence)))


def _takes_every_other(ledger: Ledger, part: Tensor) -> bool:
    """Whether a row takes features 0, 2, 4 .. of both directions of one step."""
    row = part.reshape(-1, part.shape[-1])[0]
    if row.numel() < 4 or bool((row == 0).any()):
        return False
    places, features = ledger.places(row), ledger.features(row)
    same = places[1:] == places[:-1]
    directions = ledger.decode(places).direction
    return bool(same.any()) and bool(((features[1:] - features[:-1])[same] == 2).all()) and bool(directions.any()) \
        and not bool(directions.all())  # fmt: skip
