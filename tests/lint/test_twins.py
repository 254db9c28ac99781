"""Each rule by what it must find, and by the right code beside it that it must leave alone."""

# ruff: noqa: E501 - a line a case

from __future__ import annotations

import textwrap

import pytest

from lstm_inspect.lint.lint import lint_text
from lstm_inspect.mistakes.finding import Finding

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"
PACKING = "from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence\n"


def net(built: str, forward: str, parameters: str = "", arguments: str = "x") -> str:
    """A module of two methods: what is built, and what its call does."""
    return (
        f"{HEAD}{PACKING}\nclass Net(nn.Module):\n    def __init__(self, {parameters}):\n        super().__init__()\n"
        + textwrap.indent(textwrap.dedent(built).strip(), " " * 8)
        + "\n        self.fc = nn.Linear(40, 2)\n        self.drop = nn.Dropout(0.1)\n"
        + f"    def forward(self, {arguments}):\n"
        + textwrap.indent(textwrap.dedent(forward).strip(), " " * 8)
        + "\n"
    )


BIDIR = "self.rnn = nn.LSTM(10, 20, batch_first=True, bidirectional=True)"
TIME_FIRST = "self.rnn = nn.LSTM(10, 20, bidirectional=True)"
DEEP = "self.rnn = nn.LSTM(10, 20, num_layers=2, batch_first=True, bidirectional=True)"
ONE = "self.rnn = nn.LSTM(10, 20, batch_first=True)"
ONE_DEEP = "self.rnn = nn.LSTM(10, 20, 3, batch_first=True)"
GRU = "self.rnn = nn.GRU(10, 20, batch_first=True, bidirectional=True)"

WRONG: list[tuple[str, str, str]] = [
    # id, what is found, source
    ("last-step-bidirectional", "out[:, -1]", net(BIDIR, "out, _ = self.rnn(x)\nreturn self.fc(out[:, -1])")),
    ("last-step-bidirectional", "out[:, -1, :]", net(BIDIR, "out, (h, c) = self.rnn(x)\nreturn out[:, -1, :]")),
    ("last-step-bidirectional", "out[-1]", net(TIME_FIRST, "out, _ = self.rnn(x)\nreturn self.fc(out[-1])")),
    ("last-step-bidirectional", "self.rnn(x)[0][:, -1]", net(GRU, "return self.fc(self.rnn(x)[0][:, -1])")),
    ("last-step-bidirectional", "self.drop(out)[:, -1]", net(BIDIR, "out = self.rnn(x)[0]\nreturn self.drop(out)[:, -1]")),
    ("last-step-bidirectional", "y[:, -1]", net(BIDIR, "y = self.fc(self.rnn(x)[0])\nreturn y[:, -1]")),
    ("last-step-bidirectional", "y[-1]", net(BIDIR, "y = self.rnn(x)[0].transpose(0, 1)\nreturn y[-1].relu()")),
    ("last-step-bidirectional", "y[:, :, -1]", net(BIDIR, "y = self.rnn(x)[0].permute(0, 2, 1)\nreturn y[:, :, -1]")),
    ("last-step-bidirectional", "out[i, lengths[i] - 1]", net(
        BIDIR, "out, _ = self.rnn(x)\nrows = []\nfor i in range(3):\n    rows.append(out[i, lengths[i] - 1])\n"
        "return torch.stack(rows)", arguments="x, lengths")),
    ("last-step-bidirectional", "out[torch.arange(3), lengths - 1]", net(
        BIDIR, "out, _ = self.rnn(x)\nreturn out[torch.arange(3), lengths - 1]", arguments="x, lengths")),
    ("last-step-bidirectional", "out.select(1, -1)", net(BIDIR, "out, _ = self.rnn(x)\nreturn out.select(1, -1)")),
    ("last-step-bidirectional", "out[:, -1]", net(
        "self.rnn = nn.LSTM(10, 20, batch_first=True, bidirectional=both)",
        "out, _ = self.rnn(x)\nreturn self.fc(out[:, -1])", parameters="both")),
    ("last-step-bidirectional", "out[:, -1]", net(
        "assert kind in ('LSTM', 'GRU')\nself.rnn = getattr(nn, kind)(10, 20, batch_first=True, bidirectional=True)",
        "out, _ = self.rnn(x)\nreturn self.fc(out[:, -1])", parameters="kind")),
    ("last-step-bidirectional", "out[:, -1]", net(
        "if kind == 'lstm':\n    self.rnn = nn.LSTM(10, 20, batch_first=True, bidirectional=True)\n"
        "else:\n    self.rnn = nn.GRU(10, 20, batch_first=True, bidirectional=True)",
        "out, _ = self.rnn(x)\nreturn self.fc(out[:, -1])", parameters="kind")),
    ("last-step-bidirectional", "x[:, -1]", net(
        "self.rnns = nn.ModuleList([nn.GRU(40, 20, batch_first=True, bidirectional=True) for _ in range(3)])",
        "for rnn in self.rnns:\n    x, _ = rnn(x)\nreturn self.fc(x[:, -1])")),
    ("last-step-bidirectional", "x[:, -1]", net(
        "self.rnns = nn.ModuleList()\nfor i in range(3):\n"
        "    self.rnns.append(nn.GRU(40, 20, batch_first=True, bidirectional=True))",
        "for i, rnn in enumerate(self.rnns):\n    x, _ = rnn(x)\nreturn self.fc(x[:, -1])")),
    ("last-step-bidirectional", "out[:, -1]", net(
        "self.rnn = nn.LSTM(10, 20, batch_first=True, bidirectional=True).to(device)",
        "out, _ = self.rnn(x)\nreturn self.fc(out[:, -1])", parameters="device")),
    ("padding-as-last-step", "out[:, -1]", net(
        ONE, "p = pack_padded_sequence(x, lengths, batch_first=True)\np, _ = self.rnn(p)\n"
        "out, n = pad_packed_sequence(p, batch_first=True)\nreturn self.fc(out[:, -1])", arguments="x, lengths")),
    ("sequences-mixed", "h.view(x.size(0), -1)", net(BIDIR, "_, (h, c) = self.rnn(x)\nreturn self.fc(h.view(x.size(0), -1))")),
    ("sequences-mixed", "h.reshape(-1, 2 * 20)", net(BIDIR, "_, (h, c) = self.rnn(x)\nreturn self.fc(h.reshape(-1, 2 * 20))")),
    ("sequences-mixed", "h.view(-1, hidden * 2)", net(
        "self.rnn = nn.GRU(10, hidden, bidirectional=True)", "_, h = self.rnn(x)\nhidden = self.rnn.hidden_size\n"
        "return self.fc(h.view(-1, hidden * 2))", parameters="hidden")),
    ("sequences-mixed", "h.view(h.shape[1], -1)", net(GRU, "_, h = self.rnn(x)\nreturn h.view(h.shape[1], -1)")),
    ("sequences-mixed", "h.view(1, batch_size, -1)", net(
        GRU, "batch_size = x.size(0)\n_, h = self.rnn(x)\nreturn h.view(1, batch_size, -1)")),
    ("sequences-mixed", "out.reshape(batch_size, -1)", net(
        TIME_FIRST, "batch_size = x.size(1)\nout, _ = self.rnn(x)\nreturn out.reshape(batch_size, -1)")),
    ("cell-for-hidden", "state[-1]", net(ONE, "_, state = self.rnn(x)\nreturn self.fc(state[-1])")),
    ("cell-for-hidden", "state[-1]", net(ONE, "out, state = self.rnn(x)\nlast = state[-1][-1]\nreturn self.fc(last)")),
    ("first-layer", "h[0]", net(ONE_DEEP, "_, (h, c) = self.rnn(x)\nreturn self.fc(h[0])")),
    ("first-layer", "h[0]", net(DEEP, "_, (h, _) = self.rnn(x)\nreturn self.fc(torch.cat((h[0], h[1]), 1))")),
    ("layers-for-directions", "torch.cat((forward, backward), dim=1)", net(
        ONE_DEEP, "_, (h, _) = self.rnn(x)\nforward, backward = h[-2], h[-1]\n"
        "return self.fc(torch.cat((forward, backward), dim=1))")),
    ("one-direction-of-two", "h[-1]", net(BIDIR, "_, (h, _) = self.rnn(x)\nreturn self.fc(h[-1])")),
    ("one-direction-of-two", "h[0]", net(BIDIR, "_, (h, _) = self.rnn(x)\nreturn self.fc(h[0])")),
    ("last-sequence", "out[-1]", net(ONE, "out, _ = self.rnn(x)\nreturn self.fc(out[-1])")),
    ("last-sequence", "out[:, -1]", net("self.rnn = nn.GRU(10, 20)", "out, _ = self.rnn(x)\nreturn self.fc(out[:, -1])")),
    ("last-sequence", "out.mean(dim=1)", net("self.rnn = nn.GRU(10, 20)", "out, _ = self.rnn(x)\nreturn out.mean(dim=1)")),
    ("directions-interleaved", "out.view(3, 5, 20, 2)", net(BIDIR, "out, _ = self.rnn(x)\nreturn out.view(3, 5, 20, 2)[..., 0]")),
    ("random-initial-state", "torch.randn(1, 3, 20)", net(
        ONE, "h = torch.randn(1, 3, 20)\nc = torch.zeros(1, 3, 20)\nout, _ = self.rnn(x, (h, c))\nreturn out")),
    ("random-initial-state", "torch.rand(1, 3, 20)", net(
        "self.rnn = nn.GRU(10, 20)", "if h is None:\n    h = torch.rand(1, 3, 20)\nreturn self.rnn(x, h)[0]", arguments="x, h=None")),
    ("batch-first-forgotten", "self.rnn(x)", net(
        "self.rnn = nn.GRU(10, 20)", "x = torch.zeros(batch_size, seq_len, 10)\nreturn self.rnn(x)[0]", arguments="batch_size, seq_len")),
    ("order-not-restored", "out[order]", net(
        ONE, "lengths, order = lengths.sort(descending=True)\np = pack_padded_sequence(x[order], lengths, batch_first=True)\n"
        "out, _ = pad_packed_sequence(self.rnn(p)[0], batch_first=True)\nreturn out[order]", arguments="x, lengths")),
]  # fmt: skip


def found(source: str) -> list[Finding]:
    """The findings of a source; it has to be readable."""
    linted = lint_text(source, "net.py")
    assert not linted.unread
    return linted.findings


@pytest.mark.parametrize(("mistake", "expression", "source"), WRONG)
def test_a_wrong_twin_is_found(mistake: str, expression: str, source: str) -> None:
    assert (mistake, expression) in [(each.id, each.expression) for each in found(source)], source


RIGHT: list[str] = [
    net(BIDIR, "_, (h, c) = self.rnn(x)\nreturn self.fc(torch.cat((h[-2], h[-1]), dim=1))"),
    net(ONE, "out, _ = self.rnn(x)\nreturn self.fc(out[:, -1])"),
    net(BIDIR, "out, _ = self.rnn(x.unsqueeze(1))\nreturn self.fc(out[:, -1])"),
    net(BIDIR, "out, _ = self.rnn(x)\nreturn torch.cat((out[:, -1, :20], out[:, 0, 20:]), dim=1)"),
    net(BIDIR, "out, _ = self.rnn(x)\nreturn torch.cat((out[:, 0], out[:, -1]), dim=1)"),
]


@pytest.mark.parametrize("source", RIGHT)
def test_a_right_twin_is_left_alone(source: str) -> None:
    assert found(source) == [], source
