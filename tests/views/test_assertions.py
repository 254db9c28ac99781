"""A claim as a statement: it holds where both sides are the same, and fails where they differ, whatever they are."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from lstm_inspect.theory.claim import Claim
from lstm_inspect.theory.dtypes import EXACT, Tolerance
from lstm_inspect.views.script import assertion

HN = torch.arange(6.0).reshape(2, 3)


def packed(enforce_sorted: bool) -> PackedSequence:
    return pack_padded_sequence(
        torch.arange(12.0).reshape(3, 2, 2), torch.tensor([3, 2]), enforce_sorted=enforce_sorted
    )


NAMES: dict[str, Any] = {
    "torch": torch,
    "hn": HN,
    "cn": HN + 1,
    "output": HN.clone(),
    "packed_input": packed(True),
    "packed_output": packed(False),
}
SAME = {
    "tensors": ("hn[0]", "output[0]", "assert torch.equal("),
    "made tensors": ("torch.cat((hn, cn))", "torch.cat((output, cn))", "assert torch.equal("),
    "methods": ("hn.view(3, 2)", "output.reshape(3, 2)", "assert torch.equal("),
    "data": ("packed_input.data", "packed_output.data", "assert torch.equal("),
    "shape": ("hn.shape", "(2, 3)", "assert hn.shape == (2, 3)"),
    "numbers": ("hn[0].tolist()", "[0.0, 1.0, 2.0]", "assert hn[0].tolist() == ["),
    "numbers first": ("[2, 2, 1]", "packed_input.batch_sizes.tolist()", "assert [2, 2, 1] == "),
    "lists": ("hn[0].tolist()", "output[0].tolist()", "torch.testing.assert_close("),
    "sizes": ("hn.shape", "output.shape", "torch.testing.assert_close("),
    "none": ("packed_input.sorted_indices", "None", "assert packed_input.sorted_indices is None"),
    "tuples": ("(hn, (cn, (hn,)))", "(output, (cn, (output,)))", "torch.testing.assert_close("),
    "packed, None within": ("packed_input", "packed_input", "torch.testing.assert_close("),
    "packed": ("(packed_output, hn)", "(packed_output, output)", "torch.testing.assert_close("),
    "maybe a tensor": ("packed_output.sorted_indices", "torch.arange(2)", "torch.testing.assert_close("),
}
OTHER = {
    "tensors": ("hn[0]", "cn[0]"),
    "tensors of another shape": ("hn", "output[:1]"),
    "made tensors": ("torch.cat((hn, cn))", "torch.cat((cn, hn))"),
    "shape": ("hn.shape", "(3, 2)"),
    "numbers": ("hn[0].tolist()", "[0.0, 1.0, 3.0]"),
    "not none": ("packed_output.sorted_indices", "None"),
    "none against a tensor": ("packed_input.sorted_indices", "packed_output.sorted_indices"),
    "tuples, deep within": ("(hn, (cn, (hn,)))", "(output, (cn, (cn,)))"),
    "tuples of another length": ("(hn, cn)", "(hn, cn, cn)"),
    "packed": ("packed_input", "packed_output"),
    "dtype": ("(hn,)", "(hn.double(),)"),
    "a bit off": ("(hn, cn)", "(hn, cn * (1 + 2**-22))"),
}


def run(left: str, right: str, *, exact: bool = True, tolerance: Tolerance = EXACT) -> str:
    statement = assertion(Claim("id", "packing", left, right, "why", exact), tolerance)
    exec(statement, dict(NAMES))
    return statement


@pytest.mark.parametrize(("left", "right", "opening"), SAME.values(), ids=SAME)
def test_it_holds(left: str, right: str, opening: str) -> None:
    assert run(left, right).startswith(opening)


@pytest.mark.parametrize(("left", "right"), OTHER.values(), ids=OTHER)
def test_it_fails(left: str, right: str) -> None:
    with pytest.raises(AssertionError):
        run(left, right)


@pytest.mark.parametrize(("off", "holds"), [("0.009", True), ("0.011", False)])
@pytest.mark.parametrize("nested", ["{}", "(cn, ({},))"])
def test_an_inexact_claim_has_its_tolerance(nested: str, off: str, holds: bool) -> None:
    left, right = nested.format(f"(hn + {off})"), nested.format("hn")
    if holds:
        assert "rtol=0.0, atol=0.01" in run(left, right, exact=False, tolerance=Tolerance(0.0, 0.01))
    else:
        with pytest.raises(AssertionError):
            run(left, right, exact=False, tolerance=Tolerance(0.0, 0.01))
