"""lstm-inspect code"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lstm_inspect.cli import streams
from lstm_inspect.cli.constructor import CALL
from lstm_inspect.cli.deliver import warn, writable_path
from lstm_inspect.cli.flags import Values, command, text
from lstm_inspect.cli.options import FORCE, JSON, SPEC_FLAGS, spec_of
from lstm_inspect.errors import SpecError
from lstm_inspect.theory.warnings import spec_warnings
from lstm_inspect.verdict.contract import to_json
from lstm_inspect.verdict.drawing import Script
from lstm_inspect.verdict.guard import refuse_too_large
from lstm_inspect.views.script import STYLES, script

_PANEL: Final = "The report"
STYLE: Final = text(
    _PANEL,
    "style",
    "--style",
    help="annotated: with which row is what, why, and the pitfalls.",
    default=STYLES[0],
    metavar="|".join(STYLES),
)
OUTPUT: Final = text(_PANEL, "output", "--output", help="Write the script to a file instead.", metavar="FILE.py")


@command(CALL, SPEC_FLAGS, STYLE, OUTPUT, JSON, FORCE)
def code(values: Values) -> int:
    """A Python script that builds this LSTM, runs it and asserts what it gives.

    Example: lstm-inspect code --lengths 8,9,10 --style annotated
    """
    spec, style, path = spec_of(values), _style(values["style"]), _path(values)
    refuse_too_large(spec, predict=True, reference=False)  # nothing is run here
    warn(spec_warnings(spec))
    source = script(spec, style=style)
    if path is not None:
        streams.save(source, path)
    if values["json"]:
        streams.write(to_json(Script(style, spec, source).to_dict()))
    elif path is None:
        streams.write(source.removesuffix("\n"))
    return streams.OK


def _style(name: str) -> str:
    if name not in STYLES:
        raise SpecError("style", name, " or ".join(STYLES), f"{{style={STYLES[-1]}}}")
    return name


def _path(values: Values) -> Path | None:
    """The file that --output names, if it can be written: asked before the script is made."""
    return None if values["output"] is None else writable_path("output", values, (".py",), "lstm.py")
