"""Broken code is the same code: its tokens are as they were, and it is as narrow as it can be."""

from __future__ import annotations

import ast
import random

import pytest

from lstm_inspect.views.layout import WIDTH, commented, lay_out, wrapped

NUMBERS = ", ".join(str(10**power) for power in range(14))
LONG = [
    "lstm = torch.nn.LSTM(10, 20, num_layers=2, bias=False, batch_first=True, dropout=0.5, bidirectional=True)",
    f"lengths = torch.tensor([{NUMBERS}])",
    f"assert torch.cat((hn[-2], hn[-1]), dim=-1).shape == ({NUMBERS})",
    "assert torch.equal(hn[-1], torch.cat((output[lengths - 1, torch.arange(3), :20], output[0, :, 20:]), dim=-1))",
    f"assert torch.equal(output, output[:, packed_input.sorted_indices][torch.arange(9) < torch.tensor([{NUMBERS}])])",
    "output, (hn, cn) = lstm(torch.nn.utils.rnn.pack_padded_sequence(input, lengths, enforce_sorted=False), (h0, c0))",
    "sequences = [torch.randn(length, 10, dtype=torch.float64) for length in lengths.tolist() if length > 0 and True]",
    "x = f(\"a (b, c\", ((1, 2), [3])[0], {'key': [4], 'other': 5}, (5,), *rest, key=lambda a, b: (a, b))[1:2, ::3]",
]


class Statements:
    """Random statements of the kind that theory's expressions make."""

    NAMES = ("hn", "output", "lengths", "torch.arange", "packed_input.data", "torch.nn.utils.rnn.pad_packed_sequence")

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - not for secrets

    def many(self, depth: int, least: int, most: int) -> str:
        return ", ".join(self.expression(depth) for _ in range(self.random.randrange(least, most)))

    def expression(self, depth: int) -> str:
        name = self.random.choice(self.NAMES)
        if depth == 0:
            return self.random.choice([name, "12345", "-1", "None", '"cpu, (x"', "lengths - 1"])
        inner = depth - 1
        kinds = [
            lambda: f"{name}({self.many(inner, 0, 4)})",
            lambda: f"{name}[{self.random.choice([':, ', ':20, ', '-1:, ', ''])}{self.many(inner, 1, 4)}]",
            lambda: f"{name}({self.many(inner, 0, 3)})[1].view({self.many(0, 1, 5)})",
            lambda: f"({self.expression(inner)},)",
            lambda: f"[{self.many(inner, 2, 7)}] + ({self.expression(inner)})",
            lambda: f"name(x for x in {self.expression(inner)})",
            lambda: f"{{x: {self.expression(inner)} for x, y in {self.expression(inner)}}}",
        ]
        return self.random.choice(kinds)()


def test_random_statements_stay_what_they_are() -> None:
    for seed in range(400):
        statement = f"x = {Statements(seed).expression(4)}"
        for width in (40, 60, 80):
            assert ast.dump(ast.parse(lay_out(statement, width))) == ast.dump(ast.parse(statement)), statement


@pytest.mark.parametrize("width", [50, 60, 80, 100])
@pytest.mark.parametrize("statement", LONG)
def test_a_long_statement_fits(statement: str, width: int) -> None:
    lines = lay_out(statement, width).splitlines()
    assert len(lines) > 1
    assert ast.dump(ast.parse("\n".join(lines))) == ast.dump(ast.parse(statement))
    assert max(map(len, lines)) <= max(width, 4 + max(map(len, statement.split(", ("))) if width < 60 else width + 20)


def test_what_fits_is_left_alone() -> None:
    assert lay_out("hn[-1]", 6) == "hn[-1]"
    assert lay_out("a_long_name_without_any_bracket", 6) == "a_long_name_without_any_bracket"


def test_numbers_fill_their_lines() -> None:
    assert lay_out("torch.tensor([10, 20, 30, 40])", 18).splitlines()[2:4] == ["        10, 20,", "        30, 40,"]


def test_a_comment_stands_behind_or_above() -> None:
    assert commented("x = 1", "one") == "x = 1  # one"
    assert commented("x = 1", "") == "x = 1"
    above = commented("x = 1", "why " * 30)
    assert above.splitlines()[-1] == "x = 1"
    assert max(map(len, above.splitlines())) <= WIDTH
    assert wrapped("  a", hanging="    ") == ["#   a"]
