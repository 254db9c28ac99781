"""The picture of an LSTM as a file: SVG, PNG or PDF, on a light or a dark ground.

``scene`` says what is where, ``theme`` how it looks, ``paint`` draws it.
"""

from __future__ import annotations

from typing import Final

from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.views.figure.theme import THEMES

FORMATS: Final = {".svg": "svg", ".png": "png", ".pdf": "pdf"}
"""What a picture's file can be, by its suffix."""
DEFAULT_THEME: Final = "light"

__all__ = ["DEFAULT_THEME", "FORMATS", "THEMES", "picture"]


def picture(spec: LSTMSpec, form: str = "svg", theme: str = DEFAULT_THEME) -> bytes:
    """The unrolled LSTM of a spec and, with lengths, its batch padded and packed, as a file's bytes.

    Args:
        spec: what is drawn.
        form: "svg", "png" or "pdf".
        theme: "light" or "dark".

    Raises:
        ImportError: matplotlib is not installed: it comes with the extra [plot].

    >>> picture(LSTMSpec()).startswith(b"<?xml")
    True
    """
    from lstm_inspect.views.figure.compose import scene
    from lstm_inspect.views.figure.paint import paint

    return paint(scene(spec), THEMES[theme], form)
