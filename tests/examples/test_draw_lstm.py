from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def words(path: Path) -> list[str]:
    """Every label of a picture, its title and its description, in order."""
    tree = ElementTree.parse(path)  # noqa: S314  (our own file)
    named = (element for element in tree.iter() if re.search(r"}(text|title|desc)$", element.tag))
    return [element.text or "" for element in named]


def test_the_readmes_picture_is_what_its_script_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = tmp_path / "drawn.svg"
    monkeypatch.setattr("sys.argv", ["draw_lstm.py", str(drawn)])
    runpy.run_path(str(EXAMPLES / "draw_lstm.py"), run_name="__main__")
    assert words(drawn) == words(EXAMPLES / "lstm.svg")
    assert {"hn[2] ==", "output[4, :, :20]", "hn[3] ==", "output[0, :, 20:40]"} <= set(words(drawn))


def test_another_picture_is_told_apart(tmp_path: Path) -> None:
    changed = tmp_path / "changed.svg"
    changed.write_text((EXAMPLES / "lstm.svg").read_text(encoding="utf-8").replace("cn[2]", "cn[3]"), encoding="utf-8")
    assert words(changed) != words(EXAMPLES / "lstm.svg")


def test_without_matplotlib_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for name in [name for name in sys.modules if name.startswith("matplotlib.")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr("sys.argv", ["draw_lstm.py", str(tmp_path / "drawn.svg")])
    with pytest.raises(SystemExit, match=r"matplotlib.* is not installed"):
        runpy.run_path(str(EXAMPLES / "draw_lstm.py"), run_name="__main__")
