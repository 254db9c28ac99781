"""lstm-inspect checkpoint"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from lstm_inspect.cli import streams
from lstm_inspect.cli.deliver import save_path
from lstm_inspect.cli.flags import Values, argument, command
from lstm_inspect.cli.options import REPORT_FLAGS, spell_flag
from lstm_inspect.errors import spell_arguments
from lstm_inspect.verdict.contract import to_json

if TYPE_CHECKING:
    from lstm_inspect.checkpoint.report import CheckpointReport
    from lstm_inspect.theory.spec import LSTMSpec

FILE: Final = argument("file", metavar="FILE", help="A .pt, .pth, .ckpt, .bin or .safetensors file.")


@command(FILE, REPORT_FLAGS)
def checkpoint(values: Values) -> int:
    """The LSTMs in a state dict, by names and shapes; nothing of the file is run."""
    path = save_path(values)
    from lstm_inspect.checkpoint.read import checkpoint as read

    report = read(values["file"])
    _deliver(report, values, path)
    return streams.OK if report.sound else streams.FAILED


def shapes_command(spec: LSTMSpec) -> str:
    """The command line that goes on from a found LSTM.

    >>> from lstm_inspect.theory.spec import LSTMSpec
    >>> shapes_command(LSTMSpec(num_layers=2, bidirectional=True, bias=False))
    'lstm-inspect shapes --input-size 10 --hidden-size 20 --layers 2 --bidir --no-bias'
    """
    from lstm_inspect.checkpoint.report import spec_arguments

    flags = (spell_flag(name, str(value)) for name, value in spec_arguments(spec).items())
    return f"lstm-inspect shapes {' '.join(flags)}"


def _deliver(report: CheckpointReport, values: Values, path: Path | None) -> None:
    from lstm_inspect.views.checkpoint import page

    for warning in report.warnings:
        streams.say(f"warning: {spell_arguments(warning.message, spell_flag)}")
    if path is not None:
        from lstm_inspect.views.export import FORMATS

        whole_page = page(report, shapes_command, whole=values["all"])
        streams.save(FORMATS[path.suffix.lower()](whole_page, streams.console().width), path)
    if values["json"]:
        streams.write(to_json(report.to_dict(shapes_command)))
    else:
        streams.show(page(report, shapes_command, whole=values["all"], warnings=False))
