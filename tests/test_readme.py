"""The README shows what its commands really print: every ``$ lstm-inspect`` block is run, here, in-process."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from support import Cli, mask

from lstm_inspect.cli import COMMANDS

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"\$ (lstm-inspect [^\n]*)\n(.*?)(?=\n\$ |\Z)", re.DOTALL)


def shown() -> list[tuple[str, str]]:
    """Each command of the README and what is shown under it."""
    return [found for block in BLOCK.findall(README.read_text(encoding="utf-8")) for found in COMMAND.findall(block)]


def printed(cli: Cli, line: str) -> str:
    """What a command line prints, its errors after its report; ``| head -n N`` and the like are done here."""
    command, *filters = line.split(" | ")
    outcome = cli(*shlex.split(command)[1:])
    lines = (outcome.stdout + outcome.stderr).splitlines()
    for each in filters:
        lines = filtered(lines, each)
    return "".join(f"{line}\n" for line in lines)


def filtered(lines: list[str], command: str) -> list[str]:
    if found := re.fullmatch(r"head -n (\d+)", command):
        return lines[: int(found[1])]
    if found := re.fullmatch(r"tail -n (\d+)", command):
        return lines[-int(found[1]) :]
    if found := re.fullmatch(r"grep (\S+)", command):
        return [line for line in lines if found[1] in line]
    if command == "python3 -m json.tool --indent 2":
        return json.dumps(json.loads("\n".join(lines)), indent=2).splitlines()
    raise AssertionError(f"the README pipes into {command!r}, which this test does not know")


def test_the_readme_shows_commands() -> None:
    assert len(shown()) >= 5


@pytest.mark.parametrize(("line", "text"), shown(), ids=[line for line, _ in shown()])
def test_what_the_readme_shows(
    cli: Cli, line: str, text: str, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if "examples/" in line:
        monkeypatch.chdir(ROOT)
    else:
        monkeypatch.chdir(tmp_path)
    real = printed(cli, line)
    if pytestconfig.getoption("--rewrite-snapshots"):
        rewrite(line, text, real)
    else:
        assert mask(text) == mask(real), "look at what changed and run pytest --rewrite-snapshots"


def rewrite(line: str, text: str, real: str) -> None:
    whole = README.read_text(encoding="utf-8")
    old = f"$ {line}\n{text}"
    assert old in whole
    README.write_text(whole.replace(old, f"$ {line}\n{real}"), encoding="utf-8")


def test_a_wrong_output_would_be_seen(cli: Cli) -> None:
    line, text = shown()[0]
    assert mask(text.replace("3", "4")) != mask(printed(cli, line))


def test_every_command_is_named_in_the_readme() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(COMMANDS) > 3
    assert [command for command in COMMANDS if f"lstm-inspect {command}" not in text] == []
