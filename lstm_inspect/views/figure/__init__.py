"""The picture of an LSTM as a file: SVG, PNG, PDF or an HTML page, on a light or a dark ground.

``scene`` says what is where, ``theme`` how it looks, ``paint`` draws it; an HTML page answers back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from html import escape
from typing import TYPE_CHECKING, Final

from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.views.figure.theme import THEMES, Theme

if TYPE_CHECKING:
    from lstm_inspect.views.figure.scene import Scene

FORMATS: Final = {".svg": "svg", ".png": "png", ".pdf": "pdf", ".html": "html"}
"""What a picture's file can be, by its suffix."""
DEFAULT_THEME: Final = "light"
_STAND_INS: Final = {f"#0000{place + 10:02x}": f"var(--{each.name})" for place, each in enumerate(fields(Theme))}
"""A colour that no theme has, for each of a theme's, and what it becomes in the page."""

__all__ = ["DEFAULT_THEME", "FORMATS", "THEMES", "picture"]


def picture(
    spec: LSTMSpec,
    form: str = "svg",
    theme: str = DEFAULT_THEME,
    *,
    cell: bool = False,
    title: bool = True,
    legend: bool = True,
    transparent: bool = False,
    aspect: float | None = None,
) -> bytes:
    """The unrolled LSTM of a spec and, with lengths, its batch padded and packed, as a file's bytes.

    Args:
        spec: what is drawn.
        form: "svg", "png", "pdf" or "html": a page by itself, which answers to pointing and to the keyboard.
        theme: "light" or "dark"; an HTML page has both and follows its reader's setting.
        cell: the inside of one cell with its gates, rather than the unrolled stack.
        title, legend: whether they are there.
        transparent: whether the background is transparent.
        aspect: width by height, to fill a slide; None: no larger than what is drawn.

    Raises:
        ImportError: matplotlib is not installed: it comes with the extra [plot].

    >>> picture(LSTMSpec()).startswith(b"<?xml")
    True
    """
    from lstm_inspect.views.figure.compose import scene

    drawn, answers = scene(spec, cell=cell, titled=title, legend=legend, aspect=aspect), form == "html"
    colours = Theme(*_STAND_INS) if answers else THEMES[theme]
    with _quiet():
        from lstm_inspect.views.figure.paint import paint  # loads matplotlib

        file = paint(drawn, colours, "svg" if answers else form, transparent=transparent)
    return _page(drawn, file.decode("utf-8"), transparent=transparent) if answers else file


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep matplotlib's notes on its font cache and, when it is imported, on its folders off the terminal."""
    import logging  # which the start of a command need not wait for

    logger = logging.getLogger("matplotlib")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _page(scene: Scene, svg: str, *, transparent: bool) -> bytes:
    """The picture in an HTML page: pointing at a place lights what holds the same numbers and shows the expression.

    It loads nothing: its picture, its style and its script stand in the file. The picture is painted once, in
    colours that stand for names; the page gives them their value by its reader's setting, light or dark.
    """
    from importlib.resources import files

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
    for place, meaning in enumerate(scene.meanings):
        also = escape(json.dumps(meaning.also), quote=True)
        words = f'class="place" tabindex="0" role="button" aria-label="{escape(meaning.expression, quote=True)}"'
        svg = svg.replace(f'<g id="place-{place}">', f'<g id="place-{place}" {words} data-also="{also}">', 1)
    svg = svg.replace('role="img"', 'role="group"', 1)  # an image would hide its places from a screen reader
    return re.sub("|".join(_STAND_INS), lambda colour: _STAND_INS[colour[0]], svg)
