"""The report as text: snapshots at fixed widths, and what holds at any width."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import Cli, Snapshot

SPECS = {
    "two-layers-bidirectional": ["--layers", "2", "--bidir"],
    "batch-first": ["--batch-first"],
    "unbatched-projected": ["--unbatched", "--bidir", "--proj-size", "5"],
    "packed": ["--lengths", "8,9,10", "--bidir"],
    "long-and-deep": ["--layers", "7", "--seq-len", "200", "--batch", "16", "--bidir", "--hidden-size", "64"],
}


@pytest.fixture(autouse=True)
def one_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The length of torch's version and of Python's must not move a line's end."""
    fixed: dict[str, Any] = {"python": "3.x", "torch": "2.13.0", "device_name": "cpu", "tf32": False}
    monkeypatch.setattr("lstm_inspect.experiment.devices.environment", lambda device, tf32: fixed)


@pytest.mark.parametrize(
    ("name", "columns"), [*((name, 80) for name in SPECS), *((next(iter(SPECS)), n) for n in (60, 120))]
)
def test_page(cli: Cli, snapshot: Snapshot, name: str, columns: int) -> None:
    outcome = cli("shapes", *SPECS[name], columns=columns)
    assert outcome.status == 0
    snapshot(f"shapes-{name}-{columns}", outcome.stdout)


def test_page_in_ascii(cli: Cli, snapshot: Snapshot) -> None:
    outcome = cli("shapes", *SPECS["two-layers-bidirectional"], columns=80, encoding="ascii")
    assert outcome.stdout.isascii()
    snapshot("shapes-two-layers-bidirectional-ascii", outcome.stdout)


def test_page_without_a_run(cli: Cli, snapshot: Snapshot) -> None:
    snapshot("shapes-predicted-80", cli("shapes", "--layers", "2", "--predict").stdout)


WIDE = st.sampled_from(["1", "2", "5", "13", "1000", "12345"])


@given(
    st.integers(60, 130),
    st.sampled_from(["utf-8", "ascii"]),
    WIDE,
    WIDE,
    st.sampled_from([[], ["--bidir"], ["--bidir", "--batch-first"], ["--unbatched"], ["--lengths", "5,3,4"]]),
)
@settings(max_examples=30, deadline=None)
def test_no_line_is_wider_than_the_terminal(
    cli: Cli, columns: int, encoding: str, layers: str, size: str, batch: list[str]
) -> None:
    seq_len = [] if "--lengths" in batch else ["--seq-len", size]
    outcome = cli(
        "shapes",
        "--predict",
        "--layers",
        layers,
        "--hidden-size",
        size,
        *seq_len,
        *batch,
        columns=columns,
        encoding=encoding,
    )
    assert outcome.status == 0
    assert max(len(line) for line in outcome.stdout.splitlines()) <= columns
    assert encoding != "ascii" or outcome.stdout.isascii()


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}])
def test_a_file_gets_no_colour(cli: Cli, environment: dict[str, str]) -> None:
    assert "\x1b" not in cli("shapes", "--bidir", env=environment).stdout


def test_a_terminal_gets_colours_for_dark_and_light(cli: Cli) -> None:
    """Neither yellow nor white, which vanish on a light background, nor blue, which does on a dark one."""
    shown = cli("shapes", "--bidir", env={"FORCE_COLOR": "1", "TERM": "xterm-256color"}).stdout
    codes = {code for found in re.findall(r"\x1b\[([\d;]+)m", shown) for code in found.split(";")}
    assert codes
    assert not codes & {"33", "34", "37", "93", "94", "97", "38", "40", "47", "48"}


def test_a_long_table_is_cut_and_says_so(cli: Cli) -> None:
    flags = ["shapes", "--layers", "20", "--bidir", "--predict"]
    cut, whole = cli(*flags).stdout, cli(*flags, "--all").stdout
    shown, all_rows = (len(re.findall(r"^hn\[\d+\], cn\[\d+\]", text, re.MULTILINE)) for text in (cut, whole))
    assert shown < all_rows == 40
    assert f"{40 - shown} rows left out in the middle: --all shows all" in cut
    assert "left out" not in whole
    assert len(cli(*flags, "--json").document["states"]) == 40


def test_the_drawing_is_elided_in_the_middle(cli: Cli) -> None:
    shown = cli("shapes", "--layers", "9", "--seq-len", "1000", "--predict").stdout
    drawing = shown[shown.index("time step") : shown.index("\nRows")]
    assert "998" in drawing
    assert "999" in drawing
    assert "more layers" in drawing
    assert "layer 8 fwd" in drawing
    assert "layer 0 fwd" in drawing


def test_the_parts_stand_in_order(cli: Cli) -> None:
    shown = cli("shapes", "--layers", "2", "--bidir").stdout
    titles = ["Tensors", "time step", "Rows", "What to use for", "Mistakes near at hand", "Verified:"]
    places = [shown.index(f"\n{title}") for title in titles]
    assert places == sorted(places)


def test_warnings_go_to_stderr(cli: Cli) -> None:
    outcome = cli("shapes", "--batch", "5", "--dropout", "0.5")
    assert outcome.status == 0
    assert outcome.stderr.splitlines() == [
        "warning: --batch == --seq-len == 5: no shape can show batch and time swapped; choose sizes that all differ",
        "warning: dropout acts between layers: with --layers 1 there is none to act on",
    ]
    assert "warning" not in outcome.stdout
    rows = cli("shapes", "--layers", "2", "--bidir", "--batch", "4")
    assert "--batch == --layers * directions == 4" in rows.stderr


SAVED = {".txt": "lstm = torch.nn.LSTM", ".html": "<!DOCTYPE html>", ".svg": "<svg"}


@pytest.mark.parametrize("suffix", [*SAVED, ".SVG"])
def test_save(cli: Cli, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"report{suffix}"
    outcome = cli("shapes", "--bidir", "--save", str(path))
    assert (outcome.status, outcome.stderr) == (0, f"saved {path}\n")
    assert outcome.stdout == cli("shapes", "--bidir").stdout
    saved = path.read_text(encoding="utf-8")
    assert saved.lstrip().startswith(SAVED[suffix.lower()]) or suffix == ".txt"
    assert SAVED[suffix.lower()] in saved
    assert "Verified" in saved


def test_a_file_that_is_there_is_kept(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "{seed}.txt"
    path.write_text("mine")
    kept = cli("shapes", "--save", str(path))
    assert (kept.status, kept.stdout) == (2, "")
    assert kept.stderr == f"error: {path} already exists: it was not overwritten. Try another name, or --force.\n"
    assert path.read_text() == "mine"
    assert cli("shapes", "--save", str(path), "--force").status == 0
    assert path.read_text() != "mine"


def test_a_folder_or_a_name_too_long_is_refused(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "folder.txt").mkdir()
    outcome = cli("shapes", "--save", str(tmp_path / "folder.txt"), "--force")
    assert (outcome.status, outcome.stdout) == (2, "")
    assert "can't be written: it is a folder" in outcome.stderr
    too_long = cli("shapes", "--save", str(tmp_path / ("x" * 300 + ".txt")))
    assert (too_long.status, too_long.stdout) == (2, "")
    assert "can't be written: File name too long" in too_long.stderr


def test_json_and_save_go_together(cli: Cli, tmp_path: Path) -> None:
    outcome = cli("shapes", "--json", "--save", str(tmp_path / "report.txt"))
    assert outcome.document["verified"] is True
    assert (tmp_path / "report.txt").exists()


def test_a_failed_report_is_saved_and_says_so(cli: Cli, tmp_path: Path) -> None:
    outcome = cli("shapes", "--atol", "0", "--rtol", "0", "--save", str(tmp_path / "report.txt"))
    assert outcome.status == 1
    assert "FAILED: 4 of" in (tmp_path / "report.txt").read_text(encoding="utf-8")
