"""lstm-inspect draw"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lstm_inspect.cli import streams
from lstm_inspect.cli.deliver import writable_path
from lstm_inspect.cli.flags import Flag, Values, command, switch, text
from lstm_inspect.cli.options import FORCE, JSON, SPEC_FLAGS, spec_of
from lstm_inspect.errors import FileError, SpecError, literal
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.verdict.contract import to_json
from lstm_inspect.verdict.drawing import Drawing
from lstm_inspect.verdict.guard import refuse_too_large
from lstm_inspect.views.figure import DEFAULT_THEME, FORMATS, THEMES

if TYPE_CHECKING:
    from rich.console import RenderableType

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
    switch(_PICTURE, "cell", "--cell", help="Draw the inside of one cell, with its gates, instead."),
    switch(_PICTURE, "title", "--title/--no-title", help="Its title and the calls.", default=True),
    switch(_PICTURE, "legend", "--legend/--no-legend", help="What its signs mean.", default=True),
    switch(_PICTURE, "transparent", "--transparent", help="A transparent background."),
    text(_PICTURE, "aspect", "--aspect", help="Width to height, to fill a slide.", metavar="16:9"),
)
_OF_A_FILE: Final = ("theme", "title", "legend", "transparent", "aspect")
_MOST_TO_ONE: Final = 20


@command(SPEC_FLAGS, DRAW_FLAGS, JSON, FORCE)
def draw(values: Values) -> int:
    """The unrolled LSTM, and a batch padded and packed, drawn: on the terminal or as a picture.

    Example: lstm-inspect draw --bidir --output lstm.html
    """
    spec, looks, path = spec_of(values), _looks(values), _path(values)
    refuse_too_large(spec, predict=True, reference=False)
    if path is not None:
        streams.save(_picture(spec, looks, path), path)
    if values["json"]:
        streams.write(to_json(Drawing(spec, values["cell"]).to_dict()))
    elif path is None:
        streams.show(_drawing(spec, cell=values["cell"]))
    return streams.OK


def _drawing(spec: LSTMSpec, *, cell: bool) -> RenderableType:
    from lstm_inspect.views import draw

    return draw.cell(spec) if cell else draw.drawing(spec)


def _looks(values: Values) -> dict[str, Any]:
    """How the picture looks, by the names of ``picture``'s arguments.

    Raises:
        SpecError: a value is not allowed, or there is no picture to look so.
    """
    theme = DEFAULT_THEME if values["theme"] is None else values["theme"]
    if theme not in THEMES:
        raise SpecError("theme", theme, " or ".join(THEMES), f"{{theme={DEFAULT_THEME}}}")
    for flag in DRAW_FLAGS:
        if values["output"] is None and flag.name in _OF_A_FILE and values[flag.name] != flag.default:
            typed = _typed(flag, values[flag.name])
            raise FileError(typed, "is about a file", "it goes with {output}", f"{{output={_FILE}}} {typed}")
    looks = {name: values[name] for name in ("cell", "title", "legend", "transparent")}
    return {**looks, "theme": theme, "aspect": _aspect(values["aspect"])}


def _typed(flag: Flag, value: Any) -> str:
    """A flag as it was typed."""
    yes, _, no = flag.typed[0].partition("/")
    return yes if value is True else no if value is False else f"{yes} {literal(value)}"


def _aspect(typed: str | None) -> float | None:
    if typed is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,3}):([1-9]\d{0,3})", typed)
    ratio = int(found[1]) / int(found[2]) if found else 0
    if not 1 / _MOST_TO_ONE <= ratio <= _MOST_TO_ONE:
        raise SpecError("aspect", repr(typed), f"width:height, at most {_MOST_TO_ONE} to 1", "{aspect=16:9}")
    return ratio


def _path(values: Values) -> Path | None:
    """The picture's file, if it can be written: asked before anything is drawn."""
    return None if values["output"] is None else writable_path("output", values, FORMATS, _FILE)


def _picture(spec: LSTMSpec, looks: dict[str, Any], path: Path) -> bytes:
    from lstm_inspect.views.figure import picture

    try:
        return picture(spec, FORMATS[path.suffix.lower()], **looks)
    except ModuleNotFoundError as error:
        missing = f"{error.name} is not installed, and the picture is drawn with matplotlib"
        raise FileError("{output}", str(path), missing, INSTALL) from None
