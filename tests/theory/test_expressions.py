"""The Python that is shown, run as it stands: it builds the module, packs, runs and unpacks as nn.LSTM does."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lstm_inspect import LSTMSpec, inspect
from lstm_inspect.theory import expressions
from lstm_inspect.theory.recipes import recipes

specs = st.builds(
    LSTMSpec,
    input_size=st.integers(1, 9),
    hidden_size=st.integers(4, 9),
    num_layers=st.integers(2, 3),
    bias=st.booleans(),
    batch_first=st.booleans(),
    dropout=st.sampled_from([0.0, 0.25, 1.0]),
    bidirectional=st.booleans(),
    proj_size=st.integers(0, 3),
    dtype=st.sampled_from(["float32", "float64", "bfloat16"]),
    device=st.sampled_from(["cpu", "meta"]),
)


@given(specs)
@settings(max_examples=50, deadline=None)
def test_the_constructor_builds_what_the_spec_says(spec: LSTMSpec) -> None:
    built = eval(expressions.constructor(spec), {"torch": torch})
    arguments = (
        "input_size",
        "hidden_size",
        "num_layers",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
        "proj_size",
    )
    assert [getattr(built, name) for name in arguments] == [getattr(spec, name) for name in arguments]
    assert {(str(each.dtype), each.device.type) for each in built.parameters()} == {
        (f"torch.{spec.dtype}", spec.device)
    }


def test_defaults_are_left_out() -> None:
    assert expressions.constructor(LSTMSpec(hidden_size=7)) == "torch.nn.LSTM(10, 7)"
    everything = LSTMSpec(3, 7, 2, False, True, 0.5, True, 4, dtype="float16", device="meta")
    assert expressions.constructor(everything) == (
        "torch.nn.LSTM(3, 7, num_layers=2, bias=False, batch_first=True, dropout=0.5, bidirectional=True, proj_size=4, "
        'device="meta", dtype=torch.float16)'
    )


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(
    "batch",
    [
        {},
        {"batch_size": None},
        {"lengths": (2, 4, 3)},
        {"lengths": (4, 3, 2), "enforce_sorted": True},
        {"lengths": (2, 4, 3), "total_length": 6, "padding_value": -1.5},
    ],
)
@torch.no_grad()
def test_the_statements_run_as_they_stand(batch: dict[str, Any], bidirectional: bool, batch_first: bool) -> None:
    """Pasted under an input, they give what the same module gives by torch's functions called here."""
    spec = LSTMSpec(batch_first=batch_first, bidirectional=bidirectional, **batch)
    batched = spec.batch_size is not None
    lead = (3, spec.seq_len) if batch_first and batched else (spec.seq_len, 3) if batched else (spec.seq_len,)
    rows = (2 if bidirectional else 1, *([3] if batched else []))
    names: dict[str, Any] = {"torch": torch, "input": torch.randn(*lead, 10)}
    names |= {"h0": torch.randn(*rows, 20), "c0": torch.randn(*rows, 20)}
    if spec.lengths is not None:
        names["lengths"] = torch.tensor(spec.lengths)
    for statement in expressions.statements(spec):
        exec(statement, names)
    lstm, state = names["lstm"], (names["h0"], names["c0"])
    if spec.lengths is None:
        output, (hn, cn) = lstm(names["input"], state)
    else:
        packed = pack_padded_sequence(
            names["input"], torch.tensor(spec.lengths), batch_first, enforce_sorted=spec.enforce_sorted
        )
        packed, (hn, cn) = lstm(packed, state)
        output, lengths = pad_packed_sequence(
            packed, batch_first, padding_value=spec.padding_value, total_length=spec.total_length
        )
        assert torch.equal(names["lengths"], lengths)
    assert all(torch.equal(names[name], value) for name, value in (("output", output), ("hn", hn), ("cn", cn)))


@pytest.mark.parametrize(
    "spec",
    [
        LSTMSpec(num_layers=3, bidirectional=True),
        LSTMSpec(num_layers=3, bidirectional=True, batch_first=True, proj_size=4),
        LSTMSpec(num_layers=2),
        LSTMSpec(num_layers=2, bidirectional=True, batch_size=None),
    ],
)
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@torch.no_grad()
def test_recipes_hold_what_their_task_says(spec: LSTMSpec) -> None:
    """Each against indices written here, one element of the task at a time."""
    lstm = eval(expressions.constructor(spec), {"torch": torch})
    batch = [] if spec.batch_size is None else [3]
    lead = [3, 5] if spec.batch_first else [5, *batch]
    output, (hn, cn) = lstm(torch.randn(*lead, 10))
    names = {"torch": torch, "output": output, "hn": hn, "cn": cn}
    found = {recipe.id: eval(recipe.expression, names) for recipe in recipes(spec)}
    directions, size = (2 if spec.bidirectional else 1), hn.shape[-1]
    top = [hn[(spec.num_layers - 1) * directions + direction] for direction in range(directions)]
    assert torch.equal(found["whole-sequence"], torch.cat(top, -1))
    assert torch.equal(found["each-step"], output)
    assert torch.equal(found["next-h0"], hn)
    assert torch.equal(found["next-c0"], cn)
    for layer in range(spec.num_layers):
        for direction in range(directions):
            row = hn[layer * directions + direction]
            assert torch.equal(found["by-layer"][layer, direction], row)
            if batch:
                start = (layer * directions + direction) * size
                assert torch.equal(found["all-layers"][:, start : start + size], row)
    if spec.bidirectional:
        for direction in (0, 1):
            half = output[..., direction * size : (direction + 1) * size]
            assert torch.equal(found["directions-apart"][..., direction, :], half)


def test_expressions_are_evaluated_without_builtins() -> None:
    from lstm_inspect.experiment.run import run
    from lstm_inspect.experiment.verify import Verifier

    verifier = Verifier(run(LSTMSpec()))
    with pytest.raises(NameError, match="open"):
        verifier.evaluate("open('/etc/passwd')")
    with pytest.raises(NameError, match="__import__"):
        verifier.evaluate("__import__('os')")
    with pytest.raises(NameError, match="__class__"):
        verifier.evaluate("torch.__class__")
    assert inspect(LSTMSpec()).verified
