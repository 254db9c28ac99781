"""Other frameworks' layouts beside torch's, and what converts one into the other."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from lstm_inspect.theory import frameworks
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.views import look


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
    yield Text()


def parts(spec: LSTMSpec, framework: str) -> Iterator[RenderableType]:
    """Functions to and from a framework, as Python to paste."""
    yield look.block(frameworks.code(spec, framework))
    yield Text()
