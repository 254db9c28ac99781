"""A picture as one HTML page: pointing at a place lights what holds the same numbers and shows the expression.

The page loads nothing: its picture, its style and its script stand in the file. The picture is painted once, in
colours that stand for names; the page gives them their value by its reader's setting, light or dark.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import astuple, fields
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

from lstm_inspect.views.figure.paint import paint
from lstm_inspect.views.figure.scene import Box, Mark, Meaning, Scene
from lstm_inspect.views.figure.theme import THEMES, Theme

_NAMES: Final = tuple(field.name for field in fields(Theme))
_STAND_INS: Final = {f"#0000{place + 10:02x}": f"var(--{name})" for place, name in enumerate(_NAMES)}
"""A colour that no theme has, for each of a theme's, and what it becomes in the page."""


def page(scene: Scene, *, transparent: bool = False) -> bytes:
    """The scene as a page of its own.

    Raises:
        ImportError: matplotlib is not installed.
    """
    svg = paint(scene, Theme(*_STAND_INS), "svg", transparent=transparent).decode("utf-8")
    parts = {
        "title": escape(scene.title),
        "light": _colours("light"),
        "dark": _colours("dark"),
        "ground": "transparent" if transparent else "var(--ground)",
        "picture": _answering(svg[svg.index("<svg") :], _meanings(scene)),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda hole: parts[hole[1]], _template()).encode("utf-8")


@cache
def _template() -> str:
    return files("lstm_inspect.views.figure").joinpath("page.html").read_text(encoding="utf-8")


def _colours(theme: str) -> str:
    """A theme's colours as custom properties of CSS."""
    values = zip(_NAMES, astuple(THEMES[theme]), strict=True)
    return " ".join(f"--{name}: {colour};" for name, colour in values)


def _meanings(scene: Scene) -> list[Meaning]:
    """What the places that can be pointed at hold, in the order in which they are painted."""
    return [item.meaning for item in scene.items if isinstance(item, (Mark, Box)) and item.meaning is not None]


def _answering(svg: str, meanings: Iterable[Meaning]) -> str:
    """The picture with its colours by name, and each place a button that says what it holds."""
    for place, meaning in enumerate(meanings):
        also = escape(json.dumps(meaning.also), quote=True)
        words = f'class="place" tabindex="0" role="button" aria-label="{escape(meaning.expression, quote=True)}"'
        svg = svg.replace(f'<g id="place-{place}">', f'<g id="place-{place}" {words} data-also="{also}">', 1)
    svg = svg.replace('role="img"', 'role="group"', 1)  # an image would hide its places from a screen reader
    return re.sub("|".join(_STAND_INS), lambda colour: _STAND_INS[colour[0]], svg)
