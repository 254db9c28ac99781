"""lstm-inspect code"""

from typing import Final

from lstm_inspect.cli import streams
from lstm_inspect.cli.deliver import warn
from lstm_inspect.cli.flags import Values, choice, command, file
from lstm_inspect.cli.options import FORCE, JSON, SPEC_FLAGS, spec_of
from lstm_inspect.theory.contract import to_json
from lstm_inspect.theory.warnings import spec_warnings
from lstm_inspect.verdict.drawing import Script
from lstm_inspect.verdict.guard import refuse_too_large
from lstm_inspect.views.script import STYLES, script

_PANEL: Final = "The report"
_HELP: Final = "annotated: with which row is what, why, and the pitfalls."
_STYLE: Final = choice(_PANEL, "--style", help=_HELP, choices=STYLES, default=STYLES[0], example=STYLES[-1])
_OUTPUT: Final = file(
    _PANEL, "--output", help="Write the script to a file instead.", suffixes=[".py"], example="lstm.py"
)


@command(SPEC_FLAGS, _STYLE, _OUTPUT, JSON, FORCE)
def code(values: Values) -> int:
    """A Python script that builds this LSTM, runs it and asserts what it gives.

    Example: lstm-inspect code --lengths 8,9,10 --style annotated
    """
    spec, style = spec_of(values), values["style"]
    refuse_too_large(spec, predict=True, reference=False)  # nothing is run here
    warn(spec_warnings(spec))
    source = script(spec, style=style)
    if values["output"]:
        streams.save(source, values["output"])
    if values["json"]:
        streams.write(to_json(Script(style, spec, source).to_dict()))
    elif not values["output"]:
        streams.write(source.removesuffix("\n"))
    return streams.OK
