"""The picture of an LSTM as a file: SVG, PNG, PDF or an HTML page, on a light or a dark ground.

``scene`` says what is where, ``theme`` how it looks, ``paint`` draws it, ``page`` makes a page that answers back.
"""

from __future__ import annotations

from typing import Final

from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.views.figure.theme import THEMES

FORMATS: Final = {".svg": "svg", ".png": "png", ".pdf": "pdf", ".html": "html"}
"""What a picture's file can be, by its suffix."""
DEFAULT_THEME: Final = "light"

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
    from lstm_inspect.views.figure.page import page
    from lstm_inspect.views.figure.paint import paint

    drawn = scene(spec, cell=cell, titled=title, legend=legend, aspect=aspect)
    if form == "html":
        return page(drawn, transparent=transparent)
    return paint(drawn, THEMES[theme], form, transparent=transparent)
