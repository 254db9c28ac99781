"""What stands together in one row of what is read: one sequence, or elements of several that belong apart."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lstm_inspect.live.addresses import NOTHING, Ledger, Places
from lstm_inspect.mistakes.read import Rows


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
