"""lstm-inspect lint: its text, its other formats, its exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from lint.test_twins import BIDIR, ONE, net
from support import command_line

from lstm_inspect.theory.contract import json_schema

NET = net(BIDIR, "out, (h, c) = self.rnn(x)\nreturn self.fc(out[:, -1])  # both")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NET)
    Path("right.py").write_text(net(ONE, "return self.rnn(x)[0][:, -1]"))
    Path("broken.py").write_text("LSTM = (")
    return tmp_path


def test_a_finding_as_it_looks(project: Path) -> None:
    shown = command_line("lint", "net.py")
    assert shown.status == 1 and shown.stderr == ""
    assert shown.stdout == (
        "net.py:14:24: error last-step-bidirectional the last step of output: its forward half is the final state, its "
        "reverse half is that direction's first step, not its final state\n"
        "    return self.fc(out[:, -1])  # both\n"
        "                   ^\n"
        "    write: return self.fc(torch.cat((h[-2], h[-1]), dim=-1))\n"
        "    shown: lstm-inspect explain last-step-bidirectional --bidir --batch-first\n"
        "\n"
        "1 file: 1 error.\n"
    )


def test_this_folder_is_looked_at_where_none_is_named(project: Path) -> None:
    shown = command_line("lint")
    assert shown.status == 1
    assert shown.stdout.endswith(
        "broken.py: not Python: '(' was never closed (line 1)\n3 files: 1 error; 1 file not read.\n"
    )


def test_the_document_is_that_of_the_schema(project: Path) -> None:
    document = command_line("lint", "--json").document
    jsonschema.validate(document, json_schema())
    assert (document["command"], document["files"]) == ("lint", 3)
    assert [(each["file"], each["line"], each["id"]) for each in document["mistakes"]] == [
        ("net.py", 14, "last-step-bidirectional")
    ]
    assert [each["file"] for each in document["unread"]] == ["broken.py"]


def test_annotations_and_sarif(project: Path) -> None:
    shown = command_line("lint", "net.py", "--format", "github").stdout
    assert shown.startswith(
        "::error file=net.py,line=14,col=24,title=lstm-inspect last-step-bidirectional::the last step"
    )
    (run,) = json.loads(command_line("lint", "--format", "sarif").stdout)["runs"]
    (result,) = run["results"]
    assert result["ruleId"] == run["tool"]["driver"]["rules"][0]["id"] == "last-step-bidirectional"
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 14, "startColumn": 24}


@pytest.mark.parametrize(
    ("flags", "status"),
    [
        (["net.py"], 1),
        (["right.py"], 0),
        (["net.py", "--ignore", "last-step-bidirectional"], 0),
        (["net.py", "--select", "first-layer, cell-for-hidden"], 0),
        (["broken.py"], 0),
        (["nowhere.py"], 2),
        (["--select", "nothing"], 2),
        (["--format", "xml"], 2),
        (["-", "--fix"], 2),
    ],
)
def test_the_exit_status(flags: list[str], status: int, project: Path) -> None:
    shown = command_line("lint", *flags)
    assert shown.status == status
    assert (shown.stdout == "") is (status == 2)


def test_strict_fails_for_a_warning(project: Path) -> None:
    Path("net.py").write_text(NET.replace("=True)", "=both)").replace("self, )", "self, both)"))
    assert command_line("lint", "net.py").status == 0
    assert command_line("lint", "net.py", "--strict").status == 1
    Path("pyproject.toml").write_text("[tool.lstm-inspect]\nstrict = true\n")
    assert command_line("lint", "net.py").status == 1


def test_standard_input_under_a_name_of_its_own(project: Path) -> None:
    shown = command_line("lint", "-", "--stdin-filename", "mine.py", stdin=NET)
    assert shown.status == 1 and shown.stdout.startswith("mine.py:14:24: error")


def test_statistics_count(project: Path) -> None:
    assert command_line("lint", "net.py", "--statistics").stdout == "    1 last-step-bidirectional\n1 file: 1 error.\n"


def test_fix_writes_the_file(project: Path) -> None:
    shown = command_line("lint", "net.py", "--fix")
    assert (shown.status, shown.stdout) == (0, "1 file: nothing found.\n")
    assert "return self.fc(torch.cat((h[-2], h[-1]), dim=-1))  # both" in Path("net.py").read_text()


def test_the_command_that_shows_it_is_one(project: Path) -> None:
    (finding,) = command_line("lint", "net.py", "--json").document["mistakes"]
    assert command_line(*finding["explain"].split()[1:], "--predict").status == 0


def test_neither_torch_nor_rich_is_loaded(project: Path) -> None:
    code = (
        "import sys; from lstm_inspect.cli import run; status = run(['lint', 'net.py']);"
        "print(status, 'torch' in sys.modules, 'rich' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "1 False False\n"
