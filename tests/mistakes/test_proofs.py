"""Each mistake made, on every spec that can show it: the wrong line differs, the right one is what was meant.

What was meant is worked out by the equations in float64, whose states are known by layer and direction, and by
loops over sequences and steps; nothing of it is an index that the expressions use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import cache
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lstm_inspect.errors import LSTMInspectError
from lstm_inspect.experiment.reference import Reference, reference
from lstm_inspect.experiment.run import Run, run, without_gradients
from lstm_inspect.experiment.verify import Verifier, reference_of
from lstm_inspect.mistakes.catalogue import BY_ID, CATALOGUE, Mistake
from lstm_inspect.mistakes.pitfalls import pitfall, pitfalls
from lstm_inspect.theory.claim import Pitfall
from lstm_inspect.theory.claims import tolerance_of
from lstm_inspect.theory.packing import pack
from lstm_inspect.theory.spec import LSTMSpec


class Meant:
    """What the right lines mean, on one spec."""

    def __init__(self, spec: LSTMSpec) -> None:
        self.spec, self.run = spec, run(spec)
        self.given = self.run.tensors
        with without_gradients():
            self.ref = reference_of(self.run)
            self.from_zeros = self.of(self.given["input"], self.given.get("lengths"))

    def of(self, input: Tensor, lengths: Tensor | None = None) -> Reference:
        """The equations on other input, from zeros."""
        batch = () if input.dim() == 2 else (input.shape[0 if self.spec.batch_first else 1],)
        rows, lstm = (self.spec.num_states, *batch), self.run.lstm
        h0, c0 = input.new_zeros(*rows, self.spec.state_size), input.new_zeros(*rows, self.spec.hidden_size)
        return reference(lstm, input, h0, c0, lengths, self.spec.padding_value)

    def top(self, direction: str) -> Tensor:
        """The top layer's last hidden state of a direction."""
        state = self.ref.states[self.spec.num_layers - 1, direction][0]
        return state if self.spec.batched else state.reshape(-1)

    def final(self) -> Tensor:
        return torch.cat([self.top(direction) for direction in self.spec.directions], -1)

    def rows(self) -> Tensor:
        """Every layer's and direction's last state, one row a sequence."""
        keys = [(layer, direction) for layer in range(self.spec.num_layers) for direction in self.spec.directions]
        batch = range(self.spec.batch_size or 0)
        return torch.stack([torch.cat([self.ref.states[key][0][sequence] for key in keys]) for sequence in batch])

    def cell(self, output: Tensor, sequence: int, step: int) -> Tensor:
        return output[sequence, step] if self.spec.batch_first else output[step, sequence]

    def cells(self, output: Tensor, order: Sequence[tuple[int, int]]) -> Tensor:
        return torch.stack([self.cell(output, sequence, step) for sequence, step in order])

    def valid(self) -> list[tuple[int, int]]:
        """The valid cells, in the order in which a mask picks them."""
        lengths = self.spec.lengths or ()
        outer, inner = range(len(lengths)), range(self.spec.seq_len)
        if self.spec.batch_first:
            return [(sequence, step) for sequence in outer for step in inner if step < lengths[sequence]]
        return [(sequence, step) for step in inner for sequence in outer if step < lengths[sequence]]

    def packed(self) -> list[tuple[int, int]]:
        packing = pack(self.spec.lengths or ())
        return list(zip(packing.row_sequence, packing.row_time_step, strict=True))

    def means(self) -> Tensor:
        lengths = self.spec.lengths or ()
        each = [[(s, t) for t in range(length)] for s, length in enumerate(lengths)]
        return torch.stack([self.cells(self.ref.output, cells).mean(0) for cells in each])

    def alone(self) -> Tensor:
        swapped = self.given["input"].transpose(0, 1)
        last = swapped[:, -1:] if self.spec.batch_first else swapped[-1:]
        output = self.of(last).output
        return output[:, 0] if self.spec.batch_first else output[0]

    def vectors(self) -> Tensor:
        input, batch = self.given["input"], range(self.spec.batch_size or 0)
        each = [self.of(self.cell(input, sequence, 0)[None]).output[0] for sequence in batch]
        return torch.stack(each)

    def one_sequence(self) -> Tensor:
        first = [self.cell(self.given["input"], 0, step) for step in range(self.spec.seq_len)]
        return self.of(torch.stack(first)).hn.unsqueeze(1)


MEANT: dict[str, Callable[[Meant], Tensor]] = {
    "last-step-bidirectional": Meant.final,
    "padding-as-last-step": Meant.final,
    "one-direction-of-two": Meant.final,
    "sequences-mixed": Meant.rows,
    "layers-for-directions": lambda m: m.top("forward"),
    "first-layer": lambda m: m.top("forward"),
    "directions-interleaved": lambda m: m.ref.output.chunk(2, -1)[0],
    "last-sequence": Meant.final,
    "cell-for-hidden": Meant.final,
    "padding-averaged": Meant.means,
    "sequences-not-independent": Meant.alone,
    "batch-first-forgotten": lambda m: m.from_zeros.output,
    "random-initial-state": lambda m: m.from_zeros.hn,
    "dropout-one-layer": lambda m: torch.tensor(m.spec.dropout),
    "order-not-restored": lambda m: m.ref.hn,
    "padding-read": lambda m: m.ref.hn,
    "padding-read-in-reverse": lambda m: m.cells(m.ref.output, m.valid()),
    "lengths-sorted-alone": lambda m: m.ref.hn,
    "packed-order": lambda m: m.cells(m.ref.output, m.valid()),
    "batch-of-vectors": Meant.vectors,
    "one-sequence": Meant.one_sequence,
    "packed-data-alone": lambda m: m.cells(m.from_zeros.output, m.packed()),
    "fewer-lengths": lambda m: m.from_zeros.hn,
    "fractional-lengths": lambda m: m.ref.hn,
    "mask-as-lengths": lambda m: m.ref.hn,
    "batch-equals-time": lambda m: m.from_zeros.output,
    "batch-equals-rows": lambda m: m.ref.hn,
    "output-shorter": lambda m: m.ref.output,
    "dropout-where-it-acts": lambda m: torch.tensor(m.spec.dropout),
    "packed-to-rounding": lambda m: m.cells(m.ref.output, [(0, t) for t in range((m.spec.lengths or (0,))[0])]),
}

_MODULES: tuple[dict[str, Any], ...] = (
    {},
    {"bidirectional": True},
    {"num_layers": 2, "dropout": 0.4},
    {"num_layers": 3, "bidirectional": True, "proj_size": 6},
)
_BATCHES: tuple[dict[str, Any], ...] = (
    {"seq_len": 5, "batch_size": 3},
    {"seq_len": 3, "batch_size": 3},
    {"seq_len": 4, "batch_size": None},
    {"lengths": (3, 5, 4)},
    {"lengths": (2, 4, 4, 3), "total_length": 6, "padding_value": -1.5},
    {"lengths": (6, 4, 2), "enforce_sorted": True},
    {"lengths": (5, 5)},
)


def spec_of(mistake: Mistake) -> LSTMSpec:
    return LSTMSpec.from_dict(mistake.spec)


@cache
def specs() -> tuple[LSTMSpec, ...]:
    shapes = product(_MODULES, _BATCHES, (False, True))
    grid = [
        LSTMSpec(hidden_size=16, dtype="float64", batch_first=first, **module, **batch)
        for module, batch, first in shapes
    ]
    return (*grid, *(spec_of(mistake) for mistake in CATALOGUE))


@cache
def meant_on(spec: LSTMSpec) -> Meant:
    return Meant(spec)


@cache
def shown(id: str) -> tuple[tuple[LSTMSpec, Pitfall], ...]:
    """The specs on which a mistake can be made, each with its pair of expressions."""
    found = []
    for spec in specs():
        try:
            found.append((spec, pitfall(id, spec)))
        except LSTMInspectError:
            continue
    return tuple(found)


def is_meant(value: Tensor, meant: Tensor, spec: LSTMSpec, id: str) -> bool:
    """Whether a value is what was meant: a share of dropped numbers by chance, all else to rounding."""
    loose = 0.15 if id.startswith("dropout") else tolerance_of(spec).atol
    value, meant = value.double(), meant.double().reshape(value.shape if id == "packed-to-rounding" else meant.shape)
    return value.shape == meant.shape and torch.allclose(value, meant, atol=loose, rtol=1e-5)


def faults(id: str, found: Sequence[tuple[LSTMSpec, Pitfall]]) -> list[str]:
    """What does not hold of a mistake's pairs of expressions."""
    said = []
    for spec, pair in found:
        meant = meant_on(spec)
        fresh = Run(run(spec).lstm, meant.given, spec.padding_value)  # dropout's expressions leave it in training mode
        with torch.random.fork_rng(), without_gradients():
            torch.manual_seed(1)
            result = Verifier(fresh).check_pitfall(pair if pair.exact else replace(pair, tolerance=tolerance_of(spec)))
            right = Verifier(fresh).evaluate(pair.instead)
            if not is_meant(right, MEANT[id](meant), spec, id):
                said.append(f"{pair.instead} is not what was meant, on {spec}")
        if not result.passed:
            said.append(f"{pair.tempting} is no different from {pair.instead}: {result.error}, on {spec}")
    return said


@pytest.mark.parametrize("id", MEANT)
def test_the_wrong_line_differs_and_the_right_one_is_what_was_meant(id: str) -> None:
    found = shown(id)
    if id == "packed-to-rounding":  # in float64 both kernels may give the same bits
        found = tuple(pair for pair in found if pair[0].dtype == "float32" and pair[0] == spec_of(BY_ID[id]))
    assert found
    assert faults(id, found) == []


@pytest.mark.parametrize("id", ["last-step-bidirectional", "first-layer", "padding-averaged", "one-direction-of-two"])
def test_lines_that_prove_nothing_are_seen(id: str) -> None:
    spec, pair = shown(id)[0]
    same = [(spec, replace(pair, tempting=pair.instead))]
    swapped = [(spec, replace(pair, tempting=pair.instead, instead=pair.tempting))]
    assert "no different" in faults(id, same)[0]
    assert "not what was meant" in faults(id, swapped)[0]


def test_every_mistake_says_what_is_meant() -> None:
    assert set(MEANT) == set(BY_ID)


def value_of(line: str, mistake: Mistake) -> Any:
    """What a line of the catalogue leads to, run as somebody would write it."""
    spec = spec_of(mistake)
    names = {**asdict(spec), **meant_on(spec).given, "lstm": run(spec).lstm}
    names |= {"torch": torch, "nn": nn, "F": F}
    names |= {"pack_padded_sequence": pack_padded_sequence, "pad_packed_sequence": pad_packed_sequence}
    with torch.random.fork_rng(), without_gradients():
        torch.manual_seed(1)
        exec(f"{mistake.given}\n{line}", names)
        return eval(mistake.then or line.partition("=")[0].strip(), names)


@pytest.mark.parametrize("mistake", CATALOGUE, ids=lambda mistake: mistake.id)
def test_the_lines_of_the_catalogue_run_and_differ(mistake: Mistake) -> None:
    wrong, right = value_of(mistake.tempting, mistake), value_of(mistake.instead, mistake)
    assert wrong.shape != right.shape or not torch.equal(wrong, right)


AS_THE_PAIR = set(BY_ID) - {
    "batch-first-forgotten", "dropout-one-layer", "dropout-where-it-acts", "order-not-restored", "random-initial-state",
    "sequences-not-independent",
}  # fmt: skip
"""The lines that lead to the very numbers of the expressions; the others build a module, draw numbers or sort anew."""


@pytest.mark.parametrize("id", sorted(AS_THE_PAIR))
def test_the_lines_of_the_catalogue_are_the_expressions(id: str) -> None:
    mistake, spec = BY_ID[id], spec_of(BY_ID[id])
    pair = pitfall(id, spec)
    with without_gradients():
        verifier = Verifier(meant_on(spec).run)
        tempting, instead = verifier.evaluate(pair.tempting), verifier.evaluate(pair.instead)
    assert torch.equal(value_of(mistake.tempting, mistake), tempting)
    assert torch.allclose(value_of(mistake.instead, mistake), instead, atol=1e-6)


@pytest.mark.parametrize(
    ("id", "spec", "words"),
    [
        (
            "last-step-bidirectional",
            {},
            "bidirectional=False: must be bidirectional=True, or last-step-bidirectional can't be made",
        ),
        ("first-layer", {}, "num_layers=1: must be at least 2"),
        ("padding-read", {}, "lengths left out: must be given"),
        ("batch-first-forgotten", {"lengths": (3, 2)}, "must be left out"),
        ("last-step-bidirectional", {"bidirectional": True, "lengths": (5, 3)}, "padding-as-last-step"),
        ("cell-for-hidden", {"device": "meta"}, "device=meta: must be one that holds numbers"),
        ("cell-for-hidden", {"batch_size": 0}, "batch_size=0: must be at least 1"),
        ("padding-read", {"lengths": (5, 3), "dtype": "bfloat16"}, "rounding hides padding-read"),
        ("cell-for-hidden", {"hidden_size": 1, "batch_size": 1, "dtype": "float16"}, "hidden_size=1: must be larger"),
    ],
)
def test_where_a_mistake_cannot_be_made_it_is_said(id: str, spec: dict[str, Any], words: str) -> None:
    with pytest.raises(LSTMInspectError) as raised:
        pitfall(id, LSTMSpec(**spec))
    assert words in raised.value.message()


@pytest.mark.parametrize("mistake", CATALOGUE, ids=lambda mistake: mistake.id)
def test_what_is_advised_instead_can_show_it(mistake: Mistake) -> None:
    """Each refusal names a change; made one after the other, they lead to a spec that shows the mistake."""
    spec = LSTMSpec()
    for _ in range(4):
        try:
            pitfall(mistake.id, spec)
            return
        except LSTMInspectError as refused:
            pairs = [part.strip("{} ").split("=") for part in refused.instead.split("} {")]
            given = {name: eval(value) if value[0].isdigit() else value for name, value in pairs}
            given = {name: value == "True" if value in ("True", "False") else value for name, value in given.items()}
            base = LSTMSpec() if "lengths" in given else spec
            kept = {"seq_len": base.seq_len} if "lengths" not in given and spec.lengths is None else {}
            spec = LSTMSpec(**{**changes(spec), **kept, **given})
    pytest.fail(f"{spec} still can't show it")


def changes(spec: LSTMSpec) -> dict[str, Any]:
    """What a spec's module is told beside the defaults."""
    names = ("num_layers", "bidirectional", "dropout")
    return {name: getattr(spec, name) for name in names} | ({"lengths": spec.lengths} if spec.lengths else {})


def test_the_ones_near_at_hand_are_pairs_of_the_same_table() -> None:
    for spec in specs():
        for each in pitfalls(spec):
            assert each == pitfall(each.id, spec)
