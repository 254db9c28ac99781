"""A picture as one HTML page: pointing at a place lights what holds the same numbers and shows the expression.

The page loads nothing: its picture, its style and its script stand in the file. The picture is painted once, in
colours that stand for names; the page gives them their value by its reader's setting, light or dark.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, fields
from html import escape
from importlib.resources import files
from typing import Final

from lstm_inspect.views.figure.paint import paint
from lstm_inspect.views.figure.scene import Box, Mark, Scene
from lstm_inspect.views.figure.theme import THEMES, Theme

_STAND_INS: Final = {f"#0000{place + 10:02x}": f"var(--{each.name})" for place, each in enumerate(fields(Theme))}
"""A colour that no theme has, for each of a theme's, and what it becomes in the page."""


def page(scene: Scene, *, transparent: bool = False) -> bytes:
    """The scene as a page of its own.

    Raises:
        ImportError: matplotlib is not installed.
    """
    svg = paint(scene, Theme(*_STAND_INS), "svg", transparent=transparent).decode("utf-8")
    parts = {
        "title": escape(scene.title),
        "ground": "transparent" if transparent else "var(--ground)",
        "picture": _answering(svg[svg.index("<svg") :], scene),
    }
    for name, theme in THEMES.items():  # its colours as custom properties of CSS
        parts[name] = " ".join(f"--{colour}: {value};" for colour, value in asdict(theme).items())
    template = files("lstm_inspect.views.figure").joinpath("page.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda hole: parts[hole[1]], template).encode("utf-8")


def _answering(svg: str, scene: Scene) -> str:
    """The picture with its colours by name, and each place a button that says what it holds, as they were painted."""
    meanings = (item.meaning for item in scene.items if isinstance(item, (Mark, Box)))
    for place, meaning in enumerate(filter(None, meanings)):
        also = escape(json.dumps(meaning.also), quote=True)
        words = f'class="place" tabindex="0" role="button" aria-label="{escape(meaning.expression, quote=True)}"'
        svg = svg.replace(f'<g id="place-{place}">', f'<g id="place-{place}" {words} data-also="{also}">', 1)
    svg = svg.replace('role="img"', 'role="group"', 1)  # an image would hide its places from a screen reader
    return re.sub("|".join(_STAND_INS), lambda colour: _STAND_INS[colour[0]], svg)
