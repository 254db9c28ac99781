from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from support import Cli

from lstm_inspect.theory.contract import json_schema

SPECS = [
    (),
    ("--layers", "3", "--bidir"),
    ("--layers", "100", "--seq-len", "200", "--bidir", "--batch-first", "--proj-size", "8"),
    ("--unbatched",),
    ("--lengths", "8,9,10", "--layers", "2", "--bidir"),
    ("--lengths", ",".join(str(1 + 53 * sequence % 200) for sequence in range(40))),
    ("--lengths", "3,3", "--total-length", "6"),
]


@pytest.mark.parametrize("flags", SPECS, ids=" ".join)
def test_json_follows_the_schema(cli: Cli, flags: tuple[str, ...]) -> None:
    outcome = cli("draw", *flags, "--json")
    assert (outcome.status, outcome.stderr) == (0, "")
    validator = jsonschema.Draft202012Validator(json_schema())
    assert list(validator.iter_errors(outcome.document)) == []
    assert outcome.document["command"] == "draw"


def test_the_schema_refuses_what_is_not_drawn(cli: Cli) -> None:
    document = cli("draw", "--json").document
    document["cells"][0]["is_output"] = "yes"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json_schema())


def test_case_c_as_data(cli: Cli) -> None:
    """The top layer is output at every step; each layer's last computed step is hn: right forward, left in reverse."""
    cells = cli("draw", "--layers", "3", "--bidir", "--json").document["cells"]
    assert len(cells) == 3 * 2 * 5
    assert {cell["layer"] for cell in cells if cell["is_output"]} == {2}
    final = {cell["row"]: (cell["layer"], cell["direction"], cell["step"]) for cell in cells if cell["is_state"]}
    assert final == {
        0: (0, "forward", 4),
        1: (0, "reverse", 0),
        2: (1, "forward", 4),
        3: (1, "reverse", 0),
        4: (2, "forward", 4),
        5: (2, "reverse", 0),
    }
    expressions = {cell["row"]: cell["expression"] for cell in cells if cell["is_state"]}
    assert expressions == {
        0: "hn[0]",
        1: "hn[1]",
        2: "hn[2]",
        3: "hn[3]",
        4: "output[4, :, :20]",
        5: "output[0, :, 20:40]",
    }


def test_packed_columns_as_data(cli: Cli) -> None:
    packed = cli("draw", "--lengths", "8,9,10", "--json").document["packed"]
    assert [column["batch_size"] for column in packed["packed"]] == [3, 3, 3, 3, 3, 3, 3, 3, 2, 1]
    assert [cell["row"] for cell in packed["packed"][8]["cells"]] == [24, 25]
    assert [cell["sequence"] for cell in packed["packed"][8]["cells"]] == [2, 1]
    assert [cell["row"] for cell in packed["padded"][0]][-2:] == [None, None]
    assert cli("draw", "--json").document["packed"] is None


def test_what_is_left_out_is_said(cli: Cli) -> None:
    document = cli("draw", "--layers", "100", "--seq-len", "200", "--json").document
    assert document["layers"] == [0, None, 98, 99]
    assert document["layers_left_out"] == 97
    drawn = [step["time_step"] for step in document["steps"] if not step["gap"]]
    assert document["steps_left_out"] == 200 - len(drawn)
    assert (drawn[0], drawn[-1]) == (0, 199)


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("flags", SPECS, ids=" ".join)
def test_a_terminal_of_ascii_and_of_any_width_gets_the_drawing(cli: Cli, flags: tuple[str, ...], columns: int) -> None:
    outcome = cli("draw", *flags, columns=columns, encoding="ascii")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert max(map(len, outcome.stdout.splitlines())) <= columns
    assert "hn" in outcome.stdout
    assert ("batch_sizes" in outcome.stdout) == ("--lengths" in flags)


@pytest.mark.parametrize(("name", "start"), [("a.svg", b"<?xml"), ("a.png", b"\x89PNG"), ("A.PDF", b"%PDF")])
def test_a_picture(cli: Cli, tmp_path: Path, name: str, start: bytes) -> None:
    path = tmp_path / name
    outcome = cli("draw", "--lengths", "8,9,10", "--output", str(path))
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, "", f"saved {path}\n")
    assert path.read_bytes().startswith(start)


def test_a_picture_and_json_in_one(cli: Cli, tmp_path: Path) -> None:
    outcome = cli("draw", "--output", str(tmp_path / "a.svg"), "--json")
    assert outcome.document["command"] == "draw"
    assert (tmp_path / "a.svg").exists()


def test_themes_differ(cli: Cli, tmp_path: Path) -> None:
    for theme in ("light", "dark"):
        assert cli("draw", "--theme", theme, "--output", str(tmp_path / f"{theme}.svg")).status == 0
    assert cli("draw", "--output", str(tmp_path / "default.svg")).status == 0
    light, dark, default = ((tmp_path / f"{name}.svg").read_bytes() for name in ("light", "dark", "default"))
    assert light == default != dark


def test_a_file_that_is_there_is_kept_unless_forced(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    path.write_text("mine", encoding="utf-8")
    refused = cli("draw", "--output", str(path))
    assert (refused.status, refused.stdout) == (2, "")
    assert refused.stderr == f"error: {path} already exists: it was not overwritten. Try another name, or --force.\n"
    assert path.read_text(encoding="utf-8") == "mine"
    assert cli("draw", "--output", str(path), "--force").status == 0
    assert path.read_bytes().startswith(b"<?xml")


BAD = [
    (
        ("--output", "a.gif"),
        "--output a.gif: its suffix must be one of .svg, .png, .pdf, .html. Try --output lstm.svg.",
    ),
    (("--output", "a"), "--output a: its suffix must be one of .svg, .png, .pdf, .html. Try --output lstm.svg."),
    (("--output", ""), "--output: its suffix must be one of .svg, .png, .pdf, .html. Try --output lstm.svg."),
    (
        ("--output", "no/such/a.svg"),
        "no/such/a.svg can't be written: there is no folder no/such. Try mkdir -p no/such first.",
    ),
    (("--output", "folder.svg"), "folder.svg can't be written: it is a folder. Try folder.svg/lstm.svg."),
    (("--theme", "blue"), "--theme blue: must be light or dark. Try --theme light."),
    (("--theme", "dark"), "--theme dark is about a file: it goes with --output. Try --output lstm.svg --theme dark."),
    (("--no-legend",), "--no-legend is about a file: it goes with --output. Try --output lstm.svg --no-legend."),
    (("--aspect", "4:3"), "--aspect 4:3 is about a file: it goes with --output. Try --output lstm.svg --aspect 4:3."),
    (
        ("--output", "a.svg", "--aspect", "wide"),
        "--aspect 'wide': must be width:height, at most 20 to 1. Try --aspect 16:9.",
    ),
    (
        ("--output", "a.svg", "--aspect", "100:1"),
        "--aspect '100:1': must be width:height, at most 20 to 1. Try --aspect 16:9.",
    ),
    (("--layers", "0"), "--layers 0: must be a whole number from 1. Try --layers 1."),
]


@pytest.mark.parametrize(("flags", "message"), BAD, ids=[" ".join(flags) for flags, _ in BAD])
def test_what_cannot_be_drawn_is_answered_in_one_message(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.svg").mkdir()
    outcome = cli("draw", *flags)
    assert (outcome.status, outcome.stdout, outcome.stderr) == (2, "", f"error: {message}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.svg"]


def test_the_call_that_stands_in_code_is_drawn(cli: Cli) -> None:
    drawn = cli("draw", "--call", "nn.LSTM(10, 20, 2, bidirectional=True)")
    assert drawn == cli("draw", "--layers", "2", "--bidir")
    assert drawn.status == 0


def test_without_matplotlib_the_install_command_is_named(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "lstm_inspect.views.figure.paint", raising=False)
    path = tmp_path / "a.svg"
    outcome = cli("draw", "--output", str(path))
    assert (outcome.status, outcome.stdout) == (2, "")
    missing = "matplotlib is not installed, and the picture is drawn with matplotlib"
    assert outcome.stderr == f"error: --output {path}: {missing}. Try pip install 'lstm-inspect[plot]'.\n"
    assert not path.exists()
    assert cli("draw").status == 0, "the terminal's drawing does without it"


LOADED = """
import sys
from lstm_inspect.cli import run

def loaded(*names):
    return [name for name in names if name in sys.modules]

run(["draw", "--help"])
print("help:", *loaded("torch", "rich.console", "matplotlib"), file=sys.stderr)
run(["draw", "--lengths", "3,2", "--json"])
run(["draw", "--lengths", "3,2"])
print("terminal:", *loaded("torch", "matplotlib"), file=sys.stderr)
run(["draw", "--lengths", "3,2", "--output", sys.argv[1]])
print("picture:", *loaded("torch", "matplotlib", "matplotlib.pyplot", "tkinter"), file=sys.stderr)
sys.modules["torch"] = sys
print("torch:", *loaded("torch"), file=sys.stderr)
"""


def test_draw_loads_no_torch_and_no_window(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    command = [sys.executable, "-c", LOADED, str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stderr.splitlines() == [
        "help:",
        "terminal:",
        f"saved {path}",
        "picture: matplotlib",
        "torch: torch",  # so the test would have seen it
    ]


def test_the_json_of_a_cell_names_its_gates_and_its_step(cli: Cli) -> None:
    plain, cell = (cli("draw", *flags, "--json").document for flags in ([], ["--cell"]))
    assert set(cell) - set(plain) == {"gates", "step"}
    assert [gate["letter"] for gate in cell["gates"]] == ["i", "f", "g", "o"]
    assert cell["step"][-1] == "h = torch.sigmoid(o) * torch.tanh(c)"
