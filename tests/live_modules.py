"""What the tests of live modules share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lstm_inspect.verdict.report import Report


def ids(report: Report) -> set[str]:
    return {check.id for check in report.checks}


def failed(report: Report) -> list[str]:
    return [check.id for check in report.checks if not check.passed] + [
        result.id for result in report.pitfalls if not result.passed
    ]


def states(lstm: nn.LSTM, *batch: int) -> tuple[Tensor, Tensor]:
    rows, dtype = lstm.num_layers * (2 if lstm.bidirectional else 1), next(lstm.parameters()).dtype
    size = lstm.proj_size or lstm.hidden_size
    return torch.randn(rows, *batch, size, dtype=dtype), torch.randn(rows, *batch, lstm.hidden_size, dtype=dtype)


class Nested(nn.Module):
    """An encoder, a decoder that is called step by step, and one LSTM under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.ModuleDict({"rnn": nn.LSTM(4, 8, bidirectional=True)})
        self.decoder = nn.LSTM(16, 8, num_layers=2, batch_first=True)
        self.shared = nn.LSTM(8, 8)
        self.again = self.shared
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        output, _ = self.encoder["rnn"](x)
        state = None
        for step in output:
            last, state = self.decoder(step.unsqueeze(1), state)
        first, hx = self.shared(last)
        second, _ = self.again(first, hx=hx)
        results: Tensor = self.relu(second)  # in place: the tensors of the call are gone after
        return results


def autocast_runs_an_lstm() -> bool:
    """Whether this processor has the bfloat16 kernel that autocast chooses on the CPU."""
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            nn.LSTM(16, 32)(torch.randn(20, 4, 16))
    except RuntimeError:
        return False
    return True
