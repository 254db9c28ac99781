"""lstm-inspect checkpoint"""

from __future__ import annotations

from typing import Final

from lstm_inspect.cli.deliver import deliver, save_path
from lstm_inspect.cli.flags import Values, argument, command
from lstm_inspect.cli.options import REPORT_FLAGS, spell_flag

FILE: Final = argument(
    "file", metavar="FILE", help="A file of torch, .safetensors, .npz, .onnx, .h5, .keras, or a pickle."
)


@command(FILE, REPORT_FLAGS)
def checkpoint(values: Values) -> int:
    """The LSTMs in a file of weights, by names and shapes; nothing of the file is run.

    Example: lstm-inspect checkpoint tagger.pt
    """
    path = save_path(values)
    from lstm_inspect.checkpoint.read import checkpoint as read

    report = read(values["file"])
    return deliver(report, values, path, document=report.to_dict(spell_flag))
