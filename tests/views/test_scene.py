"""The picture as data: what it shows is what the theory says, and nothing lies on anything else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import TypeVar

import pytest
from matplotlib.font_manager import FontProperties, findfont, get_font

from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.theory.states import state_row
from lstm_inspect.theory.unrolled import unroll
from lstm_inspect.views.figure.compose import description, scene, title
from lstm_inspect.views.figure.scene import MARK, TYPES, Area, Item, Label, Path, Scene
from lstm_inspect.views.figure.theme import THEMES, Theme

RANDOM = tuple(1 + 53 * sequence % 200 for sequence in range(40))
SPECS = {
    "one": LSTMSpec(seq_len=3),
    "case C": LSTMSpec(num_layers=3, bidirectional=True),
    "T 1": LSTMSpec(seq_len=1, bidirectional=True),
    "T 200": LSTMSpec(num_layers=3, seq_len=200, bidirectional=True),
    "a billion steps": LSTMSpec(seq_len=10**9, hidden_size=65536, bidirectional=True, batch_size=10**6),
    "a million layers": LSTMSpec(num_layers=10**6, bidirectional=True, bias=False, proj_size=8, dtype="float64"),
    "unbatched": LSTMSpec(num_layers=2, batch_size=None),
    "cases G": LSTMSpec(lengths=(8, 9, 10), num_layers=2, bidirectional=True),
    "equal lengths": LSTMSpec(lengths=(3, 3, 3), total_length=5, batch_first=True),
    "40 lengths": LSTMSpec(lengths=RANDOM, bidirectional=True, batch_first=True),
    "1000 lengths": LSTMSpec(lengths=(2, 1) * 500),
    "one length": LSTMSpec(lengths=(1,)),
}
Kind = TypeVar("Kind", bound=Item)
_FINE = 720  # dots an inch: letters are not rounded to whole dots of a screen
Rectangle = tuple[float, float, float, float]


@pytest.fixture(params=SPECS, ids=str)
def spec(request: pytest.FixtureRequest) -> LSTMSpec:
    return SPECS[request.param]


def items(picture: Scene, kind: type[Kind]) -> list[Kind]:
    return [item for item in picture.items if isinstance(item, kind)]


@cache
def advance(text: str, size: float, *, mono: bool, bold: bool) -> float:
    """The inches that a line of text takes, by the font itself."""
    family = "DejaVu Sans Mono" if mono else "DejaVu Sans"
    font = get_font(findfont(FontProperties(family=family, weight="bold" if bold else "normal")))
    font.set_size(size, _FINE)
    font.set_text(text)
    return float(font.get_width_height()[0] / 64 / _FINE)


def inked(label: Label) -> Rectangle:
    """What a label's letters cover, by the font's own outlines: left, top, right, bottom, in inches."""
    kind = TYPES[label.role]
    width = advance(label.text, kind.size, mono=kind.mono, bold=kind.bold)
    half = 0.36 * kind.size / 72
    if label.upward:
        return label.x - half, label.y - width / 2, label.x + half, label.y + width / 2
    left = {"left": label.x, "center": label.x - width / 2, "right": label.x - width}[label.align]
    return left, label.y - half, left + width, label.y + half


def edges(area: Area) -> Rectangle:
    wide, high = area.width / 2, area.height / 2
    return area.x - wide, area.y - high, area.x + wide, area.y + high


def overlapping(picture: Scene) -> list[tuple[str, str]]:
    """Pairs of labels that lie on each other."""
    boxes = [(label.text, inked(label)) for label in items(picture, Label)]
    return [(one, two) for (one, a), (two, b) in combinations(boxes, 2) if _meet(a, b)]


def _meet(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def crossed(picture: Scene) -> list[str]:
    """Labels that a thick line runs through."""
    lines = [path for path in items(picture, Path) if path.role == "equal"]
    rectangles = [
        _around(start, end) for path in lines for start, end in zip(path.points, path.points[1:], strict=False)
    ]
    return [label.text for label in items(picture, Label) if any(_meet(inked(label), line) for line in rectangles)]


def _around(start: tuple[float, float], end: tuple[float, float]) -> Rectangle:
    (x, y), (u, v) = start, end
    return min(x, u) - 0.02, min(y, v) - 0.02, max(x, u) + 0.02, max(y, v) + 0.02


def test_no_words_lie_on_others_and_no_line_runs_through_them(spec: LSTMSpec) -> None:
    picture = scene(spec)
    assert overlapping(picture) == []
    assert crossed(picture) == []


def test_everything_is_on_the_page(spec: LSTMSpec) -> None:
    picture = scene(spec)
    for label in items(picture, Label):
        left, top, right, bottom = inked(label)
        assert left >= 0.1 and top >= 0.1 and right <= picture.width - 0.1 and bottom <= picture.height - 0.1, (
            label.text
        )
    for area in items(picture, Area):
        left, top, right, bottom = edges(area)
        assert left >= 0.1 and top >= 0.1 and right <= picture.width - 0.1 and bottom <= picture.height - 0.1


def test_no_size_makes_a_page_huge(spec: LSTMSpec) -> None:
    picture = scene(spec)
    assert picture.width < 18
    assert picture.height < 12


def test_words_get_the_room_that_they_need(spec: LSTMSpec) -> None:
    for label in items(scene(spec), Label):
        kind = TYPES[label.role]
        assert advance(label.text, kind.size, mono=kind.mono, bold=kind.bold) <= label.width + 0.02, label


def test_words_that_do_lie_on_others_are_seen() -> None:
    picture = scene(LSTMSpec())
    first = items(picture, Label)[0]
    again = replace(first, text="again")
    assert (first.text, "again") in overlapping(replace(picture, items=(*picture.items, again)))
    through = Path(((first.x, first.y), (first.x + 1, first.y)), "equal")
    assert crossed(replace(picture, items=(*picture.items, through))) == [first.text]


def marks(picture: Scene) -> list[Area]:
    """The cells of the stack; those of the legend are smaller."""
    return [area for area in items(picture, Area) if area.width == area.height == MARK]


def test_the_marks_are_the_cells(spec: LSTMSpec) -> None:
    drawn = Counter(mark.role for mark in marks(scene(spec)))
    assert drawn == Counter(cell.kind for cell in unroll(spec).cells)


def test_layers_go_up_and_steps_to_the_right() -> None:
    picture = scene(LSTMSpec(num_layers=2))
    cells, inputs = marks(picture), [area for area in items(picture, Area) if area.role == "input"]
    ends = {mark.role: mark for mark in cells if "hn" in mark.role}
    assert ends["output and hn"].y < ends["hn alone"].y
    assert ends["hn alone"].x == ends["output and hn"].x == max(mark.x for mark in cells + inputs)
    assert max(mark.y for mark in cells) < min(each.y for each in inputs)


def test_the_reverse_direction_ends_on_the_left() -> None:
    cells = marks(scene(LSTMSpec(bidirectional=True)))
    final = {round(mark.x, 6): mark.y for mark in cells if mark.role == "output and hn"}
    left, right = min(final), max(final)
    assert left == round(min(mark.x for mark in cells), 6)
    assert right == round(max(mark.x for mark in cells), 6)
    assert final[left] < final[right], "reverse stands above forward"


def joins(picture: Scene) -> Iterator[tuple[Area, Area]]:
    """What each thick line of the stack joins: the box at its start, the slice of output at its end."""
    for path in items(picture, Path):
        if path.role == "equal" and len(path.points) > 2:
            yield _at(picture, path.points[0], ("hn",)), _at(picture, path.points[-1], ("half", "half of hn"))


def _at(picture: Scene, point: tuple[float, float], roles: Sequence[str]) -> Area:
    x, y = point
    for area in items(picture, Area):
        left, top, right, bottom = edges(area)
        if area.role in roles and top < y < bottom and min(abs(x - left), abs(x - right)) < 1e-6:
            return area
    raise AssertionError(f"none of {roles} at {point}")


def test_each_row_of_hn_in_output_is_joined_to_its_slice(spec: LSTMSpec) -> None:
    picture = scene(spec)
    expected = [state_row(spec, spec.num_layers - 1, direction) for direction in range(spec.num_directions)]
    found = list(joins(picture))
    assert len(found) == len(expected) == spec.num_directions
    assert {half.role for _, half in found} == {"half of hn"}
    tags = {label.text for label in items(picture, Label) for box, _ in found if _meet(inked(label), edges(box))}
    assert tags == {state.hn for state in expected}
    words = [label.text for label in items(picture, Label)]
    for state in expected:
        start = words.index(f"{state.hn} ==") + 1
        assert " ".join(word.strip() for word in words[start : start + 3]).startswith(state.output or "nothing")


def test_every_drawn_row_has_its_hn_and_its_cn(spec: LSTMSpec) -> None:
    words = Counter(label.text for label in items(scene(spec), Label))
    for state in unroll(spec).states:
        assert [words[name] for name in (state.hn, state.cn, f"h0[{state.row}]", f"c0[{state.row}]")] == [1, 1, 1, 1]


def test_the_packing_is_drawn_with_its_batch_sizes() -> None:
    picture = scene(LSTMSpec(lengths=(4, 3, 2)))
    rows = [label for label in items(picture, Label) if label.role == "cell"]
    assert [label.text for label in rows[:9]] == ["0", "3", "6", "8", "1", "4", "7", "2", "5"]
    assert sorted(int(label.text) for label in rows[9:]) == list(range(9))
    assert [label.text for label in items(picture, Label) if label.role == "count"] == ["3", "3", "2", "1"]
    areas = Counter(area.role for area in items(picture, Area))
    assert (areas["valid"], areas["padding"]) == (9 + 9 + 1, 3 + 1)  # both grids, and the legend's own


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (LSTMSpec(), "An LSTM unrolled: 1 layer, 1 direction, 5 time steps"),
        (LSTMSpec(lengths=(1,)), "An LSTM unrolled: 1 layer, 1 direction, 1 packed sequence"),
        (LSTMSpec(seq_len=2000, num_layers=2), "An LSTM unrolled: 2 layers, 1 direction, 2,000 time steps"),
    ],
)
def test_title(spec: LSTMSpec, expected: str) -> None:
    assert title(spec) == expected


def test_the_description_tells_the_picture_and_stays_short() -> None:
    told = description(LSTMSpec(lengths=(8, 9, 10), bidirectional=True))
    assert "hn[1] == output[0, :, 20:40]." in told
    assert "lengths 8, 9, 10; batch_sizes 3, 3, 3, 3, 3, 3, 3, 3, 2, 1." in told
    assert len(description(LSTMSpec(lengths=(1000,) * 100))) < 1000


def channels(color: str) -> list[float]:
    """Linear red, green and blue of a colour (IEC 61966-2-1)."""
    parts = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def luminance(color: str) -> float:
    red, green, blue = channels(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def lightness(color: str) -> float:
    """L* of CIELAB, 0 black to 100 white."""
    y = luminance(color)
    return 903.3 * y if y <= 0.008856 else 116 * y ** (1 / 3) - 16


def contrast(one: str, two: str) -> float:
    """The contrast ratio of WCAG 2."""
    bright, dim = sorted((luminance(one), luminance(two)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_kinds_of_cells_differ_in_lightness(theme: Theme) -> None:
    kinds = ("output", "output and hn", "hn alone", "neither")
    shades = [lightness(theme.area(kind).fill) for kind in kinds]
    assert min(abs(one - two) for one, two in combinations(shades, 2)) > 8
    assert abs(lightness(theme.area("valid").fill) - lightness(theme.area("padding").fill)) > 25


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("role", TYPES)
def test_words_can_be_read(theme: Theme, role: str) -> None:
    filled = {"cell": ("valid", "gate", "candidate"), "gate": ("gate", "candidate")}
    grounds = [theme.area(area).fill for area in filled[role]] if role in filled else [theme.ground, theme.band]
    assert min(contrast(theme.words(role), ground) for ground in grounds) >= 4.5


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_lines_can_be_seen(theme: Theme) -> None:
    for role in ("flow", "axis", "equal"):
        assert min(contrast(theme.line(role)[0], ground) for ground in (theme.ground, theme.band)) >= 3
