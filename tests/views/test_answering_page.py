"""The page that answers back: what it says is true, it asks the network for nothing, and a real browser runs it."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch

from lstm_inspect.experiment.run import run
from lstm_inspect.theory.expressions import cell_step
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.views.figure import picture
from lstm_inspect.views.figure.compose import scene
from lstm_inspect.views.figure.scene import Scene

STACKED = LSTMSpec(num_layers=2, bidirectional=True)
SPECS = [
    LSTMSpec(),
    STACKED,
    LSTMSpec(batch_first=True, bidirectional=True, proj_size=4),
    LSTMSpec(lengths=(4, 3, 2), num_layers=2, bidirectional=True),
    LSTMSpec(lengths=(3, 5, 4), batch_first=True),
    LSTMSpec(lengths=(2, 1), bidirectional=True),
]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def meanings(picture: Scene) -> list[str]:
    return [meaning.expression for meaning in picture.meanings]


def names_of(spec: LSTMSpec) -> dict[str, Any]:
    """The names that an expression may use."""
    done = run(spec)
    return {"torch": torch, "lstm": done.lstm, **done.tensors}


def untrue(expressions: list[str], names: dict[str, Any]) -> list[str]:
    return [
        each for each in expressions if not torch.as_tensor(eval(each, dict(names)) if "==" in each else True).all()
    ]


@pytest.mark.parametrize("spec", SPECS, ids=repr)
def test_what_a_place_says_is_true(spec: LSTMSpec) -> None:
    said, names = meanings(scene(spec)), names_of(spec)
    assert sum("==" in each for each in said) >= 2 * spec.num_directions
    for each in said:
        eval(each, dict(names))
    assert untrue(said, names) == []


def test_a_row_of_hn_that_stands_elsewhere_is_seen() -> None:
    names = names_of(STACKED)
    names["hn"] = names["hn"].flip(0)
    assert len(untrue(meanings(scene(STACKED)), names)) == 2 * 3  # the row, its cell and its slice of output, twice


@pytest.mark.parametrize("spec", [LSTMSpec(), LSTMSpec(proj_size=4), LSTMSpec(bias=False)], ids=repr)
@torch.inference_mode()
def test_the_step_of_a_cell_is_that_of_the_module(spec: LSTMSpec) -> None:
    done = run(spec.replace(seq_len=1))
    x, h, c = (done.tensors[name][0] for name in ("input", "h0", "c0"))
    names = {"torch": torch, "lstm": done.lstm, "x": x, "h": h, "c": c}
    for statement in cell_step(spec):
        exec(statement, names)
    torch.testing.assert_close(names["h"], done.tensors["hn"][0])
    torch.testing.assert_close(names["c"], done.tensors["cn"][0])


def test_the_gates_of_a_cell_name_their_own_rows() -> None:
    said = meanings(scene(LSTMSpec(), cell=True))
    assert said == [f"lstm.weight_ih_l0[{start}:{start + 20}]" for start in (0, 20, 40, 60)]


def test_a_slide_is_filled() -> None:
    plain, slide = scene(STACKED), scene(STACKED, titled=False, legend=False, aspect=16 / 9)
    assert slide.width / slide.height == pytest.approx(16 / 9)
    assert len(slide.items) < len(plain.items)
    assert b"transparent" in picture(STACKED, "html", transparent=True)


@pytest.fixture(scope="module")
def page() -> str:
    return picture(LSTMSpec(lengths=(4, 3, 2), num_layers=2, bidirectional=True), "html").decode("utf-8")


def test_the_page_asks_the_network_for_nothing(page: str) -> None:
    names = (
        r"http://www\.w3\.org/|http://purl\.org/|http://creativecommons\.org/ns#"  # of XML: nothing is fetched there
    )
    assert re.findall(r"(?:https?:)?//[\w.]+", re.sub(names, "", page)) == []
    assert "default-src 'none'" in page


def test_every_place_is_a_button_that_says_what_it_holds(page: str) -> None:
    spec = LSTMSpec(lengths=(4, 3, 2), num_layers=2, bidirectional=True)
    buttons = re.findall(r'<g id="place-\d+" class="place" tabindex="0" role="button" aria-label="([^"]+)"', page)
    assert [html.unescape(each) for each in buttons] == meanings(scene(spec))
    assert "#0000" not in page  # every colour that stands for a name has become one
    assert {"--ground: #ffffff", "--ground: #14171a"} <= set(re.findall(r"--ground: #\w+", page))


DRIVER = """
<script>
const named = (text) => places.filter((place) => expression(place) === text);
const lit = () => places.filter((place) => place.classList.contains("lit")).map(expression);
const copied = [];
Object.defineProperty(navigator, "clipboard", { value: { writeText: async (text) => { copied.push(text); } } });
(async () => {
  const results = { places: places.length, hint: said.textContent };
  const row = places.find((place) => expression(place).startsWith("hn[3]"));
  row.dispatchEvent(new PointerEvent("pointerenter"));
  results.pointed = lit();
  results.faint = getComputedStyle(places.find((place) => !place.classList.contains("lit"))).opacity;
  results.said = said.textContent;
  row.dispatchEvent(new PointerEvent("pointerleave"));
  results.left = lit();
  row.focus();
  results.reached = document.activeElement === row;
  row.dispatchEvent(new FocusEvent("focus"));  // a window that is not in front sends none
  results.focused = lit();
  row.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  await null; await null;
  row.dispatchEvent(new MouseEvent("click"));
  await null; await null;
  results.copied = copied;
  results.after = said.textContent;
  named("packed_input.data[4] == input[1, 1]")[0].dispatchEvent(new FocusEvent("focus"));
  results.packed = lit();
  document.body.dataset.results = JSON.stringify(results);
})();
</script>
"""


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
def test_a_browser_lights_what_is_equal_and_copies_it(page: str, tmp_path: Path) -> None:
    file = tmp_path / "lstm.html"
    file.write_text(page.replace("</body>", DRIVER + "</body>"), encoding="utf-8")
    flags = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync"
    command = [str(CHROMIUM), *flags.split(), "--disable-component-update", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [*command, "--dump-dom", "--virtual-time-budget=2000", file.as_uri()],
        capture_output=True,
        check=True,
        timeout=60,
    )
    found = re.search(r'data-results="([^"]+)"', done.stdout.decode("utf-8"))
    assert found is not None
    results = json.loads(html.unescape(found[1]))
    equality = "hn[3] == output[0, :, 20:40]"
    rows = [f"packed_input.data[{row}] == input[0, {row}]" for row in range(3)]
    assert results["reached"]
    assert set(results["pointed"]) == set(results["focused"]) == {equality, *rows}
    assert results["pointed"].count(equality) == 3  # its cell, its row of hn, its slice of output
    assert float(results["faint"]) < 1  # what is not equal steps back
    assert results["left"] == []
    assert results["said"].startswith(equality)
    assert results["copied"] == [equality, equality]
    assert results["after"] == f"{equality} copied"
    assert results["packed"] == 2 * ["packed_input.data[4] == input[1, 1]"]  # in the padded batch and in the columns
