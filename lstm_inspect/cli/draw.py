"""lstm-inspect draw"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lstm_inspect.cli import streams
from lstm_inspect.cli.deliver import writable_path
from lstm_inspect.cli.flags import Values, command, text
from lstm_inspect.cli.options import FORCE, JSON, SPEC_FLAGS, spec_of
from lstm_inspect.errors import FileError, SpecError
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.verdict.contract import to_json
from lstm_inspect.verdict.drawing import Drawing
from lstm_inspect.verdict.guard import refuse_too_large
from lstm_inspect.views.figure import DEFAULT_THEME, FORMATS, THEMES

INSTALL: Final = "pip install 'lstm-inspect[plot]'"

_PICTURE: Final = "The picture"
_FILE: Final = "lstm.svg"
_GROUND: Final = f"Its ground.  [default: {DEFAULT_THEME}]"
DRAW_FLAGS: Final = (
    text(
        _PICTURE,
        "output",
        "--output",
        help="Draw to a file, by suffix, rather than on the terminal.",
        metavar=f"FILE{'|'.join(FORMATS)}",
    ),
    text(_PICTURE, "theme", "--theme", help=_GROUND, metavar="|".join(THEMES)),
)


@command(SPEC_FLAGS, DRAW_FLAGS, JSON, FORCE)
def draw(values: Values) -> int:
    """The unrolled LSTM, and a batch padded and packed, drawn: on the terminal or as a picture."""
    spec, theme, path = spec_of(values), _theme(values), _path(values)
    refuse_too_large(spec, predict=True, reference=False)
    if path is not None:
        streams.save(_picture(spec, theme, path), path)
    if values["json"]:
        streams.write(to_json(Drawing(spec).to_dict()))
    elif path is None:
        from lstm_inspect.views.draw import drawing

        streams.show(drawing(spec))
    return streams.OK


def _theme(values: Values) -> str:
    theme = values["theme"]
    if theme is None:
        return DEFAULT_THEME
    if theme not in THEMES:
        raise SpecError("theme", theme, " or ".join(THEMES), f"{{theme={DEFAULT_THEME}}}")
    if values["output"] is None:
        raise SpecError("theme", theme, "used with {output}", f"{{output={_FILE}}} {{theme={theme}}}")
    return str(theme)


def _path(values: Values) -> Path | None:
    """The picture's file, if it can be written: asked before anything is drawn."""
    return None if values["output"] is None else writable_path("output", values, FORMATS, _FILE)


def _picture(spec: LSTMSpec, theme: str, path: Path) -> bytes:
    from lstm_inspect.views.figure import picture

    try:
        return picture(spec, FORMATS[path.suffix.lower()], theme)
    except ModuleNotFoundError as error:
        missing = f"{error.name} is not installed, and the picture is drawn with matplotlib"
        raise FileError("{output}", str(path), missing, INSTALL) from None
