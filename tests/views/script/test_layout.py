"""The layout of statements, held against ruff's own formatter."""

from __future__ import annotations

import ast
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from lstm_inspect.views.script.layout import WIDTH, commented, comprehension, lay_out, wrapped

NUMBERS = ", ".join(str(10**power) for power in range(14))
LONG = [
    "lstm = torch.nn.LSTM(10, 20, num_layers=2, bias=False, batch_first=True, dropout=0.5, bidirectional=True)",
    f"lengths = torch.tensor([{NUMBERS}])",
    f"assert packed_input.batch_sizes.tolist() == [{NUMBERS}]",
    f"assert torch.cat((hn[-2], hn[-1]), dim=-1).shape == ({NUMBERS})",
    f"assert hn.transpose(0, 1).reshape({10**15}, {10**17}).shape == ({10**15}, {10**17})",
    "assert torch.equal(hn[-1], torch.cat((output[lengths - 1, torch.arange(3), :20], output[0, :, 20:]), dim=-1))",
    f"assert torch.equal(packed_input.data, input[[{NUMBERS}], [{NUMBERS}]])",
    f"assert torch.equal(output, output[:, packed_input.sorted_indices][torch.arange(9) < torch.tensor([{NUMBERS}])])",
    "output, (hn, cn) = lstm(torch.nn.utils.rnn.pack_padded_sequence(input, lengths, enforce_sorted=False), (h0, c0))",
    "torch.testing.assert_close((packed_output, (hn, cn)), lstm(packed_input, (h0, c0)), rtol=0, atol=0, msg=None)",
    f"x = f(({NUMBERS},), ({10**70},), ((1, 2), [{NUMBERS}])[0])[{10**20}:, 1:{10**30}, [{10**50}]]",
    f'x = torch.zeros({10**40}, device="cuda:0")[{10**40}]',
]
OTHER_BREAKS = [
    f"x = {'a' * WIDTH}",
    f"assert {'a' * WIDTH}(b).shape is None",
    f"assert {'a' * WIDTH}.shape == (1, 2)",
    f"x = [torch.randn(length, {10**60}) for length in lengths.tolist()]",
    f"x = f(a.cat({10**30}).view({10**30}).view({10**30}, 2), 3)",
    f"x = f(aaaaaaaa + bbbbbbb({10**40}) - ccccccccc({10**40}))",
    f"x = f(key={'a' * 40} - {'b' * 40})",
]


def formatted_by_ruff(folder: Path, sources: Sequence[str]) -> list[str]:
    """The sources that ruff's formatter would change; one process for all."""
    for number, source in enumerate(sources):
        (folder / f"{number}.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--check", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    changed = [source for number, source in enumerate(sources) if f"{folder / str(number)}.py" in done.stdout]
    assert bool(changed) == bool(done.returncode), done.stdout
    return changed


class Statements:
    """Random statements of the kind that theory's expressions make."""

    NAMES = ("hn", "output", "lengths", "torch.arange", "packed_input.data", "torch.nn.utils.rnn.pad_packed_sequence")

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - not for secrets

    def number(self) -> str:
        return str(self.random.randrange(10 ** self.random.randrange(1, 18)))

    def many(self, depth: int, least: int, most: int) -> str:
        return ", ".join(self.expression(depth) for _ in range(self.random.randrange(least, most)))

    def expression(self, depth: int) -> str:
        name = self.random.choice(self.NAMES)
        if depth == 0:
            return self.random.choice([name, self.number(), "-1", "None", '"cpu"', f"lengths - {self.number()}"])
        inner = depth - 1
        kinds = [
            lambda: f"{name}({self.many(inner, 0, 4)})",
            lambda: f"{name}({self.many(inner, 1, 3)}, dim={self.number()})",
            lambda: f"{name}[{self.random.choice([':, ', ':20, ', '-1:, ', ''])}{self.many(inner, 1, 4)}]",
            lambda: f"{name}({self.many(inner, 0, 3)})[{self.number()}].view({self.many(0, 1, 5)})",
            lambda: f"[{self.many(inner, 1, 7)}]",
            lambda: f"({self.expression(inner)},)",
            lambda: f"({self.many(inner, 2, 7)})",
            lambda: f"{name}[{name}({self.many(inner, 0, 3)}) < {name}({self.many(inner, 1, 4)})]",
        ]
        return self.random.choice(kinds)()

    def statement(self) -> str:
        kinds = [
            lambda: f"x = {self.expression(3)}",
            lambda: f"output, (hn, cn) = lstm({self.many(3, 1, 3)})",
            lambda: f"assert torch.equal({self.expression(3)}, {self.expression(3)})",
            lambda: f"torch.testing.assert_close({self.expression(2)}, {self.expression(3)}, rtol=1e-05, atol=0)",
            lambda: f"assert hn.view({self.many(0, 0, 4)}).tolist() == [{self.many(0, 1, 14)}]",
        ]
        return self.random.choice(kinds)()


RANDOM = [Statements(seed).statement() for seed in range(1500)]


def test_ruff_would_change_nothing(tmp_path: Path) -> None:
    sources = [f"{lay_out(statement)}\n" for statement in (*LONG, *OTHER_BREAKS, *RANDOM)]
    assert formatted_by_ruff(tmp_path, sources) == []


def test_ruff_would_change_no_comprehension(tmp_path: Path) -> None:
    sources = [comprehension("x", f"torch.randn({10**digits})", "for length in lengths") for digits in range(30, 70)]
    assert {source.count("\n") for source in sources} == {0, 2, 3}
    assert formatted_by_ruff(tmp_path, [f"{source}\n" for source in sources]) == []


def test_ruff_sees_another_layout(tmp_path: Path) -> None:
    good = lay_out(LONG[0])
    worse = [f"{LONG[0]}\n", good.replace("    10", "  10"), good.replace("True,\n)", "True\n)")]
    assert formatted_by_ruff(tmp_path, [*worse, f"{good}\n"]) == worse


@pytest.mark.parametrize("statement", LONG)
def test_long_statements_are_broken(statement: str) -> None:
    lines = lay_out(statement).splitlines()
    assert len(lines) > 1
    assert all(len(line) <= WIDTH for line in lines)


def test_most_random_statements_are_broken() -> None:
    long = [lay_out(statement) for statement in RANDOM if len(statement) > WIDTH]
    assert len(long) > 500
    assert sum("fmt: skip" in laid_out for laid_out in long) < len(long) / 10


@pytest.mark.parametrize("statement", OTHER_BREAKS)
def test_what_would_break_elsewhere_stays_whole_and_ruff_is_told(statement: str) -> None:
    assert lay_out(statement) == f"{statement}  # fmt: skip"


@pytest.mark.parametrize("statement", [*LONG, *OTHER_BREAKS, *RANDOM[:300]])
def test_the_meaning_stays(statement: str) -> None:
    assert ast.dump(ast.parse(lay_out(statement))) == ast.dump(ast.parse(statement))


@pytest.mark.parametrize("width", [WIDTH - 1, WIDTH, WIDTH + 1])
def test_a_comment_stands_behind_a_statement_if_it_fits(width: int) -> None:
    statement = "assert hn.shape == (1, 3, 20)"
    comment = "c" * (width - len(statement) - len("  # "))
    beside = f"{statement}  # {comment}"
    assert commented(statement, comment) == (beside if width <= WIDTH else f"# {comment}\n{statement}")


def test_no_comment() -> None:
    assert commented("x = 1", "") == "x = 1"


def test_a_long_comment_is_wrapped() -> None:
    lines = wrapped("  " + "word " * 50, hanging="    ")
    assert lines[0].startswith("#   word")
    assert all(line.startswith("#     word") for line in lines[1:])
    assert all(len(line) <= WIDTH for line in lines)


def test_a_hundred_thousand_numbers_are_one_pass() -> None:
    numbers = [str(number) for number in range(100_000)]
    lines = lay_out(f"assert x.tolist() == [{', '.join(numbers)}]").splitlines()
    assert [line.strip(" ,") for line in lines[1:-1]] == numbers
