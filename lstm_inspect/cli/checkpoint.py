"""lstm-inspect checkpoint"""

from pathlib import Path
from typing import Final

from lstm_inspect.cli import streams
from lstm_inspect.cli.deliver import deliver
from lstm_inspect.cli.flags import Values, argument, command, file
from lstm_inspect.cli.options import REPORT_FLAGS, spell_flag

FILE: Final = argument(
    "file", metavar="FILE", help="A file of torch, .safetensors, .npz, .onnx, .h5, .keras, or a pickle."
)
OUTPUT: Final = file(
    "The weights",
    "--output",
    help="Write them as a state dict of torch, proved by the equations of their own format.",
    suffixes=[".pt"],
    example="lstm.pt",
)


@command(FILE, (OUTPUT,), REPORT_FLAGS)
def checkpoint(values: Values) -> int:
    """The LSTMs in a file of weights, by names and shapes; nothing of the file is run.

    Example: lstm-inspect checkpoint tagger.pt
    """
    from lstm_inspect.checkpoint.read import checkpoint as read

    report = read(values["file"])
    if values["output"]:
        import lstm_inspect.experiment  # noqa: F401 - the quick way to import torch
        from lstm_inspect.checkpoint.convert import convert, saved

        converted = convert(report, Path(values["file"]))
        streams.save(saved(converted), values["output"])
        for each in converted:
            proof = f"its output is within {each.furthest:.1e} of {each.framework}'s equations in float64"
            streams.say(f"{each.name or 'the LSTM'}: {each.constructor} takes it with strict=True; {proof}")
    return deliver(report, values, document=report.to_dict(spell_flag))
