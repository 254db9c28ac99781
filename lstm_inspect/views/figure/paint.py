"""A scene drawn with matplotlib: the only place that knows it, without pyplot and without a window.

Who imports it loads matplotlib, which the extra [plot] brings.
"""

import io
from html import escape
from itertools import count
from typing import Any, Final

from matplotlib import style
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, FancyArrowPatch, FancyBboxPatch, RegularPolygon
from matplotlib.path import Path as Points
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

from lstm_inspect.views.figure.scene import POINTS, TYPES, Area, Item, Label, Path, Scene
from lstm_inspect.views.figure.theme import Theme

_HEAD: Final = "-|>,head_length=5,head_width=2.2"  # an arrow's, in points
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
    """The scene as a file's bytes: "svg", "png" or "pdf".

    In an SVG each place that means something is a group ``place-0``, ``place-1``, .. in the scene's order.
    """
    file, ground = io.BytesIO(), "none" if transparent else theme.ground
    with style.context(["default", _SETTINGS]):  # whatever the user's own matplotlibrc says
        figure, places = Figure(figsize=(scene.width, scene.height)), count()
        from_the_top = Affine2D().scale(1, -1).translate(0, scene.height) + figure.dpi_scale_trans
        for item in scene.items:
            artist = _artist(item, theme)
            artist.set_transform(from_the_top)
            if isinstance(item, Area) and item.meaning:
                artist.set_gid(f"place-{next(places)}")
            figure.add_artist(artist)
        figure.savefig(file, format=form, dpi=_PNG_DPI, facecolor=ground, metadata=_metadata(scene, form))
    return _accessible(file.getvalue(), scene) if form == "svg" else file.getvalue()


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


def _artist(item: Item, theme: Theme) -> Artist:
    if isinstance(item, Label):
        return _words(item, theme)
    return _line(item, theme) if isinstance(item, Path) else _shape(item, theme)


def _shape(area: Area, theme: Theme) -> Artist:
    look, centre = theme.area(area.role), (area.x, area.y)
    how: dict[str, Any] = {"facecolor": look.fill, "edgecolor": look.edge, "hatch": look.hatch or None}
    how |= {"linewidth": look.width, "linestyle": (0, (3, 2)) if look.dashed else "solid"}
    if look.form == "circle":
        return Ellipse(centre, area.width, area.height, **how)
    if look.form == "diamond":
        return RegularPolygon(centre, 4, radius=0.65 * area.width, **how)  # about a circle's ground
    corner = area.x - area.width / 2, area.y - area.height / 2
    style = "square,pad=0" if look.form == "sharp" else "round,pad=0,rounding_size=0.05"
    return FancyBboxPatch(corner, area.width, area.height, boxstyle=style, **how)


def _line(path: Path, theme: Theme) -> Artist:
    color, width = theme.line(path.role)
    ends = _HEAD if path.head else "-"
    how: dict[str, Any] = {"arrowstyle": ends, "mutation_scale": 1, "shrinkA": 0, "shrinkB": 0}
    return FancyArrowPatch(path=Points(path.points), color=color, linewidth=width, capstyle="butt", **how)


def _words(label: Label, theme: Theme) -> Artist:
    kind = TYPES[label.role]
    middle = 0.36 * kind.size / POINTS  # from the line that letters stand on to half the height of a capital
    x, y = (label.x + middle, label.y) if label.upward else (label.x, label.y + middle)
    how: dict[str, Any] = {"family": "monospace" if kind.mono else "sans-serif", "size": kind.size}
    how |= {"weight": "bold" if kind.bold else "normal", "color": theme.words(label.role)}
    how |= {"ha": label.align, "va": "baseline", "rotation": 90 if label.upward else 0, "rotation_mode": "anchor"}
    return Text(x, y, label.text, parse_math=False, **how)
