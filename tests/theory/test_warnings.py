"""What no shape can show is said in words."""

from __future__ import annotations

import pytest

from lstm_inspect import LSTMSpec
from lstm_inspect.theory.warnings import spec_warnings


@pytest.mark.parametrize(
    ("spec", "ids"),
    [
        (LSTMSpec(), set()),
        (LSTMSpec(seq_len=3), {"batch-equals-time"}),
        (LSTMSpec(lengths=(3, 2, 1)), {"batch-equals-time"}),
        (LSTMSpec(seq_len=1, batch_size=1), set()),
        (LSTMSpec(num_layers=2, bidirectional=True, batch_size=4), {"batch-equals-rows"}),
        (LSTMSpec(num_layers=3), {"batch-equals-rows"}),
        (LSTMSpec(num_layers=3, seq_len=3), {"batch-equals-rows", "batch-equals-time"}),
        (LSTMSpec(num_layers=3, batch_size=None, seq_len=3), set()),
        (LSTMSpec(dropout=0.5), {"dropout-one-layer"}),
        (LSTMSpec(dropout=0.5, num_layers=2), set()),
        (LSTMSpec(device="meta"), {"meta-values"}),
        (LSTMSpec(batch_size=0), {"empty-batch"}),
    ],
)
def test_warnings(spec: LSTMSpec, ids: set[str]) -> None:
    assert ids <= {warning.id for warning in spec_warnings(spec)}
    told = {"batch-equals-time", "batch-equals-rows", "dropout-one-layer", "meta-values", "empty-batch"}
    assert {warning.id for warning in spec_warnings(spec)} & told == ids
