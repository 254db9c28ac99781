"""lstm-inspect model: what is read decides the exit status; the flags that leave it out."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import Cli

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, take, **options):
        super().__init__()
        self.lstm = nn.LSTM(8, 16, **options)
        self.fc = nn.LazyLinear(2)
        self.take = take

    def forward(self, x):
        output, (hn, cn) = self.lstm(x)
        return self.fc(self.take(output, hn))

X = torch.randn(3, 5, 8)
BOTH = {"batch_first": True, "bidirectional": True}

def last(): return Net(lambda output, hn: output[:, -1], **BOTH), (X,)
def alone(): return Net(lambda output, hn: hn[-1], **BOTH), (X,)
def right(): return Net(lambda output, hn: torch.cat((hn[-2], hn[-1]), dim=-1), **BOTH), (X,)

class Many(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.heads = nn.LSTM(8, 16, **BOTH), nn.ModuleList(nn.Linear(32, 2) for _ in range(15))

    def forward(self, x):
        output, (hn, cn) = self.lstm(x)
        right = torch.cat((hn[-2], hn[-1]), dim=-1)
        return sum(head(output[:, -1] if n == 13 else right) for n, head in enumerate(self.heads))

def many(): return Many(), (X,)
def forgotten(): return Net(lambda output, hn: output[:, -1]), (X,)
"""


@pytest.fixture(autouse=True)
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(NET)


@pytest.mark.filterwarnings("ignore:Lazy modules:UserWarning")
@pytest.mark.parametrize(
    ("factory", "flags", "status", "found"),
    [
        ("last", [], 1, ["last-step-bidirectional"]),
        ("alone", [], 0, ["one-direction-of-two"]),
        ("alone", ["--strict"], 1, ["one-direction-of-two"]),
        ("right", ["--strict"], 0, []),
        ("forgotten", [], 1, ["batch-first-forgotten"]),
        ("forgotten", ["--no-alone"], 1, ["last-sequence"]),
        ("forgotten", ["--no-alone", "--no-reads"], 0, []),
        ("last", ["--no-reads"], 0, []),
    ],
)
def test_the_status_and_the_findings(cli: Cli, factory: str, flags: list[str], status: int, found: list[str]) -> None:
    outcome = cli("model", f"nets.py:{factory}", "--json", *flags)
    assert [mistake["id"] for mistake in outcome.document["mistakes"]] == found
    assert outcome.status == status
    assert (outcome.document["alone"] is None) == ("--no-alone" in flags)
    assert bool(outcome.document["reads"]) == ("--no-reads" not in flags)
    assert outcome.document["verified"] is True


@pytest.mark.filterwarnings("ignore:Lazy modules:UserWarning")
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_page_says_what_to_write(cli: Cli, columns: int) -> None:
    page = cli("model", "nets.py:last", columns=columns).stdout
    assert "torch.cat((hn[-2], hn[-1]), dim=-1)" in page
    assert "lstm-inspect explain last-step-bidirectional" in page
    assert "Wrong: last-step-bidirectional, nets.py:19." in " ".join(page.split())
    assert [line for line in page.splitlines() if len(line) > columns] == []


def test_of_many_reads_the_wrong_one_is_shown(cli: Cli) -> None:
    page = cli("model", "nets.py:many").stdout
    assert "✓ heads.11 (linear" in page
    assert "✗ heads.13 (linear" in page
    assert "heads.12" not in page
    assert "and 2 more reads" in page
