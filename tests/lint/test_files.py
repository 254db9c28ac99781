"""Which files are read, what of them is said, and that no file of whatever kind stops the rest."""

from __future__ import annotations

import ast
import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lint.test_twins import BIDIR, ONE, OUT, RIGHT, TAKEN, WRONG, net

import lstm_inspect
from lstm_inspect.errors import FileError, LSTMInspectError
from lstm_inspect.lint.config import Choice, configured
from lstm_inspect.lint.lint import lint_files, lint_text
from lstm_inspect.lint.source import discover, program
from lstm_inspect.lint.wording import fixed

NET = net(BIDIR, "out, (h, c) = self.rnn(x)\nreturn self.fc(out[:, -1])")


def put(folder: Path, **files: str) -> None:
    """Write files; two underscores in a name stand for a slash, one for a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_a_folder_without_what_git_ignores(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    put(tmp_path, a_py="", sub__b_py="", old__c_py="", data__d_py="", note_txt="", keep__gen__e_py="", f_ipynb="")
    put(tmp_path, _hidden__g_py="", venv__h_py="", any__pyvenv_cfg="", any__i_py="")
    (tmp_path / ".gitignore").write_text("# said\n/old/\ndata\n*.ipynb\n!f.ipynb\n**/gen/\n")
    found = {str(path.relative_to(tmp_path)) for path in discover([tmp_path])}
    assert found == {"a.py", "sub/b.py", "f.ipynb"}
    assert discover([tmp_path / "old/c.py", tmp_path / "old/c.py"]) == [tmp_path / "old/c.py"]
    assert {path.name for path in discover([tmp_path], exclude=["sub/"])} == {"a.py", "f.ipynb"}
    with pytest.raises(FileError, match="no such file or folder"):
        discover([tmp_path / "nowhere"])


def test_a_file_without_a_recurrent_layer_is_never_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ast, "parse", None)
    assert lint_text("this is ( no Python", "net.py").unread == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"LSTM = (", "not Python"),
        (b"LSTM = 1\x00", "not Python"),
        (b"LSTM = '\xff'", "not UTF-8"),
        (b"LSTM = " + b"(" * 3_000 + b")" * 3_000, "not Python: too many nested parentheses"),
        (b"LSTM = " + b"+".join([b"1"] * 20_000), "nests too deep"),
        (b"LSTM = 1\n" * 300_000, "longer than 2,000,000 characters"),
    ],
)
def test_an_absurd_file_is_one_line_and_the_rest_goes_on(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "absurd.py").write_bytes(content)
    put(tmp_path, net_py=NET)
    linted = lint_files(discover([tmp_path]))
    assert [(Path(each.file).name, reason in each.reason) for each in linted.unread] == [("absurd.py", True)]
    assert [Path(str(each.file)).name for each in linted.findings] == ["net.py"]
    assert linted.files == 2


def test_many_files_are_shared_out_with_the_same_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        put(tmp_path, **{f"net{number}_py": NET})
    alone = lint_files(discover([tmp_path]))
    monkeypatch.setitem(lstm_inspect.lint.__globals__, "_FEW", 2)
    shared = lint_files(discover([tmp_path]), processes=2)
    assert shared == alone and len(alone.findings) == 6


def test_constants_of_another_file_of_the_package(tmp_path: Path) -> None:
    uses = net("self.rnn = nn.LSTM(10, 20, batch_first=True, bidirectional=BOTH)", OUT + "return self.fc(out[:, -1])")
    put(tmp_path, pack__sizes_py="BOTH = True\n", pack__model_py=f"from .sizes import BOTH\n{uses}")
    put(tmp_path, other_py=f"from pack.sizes import BOTH\n{uses}", third_py=f"from nowhere import BOTH\n{uses}")
    found = {(Path(str(each.file)).name, each.level) for each in lstm_inspect.lint(tmp_path)}
    assert found == {("model.py", "error"), ("other.py", "error")}


def test_an_encoder_of_another_file_is_followed(tmp_path: Path) -> None:
    encoder = net(BIDIR, "return self.rnn(x)").replace("class Net", "class Encoder")
    model = net("self.encoder = Encoder()  # an LSTM", "out, state = self.encoder(x)\nreturn self.fc(out[:, -1])")
    put(tmp_path, encoder_py=encoder, model_py=f"from encoder import Encoder\n{model}")
    assert [Path(str(each.file)).name for each in lstm_inspect.lint(tmp_path)] == ["model.py"]


# notebooks


def notebook(*cells: tuple[str, str]) -> str:
    return json.dumps({"cells": [{"cell_type": kind, "source": source.splitlines(True)} for kind, source in cells]})


def test_a_notebook_by_cell_and_line() -> None:
    text = notebook(
        ("markdown", "# An LSTM\nwith words"),
        ("code", "%matplotlib inline\n!pip install torch\nimport torch.nn as nn\nx = !ls\nnn.LSTM?"),
        ("code", "%%bash\nls ("),
        (
            "code",
            "lstm = nn.LSTM(10, 20, bidirectional=True)\nout, _ = lstm(x)\nfc = nn.Linear(40, 2)\ny = fc(out[-1])",
        ),
    )
    (finding,) = lint_text(text, "a.ipynb").findings
    assert (finding.file, finding.line, finding.column) == ("a.ipynb:cell 4", 4, 8)


@pytest.mark.parametrize("text", ["LSTM", "[]", '{"cells": 1}', '{"cells": [1]}', '"LSTM"', "[" * 100_000])
def test_no_notebook_is_one_line(text: str) -> None:
    linted = lint_text(f"{text} ", "LSTM.ipynb") if "LSTM" in text else lint_text(text + " LSTM", "a.ipynb")
    assert [each.reason.partition(":")[0] for each in linted.unread] == ["no notebook"]


def test_a_program_of_cells_keeps_each_line_in_its_place() -> None:
    code, starts = program(notebook(("code", "a = 1\nb = 2"), ("markdown", "x"), ("code", "c = 3")))
    assert code.splitlines() == ["a = 1", "b = 2", "", "c = 3"] and starts == [0, 2, 3]


# the choice


def test_select_ignore_and_the_noisy_one() -> None:
    text = net(BIDIR[:-1] + ", dropout=0.5)", "out, state = self.rnn(x)\nreturn self.fc(out[:, -1]), state[-1]")
    both = {"last-step-bidirectional", "cell-for-hidden"}
    for choice, ids in [
        (Choice(), both),
        (Choice(select=("all",)), {*both, "dropout-one-layer"}),
        (Choice(select=("cell-for-hidden",)), {"cell-for-hidden"}),
        (Choice(ignore=("cell-for-hidden",)), {"last-step-bidirectional"}),
    ]:
        assert {each.id for each in lint_text(text, "net.py", choice).findings} == ids


def test_pyproject_says_what_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.lstm-inspect]\nignore = ["first-layer"]\nstrict = true\n')
    (tmp_path / "below").mkdir()
    assert configured(tmp_path / "below") == Choice(ignore=("first-layer",), strict=True)


@pytest.mark.parametrize(
    "line", ['ignore = ["nothing"]', "strict = 1", 'colour = "red"', 'select = "all"', "select = [1]", "select = ["]
)
def test_a_bad_pyproject_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.lstm-inspect]\n{line}\n")
    with pytest.raises(LSTMInspectError):
        configured(tmp_path)


def test_an_unused_ignore_is_a_note() -> None:
    text = NET.replace("import torch\n", "import torch  # lstm-inspect: ignore[first-layer] once\n")
    notes = [(each.level, each.line) for each in lint_text(text, "net.py").findings if each.id == "unused-ignore"]
    assert notes == [("note", 1)]


def test_an_ignore_inside_a_string_is_none() -> None:
    assert (
        lint_text(f"{NET}\ntext = '# lstm-inspect: ignore'\n", "net.py").findings == lint_text(NET, "net.py").findings
    )


# fixes


@pytest.mark.parametrize(
    ("forward", "after"),
    [
        ("out, (h, c) = self.rnn(x)\nreturn self.fc(out[:, -1])", "torch.cat((h[-2], h[-1]), dim=-1)"),
        ("out, state = self.rnn(x)\nreturn self.fc(out[:, -1])", "torch.cat((state[0][-2], state[0][-1]), dim=-1)"),
        ("_, state = self.rnn(x)\nreturn self.fc(state[-1])", "self.fc(state[0])"),
        (OUT + "return self.fc(out[:, -1])", None),  # no name for hn
        ("out, (h, c) = self.rnn(x)\nreturn self.fc(out[:, 0])", None),  # may be meant
        ("out, (h, c) = self.rnn(x)\nout = self.drop(out)\nreturn self.fc(out[:, -1])", None),  # dropout would go
        ("out, (h, c) = self.rnn(x)\nh = h.mean(0)\nreturn self.fc(out[:, -1])", None),  # h is another thing by now
        ("out, (h, c) = self.rnn(x)\nreturn self.fc(out[:, -1:])", None),  # another shape
    ],
)
def test_a_fix_is_made_where_it_is_safe(forward: str, after: str | None) -> None:
    text = net(BIDIR, forward)
    linted = lint_text(text, "net.py")
    assert linted.findings
    new = fixed(text, linted.fixes["net.py"])
    assert new == text if after is None else after in new and not lint_text(new, "net.py").findings


# whatever the source


SOURCES = [*(source for _, _, source in WRONG), *RIGHT]


def test_a_source_with_its_parts_exchanged_is_never_an_exception() -> None:
    chance = random.Random(0)  # noqa: S311 - no secret
    pieces = [node for source in SOURCES for node in ast.walk(ast.parse(source)) if isinstance(node, ast.expr)]
    for _ in range(300):
        tree = ast.parse(chance.choice(SOURCES))
        _exchange(tree, pieces, chance)
        lint_text(ast.unparse(ast.fix_missing_locations(tree)), "net.py")


def _exchange(tree: ast.Module, pieces: list[ast.expr], chance: random.Random) -> None:
    """Put other expressions in the place of some."""
    for node in list(ast.walk(tree)):
        for name, value in ast.iter_fields(node):
            plain = isinstance(value, ast.expr) and not isinstance(getattr(value, "ctx", None), ast.Store)
            if plain and name not in ("func", "target") and chance.random() < 0.1:
                setattr(node, name, chance.choice(pieces))


READS = """
    .T .mT .data .shape .relu() .size(0) .mean(1) .view(B,-1) .view(1,B,-1) .view(n,2,B,20) .reshape(-1,40) .t()
    .transpose(0,1) .permute(1,0,2) .permute(0,1,0) .squeeze() .squeeze(0) .unsqueeze(1) .flatten(1) .unbind(0) .to(x)
    .chunk(2,-1) .select(1,-1) .gather(1,lengths-1) .index_select(0,order) .argsort() .sort() .append(h) .max(1)[0]
    [0] [-1] [:] [...] [None] [-2:] [::2] [0,-1] [:,-1] [:,0:1] [...,0] [B] [order] [lengths-1] [0,lengths-1]
    [...,0,...] [:,:,:,0] [-1,:,None] [0][1] [::0]
"""


def test_whatever_is_read_of_a_result_is_never_an_exception() -> None:
    chance = random.Random(0)  # noqa: S311 - no secret
    for _ in range(400):
        names = ["out", "state", "h", "x", "lengths", "torch.cat((h, h), 1)", "(out * h)"]
        reads = [
            chance.choice(names) + "".join(chance.choices(READS.split(), k=chance.randint(1, 5))) for _ in range(3)
        ]
        flags = f"{chance.choice(['1', '2', 'n', '-1'])}, bidirectional={chance.choice(['True', 'False', 'both'])}"
        flags += f", batch_first={chance.choice(['True', 'False', 'both'])}"
        built = f"self.rnn = nn.{chance.choice(['LSTM', 'GRU'])}(10, 20, {flags})"
        forward = f"out, state = self.rnn(x)\nh = state[0]\nh = {reads[0]}\nout = {reads[1]}\nreturn {reads[2]}, h, out"
        lint_text(net(built, forward, "n, both", "x, lengths, order, B, n"), "net.py")


@given(st.sampled_from(SOURCES), st.data())
@settings(max_examples=150, deadline=None)
def test_a_source_cut_anywhere_is_never_an_exception(source: str, data: st.DataObject) -> None:
    start, end = sorted((data.draw(st.integers(0, len(source))), data.draw(st.integers(0, len(source)))))
    lint_text(source[:start] + data.draw(st.text(max_size=5)) + source[end:], "net.py")


def test_names_used_here_are_those_of_the_twins() -> None:
    assert lint_text(net(ONE, TAKEN + "return h[-1]"), "net.py").findings == []
