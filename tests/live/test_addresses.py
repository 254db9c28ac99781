"""Addresses against brute force: each element gets a number of its own, the operation runs, the place is read off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from lstm_inspect.live.addresses import FEATURE, Ledger
from lstm_inspect.live.following import OPERATIONS, Following, Trace
from lstm_inspect.mistakes.read import Source

SOURCE = Source("rnn", 0, "LSTM", 2, 2, 3, 3, (4, 4, 4), batch_first=True)
INDEX = torch.tensor([1, 0, 2, 1])
MASK = torch.tensor([[True, False, True, True], [False, True, True, False], [True, True, False, False]])

MOVES: dict[str, Callable[[Tensor], Any]] = {
    "view": lambda x: x.view(12, 6),
    "view over sequences": lambda x: x.view(6, -1),
    "reshape": lambda x: x.transpose(0, 1).reshape(3, -1),
    "permute": lambda x: x.permute(2, 0, 1),
    "transpose": lambda x: torch.transpose(x, 1, 2),
    "T": lambda x: x[0].T,
    "mT": lambda x: x.mT,
    "movedim": lambda x: x.movedim(0, 2),
    "flatten": lambda x: x.flatten(1),
    "unflatten": lambda x: torch.unflatten(x, -1, (2, 3)),
    "squeeze": lambda x: x[:, :1].squeeze(1).unsqueeze(0),
    "expand": lambda x: x[:, -1:].expand(-1, 5, -1),
    "repeat": lambda x: x.repeat(2, 1, 1),
    "repeat_interleave": lambda x: x.repeat_interleave(2, dim=0),
    "index": lambda x: x[:, -1],
    "index with steps": lambda x: x[::2, 1:, ..., 1::2],
    "index with tensors": lambda x: x[torch.arange(3), torch.tensor([3, 1, 2])],
    "mask": lambda x: x[MASK],
    "masked_select": lambda x: x.masked_select(MASK[..., None]),
    "select": lambda x: x.select(1, 2),
    "narrow": lambda x: x.narrow(2, 1, 3),
    "index_select": lambda x: x.index_select(1, INDEX),
    "gather": lambda x: x.gather(1, INDEX[None, :, None].expand(3, 4, 6)),
    "take_along_dim": lambda x: torch.take_along_dim(x, INDEX[None, :, None], 1),
    "chunk": lambda x: x.chunk(2, dim=-1),
    "split": lambda x: torch.split(x, 3, dim=1),
    "tensor_split": lambda x: x.tensor_split(2, dim=1),
    "unbind": lambda x: x.unbind(1),
    "iteration": list,
    "cat": lambda x: torch.cat((x[:, -1], x[:, 0]), dim=-1),
    "cat with what is not followed": lambda x: torch.cat((x, torch.full((3, 1, 6), -1.0)), dim=1),
    "stack": lambda x: torch.stack((x, x.flip(1))),
    "hstack": lambda x: torch.hstack((x, x)),
    "flip": lambda x: x.flip(0, 1),
    "roll": lambda x: x.roll(1, dims=1),
    "where": lambda x: torch.where(MASK[..., None], x, -1.0),
    "where with an integer": lambda x: torch.where(MASK[..., None], x, -1),
    "masked_fill": lambda x: x.masked_fill(MASK[..., None], -1.0),
    "pad": lambda x: F.pad(x, (0, 0, 1, 2), value=-1.0),
    "unfold": lambda x: x.unfold(1, 2, 1),
    "diagonal": lambda x: x.diagonal(dim1=0, dim2=1),
    "pad_sequence": lambda x: torch.nn.utils.rnn.pad_sequence([x[0], x[1, :2]], padding_value=-1.0),
    "contiguous": lambda x: x.transpose(0, 1).contiguous().clone().detach(),
    "scatter": lambda x: torch.full((3, 4, 6), -1.0, dtype=x.dtype).scatter(
        1, INDEX[None, :1, None].expand(3, 1, 6), x
    ),
    "copied": lambda x: torch.full((3, 4, 6), -1.0, dtype=x.dtype).copy_(x),
    "filled": lambda x: x.clone().masked_fill_(MASK[..., None], -1.0),
    "packed": lambda x: pack_padded_sequence(x, [2, 4, 1], batch_first=True, enforce_sorted=False).data,
}


def written(x: Tensor) -> Tensor:
    buffer = torch.full((3, 4, 6), -1.0, dtype=x.dtype)
    for step in range(3):
        buffer[:, step] = x[:, 3 - step]
    buffer[0] = 0.0 - 1.0
    return buffer


MOVES["written"] = written


def follow(source: Source, function: Callable[[Tensor], Any]) -> tuple[list[Tensor], list[Tensor | None], list[str]]:
    """The numbers that an operation gave, and the addresses that followed it; the numbers are the addresses' own."""
    following = Following()
    number = following.ledger.add(source)
    addresses = following.ledger.addresses(number, "output")
    values = addresses.double().contiguous()
    following.traces[values] = Trace((addresses,))
    with following:
        made = function(values)
        results = list(made) if isinstance(made, (tuple, list)) else [made]
    traces = [following.traces.get(each) for each in results]
    return results, [None if trace is None else trace.parts[0] for trace in traces], following.lost


def agree(results: list[Tensor], addresses: list[Tensor | None]) -> bool:
    """Whether each element's number is its address's; -1 is what no address stands for."""
    return all(
        where is not None and torch.equal(torch.where(where > 0, where, -1).double(), value.double())
        for value, where in zip(results, addresses, strict=True)
    )


@pytest.mark.parametrize("name", MOVES)
def test_addresses_go_where_the_elements_go(name: str) -> None:
    results, addresses, lost = follow(SOURCE, MOVES[name])
    assert lost == []
    assert agree(results, addresses)


def test_a_broken_table_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sabotage: an operation that moves elements is taken for one that leaves them, or for one that computes."""
    monkeypatch.setitem(OPERATIONS, "moves", OPERATIONS["moves"] - {"flip"})
    assert not agree(*follow(SOURCE, MOVES["flip"])[:2])
    monkeypatch.setitem(OPERATIONS, "stays", OPERATIONS["stays"] | {"flip"})
    assert not agree(*follow(SOURCE, MOVES["flip"])[:2])


def test_an_operation_does_one_thing_and_is_one_of_torchs() -> None:
    lists = [OPERATIONS[does] for does in ("moves", "writes", "stays", "numbers", "unread", "recurrent", "products")]
    places = (Tensor, torch, F, torch._VF, torch.nn.utils.rnn, torch.ops.aten)
    every = [name for names in lists for name in names]
    assert len(every) == len(set(every))
    unknown = {
        name for name in every if not any(hasattr(place, name) or hasattr(place, f"{name}_") for place in places)
    }
    assert unknown <= {"result"}  # our own word for what a model returns


STEPS: list[Callable[[Tensor, int], Tensor]] = [
    lambda x, n: x.transpose(0, n % x.dim()),
    lambda x, n: x.flip(n % x.dim()),
    lambda x, n: x.flatten(0, min(1, x.dim() - 1)),
    lambda x, n: x.roll(n, dims=n % x.dim()),
    lambda x, n: torch.cat((x, x), dim=n % x.dim()),
    lambda x, n: torch.stack((x, x.flip(0)), dim=n % (x.dim() + 1)),
    lambda x, n: x.chunk(2, dim=n % x.dim())[-1],
    lambda x, n: x[torch.arange(x.shape[0]).roll(n)],
    lambda x, n: F.pad(x, (n % 3, 1), value=-1.0),
    lambda x, n: x.reshape(-1, x.shape[n % x.dim()]),
    lambda x, n: x.unsqueeze(n % (x.dim() + 1)).expand(
        *[-1] * (n % (x.dim() + 1)), 2, *[-1] * (x.dim() - n % (x.dim() + 1))
    ),
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(STEPS) - 1), st.integers(0, 7)), min_size=1, max_size=5))
def test_any_order_of_moves(order: list[tuple[int, int]]) -> None:
    def run(x: Tensor) -> Tensor:
        for which, number in order:
            x = STEPS[which](x, number)
        return x

    results, addresses, lost = follow(SOURCE, run)
    assert lost == []
    assert agree(results, addresses)


@st.composite
def sources(draw: st.DrawFn) -> Source:
    lengths = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    return Source("rnn", 0, "LSTM", draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 3)),
                  draw(st.integers(1, 4)), lengths, draw(st.booleans()))  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(sources(), st.integers(0, 2))
def test_every_element_of_a_call_has_its_own_place(source: Source, more: int) -> None:
    """Against the real module: each element of packed output and of hn stands where its own address says."""
    lstm = torch.nn.LSTM(2, 4, source.layers, bidirectional=source.directions == 2, batch_first=source.batch_first)
    steps, sequences = max(source.lengths), len(source.lengths)
    source = Source("", 0, "LSTM", source.layers, source.directions, 4, 4, source.lengths, source.batch_first)
    padded = torch.randn(sequences, steps, 2) if source.batch_first else torch.randn(steps, sequences, 2)
    packed = pack_padded_sequence(padded, list(source.lengths), source.batch_first, enforce_sorted=False)
    ledger, following = Ledger(), Following()
    with torch.no_grad():
        output, (hn, _) = lstm(packed)
    following.ledger = ledger
    number = ledger.add(source)
    following.traces[output.data] = Trace((ledger.packed(number, output),))
    total = steps + more
    with following:
        unpacked, _ = pad_packed_sequence(output, batch_first=source.batch_first, total_length=total)
    addresses = following.traces[unpacked].parts[0]
    found, features = ledger.decode(addresses), addresses & FEATURE
    halves = torch.tensor([group.direction for group in ledger.groups])
    by_time = unpacked.transpose(0, 1) if source.batch_first else unpacked
    for step, sequence, direction, feature, value in zip(
        *(each.flatten().tolist() for each in (found.step, found.sequence, halves[found.group], features, unpacked)),
        strict=True,
    ):
        assert value == by_time[step, sequence, direction * 4 + feature]
        assert step < source.lengths[sequence] or value == 0
    states = ledger.decode(ledger.addresses(number, "hn"))
    top = torch.tensor([group.layer for group in ledger.groups])[states.group] == source.layers - 1
    for step, sequence, direction, value in zip(
        *(each[top].tolist() for each in (states.step, states.sequence, halves[states.group])),
        hn[top].tolist(),
        strict=True,
    ):
        assert value in by_time[step, sequence, direction * 4 : direction * 4 + 4].tolist()


def test_a_packed_sequence_alone_is_followed() -> None:
    following = Following()
    number = following.ledger.add(SOURCE)
    packed = PackedSequence(torch.zeros(12, 6), torch.tensor([3, 3, 3, 3]))
    following.traces[packed.data] = Trace((following.ledger.packed(number, packed),))
    with following:
        steps = packed.data[-3:]
    assert following.ledger.decode(following.traces[steps].parts[0]).step.flatten().tolist() == [3] * 18


def test_a_feature_whose_number_does_not_fit_is_not_followed() -> None:
    """Its highest bits would be counted as time steps."""
    most = FEATURE + 1
    fits = [Ledger().has_room_for(Source("", 0, "LSTM", 1, 1, 1, width, (3,))) for width in (most, most + 1)]
    assert fits == [True, False]
