"""A renderable as text, HTML or SVG, through rich's own export."""

import io
import re
import sys
from collections.abc import Callable
from shutil import get_terminal_size
from typing import Final

from rich.console import Console, RenderableType

from lstm_inspect.theory.shown import Shown
from lstm_inspect.views.look import NARROWEST, Clean
from lstm_inspect.views.page import Detail, page

_NOTEBOOK_WIDTH: Final = 110
_FONT_FACE: Final = re.compile(r"@font-face \{.*?\}", re.DOTALL)


def _recorded(renderable: RenderableType, width: int, encoding: str = "utf-8") -> Console:
    """A console that was shown it; in an encoding that knows no Unicode pages use signs of ASCII."""
    console = Console(
        record=True,
        width=max(width, NARROWEST),
        file=io.TextIOWrapper(io.BytesIO(), encoding, errors="replace"),
        highlight=False,
        force_terminal=True,
        color_system="truecolor",
        no_color=False,
    )
    console.print(Clean(renderable))
    return console


def to_terminal_text(report: Shown, width: int | None, *, checks: bool = False, all: bool = False) -> str:
    """A report's page as print() shows it: as wide as the terminal, in signs that stdout can take."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    shown = page(report, detail=Detail(checks=checks, all=all))
    return _recorded(shown, width or get_terminal_size().columns, encoding).export_text().rstrip("\n")


def to_html(renderable: RenderableType, width: int = _NOTEBOOK_WIDTH) -> str:
    """A whole HTML page, its styles inline."""
    return _recorded(renderable, width).export_html(inline_styles=True)


def to_svg(renderable: RenderableType, width: int) -> str:
    """An SVG picture of the terminal; its fonts are those of the reader's machine, and nothing is loaded."""
    return _FONT_FACE.sub("", _recorded(renderable, width).export_svg(title="lstm-inspect"))


FORMATS: Final[dict[str, Callable[[RenderableType, int], str]]] = {
    ".txt": lambda renderable, width: _recorded(renderable, width).export_text(),
    ".html": to_html,
    ".svg": to_svg,
}
"""What --save writes, by the file's suffix."""
