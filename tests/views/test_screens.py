"""Each page answers on one screen, and its code can be pasted at any width from 60 columns."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pytest
import torch
from rich.console import Console, RenderableType
from rich.text import Text
from support import Cli
from torch import nn

from lstm_inspect import checkpoint, diagnose, inspect_model, watch
from lstm_inspect.errors import spell_python
from lstm_inspect.live.report import RunReport
from lstm_inspect.mistakes.catalogue import CATALOGUE
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.verdict.explanation import explain
from lstm_inspect.verdict.parameters import weights
from lstm_inspect.verdict.report import Report, inspect
from lstm_inspect.views import look
from lstm_inspect.views.draw import drawing
from lstm_inspect.views.page import Detail, page
from lstm_inspect.views.tables import statement

SCREENS = {"shapes": 45, "shapes --layers 2 --bidir": 48, "pack": 60, "weights": 50, "overview": 45}
WIDTHS = (60, 80, 100, 120)
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
    yield from (f"{each.tempting} != {each.instead}" for each in report.pitfalls)
    yield from (statement(check) for check in report.checks)


@pytest.mark.parametrize("width", WIDTHS)
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


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_pasted_from_the_account_of_weights(width: int) -> None:
    shown = page(weights(LSTMSpec(num_layers=2)), spell_python, Detail(all=True))
    for text in pasted(coloured(shown, width)):
        compile(text.strip(), "<page>", "exec")


def test_code_broken_inside_a_name_would_be_seen() -> None:
    lines = [[("torch.nn.ut", True)], [("ils.rnn.pack(input)", True)]]
    assert not any(same(text, "torch.nn.utils.rnn.pack(input)") for text in pasted(lines))


class Tagger(nn.Module):
    """Reads the last step of both directions: a mistake, so that its page has all that a page can have."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.LSTM(10, 20, num_layers=2, bidirectional=True)
        self.head = nn.Linear(40, 2)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        output, _ = self.encoder(input)
        return self.head(output[-1])  # type: ignore[no-any-return]


MESSAGES = {
    "features": "RuntimeError: input.size(-1) must be equal to input_size. Expected 10, got 20",
    "state": "RuntimeError: Expected hidden[0] size (2, 3, 20), got [1, 3, 20]",
    "linear": "RuntimeError: mat1 and mat2 shapes cannot be multiplied (15x40 and 20x5)",
    "tuple": "AttributeError: 'tuple' object has no attribute 'size'",
    "keys": 'RuntimeError: Error(s) in loading state_dict for LSTM:\n\tMissing key(s) in state_dict: "weight_ih_l1".',
}


def shown(name: str, tmp_path: Path) -> tuple[RenderableType, list[str]]:
    """A page, and the code that must be on it."""
    detail = Detail(all=True)
    if name == "draw":
        spec = LSTMSpec(num_layers=2, bidirectional=True)
        rows = [f"{each.hn} == {each.output}" for each in inspect(spec, predict=True).states if each.output]
        return drawing(spec), rows
    if name == "checkpoint":
        torch.save(Tagger().state_dict(), tmp_path / "tagger.pt")
        found = checkpoint(tmp_path / "tagger.pt")
        return page(found, spell_python, detail), [each.constructor for each in found.lstms if each.constructor]
    model, input = Tagger(), torch.randn(5, 3, 10)
    if name == "model":
        seen = inspect_model(model, input)
        return page(seen, spell_python, detail), ["output[-1]"]
    with watch(model) as calls:
        model(input)
    if name == "reads":
        return page(calls, spell_python, detail), ["output[-1]"]
    return page(
        RunReport(program="train.py", arguments=[], module=False, torch=True, calls=calls), spell_python, detail
    ), ["output[-1]"]


def runs_of_code(lines: Iterable[list[tuple[str, bool]]]) -> Iterator[str]:
    """Each piece of code that a page shows, words beside it or not; what goes on below must have nothing beside it."""
    held = ""
    for line in lines:
        for is_code, group in groupby(line, key=itemgetter(1)):
            piece = "".join(text for text, _ in group)
            if not is_code:
                assert not held or not piece.strip(), (held, piece)
                continue
            held += f"\n{piece}" if held else piece
            if closes(held):
                yield held.strip()
                held = ""
    assert not held, held


def assert_code(renderable: RenderableType, wanted: Iterable[str], width: int) -> None:
    found = list(filter(None, runs_of_code(coloured(renderable, width))))
    assert found
    dumped = {ast.dump(compile(text, "<page>", "exec", ast.PyCF_ONLY_AST)) for text in found}
    assert [each for each in wanted if ast.dump(ast.parse(each)) not in dumped] == []


@pytest.mark.parametrize("name", ["draw", "checkpoint", "model", "reads", "run"])
def test_code_on_the_pages_of_models_and_files(name: str, tmp_path: Path) -> None:
    renderable, wanted = shown(name, tmp_path)
    for width in WIDTHS:
        assert_code(renderable, wanted, width)


@pytest.mark.parametrize("name", MESSAGES)
def test_code_on_the_page_of_a_diagnosis(name: str) -> None:
    found = diagnose(MESSAGES[name])
    assert found.causes or found.if_lstm
    for width in WIDTHS:
        assert_code(page(found, spell_python, Detail(all=True)), (), width)


@pytest.mark.parametrize("id", [each.id for each in CATALOGUE])
def test_code_on_the_page_of_a_mistake(id: str) -> None:
    found = explain(id, predict=True)
    pair = found.pitfall
    for width in WIDTHS:
        wanted = [f"wrong = {pair.tempting}", f"right = {pair.instead}"]
        assert_code(page(found, spell_python, Detail(all=True)), wanted, width)


def test_words_in_the_colour_of_code_would_be_seen() -> None:
    with pytest.raises(SyntaxError):
        assert_code(Text("the last step", style="rgb(1,2,3)"), (), 60)
    with pytest.raises(AssertionError):
        assert_code(Text.assemble(("output[", "rgb(1,2,3)"), " and", ("-1]", "rgb(1,2,3)")), (), 60)
