"""lstm-inspect draw"""

import re
from typing import Any, Final

from lstm_inspect.cli import streams
from lstm_inspect.cli.flags import Values, choice, command, file, switch, text
from lstm_inspect.cli.options import FORCE, JSON, SPEC_FLAGS, spec_of
from lstm_inspect.errors import FileError, SpecError, literal
from lstm_inspect.theory.contract import to_json
from lstm_inspect.theory.spec import LSTMSpec
from lstm_inspect.verdict.drawing import Drawing
from lstm_inspect.verdict.guard import refuse_too_large
from lstm_inspect.views.figure import DEFAULT_THEME, FORMATS, THEMES

_PICTURE: Final = "The picture"
_FILE: Final = "lstm.svg"
_HELP: Final = "Draw to a file, by suffix, rather than on the terminal."
_OUTPUT: Final = file(_PICTURE, "--output", help=_HELP, suffixes=[*FORMATS], example=_FILE)
_CELL: Final = switch(_PICTURE, "--cell", help="Draw the inside of one cell, with its gates, instead.")
_LOOKS: Final = (
    switch(_PICTURE, "--title/--no-title", help="Its title and the calls.", default=True),
    switch(_PICTURE, "--legend/--no-legend", help="What its signs mean.", default=True),
    switch(_PICTURE, "--transparent", help="A transparent background."),
    text(_PICTURE, "--aspect", help="Width to height, to fill a slide.", metavar="16:9"),
)
_THEME: Final = choice(_PICTURE, "--theme", help=f"Its ground.  [default: {DEFAULT_THEME}]", choices=[*THEMES])
_MOST_TO_ONE: Final = 20


@command(SPEC_FLAGS, _OUTPUT, _THEME, _CELL, _LOOKS, JSON, FORCE)
def draw(values: Values) -> int:
    """The unrolled LSTM, and a batch padded and packed, drawn: on the terminal or as a picture.

    Example: lstm-inspect draw --bidir --output lstm.html
    """
    spec, aspect = spec_of(values), _aspect(values["aspect"])
    if values["output"] is None:
        _refuse_looks(values)
    refuse_too_large(spec, predict=True, reference=False)
    if values["output"]:
        streams.save(_picture(spec, values, aspect), values["output"])
    if values["json"]:
        streams.write(to_json(Drawing(spec, values["cell"]).to_dict()))
    elif not values["output"]:
        from lstm_inspect.views import draw as view

        streams.show(view.cell(spec) if values["cell"] else view.drawing(spec))
    return streams.OK


def _refuse_looks(values: Values) -> None:
    """Refuse a flag that says how the picture looks, where there is none."""
    for flag in (_THEME, *_LOOKS):
        if values[flag.name] != flag.default:
            typed = flag.spelled(literal(str(values[flag.name])))
            raise FileError(typed, "is about a file", "it goes with {output}", f"{{output={_FILE}}} {typed}")


def _aspect(typed: str | None) -> float | None:
    if typed is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,3}):([1-9]\d{0,3})", typed)
    ratio = int(found[1]) / int(found[2]) if found else 0
    if not 1 / _MOST_TO_ONE <= ratio <= _MOST_TO_ONE:
        raise SpecError("aspect", repr(typed), f"width:height, at most {_MOST_TO_ONE} to 1", "{aspect=16:9}")
    return ratio


def _picture(spec: LSTMSpec, values: Values, aspect: float | None) -> bytes:
    from lstm_inspect.views.figure import picture

    looks: dict[str, Any] = {name: values[name] for name in ("cell", "title", "legend", "transparent")}
    try:
        kind = FORMATS[values["output"].suffix.lower()]
        return picture(spec, kind, theme=values["theme"] or DEFAULT_THEME, aspect=aspect, **looks)
    except ModuleNotFoundError as error:
        missing = f"{error.name} is not installed, and the picture is drawn with matplotlib"
        install = "pip install 'lstm-inspect[plot]'"
        raise FileError("{output}", str(values["output"]), missing, install) from None
