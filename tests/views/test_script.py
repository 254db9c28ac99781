"""The scripts of ``code``: run here, and broken here."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NamedTuple

import pytest
import torch
from support import Output, Results, break_lstm, on_output, permuted_gates
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from lstm_inspect.experiment.run import run
from lstm_inspect.mistakes.pitfalls import pitfalls
from lstm_inspect.theory.claim import Claim
from lstm_inspect.theory.claims import claims, worked_out
from lstm_inspect.theory.shapes import format_tuple, tensors
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import state_rows
from lstm_inspect.views.layout import WIDTH
from lstm_inspect.views.script import STYLES, script

BATCHES: dict[str, dict[str, Any]] = {
    "padded": {},
    "unbatched": {"batch_size": None},
    "one-step": {"seq_len": 1, "batch_size": 1},
    "unsorted": {"lengths": (3, 5, 2)},
    "equals": {"lengths": (4, 4, 4)},
    "sorted": {"lengths": (5, 3, 3), "enforce_sorted": True},
    "total-length": {"lengths": (3, 5, 2), "total_length": 7, "padding_value": -1.5},
}
LAYERS, BIDIRECTIONAL, BATCH_FIRST, PROJ_SIZES = (1, 3), (False, True), (False, True), (0, 4)
OTHERS: dict[str, dict[str, Any]] = {
    "float64": {"dtype": "float64"},
    "float16": {"dtype": "float16"},
    "bfloat16": {"dtype": "bfloat16"},
    "zeros": {"state": "zeros"},
    "no-bias": {"bias": False},
    "dropout": {"dropout": 0.5, "state": "zeros"},
    "seed": {"seed": 2**63 - 1},
    "wide": {"input_size": 1000, "hidden_size": 100},
    "empty": {"batch_size": 0},
    "meta": {"device": "meta"},
    "auto": {"device": "auto"},
}
# an empty batch is a batch of its own
PAIRS = [(other, batch) for other, batch in product(OTHERS, BATCHES) if other != "empty" or batch == "padded"]


def structure(layers: int, bidirectional: bool, **others: Any) -> LSTMSpec:
    return LSTMSpec(**{"hidden_size": 6, "num_layers": layers, "bidirectional": bidirectional, **others})


def grid() -> Iterator[LSTMSpec]:
    for layers, bidirectional, batch_first, proj_size in product(LAYERS, BIDIRECTIONAL, BATCH_FIRST, PROJ_SIZES):
        for batch in BATCHES.values():
            yield structure(layers, bidirectional, batch_first=batch_first, proj_size=proj_size, **batch)
    for other, name in PAIRS:
        yield structure(2, True, **BATCHES[name], **OTHERS[other])


def execute(source: str) -> dict[str, Any]:
    """Run a script in this process; torch's two remarks on speed and on dropout are no errors."""
    names: dict[str, Any] = {}
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.filterwarnings("ignore", message="LSTM with projections is not supported with oneDNN")
        warnings.filterwarnings("ignore", message="dropout option adds dropout")
        exec(compile(source, "<script>", "exec"), names)
    return names


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Tensors this small are done before a second thread has woken."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _tf32_as_it_was() -> Iterator[None]:
    before = torch.backends.cudnn.allow_tf32
    yield
    torch.backends.cudnn.allow_tf32 = before


@pytest.mark.parametrize("proj_size", PROJ_SIZES)
@pytest.mark.parametrize("batch_first", BATCH_FIRST)
@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("bidirectional", BIDIRECTIONAL)
@pytest.mark.parametrize("layers", LAYERS)
def test_it_runs(layers: int, bidirectional: bool, batch: str, batch_first: bool, proj_size: int) -> None:
    spec = structure(layers, bidirectional, batch_first=batch_first, proj_size=proj_size, **BATCHES[batch])
    assert_has_shapes(spec, execute(script(spec)))


@pytest.mark.parametrize(("other", "batch"), PAIRS)
def test_it_runs_with(other: str, batch: str) -> None:
    spec = structure(2, True, **BATCHES[batch], **OTHERS[other])
    names = execute(script(spec))
    assert_has_shapes(spec, names)
    assert names["hn"].dtype == getattr(torch, spec.dtype)
    assert names["hn"].device.type == names.get("device", spec.device)


def assert_has_shapes(spec: LSTMSpec, names: dict[str, Any]) -> None:
    for tensor in tensors(spec).values():
        value = names[tensor.name]
        assert (value.data if isinstance(value, PackedSequence) else value).shape == tensor.shape
    assert names["lstm"].training == (spec.dropout == 0)


def test_every_line_is_readable() -> None:
    for spec, style in product(grid(), STYLES):
        source = script(spec, style=style)
        assert source.isascii()
        assert source.endswith(")\n")
        assert [line for line in source.splitlines() if len(line) > WIDTH] == []


def test_the_annotated_style_adds_comments_alone() -> None:
    for spec in grid():
        minimal, annotated = (script(spec, style=style) for style in STYLES)
        assert ast.dump(ast.parse(minimal)) == ast.dump(ast.parse(annotated))
        assert annotated.count("\n#") > minimal.count("\n#")


def expressions_of(source: str) -> set[str]:
    """Every expression of a script, spaced and quoted alike."""
    return {ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.expr)}


def test_every_claim_stands_in_it_word_for_word() -> None:
    for spec in grid():
        found = expressions_of(script(spec))
        for claim in claims(worked_out(spec)):
            if claim.kind != "reference":
                for side in (claim.left, claim.right):
                    assert ast.unparse(ast.parse(side)) in found, (spec, claim.id)
    assert expressions_of("assert hn[0] == output[-1]") >= {"hn[0]", "output[-1]"}


def test_every_shape_stands_in_a_comment() -> None:
    for spec in grid():
        source = script(spec)
        for tensor in tensors(spec).values():
            assert f"{tensor.formula} = {format_tuple(tensor.shape)}" in source, (spec, tensor.name)


def test_the_annotated_style_says_which_row_is_what_and_the_pitfalls() -> None:
    for spec in grid():
        said = re.sub(r"\n# +", " ", script(spec, style="annotated"))
        for row in state_rows(spec):
            assert f" {row.row}: layer {row.layer} {row.direction}, after " in said
            assert row.output is None or f" {row.hn} == {row.output} " in f"{said} ".replace("\n", " ")
        for pitfall in pitfalls(spec):
            assert f"{pitfall.tempting} != {pitfall.instead} {pitfall.why}" in said


def test_the_middle_of_many_rows_is_left_out() -> None:
    source = script(LSTMSpec(num_layers=100, bidirectional=True), style="annotated")
    assert "#   0: layer 0 forward, after time step 4\n" in source
    assert "#   199: layer 99 reverse, after time step 0\n" in source
    left_out = re.search(r"#   \.\.\. (\d+) more\n", source)
    assert left_out is not None
    assert 4 <= source.count(": layer ") == 200 - int(left_out[1]) <= 40


def test_the_same_seed_gives_the_numbers_of_the_other_commands() -> None:
    spec = LSTMSpec(num_layers=2, bidirectional=True, seed=7)
    there, here = run(spec), execute(script(spec))
    for name in ("input", "h0", "c0"):
        assert torch.equal(there.tensors[name], here[name]), name
    for name in ("output", "hn", "cn"):  # the script runs with gradients: on some processors that is another kernel
        torch.testing.assert_close(there.tensors[name], here[name], rtol=0, atol=1e-6)


def test_padded_cells_hold_the_padding_value() -> None:
    names = execute(script(LSTMSpec(lengths=(2, 3), total_length=5, padding_value=-1.5, batch_first=True)))
    assert (names["input"][0, 2:] == -1.5).all()
    assert (names["input"][1, 3:] == -1.5).all()
    assert not (names["input"][1, :3] == -1.5).any()


def test_a_thousand_lengths() -> None:
    lengths = tuple(1 + number * 7919 % 23 for number in range(1000))
    source = script(LSTMSpec(input_size=2, hidden_size=3, num_layers=2, bidirectional=True, lengths=lengths))
    assert execute(source)["lengths"].tolist() == list(lengths)


class Break(NamedTuple):
    """A way to return something wrong, and the specs that show it."""

    change: Callable[[torch.nn.LSTM, Output, Tensor, Tensor], Results]
    specs: tuple[LSTMSpec, ...]


TWO = structure(2, True)
UNEQUAL = structure(2, True, lengths=(3, 5, 2))
MANY = (TWO, UNEQUAL, structure(2, True, batch_first=True), structure(2, True, batch_size=None))
ONE_WAY = (structure(2, False), structure(2, False, lengths=(3, 5, 2)))
BREAKS = {
    "rows of hn swapped": Break(lambda _, output, hn, cn: (output, (hn[[0, 1, 3, 2]], cn)), MANY),
    "layers of hn swapped": Break(lambda _, output, hn, cn: (output, (hn.flip(0), cn)), (*MANY, *ONE_WAY)),
    "hn and cn swapped": Break(lambda _, output, hn, cn: (output, (cn, hn)), (*MANY, *ONE_WAY)),
    "hn one row short": Break(lambda _, output, hn, cn: (output, (hn[1:], cn)), (*MANY, *ONE_WAY)),
    "output's halves swapped": Break(
        lambda _, output, hn, cn: (on_output(output, lambda data: data.roll(6, -1)), (hn, cn)), MANY
    ),
    "output one step late": Break(
        lambda _, output, hn, cn: (
            on_output(output, lambda data: data.roll(1, -2 if data.dim() == 2 else 0)),
            (hn, cn),
        ),
        (TWO, UNEQUAL, *ONE_WAY),
    ),
    "output one bit off": Break(
        lambda _, output, hn, cn: (on_output(output, lambda data: data * (1 + 2**-22)), (hn, cn)), (*MANY, *ONE_WAY)
    ),
    "hn not a number": Break(lambda _, output, hn, cn: (output, (hn * float("nan"), cn)), (*MANY, *ONE_WAY)),
}


@pytest.mark.parametrize(
    ("change", "spec"),
    [pytest.param(each.change, spec, id=name) for name, each in BREAKS.items() for spec in each.specs],
)
def test_it_fails_where_torch_returns_something_else(
    change: Any, spec: LSTMSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = script(spec)
    execute(source)
    break_lstm(monkeypatch, change)
    with pytest.raises(AssertionError):
        execute(source)


def test_it_fails_where_the_sequences_come_back_in_sorted_order(monkeypatch: pytest.MonkeyPatch) -> None:
    source = script(UNEQUAL)

    def sort(_: torch.nn.LSTM, output: Output, hn: Tensor, cn: Tensor) -> Results:
        assert isinstance(output, PackedSequence)
        return output, (hn[:, output.sorted_indices], cn[:, output.sorted_indices])

    break_lstm(monkeypatch, sort)
    with pytest.raises(AssertionError):
        execute(source)


@pytest.mark.parametrize("batch", ["unsorted", "sorted"])
def test_it_fails_where_packing_is_another(batch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = script(structure(1, False, **BATCHES[batch]))
    honest = torch.nn.utils.rnn.pack_padded_sequence

    def first_step_twice(*args: Any, **options: Any) -> PackedSequence:
        packed = honest(*args, **options)
        rows = torch.arange(len(packed.data))
        rows[3:6] = rows[:3]
        return packed._replace(data=packed.data[rows])

    monkeypatch.setattr(torch.nn.utils.rnn, "pack_padded_sequence", first_step_twice)
    with pytest.raises(AssertionError):
        execute(source)


def test_it_fails_on_meta_where_a_shape_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    source = script(structure(2, True, device="meta"))
    assert "torch.equal" not in source
    break_lstm(monkeypatch, lambda _, output, hn, cn: (output, (hn[1:], cn)))
    with pytest.raises(AssertionError):
        execute(source)


FOUND_CUDA, FOUND_MPS = "torch.cuda.is_available", "torch.backends.mps.is_available"


@pytest.mark.parametrize(
    ("dtype", "cuda", "mps", "device"),
    [
        ("float32", True, True, "cuda"),
        ("float32", False, True, "mps"),
        ("float32", False, False, "cpu"),
        ("float64", True, True, "cuda"),
        ("float64", False, True, "cpu"),  # MPS has no float64
    ],
)
def test_auto_picks_the_device_when_the_script_runs(
    dtype: str, cuda: bool, mps: bool, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FOUND_CUDA, lambda: cuda)
    monkeypatch.setattr(FOUND_MPS, lambda: mps)
    source = script(LSTMSpec(device="auto", dtype=dtype))
    assert execute(source.partition("torch.manual_seed")[0])["device"] == device
    assert 'device="auto"' not in source
    assert source.count("device=device") == 4  # the module, input, h0, c0


def test_cuda_runs_in_float32_proper_where_a_tolerance_is_its_own() -> None:
    off = "torch.backends.cudnn.allow_tf32 = False"
    assert off in script(LSTMSpec(device="cuda", lengths=(2, 1)))
    assert off not in script(LSTMSpec(device="cuda"))
    assert off not in script(LSTMSpec(device="cuda", lengths=(2, 1), dtype="float64"))
    assert off not in script(LSTMSpec(lengths=(2, 1)))


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("batch", BATCHES)
def test_it_runs_on_cuda(batch: str) -> None:
    assert execute(script(structure(2, True, device="cuda", **BATCHES[batch])))["hn"].is_cuda


def test_swapped_gates_are_not_its_business() -> None:
    """Kind reference stays in the program: the script compares one call's results with each other alone."""
    names = execute(script(TWO))
    with permuted_gates(names["lstm"], (1, 0, 2, 3)):
        assert not torch.equal(names["lstm"](names["input"])[0], names["output"])
    assert "reference" not in script(TWO)


def test_claims_of_any_form_can_be_asserted(monkeypatch: pytest.MonkeyPatch) -> None:
    held = (
        Claim("a", "packing", "packed_input", "packed_input", "a PackedSequence"),
        Claim("b", "packing", "(packed_output, (hn, (cn,)))", "(packed_output, (hn, (cn,)))", "nested", exact=False),
    )
    monkeypatch.setattr("lstm_inspect.views.script.claims", lambda spec, *, reference: held)
    source = script(UNEQUAL)
    assert source.count("torch.testing.assert_close(") == 2
    execute(source)
