"""Notebooks: their code cells as one program, and where in which cell a line of it stands."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import replace
from typing import Any, Final

from lstm_inspect.lint.source import Unreadable
from lstm_inspect.mistakes.finding import Finding

_MAGIC: Final = re.compile(r"^(\s*)(?:[%!?]|[\w.]+\?{1,2}\s*$|\w+\s*=\s*[%!]).*", re.MULTILINE)


def program(text: str) -> tuple[str, list[int]]:
    """The code of all cells, and the line that each cell starts on, counted from 0; of other cells too.

    Raises:
        Unreadable: the text is no notebook.
    """
    try:
        cells = json.loads(text)["cells"]
        codes = [_code(cell) for cell in cells]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"no notebook: {type(error).__name__}") from None
    starts = [0]
    for code in codes:
        starts.append(starts[-1] + code.count("\n") + 1)
    return "\n".join(codes) + "\n", starts[:-1]


def _code(cell: dict[str, Any]) -> str:
    """A cell's Python; its magics and shell lines do nothing here."""
    if cell["cell_type"] != "code":
        return ""
    source = "".join(cell["source"])
    return "" if source.startswith("%%") else _MAGIC.sub(r"\1pass", source)


def placed(found: Finding, starts: list[int]) -> Finding:
    """A finding by its cell, counted from 1, and the line in it: ``model.ipynb:cell 3``."""
    line = found.line or 1
    cell = bisect_right(starts, line - 1)
    return replace(found, file=f"{found.file}:cell {cell}", line=line - starts[cell - 1])
