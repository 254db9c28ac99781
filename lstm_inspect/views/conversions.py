"""Other frameworks' layouts beside torch's, and what converts one into the other."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from lstm_inspect.theory import frameworks
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.views import look
from lstm_inspect.views.layout import lay_out


def layouts() -> Iterator[RenderableType]:
    """Each framework's gates, kernels, biases and states."""
    yield look.sentence("Elsewhere", look.TITLE)
    for layout in frameworks.LAYOUTS:
        table = look.table("", "")
        table.show_header = False
        for name in ("gates", "kernels", "bias", "state"):
            table.add_row(f"  {name}", getattr(layout, name))
        yield look.name(layout.framework)
        yield table


def parts(spec: LSTMSpec, framework: str) -> Iterator[RenderableType]:
    """Functions to and from a framework, as Python to paste."""
    source = frameworks.code(spec, framework)
    yield look.Fitted(lambda width, signs: look.code("\n".join(_line(line, width) for line in source.splitlines())))
    yield Text()


def _line(line: str, width: int) -> str:
    """A line of Python, broken inside brackets where it is too long; a comment between words."""
    indent = len(line) - len(line.lstrip())
    if line[indent:].startswith("# "):
        comment = textwrap.wrap(line[indent + 2 :], width - indent - 2)
        return textwrap.indent("\n".join(comment), f"{line[:indent]}# ")
    return line[:indent] + lay_out(line[indent:], width, indent)
