"""A scene drawn with matplotlib: the only place that knows it, without pyplot and without a window.

Every matplotlib name is imported when a picture is drawn: the extra [plot] brings it.
"""

from __future__ import annotations

import io
import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from lstm_inspect.views.figure.scene import POINTS, TYPES, Box, Item, Label, Mark, Meaning, Path, Point, Scene
from lstm_inspect.views.figure.theme import Theme

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

_RADIUS: Final = 0.13
_DIAMOND: Final = ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0))
_SQUARE: Final = ((-0.55, -0.55), (0.55, -0.55), (0.55, 0.55), (-0.55, 0.55))
_CORNERS: Final = {"input": _SQUARE, "output and hn": _DIAMOND, "hn alone": _DIAMOND}
"""The marks that are no circles: their corners, in radii."""
_SHARP: Final = ("valid", "padding", "half", "half of hn")  # boxes that touch others have no rounded corners
_HEAD: Final = (0.085, 0.038)  # an arrow's head: how long, and half how wide
_PNG_DPI: Final = 200
_SETTINGS: Final = {
    "svg.fonttype": "none",  # words stay words: they can be searched, read aloud and copied
    "svg.hashsalt": "lstm-inspect",  # the same picture is the same file
    "pdf.fonttype": 42,
    "hatch.linewidth": 0.6,
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "Helvetica"],  # the first comes with matplotlib;
    "font.monospace": ["DejaVu Sans Mono", "Menlo", "Consolas", "Courier New"],  # the others an SVG's reader may have
    "text.usetex": False,
}


def paint(scene: Scene, theme: Theme, form: str, *, transparent: bool = False) -> bytes:
    """The scene as a file's bytes.

    In an SVG each place that means something is a group ``place-0``, ``place-1``, .. in the scene's order; the
    other forms are "png" and "pdf".

    Raises:
        ImportError: matplotlib is not installed.
    """
    file, ground = io.BytesIO(), "none" if transparent else theme.ground
    with _quiet():
        from matplotlib import style
        from matplotlib.figure import Figure

        with style.context(["default", _SETTINGS]):  # whatever the user's own matplotlibrc says
            figure = Figure(figsize=(scene.width, scene.height))
            painter = _Painter(figure, scene.height, theme)
            for item in scene.items:
                painter.draw(item)
            figure.savefig(file, format=form, dpi=_PNG_DPI, facecolor=ground, metadata=_metadata(scene, form))
    return _accessible(file.getvalue(), scene) if form == "svg" else file.getvalue()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep matplotlib's notes on its font cache and, when it is imported, on its folders off the terminal."""
    logger = logging.getLogger("matplotlib")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _metadata(scene: Scene, form: str) -> dict[str, Any]:
    """What a file says of itself: no date and no version, so that it changes only when the picture does."""
    unsaid = {"svg": ("Date", "Creator"), "png": ("Software",), "pdf": ("CreationDate", "Creator", "Producer")}
    told = {"Title": scene.title, "Subject" if form == "pdf" else "Description": scene.description}
    return {**dict.fromkeys(unsaid[form]), **({} if form == "svg" else told)}


def _accessible(svg: bytes, scene: Scene) -> bytes:
    """The SVG with a role, a title and a description, which screen readers tell instead of the shapes."""
    before, _, rest = svg.decode("utf-8").partition("<svg")
    opening, _, shapes = rest.partition(">")
    title = f'<title id="lstm-title">{escape(scene.title)}</title>'
    words = f'{title}\n <desc id="lstm-desc">{escape(scene.description)}</desc>'
    named = f'<svg role="img" aria-labelledby="lstm-title lstm-desc"{opening}>'
    return f"{before}{named}\n {words}{shapes}".encode()


class _Painter:
    """Draws items onto a figure, in inches from its upper left corner."""

    def __init__(self, figure: Figure, height: float, theme: Theme) -> None:
        self.figure, self.height, self.theme = figure, height, theme
        self.places = count()

    def draw(self, item: Item) -> None:
        """Draw an item above those drawn before."""
        if isinstance(item, Label):
            self._label(item)
        elif isinstance(item, Path):
            self._path(item)
        else:
            self._add(self._box(item) if isinstance(item, Box) else self._mark(item), item.meaning)

    def _add(self, artist: Artist, meaning: Meaning | None = None) -> None:
        if meaning is not None:
            artist.set_gid(f"place-{next(self.places)}")
        artist.set_transform(self.figure.dpi_scale_trans)
        self.figure.add_artist(artist)

    def _up(self, point: Point) -> Point:
        return point[0], self.height - point[1]

    def _area(self, role: str) -> dict[str, Any]:
        look = self.theme.area(role)
        style = (0, (3, 2)) if look.dashed else "solid"
        colours = {"facecolor": look.fill, "edgecolor": look.edge, "hatch": look.hatch or None}
        return {**colours, "linewidth": look.width, "linestyle": style}

    def _box(self, box: Box) -> Artist:
        from matplotlib.patches import FancyBboxPatch

        shape = "square,pad=0" if box.role in _SHARP else "round,pad=0,rounding_size=0.05"
        corner = self._up((box.x, box.y + box.height))
        return FancyBboxPatch(corner, box.width, box.height, boxstyle=shape, **self._area(box.role))

    def _mark(self, mark: Mark) -> Artist:
        from matplotlib.patches import Circle, Polygon

        (x, y), radius = self._up((mark.x, mark.y)), mark.size * _RADIUS
        if mark.kind not in _CORNERS:
            return Circle((x, y), radius, **self._area(mark.kind))
        corners = [(x + right * radius, y + up * radius) for right, up in _CORNERS[mark.kind]]
        return Polygon(corners, closed=True, **self._area(mark.kind))

    def _path(self, path: Path) -> None:
        from matplotlib.patches import Polygon

        points = [self._up(point) for point in path.points]
        color, width = self.theme.line(path.role)
        if path.head:
            head, points[-1] = _arrow_head(points[-2], points[-1])
            self._add(Polygon(head, closed=True, facecolor=color, edgecolor="none"))
        self._add(Polygon(points, closed=False, fill=False, edgecolor=color, linewidth=width, joinstyle="round"))

    def _label(self, label: Label) -> None:
        kind = TYPES[label.role]
        middle = 0.36 * kind.size / POINTS  # from the line that letters stand on to half the height of a capital
        x, y = self._up((label.x, label.y))
        x, y = (x + middle, y) if label.upward else (x, y - middle)
        how: dict[str, Any] = {"family": "monospace" if kind.mono else "sans-serif", "size": kind.size}
        how |= {"weight": "bold" if kind.bold else "normal", "color": self.theme.words(label.role)}
        how |= {"ha": label.align, "va": "baseline", "transform": self.figure.dpi_scale_trans}
        how |= {"rotation": 90 if label.upward else 0, "rotation_mode": "anchor"}
        self.figure.text(x, y, label.text, parse_math=False, **how)


def _arrow_head(start: Point, end: Point) -> tuple[list[Point], Point]:
    """The corners of an arrow's head, and the middle of its base."""
    length, half = _HEAD
    dx, dy = end[0] - start[0], end[1] - start[1]
    size = math.hypot(dx, dy)
    ux, uy = dx / size, dy / size
    base = end[0] - length * ux, end[1] - length * uy
    return [end, (base[0] - half * uy, base[1] + half * ux), (base[0] + half * uy, base[1] - half * ux)], base
