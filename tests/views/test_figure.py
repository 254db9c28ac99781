"""A picture's files: words stay words, the same picture is the same file, whatever the user has set."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from typing import Any
from xml.etree import ElementTree

import matplotlib
import pytest
from matplotlib.figure import Figure

from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.views.figure import FORMATS, picture
from lstm_inspect.views.figure.compose import description, scene, title
from lstm_inspect.views.figure.scene import Label

CASE_C = LSTMSpec(num_layers=3, bidirectional=True)
PACKED = LSTMSpec(lengths=(8, 9, 10), bidirectional=True)
SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  (our own file)


def words(svg: bytes) -> list[str]:
    return [element.text or "" for element in parsed(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("spec", [CASE_C, PACKED], ids=["case C", "packed"])
def test_every_word_of_the_picture_is_text_in_the_svg(spec: LSTMSpec) -> None:
    assert words(picture(spec)) == [item.text for item in scene(spec).items if isinstance(item, Label)]


def test_screen_readers_get_a_title_and_a_description() -> None:
    root = parsed(picture(CASE_C))
    assert root.get("role") == "img"
    named = {element.get("id"): element.text for element in root if element.tag in (f"{SVG}title", f"{SVG}desc")}
    assert (root.get("aria-labelledby") or "").split() == list(named)
    assert list(named.values()) == [title(CASE_C), description(CASE_C)]
    assert len(list(root.iter(f"{SVG}title"))) == 1


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """Case C in every format."""
    return {form: picture(CASE_C, form) for form in FORMATS.values()}


@pytest.mark.parametrize("form", FORMATS.values())
def test_the_same_picture_is_the_same_file(files: dict[str, bytes], form: str) -> None:
    assert picture(CASE_C, form) == files[form]


def test_another_theme_is_another_picture_of_the_same_words() -> None:
    light, dark = picture(PACKED, theme="light"), picture(PACKED, theme="dark")
    assert light != dark
    assert words(light) == words(dark)


@pytest.mark.parametrize("form", FORMATS.values())
def test_no_file_names_a_day_or_a_version(files: dict[str, bytes], form: str) -> None:
    assert not re.search(rb"20\d\d-\d\d-|D:20\d\d", files[form])
    assert f"{matplotlib.__version__}".encode() not in files[form]


def test_each_format_is_what_its_name_says(files: dict[str, bytes]) -> None:
    starts = {form: file[:5] for form, file in files.items()}
    assert starts == {"svg": b"<?xml", "png": b"\x89PNG\r", "pdf": b"%PDF-", "html": b"<!DOC"}


def test_the_users_own_settings_change_nothing() -> None:
    plain = picture(CASE_C)
    mine: dict[Any, Any] = {
        "text.usetex": True,
        "savefig.bbox": "tight",
        "svg.fonttype": "path",
        "font.size": 30.0,
        "hatch.color": "red",
    }
    with matplotlib.rc_context(mine):
        assert picture(CASE_C) == plain
        assert matplotlib.rcParams["text.usetex"] is True, "and they are put back"


def test_matplotlibs_notes_are_kept_off_the_terminal(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes, savefig = logging.getLogger("matplotlib.font_manager"), Figure.savefig

    def talkative(self: Figure, *args: Any, **options: Any) -> None:
        notes.warning("building the font cache; this may take a moment")
        savefig(self, *args, **options)

    monkeypatch.setattr(Figure, "savefig", talkative)
    picture(CASE_C)
    assert caplog.records == []
    notes.warning("and what others say stays")
    assert [record.message for record in caplog.records] == ["and what others say stays"]


def test_its_notes_on_its_folders_too() -> None:
    """It says them when it is imported: in a process of its own."""
    code = "from lstm_inspect.views.figure import picture; from lstm_inspect import LSTMSpec; picture(LSTMSpec())"
    nowhere = {**os.environ, "MPLCONFIGDIR": os.devnull}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=nowhere)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_title_with_signs_of_its_own_stays_xml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstm_inspect.views.figure.compose.title", lambda spec: "a < b & \\1 \\g<0>")
    root = parsed(picture(CASE_C))
    assert root.findtext(f"{SVG}title") == "a < b & \\1 \\g<0>"
