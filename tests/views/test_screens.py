"""Each page answers on one screen, and its code can be pasted at any width from 60 columns."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterable, Iterator

import pytest
from rich.console import Console, RenderableType
from support import Cli

from lstm_inspect.errors import spell_python
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.verdict.parameters import weights
from lstm_inspect.verdict.report import Report, inspect
from lstm_inspect.views import look
from lstm_inspect.views.detail import Detail
from lstm_inspect.views.page import page
from lstm_inspect.views.tables import statement

SCREENS = {"shapes": 45, "shapes --layers 2 --bidir": 48, "pack": 60, "weights": 50, "overview": 45}
SPECS = {
    "two layers, both directions": LSTMSpec(num_layers=2, bidirectional=True),
    "packed": LSTMSpec(lengths=(8, 10, 9), bidirectional=True, num_layers=2, batch_first=True),
    "unbatched": LSTMSpec(batch_size=None, proj_size=5, bidirectional=True),
    "large": LSTMSpec(input_size=1000, hidden_size=2000, seq_len=30000, batch_size=400, num_layers=3),
}


@pytest.mark.parametrize("line", SCREENS)
def test_one_screen(cli: Cli, line: str) -> None:
    lines = cli(*line.split()).stdout.splitlines()
    assert len(lines) <= SCREENS[line]
    assert [text for text in lines if text != text.rstrip()] == []
    assert any("h_n" in text or line == "weights" for text in lines)


@pytest.fixture(autouse=True)
def code_alone_has_its_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "CODE", "rgb(1,2,3)")


def coloured(renderable: RenderableType, width: int) -> list[list[tuple[str, bool]]]:
    """A page's lines as pieces of text, each with whether it is code."""
    console = Console(width=width, file=io.StringIO(), color_system="truecolor", force_terminal=True)
    code = console.get_style(look.CODE).color
    lines = console.render_lines(look.Clean(renderable), pad=False)
    return [[(each.text, each.style is not None and each.style.color == code) for each in line] for line in lines]


def pasted(lines: Iterable[list[tuple[str, bool]]]) -> Iterator[str]:
    """The code of a page as a mouse takes it: the end of each line from where its code begins, until it is closed."""
    held: list[str] = []
    for line in lines:
        text = "".join(piece for piece, _ in line)
        begins = sum(len(piece) for piece, is_code in line[: next((n for n, one in enumerate(line) if one[1]), 0)])
        if not any(is_code for _, is_code in line):
            assert not held, held
            continue
        held.append(text[begins:] if not held else text)
        if closes("".join(held)):
            yield "\n".join(held)
            held = []
    assert not held, held


def closes(text: str) -> bool:
    return all(text.count(opening) == text.count(closing) for opening, closing in ("()", "[]", "{}"))


def same(one: str, other: str) -> bool:
    return ast.dump(ast.parse(one.strip())) == ast.dump(ast.parse(other))


def expressions_of(report: Report) -> Iterator[str]:
    yield from (state.output for state in report.states if state.output)
    yield from (recipe.expression for recipe in report.recipes)
    yield from (f"{each.pitfall.tempting} != {each.pitfall.instead}" for each in report.pitfalls)
    yield from (statement(check) for check in report.checks)


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("command", ["shapes", "pack"])
def test_every_expression_of_a_page_can_be_pasted(command: str, name: str, width: int) -> None:
    spec = SPECS[name]
    if command == "pack" and spec.lengths is None:
        return
    report = inspect(spec, command=command, predict=True)
    found = [text for text in pasted(coloured(page(report, spell_python, Detail(all=True)), width)) if text.strip()]
    dumped = {ast.dump(ast.parse(text.strip())) for text in found}
    wanted = expressions_of(report) if command == "shapes" else map(statement, report.checks)
    assert [each for each in wanted if ast.dump(ast.parse(each)) not in dumped] == []


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_what_is_pasted_from_the_account_of_weights(width: int) -> None:
    shown = page(weights(LSTMSpec(num_layers=2)), spell_python, Detail(all=True))
    for text in pasted(coloured(shown, width)):
        compile(text.strip(), "<page>", "exec")


def test_code_broken_inside_a_name_would_be_seen() -> None:
    lines = [[("torch.nn.ut", True)], [("ils.rnn.pack(input)", True)]]
    assert not any(same(text, "torch.nn.utils.rnn.pack(input)") for text in pasted(lines))
