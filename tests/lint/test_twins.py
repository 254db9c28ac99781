"""Each rule by what it must find, and by the right code beside it that it must leave alone."""

# ruff: noqa: E501 - a line a case

from __future__ import annotations

import ast
import textwrap
from pkgutil import resolve_name

import pytest

from lstm_inspect.lint.config import RULES, UNUSED, Choice
from lstm_inspect.lint.lint import lint_text
from lstm_inspect.lint.numbers import Flag
from lstm_inspect.mistakes.finding import Finding

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"
PACKING = "from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence\n"


def net(built: str, forward: str, parameters: str = "", arguments: str = "x", more: str = "") -> str:
    """A module of two methods: what is built, and what its call does."""
    return (
        f"{HEAD}{PACKING}\nclass Net(nn.Module):\n    def __init__(self, {parameters}):\n        super().__init__()\n"
        + textwrap.indent(textwrap.dedent(built).strip(), " " * 8)
        + "\n        self.fc = nn.Linear(40, 2)\n        self.drop = nn.Dropout(0.1)\n"
        + f"    def forward(self, {arguments}):\n"
        + textwrap.indent(textwrap.dedent(forward).strip(), " " * 8)
        + f"\n{textwrap.indent(more, ' ' * 4)}\n"
    )


BIDIR = "self.rnn = nn.LSTM(10, 20, batch_first=True, bidirectional=True)"
TIME_FIRST = "self.rnn = nn.LSTM(10, 20, bidirectional=True)"
DEEP = "self.rnn = nn.LSTM(10, 20, num_layers=2, batch_first=True, bidirectional=True)"
ONE = "self.rnn = nn.LSTM(10, 20, batch_first=True)"
ONE_DEEP = "self.rnn = nn.LSTM(10, 20, 3, batch_first=True)"
GRU = "self.rnn = nn.GRU(10, 20, batch_first=True, bidirectional=True)"

TAKEN = "_, (h, c) = self.rnn(x)\n"
OUT = "out, _ = self.rnn(x)\n"
PACKED = "p = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)\n"

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
    ("sequences-mixed", "out.view(out.size(1), out.size(0), out.size(2))", net(
        TIME_FIRST, "out, _ = self.rnn(x)\nreturn out.view(out.size(1), out.size(0), out.size(2))")),
    ("last-step-bidirectional", "out.gather(1, index)", net(
        BIDIR, "out, _ = self.rnn(x)\nindex = (lengths - 1).view(-1, 1, 1).expand(-1, 1, 40)\nreturn self.fc(out.gather(1, index))", arguments="x, lengths")),
    ("last-step-bidirectional", "out[:, 0]", net(BIDIR, "out, _ = self.rnn(x)\nreturn self.fc(out[:, 0])")),
    ("last-step-bidirectional", "out[:, -1]", net(
        BIDIR, "out = self.encode(x)\nreturn self.fc(out[:, -1])", more="def encode(self, x):\n    return self.rnn(x)[0]")),
    ("last-step-bidirectional", "out[:, -1]", net(
        BIDIR, "return self.fc(self.last(self.rnn(x)[0]))", more="def last(self, out):\n    return out[:, -1]")),
    ("last-step-bidirectional", "total[:, -1]", net(
        BIDIR + "\nself.two = nn.LSTM(40, 20, batch_first=True, bidirectional=True)",
        "one, _ = self.rnn(x)\ntwo, _ = self.two(one)\ntotal = one + two\nreturn self.fc(total[:, -1])")),
    ("last-step-bidirectional", "out[:, -1]", HEAD + "lstm = nn.LSTM(10, 20, bidirectional=True, batch_first=True)\nout, _ = lstm(torch.zeros(3, 5, 10))\nfc = nn.Linear(40, 2)\ny = fc(out[:, -1])\n"),
    ("last-step-bidirectional", "out[:, -1]", "from torch.nn import LSTM as Memory, Linear, Module\n\nclass Net(Module):\n    def __init__(self):\n        self.rnn = Memory(10, 20, batch_first=True, bidirectional=True)\n        self.fc = Linear(40, 2)\n    def forward(self, x):\n        out, _ = self.rnn(x)\n        return self.fc(out[:, -1])\n"),
    ("last-step-bidirectional", "out[:, -1]", "from dataclasses import dataclass\n" + net(
        "self.rnn = nn.LSTM(10, 20, batch_first=True, bidirectional=config.both)", "out, _ = self.rnn(x)\nreturn self.fc(out[:, -1])", "config: Config").replace("class Net", "@dataclass\nclass Config:\n    both: bool = True\n\nclass Net")),
    ("last-step-bidirectional", "out[:, -1]", net(
        "match kind:\n    case 'lstm':\n        self.rnn = nn.LSTM(10, 20, batch_first=True, bidirectional=True)\n    case _:\n        self.rnn = nn.GRU(10, 20, batch_first=True, bidirectional=True)",
        "out, _ = self.rnn(x)\nreturn self.fc(out[:, -1])", parameters="kind")),
    ("cell-for-hidden", "state[-1]", net(
        "self.rnn = {'LSTM': nn.LSTM, 'GRU': nn.GRU}[kind](10, 20, batch_first=True)", "_, state = self.rnn(x)\nreturn self.fc(state[-1])", "kind")),
    ("random-initial-state", "nn.init.normal_(h)", net(
        ONE, "h = torch.zeros(1, 3, 20)\nnn.init.normal_(h)\nc = torch.zeros(1, 3, 20)\nreturn self.rnn(x, (h, c))[0]")),
    # what is done before with the same result does not hide it
    ("last-step-bidirectional", "out[:, -1:]", net(BIDIR, OUT + "return self.fc(out[:, -1:].squeeze(1))")),
    ("last-step-bidirectional", "out[:, 1:][:, -1]", net(BIDIR, OUT + "return self.fc(out[:, 1:][:, -1])")),
    ("last-step-bidirectional", "out.view(3, 5, 2, 20)[:, -1]", net(BIDIR, OUT + "return out.view(3, 5, 2, 20)[:, -1].sum(1)")),
    ("first-layer", "h[:self.rnn.num_layers]", net(
        DEEP.replace("=2", "=deep"), TAKEN + "return self.fc(h[:self.rnn.num_layers])", "deep=2")),
    ("first-layer", "h[::2][0]", net(DEEP, TAKEN + "return self.fc(h[::2][0])")),
    ("sequences-mixed", "h.view(x.size(0), 4, 20)", net(DEEP, TAKEN + "return h.view(x.size(0), 4, 20)")),
    ("sequences-mixed", "h.view(-1, 40, 1)", net(BIDIR, TAKEN + "return torch.bmm(x, h.view(-1, 40, 1))")),
    ("directions-interleaved", "out.contiguous().view(-1, 20)", net(BIDIR, OUT + "return self.fc(out.contiguous().view(-1, 20))")),
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
    *(
        net(
            f"self.kind = kind\nif kind {test} Kind.A:\n    self.rnn = nn.LSTM(10, 20, batch_first=True)\n"
            "else:\n    self.rnn = nn.GRU(10, 20, batch_first=True)",
            f"out, state = self.rnn(x)\nif self.kind {test} Kind.B:\n    return self.fc(state[-1])\n"
            f"if self.kind {test} Kind.A:\n    return self.fc(state[0][-1])\nreturn self.fc(state[-1])",
            "kind",
        )
        for test in ("==", "is")
    ),
    # the final state, as it should be read
    net(BIDIR, TAKEN + "return self.fc(torch.cat((h[-2], h[-1]), dim=1))"),
    net(BIDIR, TAKEN + "return self.fc(torch.cat((h[-2, :, :], h[-1, :, :]), dim=-1))"),
    net(BIDIR, TAKEN + "return self.fc(torch.cat((h[0], h[1]), 1))"),
    net(BIDIR, TAKEN + "return self.fc(torch.cat([h[-1], h[-2]], 1))"),
    net(BIDIR, TAKEN + "forward, backward = h[0], h[1]\nreturn self.fc(torch.cat((forward, backward), 1))"),
    net(BIDIR, TAKEN + "return self.fc(torch.cat(torch.unbind(h), -1))"),
    net(BIDIR, TAKEN + "return self.fc(h.transpose(0, 1).reshape(x.size(0), -1))"),
    net(BIDIR, TAKEN + "return self.fc(h.permute(1, 0, 2).contiguous().view(x.size(0), -1))"),
    net(BIDIR, TAKEN + "return self.fc(h.transpose(0, 1).flatten(1))"),
    net(DEEP, TAKEN + "return self.fc(h[-2:].transpose(0, 1).contiguous().view(x.size(0), -1))"),
    net(DEEP, TAKEN + "h = h.view(2, 2, -1, 20)\nreturn self.fc(torch.cat((h[-1, 0], h[-1, 1]), 1))"),
    net(DEEP, TAKEN + "h = h.view(2, 2, x.size(0), 20)[-1]\nreturn self.fc(torch.cat((h[0], h[1]), 1))"),
    net(DEEP, TAKEN + "return self.fc(torch.cat((h[2], h[3]), 1))"),
    net(DEEP, TAKEN + "return torch.cat((h[0::2], h[1::2]), 2)"),
    net(BIDIR, TAKEN + "return self.fc(h[-1] + h[-2])"),
    net(BIDIR, TAKEN + "return self.fc((h[0] + h[1]) / 2)"),
    net(BIDIR, TAKEN + "return self.fc(h.mean(0))"),
    net(BIDIR, TAKEN + "one, other = self.fc(h[-1]), self.fc(h[-2])\nreturn one + other"),
    net(BIDIR, "out, (h, c) = self.rnn(x)\nweights = torch.softmax(out @ h[-1].unsqueeze(-1), 1)\nreturn self.fc(weights)"),
    net(DEEP, TAKEN + "return self.fc(h[0]), self.fc(h[-1]), self.fc(h[-2])"),
    net(ONE, TAKEN + "return self.fc(h[-1])"),
    net(ONE, TAKEN + "return self.fc(h.squeeze(0))"),
    net(ONE, TAKEN + "return self.fc(h[-1, 0].T)"),
    net(ONE, TAKEN + "return self.fc(h[..., 0, ...])"),
    net(ONE, TAKEN + "return self.fc(h[0])"),
    net(ONE, TAKEN + "return self.fc(h.view(x.size(0), -1))"),
    net(ONE_DEEP, TAKEN + "return self.fc(h[-1])"),
    net(ONE_DEEP, TAKEN + "return self.fc(h[2])"),
    net(ONE_DEEP, TAKEN + "return self.fc(h[0] + h[-1])"),
    net(ONE_DEEP, TAKEN + "return torch.cat((h[0], h[1], h[2]), 1)"),
    # output, one direction
    net(ONE, OUT + "return self.fc(out[:, -1])"),
    net(ONE, OUT + "return self.fc(out[:, -1, :])"),
    net("self.rnn = nn.GRU(10, 20)", OUT + "return self.fc(out[-1])"),
    net("self.rnn = nn.GRU(10, 20)", OUT + "return self.fc(out.mean(dim=0))"),
    net("self.rnn = nn.GRU(10, 20)", OUT + "return self.fc(out.transpose(0, 1)[:, -1])"),
    net(ONE, OUT + "return self.fc(out.mean(dim=1))"),
    net(ONE, OUT + "return self.fc(out[torch.arange(3), lengths - 1])", arguments="x, lengths"),
    # output, both directions, each half where its final state stands
    net(BIDIR, OUT + "return torch.cat((out[:, -1, :20], out[:, 0, 20:]), dim=1)"),
    net(BIDIR, OUT + "last, first = out[:, -1], out[:, 0]\nreturn torch.cat((last[:, :20], first[:, 20:]), 1)"),
    net(BIDIR, OUT + "return torch.cat((out[:, 0], out[:, -1]), dim=1)"),
    net(BIDIR, OUT + "return out[:, 0] + out[:, -1]"),
    net(BIDIR, OUT + "forward, reverse = out.chunk(2, dim=-1)\nreturn torch.cat((forward[:, -1], reverse[:, 0]), 1)"),
    net(BIDIR, OUT + "out = out.view(3, 5, 2, 20)\nreturn torch.cat((out[:, -1, 0], out[:, 0, 1]), 1)"),
    net(BIDIR, OUT + "return self.fc(out.mean(dim=1))"),
    net(BIDIR, OUT + "return self.fc(out.max(dim=1)[0])"),
    net("self.rnn = nn.LSTM(10, 20, batch_first=first, bidirectional=True)", OUT + "return self.fc(out[None])", "first"),
    net(BIDIR, OUT + "return self.fc(out)"),
    net(BIDIR, OUT + "return self.fc(out[:, 1:])"),
    net(BIDIR, OUT + "return self.fc(out[:, :-1])"),
    net(BIDIR, OUT + "steps = [self.fc(out[:, t]) for t in range(5)]\nreturn torch.stack(steps, 1)"),
    net(BIDIR, OUT + "steps = []\nfor t in range(1, 5):\n    steps.append(out[:, t - 1])\nreturn torch.stack(steps, 1)"),
    net(BIDIR, OUT + "print(out[:, -1])\nreturn out"),
    net(BIDIR, OUT + "weights = torch.softmax(self.fc(out), dim=1)\nreturn (weights * out).sum(dim=1)"),
    net(TIME_FIRST, OUT + "return self.fc(out.view(-1, 40))"),
    net(BIDIR, OUT + "return torch.cat((out[:, -1, :self.rnn.hidden_size], out[:, 0, self.rnn.hidden_size:]), dim=1)"),
    net(ONE, OUT + "return self.fc(out.contiguous().view(-1, 20))"),
    net(BIDIR, OUT + "return self.fc(out.view(3, 5, 2, 20)[:, -1, 0])"),
    net(DEEP, TAKEN + "return self.fc(h[-1]), self.fc(h[-2]), h[:self.rnn.num_layers]"),
    net(DEEP, TAKEN + "h = h.view(self.rnn.num_layers, 2, -1, 20)[-1]\nreturn self.fc(h.transpose(0, 1).flatten(1))"),
    # one step, one sequence: all has been read
    net(BIDIR, "out, _ = self.rnn(x.unsqueeze(1))\nreturn self.fc(out[:, -1])"),
    net(BIDIR, "out, _ = self.rnn(x[:, None])\nreturn self.fc(out[:, 0])"),
    net(BIDIR, "out, _ = self.rnn(x.view(-1, 1, 10))\nreturn self.fc(out[:, -1])"),
    net(TIME_FIRST, "out, _ = self.rnn(x.unsqueeze(0))\nreturn self.fc(out[-1])"),
    net(BIDIR, "for t in range(5):\n    out, _ = self.rnn(x[:, t:t + 1])\nreturn self.fc(out[:, -1])"),
    net(ONE, "out, _ = self.rnn(x.unsqueeze(0))\nreturn self.fc(out[-1])"),
    net(ONE, OUT + "out = out.squeeze(0)\nreturn self.fc(out[-1])"),
    net(TIME_FIRST, "_, (h, c) = self.rnn(x.view(len(x), 1, -1))\nreturn self.fc(h.view(1, -1))"),
    net("self.rnn = nn.LSTM(10, 20)", "out, _ = self.rnn(x.view(len(x), 1, -1))\nreturn out.view(len(x), -1)"),
    # the branches that a flag decides
    net("self.both = both\nself.rnn = nn.LSTM(10, 20, batch_first=True, bidirectional=both)",
        TAKEN + "if self.both:\n    h = torch.cat((h[-2], h[-1]), 1)\nelse:\n    h = h[-1]\nreturn self.fc(h)", "both=True"),
    net("self.both = both\nself.rnn = nn.LSTM(10, 20, batch_first=True, bidirectional=both)",
        "out, (h, c) = self.rnn(x)\nif not self.both:\n    return self.fc(out[:, -1])\nreturn torch.cat((h[-2], h[-1]), 1)", "both"),
    net("self.ways = 2 if both else 1\nself.rnn = nn.GRU(10, 20, batch_first=True, bidirectional=both)",
        "out, h = self.rnn(x)\nif self.ways == 1:\n    return self.fc(out[:, -1])\nreturn torch.cat((h[-2], h[-1]), 1)", "both"),
    net("self.deep = layers\nself.both = both\nself.rnn = nn.LSTM(10, 20, layers, batch_first=True, bidirectional=both)",
        TAKEN + "if self.both and self.deep == 1:\n    h = torch.cat((h[0], h[1]), 1)\nelse:\n    h = h[-1]\nreturn self.fc(h)", "layers, both=False"),
    net("self.rnn = (nn.LSTM if kind == 'lstm' else nn.GRU)(10, 20, batch_first=True)\nself.kind = kind",
        "_, state = self.rnn(x)\nif self.kind == 'lstm':\n    state = state[0]\nreturn self.fc(state[-1])", "kind"),
    net("self.rnn = getattr(nn, kind)(10, 20, batch_first=True)  # LSTM or GRU",
        "_, state = self.rnn(x)\nif isinstance(state, tuple):\n    state = state[0]\nreturn self.fc(state[-1])", "kind"),
    net("self.kind = kind\nif kind == 'both':\n    self.rnn = nn.LSTM(10, 20, batch_first=True, bidirectional=True)\n"
        "elif kind == 'one':\n    self.rnn = nn.LSTM(10, 20, batch_first=True)",
        "out, (h, c) = self.rnn(x)\nif self.kind == 'one':\n    return self.fc(out[:, -1])\nreturn torch.cat((h[-2], h[-1]), 1)", "kind"),
    # states
    net(ONE, "_, state = self.rnn(x)\nreturn self.fc(state[0][-1])"),
    net(ONE, "_, state = self.rnn(x)\nhidden, cell = state[0], state[-1]\nreturn self.fc(hidden[-1]), cell"),
    net(ONE, "_, (h, c) = self.rnn(x)\nreturn self.fc(c[-1])"),
    net(ONE, "_, state = self.rnn(x)\nfirst, last = state[0], state[-1]\nreturn self.fc(first[-1]), last"),
    net(ONE, "_, state = self.rnn(x)\ncell = state[-1]\nreturn self.fc(cell)"),
    net(ONE, "h = torch.zeros(1, 3, 20)\nc = torch.zeros(1, 3, 20)\nreturn self.rnn(x, (h, c))[0]"),
    net("self.rnn = nn.GRU(10, 20)\nself.h0 = nn.Parameter(torch.randn(1, 1, 20))", "return self.rnn(x, self.h0)[0]"),
    net("self.rnn = nn.GRU(10, 20)\nself.noisy = noisy",
        "h = torch.zeros(1, 3, 20)\nif self.noisy:\n    h = torch.randn(1, 3, 20)\nreturn self.rnn(x, h)[0]", "noisy"),
    net("self.rnn = nn.GRU(10, 20)", "h = None\nif self.training:\n    h = torch.randn(1, 3, 20)\nreturn self.rnn(x, h)[0]"),
    # packed, sorted
    net(BIDIR, PACKED + "_, (h, c) = self.rnn(p)\nreturn self.fc(torch.cat((h[-2], h[-1]), 1))", arguments="x, lengths"),
    net(ONE, PACKED + "p, _ = self.rnn(p)\nout, n = pad_packed_sequence(p, batch_first=True)\nreturn self.fc(out[torch.arange(3), n - 1])", arguments="x, lengths"),
    net(ONE, "lengths, order = lengths.sort(descending=True)\np = pack_padded_sequence(x[order], lengths, batch_first=True)\nout, _ = pad_packed_sequence(self.rnn(p)[0], batch_first=True)\nreturn out[order.argsort()]", arguments="x, lengths"),
    # what is not torch's, or can't be followed
    net("self.rnn = somewhere.LSTM(10, 20, batch_first=True, bidirectional=True)", OUT + "return self.fc(out[:, -1])"),
    net("self.rnn = nn.LSTMCell(10, 20)", "h, c = self.rnn(x)\nreturn self.fc(h[-1])"),
    net(BIDIR, "out = self.other(self.rnn(x)[0])\nreturn self.fc(out[:, -1])"),
    net("self.rnn = nn.LSTM(10, 20, **options)", OUT + "return self.fc(out[:, -1])", "**options"),
    net("self.rnn = nn.GRU(10, 20)", "x = torch.zeros(seq_len, batch_size, 10)\nreturn self.rnn(x)[0]", arguments="seq_len, batch_size"),
    net(BIDIR, OUT + "return self.fc(out[:, -1])  # lstm-inspect: ignore[last-step-bidirectional] as in the paper"),
]  # fmt: skip


@pytest.mark.parametrize("source", RIGHT)
def test_a_right_twin_is_left_alone(source: str) -> None:
    assert found(source) == [], source


def test_there_are_enough_twins_and_each_rule_has_one() -> None:
    assert len(WRONG) >= 40 and len(RIGHT) >= 60
    assert {mistake for mistake, _, _ in WRONG} == {each for each in RULES if Choice().takes(each)} - {UNUSED}


@pytest.mark.parametrize(("mistake", "expression", "source"), WRONG)
def test_an_ignored_twin_is_silent_and_its_line_can_be_written(mistake: str, expression: str, source: str) -> None:
    lines = source.splitlines()
    for each in found(source):
        assert each.file == "net.py" and each.line and each.column
        assert lines[each.line - 1][each.column - 1 :].startswith(str(each.expression)[:4])
        lines[each.line - 1] += f"  # lstm-inspect: ignore[{each.id}] a twin"
        assert each.explain.startswith(f"lstm-inspect explain {each.id}")
        if each.instead:
            ast.parse(each.instead.removeprefix("return ").removeprefix("if ").rstrip(":"))
    assert mistake not in [each.id for each in found("\n".join(lines))]


SABOTAGE: list[tuple[str, object]] = [
    ("lstm_inspect.lint.numbers.truth", lambda value, assumed: Flag(True)),
    ("lstm_inspect.lint.numbers.truth", lambda value, assumed: Flag(False)),
    ("lstm_inspect.lint.numbers._layers", lambda value, assumed: Flag(3)),
    ("lstm_inspect.lint.uses._covers", lambda unless, use: False),
    ("lstm_inspect.lint.uses._covers", lambda unless, use: True),
    ("lstm_inspect.lint.uses._DIRECTIONS", ()),
    ("lstm_inspect.lint.parts._mixes", lambda of, sizes: True),
    ("lstm_inspect.lint.parts._mixes", lambda of, sizes: False),
    ("lstm_inspect.lint.parts._size", lambda size, of: None),
    ("lstm_inspect.lint.parts._may_be_one", lambda of, what: True),
    ("lstm_inspect.lint.parts._may_be_one", lambda of, what: False),
    ("lstm_inspect.lint.parts.times", lambda value, unit: None),
    ("lstm_inspect.lint.parts._is_batch", lambda value, of: True),
    ("lstm_inspect.lint.parts._number", lambda value, what, call: -1),
    ("lstm_inspect.lint.parts._sequences", lambda of, size, keys, key, at: range(size)),
    ("lstm_inspect.lint.tensors._one", lambda key: False),
    ("lstm_inspect.lint.parts.OWN", 2),
    ("lstm_inspect.lint.arrays.Array.all", lambda array, what: {0}),
    ("lstm_inspect.lint.arrays.Array.along", lambda array, axis: None),
    ("lstm_inspect.lint.uses.STEPS", 4),
    ("lstm_inspect.lint.tensors._by_call", lambda values: {}),
    ("lstm_inspect.lint.numbers._follows", lambda test, assumed: None),
    ("lstm_inspect.lint.expressions.named_length", lambda node: False),
    ("lstm_inspect.lint.expressions.named_length", lambda node: True),
    ("lstm_inspect.lint.walk._asks_for_none", lambda test: True),
]


@pytest.mark.parametrize(("place", "broken"), SABOTAGE)
def test_a_broken_rule_turns_a_twin_red(
    place: str, broken: object, told_by_sound_rules: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, _, name = place.rpartition(".")
    monkeypatch.setattr(resolve_name(owner), name, broken)
    assert told() != told_by_sound_rules


def told() -> list[tuple[str, str | None, str]]:
    """What is said of all twins."""
    sources = [*(source for _, _, source in WRONG), *RIGHT, *(source for _, source in LEVELS)]
    return [(each.id, each.expression, each.level) for source in sources for each in found(source)]


@pytest.fixture(scope="module")
def told_by_sound_rules() -> list[tuple[str, str | None, str]]:
    return told()


LEVELS: list[tuple[str, str]] = [
    ("error", net(BIDIR, OUT + "return self.fc(out[:, -1])")),
    ("warning", net(BIDIR.replace("True)", "both)"), OUT + "return self.fc(out[:, -1])", "both=True")),
    ("warning", net(BIDIR.replace("True)", "config.both)"), OUT + "return self.fc(out[:, -1])", "config")),
    ("warning", net(BIDIR, OUT + "return self.fc(out[:, 0])")),
    ("error", net(ONE_DEEP, TAKEN + "forward, backward = h[-2], h[-1]\nreturn torch.cat((forward, backward), 1)")),
    ("warning", net(ONE_DEEP, TAKEN + "return torch.cat((h[-2], h[-1]), 1)")),
    ("warning", net(ONE_DEEP.replace("3", "deep"), TAKEN + "return self.fc(h[0])", "deep")),
    ("error", net(DEEP, TAKEN + "return h.view(x.size(0), -1)")),
    ("warning", net(DEEP.replace("=2", "=deep").replace(", bidirectional=True", ""), TAKEN + "return h.view(x.size(0), -1)", "deep")),
]  # fmt: skip


@pytest.mark.parametrize(("level", "source"), LEVELS)
def test_a_flag_from_outside_lowers_an_error_to_a_warning_that_says_so(level: str, source: str) -> None:
    (finding,) = found(source)
    assert finding.level == level
    depends = any(word in source for word in ("both", "deep"))
    assert ("(if " in finding.what) is depends
